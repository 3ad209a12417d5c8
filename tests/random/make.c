/* Makers of what is no nest: leaves, markers and roots. One function an operation, one row each in op_makers. */
#include "tests/random/generate.h"

const OpMaker op_makers[] = {
    {OP_nest, 100, 100, make_nest},
    {OP_random, 4, 6, make_random},
    {OP_stop, 3, 0, make_stop}, /* in a body, nobody could hold it still for differences */
    {OP_grad, 16, 8, make_grad},
    {OP_input, 6, 0, make_input},
    {OP_store, 4, 2, make_store},
    {OP_regroup, 5, 5, make_regroup},
    {OP_concat, 4, 4, make_concat},
    {OP_gather, 5, 5, make_gather},
    {OP_scatter_add, 4, 3, make_scatter_add},
    {OP_cumsum, 4, 3, make_cumsum},
    {OP_argsort, 3, 2, make_argsort},
    {OP_scan, 10, 8, make_scan},
    {OP_formal, 0, 0, make_scan},
    {OP_yield, 0, 0, make_scan},
    {OP_part, 0, 0, make_scan},
    {OP_custom, 4, 3, make_custom},
    {OP_update, 0, 0, make_update},
    {OP_loss, 0, 0, make_loss},
    {OP_result, 0, 0, make_result},
};
const int op_maker_count = (int)(sizeof op_makers / sizeof *op_makers);

/* ---- leaves ---- */

bool make_input(Generator *g) {
    Entry *entry = g->entry;
    Argument *argument = ARENA_NEW(g->arena, Argument);
    *argument = (Argument){.role = ARGUMENT_INPUT, .low = 0, .high = -1, .position = entry->inputs.count};
    if (entry->inputs.count == 8) return false;
    argument->type.elem = entry->inputs.count == 0 || chance(g, 75) ? ELEM_REAL : chance(g, 65) ? ELEM_INT : ELEM_BOOL;
    argument->type.shape = any_shape(g, below(g, 10) < 8 ? 1 + below(g, 3) : below(g, 6), false);
    if (!fits_border(argument->type.shape)) return false;
    argument->is_byte = argument->type.elem == ELEM_INT && chance(g, 30);
    if (argument->type.elem == ELEM_INT && !argument->is_byte && chance(g, 30)) argument->high = below(g, 9);
    argument->name = intern_print(g->names, "x%d", argument->position);
    vec_push(g->arena, &entry->inputs, argument);
    return keep_value(g, build_input(g->graph, argument, NULL));
}

static Graph *make_init(Generator *g, Shape shape) {
    Graph *graph = graph_new(g->arena);
    Node *value;
    NestBuilder nest = nest_begin(graph, NULL);
    int indices[RANK_LIMIT];
    if (chance(g, 20)) {
        value = build_fill(graph, ELEM_REAL, shape, below(g, 3), NULL);
    } else {
        Node *drawn = build_random(graph, chance(g, 70) ? DRAW_NORMAL : DRAW_UNIFORM, ++g->sites, shape, NULL);
        for (int a = 0; a < shape.rank; a++)
            indices[a] = nest_free(&nest, "i", shape.dims[a]);
        int scaled = nest_call2(&nest, SCALAR_mul, nest_read_at(&nest, drawn, indices), nest_real(&nest, 0.5));
        value = nest_end(&nest, REDUCE_NONE, scaled);
    }
    build_result(graph, NULL, value, NULL);
    return graph;
}

static Store *new_store(Generator *g, StoreKind kind, Name path, Type type) {
    Store *store = ARENA_NEW(g->arena, Store);
    *store = (Store){.kind = kind, .path = path, .type = type, .position = g->program->stores.count};
    if (kind != STORE_STEP && kind != STORE_RATE) store->init = make_init(g, type.shape);
    if (kind == STORE_SLOT || kind == STORE_STEP) store->entry = g->entry;
    vec_push(g->arena, &g->program->stores, store);
    return store;
}

static Store *step_of(Generator *g) {
    Entry *entry = g->entry;
    if (!entry->step) {
        Type type = {ELEM_INT, shape_of(g->arena, 0, NULL)};
        entry->step = new_store(g, STORE_STEP, intern_print(g->names, "@%s.step", entry->name), type);
    }
    return entry->step;
}

/* The learning rate's scale is one of the program. */
static Store *rate_of(Generator *g) {
    Type type = {ELEM_REAL, shape_of(g->arena, 0, NULL)};
    if (!g->program->rate) g->program->rate = new_store(g, STORE_RATE, intern_text(g->names, "@lr_scale"), type);
    return g->program->rate;
}

/* A store is read where it is made: others with it are those of the same shape, that it may be swapped with. */
bool make_store(Generator *g) {
    int number = g->program->stores.count, kind = number == 0 ? 99 : below(g, 100); /* the trainer's come later */
    const Store *like = number > 0 && chance(g, 50) ? g->program->stores.at[below(g, number)] : NULL;
    Type type = {ELEM_REAL, any_shape(g, below(g, 4), true)};
    Store *store;
    if (number >= 6) return false;
    if (like && like->init) type = like->type;
    if (kind < 6)
        store = rate_of(g);
    else if (kind < 12)
        store = step_of(g);
    else if (kind < 25)
        store = new_store(g, STORE_SLOT, intern_print(g->names, "@%s.m.%s.s%d", g->entry->name, g->entry->name, number),
                          type);
    else
        store = new_store(g, kind < 70 ? STORE_PARAM : STORE_STATE,
                          intern_print(g->names, "%s.s%d", g->entry->name, number), type);
    return keep_value(g, build_store(g->graph, store, NULL));
}

