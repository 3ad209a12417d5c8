#include "compiler/ops/backward.h"
#include "compiler/ops/op.h"

Graph *backward_graph(Backward *backward) {
    return backward->graph;
}

static Node *itself(Backward *backward, const Node *node) {
    return backward->source->nodes.at[node->id];
}

Node *backward_value(Backward *backward, const Node *node) {
    return backward->value(backward, node);
}

bool backward_wants(const Backward *backward, const Node *arg) {
    return backward->depends[arg->id];
}

void backward_add(Backward *backward, const Node *arg, Node *contribution) {
    Node **sum = &backward->gradient[arg->id];
    *sum = *sum == NULL ? contribution : build_map2(backward->graph, SCALAR_add, *sum, contribution, arg->origin);
}

void no_gradient(Backward *backward, const Node *node, Node *dy) {
    (void)backward, (void)node, (void)dy;
}

Backward backward_begin(Graph *source, Graph *graph, int count, Node *(*value)(Backward *, const Node *)) {
    Backward backward = {.source = source, .graph = graph, .count = count, .value = value != NULL ? value : itself};
    backward.depends = ARENA_ARRAY(graph->arena, bool, count);
    backward.gradient = ARENA_ARRAY(graph->arena, Node *, count);
    backward.parts = ARENA_ARRAY(graph->arena, Node **, count);
    return backward;
}

static bool passes_gradient(const Node *node) {
    return op_table[node->op].gradient != no_gradient && node->type.elem == ELEM_REAL;
}

static bool any_depends(const Backward *backward, const Node *node) {
    for (int i = 0; i < node->arg_count; i++) {
        if (backward->depends[node->args[i]->id]) return true;
    }
    return false;
}

void backward_depend(Backward *backward) {
    for (int i = 0; i < backward->count; i++) {
        const Node *node = backward->source->nodes.at[i];
        if (passes_gradient(node) && any_depends(backward, node)) backward->depends[i] = true;
    }
}

/* A gradient is called after what it is the gradient of: d_logits. */
static void label_gradient(Arena *arena, Node *gradient, const Node *of) {
    if (gradient->label == NULL && of->label != NULL) gradient->label = arena_print(arena, "d_%s", of->label);
}

void backward_sweep(Backward *backward) {
    for (int i = backward->count - 1; i >= 0; i--) {
        const Node *node = backward->source->nodes.at[i];
        Node *dy = backward->gradient[i];
        if ((dy == NULL && backward->parts[i] == NULL) || !any_depends(backward, node)) continue;
        if (dy != NULL) label_gradient(backward->graph->arena, dy, node);
        op_table[node->op].gradient(backward, node, dy);
    }
}
