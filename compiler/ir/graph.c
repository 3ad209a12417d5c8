#include "compiler/ir/graph.h"
#include <string.h>

Graph *graph_new(Arena *arena) {
    Graph *graph = ARENA_NEW(arena, Graph);
    graph->arena = arena;
    return graph;
}

bool op_is_root(Op op) {
    return op == OP_result || op == OP_update || op == OP_loss || op == OP_yield;
}

bool op_has_region(Op op) {
    return op == OP_scan || op == OP_custom;
}

static bool stands_in(const Graph *graph, const Node *node) {
    return node->id < graph->nodes.count && graph->nodes.at[node->id] == node;
}

Node *graph_use(Graph *graph, Node *node) {
    if (graph->around == NULL || stands_in(graph, node)) return node;
    Node *outside = graph_use(graph->around, node);
    for (int i = 0; i < graph->captures.count; i++)
        if (graph->captures.at[i].outside == outside) return graph->captures.at[i].formal;
    Node *formal = graph_add(graph, OP_formal, outside->type, 0, NULL, outside->origin);
    formal->label = outside->label;
    formal->u.formal.kind = FORMAL_CAPTURE;
    formal->u.formal.number = graph->captures.count;
    vec_push(graph->arena, &graph->captures, ((Capture){outside, formal}));
    return formal;
}

Node *graph_add(Graph *graph, Op op, Type type, int arg_count, Node *const *args, const Origin *origin) {
    Node **own_args = arena_copy(graph->arena, args, (size_t)arg_count * sizeof *args);
    for (int i = 0; i < arg_count; i++)
        own_args[i] = graph_use(graph, own_args[i]); /* may append a formal */
    if (graph->nodes.count >= GRAPH_LIMIT)
        limit_exceeded(graph->arena->memory, "an entry grows beyond 400000 operations, with those of its gradients");
    Node *node = ARENA_NEW(graph->arena, Node);
    *node = (Node){.op = op, .id = graph->nodes.count, .type = type, .arg_count = arg_count, .origin = origin};
    node->args = own_args;
    vec_push(graph->arena, &graph->nodes, node);
    if (op_is_root(op)) vec_push(graph->arena, &graph->roots, node);
    return node;
}

bool entry_updates(const Entry *entry) {
    if (entry->evaluates != NULL) return false;
    if (entry->step != NULL) return true; /* its calls are counted */
    for (int i = 0; i < entry->graph->roots.count; i++)
        if (entry->graph->roots.at[i]->op == OP_update && entry->graph->roots.at[i]->u.store->kind != STORE_ARGUMENT)
            return true;
    return false;
}

bool entry_trainer(const Entry *entry) {
    return entry_updates(entry) || entry->step != NULL;
}

static bool index_equal(const Index *a, const Index *b) {
    if (a->kind != b->kind || !dim_equal(a->size, b->size)) return false;
    return a->kind != INDEX_SOLVED || (affine_equal(a->solution, b->solution) && a->divisor == b->divisor);
}

static bool read_equal(const Node *a, const Node *b, int read) {
    const Read *first = &a->u.nest.reads[read], *second = &b->u.nest.reads[read];
    if (first->arg != second->arg) return false;
    int rank = a->args[first->arg]->type.shape.rank;
    if (rank != b->args[second->arg]->type.shape.rank) return false;
    for (int i = 0; i < rank; i++)
        if (!affine_equal(first->axes[i], second->axes[i])) return false;
    return true;
}

static bool body_equal(const Body *a, const Body *b) {
    if (a->exprs.count != b->exprs.count) return false;
    for (int i = 0; i < a->exprs.count; i++)
        if (!expr_equal(&a->exprs.at[i], &b->exprs.at[i])) return false;
    return true;
}

bool nest_equal(const Node *a, const Node *b) {
    const Nest *x = &a->u.nest, *y = &b->u.nest;
    if (x->index_count != y->index_count || x->read_count != y->read_count || x->reduce != y->reduce) return false;
    if (memcmp(&x->otherwise, &y->otherwise, sizeof x->otherwise) != 0) return false;
    for (int i = 0; i < x->index_count; i++)
        if (!index_equal(&x->indices[i], &y->indices[i])) return false;
    for (int i = 0; i < x->read_count; i++)
        if (!read_equal(a, b, i)) return false;
    return body_equal(&x->body, &y->body);
}

int nest_count(const Nest *nest, IndexKind kind) {
    int count = 0;
    for (int i = 0; i < nest->index_count; i++)
        count += nest->indices[i].kind == kind;
    return count;
}

bool nest_looks_up(const Nest *nest, int arg) {
    for (int i = 0; i < nest->body.exprs.count; i++) {
        const Expr *expr = &nest->body.exprs.at[i];
        if (expr->kind == EXPR_LOOKUP && nest->reads[expr->u.lookup.read].arg == arg) return true;
    }
    return false;
}

bool nest_is_contraction(const Nest *nest) {
    int count = nest->body.exprs.count, reads = 0;
    if (nest->reduce != REDUCE_SUM || count == 0) return false;
    const Expr *exprs = nest->body.exprs.at;
    if (exprs[count - 1].kind != EXPR_CALL || exprs[count - 1].u.call.fn != SCALAR_mul) return false;
    for (int i = 0; i < count; i++) {
        const Expr *e = &exprs[i];
        bool factor = e->kind == EXPR_READ || e->kind == EXPR_LITERAL;
        bool cast = e->kind == EXPR_CALL && e->u.call.fn == SCALAR_to_real;
        bool product = e->kind == EXPR_CALL && e->u.call.fn == SCALAR_mul;
        if (!factor && !cast && !product) return false;
        reads += e->kind == EXPR_READ;
    }
    return reads >= 2;
}

bool body_uses_index(const Body *body, int index) {
    for (int i = 0; i < body->exprs.count; i++) {
        const Expr *e = &body->exprs.at[i];
        if (e->kind == EXPR_INDEX && e->u.index == index) return true;
        if (e->kind == EXPR_DRAW && affine_factor(e->u.draw.element, index) != 0) return true;
    }
    return false;
}
