#include "tests/random/generate.h"
#include "compiler/ops/op.h"
#include "compiler/passes/pipeline.h"
#include "tests/random/program.h"
#include "tests/run/call.h"
#include <math.h>
#include <string.h>

/* ---- choices ---- */

int below(Generator *g, int count) {
    return (int)(draw_number(&g->stream) * count);
}

bool chance(Generator *g, int percent) {
    return below(g, 100) < percent;
}

const char *any_text(Generator *g, const char *const *texts) {
    int count = 0;
    while (texts[count])
        count++;
    return texts[below(g, count)];
}

Dim any_dim(Generator *g) {
    return g->palette[below(g, PALETTE)];
}

Shape any_shape(Generator *g, int rank, bool constant) {
    Dim dims[RANK_LIMIT];
    int64_t count = 1, limit = chance(g, 10) ? 5000 : 600;
    int kept = 0;
    for (int a = 0; a < rank; a++) {
        Dim dim = any_dim(g);
        if (constant && !dim_is_constant(dim)) dim = dim_constant(1 + below(g, 6));
        if (count * dim_high(dim) > limit) continue;
        count *= dim_high(dim);
        dims[kept++] = dim;
    }
    return shape_of(g->arena, kept, dims);
}

bool fits_border(Shape shape) {
    int bounded = 0;
    for (int a = 1; a < shape.rank; a++)
        bounded += !dim_is_constant(shape.dims[a]);
    return bounded <= 1;
}

static void choose_palette(Generator *g) {
    static const int common[] = {2, 3, 4, 5, 6}, lanes[] = {7, 8, 15, 16, 17, 20, 33, 35},
                     highs[] = {1, 3, 7, 17, 20, 33};
    int size_count = below(g, 10) < 6 ? 1 : below(g, 3);
    for (int s = 0; s < size_count; s++) {
        Size *size = ARENA_NEW(g->arena, Size);
        size->name = intern_print(g->names, "%s%s", s == 0 ? "N" : "M", g->entry->name);
        size->low = chance(g, 20) ? 0 : chance(g, 25) ? 3 : 1;
        size->high = size->low + highs[below(g, 6)] - 1 + (size->low == 0);
        size->position = g->program->sizes.count;
        vec_push(g->arena, &g->program->sizes, size);
    }
    for (int i = 0; i < PALETTE; i++) {
        int kind = below(g, 100);
        g->palette[i] = dim_constant(kind < 25 ? lanes[below(g, 8)] : kind < 75 ? common[below(g, 5)] : kind < 97);
        if (i >= size_count) continue;
        g->palette[i] = dim_size(g->program->sizes.at[i]);
        if (chance(g, 20) &&
            !dim_add(g->palette[i], dim_constant(g->program->sizes.at[i]->low > 0 ? below(g, 4) - 1 : 1),
                     &g->palette[i]))
            continue;
        if (chance(g, 7) && !dim_scale(g->palette[i], 2, &g->palette[i])) continue;
    }
}

/* ---- the pool ---- */

/* An argument or store as it is when graphs are observed. */
static Tensor any_content(Generator *g, Type type, bool is_byte, int64_t low, int64_t high) {
    Tensor tensor = tensor_of_type(&g->evaluation, type);
    for (int64_t i = 0; i < tensor.count; i++)
        tensor.values[i] = draw_value(type.elem, is_byte, low, high, &g->stream);
    return tensor;
}

/* The value of a gradient, or of what a loop makes, in which there may be some: that of its expansion. */
static bool evaluate_expanded(Generator *g, Node *node) {
    Graph *graph = g->graph;
    Diagnostics diagnostics;
    diagnostics_open(&diagnostics, g->arena);
    Argument argument = {.role = ARGUMENT_OUTPUT, .type = node->type};
    strcpy(g->draft, program_text(g->arena, g->program));
    build_result(graph, &argument, node, NULL);
    Graph *expanded = pass_dead(pass_autodiff(graph, &diagnostics), &diagnostics);
    graph->nodes.count--;
    graph->roots.count--;
    if (diagnostics.errors > 0) return false;
    Evaluation evaluation = g->evaluation;
    evaluation.outputs = ARENA_ARRAY(g->arena, Tensor, 1);
    evaluate_graph(&evaluation, expanded);
    g->evaluation.values[node->id] = evaluation.outputs[0];
    return true;
}

/* The generator that stands in the graph of the node. */
static Generator *level_of(Generator *g, const Node *node) {
    while (g->around && (node->id >= g->graph->nodes.count || g->graph->nodes.at[node->id] != node))
        g = g->around;
    return g;
}

/* What stands for a value of the graph around has that value. */
static Tensor captured_value(Generator *g, const Node *formal) {
    Node *outside = NULL;
    for (int i = 0; i < g->graph->captures.count; i++)
        if (g->graph->captures.at[i].formal == formal) outside = g->graph->captures.at[i].outside;
    return value_of(g->around, outside);
}

Tensor value_of(Generator *g, Node *node) {
    g = level_of(g, node);
    Tensor *value = &g->evaluation.values[node->id];
    bool captured = node->op == OP_formal && node->u.formal.kind == FORMAL_CAPTURE;
    if (captured) *value = g->evaluation.formals[FORMAL_CAPTURE][node->u.formal.number] = captured_value(g, node);
    return *value;
}

