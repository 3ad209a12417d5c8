/* The syntax tree: one kind per construct of the grammar, a Span in each, nothing resolved.
 *
 * Sums are plain tagged unions: the comment of a kind names the union member that it uses. Where two kinds share a
 * member they differ in nothing else. Lists are VECs; an absent part is NULL, or a list with `written` false where an
 * empty one means something (`slot p[]` is one number, `slot p` has the parameter's shape). Everything lives in the
 * arena of the parse. The height of a tree is at most AST_HEIGHT_LIMIT: walking it by recursion is safe. */
#ifndef GRADC_FRONTEND_AST_H
#define GRADC_FRONTEND_AST_H

#include "compiler/support/diag.h"
#include "compiler/support/str.h"
#include "compiler/support/vec.h"
#include "compiler/support/writer.h"
#include <stdint.h>

typedef struct AstExpr AstExpr;
typedef struct AstStmt AstStmt;
typedef struct AstFunction AstFunction;

/* ---- parts that several constructs share ---- */

/* A name where it is written. */
typedef struct AstName {
    Name name;
    Span span;
} AstName;

typedef VEC(AstName) AstNames;
typedef VEC(AstExpr *) AstExprs;
typedef VEC(AstStmt *) AstStmts;

/* `{ ... }`; of a file: all of it. */
typedef struct AstBlock {
    Span span;
    AstStmts stmts;
} AstBlock;

/* An element of a list or a dimension of a shape: `e`, or `..e`, which splices a list. */
typedef struct AstElement {
    Span span; /* with the dots */
    bool splice;
    AstExpr *value;
} AstElement;

typedef VEC(AstElement) AstElements;

/* `[dim, ...]` after param, state, slot, in an entry's signature and before `~`. */
typedef struct AstShape {
    Span span; /* with the brackets; no place where not written */
    bool written;
    AstElements dims;
} AstShape;

/* After a colon. */
typedef enum AstType { AST_TYPE_NONE, AST_TYPE_REAL, AST_TYPE_INT, AST_TYPE_BOOL, AST_TYPE_BYTE } AstType;

/* An index where it is introduced, before `=` or after a reducer: `i`, or `i < H`. */
typedef struct AstIndex {
    AstName name;
    AstExpr *bound; /* NULL: inferred */
} AstIndex;

typedef VEC(AstIndex) AstIndices;

/* ---- expressions ---- */

typedef enum AstReducer { AST_REDUCER_NONE, AST_SUM, AST_PROD, AST_MAX, AST_MIN, AST_ARGMAX, AST_ARGMIN } AstReducer;

typedef enum AstUnary { AST_NEGATE, AST_NOT } AstUnary;

typedef enum AstBinary {
    AST_OR,
    AST_AND,
    AST_LESS,
    AST_LESS_EQUAL,
    AST_GREATER,
    AST_GREATER_EQUAL,
    AST_EQUAL,
    AST_NOT_EQUAL,
    AST_ADD,
    AST_SUBTRACT,
    AST_MULTIPLY,
    AST_DIVIDE,       /* /  */
    AST_FLOOR_DIVIDE, /* // */
    AST_MODULO,       /* %  */
    AST_MATMUL,       /* @  */
    AST_POWER         /* ^  */
} AstBinary;

/* One position of `x[...]`. */
typedef enum AstSubKind {
    AST_SUB_AT,    /* e        begin */
    AST_SUB_SLICE, /* a:b:c    begin, end, step; each may be NULL */
    AST_SUB_NONE,  /* None     a new axis */
    AST_SUB_REST   /* ..       all axes that are not named */
} AstSubKind;

typedef struct AstSub {
    AstSubKind kind;
    Span span;
    AstExpr *begin, *end, *step;
} AstSub;

typedef VEC(AstSub) AstSubs;

/* An argument of a call: `e`, `name = e`, or `..e`. */
typedef struct AstArg {
    Span span;
    AstName name; /* name.name NULL: by position */
    bool splice;
    AstExpr *value;
} AstArg;

typedef VEC(AstArg) AstArgs;

/* `name = e` after `using`. */
typedef struct AstBind {
    AstName name;
    AstExpr *value;
} AstBind;

typedef VEC(AstBind) AstBinds;

/* A piece of a message: literal text, or the value of an expression in braces. */
typedef struct AstPiece {
    const char *text; /* NULL: value */
    AstExpr *value;
} AstPiece;

typedef VEC(AstPiece) AstPieces;

