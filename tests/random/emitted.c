/* Random programs as C: many entries in one file, compiled once, called with one thread and with three, and compared
 * with the evaluator. */
#include "compiler/passes/pipeline.h"
#include "tests/emit/scratch.h"
#include "tests/random/check.h"
#include "tests/random/program.h"
#include "tests/run/call.h"
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef GRADC_SANITIZED
#define SANITIZE " -fsanitize=address,undefined -fno-sanitize-recover=undefined"
#else
#define SANITIZE ""
#endif

typedef struct Batch {
    Arena *arena;
    Report *report;
    const int *numbers; /* by entry: the program's, in the report */
    int target;
    Model model;
    Instance one, three; /* called with one thread, and with three */
} Batch;

/* ---- from texts to a shared object ---- */

/* One program of all; the learning rate's scale, which they share, stands once. */
static const char *joined(Arena *arena, const char *const *texts, int count) {
    static const char rate[] = "store @lr_scale rate real[]\n";
    bool has_rate = false;
    Writer all;
    writer_open(&all, arena);
    for (int t = 0; t < count; t++) {
        const char *text = texts[t], *found = strstr(text, rate);
        if (found && has_rate) {
            write_raw(&all, text, (size_t)(found - text));
            text = found + strlen(rate);
        }
        has_rate |= found != NULL;
        write_raw(&all, text, strlen(text));
    }
    return writer_text(&all);
}

static Program *parse_joined(Arena *arena, const char *text) {
    const char *why;
    Program *program = program_parse(arena, text, &why);
    if (!program) internal_error("random programs cannot be joined: %s", why);
    program->name = "random_models";
    return program;
}

static void expand_entries(Arena *arena, Program *program) {
    Diagnostics diagnostics;
    diagnostics_open(&diagnostics, arena);
    for (int e = 0; e < program->entries.count; e++)
        program->entries.at[e]->graph = pass_autodiff(program->entries.at[e]->graph, &diagnostics);
}

/* What happened to all of them. */
static void fail_all(Batch *batch, int count, Fault fault, const char *what) {
    for (int i = 0; i < count; i++) {
        Verdict *verdict = &batch->report->verdicts[batch->numbers[i]];
        verdict_set(verdict, fault, "%s: %s", target_names()[batch->target], what);
        verdict->target = batch->target;
    }
}

static void emit(Batch *batch, const char *text) {
    Arena *arena = batch->arena;
    Program *expanded = parse_joined(arena, text), *lowered = parse_joined(arena, text);
    Diagnostics diagnostics;
    diagnostics_open(&diagnostics, arena);
    expand_entries(arena, expanded);
    run_passes(lowered, &diagnostics, NULL, NULL);
    EmitOptions options = {.name = "random_models",
                           .command = "gradc_random",
                           .source_name = "random.ir",
                           .target = target_find(target_names()[batch->target])};
    snprintf(batch->report->stage, sizeof batch->report->stage, "emission for %s", options.target->name);
    Emission emission = emit_program(arena, lowered, &options);
    batch->model = (Model){arena, scratch_folder(arena), expanded, lowered, NULL, NULL, NULL};
    scratch_write(arena, batch->model.folder, "random_models.h", emission.header);
    scratch_write(arena, batch->model.folder, "random_models.c", emission.source);
}

