/* A backward sweep over a graph, and what gradient rules need of it: where they build, what nodes became, and where
 * contributions are added. */
#ifndef GRADC_OPS_BACKWARD_H
#define GRADC_OPS_BACKWARD_H

#include "compiler/ops/build.h"

typedef struct Backward {
    Graph *source; /* what is differentiated: nodes [0, count) of it */
    Graph *graph;  /* where gradients are built: the source itself or, for the body of a loop, that of the reversed loop */
    /* A node of the source as the graph has it. */
    Node *(*value)(struct Backward *backward, const Node *node);
    int count;
    bool *depends;   /* by node: a differentiable path leads here from a variable */
    Node **gradient; /* by node: the sum of the contributions so far, or NULL */
    Node ***parts;   /* by node: of a loop, the gradients by result, or NULL */
} Backward;

/* Marks nothing yet; `value` NULL: source and graph are one. */
Backward backward_begin(Graph *source, Graph *graph, int count, Node *(*value)(Backward *, const Node *));
void backward_depend(Backward *backward); /* carries the marks in `depends` forward */
void backward_sweep(Backward *backward);  /* from the gradients that have been added */

Graph *backward_graph(Backward *backward);
/* The new graph's node for an argument (or the node itself) of the node being differentiated. */
Node *backward_value(Backward *backward, const Node *node);
/* False where the argument does not lie between the asked variables and the loss: no work is owed for it. */
bool backward_wants(const Backward *backward, const Node *arg);
void backward_add(Backward *backward, const Node *arg, Node *contribution);

/* The rule of operations through which no gradient passes, because they are leaves, discrete or cut. */
void no_gradient(Backward *backward, const Node *node, Node *dy);

#endif
