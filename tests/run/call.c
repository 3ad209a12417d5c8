#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "tests/run/call.h"
#include "tests/run/remote.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void require(bool holds, const char *what) {
    if (!holds) internal_error("a call for a test: %s", what);
}

/* ---- instances and calls ---- */

/* Memory that ends where nothing may be touched, filled with NaNs: who reads or writes beyond, or takes what lies in it
 * for zeros, is found in every build. The sanitizers have rims of their own. */
#ifdef GRADC_SANITIZED
static void *block(size_t size) {
    void *memory = malloc(size > 0 ? size : 1);
    require(memory != NULL, "no memory");
    return memset(memory, 0xFF, size);
}

static void block_free(void *memory, size_t size) {
    (void)size;
    free(memory);
}
#else
static size_t whole_pages(size_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (size + page - 1) / page * page;
}

static void *block(size_t size) {
    size_t inside = whole_pages(size), all = inside + whole_pages(1);
    unsigned char *pages = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(pages != MAP_FAILED && mprotect(pages + inside, all - inside, PROT_NONE) == 0, "no memory");
    memset(pages, 0xFF, inside);
    return pages + (inside - size);
}

/* What stands on the first page before the block is still what `block` left there. */
static void block_free(void *memory, size_t size) {
    size_t inside = whole_pages(size), before = inside - size;
    unsigned char *pages = (unsigned char *)memory - before;
    for (size_t i = 0; i < before; i++)
        require(pages[i] == 0xFF, "bytes before an argument, the model or the scratch were written");
    munmap(pages, inside + whole_pages(1));
}
#endif

Instance instance_new(const Model *model, uint64_t seed) {
    const gr_model *emitted = model->emitted;
    Instance instance = {
        .model = model, .contents = block(emitted->model_size), .trainer = block(emitted->trainer_size)};
    instance.work.seed = seed + 1;
    if (model->remote)
        require(remote_init(&instance, seed) == GR_OK, "init fails elsewhere");
    else
        require(emitted->init(instance.contents, instance.trainer, seed) == GR_OK, "init fails");
    return instance;
}

void instance_free(Instance *instance) {
    block_free(instance->contents, instance->model->emitted->model_size);
    block_free(instance->trainer, instance->model->emitted->trainer_size);
}

