/* The reference evaluator: runs a graph in double precision, element by element and obviously. It is the oracle of
 * everything below the graph, so it shares no code with what it judges. */
#ifndef GRADC_EVAL_EVAL_H
#define GRADC_EVAL_EVAL_H

#include "compiler/ir/graph.h"

typedef enum EvalMode {
    EVAL_DOUBLE,
    EVAL_FLOAT /* rounds every intermediate real to float: what 8 times its deviation allows is the tolerance */
} EvalMode;

/* A tensor: values in row-major order, ints and bools as whole doubles. */
typedef struct Tensor {
    Elem elem;
    int rank;
    const int64_t *dims;
    int64_t count;
    double *values;
} Tensor;

/* What stops pass on, in the order in which they are evaluated: noted by one evaluation, held still in others. */
typedef struct StopTape {
    VEC(Tensor) values;
    int next; /* to be played */
    bool plays;
} StopTape;

typedef struct Evaluation {
    Arena *arena;
    const Program *program;
    EvalMode mode;
    uint64_t shake;       /* EVAL_FLOAT: not 0: what is rounded goes to a neighbour as well, which one this decides */
    const int64_t *sizes; /* by Size.position */
    uint64_t seed, tick;  /* of random nodes: the seed and the step or draw */
    Tensor *inputs;       /* by Argument.position; given, and states replaced */
    Tensor *stores;       /* by Store.position; given, and replaced by evaluate_entry's updates */
    Tensor *outputs;      /* by Argument.position; made */
    Tensor *formals[3];   /* in a region: by FormalKind and number */
    Tensor *yields;       /* in a region: its results; made */
    uint64_t loop;        /* number of the step among all of the loops around, from 1; 0 outside of loops */
    Tensor *values;       /* by Node.id; made */
    Tensor **parts;       /* by Node.id of loops: their results; made */
    StopTape *tape;       /* NULL: stops pass on what comes */
    double margin;        /* see evaluate_margin; INFINITY before the first decision, set by the caller */
    bool finite;          /* made: no loss of the graph was infinite or NaN */
} Evaluation;

Tensor tensor_new(Arena *arena, Elem elem, int rank, const int64_t *dims); /* of zeros; dims are copied */
Tensor tensor_of_type(const Evaluation *evaluation, Type type);            /* the shape at the sizes of this call */
void tensor_next(const Tensor *tensor, int64_t *position);                 /* the row-major successor */
int64_t tensor_offset(const Tensor *tensor, const int64_t *position);      /* asserts that it lies inside */

/* Computes all nodes of a graph into evaluation->values and results into outputs; then updates go into stores, up to
 * the first loss that is not finite. */
void evaluate_graph(Evaluation *evaluation, const Graph *graph);
/* First contents of all stores, from the seed: room for them is made where evaluation->stores is NULL. */
void evaluate_initial(Evaluation *evaluation);

/* What a STORE_CONST holds: the same in every program, whatever the seed. */
Tensor evaluate_constant(const Evaluation *evaluation, const Store *store);

/* ---- for the evaluation rules of operations (OpDef.evaluate), which fill evaluation->values[node->id] ---- */

/* A value as it is stored: a real is rounded to float in EVAL_FLOAT. */
double evaluate_round(const Evaluation *evaluation, Elem elem, double value);
/* Notes a discrete decision between two reals: margin = |a - b| / max(1, |a|, |b|). Equal ones are equal in any
 * precision (zeros of padding, rows that are the same) and do not count. */
void evaluate_margin(Evaluation *evaluation, double a, double b);
/* Where a body's reads and lookups get their elements: `values` has those of the expressions before it. */
typedef struct BodyReader {
    double (*read)(const struct BodyReader *reader, const Expr *expr, const double *values);
} BodyReader;

/* The value of a body at a point: indices by number. `values` is room for every expression of it. */
double evaluate_body(Evaluation *evaluation, const Body *body, const int64_t *indices, const BodyReader *reader,
                     double *values);
/* Element `element` of a draw. */
double evaluate_draw(const Evaluation *evaluation, DrawKind kind, uint32_t site, int64_t element);

#endif
