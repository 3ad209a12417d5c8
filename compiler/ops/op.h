/* What is true of an operation, in one record: its four rules. One table, indexed by Op. */
#ifndef GRADC_OPS_OP_H
#define GRADC_OPS_OP_H

#include "compiler/ir/graph.h"

struct Backward;   /* passes/autodiff.c, through ops/backward.h */
struct Evaluation; /* eval/eval.h */

typedef struct OpDef {
    const char *name;
    bool leaf, root, marker;
    /* Shape rule: NULL where the node is well formed, else what is wrong with it. */
    const char *(*check)(Arena *arena, const Node *node);
    /* Gradient rule: adds to the gradients of the arguments what `dy`, the gradient of this node, gives them.
     * no_gradient says that none passes. */
    void (*gradient)(struct Backward *backward, const Node *node, Node *dy);
    /* Reference evaluation in double, row by row and obviously. */
    void (*evaluate)(struct Evaluation *evaluation, const Node *node);
    /* Lowering: the node as a nest of the new graph, over the already lowered arguments (kernels are made of nests
     * alone); a leaf or root is copied. */
    Node *(*lower)(Graph *graph, const Node *node, Node *const *args);
} OpDef;

extern const OpDef op_table[OP_COUNT];

#endif
