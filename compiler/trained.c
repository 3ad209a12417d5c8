#include "compiler/trained.h"
#include "compiler/emit/parts.h"
#include "runtime/host/weights.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Loading {
    Compilation *compilation;
    Arena *arena;
    const gr_weights *weights;
    const gr_stored_tensor *tensors;
    size_t count;
    Trained *trained;
    Writer faults; /* "; 'net.w' is missing" */
    int listed;
    gr_error error;
} Loading;

enum { MOST_LISTED = 10 };

__attribute__((format(printf, 2, 3))) static void list_fault(Loading *loading, const char *format, ...) {
    va_list arguments;
    if (loading->listed++ >= MOST_LISTED) return;
    va_start(arguments, format);
    write_text(&loading->faults, "%s%s", loading->listed > 1 ? "; " : "",
               arena_print_list(loading->arena, format, arguments));
    va_end(arguments);
}

/* ---- does a tensor fit? ---- */

static bool is_real(enum gr_stored type) {
    return type == GR_STORED_F64 || type == GR_STORED_F32 || type == GR_STORED_F16 || type == GR_STORED_BF16 ||
           type == GR_STORED_F8_E4M3 || type == GR_STORED_F8_E5M2;
}

static bool kind_fits(Elem elem, enum gr_stored type) {
    if (elem == ELEM_REAL) return is_real(type);
    return elem == ELEM_BOOL ? type == GR_STORED_BOOL : !is_real(type) && type != GR_STORED_BOOL;
}

static bool shape_fits(Shape shape, const gr_stored_tensor *tensor) {
    bool same = shape.rank == tensor->rank;
    for (int a = 0; same && a < shape.rank; a++)
        same = (uint64_t)shape.dims[a].constant == tensor->shape[a];
    return same;
}

static const char *describe(Arena *arena, const gr_stored_tensor *tensor) {
    const char *text = "";
    for (int a = 0; a < tensor->rank; a++)
        text = arena_print(arena, "%s%s%llu", text, a == 0 ? "" : ", ", (unsigned long long)tensor->shape[a]);
    return arena_print(arena, "%s [%s]", gr_stored_name(tensor->type), text);
}

/* ---- its numbers ---- */

/* The first number that the model's tensor cannot have. */
static void check_range(Loading *loading, const Store *store, const double *values, size_t count) {
    const bool ints = store->type.elem == ELEM_INT, bools = store->type.elem == ELEM_BOOL;
    for (size_t i = 0; i < count; i++) {
        const bool fits = ints    ? values[i] >= INT32_MIN && values[i] <= INT32_MAX
                          : bools ? values[i] == 0 || values[i] == 1
                                  : true;
        if (fits) continue;
        list_fault(loading, "'%s' has %.0f at element %zu, which is no int of 32 bits", store->path, values[i], i);
        return;
    }
}

/* False where the file cannot be read. */
static bool read_values(Loading *loading, const Store *store, const gr_stored_tensor *tensor) {
    const size_t count = (size_t)tensor->count;
    double *values = ARENA_ARRAY(loading->arena, double, count > 0 ? count : 1);
    uint8_t *bytes = malloc(count * gr_stored_size(tensor->type) + 1);
    if (!bytes) return gr_fail(&loading->error, "'%.100s': out of memory", store->path);
    const bool done = gr_weights_read(loading->weights, tensor, bytes, &loading->error);
    if (done) gr_stored_decode(tensor->type, bytes, count, values);
    free(bytes);
    if (done) check_range(loading, store, values, count);
    loading->trained->values[store->position] = values;
    return done;
}

/* ---- all of them ---- */

static int compare_names(const void *a, const void *b) {
    return strcmp((*(const gr_stored_tensor *const *)a)->name, (*(const gr_stored_tensor *const *)b)->name);
}

static const gr_stored_tensor *find_tensor(const gr_stored_tensor **sorted, size_t count, const char *name) {
    const gr_stored_tensor wanted = {.name = name}, *key = &wanted;
    const gr_stored_tensor **found = bsearch(&key, sorted, count, sizeof *sorted, compare_names);
    return found ? *found : NULL;
}

static bool load_stores(Loading *loading, const gr_stored_tensor **sorted) {
    const Program *program = loading->compilation->program;
    for (int s = 0; s < program->stores.count; s++) {
        const Store *store = program->stores.at[s];
        if (!store_in_model(store)) continue;
        const gr_stored_tensor *tensor = find_tensor(sorted, loading->count, store->path);
        if (tensor == NULL)
            list_fault(loading, "'%s' is missing", store->path);
        else if (!kind_fits(store->type.elem, tensor->type) || !shape_fits(store->type.shape, tensor))
            list_fault(loading, "'%s' is %s, the model has %s", store->path, describe(loading->arena, tensor),
                       type_text(loading->arena, store->type));
        else if (!read_values(loading, store, tensor))
            return false;
    }
    return true;
}

static int compare_paths(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What the model does not know; other artifacts of it may need what this one leaves out. */
static void list_unknown(Loading *loading) {
    const Program *program = loading->compilation->program;
    VEC(const char *) known = {0};
    for (int s = 0; s < program->stores.count; s++)
        vec_push(loading->arena, &known, program->stores.at[s]->path);
    for (int s = 0; s < program->left_out.count; s++)
        vec_push(loading->arena, &known, program->left_out.at[s]->path);
    if (known.count > 1) qsort(known.at, (size_t)known.count, sizeof *known.at, compare_paths);
    for (size_t i = 0; i < loading->count; i++) {
        const char *name = loading->tensors[i].name;
        if (name[0] == '@') continue;
        if (known.count > 0 && bsearch(&name, known.at, (size_t)known.count, sizeof *known.at, compare_paths)) continue;
        list_fault(loading, "'%.100s' is not in the model", name);
    }
}

static bool load(Loading *loading) {
    const gr_stored_tensor **sorted = ARENA_ARRAY(loading->arena, const gr_stored_tensor *, loading->count + 1);
    for (size_t i = 0; i < loading->count; i++)
        sorted[i] = &loading->tensors[i];
    qsort(sorted, loading->count, sizeof *sorted, compare_names);
    if (!load_stores(loading, sorted)) return false;
    list_unknown(loading);
    return true;
}

bool load_trained(Compilation *compilation) {
    const char *path = compilation->options->weights;
    Arena *arena = compilation->arena;
    Loading loading = {.compilation = compilation, .arena = arena};
    gr_weights *weights = gr_weights_open(path, &loading.error);
    if (!weights)
        return compilation_fail(compilation, COMPILE_COMMAND_WRONG, "%s", arena_print(arena, "%s", loading.error.text));
    writer_open(&loading.faults, arena);
    loading.weights = weights;
    loading.tensors = gr_weights_tensors(weights, &loading.count);
    loading.trained = ARENA_NEW(arena, Trained);
    loading.trained->source = base_name(path);
    loading.trained->values = ARENA_ARRAY(arena, const double *, compilation->program->stores.count + 1);
    const bool done = load(&loading);
    gr_weights_close(weights);
    if (!done) return compilation_fail(compilation, COMPILE_COMMAND_WRONG, "%s", loading.error.text);
    const char *more =
        loading.listed > MOST_LISTED ? arena_print(arena, "; and %d more", loading.listed - MOST_LISTED) : "";
    if (loading.listed > 0)
        return compilation_fail(compilation, COMPILE_COMMAND_WRONG, "%s does not fit the model: %s%s", path,
                                writer_text(&loading.faults), more);
    compilation->emit.trained = loading.trained;
    return true;
}
