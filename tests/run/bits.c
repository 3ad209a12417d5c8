/* Bits that must not depend on how a call is made: the same row elsewhere in the batch, more threads. */
#include "tests/run/harness.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const Build threaded = {"gcc", "-O2 -fopenmp", "native", false, NULL};

#define MODEL_OR_SKIP(model, file)                                                                                     \
    Memory memory = {0};                                                                                               \
    Arena arena;                                                                                                       \
    cr_assert(setjmp(memory.on_exhausted) == 0);                                                                       \
    arena_open(&arena, &memory);                                                                                       \
    Model model = model_open(&arena, file, &threaded);                                                                 \
    if (!model.emitted) cr_skip("no compiler for it here")

static void close_model(Model *model, Memory *memory) {
    model_close(model);
    memory_close_all(memory);
}

/* Two updating calls with that many threads; the result is what the instance then holds, and the outputs. */
static Instance train(const Model *model, int threads, Call *last) {
    Instance instance = instance_new(model, 3);
    instance.work.threads = threads;
    for (int step = 0; step < 2; step++) {
        const int64_t sizes[8] = {model->emitted->sizes[0].high < 37 ? model->emitted->sizes[0].high : 37};
        Call call = call_new(model, 0, sizes, (uint64_t)step);
        int status = call_run(&call, &instance);
        cr_assert(status == GR_OK, "%s", gr_message(status));
        if (step == 1)
            *last = call;
        else
            call_free(&call);
    }
    return instance;
}

static void expect_same_bits(const Instance *one, const Call *first, const Instance *many, const Call *second,
                             int threads) {
    const gr_model *emitted = one->model->emitted;
    cr_expect(memcmp(one->contents, many->contents, emitted->model_size) == 0, "%d threads: another model", threads);
    cr_expect(memcmp(one->trainer, many->trainer, emitted->trainer_size) == 0, "%d threads: another trainer", threads);
    for (int a = 0; a < first->entry->argument_count; a++)
        cr_expect(memcmp(first->arguments[a], second->arguments[a], first->bytes[a]) == 0,
                  "%d threads: another argument %s", threads, first->entry->arguments[a].name);
}

static void compare_threads(const char *file) {
    MODEL_OR_SKIP(model, file);
    Call first, second;
    Instance one = train(&model, 1, &first);
    for (int threads = 2; threads <= 5; threads++) {
        Instance many = train(&model, threads, &second);
        expect_same_bits(&one, &first, &many, &second, threads);
        call_free(&second);
        instance_free(&many);
    }
    call_free(&first);
    instance_free(&one);
    close_model(&model, &memory);
}

Test(bits, threads_in_training) {
    compare_threads("run/classifier.ir");
}

Test(bits, threads_in_training_with_draws) {
    compare_threads("run/draws.ir");
}

Test(bits, threads_with_windows) {
    compare_threads("run/windows.ir");
}

/* Runs an entry on rows [first, first + count) of the inputs of `whole`, whose axes begin with the batch. */
static Call run_rows(const Model *model, Instance *instance, int entry, const Call *whole, int first, int count) {
    const int64_t sizes[8] = {count};
    Call call = call_new(model, entry, sizes, 0);
    for (int a = 0; a < call.entry->argument_count; a++) {
        const gr_argument *argument = &call.entry->arguments[a];
        if (argument->role == GR_OUTPUT) continue;
        bool by_row = argument->rank > 0 && argument->shape[0].size == 0;
        size_t row = call.bytes[a] / (size_t)count;
        memcpy(call.arguments[a], (const char *)whole->arguments[a] + (by_row ? row * (size_t)first : 0),
               call.bytes[a]);
    }
    cr_assert_eq(call_run(&call, instance), GR_OK);
    return call;
}

static void expect_rows(const Call *whole, const Call *part, int first, int count) {
    for (int a = 0; a < part->entry->argument_count; a++) {
        const gr_argument *argument = &part->entry->arguments[a];
        if (argument->role != GR_OUTPUT || argument->rank == 0 || argument->shape[0].size != 0) continue;
        size_t row = part->bytes[a] / (size_t)count;
        cr_expect(memcmp((const char *)whole->arguments[a] + row * (size_t)first, part->arguments[a], part->bytes[a]) ==
                      0,
                  "%s: %s of rows %d to %d depends on their batch", part->entry->name, argument->name, first,
                  first + count - 1);
    }
}

/* Every row alone and in all kinds of company. */
static void compare_positions(const char *file, int entry) {
    enum { ROWS = 40 };
    MODEL_OR_SKIP(model, file);
    Instance instance = instance_new(&model, 5);
    const int64_t sizes[8] = {ROWS};
    Call whole = call_new(&model, entry, sizes, 9);
    cr_assert_eq(call_run(&whole, &instance), GR_OK);
    for (int count = 1; count <= 13; count++)
        for (int first = 0; first + count <= ROWS; first += count) {
            Call part = run_rows(&model, &instance, entry, &whole, first, count);
            expect_rows(&whole, &part, first, count);
            call_free(&part);
        }
    call_free(&whole);
    instance_free(&instance);
    close_model(&model, &memory);
}

Test(bits, position_in_the_batch_classifier) {
    compare_positions("run/classifier.ir", 1);
}

Test(bits, position_in_the_batch_products) {
    compare_positions("run/products.ir", 0); /* b in place */
    compare_positions("run/products.ir", 1); /* b transposed */
    compare_positions("run/products.ir", 4); /* distances */
}

Test(bits, position_in_the_batch_maps) {
    compare_positions("run/maps.ir", 1); /* all functions */
}

Test(bits, position_in_the_batch_reductions) {
    compare_positions("run/reductions.ir", 1); /* over rows */
}
