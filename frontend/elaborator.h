/* Elaboration: running a model file. Shared by the files of this room that do it; elaborate.h is for others.
 *
 * Sizes, numbers, lists, functions and instances are values that exist only while compiling; tensors are nodes of the
 * graph that is being built. Each evaluation makes its own node. After an error a value is poison: it spreads without
 * a further message, so that one run shows all errors. */
#ifndef GRADC_FRONTEND_ELABORATOR_H
#define GRADC_FRONTEND_ELABORATOR_H

#include "compiler/ops/build.h"
#include "frontend/elaborate.h"

typedef struct Elaborator Elaborator;
typedef struct Scope Scope;
typedef struct Instance Instance;
typedef struct Builtin Builtin;
typedef struct Value Value;
typedef struct Element Element; /* element.h */
typedef VEC(Value) Values;
typedef VEC(Node *) Nodes;

/* What a store held when its entry began. */
typedef struct FirstContent {
    const Store *store;
    Node *node;
} FirstContent;

typedef VEC(FirstContent) FirstContents;

/* A constant list of numbers, and the constant that it is where a tensor is needed. */
typedef struct Table {
    const Values *list;
    Store *store;
} Table;

typedef VEC(Table) Tables;

/* ---- values ---- */

typedef enum ValueKind {
    VALUE_POISON,    /* stands for the result of something that was in error */
    VALUE_INT,       /* integer */
    VALUE_REAL,      /* real */
    VALUE_BOOL,      /* boolean */
    VALUE_STRING,    /* string */
    VALUE_SIZE,      /* size: a bounded dimension, k + m*S */
    VALUE_LIST,      /* list */
    VALUE_TENSOR,    /* node */
    VALUE_STORE,     /* store: a parameter, state or slot, read as it now is */
    VALUE_SCALAR,    /* element: what stands beside indices, or an index */
    VALUE_FUNCTION,  /* closure */
    VALUE_BUILTIN,   /* builtin */
    VALUE_MODULE,    /* module: a module or optimizer, not yet applied */
    VALUE_OPTIMIZER, /* optimizer: one with its arguments, ready for a parameter and its gradient */
    VALUE_INSTANCE   /* instance */
} ValueKind;

typedef struct Closure {
    const AstFunction *function;
    Scope *scope;     /* where it was made */
    const char *name; /* for call chains */
    Span span;
} Closure;

typedef struct ModuleDef {
    const AstStmt *stmt; /* AST_MODULE or AST_OPTIMIZER */
    Scope *scope;
} ModuleDef;

typedef struct BoundOptimizer {
    const ModuleDef *def;
    Scope *arguments;
    Span span;
} BoundOptimizer;

/* An index of index notation while its statement is elaborated. */
typedef struct IndexVar {
    Name name;
    Span span;
    bool known, written; /* its size is found; was given as `i < n` */
    Dim size;
    bool slides;         /* its size is the number of places for a window, or of strides */
    const char *because; /* the read that decided it: for messages */
    Span because_span;
    int id;     /* in Elaborator.vars: affine positions are in these */
    int number; /* in the nest that is being built; -1: not in it */
    bool hides; /* an outer number of that name: it may stand in positions only */
} IndexVar;

struct Value {
    ValueKind kind;
    union {
        int64_t integer;
        double real;
        bool boolean;
        const char *string;
        Dim size;
        Values *list;
        Node *node;
        Store *store;
        Element *element;
        const Closure *closure;
        const Builtin *builtin;
        const ModuleDef *module;
        const BoundOptimizer *optimizer;
        Instance *instance;
    } u;
};

struct Instance {
    const ModuleDef *def;
    Name path;
    Scope *members;
    Closure *call; /* its unnamed function, or NULL */
};

