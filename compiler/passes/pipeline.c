#include "compiler/passes/pipeline.h"
#include "compiler/ir/text.h"

const Pass pass_table[] = {
    {"contract", "sums of many factors become sums of few", pass_contract},
    {"autodiff", "expands grad and stop", pass_autodiff},
    {"simplify", "merges equal nodes, composes what is free, solves sums", pass_simplify},
    {"dead", "drops what no result, update or loss needs", pass_dead},
    {"lower", "turns all but inputs, stores and roots into nests", pass_lower},
    {"unscan", "takes out of loops what depends on no carry", pass_unscan},
    {"simplify-lowered", "simplify once more, on what lowering made", pass_simplify},
    {"dead-lowered", "dead once more", pass_dead},
};
const int pass_count = (int)(sizeof pass_table / sizeof *pass_table);

/* ---- what a pass has changed ---- */

static bool graph_equal(const Graph *a, const Graph *b);

static bool node_equal(const Node *a, const Node *b) {
    if (a->op != b->op || a->arg_count != b->arg_count || !type_equal(a->type, b->type)) return false;
    for (int i = 0; i < a->arg_count; i++) {
        if (a->args[i]->id != b->args[i]->id) return false;
    }
    if (op_has_region(a->op) && !graph_equal(a->u.region->body, b->u.region->body)) return false;
    return a->op != OP_nest || nest_equal(a, b); /* leaves and roots keep what they name */
}

static bool graph_equal(const Graph *a, const Graph *b) {
    if (a->nodes.count != b->nodes.count) return false;
    for (int i = 0; i < a->nodes.count; i++) {
        if (!node_equal(a->nodes.at[i], b->nodes.at[i])) return false;
    }
    return true;
}

/* ---- running ---- */

static bool run_pass(const Pass *pass, Graph **graph, Diagnostics *diagnostics) {
    Graph *old = *graph;
    *graph = pass->run(old, diagnostics);
#ifndef NDEBUG
    const char *why = NULL;
    if (diagnostics->errors == 0 && !verify_graph(old->arena, *graph, &why)) {
        internal_error("pass %s breaks the graph: %s", pass->name, why);
    }
#endif
    return !graph_equal(old, *graph);
}

bool run_passes(Program *program, Diagnostics *diagnostics,
                void (*after)(void *context, const Pass *pass, bool changed), void *context) {
    for (int i = 0; i < pass_count; i++) {
        bool changed = false;
        for (int c = 0; c < program->constants.count; c++)
            changed |= run_pass(&pass_table[i], &program->constants.at[c]->init, diagnostics);
        for (int s = 0; s < program->stores.count; s++) {
            Store *store = program->stores.at[s];
            if (store->init != NULL) changed |= run_pass(&pass_table[i], &store->init, diagnostics);
        }
        for (int e = 0; e < program->entries.count; e++) {
            changed |= run_pass(&pass_table[i], &program->entries.at[e]->graph, diagnostics);
        }
        if (diagnostics->errors > 0) return false;
        if (after != NULL) after(context, &pass_table[i], changed);
    }
    return true;
}
