/* Markers: what the frontend asks of pass autodiff, which takes them out. */
#include "compiler/eval/eval.h"
#include "compiler/ops/rules.h"

const char *grad_check(Arena *arena, const Node *node) {
    (void)arena;
    if (node->arg_count != 2) return "not two arguments";
    const Type *of = &node->args[0]->type;
    if (of->elem != ELEM_REAL || of->shape.rank != 0) return "the gradient of what is no real scalar";
    if (node->args[1]->type.elem != ELEM_REAL) return "a gradient by what is not real";
    return type_equal(node->type, node->args[1]->type) ? NULL : "another type than the variable's";
}

void grad_gradient(Backward *backward, const Node *node, Node *dy) {
    (void)backward, (void)dy;
    internal_error("the inner gradient (node %d) is not expanded before the outer one", node->id);
}

const char *stop_check(Arena *arena, const Node *node) {
    (void)arena;
    if (node->arg_count != 1) return "not one argument";
    return type_equal(node->type, node->args[0]->type) ? NULL : "another type than its argument's";
}

void stop_evaluate(Evaluation *evaluation, const Node *node) {
    evaluation->values[node->id] = evaluation->values[node->args[0]->id];
}

void marker_evaluate(Evaluation *evaluation, const Node *node) {
    (void)evaluation;
    internal_error("node %d is evaluated before pass autodiff", node->id);
}

Node *marker_lower(Graph *graph, const Node *node, Node *const *args) {
    (void)graph, (void)args;
    internal_error("node %d is lowered before pass autodiff", node->id);
}
