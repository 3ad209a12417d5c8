/* The gradient of a loop: the loop reversed.
 *
 *     c[t+1], y[t] = f(c[t], x[t], p)     gives, with lambda[L] = dc[L] and a = 0,
 *
 *     lambda[t], dx[t], dp = f'(c[t], x[t], p)^T (lambda[t+1], dy[t]);   a = a + dp;   dc[0] = lambda[0]
 *
 * Every value of a step that f' reads is stacked by the loop, which gets one more result for it, and is an input of the
 * reversed loop. What the loop is given anyway (inputs and captures) needs no stack. */
#include "compiler/ops/region.h"
#include "compiler/ops/rules.h"

typedef struct BodySweep {
    Backward backward; /* first: it is found from it. Over the loop's body */
    Backward *around;  /* over the graph that the loop stands in */
    Node *scan;
    LoopBuilder *reversed;
    VEC(Node *) values; /* by node of the body: what it is in the reversed loop's, or NULL */
} BodySweep;

/* ---- values of the forward loop ---- */

static bool is_constant(const Node *node) {
    return node->op == OP_store || node->op == OP_input || (node->op == OP_nest && node->arg_count == 0);
}

static Node *stacked_value(BodySweep *sweep, const Node *node) {
    Graph *around = sweep->around->source;
    int part = loop_stack(sweep->scan, sweep->backward.source->nodes.at[node->id], node->origin);
    Node *stack = build_part(around, sweep->scan, part, node->origin);
    return loop_input(sweep->reversed, backward_value(sweep->around, stack));
}

static Node *formal_value(BodySweep *sweep, const Node *formal) {
    int number = region_argument(sweep->scan->u.region, formal->u.formal.kind, formal->u.formal.number);
    Node *argument = sweep->scan->args[number];
    if (formal->u.formal.kind == FORMAL_CARRY) return stacked_value(sweep, formal);
    Node *value = backward_value(sweep->around, argument);
    return formal->u.formal.kind == FORMAL_INPUT ? loop_input(sweep->reversed, value) : value;
}

static Node *body_value(Backward *backward, const Node *node) {
    BodySweep *sweep = (BodySweep *)backward;
    while (sweep->values.count <= node->id) {
        vec_push(backward->graph->arena, &sweep->values, NULL);
    }
    Node *value = sweep->values.at[node->id];
    if (value != NULL) return value;
    if (node->op == OP_formal)
        value = formal_value(sweep, node);
    else if (is_constant(node))
        value = copy_node(backward->graph, node, NULL);
    else
        value = stacked_value(sweep, node);
    return sweep->values.at[node->id] = value;
}

/* ---- which formals matter ---- */

/* Marks what depends on wanted arguments; a carry does so too where its next content does. */
static void mark_body(BodySweep *sweep) {
    const Region *region = sweep->scan->u.region;
    Backward *backward = &sweep->backward;
    for (int i = 0; i < backward->count; i++) {
        const Node *node = backward->source->nodes.at[i];
        if (node->op != OP_formal || node->type.elem != ELEM_REAL) continue;
        int argument = region_argument(region, node->u.formal.kind, node->u.formal.number);
        backward->depends[i] = backward_wants(sweep->around, sweep->scan->args[argument]);
    }
    for (bool changed = true; changed;) {
        changed = false;
        backward_depend(backward);
        for (int i = 0; i < region->carries; i++) {
            const Node *formal = region_formal(region, FORMAL_CARRY, i);
            if (formal == NULL || backward_wants(backward, formal)) continue;
            if (!backward_wants(backward, region_yield(region, i))) continue;
            changed = backward->depends[formal->id] = true;
        }
    }
}

static Node *zeros(Graph *graph, Type type, const Origin *origin) {
    return build_fill(graph, ELEM_REAL, type.shape, 0, origin);
}

/* ---- the reversed loop ---- */

/* Adds to the gradients of what is yielded: lambda for the carries, dy[t] for what is stacked. Returns lambda by carry,
 * NULL for those that do not matter. */
