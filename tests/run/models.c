/* The corpus tests/models: what is emitted for each of them computes what the reference evaluator computes, under every
 * target and at every size; and its bits depend on nothing but the numbers that go in. */
#define _POSIX_C_SOURCE 200809L
#include "tests/run/corpus.h"
#include "tests/run/harness.h"
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef GRADC_SANITIZED
#define SANITIZE " -fsanitize=address,undefined -fno-sanitize-recover=undefined"
#else
#define SANITIZE ""
#endif

/* Of four turns a model takes one, by its name, and with GRADC_LONG all: compilers take nearly all of the time. In each
 * turn there are two compilers, one of them for vectors; levels and reals differ between turns. */
typedef struct TurnBuild {
    Build build;
    int turn;
} TurnBuild;

enum { TURNS = 4 };

static const TurnBuild builds[] = {
#ifdef GRADC_SANITIZED /* with -O1 gcc would take three times as long */
    {{"gcc", "-O0" SANITIZE, "generic", false, NULL}, 0},
    {{"gcc", "-O0" SANITIZE, "x86-64-v4", false, NULL}, 1},
    {{"gcc", "-O0" SANITIZE, "generic", true, NULL}, 2},
    {{"gcc", "-O0" SANITIZE, "x86-64-v3", false, NULL}, 3},
#else
    {{"gcc", "-O1", "generic", false, NULL}, 0},   {{"clang", "-O2", "native", false, NULL}, 0},
    {{"gcc", "-O3", "x86-64-v4", false, NULL}, 1}, {{"clang", "-O0", "generic", true, NULL}, 1},
    {{"gcc", "-O0", "x86-64-v3", false, NULL}, 2}, {{"clang", "-O3", "generic", false, NULL}, 2},
    {{"gcc", "-O2", "native", true, NULL}, 3},     {{"clang", "-O1", "x86-64-v3", false, NULL}, 3},
#endif
};

static int turn_of(const char *name) {
    unsigned sum = 0;
    for (; *name; name++)
        sum = sum * 31 + (unsigned char)*name;
    return (int)(sum / 7 % TURNS);
}

ParameterizedTestParameters(models, agree_with_the_evaluator) {
    return corpus();
}

ParameterizedTest(ModelFile *file, models, agree_with_the_evaluator) {
    const char *all = getenv("GRADC_LONG");
    for (size_t b = 0; b < sizeof builds / sizeof *builds; b++)
        if (builds[b].turn == turn_of(file->name) || (all && *all))
            compare_with_evaluator(file->name, &builds[b].build);
}

/* ---- bits ---- */

typedef struct Outcome {
    Instance instance;
    Call calls[16];
    int count;
} Outcome;

/* Every entry twice, at sizes where several threads and whole tiles have work to do. */
static Outcome run_entries(const Model *model, int threads, size_t shift) {
    Outcome outcome = {.instance = instance_new(model, 11)};
    outcome.instance.work.threads = threads;
    outcome.instance.shift = shift;
    int64_t sizes[8] = {0};
    for (int s = 0; s < model->program->sizes.count; s++) {
        const Size *size = model->program->sizes.at[s];
        sizes[size->position] = size->high < 37 ? size->high : 37;
    }
    int entries = model->program->entries.count < 8 ? model->program->entries.count : 8;
    for (int run = 0; run < 2 * entries; run++) {
        Call *call = &outcome.calls[outcome.count++];
        *call = call_new(model, run % entries, sizes, (uint64_t)run);
        cr_assert_eq(call_run(call, &outcome.instance), GR_OK);
    }
    return outcome;
}

static void outcome_free(Outcome *outcome) {
    for (int c = 0; c < outcome->count; c++)
        call_free(&outcome->calls[c]);
    instance_free(&outcome->instance);
}

static void expect_same(const Outcome *one, const Outcome *other, const char *what) {
    const gr_model *emitted = one->instance.model->emitted;
    cr_expect(memcmp(one->instance.contents, other->instance.contents, emitted->model_size) == 0,
              "%s: %s: another model", emitted->name, what);
    cr_expect(memcmp(one->instance.trainer, other->instance.trainer, emitted->trainer_size) == 0,
              "%s: %s: another trainer", emitted->name, what);
    for (int c = 0; c < one->count; c++)
        for (int a = 0; a < one->calls[c].entry->argument_count; a++)
            cr_expect(memcmp(one->calls[c].arguments[a], other->calls[c].arguments[a], one->calls[c].bytes[a]) == 0,
                      "%s: %s: another %s", one->calls[c].entry->name, what, one->calls[c].entry->arguments[a].name);
}

ParameterizedTestParameters(models, same_bits_with_threads_and_places) {
    return corpus();
}