/* splitmix64 */
double draw_number(uint64_t *stream) {
    uint64_t z = *stream += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static void set_element(void *data, int type, int64_t at, double value) {
    switch (type) {
    case GR_FLOAT: ((float *)data)[at] = (float)value; break;
    case GR_DOUBLE: ((double *)data)[at] = value; break;
    case GR_INT32: ((int32_t *)data)[at] = (int32_t)value; break;
    case GR_UINT64: ((uint64_t *)data)[at] = (uint64_t)value; break;
    default: ((uint8_t *)data)[at] = (uint8_t)value; break;
    }
}

static double get_element(const void *data, int type, int64_t at) {
    switch (type) {
    case GR_FLOAT: return (double)((const float *)data)[at];
    case GR_DOUBLE: return ((const double *)data)[at];
    case GR_INT32: return (double)((const int32_t *)data)[at];
    case GR_UINT64: return (double)((const uint64_t *)data)[at];
    default: return (double)((const uint8_t *)data)[at];
    }
}

double draw_value(Elem elem, bool is_byte, int64_t low, int64_t high, uint64_t *stream) {
    double u = draw_number(stream);
    if (low <= high) return (double)low + floor(u * ((double)(high - low) + 1.0));
    if (elem == ELEM_BOOL) return u < 0.5;
    if (elem == ELEM_INT) return is_byte ? floor(256 * u) : floor(9 * u) - 4;
    return 2 * u - 1;
}

static double draw_input(const gr_argument *argument, uint64_t *stream) {
    bool is_byte = argument->type == GR_BYTE, is_bool = argument->type == GR_BOOL;
    Elem elem = is_bool ? ELEM_BOOL : is_byte || argument->type == GR_INT32 ? ELEM_INT : ELEM_REAL;
    return draw_value(elem, is_byte, argument->low, argument->high, stream);
}

Call call_new(const Model *model, int entry, const int64_t *sizes, uint64_t seed) {
    Call call = {.entry = &model->emitted->entries[entry]};
    require(call.entry->size_count <= CALL_SIZES && call.entry->argument_count <= CALL_ARGUMENTS, "many arguments");
    for (int s = 0; s < call.entry->size_count; s++)
        call.sizes[s] = (int)sizes[call.entry->sizes[s]];
    for (int a = 0; a < call.entry->argument_count; a++) {
        const gr_argument *argument = &call.entry->arguments[a];
        int64_t count = gr_argument_elements(argument, call.sizes);
        call.bytes[a] = (size_t)count * gr_type_size(argument->type);
        call.arguments[a] = block(call.bytes[a]);
        for (int64_t i = 0; i < count && argument->role != GR_OUTPUT; i++)
            set_element(call.arguments[a], argument->type, i, draw_input(argument, &seed));
    }
    return call;
}

void call_free(Call *call) {
    for (int a = 0; a < call->entry->argument_count; a++)
        block_free(call->arguments[a], call->bytes[a]);
}

int call_run(Call *call, Instance *instance) {
    if (instance->model->remote) return remote_run(call, instance);
    gr_work *work = &instance->work;
    size_t threads = work->threads > 0 ? (size_t)work->threads : 1;
    work->scratch_size = call->entry->scratch + threads * call->entry->scratch_per_thread;
    work->scratch = block(work->scratch_size + instance->shift);
    int status = call->entry->run(instance->contents, instance->trainer, work, call->sizes, call->arguments);
    block_free(work->scratch, work->scratch_size + instance->shift);
    return status;
}

/* ---- the evaluator's side ---- */

Tensor tensor_of_argument(Arena *arena, const Argument *argument, const Call *call, int position) {
    const gr_argument *described = &call->entry->arguments[position];
    int64_t dims[RANK_LIMIT] = {0};
    for (int a = 0; a < described->rank; a++)
        dims[a] = gr_dim_value(&described->shape[a], call->sizes);
    Tensor tensor = tensor_new(arena, argument->type.elem, described->rank, dims);
    for (int64_t i = 0; i < tensor.count; i++)
        tensor.values[i] = get_element(call->arguments[position], described->type, i);
    return tensor;
}

Tensor tensor_of_store(const Evaluation *evaluation, const Instance *instance, const Store *store) {
    Tensor tensor = tensor_of_type(evaluation, store->type);
    const gr_model *emitted = instance->model->emitted;
    for (int t = 0; t < emitted->tensor_count; t++) {
        const gr_tensor *described = &emitted->tensors[t];
        if (strcmp(described->name, store->path) != 0) continue;
        size_t bytes = (size_t)tensor.count * gr_type_size(described->type);
        void *dense = arena_alloc(evaluation->arena, bytes);
        require(gr_read(described, instance->contents, instance->trainer, dense) == GR_OK, "gr_read fails");
        for (int64_t i = 0; i < tensor.count; i++)
            tensor.values[i] = get_element(dense, described->type, i);
        return tensor;
    }
    internal_error("NAME_model has no %s", store->path);
}

static Tensor *stores_of(const Evaluation *evaluation, const Instance *instance) {
    const Program *program = instance->model->program;
    Tensor *stores = ARENA_ARRAY(evaluation->arena, Tensor, program->stores.count);
    for (int s = 0; s < program->stores.count; s++)
        stores[s] = tensor_of_store(evaluation, instance, program->stores.at[s]);
    return stores;
}

Evaluation evaluate_call(const Instance *instance, const Call *call, const int64_t *sizes, EvalMode mode,
                         uint64_t shake) {
    const Model *model = instance->model;
    int number = (int)(call->entry - model->emitted->entries);
    const Entry *entry = model->program->entries.at[number];
    Arena *arena = model->arena;
    Evaluation evaluation = {
        .arena = arena, .program = model->program, .mode = mode, .shake = shake, .sizes = sizes, .margin = INFINITY};
    evaluation.stores = stores_of(&evaluation, instance);
    evaluation.inputs = ARENA_ARRAY(arena, Tensor, entry->inputs.count);
    evaluation.outputs = ARENA_ARRAY(arena, Tensor, entry->outputs.count);
    for (int i = 0; i < entry->inputs.count; i++)
        evaluation.inputs[i] = tensor_of_argument(arena, entry->inputs.at[i], call, i);
    evaluation.seed = instance->work.seed;
    evaluation.tick = instance->work.draws;
    if (call->entry->updates) {
        uint64_t seed;
        memcpy(&seed, instance->trainer, sizeof seed); /* the first field of every trainer */
        evaluation.seed = seed;
        evaluation.tick = (uint64_t)evaluation.stores[entry->step->position].values[0];
    }
    evaluate_graph(&evaluation, entry->graph);
    return evaluation;
}

static double largest(const Tensor *tensor) {
    double most = 0;
    for (int64_t i = 0; i < tensor->count; i++)
        if (fabs(tensor->values[i]) > most) most = fabs(tensor->values[i]);
    return most;
}

static double deviation(const Tensor *exact, const Tensor *rounded) {
    double most = 0;
    for (int64_t i = 0; i < exact->count; i++)
        if (fabs(exact->values[i] - rounded->values[i]) > most) most = fabs(exact->values[i] - rounded->values[i]);
    return most;
}

/* A tensor that the emitted code made, against the evaluator's in double and rounded to float. */
double tensor_tolerance(const Tensor *exact, const Tensor *rounded, bool is_double) {
    double epsilon = is_double ? DBL_EPSILON : (double)FLT_EPSILON;
    if (exact->elem != ELEM_REAL) return 0;
    return 8 * deviation(exact, rounded) * (epsilon / (double)FLT_EPSILON) + 8 * largest(exact) * epsilon;
}

const char *tensor_difference(Arena *arena, const Tensor *exact, const Tensor *got, double tolerance) {
    int64_t wrong = 0, first = -1;
    if (exact->count != got->count) return "another number of elements";
    for (int64_t i = 0; i < exact->count; i++) {
        bool good = fabs(exact->values[i] - got->values[i]) <= tolerance ||
                    (isnan(exact->values[i]) && isnan(got->values[i])) || exact->values[i] == got->values[i];
        if (!good && first < 0) first = i;
        wrong += !good;
    }
    if (wrong == 0) return NULL;
    return arena_print(arena, "%lld of %lld elements are wrong, first [%lld]: %.9g instead of %.9g, tolerance %.3g",
                       (long long)wrong, (long long)exact->count, (long long)first, got->values[first],
                       exact->values[first], tolerance);
}