extern const Value poison;
Value value_int(int64_t integer);
Value value_real(double real);
Value value_bool(bool boolean);
Value value_node(Node *node);
Value value_dim(Dim dim);
Value value_list(Elaborator *e, int count, const Value *items);
bool is_poison(Value value);
bool is_number(Value value);   /* INT, REAL or BOOL */
bool is_tensor(Value value);   /* TENSOR or STORE */
bool is_indexed(Value value);  /* SCALAR */
double number_of(Value value); /* of INT, REAL or BOOL */
bool value_as_dim(Value value, Dim *dim);
const char *no_size_hint(Value value); /* said behind a value that value_as_dim refuses */
/* What it is, for messages: "real[N, 10]", "the list of 3", "the function relu". */
const char *value_text(Elaborator *e, Value value);

/* ---- scopes ---- */

typedef enum ScopeKind { SCOPE_PRELUDE, SCOPE_FILE, SCOPE_MODULE, SCOPE_FUNCTION, SCOPE_ENTRY } ScopeKind;

typedef struct Binding {
    Name name;
    Value value;
    Span span;
} Binding;

struct Scope {
    ScopeKind kind;
    Scope *parent;
    Instance *instance;    /* SCOPE_MODULE: whose members it holds */
    bool is_body;          /* of a repeat or scan: its names end with it */
    VEC(Binding) bindings; /* each name once */
    Arena *arena;
    int *slots; /* a hash table of positions in bindings + 1, where there are many; the first `indexed` are in it */
    int slot_count, indexed;
};

Scope *scope_new(Elaborator *e, ScopeKind kind, Scope *parent);
Scope *scope_copy(Elaborator *e, const Scope *scope); /* the same bindings, which change apart from then on */
Binding *scope_find_here(Scope *scope, Name name);
Binding *scope_find(Scope *scope, Name name);
void scope_bind(Elaborator *e, Scope *scope, Name name, Value value, Span span);
/* The visible name nearest to a misspelt one, or NULL. */
const char *scope_nearest(Elaborator *e, Scope *scope, Name name);

/* ---- the state of elaboration ---- */

typedef enum EventKind { EVENT_LOSS, EVENT_UPDATE } EventKind;

/* What an entry does to the outside, in program order. */
typedef struct Event {
    EventKind kind;
    Node *loss;   /* EVENT_LOSS */
    Store *store; /* EVENT_UPDATE */
    const Origin *origin;
} Event;

/* A discrete sample, through whose arguments no gradient may be asked for. */
typedef struct Barrier {
    Node *argument, *sample;
    Span span;
    const char *name;
} Barrier;

/* A parameter and the minimize that trains it. */
typedef struct Trained {
    const Store *store;
    Span span;
} Trained;

struct Elaborator {
    Arena *arena;
    Interner *names;
    Diagnostics *diagnostics;
    const ElaborateOptions *options;
    Program *program;
    Scope *prelude, *file;
    bool *definition_used;  /* by options->definitions */
    struct Import *imports; /* the files that have been imported */

    /* what is being elaborated */
    Graph *graph; /* NULL outside of entries and initialisers */
    Entry *entry; /* NULL outside of entries */
    Scope *entry_scope;
    Node **current; /* by Store.position: what the store holds now; NULL: what it held first */
    int current_count;
    Tables tables;
    FirstContents first_contents; /* of the stores that have been read */
    struct LoopRun *loop; /* the repeat or scan whose body is elaborated, within the function at hand; or NULL */
    struct Replacement *replacements; /* of every `using` around, the innermost first */
    VEC(Event) events;
    VEC(Barrier) barriers;
    VEC(Trained) minimized;
    int draws;            /* sampling statements so far: they number the sites */
    uint32_t site;        /* what sites are derived from: the entry's name or the store's path */
    const Origin *origin; /* of the code that is running: the call chain */
    int depth, nesting;
    int steps;               /* so far: STEP_LIMIT */
    Span here;               /* the statement that is run */
    int past_nodes;          /* of the graphs that are finished: NODE_LIMIT counts all */
    bool stopped;            /* after an error that would only be repeated on the way out: nothing more is elaborated */
    const char *path;        /* of the instance that is being made: "net.layers.0"; "" at file level */
    const char *slot_prefix; /* while an optimizer is applied: "@train", and for which parameter */
    const Store *slot_for;

