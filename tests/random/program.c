#include "tests/random/program.h"
#include "compiler/ops/build.h"
#include "compiler/ops/op.h"
#include "compiler/passes/pipeline.h"
#include <string.h>

/* ---- text ---- */

Program *program_parse(Arena *arena, const char *text, const char **why) {
    Interner *names = ARENA_NEW(arena, Interner);
    Diagnostics diagnostics;
    interner_open(names, arena);
    diagnostics_open(&diagnostics, arena);
    *why = NULL;
    const Source *source = source_of_text(arena, "random.ir", text, (int)strlen(text));
    Program *program = read_program(arena, names, &diagnostics, source);
    if (!program) *why = diagnostics.items.at[0]->message;
    return program && verify_program(arena, program, why) ? program : NULL;
}

const char *program_text(Arena *arena, const Program *program) {
    Writer writer;
    writer_open(&writer, arena);
    print_program(&writer, program);
    return writer_text(&writer);
}

/* ---- what is used ---- */

/* Whether a size or a store occurs in a graph. */
typedef struct Search {
    const Size *size;
    const Store *store;
} Search;

static bool in_dim(const Search *search, Dim dim) {
    return dim.size && dim.size == search->size;
}

static bool in_shape(const Search *search, Shape shape) {
    for (int a = 0; a < shape.rank; a++)
        if (in_dim(search, shape.dims[a])) return true;
    return false;
}

static bool in_nest(const Search *search, const Node *node) {
    const Nest *nest = &node->u.nest;
    for (int i = 0; i < nest->index_count; i++)
        if (in_dim(search, nest->indices[i].size) ||
            (nest->indices[i].kind == INDEX_SOLVED && in_dim(search, nest->indices[i].solution.constant)))
            return true;
    for (int r = 0; r < nest->read_count; r++)
        for (int a = 0; a < node->args[nest->reads[r].arg]->type.shape.rank; a++)
            if (in_dim(search, nest->reads[r].axes[a].constant)) return true;
    for (int e = 0; e < nest->body.exprs.count; e++)
        if (nest->body.exprs.at[e].kind == EXPR_SIZE && in_dim(search, nest->body.exprs.at[e].u.size)) return true;
    return false;
}

static bool in_graph(const Search *search, const Graph *graph);

static bool in_region(const Search *search, const Node *node) {
    if (!op_has_region(node->op)) return false;
    return in_dim(search, node->u.region->length) || in_graph(search, node->u.region->body);
}

static bool in_addressing(const Search *search, const Node *node) {
    if (node->op != OP_gather && node->op != OP_scatter_add) return false;
    const Addressing *points = &node->u.addressing;
    for (int i = 0; i < points->index_count; i++)
        if (in_dim(search, points->indices[i].size)) return true;
    for (int a = 0; a < points->rank; a++)
        if (in_dim(search, points->axes[a].affine.constant)) return true;
    return false;
}

static bool in_graph(const Search *search, const Graph *graph) {
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *node = graph->nodes.at[i];
        bool stored = node->op == OP_store || node->op == OP_update;
        if (stored && search->store && node->u.store == search->store) return true;
        if (in_shape(search, node->type.shape) || (node->op == OP_nest && in_nest(search, node))) return true;
        if (in_region(search, node) || in_addressing(search, node)) return true;
    }
    return false;
}

static bool is_used(const Program *program, const Search *search) {
    const Entry *entry = program->entries.at[0];
    for (int i = 0; i < entry->inputs.count; i++)
        if (in_shape(search, entry->inputs.at[i]->type.shape)) return true;
    return in_graph(search, entry->graph);
}

/* ---- tidying ---- */

static bool updates(const Graph *graph) {
    for (int r = 0; r < graph->roots.count; r++)
        if (graph->roots.at[r]->op == OP_update) return true;
    return false;
}

/* In the order in which the frontend makes them. */
static void tidy_stores(Program *program) {
    static const StoreKind order[][2] = {
        {STORE_PARAM, STORE_STATE}, {STORE_SLOT, STORE_SLOT}, {STORE_STEP, STORE_STEP}, {STORE_RATE, STORE_RATE}};
    Entry *entry = program->entries.at[0];
    VEC(Store *) kept = {0};
    program->rate = NULL;
    if (!updates(entry->graph) && entry->step && !is_used(program, &(Search){.store = entry->step})) entry->step = NULL;
    for (int k = 0; k < 4; k++)
        for (int s = 0; s < program->stores.count; s++) {
            Store *store = program->stores.at[s];
            if (store->kind != order[k][0] && store->kind != order[k][1]) continue;
            if (store != entry->step && !is_used(program, &(Search){.store = store})) continue;
            store->position = kept.count;
            if (store->kind == STORE_RATE) program->rate = store;
            vec_push(program->arena, &kept, store);
        }
    program->stores.count = kept.count;
    for (int s = 0; s < kept.count; s++)
        program->stores.at[s] = kept.at[s];
}

