#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "tests/run/harness.h"
#include "compiler/ir/text.h"
#include "compiler/passes/pipeline.h"
#include "frontend/elaborate.h"
#include "frontend/parse.h"
#include "frontend/source.h"
#include "tests/emit/scratch.h"
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- from a file to a shared object ---- */

static Program *read_model(Arena *arena, const char *file) {
    Interner *names = ARENA_NEW(arena, Interner);
    interner_open(names, arena);
    Diagnostics diagnostics;
    diagnostics_open(&diagnostics, arena);
    const Source *source;
    const char *path = arena_print(arena, "%s/%s", GRADC_TESTS, file), *dot = strrchr(file, '.');
    Program *program = NULL;
    if (source_read(arena, &diagnostics, path, &source) == SOURCE_OK) {
        if (strcmp(dot, ".ir") == 0)
            program = read_program(arena, names, &diagnostics, source);
        else
            program = elaborate(arena, names, &diagnostics, parse_file(arena, names, &diagnostics, source),
                                &(ElaborateOptions){0});
    }
    diag_print(&diagnostics, stderr, false);
    cr_assert(program != NULL && diagnostics.errors == 0, "%s cannot be read", path);
    return program;
}

/* Gradients are expanded, and nothing else is done. */
static void expand_gradients(Arena *arena, Program *program) {
    Diagnostics diagnostics;
    diagnostics_open(&diagnostics, arena);
    for (int s = 0; s < program->stores.count; s++)
        if (program->stores.at[s]->init)
            program->stores.at[s]->init = pass_autodiff(program->stores.at[s]->init, &diagnostics);
    for (int e = 0; e < program->entries.count; e++)
        program->entries.at[e]->graph = pass_autodiff(program->entries.at[e]->graph, &diagnostics);
    cr_assert(diagnostics.errors == 0);
}

static void lower(Arena *arena, Program *program) {
    Diagnostics diagnostics;
    diagnostics_open(&diagnostics, arena);
    bool good = run_passes(program, &diagnostics, NULL, NULL);
    diag_print(&diagnostics, stderr, false);
    cr_assert(good);
}

static bool has_command(Arena *arena, const char *name) {
    return system(arena_print(arena, "command -v %s >/dev/null 2>&1", name)) == 0;
}

static bool can_run(const Build *build) {
    const Target *best = target_find("native"), *wanted = target_find(build->target);
    return wanted->lanes <= best->lanes;
}

static void emit(Model *model, const Build *build) {
    Arena *arena = model->arena;
    const Target *target = target_find(build->target);
    Target twice = target_with_double(target);
    EmitOptions options = {.name = "model_under_test",
                           .command = "gradc compile test.grad",
                           .source_name = "test.grad",
                           .target = build->is_double ? &twice : target};
    Emission emission = emit_program(arena, model->lowered, &options);
    const char *why;
    cr_expect(validate_emission(arena, &options, &emission, &why), "validation: %s", why);
    scratch_write(arena, model->folder, "model_under_test.h", emission.header);
    scratch_write(arena, model->folder, "model_under_test.c", emission.source);
}

