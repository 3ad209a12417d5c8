/* The graph: pure tensor operations in SSA form with static shapes, and the program that holds one graph per entry.
 *
 * Nearly every node is a nest: free indices give the axes of the result, reads are affine in the indices, the body is
 * an expression over the reads, and a reducer combines what the reduced indices range over:
 *
 *     y[n, o, i, j] = sum[c, p, q] x[n, c, 2*i + p, 2*j + q] * k[o, c, p, q]
 *
 * Nodes stand in an order in which arguments come before their users. Passes make a new graph from an old one.
 *
 * Loops and custom gradients own a region: a graph of its own, with formals for leaves and yields for roots. */
#ifndef GRADC_IR_GRAPH_H
#define GRADC_IR_GRAPH_H

#include "compiler/ir/scalar.h"

typedef enum Op {
#define OP(name, ...) OP_##name,
#include "compiler/ir/ops.def"
#undef OP
    OP_COUNT
} Op;

/* Where a node was written: the place, the function it stands in, and who called that. */
typedef struct Origin {
    Span span;
    const char *function; /* "conv2d", or NULL at top level */
    const struct Origin *caller;
} Origin;

/* ---- nest ---- */

typedef enum IndexKind {
    INDEX_FREE,    /* an axis of the result */
    INDEX_REDUCED, /* ranges over what the reducer combines */
    INDEX_SOLVED   /* no loop of its own: index = solution / divisor; points where it is not whole or not in 0 <= index
                      < size take no part */
} IndexKind;

typedef struct Index {
    IndexKind kind;
    Name name;
    Dim size;
    Affine solution; /* INDEX_SOLVED: in free and reduced indices */
    int64_t divisor; /* INDEX_SOLVED: > 0 */
} Index;

typedef enum Reduce {
    REDUCE_NONE,
    REDUCE_SUM,
    REDUCE_PROD,
    REDUCE_MAX,
    REDUCE_MIN,
    REDUCE_ARGMAX,
    REDUCE_ARGMIN
} Reduce;

typedef struct Read {
    int arg;            /* number of an argument of the node */
    const Affine *axes; /* a position for each axis of it; always inside when no solved index is involved */
} Read;

typedef struct Nest {
    int index_count, read_count;
    const Index *indices; /* free ones first (in the order of the result's axes), then reduced, then solved */
    const Read *reads;
    Reduce reduce;    /* argmax, argmin: the row-major position over the reduced indices, first wins, an int */
    Body body;        /* reduce none: the element; else what is reduced */
    double otherwise; /* reduce none: the value at points that take no part */
} Nest;

/* ---- gather and scatter_add ---- */

enum { NO_READ = -1 };

/* A position on one axis: an affine expression, plus the element of an int tensor. */
typedef struct Coordinate {
    Affine affine;
    int read; /* number of a read of the addressing, or NO_READ */
} Coordinate;

/* Where the element of every point lies in another tensor: table[id[n], 2*d] for the points n, d. */
typedef struct Addressing {
    int index_count, read_count;
    const Index *indices;   /* of the points; all free */
    const Read *reads;      /* of int arguments, at affine positions that are inside */
    int rank;               /* of the tensor that is addressed */
    const Coordinate *axes; /* [rank] */
} Addressing;

/* ---- regions ---- */

typedef enum FormalKind {
    FORMAL_CARRY,  /* what the step before has left */
    FORMAL_INPUT,  /* this step's part of a tensor, along its first axis */
    FORMAL_CAPTURE /* the same in every step */
} FormalKind;

/* What a loop does in each step, or how a custom gradient is computed. The node's arguments are first contents of the
 * carries, inputs, captures; the body's yields are the carries' next contents, then what is stacked. */
typedef struct Region {
    struct Graph *body;
    int carries, inputs, captures;
    int outputs;   /* stacked along a new first axis */
    Dim length;    /* steps */
    bool reversed; /* the last position is the first step's */
} Region;

/* ---- stores: what outlives a call ---- */

typedef enum StoreKind {
    STORE_PARAM,
    STORE_STATE,
    STORE_SLOT,    /* an optimizer's memory */
    STORE_STEP,    /* completed calls of an entry: one int, kept as 64 bits in the trainer */
    STORE_RATE,    /* lr_scale of the trainer: one real */
    STORE_ARGUMENT, /* the caller's: a `state` argument of an entry, which is not among Program.stores */
    STORE_CONST     /* computed while compiling, never changed; in Program.constants */
} StoreKind;