static void evaluate_captures(Generator *g) {
    for (int i = 0; i < g->graph->captures.count; i++)
        value_of(g, g->graph->captures.at[i].formal);
}

static bool evaluate_node(Generator *g, Node *node) {
    evaluate_captures(g);
    if (node->op == OP_input) {
        const Argument *input = node->u.input;
        g->evaluation.inputs[input->position] = any_content(g, node->type, input->is_byte, input->low, input->high);
    }
    if (node->op == OP_store && !g->evaluation.stores[node->u.store->position].values)
        g->evaluation.stores[node->u.store->position] = any_content(g, node->type, false, 0, -1);
    if (node->op == OP_grad || node->op == OP_part) return evaluate_expanded(g, node);
    op_table[node->op].evaluate(&g->evaluation, node);
    return true;
}

bool keep_value(Generator *g, Node *node) {
    double most = 0;
    bool sane = node->id < NODE_LIMIT - 40 && evaluate_node(g, node);
    const Tensor *tensor = &g->evaluation.values[node->id];
    for (int64_t i = 0; sane && i < tensor->count; i++) {
        sane = isfinite(tensor->values[i]) && fabs(tensor->values[i]) < 1e4;
        most = fmax(most, fabs(tensor->values[i]));
    }
    if (!sane && node->op != OP_input) {
        g->graph->nodes.count--;
        return false;
    }
    if (node->op == OP_nest && chance(g, 20)) node->label = intern_print(g->names, "t%d", node->id);
    vec_push(g->arena, &g->pool, (Value){node, most * 1.25, 0});
    return true;
}

const Value *any_value(Generator *g, Elem elem) {
    bool unread = chance(g, 55);
    for (int tries = 0; tries < 40 && g->pool.count > 0; tries++) {
        int late = g->pool.count < 6 ? g->pool.count : 6;
        int position = chance(g, 50) ? g->pool.count - 1 - below(g, late) : below(g, g->pool.count);
        Value *value = &g->pool.at[position];
        if (value->node->type.elem != elem || (unread && tries < 20 && value->reads > 0)) continue;
        value->reads++;
        return value;
    }
    return NULL;
}

/* ---- growing ---- */

enum { WORK_LIMIT = 40000 };

bool make_any(Generator *g, bool inside) {
    int total = 0, m = 0;
    for (int i = 0; i < op_maker_count; i++)
        total += inside ? op_makers[i].inside : op_makers[i].weight;
    for (int choice = below(g, total);; m++) {
        int weight = inside ? op_makers[m].inside : op_makers[m].weight;
        if (choice < weight) return op_makers[m].make(g);
        choice -= weight;
    }
}

static void grow(Generator *g) {
    int steps = 5 + below(g, 16);
    for (int tries = 0; steps > 0 && tries < 100 && g->work < WORK_LIMIT; tries++)
        steps -= make_any(g, false);
}

/* What training remembers is there for entries that update. */
static bool must_update(const Generator *g) {
    for (int s = 0; s < g->program->stores.count; s++)
        if (g->program->stores.at[s]->kind >= STORE_SLOT) return true;
    return false;
}

static void make_roots(Generator *g) {
    if (chance(g, 25)) make_loss(g);
    for (int updates = below(g, 4); updates > 0; updates--)
        make_update(g);
    if (chance(g, 10)) make_loss(g);
    for (int updates = below(g, 3); updates > 0; updates--)
        make_update(g);
    for (int tries = 0; must_update(g) && tries < 20 && !make_update(g); tries++)
        ;
    for (int tries = 0, results = 1 + below(g, 5); results > 0 && tries < 40; tries++)
        results -= make_result(g);
}

Program *generate(Arena *arena, Interner *names, const char *name, uint64_t seed, char *draft) {
    Generator *g = ARENA_NEW(arena, Generator);
    *g = (Generator){.arena = arena, .names = names, .stream = (seed + 1) * UINT64_C(0xD1342543DE82EF95)};
    g->stream = (uint64_t)(draw_number(&g->stream) * 0x1p53); /* neighbours are no shifts of each other */
    g->program = ARENA_NEW(arena, Program);
    *g->program = (Program){.arena = arena, .name = intern_text(names, name)};
    g->entry = ARENA_NEW(arena, Entry);
    g->entry->name = intern_text(names, name);
    g->entry->graph = g->graph = graph_new(arena);
    g->draft = draft;
    vec_push(arena, &g->program->entries, g->entry);
    choose_palette(g);
    int64_t *sizes = ARENA_ARRAY(arena, int64_t, 4);
    for (int s = 0; s < g->program->sizes.count; s++)
        sizes[s] = g->program->sizes.at[s]->high;
    g->evaluation = (Evaluation){.arena = arena, .program = g->program, .sizes = sizes, .margin = INFINITY};
    g->evaluation.inputs = ARENA_ARRAY(arena, Tensor, 64);
    g->evaluation.stores = ARENA_ARRAY(arena, Tensor, 64);
    g->evaluation.values = ARENA_ARRAY(arena, Tensor, NODE_LIMIT);
    g->evaluation.parts = ARENA_ARRAY(arena, Tensor *, NODE_LIMIT);
    for (int i = 1 + below(g, 3); i > 0; i--)
        make_input(g);
    for (int i = below(g, 4); i > 0; i--)
        make_store(g);
    grow(g);
    make_roots(g);
    program_tidy(g->program);
    return g->program;
}
