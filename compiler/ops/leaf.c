/* Leaves: the entry's inputs, and the contents of stores. */
#include "compiler/eval/eval.h"
#include "compiler/ops/rules.h"

const char *input_check(Arena *arena, const Node *node) {
    (void)arena;
    if (node->arg_count != 0) return "an input has arguments";
    if (node->u.input == NULL || node->u.input->role != ARGUMENT_INPUT) return "no input of the entry";
    return type_equal(node->type, node->u.input->type) ? NULL : "another type than the input's";
}

void input_evaluate(Evaluation *evaluation, const Node *node) {
    evaluation->values[node->id] = evaluation->inputs[node->u.input->position];
}

const char *store_check(Arena *arena, const Node *node) {
    (void)arena;
    if (node->arg_count != 0) return "the content of a store has arguments";
    if (node->u.store == NULL) return "no store";
    return type_equal(node->type, node->u.store->type) ? NULL : "another type than the store's";
}

void store_evaluate(Evaluation *evaluation, const Node *node) {
    const Store *store = node->u.store;
    Tensor *value = &evaluation->values[node->id];
    switch (store->kind) {
    case STORE_ARGUMENT: *value = evaluation->inputs[store->argument->position]; break;
    case STORE_CONST: *value = evaluate_constant(evaluation, store); break;
    default: *value = evaluation->stores[store->position]; break;
    }
}
