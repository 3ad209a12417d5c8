/* Makers of what has a region: loops, whose bodies are grown like graphs, and custom gradients.
 *
 * While a body grows, the generator stands in the body's graph. It can read whatever is in the pool, also what stands
 * around (it is captured); what is made in the body leaves the pool with it. A body is looked at in its first step. */
#include "tests/random/generate.h"
#include <string.h>

enum { LOOP_VALUES = 4, FORMALS = 64 };

/* The generator goes into a loop's body; what it was is kept. */
static Generator *enter(Generator *g, LoopBuilder *loop) {
    Generator *around = ARENA_NEW(g->arena, Generator);
    *around = *g;
    g->around = around;
    g->graph = loop->body;
    g->pool.capacity = g->pool.count; /* what is added goes to a new array */
    g->evaluation.values = ARENA_ARRAY(g->arena, Tensor, NODE_LIMIT);
    g->evaluation.parts = ARENA_ARRAY(g->arena, Tensor *, NODE_LIMIT);
    g->evaluation.loop = 1;
    for (int kind = 0; kind < 3; kind++)
        g->evaluation.formals[kind] = ARENA_ARRAY(g->arena, Tensor, FORMALS);
    return around;
}

/* Back again; the choices that were made meanwhile are not made once more. */
static void leave(Generator *g) {
    Generator inside = *g;
    *g = *inside.around;
    g->stream = inside.stream;
    g->sites = inside.sites;
    g->work = inside.work;
}

/* Puts a formal into the pool that has that value in the first step. */
static void keep_formal(Generator *g, Node *formal, Tensor value, double most) {
    g->evaluation.formals[formal->u.formal.kind][formal->u.formal.number] = value;
    g->evaluation.values[formal->id] = value;
    vec_push(g->arena, &g->pool, ((Value){formal, most, 0}));
}

/* What an input of the loop is in a step: some part of it; zeros where there is none. */
static Tensor any_part(Generator *g, const Node *formal, const Tensor *stacked) {
    Tensor part = tensor_of_type(&g->evaluation, formal->type);
    if (stacked->count >= part.count && part.count > 0)
        memcpy(part.values, stacked->values, (size_t)part.count * sizeof *part.values);
    return part;
}

/* First contents are chosen before the body is entered: they stand around it. */
static int choose_carries(Generator *g, Value *chosen) {
    int count = 0;
    for (int wanted = 1 + below(g, 3); wanted > 0; wanted--) {
        const Value *value = any_value(g, chance(g, 80) ? ELEM_REAL : (Elem)below(g, 3));
        if (value) chosen[count++] = *value;
    }
    return count;
}

static void add_carries(Generator *g, LoopBuilder *loop, int count, const Value *chosen, Node **carries) {
    for (int i = 0; i < count; i++) {
        const Tensor first = value_of(g, chosen[i].node);
        carries[i] = loop_carry(loop, chosen[i].node);
        keep_formal(g, carries[i], first, chosen[i].most < 2 ? 2 : chosen[i].most);
    }
}

static void add_inputs(Generator *g, LoopBuilder *loop) {
    int taken = 0;
    for (int i = g->around->pool.count - 1; i >= 0 && taken < 3; i--) {
        const Value value = g->pool.at[i];
        Shape shape = value.node->type.shape;
        if (shape.rank == 0 || !dim_equal(shape.dims[0], loop->length) || chance(g, 35)) continue;
        const Tensor stacked = value_of(g, value.node);
        Node *formal = loop_input(loop, value.node);
        keep_formal(g, formal, any_part(g, formal, &stacked), value.most);
        taken++;
    }
}

/* carry/2 + tanh(value)/2, which stays in bounds however often it is taken. */
static Node *damped(Generator *g, Node *carry, Node *value) {
    NestBuilder nest = nest_begin(g->graph, NULL);
    int indices[RANK_LIMIT], half;
    for (int a = 0; a < carry->type.shape.rank; a++)
        indices[a] = nest_free(&nest, "i", carry->type.shape.dims[a]);
    half = nest_real(&nest, 0.5);
    int old = nest_call2(&nest, SCALAR_mul, nest_read_at(&nest, carry, indices), half);
    int new = nest_call1(&nest, SCALAR_tanh, nest_read_at(&nest, value, indices));
    return nest_end(&nest, REDUCE_NONE, nest_call2(&nest, SCALAR_add, old, nest_call2(&nest, SCALAR_mul, new, half)));
}

/* The carry with something of the body added, at its own positions as far as they fit and at 0 elsewhere. */
static Node *mixed(Generator *g, Node *carry, Node *value) {
    NestBuilder nest = nest_begin(g->graph, NULL);
    Shape shape = carry->type.shape, other = value->type.shape;
    int indices[RANK_LIMIT];
    Affine axes[RANK_LIMIT];
    for (int a = 0; a < shape.rank; a++)
        indices[a] = nest_free(&nest, "i", shape.dims[a]);
    for (int a = 0; a < other.rank; a++) {
        bool fits = a < shape.rank && dim_equal(shape.dims[a], other.dims[a]);
        if (!fits && dim_low(other.dims[a]) == 0) return NULL;
        axes[a] = fits ? affine_index(g->arena, indices[a]) : affine_constant(dim_constant(0));
    }
    int sum = nest_call2(&nest, SCALAR_add, nest_read_at(&nest, carry, indices), nest_read(&nest, value, axes));
    sum = nest_call2(&nest, SCALAR_mul, sum, nest_real(&nest, 0.75));
    return nest_end(&nest, REDUCE_NONE, chance(g, 60) ? nest_call1(&nest, SCALAR_tanh, sum) : sum);
}