ParameterizedTest(ModelFile *file, models, same_bits_with_threads_and_places) {
    /* who computes what is decided by gradc, not by the C compiler, which is quickest so; tests/run/bits.c optimizes */
    static const Build threaded = {"gcc", "-O0 -fopenmp", "native", false, NULL};
    Memory memory = {0};
    Arena arena;
    cr_assert(setjmp(memory.on_exhausted) == 0);
    arena_open(&arena, &memory);
    Model model = model_open(&arena, file->name, &threaded);
    if (model.emitted == NULL) cr_skip("no compiler for it here");
    Outcome one = run_entries(&model, 1, 0);
    static const int threads[] = {2, 3, 7};
    static const size_t shifts[] = {1, 4, 37};
    for (int i = 0; i < 3; i++) {
        Outcome shared = run_entries(&model, threads[i], 0), moved = run_entries(&model, 1, shifts[i]);
        expect_same(&one, &shared, arena_print(&arena, "%s with %d threads", file->name, threads[i]));
        expect_same(&one, &moved, arena_print(&arena, "%s with the scratch moved", file->name));
        outcome_free(&shared);
        outcome_free(&moved);
    }
    outcome_free(&one);
    model_close(&model);
    memory_close_all(&memory);
}

/* ---- rows ---- */

typedef struct RowEntry {
    char file[40], entry[16];
} RowEntry;

/* Entries whose rows have nothing to do with each other. */
static RowEntry row_entries[] = {
    {"models/lanes.grad", "products"},     {"models/lanes.grad", "sums"},     {"models/broadcast.grad", "f"},
    {"models/slices.grad", "f"},           {"models/windows2.grad", "f"},     {"models/reduce.grad", "trailing"},
    {"models/reduce.grad", "middle"},      {"models/softmax.grad", "values"}, {"models/distances.grad", "tropical"},
    {"models/adam.grad", "predict"},       {"models/activations.grad", "f"},  {"models/long_sums.grad", "f"},
    {"models/adversary.grad", "generate"},
};

ParameterizedTestParameters(models, rows_do_not_see_each_other) {
    return cr_make_param_array(RowEntry, row_entries, sizeof row_entries / sizeof *row_entries, NULL);
}

static bool has_rows(const gr_argument *argument) {
    return argument->rank > 0 && argument->shape[0].size == 0;
}

/* A row of `whole`, and the same row at the end of a batch of `count`. */
static void compare_row(Instance *instance, const Call *whole, int row, int count) {
    const int64_t sizes[8] = {count};
    Call part = call_new(instance->model, (int)(whole->entry - instance->model->emitted->entries), sizes, 99);
    for (int side = 0; side < 2; side++) {
        for (int a = 0; a < part.entry->argument_count; a++) {
            const gr_argument *argument = &part.entry->arguments[a];
            bool input = argument->role == GR_INPUT;
            size_t bytes = part.bytes[a] / (size_t)(has_rows(argument) ? count : 1);
            char *from = (char *)whole->arguments[a] + (has_rows(argument) ? bytes * (size_t)row : 0);
            char *to = (char *)part.arguments[a] + (has_rows(argument) ? bytes * (size_t)(count - 1) : 0);
            if (side == 0 && input) memcpy(to, from, bytes);
            if (side == 1 && has_rows(argument))
                cr_expect(memcmp(to, from, bytes) == 0, "%s: %s of row %d is another in a batch of %d",
                          part.entry->name, argument->name, row, count);
        }
        if (side == 0) cr_assert_eq(call_run(&part, instance), GR_OK);
    }
    call_free(&part);
}

ParameterizedTest(RowEntry *test, models, rows_do_not_see_each_other) {
    static const Build build = {"gcc", "-O2", "native", false, NULL};
    Memory memory = {0};
    Arena arena;
    cr_assert(setjmp(memory.on_exhausted) == 0);
    arena_open(&arena, &memory);
    Model model = model_open(&arena, test->file, &build);
    if (model.emitted == NULL) cr_skip("no compiler for it here");
    Instance instance = instance_new(&model, 5);
    int entry = (int)(gr_find_entry(model.emitted, test->entry) - model.emitted->entries);
    const int most = (int)model.program->sizes.at[0]->high;
    const int64_t sizes[8] = {most};
    Call whole = call_new(&model, entry, sizes, 3);
    cr_assert_eq(call_run(&whole, &instance), GR_OK);
    for (int row = 0; row < most; row++)
        for (int count = 1; count <= most; count++)
            compare_row(&instance, &whole, row, count);
    call_free(&whole);
    instance_free(&instance);
    model_close(&model);
    memory_close_all(&memory);
}

/* ---- what the corpus covers ---- */

Test(models, every_scalar_function_occurs_in_the_corpus) {
    static char text[1 << 16];
    FILE *in = fopen(GRADC_TESTS "/models/functions.ir", "r");
    cr_assert_not_null(in);
    text[fread(text, 1, sizeof text - 1, in)] = 0;
    fclose(in);
    for (int fn = 0; fn < SCALAR_COUNT; fn++) {
        char call[40];
        snprintf(call, sizeof call, " %s(", scalar_table[fn].name);
        cr_expect_not_null(strstr(text, call), "functions.ir does without %s", scalar_table[fn].name);
    }
}
