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

typedef struct Evaluation {
    Arena *arena;
    const Program *program;
    EvalMode mode;
    const int64_t *sizes; /* by Size.position */
    uint64_t seed, tick;  /* of random nodes: the seed and the step or draw */
    Tensor *inputs;       /* by Argument.position; given */
    Tensor *stores;       /* by Store.position; given, and replaced by evaluate_entry's updates */
    Tensor *outputs;      /* by Argument.position; made */
    Tensor *values;       /* by Node.id; made */
    double margin;        /* the smallest distance of a comparison or argmax from a tie, relative to its operands */
} Evaluation;

Tensor tensor_new(Arena *arena, Elem elem, int rank, const int64_t *dims);
/* Computes all nodes of a graph into evaluation->values, results into outputs and updates into stores (the latter only
 * after everything was computed). */
void evaluate_graph(Evaluation *evaluation, const Graph *graph);
/* First contents of all stores, from the seed and their paths. */
void evaluate_initial(Evaluation *evaluation);

#endif
