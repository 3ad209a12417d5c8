/* Markers: what the frontend asks of pass autodiff, which takes them out. */
#include "compiler/eval/eval.h"
#include "compiler/ops/region.h"
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
    Tensor value = evaluation->values[node->args[0]->id];
    StopTape *tape = node->op == OP_stop ? evaluation->tape : NULL;
    if (tape != NULL && tape->plays) value = tape->values.at[tape->next++];
    if (tape != NULL && !tape->plays) vec_push(evaluation->arena, &tape->values, value);
    evaluation->values[node->id] = value;
}

void marker_evaluate(Evaluation *evaluation, const Node *node) {
    (void)evaluation;
    internal_error("node %d is evaluated before pass autodiff", node->id);
}

Node *marker_lower(Graph *graph, const Node *node, Node *const *args) {
    (void)graph, (void)args;
    internal_error("node %d is lowered before pass autodiff", node->id);
}

/* ---- custom gradients ---- */

/* The region's formals, all captures: dy, the value itself, the arguments behind it. It yields a gradient for every
 * argument that is real. */
static Type custom_formal_type(const Node *node, int number) {
    return number == 0 ? node->type : node->args[number - 1]->type;
}

const char *custom_check(Arena *arena, const Node *node) {
    (void)arena;
    const Region *region = node->u.region;
    if (node->arg_count < 1 || !type_equal(node->type, node->args[0]->type)) return "another type than its value's";
    if (region == NULL) return NULL; /* in the making */
    for (int i = 0; i < region->body->nodes.count; i++) {
        const Node *formal = region->body->nodes.at[i];
        if (formal->op != OP_formal) continue;
        int number = formal->u.formal.number;
        if (formal->u.formal.kind != FORMAL_CAPTURE || number > node->arg_count) return "a formal without an argument";
        if (!type_equal(formal->type, custom_formal_type(node, number))) return "a formal has another type";
    }
    int real = 0;
    for (int i = 1; i < node->arg_count; i++) {
        if (node->args[i]->type.elem != ELEM_REAL) continue;
        const Node *yield = region_yield(region, real++);
        if (yield == NULL || !type_equal(yield->type, node->args[i]->type)) return "a gradient of another type";
    }
    return region->outputs == real && region->body->roots.count == real ? NULL : "not one gradient for each argument";
}

Node *build_custom(Graph *graph, Node *value, int count, Node *const *args, Region *gradient, const Origin *origin) {
    Node **all = ARENA_ARRAY(graph->arena, Node *, count + 1);
    all[0] = value;
    for (int i = 0; i < count; i++) {
        all[i + 1] = args[i];
    }
    Node *node = graph_add(graph, OP_custom, value->type, count + 1, all, origin);
    node->u.region = gradient;
    return node_checked(graph, node);
}

/* Writes the region's body into the graph, `given` for its formals; returns what each of its nodes became. */
static Node **instantiate(Graph *graph, const Region *region, Node *const *given) {
    const Graph *body = region->body;
    Node **map = ARENA_ARRAY(graph->arena, Node *, body->nodes.count);
    for (int i = 0; i < body->nodes.count; i++) {
        const Node *node = body->nodes.at[i];
        if (node->op == OP_formal)
            map[i] = given[node->u.formal.number];
        else if (node->op != OP_yield)
            map[i] = clone_node(graph, node, mapped_args(graph->arena, node, map));
    }
    return map;
}

void custom_gradient(Backward *backward, const Node *node, Node *dy) {
    Graph *graph = backward_graph(backward);
    Node **given = ARENA_ARRAY(graph->arena, Node *, node->arg_count + 1);
    given[0] = dy;
    for (int i = 0; i < node->arg_count; i++) {
        given[i + 1] = backward_value(backward, node->args[i]);
    }
    Node **map = instantiate(graph, node->u.region, given);
    for (int i = 1, real = 0; i < node->arg_count; i++) {
        if (node->args[i]->type.elem != ELEM_REAL) continue;
        const Node *yield = region_yield(node->u.region, real++);
        if (backward_wants(backward, node->args[i])) backward_add(backward, node->args[i], map[yield->id]);
    }
}
