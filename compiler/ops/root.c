/* Roots: what a graph is computed for. Each passes its argument on; the evaluator stores updates when all is done. */
#include "compiler/eval/eval.h"
#include "compiler/ops/rules.h"

static const char *check_passes(const Node *node) {
    if (node->arg_count != 1) return "not one argument";
    return type_equal(node->type, node->args[0]->type) ? NULL : "another type than its argument's";
}

static void pass(Evaluation *evaluation, const Node *node) {
    evaluation->values[node->id] = evaluation->values[node->args[0]->id];
}

const char *result_check(Arena *arena, const Node *node) {
    (void)arena;
    if (node->u.input != NULL) { /* NULL: the content of a store's init */
        if (node->u.input->role != ARGUMENT_OUTPUT) return "no output of the entry";
        if (!type_equal(node->type, node->u.input->type)) return "another type than the output's";
    }
    return check_passes(node);
}

void result_evaluate(Evaluation *evaluation, const Node *node) {
    pass(evaluation, node);
    evaluation->outputs[node->u.input->position] = evaluation->values[node->id];
}

const char *update_check(Arena *arena, const Node *node) {
    (void)arena;
    if (node->u.store == NULL) return "no store";
    if (!type_equal(node->type, node->u.store->type)) return "another type than the store's";
    return check_passes(node);
}

void update_evaluate(Evaluation *evaluation, const Node *node) {
    pass(evaluation, node);
}

const char *loss_check(Arena *arena, const Node *node) {
    (void)arena;
    if (node->type.elem != ELEM_REAL || node->type.shape.rank != 0) return "a loss that is no real scalar";
    return check_passes(node);
}

void loss_evaluate(Evaluation *evaluation, const Node *node) {
    pass(evaluation, node);
}