static void tidy_sizes(Program *program) {
    Entry *entry = program->entries.at[0];
    int kept = 0;
    entry->sizes.count = 0;
    for (int s = 0; s < program->sizes.count; s++) {
        Size *size = program->sizes.at[s];
        if (!is_used(program, &(Search){.size = size})) continue;
        size->position = kept;
        program->sizes.at[kept++] = size;
        vec_push(program->arena, &entry->sizes, size);
    }
    program->sizes.count = kept;
}

void program_tidy(Program *program) {
    Entry *entry = program->entries.at[0];
    for (int i = 0; i < entry->graph->nodes.count; i++)
        entry->graph->nodes.at[i]->id = i;
    for (int i = 0; i < entry->inputs.count; i++)
        entry->inputs.at[i]->position = i;
    for (int o = 0; o < entry->outputs.count; o++)
        entry->outputs.at[o]->position = o;
    tidy_stores(program);
    tidy_sizes(program);
}

static bool is_read(const Graph *graph, const Argument *argument) {
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *node = graph->nodes.at[i];
        if (node->op == OP_input && node->u.input == argument) return true;
        if (op_has_region(node->op) && is_read(node->u.region->body, argument)) return true;
    }
    return false;
}

void program_drop_dead(Program *program) {
    Entry *entry = program->entries.at[0];
    Diagnostics diagnostics;
    int inputs = 0;
    diagnostics_open(&diagnostics, program->arena);
    entry->graph = pass_dead(entry->graph, &diagnostics);
    for (int i = 0; i < entry->inputs.count; i++)
        if (is_read(entry->graph, entry->inputs.at[i])) entry->inputs.at[inputs++] = entry->inputs.at[i];
    entry->inputs.count = inputs;
    program_tidy(program);
}

/* ---- changing ---- */

Argument *node_to_input(Program *program, Node *node) {
    Entry *entry = program->entries.at[0];
    Argument *argument = ARENA_NEW(program->arena, Argument);
    *argument = (Argument){.role = ARGUMENT_INPUT, .type = node->type, .low = 0, .high = -1};
    argument->position = entry->inputs.count;
    argument->name = arena_print(program->arena, "z%d", node->id);
    vec_push(program->arena, &entry->inputs, argument);
    node->op = OP_input;
    node->arg_count = 0;
    node->label = argument->name;
    node->u.input = argument;
    return argument;
}

void add_result(Program *program, Node *value) {
    Entry *entry = program->entries.at[0];
    Argument *argument = ARENA_NEW(program->arena, Argument);
    *argument = (Argument){.role = ARGUMENT_OUTPUT, .type = value->type, .low = 0, .high = -1};
    argument->position = entry->outputs.count;
    argument->name = arena_print(program->arena, "result%d", argument->position);
    vec_push(program->arena, &entry->outputs, argument);
    build_result(entry->graph, argument, value, NULL);
}

void drop_root(Program *program, int root) {
    Entry *entry = program->entries.at[0];
    Graph *graph = entry->graph;
    Node *node = graph->roots.at[root];
    for (int r = root + 1; r < graph->roots.count; r++)
        graph->roots.at[r - 1] = graph->roots.at[r];
    graph->roots.count--;
    for (int i = node->id + 1; i < graph->nodes.count; i++)
        (graph->nodes.at[i - 1] = graph->nodes.at[i])->id = i - 1;
    graph->nodes.count--;
    if (node->op != OP_result) return;
    int kept = 0;
    for (int o = 0; o < entry->outputs.count; o++) {
        Argument *output = entry->outputs.at[o];
        if (output == node->u.input) continue;
        output->position = kept;
        entry->outputs.at[kept++] = output;
    }
    entry->outputs.count = kept;
}

void drop_roots(Program *program) {
    while (program->entries.at[0]->graph->roots.count > 0)
        drop_root(program, 0);
}