    int index_depth;      /* index notation in index notation */
    VEC(IndexVar *) vars; /* of the outermost index statement and all within it */
    unsigned stamp;       /* numbers walks over elements, and nests */
};

/* ---- messages ---- */

/* Whether nothing more is worth elaborating: twenty errors, or one that ended it all. */
bool is_stopped(const Elaborator *e);
/* Counts levels of recursion, in units of a plain expression's share of the stack, up to NESTING_LIMIT. False: told.
 * Who goes deeper comes back with e->nesting -= levels. */
bool go_deeper(Elaborator *e, int levels, Span span);
/* Counts work that is done while compiling; false after the error that there is too much of it. */
bool take_steps(Elaborator *e, int count, Span span);
/* An error at a place, with the chain of calls that led there as notes; poison, so that it can be returned. */
Value refuse(Elaborator *e, Span span, const char *format, ...) __attribute__((format(printf, 3, 4)));
Diagnostic *error_at(Elaborator *e, Span span, const char *format, ...) __attribute__((format(printf, 3, 4)));
void note_origin(Elaborator *e, Diagnostic *about, const Node *node); /* where a tensor comes from, with its shape */
const Origin *origin_at(Elaborator *e, Span span);                    /* of a node made for this place */
const char *ordinal_axis(Elaborator *e, int axis);

/* ---- expr.c ---- */

Value eval(Elaborator *e, Scope *scope, const AstExpr *expr);
Value eval_values(Elaborator *e, Scope *scope, const AstExprs *values); /* one, or a list of several */
Value find_callable(Elaborator *e, Scope *scope, const AstExpr *callee);
bool eval_dims(Elaborator *e, Scope *scope, const AstElements *dims, Shape *shape);
bool splice_into(Elaborator *e, Values *list, Value value, Span span);
bool iterate(Elaborator *e, Value value, Span span, Values *items); /* what `for` and scan run over */
/* Zipped sources bound to names, item by item; calls `body` for each. */
void for_each(Elaborator *e, Scope *scope, const AstNames *names, const AstExprs *sources,
              void (*body)(Elaborator *e, Scope *scope, void *context), void *context);
void bind_names(Elaborator *e, Scope *scope, const AstNames *names, Value value, Span span);

/* ---- tensor.c: values as nodes ---- */

const char *index_letter(Elaborator *e, int axis); /* i, j, k, ...: of nests that array notation makes */
bool graph_has_room(Elaborator *e, Span span);     /* false after an error: outside of entries, or too many nodes */
Node *read_store(Elaborator *e, Store *store, Span span);
Node *store_now(Elaborator *e, const Store *store); /* NULL: nobody has read it yet */
/* The value as a node: numbers are filled, lists stacked. NULL after an error. */
Node *node_of(Elaborator *e, Value value, Span span);
/* Whole numbers are 64 bits wide while compiling, and 32 in tensors: false, with a message. */
bool int_fits(Elaborator *e, double value, Span span);
/* The elements as nodes of one element type; NULL after an error. */
Node **nodes_of_list(Elaborator *e, const Values *list, Span span);
Node *real_node_of(Elaborator *e, Value value, Span span); /* promoted to real */

/* ---- elementwise.c ---- */

/* The common shape; false: there is none, and mend_rank whether it is for want of [:, None]. */
bool broadcast_shapes(Elaborator *e, Shape a, Shape b, Shape *out, bool *mend_rank);
/* Where an operand of shape `from`, which stretches to the `to` axes in front, is read by the nest's first indices. */
void broadcast_axes(Elaborator *e, Shape from, Shape to, Affine *axes);
Value elementwise(Elaborator *e, Scalar fn, int count, const Value *args, Span span);
/* The call with its arguments promoted to a common type; -1 after an error. */
int promoted_call(Elaborator *e, Body *body, Scalar fn, int count, const int *args, Span span);
Value cast(Elaborator *e, Elem elem, Value a, Span span);
bool shape_stretches(Elaborator *e, Shape from, Shape to); /* whether broadcasting makes one of the other */
Value broadcast_to(Elaborator *e, Value value, Shape shape, Span span); /* an elementwise copy in that shape */