typedef enum AstExprKind {
    AST_INT,           /* 12                        integer */
    AST_REAL,          /* 1e-3, 0.5                 real */
    AST_STRING,        /* "text"                    string, escapes resolved */
    AST_BOOL,          /* true, false               boolean */
    AST_NAME,          /* x                         name; also a reducer's name that is called or passed: sum(x) */
    AST_LIST,          /* [a, ..b]                  list */
    AST_COMPREHENSION, /* [e for x, y in xs]        comprehension */
    AST_LAMBDA,        /* fn (x) = e, fn (x) {...}  function */
    AST_MEMBER,        /* base.w                    member */
    AST_ELEMENT,       /* base.0                    element */
    AST_SUBSCRIPT,     /* base[i, 0:2, None, ..]  subscript */
    AST_CALL,          /* f(a, n = b, ..c)          call */
    AST_TRANSPOSE,     /* x'                      operand */
    AST_UNARY,         /* -x, not x                 unary */
    AST_BINARY,        /* a + b                     binary */
    AST_REDUCE,        /* sum[i, j < 3] e           reduce */
    AST_USING,         /* e using relu = guided     using */
    AST_ERROR          /* stands where the parser gave up; an error has been reported */
} AstExprKind;

struct AstExpr {
    AstExprKind kind;
    int height; /* 1 for a leaf */
    Span span;  /* all of it, with parentheses around it */
    union {
        int64_t integer; /* >= 0: a sign is AST_NEGATE */
        double real;     /* >= 0, finite */
        const char *string;
        bool boolean;
        Name name;
        AstElements list;
        struct {
            AstExpr *value;
            AstNames names;
            AstExpr *source;
        } comprehension;
        AstFunction *function;
        struct {
            AstExpr *base;
            AstName name;
        } member;
        struct {
            AstExpr *base;
            int64_t position;
        } element;
        struct {
            AstExpr *base;
            AstSubs subs;
        } subscript;
        struct {
            AstExpr *callee;
            AstArgs args;
        } call;
        AstExpr *operand;
        struct {
            AstUnary op;
            AstExpr *operand;
        } unary;
        struct {
            AstBinary op;
            Span op_span;
            AstExpr *left, *right;
        } binary;
        struct {
            AstReducer reducer;
            AstIndices indices;
            AstExpr *operand;
        } reduce;
        struct {
            AstExpr *value;
            AstBinds binds;
        } using;
    } u;
};

/* ---- functions ---- */

typedef enum AstPatKind {
    AST_PAT_NAME, /* n     name: binds, or checks where it denotes a number */
    AST_PAT_INT,  /* 64    integer */
    AST_PAT_REST  /* ..b   name: binds a list of dimensions; name.name NULL: any dimensions */
} AstPatKind;

typedef struct AstPat {
    AstPatKind kind;
    Span span;
    AstName name;
    int64_t integer;
} AstPat;

typedef VEC(AstPat) AstPats;

/* `x[n, ..]: int = e`, of a function, module or optimizer. */
typedef struct AstParam {
    Span span;
    AstName name;
    bool has_pattern; /* `x[]` has one without dimensions: a scalar */
    AstPats pattern;
    AstType type;
    AstExpr *fallback; /* the default, evaluated per call; NULL: the argument must be given */
} AstParam;

typedef VEC(AstParam) AstParams;

/* `= a, b` or `{ ... }`. */
typedef struct AstBody {
    Span span;
    bool is_block;
    AstExprs values; /* not is_block; one or more */
    AstBlock block;  /* is_block */
} AstBody;

/* `backward (dy, y) body` */
typedef struct AstBackward {
    Span span;
    AstName gradient, result; /* result.name may be NULL */
    AstBody body;
} AstBackward;

struct AstFunction {
    Span span;    /* from `fn` to the end of the body */
    AstName name; /* name.name NULL: a lambda, or a module's unnamed function */
    AstParams params;
    AstBody body;
    AstBackward *backward; /* or NULL */
};

/* ---- statements, declarations, items ---- */

