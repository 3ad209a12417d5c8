#include "tests/emit/tiny.h"
#include "compiler/ops/build.h"
#include "compiler/kernels/target.h"
#include <string.h>

static const char text[] =
    "model tiny\n\nsize N = 0..256\nparam net.w[4, 3]\nparam net.b[3]\nentry train\nentry predict\n";

/* The place of a line of that text. */
static Span line(const Program *program, int number) {
    int begin = program->source->lines[number - 1];
    return (Span){program->source, begin, begin + 1};
}

const Dim *tiny_dims(Arena *arena, int rank, const int64_t *dims) {
    Dim *made = ARENA_ARRAY(arena, Dim, rank);
    for (int a = 0; a < rank; a++)
        made[a] = dim_constant(dims[a]);
    return made;
}

Program *tiny_empty(Arena *arena) {
    Program *program = ARENA_NEW(arena, Program);
    program->arena = arena;
    program->name = "tiny";
    program->source = source_of_text(arena, "/home/somebody/tiny.grad", text, (int)strlen(text));
    return program;
}

Store *tiny_store(Program *program, StoreKind kind, const char *path, Elem elem, int rank, const int64_t *dims) {
    Store *store = ARENA_NEW(program->arena, Store);
    store->kind = kind;
    store->path = path;
    store->type = (Type){elem, shape_of(program->arena, rank, tiny_dims(program->arena, rank, dims))};
    store->span = line(program, 4);
    store->position = program->stores.count;
    if (kind != STORE_STEP && kind != STORE_RATE) {
        store->init = graph_new(program->arena);
        build_result(store->init, NULL, build_fill(store->init, elem, store->type.shape, 0, NULL), NULL);
    }
    vec_push(program->arena, &program->stores, store);
    return store;
}

Entry *tiny_entry(Program *program, const char *name) {
    Entry *entry = ARENA_NEW(program->arena, Entry);
    entry->name = name;
    entry->span = line(program, 6);
    entry->graph = graph_new(program->arena);
    vec_push(program->arena, &program->entries, entry);
    return entry;
}

Argument *tiny_input(Program *program, Entry *entry, const char *name, Elem elem, Shape shape) {
    Argument *argument = ARENA_NEW(program->arena, Argument);
    *argument = (Argument){ARGUMENT_INPUT, name, {elem, shape}, false, {0}, entry->inputs.count, 0, -1, NULL};
    vec_push(program->arena, &entry->inputs, argument);
    return argument;
}

Argument *tiny_output(Program *program, Entry *entry, const char *name, Node *value) {
    Argument *argument = ARENA_NEW(program->arena, Argument);
    *argument = (Argument){ARGUMENT_OUTPUT, name, value->type, false, {0}, entry->outputs.count, 0, -1, NULL};
    vec_push(program->arena, &entry->outputs, argument);
    build_result(entry->graph, argument, value, NULL);
    return argument;
}

Node *tiny_doubled(Entry *entry, Argument *input) {
    Node *node = build_input(entry->graph, input, NULL);
    return build_map2(entry->graph, SCALAR_add, node, node, NULL);
}

/* ---- the program ---- */

typedef struct Tiny {
    Program *program;
    Size *rows;
    Store *w, *b, *seen, *step, *rate, *m_w, *m_b;
} Tiny;

static Shape shape(const Tiny *tiny, int rank, Dim first, Dim second) {
    return shape_of(tiny->program->arena, rank, (Dim[]){first, second});
}

static void uniform_init(const Tiny *tiny, Store *store) {
    Arena *arena = tiny->program->arena;
    store->init = graph_new(arena);
    NestBuilder nest = nest_begin(store->init, NULL);
    int i = nest_free(&nest, "i", dim_constant(4)), o = nest_free(&nest, "o", dim_constant(3));
    Affine element, row = affine_index(arena, i);
    affine_scale(arena, row, 3, &row);
    affine_add(arena, row, affine_index(arena, o), &element);
    build_result(store->init, NULL, nest_end(&nest, REDUCE_NONE, body_draw(&nest.body, DRAW_UNIFORM, 7, element)),
                 NULL);
}

