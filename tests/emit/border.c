/* The border of an entry, through NAME_model alone: what is checked, that nothing is written on an error, what a call
 * leaves behind. The pair is compiled as a shared object and loaded. */
#include "runtime/core/gr.h"
#include "tests/emit/scratch.h"
#include "tests/emit/tiny.h"
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 257 };

static Memory memory = {.limit = 1 << 26};
static Arena arena;
static const char *folder;

/* A model that is loaded, and everything that its entries take. */
static const gr_model *tiny;
static unsigned char *model, *trainer, *scratch;
static gr_work work;
static float image[ROWS * 4], rate, loss, class_scores[ROWS * 3], z[8];
static int32_t label[ROWS], digit[ROWS];
static uint8_t offset;

static const gr_entry *entry(const char *name) {
    for (int e = 0; e < tiny->entry_count; e++)
        if (strcmp(tiny->entries[e].name, name) == 0) return &tiny->entries[e];
    cr_assert(false, "no entry %s", name);
    return NULL;
}

static void load(const char *options) {
    Emission emission = tiny_emission(&arena, tiny_program(&arena), "generic");
    scratch_write(&arena, folder, "tiny.h", emission.header);
    scratch_write(&arena, folder, "tiny.c", emission.source);
    cr_assert(scratch_run(&arena, folder, "cc -std=c11 -O1 -shared -fPIC %s tiny.c -o tiny.so", options));
    void *library = dlopen(arena_print(&arena, "%s/tiny.so", folder), RTLD_NOW);
    cr_assert_not_null(library, "%s", dlerror());
    tiny = dlsym(library, "tiny_model");
    cr_assert_not_null(tiny);
}

static void open_model(void) {
    if (setjmp(memory.on_exhausted) != 0) cr_assert(false, "exhausted");
    arena_open(&arena, &memory);
    folder = scratch_folder(&arena);
    load("");
    model = arena_alloc(&arena, tiny->model_size);
    trainer = arena_alloc(&arena, tiny->trainer_size);
    const gr_entry *train = entry("train");
    work = (gr_work){.scratch_size = train->scratch + train->scratch_per_thread};
    work.scratch = scratch = arena_alloc(&arena, work.scratch_size);
    for (int i = 0; i < ROWS * 4; i++)
        image[i] = (float)(i % 7);
    for (int i = 0; i < ROWS; i++)
        label[i] = i % 3;
    rate = 0.125f;
    cr_assert_eq(tiny->init(model, trainer, 42), GR_OK);
}

static void close_model(void) {
    scratch_remove(&arena, folder);
    memory_close_all(&memory);
}

TestSuite(border, .init = open_model, .fini = close_model);

/* ---- calls ---- */

static int train(int n) {
    void *arguments[] = {image, label, &rate, &loss};
    return entry("train")->run(model, trainer, &work, &n, arguments);
}

static int predict(int n) {
    void *arguments[] = {image, &offset, digit, class_scores};
    return entry("predict")->run(model, NULL, &work, &n, arguments);
}

static int noise(void) {
    void *arguments[] = {z};
    return entry("noise")->run(model, NULL, &work, NULL, arguments);
}

/* Runs a call that must fail, and leave the model, the trainer and the outputs as they were. */
#define expect_refused(call, status, argument, element)                                                                \
    do {                                                                                                               \
        unsigned char *old_model = arena_copy(&arena, model, tiny->model_size);                                        \
        unsigned char *old_trainer = arena_copy(&arena, trainer, tiny->trainer_size);                                  \
        loss = -1;                                                                                                     \
        digit[0] = -7;                                                                                                 \
        cr_expect_eq(call, status);                                                                                    \
        cr_expect_str_eq(work.fault, argument);                                                                        \
        cr_expect_eq(work.fault_at, element);                                                                          \
        cr_expect_eq(memcmp(old_model, model, tiny->model_size), 0, "the model was written");                          \
        cr_expect_eq(memcmp(old_trainer, trainer, tiny->trainer_size), 0, "the trainer was written");                  \
        cr_expect(status == GR_NONFINITE || loss == -1);                                                               \
        cr_expect_eq(digit[0], -7);                                                                                    \
    } while (0)

static const gr_tensor *tensor(const char *name) {
    const gr_tensor *found = gr_find(tiny, name);
    cr_assert_not_null(found, "%s", name);
    return found;
}

static uint64_t steps(void) {
    uint64_t count;
    cr_assert_eq(gr_read(tensor("@train.step"), model, trainer, &count), GR_OK);
    return count;
}

/* ---- tests ---- */

