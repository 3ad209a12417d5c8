#include "tests/run/harness.h"
#include "compiler/ir/text.h"
#include "compiler/passes/pipeline.h"
#include "frontend/elaborate.h"
#include "frontend/parse.h"
#include "frontend/source.h"
#include "tests/emit/scratch.h"
#include "tests/run/remote.h"
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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
static void expand_entries(Arena *arena, Program *program) {
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
    if (build->runner) return true;
    const Target *best = target_find("native"), *wanted = target_find(build->target);
    return wanted->lanes <= best->lanes;
}

static void emit(Model *model, const char *target_name, const Build *build) {
    Arena *arena = model->arena;
    const Target *target = target_find(target_name);
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

/* Compiles a program that serves the model elsewhere, and starts it. */
static void start_remote(Model *model, const Build *build) {
    Arena *arena = model->arena;
    emit(model, build->target, build);
    cr_assert(scratch_run(arena, model->folder,
                          "%s -std=c11 " ALL_WARNINGS " %s -I%s -DMODEL=model_under_test_model "
                          "-DMODEL_HEADER='\"model_under_test.h\"' -static -I. -o remote model_under_test.c "
                          "%s/tests/remote/main.c %s/runtime/core/tensors.c",
                          build->compiler, build->flags, GRADC_ROOT, GRADC_ROOT, GRADC_ROOT));
    model->remote = remote_open(arena, arena_print(arena, "exec %s '%s/remote'", build->runner, model->folder));
    cr_assert_not_null(model->remote);
}

Model model_open(Arena *arena, const char *file, const Build *build) {
    Model model = {.arena = arena};
    if (!has_command(arena, build->compiler) || !can_run(build)) return model;
    Program *expanded = read_model(arena, file), *lowered = read_model(arena, file);
    expand_entries(arena, expanded);
    lower(arena, lowered);
    model.program = expanded;
    model.lowered = lowered;
    model.folder = scratch_folder(arena);
    emit(&model, build->runner ? "generic" : build->target, build);
    cr_assert(scratch_run(arena, model.folder, "%s -std=c11 " ALL_WARNINGS " %s -fPIC -shared -o model.so *.c",
                          build->runner ? "gcc" : build->compiler, build->runner ? "-O0" : build->flags));
    /* it stays: the threads of OpenMP's pool would outlive their library */
    model.object = dlopen(arena_print(arena, "%s/model.so", model.folder), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    cr_assert_not_null(model.object, "%s", dlerror());
    model.emitted = dlsym(model.object, "model_under_test_model");
    cr_assert_not_null(model.emitted);
    cr_assert_eq(model.emitted->abi, GR_ABI);
    if (build->runner) start_remote(&model, build);
    return model;
}

void model_close(Model *model) {
    if (model->remote) remote_close(model->remote);
    if (model->object) dlclose(model->object);
    if (model->folder) scratch_remove(model->arena, model->folder);
}

/* ---- comparing ---- */

typedef struct Comparison {
    const Model *model;
    const char *where; /* file, build, entry, sizes, step */
    bool is_double;
    bool tight; /* no decision of the evaluator was near enough to a tie to be turned by rounding */
} Comparison;

/* What the evaluator says of a call: exactly, and rounded to float in two ways, for one alone may by chance come out
 * nearer than rounding usually does. */
typedef struct Verdicts {
    Evaluation exact, rounded, shaken;
} Verdicts;

/* A tensor that the emitted code made, against the evaluator's. */
static void compare(const Comparison *comparison, const char *name, const Tensor *exact, const Tensor *rounded,
                    const Tensor *shaken, const Tensor *got) {
    double tolerance = fmax(tensor_tolerance(exact, rounded, comparison->is_double),
                            tensor_tolerance(exact, shaken, comparison->is_double));
    const char *difference = tensor_difference(comparison->model->arena, exact, got, tolerance);
    cr_expect(!difference || !comparison->tight, "%s: %s: %s", comparison->where, name, difference);
}

static void compare_outputs(const Comparison *comparison, const Call *call, const Verdicts *says) {
    const Entry *entry = comparison->model->program->entries.at[call->entry - comparison->model->emitted->entries];
    for (int o = 0; o < entry->outputs.count; o++) {
        int a = entry->inputs.count + o;
        Tensor got = tensor_of_argument(comparison->model->arena, entry->outputs.at[o], call, a);
        compare(comparison, entry->outputs.at[o]->name, &says->exact.outputs[o], &says->rounded.outputs[o],
                &says->shaken.outputs[o], &got);
    }
}

static void compare_states(const Comparison *comparison, const Call *call, const Verdicts *says) {
    const Entry *entry = comparison->model->program->entries.at[call->entry - comparison->model->emitted->entries];
    for (int i = 0; i < entry->inputs.count; i++) {
        if (entry->inputs.at[i]->role != ARGUMENT_STATE) continue;
        Tensor got = tensor_of_argument(comparison->model->arena, entry->inputs.at[i], call, i);
        compare(comparison, entry->inputs.at[i]->name, &says->exact.inputs[i], &says->rounded.inputs[i],
                &says->shaken.inputs[i], &got);
    }
}

static void compare_stores(const Comparison *comparison, const Instance *instance, const Verdicts *says,
                           const Store *step) {
    const Program *program = comparison->model->program;
    for (int s = 0; s < program->stores.count; s++) {
        const Store *store = program->stores.at[s];
        Tensor got = tensor_of_store(&says->exact, instance, store);
        if (store == step)
            cr_expect(got.values[0] == says->exact.stores[s].values[0] + 1, "%s: the step was not counted",
                      comparison->where);
        else
            compare(comparison, store->path, &says->exact.stores[s], &says->rounded.stores[s], &says->shaken.stores[s],
                    &got);
    }
}

/* One call; both sides begin with what the instance holds. */
static void step_and_compare(Comparison *comparison, Instance *instance, int entry, const int64_t *sizes,
                             uint64_t seed) {
    enum { TRIES = 20 };
    Verdicts says;
    Call call;
    for (uint64_t attempt = 0;; attempt++) {
        call = call_new(instance->model, entry, sizes, seed + 1000 * attempt);
        says.exact = evaluate_call(instance, &call, sizes, EVAL_DOUBLE, 0);
        comparison->tight = says.exact.margin > 2e-6;
        if (comparison->tight || attempt == TRIES) break;
        call_free(&call);
    }
    says.rounded = evaluate_call(instance, &call, sizes, EVAL_FLOAT, 0);
    says.shaken = evaluate_call(instance, &call, sizes, EVAL_FLOAT, 1);
    int status = call_run(&call, instance);
    cr_expect(status == (says.exact.finite ? GR_OK : GR_NONFINITE), "%s: %s", comparison->where, gr_message(status));
    if (status == GR_OK) {
        const Store *step = call.entry->updates ? instance->model->program->entries.at[entry]->step : NULL;
        compare_outputs(comparison, &call, &says);
        compare_states(comparison, &call, &says);
        compare_stores(comparison, instance, &says, step);
    }
    call_free(&call);
}

static void compare_initial(Comparison *comparison, const Instance *instance, uint64_t seed) {
    const Program *program = instance->model->program;
    Verdicts says;
    Evaluation *sides[] = {&says.exact, &says.rounded, &says.shaken};
    for (int side = 0; side < 3; side++) {
        *sides[side] = (Evaluation){.arena = instance->model->arena,
                                    .program = program,
                                    .mode = side == 0 ? EVAL_DOUBLE : EVAL_FLOAT,
                                    .shake = side == 2,
                                    .seed = seed,
                                    .margin = INFINITY};
        evaluate_initial(sides[side]);
    }
    comparison->tight = true;
    compare_stores(comparison, instance, &says, NULL);
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
