/* The prototypes of all rules, from the rows of ops.def, for the rooms that define them and the table that names them.
 */
#ifndef GRADC_OPS_RULES_H
#define GRADC_OPS_RULES_H

#include "compiler/ops/backward.h"
#include "compiler/ops/op.h"

typedef const char *CheckRule(Arena *arena, const Node *node);
typedef void GradientRule(Backward *backward, const Node *node, Node *dy);
typedef void EvaluateRule(struct Evaluation *evaluation, const Node *node);
typedef Node *LowerRule(Graph *graph, const Node *node, Node *const *args);

#define OP(name, kind, check, gradient, evaluate, lower)                                                               \
    CheckRule check;                                                                                                   \
    GradientRule gradient;                                                                                             \
    EvaluateRule evaluate;                                                                                             \
    LowerRule lower;
#include "compiler/ir/ops.def"
#undef OP

#endif