typedef enum AstStmtKind {
    /* only in a file */
    AST_IMPORT,    /* import blocks                 name */
    AST_SIZE,      /* size N = 1..256               size */
    AST_MODULE,    /* module Dense(a, b) { }        module */
    AST_OPTIMIZER, /* optimizer adam(lr) { }        module */
    AST_ENTRY,     /* entry f(x[N]) -> y[N] { }     entry */
    /* declarations */
    AST_PARAM,    /* param w[2, 3]: real ~ normal(0, 1)    decl */
    AST_STATE,    /* state mean[10] = 0                    decl */
    AST_SLOT,     /* slot v = 0                            decl */
    AST_CONST,    /* const pi = 3; const m[i < T] = e; const z[S] ~ normal(0, 1)    constant */
    AST_FUNCTION, /* fn f(x) = x                        function */
    /* statements */
    AST_ASSIGN,  /* a, b = e, f                     assign */
    AST_INDEXED, /* y[i, j < 3] = e                 indexed */
    AST_SAMPLE,  /* z[N, 20] ~ normal(mu, sigma)    sample */
    AST_UPDATE,  /* net.b, m <- e, f                update */
    AST_FOR,     /* for a, b in xs, ys { }          loop */
    AST_IF,      /* if c { } else { }               branch */
    AST_REPEAT,  /* repeat K { }                    repeat */
    AST_SCAN,    /* scan x in xs carry h { }        scan */
    AST_EMIT,    /* emit h -> hs                    emit */
    AST_TRAIN,   /* minimize e over P with O        train */
    AST_ASSERT,  /* assert c, "text {e}"            assertion */
    AST_RETURN   /* return a, b                     values */
} AstStmtKind;

/* An argument or result of an entry: `state h[N, H]: real`. */
typedef struct AstEntryArg {
    Span span;
    bool is_state;
    AstName name;
    AstShape shape; /* not written: a number */
    AstType type;
} AstEntryArg;

typedef VEC(AstEntryArg) AstEntryArgs;

struct AstStmt {
    AstStmtKind kind;
    Span span; /* all of it */
    union {
        AstName name;
        struct {
            AstName name;
            AstExpr *low, *high; /* high NULL: the size is low */
        } size;
        struct {
            AstName name;
            AstParams params;
            AstBlock members;
        } module;
        struct {
            AstName name;
            AstEntryArgs args, results;
            AstBlock block;
        } entry;
        struct {
            AstName name;
            AstShape shape;
            AstType type;
            bool sampled; /* `~`: init is applied to the shape; else `=` */
            AstExpr *init;
        } decl;
        struct {
            AstName name;
            bool indexed;       /* name[i, ...] = value */
            AstIndices indices; /* indexed */
            bool sampled;       /* name[shape] ~ value */
            AstShape shape;     /* sampled */
            AstExpr *value;     /* sampled: an AST_CALL */
        } constant;
        AstFunction *function;
        struct {
            AstNames names;
            AstExprs values;
        } assign;
        struct {
            AstName name;
            AstIndices indices; /* one or more */
            AstExprs values;    /* several are stacked */
        } indexed;
        struct {
            AstName name;
            AstShape shape;
            AstExpr *call; /* AST_CALL, its callee a path */
        } sample;
        struct {
            AstExprs targets; /* paths: AST_NAME, AST_MEMBER, AST_ELEMENT, AST_SUBSCRIPT with one AST_SUB_AT */
            AstExprs values;
        } update;
        struct {
            AstNames names;
            AstExprs sources; /* several are zipped */
            AstBlock block;
        } loop;
        struct {
            AstExpr *condition;
            AstBlock then, otherwise; /* `else if` is a block of one AST_IF */
            bool has_else;
        } branch;
        struct {
            AstExpr *count;
            AstBlock block;
        } repeat;
        struct {
            AstNames names;
            AstExprs sources;
            bool has_carry;
            AstNames carry; /* has_carry: complete */
            AstBlock block;
        } scan;
        struct {
            AstExpr *value;
            AstName name; /* the stacked values, after the loop */
        } emit;
        struct {
            bool maximize;
            AstExpr *objective;
            AstExprs over; /* empty: every parameter that the objective reaches */
            AstExpr *optimizer;
        } train;
        struct {
            AstExpr *condition;
            AstPieces message;
        } assertion;
        AstExprs values;
    } u;
};

typedef struct AstFile {
    const Source *source;
    AstName model; /* name.name NULL: no `model` line */
    AstBlock block;
} AstFile;

/* The spelling of an operator, reducer or type: "//", "argmax", "int". */
const char *ast_binary_text(AstBinary op);
const char *ast_reducer_text(AstReducer reducer);
const char *ast_type_text(AstType type); /* "" for AST_TYPE_NONE */

/* The tree as s-expressions, a line a statement: y[i, j < 3] = sum[k] a[i, k]*b[k, j] is
 * (= (y (i (< j 3))) (sum (k) (* (at a i k) (at b k j)))). For tests and `gradc dump`. */
void print_ast(Writer *writer, const AstFile *file);

#endif