static Node **seed_yields(BodySweep *sweep, int outputs) {
    const Region *region = sweep->scan->u.region;
    Backward *backward = &sweep->backward, *around = sweep->around;
    Node **dy = around->parts[sweep->scan->id];
    Node **lambda = ARENA_ARRAY(backward->graph->arena, Node *, region->carries);
    for (int i = 0; i < region->carries + outputs; i++) {
        const Node *yield = region_yield(region, i);
        if (!backward_wants(backward, yield)) continue;
        if (i >= region->carries) {
            if (dy[i] != NULL) backward_add(backward, yield, loop_input(sweep->reversed, dy[i]));
            continue;
        }
        Node *last = dy[i] != NULL ? dy[i] : zeros(around->graph, yield->type, sweep->scan->origin);
        lambda[i] = loop_carry(sweep->reversed, last);
        backward_add(backward, yield, lambda[i]);
    }
    return lambda;
}

/* Where the reversed loop has the gradient of an argument: among its carries, or what it emits. */
typedef struct Collected {
    int argument, number;
    bool is_carry;
} Collected;

typedef VEC(Collected) Collection;

static void collect(BodySweep *sweep, const Node *formal, Node *gradient, Collection *out) {
    LoopBuilder *loop = sweep->reversed;
    Graph *body = loop->body;
    int argument = region_argument(sweep->scan->u.region, formal->u.formal.kind, formal->u.formal.number);
    Collected collected = {argument, loop->carries.count, true};
    if (!backward_wants(sweep->around, sweep->scan->args[argument])) return;
    if (formal->u.formal.kind == FORMAL_INPUT) {
        collected = (Collected){argument, loop_emit(loop, gradient), false};
    } else {
        Node *sum = loop_carry(loop, zeros(loop->graph, formal->type, formal->origin));
        loop_next(loop, sum, build_map2(body, SCALAR_add, sum, gradient, formal->origin));
    }
    vec_push(body->arena, out, collected);
}

static Collection collect_all(BodySweep *sweep, Node **lambda) {
    const Region *region = sweep->scan->u.region;
    Backward *backward = &sweep->backward;
    Collection out = {0};
    for (int i = 0; i < region->carries; i++) {
        const Node *formal = region_formal(region, FORMAL_CARRY, i);
        Node *gradient = formal == NULL ? NULL : backward->gradient[formal->id];
        if (lambda[i] == NULL) continue;
        if (gradient == NULL) gradient = zeros(backward->graph, lambda[i]->type, sweep->scan->origin);
        loop_next(sweep->reversed, lambda[i], gradient);
        Collected collected = {i, lambda[i]->u.formal.number, true};
        if (backward_wants(sweep->around, sweep->scan->args[i])) vec_push(backward->graph->arena, &out, collected);
    }
    for (int i = 0; i < backward->count; i++) {
        const Node *node = backward->source->nodes.at[i];
        bool given = node->op == OP_formal && node->u.formal.kind != FORMAL_CARRY;
        if (given && backward->gradient[i] != NULL) collect(sweep, node, backward->gradient[i], &out);
    }
    return out;
}

void scan_gradient(Backward *around, const Node *node, Node *dy) {
    (void)dy; /* the gradients of the parts are in around->parts */
    Node *scan = around->source->nodes.at[node->id];
    Region *region = scan->u.region;
    LoopBuilder reversed = loop_begin(around->graph, region->length, !region->reversed, scan->origin);
    BodySweep sweep = {.around = around, .scan = scan, .reversed = &reversed};
    int outputs = region->outputs; /* before anything is stacked */
    sweep.backward = backward_begin(region->body, reversed.body, region->body->nodes.count, body_value);
    mark_body(&sweep);
    Node **lambda = seed_yields(&sweep, outputs);
    backward_sweep(&sweep.backward);
    Collection collection = collect_all(&sweep, lambda);
    if (collection.count == 0) return;
    Node *back = loop_end(&reversed);
    for (int i = 0; i < collection.count; i++) {
        const Collected *collected = &collection.at[i];
        int part = collected->number + (collected->is_carry ? 0 : back->u.region->carries);
        backward_add(around, scan->args[collected->argument], build_part(around->graph, back, part, scan->origin));
    }
}

void part_gradient(Backward *backward, const Node *node, Node *dy) {
    const Node *scan = node->args[0];
    const Region *region = scan->u.region;
    Node ***parts = &backward->parts[scan->id];
    if (*parts == NULL) *parts = ARENA_ARRAY(backward->graph->arena, Node *, region->carries + region->outputs);
    Node **sum = &(*parts)[node->u.result];
    *sum = *sum == NULL ? dy : build_map2(backward->graph, SCALAR_add, *sum, dy, node->origin);
}