Test(border, first_contents) {
    float w[12], b[3], slots[12], scale;
    uint64_t seed;
    gr_read(tensor("net.w"), model, trainer, w);
    gr_read(tensor("net.b"), model, trainer, b);
    gr_read(tensor("@train.m.net.w"), model, trainer, slots);
    gr_read(tensor("@lr_scale"), model, trainer, &scale);
    gr_read(tensor("@seed"), model, trainer, &seed);
    int different = 0;
    for (int i = 0; i < 12; i++) {
        cr_expect(w[i] >= 0 && w[i] < 1 && slots[i] == 0);
        different += w[i] != w[0];
    }
    cr_expect_gt(different, 5);
    cr_expect(b[0] == 0 && b[1] == 0 && b[2] == 0 && scale == 1 && seed == 42 && steps() == 0);
    float again[12];
    tiny->init(model, NULL, 42);
    gr_read(tensor("net.w"), model, trainer, again);
    cr_expect_eq(memcmp(w, again, sizeof w), 0);
    tiny->init(model, NULL, 43);
    gr_read(tensor("net.w"), model, trainer, again);
    cr_expect_neq(memcmp(w, again, sizeof w), 0);
    cr_expect_eq(tiny->init(NULL, trainer, 7), GR_OK);
    cr_expect_eq(tiny->init(NULL, NULL, 7), GR_OK);
}

Test(border, a_step) {
    float w[12], expected = 0, found[12], slots[12], b[3];
    int32_t seen;
    gr_read(tensor("net.w"), model, trainer, w);
    for (int n = 0; n < 256; n++)
        for (int i = 0; i < 4; i++)
            expected += image[n * 4 + i] * w[i * 3 + label[n]];
    cr_assert_eq(train(256), GR_OK);
    cr_expect_float_eq(loss, expected, 1e-4f * fabsf(expected));
    cr_expect_eq(steps(), 1);
    gr_read(tensor("net.w"), model, trainer, found);
    gr_read(tensor("@train.m.net.w"), model, trainer, slots);
    gr_read(tensor("net.b"), model, trainer, b);
    gr_read(tensor("seen"), model, trainer, &seen);
    for (int i = 0; i < 12; i++)
        cr_expect(slots[i] > 0 && found[i] == w[i] - slots[i] * rate);
    cr_expect(b[0] == -86 * rate && b[1] == -85 * rate && b[2] == -85 * rate && seen == 1);
}

Test(border, sizes) {
    cr_expect_eq(predict(256), GR_OK);
    cr_expect_eq(predict(0), GR_OK);
    cr_expect_eq(train(0), GR_OK, "an empty sum is 0");
    cr_expect(loss == 0 && steps() == 1);
    expect_refused(predict(257), GR_SIZE, "n", -1);
    expect_refused(predict(-1), GR_SIZE, "n", -1);
    expect_refused(train(257), GR_SIZE, "n", -1);
}

Test(border, indices) {
    label[5] = 3;
    expect_refused(train(6), GR_INDEX, "label", 5);
    cr_expect_eq(train(5), GR_OK, "what lies beyond n is not looked at");
    label[0] = -1;
    expect_refused(train(6), GR_INDEX, "label", 0);
    offset = 9;
    cr_expect_eq(predict(1), GR_OK);
    offset = 10;
    expect_refused(predict(1), GR_INDEX, "offset", 0);
}

Test(border, not_finite) {
    image[4] = NAN;
    expect_refused(train(2), GR_NONFINITE, "loss", -1);
    image[4] = INFINITY;
    expect_refused(train(2), GR_NONFINITE, "loss", -1);
    cr_expect_eq(steps(), 0);
    image[4] = 0;
    cr_expect_eq(train(2), GR_OK);
    cr_expect_eq(steps(), 1);
    cr_expect_null(work.fault);
}

Test(border, nulls) {
    int n = 1;
    for (int missing = 0; missing < 4; missing++) {
        void *arguments[] = {image, label, &rate, &loss};
        arguments[missing] = NULL;
        cr_expect_eq(entry("train")->run(model, trainer, &work, &n, arguments), GR_NULL);
        if (missing != 2) cr_expect_str_eq(work.fault, entry("train")->arguments[missing].name);
    }
    void *arguments[] = {image, label, &rate, &loss};
    cr_expect_eq(entry("train")->run(NULL, trainer, &work, &n, arguments), GR_NULL);
    cr_expect_eq(entry("train")->run(model, NULL, &work, &n, arguments), GR_NULL);
    cr_expect_eq(entry("train")->run(model, trainer, NULL, &n, arguments), GR_NULL);
    cr_expect_eq(steps(), 0);
}

Test(border, scratch) {
    size_t needed = work.scratch_size;
    work.scratch_size--;
    expect_refused(train(1), GR_MEMORY, "scratch", -1);
    work.scratch_size = needed;
    work.scratch = NULL;
    expect_refused(train(1), GR_NULL, "scratch", -1);
    work.scratch_size = 0;
    cr_expect_eq(predict(1), GR_OK, "it needs none");
    /* any alignment will do: the last byte is still inside */
    unsigned char *block = malloc(needed + 64);
    float first = 0;
    for (int shift = 0; shift < 64; shift++) {
        work.scratch = block + shift;
        work.scratch_size = needed;
        memset(block, 0xaa, needed + 64);
        tiny->init(model, trainer, 1);
        cr_assert_eq(train(256), GR_OK);
        if (shift == 0) first = loss;
        cr_expect_eq(loss, first);
        for (size_t i = (size_t)shift + needed; i < needed + 64; i++)
            cr_assert_eq(block[i], 0xaa);
    }
    free(block);
}