/* Values of the body that are of that type. */
static Node *inside_value(Generator *g, Type type) {
    Node *found = NULL;
    for (int i = g->around->pool.count; i < g->pool.count; i++)
        if (type_equal(g->pool.at[i].node->type, type) && (!found || chance(g, 60))) found = g->pool.at[i].node;
    return found;
}

static Node *next_content(Generator *g, Node *carry) {
    Node *same = inside_value(g, carry->type), *next = NULL;
    int choice = below(g, 100);
    if (choice < 10) return carry;
    if (carry->type.elem != ELEM_REAL) return same;
    if (same && choice < 35) return same; /* another carry, perhaps: they are swapped then */
    const Value *any = any_value(g, ELEM_REAL);
    if (same && choice < 65)
        next = damped(g, carry, same);
    else if (any)
        next = mixed(g, carry, any->node);
    return next && keep_value(g, next) ? next : carry;
}

static Dim loop_length(Generator *g) {
    for (int tries = 0; tries < 4; tries++) {
        const Value *value = any_value(g, ELEM_REAL);
        if (!value || value->node->type.shape.rank == 0) continue;
        Dim length = value->node->type.shape.dims[0];
        if (dim_high(length) <= 8 || chance(g, 15)) return length;
    }
    return dim_constant(below(g, 5));
}

static void grow_body(Generator *g, int64_t length) {
    int64_t before = g->work;
    int steps = 1 + below(g, 5);
    for (int tries = 0; steps > 0 && tries < 20; tries++) {
        steps -= make_any(g, true);
        if ((g->work - before) * length > 30000) break;
    }
    g->work = before + (g->work - before) * length;
}

static int emit_values(Generator *g, LoopBuilder *loop) {
    int count = 0;
    for (int wanted = below(g, 3); wanted > 0; wanted--) {
        int inside = g->pool.count - g->around->pool.count;
        Node *value = g->pool.at[g->around->pool.count + below(g, inside)].node;
        if (value->type.shape.rank > 4) continue;
        loop_emit(loop, value);
        count++;
    }
    return count;
}

bool make_scan(Generator *g) {
    if (g->graph->nodes.count > NODE_LIMIT / 2 || (g->around && g->around->around)) return false;
    Dim length = loop_length(g);
    Value chosen[LOOP_VALUES];
    Node *carries[LOOP_VALUES];
    int count = choose_carries(g, chosen);
    LoopBuilder loop = loop_begin(g->graph, length, chance(g, 35), NULL);
    enter(g, &loop);
    add_carries(g, &loop, count, chosen, carries);
    add_inputs(g, &loop);
    bool any = g->pool.count > g->around->pool.count;
    if (any) {
        grow_body(g, dim_high(length));
        for (int i = 0; i < count; i++)
            loop_next(&loop, carries[i], next_content(g, carries[i]));
        count += emit_values(g, &loop);
    }
    leave(g);
    if (!any || count == 0) return false;
    Node *scan = loop_end(&loop);
    bool kept = false;
    for (int part = 0; part < count; part++)
        if (chance(g, 85)) kept |= keep_value(g, build_part(g->graph, scan, part, NULL));
    return kept;
}

/* ---- custom gradients ---- */

static Node *custom_formal(Graph *body, Type type, int number) {
    Node *formal = graph_add(body, OP_formal, type, 0, NULL, NULL);
    formal->u.formal.kind = FORMAL_CAPTURE;
    formal->u.formal.number = number;
    return formal;
}

/* dy times the derivative that scalar.def gives the function: differences must find it right. */
static Region *true_gradient(Generator *g, Scalar fn, Type type) {
    Graph *body = graph_new(g->arena);
    NestBuilder nest = nest_begin(body, NULL);
    Node *formals[3]; /* dy, the value, the argument */
    int indices[RANK_LIMIT];
    for (int i = 0; i < 3; i++)
        formals[i] = custom_formal(body, type, i);
    for (int a = 0; a < type.shape.rank; a++)
        indices[a] = nest_free(&nest, "i", type.shape.dims[a]);
    int call = nest_call1(&nest, fn, nest_read_at(&nest, formals[2], indices));
    int partial = body_partial(&nest.body, call, 0);
    Node *gradient =
        nest_end(&nest, REDUCE_NONE, nest_call2(&nest, SCALAR_mul, nest_read_at(&nest, formals[0], indices), partial));
    graph_add(body, OP_yield, type, 1, &gradient, NULL);
    Region *region = ARENA_NEW(g->arena, Region);
    *region = (Region){.body = body, .captures = 3, .outputs = 1, .length = dim_constant(1)};
    return region;
}

bool make_custom(Generator *g) {
    static const Scalar functions[] = {SCALAR_tanh, SCALAR_sin, SCALAR_sigmoid,
                                       SCALAR_erf,  SCALAR_cos, SCALAR_softplus};
    const Value *value = any_value(g, ELEM_REAL);
    if (!value || value->most > 1000) return false;
    Scalar fn = functions[below(g, (int)(sizeof functions / sizeof *functions))];
    Node *argument = value->node;
    Node *made = build_map1(g->graph, fn, argument, NULL);
    if (!keep_value(g, made)) return false;
    Region *gradient = true_gradient(g, fn, argument->type);
    return keep_value(g, build_custom(g->graph, made, 1, &argument, gradient, NULL));
}
