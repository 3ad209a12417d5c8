/* Pass autodiff: reverse mode, from graph to graph.
 *
 * Nodes are copied in order, so that what stands before a grad is already expanded: inner gradients come first, and an
 * outer one differentiates the nodes that they became. Grads of one loss share one sweep. Markers go at the end: a stop
 * must still cut what a later grad differentiates. */
#include "compiler/ops/backward.h"
#include "compiler/ops/region.h"
#include "compiler/passes/pipeline.h"

/* ---- the pass ---- */

typedef struct Expansion {
    const Graph *old;
    Graph *new;
    Node **map; /* by old node */
    Diagnostics *diagnostics;
} Expansion;

static Node *unreached(Expansion *expansion, const Node *grad) {
    Span span = grad->origin != NULL ? grad->origin->span : (Span){0};
    const Name of = grad->args[0]->label, by = grad->args[1]->label;
    diag_error(expansion->diagnostics, span, "no differentiable path leads from %s to %s",
               by != NULL ? by : "the variable of this gradient", of != NULL ? of : "what is differentiated");
    return build_fill(expansion->new, ELEM_REAL, grad->type.shape, 0, grad->origin);
}

static Backward sweep_from(Graph *graph, const Node *loss, Node *const *variables, int variable_count) {
    Backward backward = backward_begin(graph, graph, loss->id + 1, NULL);
    for (int i = 0; i < variable_count; i++) {
        if (variables[i] != NULL && variables[i]->id < backward.count) backward.depends[variables[i]->id] = true;
    }
    backward_depend(&backward);
    if (!backward.depends[loss->id]) return backward;
    backward_add(&backward, loss, build_fill(graph, ELEM_REAL, loss->type.shape, 1, loss->origin));
    backward_sweep(&backward);
    return backward;
}

/* The result is a node of its own, also where the gradient is a node that stands already: a later grad by it must not
 * be one by the other. */
static Node *own_node(Graph *graph, Node *gradient, const Origin *origin) {
    return build_map1(graph, SCALAR_to_real, gradient, origin);
}

/* All grads of one loss that are not expanded yet, which stand at `first` and behind. */
static void expand_grads(Expansion *expansion, int first) {
    const Graph *old = expansion->old;
    Arena *arena = old->arena;
    const Node *loss = old->nodes.at[first]->args[0];
    VEC(const Node *) grads = {0};
    VEC(Node *) variables = {0};
    for (int i = first; i < old->nodes.count; i++) {
        const Node *node = old->nodes.at[i];
        if (node->op != OP_grad || node->args[0] != loss) continue;
        vec_push(arena, &grads, node);
        vec_push(arena, &variables, expansion->map[node->args[1]->id]); /* NULL: behind the loss, not on its path */
    }
    Backward backward = sweep_from(expansion->new, expansion->map[loss->id], variables.at, variables.count);
    for (int i = 0; i < grads.count; i++) {
        const Node *variable = variables.at[i];
        bool inside = variable != NULL && variable->id < backward.count;
        Node *gradient = inside ? backward.gradient[variable->id] : NULL;
        Node **own = &expansion->map[grads.at[i]->id];
        *own = gradient != NULL ? own_node(expansion->new, gradient, grads.at[i]->origin)
                                : unreached(expansion, grads.at[i]);
        bool unnamed = variable != NULL && variable->label != NULL && (*own)->label == NULL;
        if (unnamed) (*own)->label = arena_print(arena, "d_%s", variable->label);
    }
}

/* Gone at the end: stops and custom gradients, which are their first arguments. */
static bool is_transparent(Op op) {
    return op == OP_stop || op == OP_custom;
}

static Graph *without_markers(Graph *old) {
    Graph *new = graph_new(old->arena);
    Node **map = ARENA_ARRAY(old->arena, Node *, old->nodes.count);
    for (int i = 0; i < old->nodes.count; i++) {
        const Node *node = old->nodes.at[i];
        Node **args = mapped_args(old->arena, node, map);
        map[i] = is_transparent(node->op) ? args[0] : copy_node(new, node, args);
        if (map[i]->label == NULL) map[i]->label = node->label; /* of a stop */
        if (node->op == OP_scan)
            map[i]->u.region = region_copy(old->arena, node->u.region, without_markers(node->u.region->body));
    }
    return new;
}

/* The markers of gradients; those that cut or replace gradients stay for what is differentiated around. */
Graph *expand_gradients(Graph *graph, Diagnostics *diagnostics) {
    Expansion expansion = {graph, graph_new(graph->arena), ARENA_ARRAY(graph->arena, Node *, graph->nodes.count),
                           diagnostics};
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *node = graph->nodes.at[i];
        if (expansion.map[i] != NULL) continue;
        if (node->op == OP_grad) {
            expand_grads(&expansion, i);
            continue;
        }
        Node *copy = copy_node(expansion.new, node, mapped_args(graph->arena, node, expansion.map));
        if (op_has_region(node->op)) /* its own, because loops stack more values when they are differentiated */
            copy->u.region =
                region_copy(graph->arena, node->u.region, expand_gradients(node->u.region->body, diagnostics));
        expansion.map[i] = copy;
    }
    return expansion.new;
}

Graph *pass_autodiff(Graph *graph, Diagnostics *diagnostics) {
    return without_markers(expand_gradients(graph, diagnostics));
}