Model model_open(Arena *arena, const char *file, const Build *build) {
    Model model = {.arena = arena};
    if (!has_command(arena, build->compiler) || !can_run(build)) return model;
    Program *expanded = read_model(arena, file), *lowered = read_model(arena, file);
    expand_gradients(arena, expanded);
    lower(arena, lowered);
    model.program = expanded;
    model.lowered = lowered;
    model.folder = scratch_folder(arena);
    emit(&model, build);
    cr_assert(scratch_run(arena, model.folder, "%s -std=c11 " ALL_WARNINGS " %s -fPIC -shared -o model.so *.c",
                          build->compiler, build->flags));
    /* it stays: the threads of OpenMP's pool would outlive their library */
    model.object = dlopen(arena_print(arena, "%s/model.so", model.folder), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    cr_assert_not_null(model.object, "%s", dlerror());
    model.emitted = dlsym(model.object, "model_under_test_model");
    cr_assert_not_null(model.emitted);
    cr_assert_eq(model.emitted->abi, GR_ABI);
    return model;
}

void model_close(Model *model) {
    if (model->object) dlclose(model->object);
    if (model->folder) scratch_remove(model->arena, model->folder);
}

/* ---- instances and calls ---- */

/* Memory that ends where nothing may be touched, filled with NaNs: who reads or writes beyond, or takes what lies in it
 * for zeros, is found in every build. The sanitizers have rims of their own. */
#ifdef GRADC_SANITIZED
static void *block(size_t size) {
    void *memory = malloc(size > 0 ? size : 1);
    cr_assert_not_null(memory);
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
    cr_assert(pages != MAP_FAILED && mprotect(pages + inside, all - inside, PROT_NONE) == 0);
    return memset(pages + (inside - size), 0xFF, size);
}

static void block_free(void *memory, size_t size) {
    size_t inside = whole_pages(size);
    munmap((unsigned char *)memory - (inside - size), inside + whole_pages(1));
}
#endif

Instance instance_new(const Model *model, uint64_t seed) {
    const gr_model *emitted = model->emitted;
    Instance instance = {
        .model = model, .contents = block(emitted->model_size), .trainer = block(emitted->trainer_size)};
    instance.work.seed = seed + 1;
    cr_assert_eq(emitted->init(instance.contents, instance.trainer, seed), GR_OK);
    return instance;
}

void instance_free(Instance *instance) {
    block_free(instance->contents, instance->model->emitted->model_size);
    block_free(instance->trainer, instance->model->emitted->trainer_size);
}

/* A small generator of its own: splitmix64, as a number in 0 <= x < 1. */
static double draw(uint64_t *stream) {
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

static double draw_input(const gr_argument *argument, uint64_t *stream) {
    double u = draw(stream);
    if (argument->low <= argument->high) return argument->low + floor(u * (argument->high - argument->low + 1.0));
    switch (argument->type) {
    case GR_BOOL: return u < 0.5;
    case GR_BYTE: return floor(256 * u);
    case GR_INT32: return floor(9 * u) - 4;
    default: return 2 * u - 1;
    }
}

Call call_new(const Model *model, int entry, const int64_t *sizes, uint64_t seed) {
    Call call = {.entry = &model->emitted->entries[entry]};
    cr_assert(call.entry->size_count <= 8 && call.entry->argument_count <= 32);
    for (int s = 0; s < call.entry->size_count; s++)
        call.sizes[s] = (int)sizes[call.entry->sizes[s]];
    for (int a = 0; a < call.entry->argument_count; a++) {
        const gr_argument *argument = &call.entry->arguments[a];
        int64_t count = gr_argument_elements(argument, call.sizes);
        call.bytes[a] = (size_t)count * gr_type_size(argument->type);
        call.arguments[a] = block(call.bytes[a]);
        for (int64_t i = 0; i < count && argument->role == GR_INPUT; i++)
            set_element(call.arguments[a], argument->type, i, draw_input(argument, &seed));
    }
    return call;
}

void call_free(Call *call) {
    for (int a = 0; a < call->entry->argument_count; a++)
        block_free(call->arguments[a], call->bytes[a]);
}

int call_run(Call *call, Instance *instance) {
    gr_work *work = &instance->work;
    size_t threads = work->threads > 0 ? (size_t)work->threads : 1;
    work->scratch_size = call->entry->scratch + threads * call->entry->scratch_per_thread;
    work->scratch = block(work->scratch_size + instance->shift);
    int status = call->entry->run(instance->contents, instance->trainer, work, call->sizes, call->arguments);
    block_free(work->scratch, work->scratch_size + instance->shift);
    return status;
}

/* ---- the evaluator's side ---- */

static Tensor tensor_of_argument(Arena *arena, const Argument *argument, const gr_argument *described, const Call *call,
                                 const void *data) {
    int64_t dims[RANK_LIMIT];
    for (int a = 0; a < described->rank; a++)
        dims[a] = gr_dim_value(&described->shape[a], call->sizes);
    Tensor tensor = tensor_new(arena, argument->type.elem, described->rank, dims);
    for (int64_t i = 0; i < tensor.count; i++)
        tensor.values[i] = get_element(data, described->type, i);
    return tensor;
}

/* What an instance holds of a store; zeros for what it does not hold. */
static Tensor tensor_of_store(const Evaluation *evaluation, const Instance *instance, const Store *store) {
    Tensor tensor = tensor_of_type(evaluation, store->type);
    const gr_model *emitted = instance->model->emitted;
    for (int t = 0; t < emitted->tensor_count; t++) {
        const gr_tensor *described = &emitted->tensors[t];
        if (strcmp(described->name, store->path) != 0) continue;
        size_t bytes = (size_t)tensor.count * gr_type_size(described->type);
        void *dense = block(bytes);
        cr_assert_eq(gr_read(described, instance->contents, instance->trainer, dense), GR_OK);
        for (int64_t i = 0; i < tensor.count; i++)
            tensor.values[i] = get_element(dense, described->type, i);
        block_free(dense, bytes);
        return tensor;
    }
    cr_assert(false, "NAME_model has no %s", store->path);
    return tensor;
}

static Tensor *stores_of(const Evaluation *evaluation, const Instance *instance) {
    const Program *program = instance->model->program;
    Tensor *stores = ARENA_ARRAY(evaluation->arena, Tensor, program->stores.count);
    for (int s = 0; s < program->stores.count; s++)
        stores[s] = tensor_of_store(evaluation, instance, program->stores.at[s]);
    return stores;
}

static Evaluation evaluate_call(const Instance *instance, const Call *call, const int64_t *sizes, EvalMode mode) {
    const Model *model = instance->model;
    int number = (int)(call->entry - model->emitted->entries);
    const Entry *entry = model->program->entries.at[number];
    Arena *arena = model->arena;
    Evaluation evaluation = {
        .arena = arena, .program = model->program, .mode = mode, .sizes = sizes, .margin = INFINITY};
    evaluation.stores = stores_of(&evaluation, instance);
    evaluation.inputs = ARENA_ARRAY(arena, Tensor, entry->inputs.count);
    evaluation.outputs = ARENA_ARRAY(arena, Tensor, entry->outputs.count);
    for (int i = 0; i < entry->inputs.count; i++)
        evaluation.inputs[i] =
            tensor_of_argument(arena, entry->inputs.at[i], &call->entry->arguments[i], call, call->arguments[i]);
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

/* ---- comparing ---- */

typedef struct Comparison {
    const Model *model;
    const char *where; /* file, build, entry, sizes, step */
    bool is_double;
    bool tight; /* no decision of the evaluator was near enough to a tie to be turned by rounding */
} Comparison;

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
static void compare(const Comparison *comparison, const char *name, const Tensor *exact, const Tensor *rounded,
                    const Tensor *got) {
    double epsilon = comparison->is_double ? DBL_EPSILON : (double)FLT_EPSILON;
    double tolerance = 8 * deviation(exact, rounded) * (epsilon / (double)FLT_EPSILON) + 8 * largest(exact) * epsilon;
    if (exact->elem != ELEM_REAL) tolerance = 0;
    cr_assert_eq(exact->count, got->count);
    int64_t wrong = 0, first = -1;
    for (int64_t i = 0; i < exact->count; i++) {
        bool good = fabs(exact->values[i] - got->values[i]) <= tolerance ||
                    (isnan(exact->values[i]) && isnan(got->values[i])) || exact->values[i] == got->values[i];
        if (!good && first < 0) first = i;
        wrong += !good;
    }
    if (wrong == 0 || !comparison->tight) return;
    cr_expect(false, "%s: %s: %lld of %lld elements are wrong, first [%lld]: %.9g instead of %.9g, tolerance %.3g",
              comparison->where, name, (long long)wrong, (long long)exact->count, (long long)first, got->values[first],
              exact->values[first], tolerance);
}

static void compare_outputs(const Comparison *comparison, const Call *call, const Evaluation *exact,
                            const Evaluation *rounded) {
    const Entry *entry = comparison->model->program->entries.at[call->entry - comparison->model->emitted->entries];
    for (int o = 0; o < entry->outputs.count; o++) {
        int a = entry->inputs.count + o;
        Tensor got = tensor_of_argument(comparison->model->arena, entry->outputs.at[o], &call->entry->arguments[a],
                                        call, call->arguments[a]);
        compare(comparison, entry->outputs.at[o]->name, &exact->outputs[o], &rounded->outputs[o], &got);
    }
}

static void compare_stores(const Comparison *comparison, const Instance *instance, const Evaluation *exact,
                           const Evaluation *rounded, const Store *step) {
    const Program *program = comparison->model->program;
    for (int s = 0; s < program->stores.count; s++) {
        const Store *store = program->stores.at[s];
        Tensor got = tensor_of_store(exact, instance, store);
        if (store == step)
            cr_expect(got.values[0] == exact->stores[s].values[0] + 1, "%s: the step was not counted",
                      comparison->where);
        else
            compare(comparison, store->path, &exact->stores[s], &rounded->stores[s], &got);
    }
}

/* One call; both sides begin with what the instance holds. */
static void step_and_compare(Comparison *comparison, Instance *instance, int entry, const int64_t *sizes,
                             uint64_t seed) {
    enum { TRIES = 20 };
    Evaluation exact;
    Call call;
    for (uint64_t attempt = 0;; attempt++) {
        call = call_new(instance->model, entry, sizes, seed + 1000 * attempt);
        exact = evaluate_call(instance, &call, sizes, EVAL_DOUBLE);
        comparison->tight = exact.margin > 2e-6;
        if (comparison->tight || attempt == TRIES) break;
        call_free(&call);
    }
    Evaluation rounded = evaluate_call(instance, &call, sizes, EVAL_FLOAT);
    int status = call_run(&call, instance);
    cr_expect(status == (exact.finite ? GR_OK : GR_NONFINITE), "%s: %s", comparison->where, gr_message(status));
    if (status == GR_OK) {
        const Store *step = call.entry->updates ? instance->model->program->entries.at[entry]->step : NULL;
        compare_outputs(comparison, &call, &exact, &rounded);
        compare_stores(comparison, instance, &exact, &rounded, step);
    }
    call_free(&call);
}

static void compare_initial(Comparison *comparison, const Instance *instance, uint64_t seed) {
    const Program *program = instance->model->program;
    Evaluation sides[2];
    for (int mode = 0; mode < 2; mode++) {
        sides[mode] = (Evaluation){.arena = instance->model->arena,
                                   .program = program,
                                   .mode = mode == 0 ? EVAL_DOUBLE : EVAL_FLOAT,
                                   .seed = seed,
                                   .margin = INFINITY};
        evaluate_initial(&sides[mode]);
    }
    comparison->tight = true;
    compare_stores(comparison, instance, &sides[0], &sides[1], NULL);
}

/* The k-th choice of sizes: the smallest, a few odd ones, the largest. */
static void choose_sizes(const Program *program, int k, int64_t *sizes) {
    static const int64_t odd[] = {1, 2, 7, 13, 17, 33};
    for (int s = 0; s < program->sizes.count; s++) {
        const Size *size = program->sizes.at[s];
        int64_t value = k == 0 ? size->low : k == 1 ? size->high : odd[(k - 2 + s) % 6];
        sizes[size->position] = value < size->low ? size->low : value > size->high ? size->high : value;
    }
}

void compare_with_evaluator(const char *file, const Build *build) {
    Memory memory = {0};
    Arena arena;
    cr_assert(setjmp(memory.on_exhausted) == 0);
    arena_open(&arena, &memory);
    Model model = model_open(&arena, file, build);
    if (model.emitted) {
        Comparison comparison = {.model = &model, .is_double = build->is_double};
        const char *title = arena_print(&arena, "%s with %s %s for %s%s", file, build->compiler, build->flags,
                                        build->target, build->is_double ? " in double" : "");
        Instance instance = instance_new(&model, 7);
        comparison.where = title;
        compare_initial(&comparison, &instance, 7);
        for (int e = 0; e < model.program->entries.count; e++)
            for (int k = 0; k < (model.program->sizes.count > 0 ? 6 : 2); k++) {
                int64_t sizes[8] = {0};
                choose_sizes(model.program, k, sizes);
                comparison.where = arena_print(&arena, "%s: %s, first size %lld", title,
                                               model.program->entries.at[e]->name, (long long)sizes[0]);
                step_and_compare(&comparison, &instance, e, sizes, (uint64_t)(100 * e + k));
            }
        instance_free(&instance);
    }
    model_close(&model);
    memory_close_all(&memory);
}
