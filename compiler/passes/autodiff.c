/* Pass autodiff: reverse mode, from graph to graph.
 *
 * Nodes are copied in order, so that what stands before a grad is already expanded: inner gradients come first, and an
 * outer one differentiates the nodes that they became. Grads of one loss share one sweep. Markers go at the end: a stop
 * must still cut what a later grad differentiates. */
#include "compiler/ops/backward.h"
#include "compiler/ops/op.h"
#include "compiler/passes/pipeline.h"

struct Backward {
    Graph *graph;
    int count;       /* nodes up to the loss */
    bool *depends;   /* by node: a differentiable path leads here from a variable */
    Node **gradient; /* by node: the sum of the contributions so far, or NULL */
};

Graph *backward_graph(Backward *backward) {
    return backward->graph;
}

Node *backward_value(Backward *backward, const Node *node) {
    return backward->graph->nodes.at[node->id];
}

bool backward_wants(const Backward *backward, const Node *arg) {
    return backward->depends[arg->id];
}

void backward_add(Backward *backward, const Node *arg, Node *contribution) {
    Node **sum = &backward->gradient[arg->id];
    *sum = *sum == NULL ? contribution : build_map2(backward->graph, SCALAR_add, *sum, contribution, arg->origin);
}

/* A gradient is called after what it is the gradient of: d_logits. */
static void label_gradient(Arena *arena, Node *gradient, const Node *of) {
    if (gradient->label == NULL && of->label != NULL) gradient->label = arena_print(arena, "d_%s", of->label);
}

/* ---- one sweep ---- */

static bool passes_gradient(const Node *node) {
    return op_table[node->op].gradient != no_gradient && node->type.elem == ELEM_REAL;
}

static bool any_depends(const Backward *backward, const Node *node) {
    for (int i = 0; i < node->arg_count; i++) {
        if (backward->depends[node->args[i]->id]) return true;
    }
    return false;
}

static Backward backward_begin(Graph *graph, const Node *loss, Node *const *variables, int variable_count) {
    Backward backward = {.graph = graph, .count = loss->id + 1};
    backward.depends = ARENA_ARRAY(graph->arena, bool, backward.count);
    backward.gradient = ARENA_ARRAY(graph->arena, Node *, backward.count);
    for (int i = 0; i < variable_count; i++) {
        if (variables[i] != NULL && variables[i]->id < backward.count) backward.depends[variables[i]->id] = true;
    }
    for (int i = 0; i < backward.count; i++) {
        const Node *node = graph->nodes.at[i];
        if (passes_gradient(node) && any_depends(&backward, node)) backward.depends[i] = true;
    }
    return backward;
}

static void sweep(Backward *backward) {
    Node *loss = backward->graph->nodes.at[backward->count - 1];
    if (!backward->depends[loss->id]) return;
    backward->gradient[loss->id] = build_fill(backward->graph, ELEM_REAL, loss->type.shape, 1, loss->origin);
    for (int i = loss->id; i >= 0; i--) {
        const Node *node = backward->graph->nodes.at[i];
        if (backward->gradient[i] == NULL || !any_depends(backward, node)) continue;
        label_gradient(backward->graph->arena, backward->gradient[i], node);
        op_table[node->op].gradient(backward, node, backward->gradient[i]);
    }
}

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
    Backward backward = backward_begin(expansion->new, expansion->map[loss->id], variables.at, variables.count);
    sweep(&backward);
    for (int i = 0; i < grads.count; i++) {
        const Node *variable = variables.at[i];
        bool inside = variable != NULL && variable->id < backward.count;
        Node *gradient = inside ? backward.gradient[variable->id] : NULL;
        Node **own = &expansion->map[grads.at[i]->id];
        *own = gradient != NULL ? own_node(expansion->new, gradient, grads.at[i]->origin)
                                : unreached(expansion, grads.at[i]);
        if (variable != NULL) label_gradient(arena, *own, variable);
    }
}

static Node **mapped_args(Arena *arena, const Node *node, Node *const *map) {
    Node **args = ARENA_ARRAY(arena, Node *, node->arg_count);
    for (int i = 0; i < node->arg_count; i++) {
        args[i] = map[node->args[i]->id];
    }
    return args;
}

static Graph *without_stops(Graph *old) {
    Graph *new = graph_new(old->arena);
    Node **map = ARENA_ARRAY(old->arena, Node *, old->nodes.count);
    for (int i = 0; i < old->nodes.count; i++) {
        const Node *node = old->nodes.at[i];
        Node **args = mapped_args(old->arena, node, map);
        map[i] = node->op == OP_stop ? args[0] : copy_node(new, node, args);
        if (map[i]->label == NULL) map[i]->label = node->label; /* of a stop */
    }
    return new;
}

Graph *pass_autodiff(Graph *graph, Diagnostics *diagnostics) {
    Expansion expansion = {graph, graph_new(graph->arena), ARENA_ARRAY(graph->arena, Node *, graph->nodes.count),
                           diagnostics};
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *node = graph->nodes.at[i];
        if (expansion.map[i] != NULL) continue;
        if (node->op == OP_grad) {
            expand_grads(&expansion, i);
        } else {
            expansion.map[i] = copy_node(expansion.new, node, mapped_args(graph->arena, node, expansion.map));
        }
    }
    return without_stops(expansion.new);
}
