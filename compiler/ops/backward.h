/* What a gradient rule needs: where it builds, what nodes became, and where contributions are added. */
#ifndef GRADC_OPS_BACKWARD_H
#define GRADC_OPS_BACKWARD_H

#include "compiler/ops/build.h"

typedef struct Backward Backward;

Graph *backward_graph(Backward *backward);
/* The new graph's node for an argument (or the node itself) of the node being differentiated. */
Node *backward_value(Backward *backward, const Node *node);
/* False where the argument does not lie between the asked variables and the loss: no work is owed for it. */
bool backward_wants(const Backward *backward, const Node *arg);
void backward_add(Backward *backward, const Node *arg, Node *contribution);

/* The rule of operations through which no gradient passes, because they are leaves, discrete or cut. */
void no_gradient(Backward *backward, const Node *node, Node *dy);

#endif