static Node *scores(const Tiny *tiny, Graph *graph, Node *image, Node *w, Node *b) {
    NestBuilder product = nest_begin(graph, NULL);
    int n = nest_free(&product, "n", dim_size(tiny->rows)), o = nest_free(&product, "o", dim_constant(3));
    int i = nest_reduced(&product, "i", dim_constant(4));
    Node *sum = nest_end(&product, REDUCE_SUM,
                         nest_call2(&product, SCALAR_mul, nest_at(&product, image, n, i), nest_at(&product, w, i, o)));
    NestBuilder bias = nest_begin(graph, NULL);
    n = nest_free(&bias, "n", dim_size(tiny->rows)), o = nest_free(&bias, "o", dim_constant(3));
    return nest_end(&bias, REDUCE_NONE, nest_call2(&bias, SCALAR_add, nest_at(&bias, sum, n, o), nest_at(&bias, b, o)));
}

static Node *chosen_mask(NestBuilder *nest, Node *label, int n, int o, int *expr) {
    *expr = body_cast(&nest->body, ELEM_REAL,
                      nest_call2(nest, SCALAR_equal, nest_at(nest, label, n), body_index(&nest->body, o)));
    return label;
}

static void update(Graph *graph, Node *w, Node *slot, Store *store, Store *slot_store, Node *gradient, Node *lr) {
    Node *m = build_map2(graph, SCALAR_add, slot, gradient, NULL);
    build_update(graph, slot_store, m, NULL);
    build_update(graph, store, build_map2(graph, SCALAR_sub, w, build_map2(graph, SCALAR_mul, m, lr, NULL), NULL),
                 NULL);
}

/* d loss / d w and d loss / d b */
static Node *gradient(const Tiny *tiny, Graph *graph, Node *image, Node *label) {
    NestBuilder nest = nest_begin(graph, NULL);
    int i = image == NULL ? -1 : nest_free(&nest, "i", dim_constant(4)), o = nest_free(&nest, "o", dim_constant(3)),
        mask;
    int n = nest_reduced(&nest, "n", dim_size(tiny->rows));
    chosen_mask(&nest, label, n, o, &mask);
    if (image != NULL) mask = nest_call2(&nest, SCALAR_mul, nest_at(&nest, image, n, i), mask);
    return nest_end(&nest, REDUCE_SUM, mask);
}

static void train_entry(Tiny *tiny) {
    Program *program = tiny->program;
    Entry *entry = tiny_entry(program, "train");
    Graph *graph = entry->graph;
    entry->training = true;
    entry->step = tiny->step;
    vec_push(program->arena, &entry->sizes, tiny->rows);
    Dim rows = dim_size(tiny->rows);
    Argument *image_input = tiny_input(program, entry, "image", ELEM_REAL, shape(tiny, 2, rows, dim_constant(4)));
    Argument *label_input = tiny_input(program, entry, "label", ELEM_INT, shape(tiny, 1, rows, rows));
    Argument *rate_input = tiny_input(program, entry, "float", ELEM_REAL, shape(tiny, 0, rows, rows));
    label_input->high = 2;
    Node *image = build_input(graph, image_input, NULL), *label = build_input(graph, label_input, NULL);
    Node *rate = build_input(graph, rate_input, NULL);
    Node *w = build_store(graph, tiny->w, NULL), *b = build_store(graph, tiny->b, NULL);
    Node *z = scores(tiny, graph, image, w, b);
    NestBuilder nest = nest_begin(graph, NULL);
    int n = nest_reduced(&nest, "n", rows), o = nest_reduced(&nest, "o", dim_constant(3)), mask;
    chosen_mask(&nest, label, n, o, &mask);
    Node *loss = nest_end(&nest, REDUCE_SUM, nest_call2(&nest, SCALAR_mul, nest_at(&nest, z, n, o), mask));
    loss->label = "loss";
    build_loss(graph, loss, NULL);
    tiny_output(program, entry, "loss", loss);
    Node *seen = build_store(graph, tiny->seen, NULL);
    NestBuilder next = nest_begin(graph, NULL);
    int one = body_literal(&next.body, ELEM_INT, 1);
    int more = nest_call2(&next, SCALAR_add, nest_read_at(&next, seen, NULL), one);
    build_update(graph, tiny->seen, nest_end(&next, REDUCE_NONE, more), NULL);
    update(graph, w, build_store(graph, tiny->m_w, NULL), tiny->w, tiny->m_w, gradient(tiny, graph, image, label),
           rate);
    update(graph, b, build_store(graph, tiny->m_b, NULL), tiny->b, tiny->m_b, gradient(tiny, graph, NULL, label), rate);
}