/* ---- operator.c ---- */

Value binary(Elaborator *e, AstBinary op, Value a, Value b, Span span);
Value negate(Elaborator *e, Value a, Span span);

/* ---- product.c ---- */

Value matmul(Elaborator *e, Value a, Value b, Span span);
Value swap_axes(Elaborator *e, Value a, Span span);
/* axes: which are reduced, by axis of the tensor. */
Value reduce_axes(Elaborator *e, Reduce reduce, Node *node, const bool *axes, bool keep, Span span);

/* ---- subscript.c ---- */

Value subscript(Elaborator *e, Scope *scope, const AstExpr *expr);
Value slice_axis(Elaborator *e, Node *node, int axis, int64_t begin, Dim size, int64_t step);

/* ---- pad.c ---- */

/* widths: for each axis an int, or a list of what is added before and behind. */
Value pad_axes(Elaborator *e, Value x, Value widths, Value value, Span span);

/* ---- index.c: index notation ---- */

Value eval_reduce(Elaborator *e, Scope *scope, const AstExpr *expr);
Value eval_indexed(Elaborator *e, Scope *scope, const AstIndices *indices, const AstExprs *values, Span span);
/* x[i, j] where a position depends on an index; false: it is array notation. */
bool indexed_read(Elaborator *e, Scope *scope, const AstExpr *expr, Value *out);
Value scalar_elementwise(Elaborator *e, Scalar fn, int count, const Value *args, Span span);
/* x[.., ids, ..]: positions[a] for axis a, or NULL; their common axes stand where `first`, the first of them, stood. */
Node *gather_axes(Elaborator *e, Node *node, Node *const *positions, int first, Span span);
void limit_positions(Elaborator *e, const Node *position, Dim size, Span span);

/* ---- call.c ---- */

typedef struct CallArg {
    Name name; /* NULL: by position */
    Value value;
    Span span;
} CallArg;

typedef VEC(CallArg) CallArgs;

Value call_expr(Elaborator *e, Scope *scope, const AstExpr *expr);
/* The body of a function in a scope that has its arguments; `name` for the message that it returns nothing. */
Value run_body(Elaborator *e, Scope *scope, const AstBody *body, Span span, const char *name);
Value call_value(Elaborator *e, Value callee, const CallArgs *args, Span span);
Value call_closure(Elaborator *e, const Closure *closure, const CallArgs *args, Span span);
bool eval_args(Elaborator *e, Scope *scope, const AstArgs *list, CallArgs *args);
/* Binds arguments to parameters in a new scope; NULL after an error. */
Scope *bind_params(Elaborator *e, const AstParams *params, const CallArgs *args, Scope *parent, ScopeKind kind,
                   const char *what, Span span);
Value instantiate(Elaborator *e, const ModuleDef *def, const CallArgs *args, Span span);
Value member(Elaborator *e, Value base, Name name, Span span);
void name_instances(Elaborator *e, Value value, const char *path); /* a value gets its path where it is first bound */
const char *join_path(Elaborator *e, const char *path, const char *name);

/* ---- custom.c: fn .. backward ---- */

/* The value of a call with the gradient that the function's `backward` says. `called`: a scope that holds the arguments
 * as they were given. */
Value call_with_backward(Elaborator *e, const Closure *closure, Scope *called, Value value, Span span);

/* ---- using.c ---- */