Test(border, overlap) {
    int n = 2;
    void *inside_input[] = {image, &offset, digit, image + 7};
    cr_expect_eq(entry("predict")->run(model, NULL, &work, &n, inside_input), GR_OVERLAP);
    cr_expect_str_eq(work.fault, "class");
    void *behind_input[] = {image, &offset, digit, image + 8};
    cr_expect_eq(entry("predict")->run(model, NULL, &work, &n, behind_input), GR_OK);
    void *two_outputs[] = {image, &offset, class_scores + 5, class_scores};
    cr_expect_eq(entry("predict")->run(model, NULL, &work, &n, two_outputs), GR_OVERLAP);
    cr_expect_str_eq(work.fault, "digit");
    void *in_model[] = {image, &offset, digit, model};
    cr_expect_eq(entry("predict")->run(model, NULL, &work, &n, in_model), GR_OVERLAP);
    void *in_scratch[] = {image, label, &rate, scratch};
    cr_expect_eq(entry("train")->run(model, trainer, &work, &n, in_scratch), GR_OVERLAP);
    void *in_trainer[] = {image, label, &rate, trainer + 16};
    cr_expect_eq(entry("train")->run(model, trainer, &work, &n, in_trainer), GR_OVERLAP);
    void *input_in_scratch[] = {scratch, label, &rate, &loss};
    cr_expect_eq(entry("train")->run(model, trainer, &work, &n, input_in_scratch), GR_OVERLAP);
    cr_expect_eq(steps(), 0);
}

Test(border, draws) {
    float first[8], second[8];
    cr_assert_eq(noise(), GR_OK);
    memcpy(first, z, sizeof z);
    cr_expect_eq(work.draws, 1);
    noise();
    memcpy(second, z, sizeof z);
    cr_expect_neq(memcmp(first, second, sizeof z), 0);
    work.draws = 0;
    noise();
    cr_expect_eq(memcmp(first, z, sizeof z), 0, "the same stream again");
    work.draws = 0;
    work.seed = UINT64_C(1) << 40;
    noise();
    cr_expect_neq(memcmp(first, z, sizeof z), 0, "all bits of the seed count");
    void *arguments[] = {NULL};
    cr_expect_eq(entry("noise")->run(model, NULL, &work, NULL, arguments), GR_NULL);
    cr_expect_eq(work.draws, 1, "a call that fails draws nothing");
}

Test(border, table) {
    cr_expect_eq(tiny->abi, GR_ABI);
    cr_expect_str_eq(tiny->name, "tiny");
    cr_expect_eq(tiny->tensor_count, 8);
    cr_expect(tiny->model_size == 64 && tiny->trainer_size == 88);
    const gr_tensor *slot = tensor("@train.m.net.b");
    cr_expect(slot->place == GR_TRAINER && slot->kind == GR_SLOT && slot->rank == 1 && slot->shape[0] == 3);
    const gr_entry *train_entry = entry("train");
    cr_expect(train_entry->updates == 1 && train_entry->draws == 0 && entry("noise")->draws == 1);
    cr_expect_eq(gr_argument_elements(&train_entry->arguments[0], (int[]){5}), 20);
    cr_expect(train_entry->arguments[1].low == 0 && train_entry->arguments[1].high == 2);
    cr_expect(train_entry->arguments[2].by_value == 1 &&
              train_entry->arguments[2].low > train_entry->arguments[2].high);
}

/* Without checks the same calls give the same numbers. */
Test(border, no_checks) {
    cr_assert_eq(predict(3), GR_OK);
    float checked[9];
    memcpy(checked, class_scores, sizeof checked);
    memset(class_scores, 0, sizeof class_scores);
    load("-DGR_NO_CHECKS -Wl,-soname,unchecked");
    cr_assert_eq(predict(3), GR_OK);
    cr_expect_eq(memcmp(checked, class_scores, sizeof checked), 0);
}

Test(border, threads) {
    cr_assert_eq(train(256), GR_OK);
    unsigned char *alone = arena_copy(&arena, model, tiny->model_size);
    load("-fopenmp -Wl,-soname,threads");
    const gr_entry *train_entry = entry("train");
    work.threads = 3;
    work.scratch_size = train_entry->scratch + 3 * train_entry->scratch_per_thread;
    work.scratch = arena_alloc(&arena, work.scratch_size);
    tiny->init(model, trainer, 42);
    cr_assert_eq(train(256), GR_OK);
    cr_expect_eq(memcmp(alone, model, tiny->model_size), 0, "bits depend on the number of threads");
}