static void predict_entry(Tiny *tiny) {
    Program *program = tiny->program;
    Entry *entry = tiny_entry(program, "predict");
    Graph *graph = entry->graph;
    vec_push(program->arena, &entry->sizes, tiny->rows);
    Dim rows = dim_size(tiny->rows);
    Argument *image = tiny_input(program, entry, "image", ELEM_REAL, shape(tiny, 2, rows, dim_constant(4)));
    Argument *offset = tiny_input(program, entry, "offset", ELEM_INT, shape(tiny, 0, rows, rows));
    offset->is_byte = true;
    offset->high = 9;
    Node *z = scores(tiny, graph, build_input(graph, image, NULL), build_store(graph, tiny->w, NULL),
                     build_store(graph, tiny->b, NULL));
    Node *shift = build_input(graph, offset, NULL);
    NestBuilder best = nest_begin(graph, NULL);
    int n = nest_free(&best, "n", rows), o = nest_reduced(&best, "o", dim_constant(3));
    Node *position = nest_end(&best, REDUCE_ARGMAX, nest_at(&best, z, n, o));
    tiny_output(program, entry, "digit", build_map2(graph, SCALAR_add, position, shift, NULL));
    tiny_output(program, entry, "class", z);
}

static void noise_entry(Tiny *tiny) {
    Program *program = tiny->program;
    Arena *arena = program->arena;
    Entry *entry = tiny_entry(program, "noise");
    entry->draws = true;
    NestBuilder nest = nest_begin(entry->graph, NULL);
    Affine element, row = affine_index(arena, nest_free(&nest, "i", dim_constant(2)));
    affine_scale(arena, row, 4, &row);
    affine_add(arena, row, affine_index(arena, nest_free(&nest, "j", dim_constant(4))), &element);
    tiny_output(program, entry, "z", nest_end(&nest, REDUCE_NONE, body_draw(&nest.body, DRAW_UNIFORM, 11, element)));
}

Program *tiny_program(Arena *arena) {
    Tiny tiny = {.program = tiny_empty(arena)};
    Program *program = tiny.program;
    tiny.rows = ARENA_NEW(arena, Size);
    *tiny.rows = (Size){"N", 0, 256, line(program, 3), 0};
    vec_push(arena, &program->sizes, tiny.rows);
    tiny.w = tiny_store(program, STORE_PARAM, "net.w", ELEM_REAL, 2, (int64_t[]){4, 3});
    tiny.b = tiny_store(program, STORE_PARAM, "net.b", ELEM_REAL, 1, (int64_t[]){3});
    tiny.seen = tiny_store(program, STORE_STATE, "seen", ELEM_INT, 0, NULL);
    tiny.m_b = tiny_store(program, STORE_SLOT, "@train.m.net.b", ELEM_REAL, 1, (int64_t[]){3});
    tiny.m_w = tiny_store(program, STORE_SLOT, "@train.m.net.w", ELEM_REAL, 2, (int64_t[]){4, 3});
    tiny.step = tiny_store(program, STORE_STEP, "@train.step", ELEM_INT, 0, NULL);
    tiny.rate = tiny_store(program, STORE_RATE, "@lr_scale", ELEM_REAL, 0, NULL);
    uniform_init(&tiny, tiny.w);
    train_entry(&tiny);
    predict_entry(&tiny);
    noise_entry(&tiny);
    return program;
}

Emission tiny_emission(Arena *arena, const Program *program, const char *target) {
    EmitOptions options = {.name = "tiny",
                           .command = "gradc compile tiny.grad",
                           .source_name = "tiny.grad",
                           .target = target_find(target)};
    return emit_program(arena, program, arena_copy(arena, &options, sizeof options));
}
