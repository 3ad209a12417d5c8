/* Scalar functions, and expressions made of them: the bodies of nests.
 *
 * An expression is a small graph in one array: arguments come before their users, the last is the result. Equal
 * expressions are one entry, because body_call and its sisters look before they append. */
#ifndef GRADC_IR_SCALAR_H
#define GRADC_IR_SCALAR_H

#include "compiler/ir/affine.h"
#include "compiler/support/vec.h"

typedef enum Scalar {
#define SCALAR(name, ...) SCALAR_##name,
#include "compiler/ir/scalar.def"
#undef SCALAR
    SCALAR_COUNT
} Scalar;

typedef enum ScalarTypes {
    SCALAR_TYPES_REAL,
    SCALAR_TYPES_NUMBER,
    SCALAR_TYPES_COMPARE,
    SCALAR_TYPES_LOGIC,
    SCALAR_TYPES_SELECT,
    SCALAR_TYPES_TO_REAL,
    SCALAR_TYPES_TO_INT
} ScalarTypes;

typedef struct ScalarDef {
    const char *name;
    int arity;
    ScalarTypes types;
    const char *real_text, *int_text; /* C text; see scalar.def */
    int precedence, cost, ulp;
} ScalarDef;

extern const ScalarDef scalar_table[SCALAR_COUNT];

double scalar_value(Scalar fn, double a, double b, double c);
bool scalar_find(const char *name, Scalar *fn);
/* The element type of the result; false where the arguments do not fit. */
bool scalar_result(Scalar fn, const Elem *args, Elem *result);

typedef enum ExprKind {
    EXPR_LITERAL, /* u.number */
    EXPR_READ,    /* u.read: number of a read of the nest */
    EXPR_INDEX,   /* u.index: the value of an index, an int */
    EXPR_SIZE,    /* u.size: the value of a dimension, an int */
    EXPR_DRAW,    /* u.draw: a random number (only after lowering) */
    EXPR_TOTAL,   /* u.total: a finished reduction of a stage (only in kernels) */
    EXPR_LOOKUP,  /* u.lookup: a read at computed positions; 0 where they lie outside (only after lowering) */
    EXPR_CALL     /* u.call */
} ExprKind;

/* A random number of its own: a pure function of a stream (site and tick) and of the element drawn. */
typedef enum DrawKind { DRAW_UNIFORM, DRAW_NORMAL } DrawKind;

/* Where a lookup goes on one axis: the value of an int expression takes the place of the read's affine position. */
typedef struct Computed {
    int axis, position;
} Computed;

typedef struct Expr {
    ExprKind kind;
    Elem elem;
    union {
        double number;
        int read;
        int index;
        int total;
        Dim size;
        struct {
            DrawKind kind;
            uint32_t site;
            Affine element; /* in declared row-major order */
        } draw;
        struct {
            int read, count;
            const Computed *computed; /* [count], by axis */
        } lookup;
        struct {
            Scalar fn;
            int args[3];
        } call;
    } u;
} Expr;

typedef struct Body {
    Arena *arena;
    VEC(Expr) exprs; /* the result is the last of a finished body */
} Body;

/* Each returns the number of an expression in the body: a new one, or the equal one that stands already. Calls fold
 * literals and apply what always holds (x + 0, x * 1, select of a known condition); x * 0 is kept: x may be NaN. */
int body_literal(Body *body, Elem elem, double number);
int body_read(Body *body, Elem elem, int read);
int body_index(Body *body, int index);
int body_size(Body *body, Dim size);
int body_total(Body *body, Elem elem, int total);
int body_draw(Body *body, DrawKind kind, uint32_t site, Affine element);
int body_lookup(Body *body, Elem elem, int read, int count, const Computed *computed);
int body_call(Body *body, Scalar fn, int a, int b, int c); /* absent arguments: -1; types must fit */
int body_cast(Body *body, Elem elem, int a);               /* to real or int; a itself where it is of that type */
int body_keep(Body *body, Scalar fn, int a, int b, int c); /* body_call without folding: as the text form says it */
Elem body_elem(const Body *body, int expr);
/* The expressions that one is made of: arguments of calls, positions of lookups. */
int expr_arity(const Expr *expr);
int expr_operand(const Expr *expr, int number);
/* The same with every operand e replaced by to[e]. */
Expr expr_renumbered(Arena *arena, const Expr *expr, const int *to);
bool expr_equal(const Expr *a, const Expr *b);
bool body_is_literal(const Body *body, int expr, double number);

/* Appends the partial derivative of call expression `expr` by its argument number `arg`; -1 where none passes. */
int body_partial(Body *body, int expr, int arg);

#endif