static bool compile(Batch *batch, int count) {
    Arena *arena = batch->arena;
    Model *model = &batch->model;
    snprintf(batch->report->stage, sizeof batch->report->stage, "gcc");
    bool good = scratch_run(arena, model->folder,
                            "gcc -std=c11 " ALL_WARNINGS SANITIZE
                            " -O1 -fopenmp -fPIC -shared -o model.so random_models.c >log 2>&1");
    if (good)
        model->object = dlopen(arena_print(arena, "%s/model.so", model->folder), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (model->object) model->emitted = dlsym(model->object, "random_models_model");
    if (model->emitted) return true;
    char line[300] = "";
    FILE *log = fopen(arena_print(arena, "%s/log", model->folder), "r");
    while (log && fgets(line, sizeof line, log) && !strstr(line, "error"))
        ;
    if (log) fclose(log);
    fail_all(batch, count, FAULT_BUILD, line);
    return false;
}

/* ---- calls ---- */

/* Calls that are the same but for the number of threads: the same bits must come out. */
static bool same_bits(const Batch *batch, const Call *one, const Call *three, const char **what) {
    const gr_model *emitted = batch->model.emitted;
    *what = "the model";
    if (memcmp(batch->one.contents, batch->three.contents, emitted->model_size) != 0) return false;
    *what = "the trainer";
    if (memcmp(batch->one.trainer, batch->three.trainer, emitted->trainer_size) != 0) return false;
    for (int a = 0; a < one->entry->argument_count; a++) {
        *what = one->entry->arguments[a].name;
        if (memcmp(one->arguments[a], three->arguments[a], one->bytes[a]) != 0) return false;
    }
    return true;
}

/* How intermediates are rounded: to the nearest float, and shaken: a deviation may be small by chance. */
enum { ROUNDINGS = 3 };

static void compare_values(Batch *batch, int e, const Call *call, const Evaluation *exact, const Evaluation *rounded,
                           Verdict *verdict) {
    const Program *program = batch->model.program;
    const Entry *entry = program->entries.at[e];
    for (int o = 0; o < entry->outputs.count; o++) {
        Tensor got = tensor_of_argument(batch->arena, entry->outputs.at[o], call, entry->inputs.count + o);
        double tolerance = 0;
        for (int r = 0; r < ROUNDINGS; r++)
            tolerance = fmax(tolerance, tensor_tolerance(&exact->outputs[o], &rounded[r].outputs[o], false));
        const char *what = tensor_difference(batch->arena, &exact->outputs[o], &got, tolerance);
        if (what) verdict_set(verdict, FAULT_VALUE, "%s: %s", entry->outputs.at[o]->name, what);
    }
    for (int s = 0; s < program->stores.count; s++) {
        const Store *store = program->stores.at[s];
        Tensor wanted = exact->stores[s], got = tensor_of_store(exact, &batch->one, store);
        if (store == entry->step) wanted.values[0]++; /* ints and bools have no tolerance */
        double tolerance = 0;
        for (int r = 0; r < ROUNDINGS; r++)
            tolerance = fmax(tolerance, tensor_tolerance(&exact->stores[s], &rounded[r].stores[s], false));
        const char *what = tensor_difference(batch->arena, &wanted, &got, tolerance);
        if (what) verdict_set(verdict, FAULT_VALUE, "%s: %s", store->path, what);
    }
}

/* One call at one choice of sizes. */
static void check_call(Batch *batch, int e, int k) {
    Verdict *verdict = &batch->report->verdicts[batch->numbers[e]];
    int64_t *sizes = ARENA_ARRAY(batch->arena, int64_t, batch->model.program->sizes.count);
    choose_sizes(batch->model.program, k, sizes);
    Evaluation exact;
    Call call, again;
    uint64_t seed = (uint64_t)(100 * k);
    for (int tries = 0;; tries++) {
        call = call_new(&batch->model, e, sizes, seed);
        exact = evaluate_call(&batch->one, &call, sizes, EVAL_DOUBLE, 0);
        bool sane = is_sane(batch->model.program, batch->model.program->entries.at[e], &exact);
        if (sane && exact.margin > MARGIN) break;
        call_free(&call);
        if (!sane || tries == 5) return;
        seed++;
    }
    Evaluation rounded[ROUNDINGS];
    for (int r = 0; r < ROUNDINGS; r++)
        rounded[r] = evaluate_call(&batch->one, &call, sizes, EVAL_FLOAT, (uint64_t)r);
    again = call_new(&batch->model, e, sizes, seed);
    int status = call_run(&call, &batch->one), second = call_run(&again, &batch->three);
    const char *what;
    if (status != (exact.finite ? GR_OK : GR_NONFINITE))
        verdict_set(verdict, FAULT_VALUE, "status: %s", gr_message(status));
    else if (status == GR_OK)
        compare_values(batch, e, &call, &exact, rounded, verdict);
    if (!verdict->fault && (second != status || !same_bits(batch, &call, &again, &what)))
        verdict_set(verdict, FAULT_THREADS, "%s has other bits with three threads", second != status ? "status" : what);
    call_free(&call);
    call_free(&again);
    if (verdict->fault) verdict->target = batch->target;
}

/* First contents of stores; what is wrong there counts against the first program that the store belongs to. */
static void check_initial(Batch *batch) {
    const Program *program = batch->model.program;
    Evaluation sides[2];
    for (int mode = 0; mode < 2; mode++) {
        sides[mode] = (Evaluation){.arena = batch->arena, .program = program, .mode = (EvalMode)mode, .seed = 5};
        evaluate_initial(&sides[mode]);
    }
    for (int s = 0; s < program->stores.count; s++) {
        const char *path = program->stores.at[s]->path;
        Tensor got = tensor_of_store(&sides[0], &batch->one, program->stores.at[s]);
        double tolerance = tensor_tolerance(&sides[0].stores[s], &sides[1].stores[s], false);
        const char *what = tensor_difference(batch->arena, &sides[0].stores[s], &got, tolerance);
        for (int e = 0; e < program->entries.count && what; e++) {
            Verdict *verdict = &batch->report->verdicts[batch->numbers[e]];
            size_t length = strlen(program->entries.at[e]->name);
            if (strncmp(path + (path[0] == '@'), program->entries.at[e]->name, length) != 0) continue;
            verdict_set(verdict, FAULT_VALUE, "first content of %s: %s", path, what);
            verdict->target = batch->target;
            break;
        }
    }
}

static void run_all(Batch *batch) {
    snprintf(batch->report->stage, sizeof batch->report->stage, "the emitted C for %s", target_names()[batch->target]);
    batch->one = instance_new(&batch->model, 5);
    batch->three = instance_new(&batch->model, 5);
    batch->three.work.threads = 3;
    check_initial(batch);
    for (int e = 0; e < batch->model.program->entries.count; e++) {
        batch->report->graph = batch->numbers[e];
        int choices = batch->model.program->entries.at[e]->sizes.count > 0 ? SIZE_CHOICES : 2;
        for (int k = 0; k < choices && !batch->report->verdicts[batch->numbers[e]].fault; k++)
            check_call(batch, e, k);
    }
    batch->report->graph = -1;
    instance_free(&batch->one);
    instance_free(&batch->three);
}

void check_emitted(Arena *arena, const char *const *texts, int count, int target, bool compiles, Report *report) {
    int *numbers = ARENA_ARRAY(arena, int, count), good = 0;
    const char **kept = ARENA_ARRAY(arena, const char *, count);
    Batch batch = {.arena = arena, .report = report, .numbers = numbers, .target = target};
    for (int t = 0; t < count; t++) {
        if (report->verdicts[t].fault) continue;
        numbers[good] = t;
        kept[good++] = texts[t];
    }
    report->graph = good == 1 ? numbers[0] : -1;
    if (good == 0) return;
    emit(&batch, joined(arena, kept, good));
    if (compiles && compile(&batch, good)) run_all(&batch);
    if (!getenv("GRADC_KEEP")) scratch_remove(arena, batch.model.folder);
}