Value eval_using(Elaborator *e, Scope *scope, const AstExpr *expr);
/* False: nothing stands in the callee's place. */
bool call_replacement(Elaborator *e, Value callee, const CallArgs *args, Span span, Value *value);
bool is_training(const Elaborator *e);

/* ---- builtin.c ---- */

enum { PARAM_LIMIT = 5 }; /* parameters of a built-in function */

struct Builtin {
    const char *name;
    const char *params; /* "x, axis?, keep?": names; ? optional; a lone * takes any */
    Value (*call)(Elaborator *e, const Builtin *builtin, const Value *args, Span span);
    int detail; /* a Scalar or Reduce, for those that share a function */
};

extern const Builtin builtin_table[];
extern const int builtin_count;
/* Arguments by position and name, `values` at least PARAM_LIMIT; absent ones stay so. False after an error. */
bool bind_builtin(Elaborator *e, const Builtin *builtin, const CallArgs *args, Span span, Value *values);
Value call_builtin(Elaborator *e, const Builtin *builtin, const CallArgs *args, Span span);
bool builtin_is_distribution(const Builtin *builtin);

/* ---- stmt.c ---- */

typedef struct Flow {
    bool returned;
    Value value;
} Flow;

void run_block(Elaborator *e, Scope *scope, const AstBlock *block, Flow *flow);
void run_stmt(Elaborator *e, Scope *scope, const AstStmt *stmt, Flow *flow);
void declare_store(Elaborator *e, Scope *scope, const AstStmt *stmt);
/* The scope as it is: what a local function captures when it is made. Files and modules are seen as they will be. */
Scope *captured_scope(Elaborator *e, Scope *scope);
Value definition_value(Elaborator *e, int number);                      /* of -D number so-and-so */
void bind_name(Elaborator *e, Scope *scope, AstName name, Value value); /* what `=` does */
void assign_store(Elaborator *e, Store *store, Value value, Span span);

/* ---- loop.c ---- */

void run_repeat(Elaborator *e, Scope *scope, const AstStmt *stmt);
void run_scan(Elaborator *e, Scope *scope, const AstStmt *stmt);
void run_emit(Elaborator *e, Scope *scope, const AstStmt *stmt);

/* A graph beside the one at hand is built: a first content, a constant. Its draws are numbered by the path alone. */
typedef struct Aside {
    Graph *graph;
    Entry *entry;
    uint32_t site;
    int draws, current_count;
    Node **current;
    struct LoopRun *loop;
    FirstContents first_contents;
} Aside;

Aside begin_aside(Elaborator *e, const char *path);
/* What was built; NULL after an error: it uses what is known only in a call. `what`: "a constant". */
Graph *end_aside(Elaborator *e, const Aside *before, const char *what, Span span);

/* ---- training.c ---- */

bool block_trains(Elaborator *e, const AstBlock *block);

/* ---- constant.c ---- */

void declare_constant(Elaborator *e, Scope *scope, const AstStmt *stmt);

/* ---- import.c ---- */

void import_file(Elaborator *e, Scope *scope, const AstStmt *stmt);
void run_file(Elaborator *e, Scope *scope, const AstFile *file); /* elaborate.c: all but its entries */

/* ---- sample.c ---- */

Value sample(Elaborator *e, Scope *scope, Shape shape, const AstExpr *call, Name label);
Value draw_from(Elaborator *e, const Builtin *distribution, Shape shape, const CallArgs *args, Span span);

/* ---- train.c ---- */

void run_train(Elaborator *e, Scope *scope, const AstStmt *stmt);
Value grad_of(Elaborator *e, Value of, Value by, Span span);
Store *entry_step(Elaborator *e);
Store *learning_rate(Elaborator *e);
/* The parameters below a value, each once, in path order; and the states that it names itself or in a list. False after
 * an error: it is something else. */
typedef VEC(Store *) Stores;
bool collect_stores(Elaborator *e, Value value, Stores *stores, Span span);
Value map_value(Elaborator *e, const Value *args, int count, Span span);

#endif