typedef struct Store {
    StoreKind kind;
    Name path; /* net.layers.0.w; slots @train.m.net.layers.0.w; steps @train.step; the rate @lr_scale; next.h */
    Type type; /* constant shape, but of arguments */
    Span span;
    int position;              /* in Program.stores */
    struct Graph *init;        /* one result: the first content; STORE_STEP, STORE_RATE: NULL (0 and 1) */
    struct Entry *entry;       /* slots and steps: the entry that owns them */
    struct Argument *argument; /* STORE_ARGUMENT */
    bool copies_param;         /* STORE_STATE: `state avg = net` made it of a parameter */
} Store;

/* ---- nodes ---- */

typedef struct Node {
    Op op;
    int id; /* position in Graph.nodes */
    Type type;
    int arg_count;
    struct Node **args;
    const Origin *origin;
    Name label; /* what the model calls it, or NULL */
    union {
        struct Argument
            *input;   /* OP_input, OP_result: which argument of the entry; NULL: the result of a store's init */
        Store *store; /* OP_store, OP_update */
        struct {
            DrawKind kind;
            uint32_t site; /* one per sampling statement as elaborated */
        } random;
        Nest nest;
        Addressing addressing; /* OP_gather, OP_scatter_add */
        struct {
            int axis, from, to; /* `from` axes of the argument become `to` axes of the result; one of them is 1 */
        } regroup;
        struct {
            int axis;
            bool reversed; /* from the end; argsort: the largest first */
        } along;           /* OP_concat, OP_cumsum, OP_argsort */
        Region *region;    /* OP_scan, OP_custom */
        struct {
            FormalKind kind;
            int number;
        } formal;
        int result; /* OP_part, OP_yield: a result of the region */
    } u;
} Node;

/* A value from around a region that its body uses, and the formal that stands for it there. */
typedef struct Capture {
    Node *outside, *formal;
} Capture;

typedef struct Graph {
    Arena *arena;
    VEC(Node *) nodes;
    VEC(Node *) roots;    /* results, updates, losses and yields in program order; also among the nodes */
    struct Graph *around; /* while a region is made: the graph whose nodes it may use, which then are captured */
    VEC(Capture) captures;
} Graph;

/* ---- program ---- */

/* A state is read and written; it stands among the inputs. */
typedef enum ArgumentRole { ARGUMENT_INPUT, ARGUMENT_OUTPUT, ARGUMENT_STATE } ArgumentRole;

typedef struct Argument {
    ArgumentRole role;
    Name name;
    Type type;
    bool is_byte; /* an int input that the caller holds as bytes */
    Span span;
    int position;      /* among the entry's inputs, or outputs */
    int64_t low, high; /* int inputs used as positions: the values allowed; low > high: any */
    Store *state;      /* ARGUMENT_STATE: as which the entry's graph reads and updates it */
} Argument;

typedef struct Entry {
    Name name;
    Span span;
    bool training; /* its own text has a minimize, maximize or grad by parameters */
    bool draws;    /* it samples */
    VEC(Argument *) inputs;
    VEC(Argument *) outputs;
    VEC(const Size *) sizes; /* in order of first appearance: the C arguments */
    Store *step;             /* STORE_STEP; NULL where nothing asks for it and the entry updates nothing */
    struct Entry *evaluates; /* the entry whose results this one gives without its updates and its training, or NULL */
    Graph *graph;
} Entry;

typedef struct Program {
    Arena *arena;
    Name name; /* the model's */
    const Source *source;
    VEC(const Source *) imported; /* the other files that it was read from */
    VEC(Size *) sizes;
    VEC(Store *) stores; /* in path order of the text: params and states, then slots, steps, the rate */
    VEC(Store *) constants;
    VEC(Store *) left_out; /* params and states that no entry here needs */
    VEC(Entry *) entries;
    Store *rate; /* NULL where nothing uses it */
} Program;

Graph *graph_new(Arena *arena);
/* The node as this graph sees it: itself, or the formal that captures it. */
Node *graph_use(Graph *graph, Node *node);
/* Appends a node, and a root to the roots as well; args are copied, those from around the graph captured. The type is
 * set by the caller, who is ops/build. */
Node *graph_add(Graph *graph, Op op, Type type, int arg_count, Node *const *args, const Origin *origin);

bool op_has_region(Op op);
bool op_is_root(Op op);

bool entry_updates(const Entry *entry); /* changes model or trainer: has both as arguments */
bool entry_trainer(const Entry *entry); /* has the trainer as argument; it only reads it where it does not update */
/* Two nodes that are nests: the same but for names and arguments (of which it needs the ranks alone). */
bool nest_equal(const Node *a, const Node *b);
int nest_count(const Nest *nest, IndexKind kind);
/* Is an argument read at computed positions? */
bool nest_looks_up(const Nest *nest, int arg);
bool nest_is_contraction(const Nest *nest); /* sums a product of two or more reads */
bool body_uses_index(const Body *body, int index);

#endif