bool make_random(Generator *g) {
    Shape shape = any_shape(g, below(g, 4), false);
    for (int a = 1; a < shape.rank; a++)
        if (!dim_is_constant(shape.dims[a])) return false; /* refused by the frontend */
    g->entry->draws = true;
    return keep_value(g, build_random(g->graph, chance(g, 50) ? DRAW_NORMAL : DRAW_UNIFORM, ++g->sites, shape, NULL));
}

/* ---- markers ---- */

bool make_stop(Generator *g) {
    const Value *value = any_value(g, ELEM_REAL);
    return value && keep_value(g, build_stop(g->graph, value->node, NULL));
}

static const Value *any_leaf(Generator *g) {
    for (int tries = 0; tries < 10; tries++) {
        const Value *value = &g->pool.at[below(g, g->pool.count)];
        Op op = value->node->op;
        bool leaf = op == OP_input || op == OP_store || op == OP_formal;
        if (leaf && value->node->type.elem == ELEM_REAL) return value;
    }
    return NULL;
}

/* One loss and up to three variables of it. */
bool make_grad(Generator *g) {
    const Value *value = any_value(g, ELEM_REAL);
    Node *loss = value ? make_scalar(g, value) : NULL;
    bool any = false;
    for (int wanted = 1 + below(g, 3); loss && wanted > 0; wanted--) {
        const Value *by = chance(g, 75) ? any_leaf(g) : any_value(g, ELEM_REAL);
        if (by && by->node != loss) any |= keep_value(g, build_grad(g->graph, loss, by->node, NULL));
    }
    return any;
}

/* ---- roots ---- */

/* A late value that nobody reads. */
static const Value *unread_value(Generator *g) {
    for (int i = g->pool.count - 1; i >= 0; i--)
        if (g->pool.at[i].reads == 0 && chance(g, 80)) {
            g->pool.at[i].reads++;
            return &g->pool.at[i];
        }
    return NULL;
}

bool make_result(Generator *g) {
    static const char *const names[] = {"y", "out", "loss", "double", "y0", NULL};
    const Value *value = chance(g, 75) ? unread_value(g) : any_value(g, (Elem)below(g, 3));
    if (!value || !fits_border(value->node->type.shape) || g->entry->outputs.count == 8) return false;
    Argument *argument = ARENA_NEW(g->arena, Argument);
    int position = g->entry->outputs.count;
    *argument =
        (Argument){.role = ARGUMENT_OUTPUT, .type = value->node->type, .low = 0, .high = -1, .position = position};
    argument->name = intern_print(g->names, "%s_%d", any_text(g, names), position);
    vec_push(g->arena, &g->entry->outputs, argument);
    build_result(g->graph, argument, value->node, NULL);
    return true;
}

bool make_loss(Generator *g) {
    for (int i = g->pool.count - 1; i >= 0; i--) {
        Node *node = g->pool.at[i].node;
        if (node->type.elem != ELEM_REAL || node->type.shape.rank > 0 || chance(g, 30)) continue;
        build_loss(g->graph, node, NULL);
        return true;
    }
    return false;
}

static bool is_updated(const Graph *graph, const Store *store) {
    for (int r = 0; r < graph->roots.count; r++)
        if (graph->roots.at[r]->op == OP_update && graph->roots.at[r]->u.store == store) return true;
    return false;
}

static const Value *value_of_type(Generator *g, Type type) {
    const Value *found = NULL;
    for (int i = 0; i < g->pool.count; i++)
        if (type_equal(g->pool.at[i].node->type, type) && (!found || chance(g, 50))) found = &g->pool.at[i];
    return found;
}

/* 0.75*store + 0.25*tanh(x[..]), x at its own positions as far as they fit and at 0 elsewhere. */
static Node *moving_average(Generator *g, Store *store) {
    NestBuilder nest = nest_begin(g->graph, NULL);
    Shape shape = store->type.shape;
    const Value *value = any_value(g, ELEM_REAL);
    int indices[RANK_LIMIT];
    Affine axes[RANK_LIMIT];
    for (int a = 0; a < shape.rank; a++)
        indices[a] = nest_free(&nest, "i", shape.dims[a]);
    int old = nest_read_at(&nest, build_store(g->graph, store, NULL), indices);
    int new = nest_call2(&nest, SCALAR_mul, old, nest_real(&nest, 0.75));
    Shape other = value ? value->node->type.shape : shape;
    for (int a = 0; a < other.rank; a++) {
        bool fits = a < shape.rank && dim_equal(shape.dims[a], other.dims[a]);
        if (!fits && dim_low(other.dims[a]) == 0) value = NULL;
        axes[a] = fits ? affine_index(g->arena, indices[a]) : affine_constant(dim_constant(0));
    }
    if (value) {
        int moved = nest_call1(&nest, SCALAR_tanh, nest_read(&nest, value->node, axes));
        new = nest_call2(&nest, SCALAR_add, new, nest_call2(&nest, SCALAR_mul, moved, nest_real(&nest, 0.25)));
    }
    return nest_end(&nest, REDUCE_NONE, new);
}

bool make_update(Generator *g) {
    if (g->program->stores.count == 0) return false;
    Store *store = g->program->stores.at[below(g, g->program->stores.count)];
    if (!store->init || is_updated(g->graph, store)) return false;
    const Value *value = chance(g, 50) ? value_of_type(g, store->type) : NULL;
    build_update(g->graph, store, value ? value->node : moving_average(g, store), NULL);
    step_of(g);
    return true;
}
