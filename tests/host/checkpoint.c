/* Checkpoints: bit for bit there and back, and nothing changes when anything is wrong. */
#define _XOPEN_SOURCE 700
#include "runtime/host/checkpoint.h"
#include "runtime/host/replace.h"
#include "tests/host/files.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A small model whose first parameter is stored transposed and padded. */
typedef struct Net {
    float w[3 * 4]; /* [2, 3] stored as [3, 4] */
    double d;
    int32_t n[2];
    uint8_t on[3];
} Net;

typedef struct Trainer {
    uint64_t step;
    float m[6], lr_scale;
} Trainer;

static const int32_t shape23[] = {2, 3}, strides_w[] = {1, 4}, strides_m[] = {3, 1}, two[] = {2}, three[] = {3},
                     one[] = {1}, shape32[] = {3, 2}, strides32[] = {2, 1};
static const gr_tensor tensors[] = {
    {"net.w", GR_MODEL, GR_PARAM, GR_FLOAT, 2, shape23, strides_w, offsetof(Net, w)},
    {"net.d", GR_MODEL, GR_STATE, GR_DOUBLE, 0, NULL, NULL, offsetof(Net, d)},
    {"net.n", GR_MODEL, GR_STATE, GR_INT32, 1, two, one, offsetof(Net, n)},
    {"net.on", GR_MODEL, GR_STATE, GR_BOOL, 1, three, one, offsetof(Net, on)},
    {"@train.step", GR_TRAINER, GR_COUNTER, GR_UINT64, 0, NULL, NULL, offsetof(Trainer, step)},
    {"@train.m.net.w", GR_TRAINER, GR_SLOT, GR_FLOAT, 2, shape23, strides_m, offsetof(Trainer, m)},
    {"@lr_scale", GR_TRAINER, GR_SCALE, GR_FLOAT, 0, NULL, NULL, offsetof(Trainer, lr_scale)},
};
static const gr_model model = {.abi = GR_ABI,
                               .name = "net",
                               .signature = 0x1234abcd,
                               .model_size = sizeof(Net),
                               .trainer_size = sizeof(Trainer),
                               .tensor_count = 7,
                               .tensors = tensors};

/* NaN with a payload, a signaling one, the smallest subnormal, -0, the largest, a common number. */
static const uint32_t odd_bits[6] = {0x7fc12345, 0xff800001, 1, 0x80000000, 0x7f7fffff, 0x3dcccccd};

static void fill(Net *net, Trainer *trainer) {
    memset(net, 0, sizeof *net);
    memset(trainer, 0, sizeof *trainer);
    gr_write(&tensors[0], net, trainer, odd_bits);
    net->d = 0.1;
    net->n[0] = INT32_MIN;
    net->n[1] = INT32_MAX;
    net->on[1] = 1;
    trainer->step = UINT64_C(0xfedcba9876543210);
    memcpy(trainer->m, odd_bits, sizeof odd_bits);
    trainer->lr_scale = 0.5f;
}

static void saved(const char *path, const gr_model *description, const Net *net, const Trainer *trainer) {
    const gr_metadata metadata[] = {{"epoch", "3"}, {"what", "a \"quoted\"\n\xc3\xa9\\\1"}};
    gr_error error;
    cr_assert(gr_save(path, description, net, trainer, metadata, 2, &error), "%s", error.text);
}

/* Loading fails, says so in one line, and changes no byte. */
static void load_refused(const char *path, const gr_model *description, bool trainer_too, const char *expected) {
    Net net, net_before;
    Trainer trainer, trainer_before;
    gr_error error;
    memset(&net, 0x5a, sizeof net);
    memset(&trainer, 0x5a, sizeof trainer);
    net_before = net;
    trainer_before = trainer;
    cr_assert_not(gr_load(path, description, &net, trainer_too ? &trainer : NULL, false, NULL, &error), "%s", expected);
    message_is_clean(&error);
    cr_assert_not_null(strstr(error.text, expected), "%s\nlacks: %s", error.text, expected);
    cr_assert_arr_eq(&net, &net_before, sizeof net);
    cr_assert_arr_eq(&trainer, &trainer_before, sizeof trainer);
}

static void same_bytes(const char *a, const char *b) {
    size_t a_size, b_size;
    uint8_t *x = file_read(a, &a_size), *y = file_read(b, &b_size);
    cr_assert(a_size == b_size && memcmp(x, y, a_size) == 0);
    free(x);
    free(y);
}

Test(host_checkpoint, save_load_save_gives_the_same_bytes) {
    char *folder = folder_new();
    char *first = strdup(path_in(folder, "a")), *second = strdup(path_in(folder, "b"));
    Net net, other;
    Trainer trainer, other_trainer;
    gr_error error;
    gr_load_report report;
    fill(&net, &trainer);
    memset(&other, 0, sizeof other);
    memset(&other_trainer, 0, sizeof other_trainer);
    saved(first, &model, &net, &trainer);
    cr_assert(gr_load(first, &model, &other, &other_trainer, false, &report, &error), "%s", error.text);
    cr_assert(report.loaded == 7 && report.text[0] == 0);
    cr_assert_arr_eq(&net, &other, sizeof net);
    cr_assert_arr_eq(&trainer, &other_trainer, sizeof trainer);
    saved(second, &model, &other, &other_trainer);
    same_bytes(first, second);
    gr_safetensors *file = gr_safetensors_open(first, &error);
    size_t count;
    const gr_stored_tensor *stored = gr_safetensors_tensors(file, &count);
    cr_assert_eq(count, 7);
    for (size_t i = 0; i < count; i++)
        cr_assert_str_eq(stored[i].name, tensors[i].name); /* in declared order */
    uint32_t bits[6];
    cr_assert(gr_safetensors_read(file, &stored[0], bits, &error));
    cr_assert_arr_eq(bits, odd_bits, sizeof bits);
    gr_safetensors_close(file);
    free(first);
    free(second);
    folder_remove(folder);
}

Test(host_checkpoint, of_another_model_or_version) {
    char *folder = folder_new();
    char *path = strdup(path_in(folder, "a"));
    Net net;
    Trainer trainer;
    fill(&net, &trainer);
    saved(path, &model, &net, &trainer);
    gr_tensor others[7];
    gr_model other = model;
    other.tensors = others;
    memcpy(others, tensors, sizeof others);
    others[0].name = "net.v";
    load_refused(path, &other, true, "1 missing, 1 not in it, 0 of another");
    load_refused(path, &other, true, "'net.v' is missing; 'net.w' is not in the model");
    memcpy(others, tensors, sizeof others);
    others[0].shape = shape32;
    others[0].strides = strides32;
    load_refused(path, &other, true, "'net.w' is [2, 3] of F32; the model has [3, 2] of F32");
    memcpy(others, tensors, sizeof others);
    others[2].type = GR_FLOAT;
    load_refused(path, &other, true, "'net.n' is [2] of I32; the model has [2] of F32");
    memcpy(others, tensors, sizeof others);
    others[6].name = "@scale";
    load_refused(path, &other, true, "'@scale' is missing");
    saved(path, &model, &net, NULL); /* the model alone is no place to resume from */
    load_refused(path, &model, true, "'@train.step' is missing");
    free(path);
    folder_remove(folder);
}

Test(host_checkpoint, partial_takes_what_matches) {
    char *folder = folder_new();
    const char *path = path_in(folder, "a");
    Net net, other;
    Trainer trainer;
    gr_load_report report;
    gr_error error;
    fill(&net, &trainer);
    saved(path, &model, &net, &trainer);
    gr_tensor others[7];
    gr_model changed = model;
    changed.tensors = others;
    memcpy(others, tensors, sizeof others);
    others[1].name = "net.e";
    memset(&other, 0, sizeof other);
    cr_assert(gr_load(path, &changed, &other, NULL, true, &report, &error), "%s", error.text);
    cr_assert(report.loaded == 3 && report.missing == 1 && report.extra == 1 && report.misfits == 0);
    cr_assert_str_eq(report.text, "'net.e' is missing\n'net.d' is not in the model");
    cr_assert(other.d == 0 && memcmp(other.w, net.w, sizeof net.w) == 0);
    folder_remove(folder);
}

/* What other entries of the same file of the language read. */
Test(host_checkpoint, may_hold_more_than_the_model) {
    char *folder = folder_new();
    const char *path = path_in(folder, "a");
    Net net, other;
    Trainer trainer;
    gr_load_report report;
    gr_error error;
    fill(&net, &trainer);
    saved(path, &model, &net, &trainer);
    gr_tensor others[6];
    gr_model smaller = model;
    smaller.tensors = others;
    smaller.tensor_count = 6;
    others[0] = tensors[0];
    memcpy(others + 1, tensors + 2, 5 * sizeof *others); /* all but net.d */
    memset(&other, 0, sizeof other);
    cr_assert(gr_load(path, &smaller, &other, NULL, false, &report, &error), "%s", error.text);
    cr_assert(report.loaded == 3 && report.missing == 0 && report.extra == 1 && report.misfits == 0);
    cr_assert_str_eq(report.text, "'net.d' is not in the model");
    cr_assert(other.d == 0 && memcmp(other.w, net.w, sizeof net.w) == 0);
    load_refused(path, &smaller, true, "0 missing, 1 not in it"); /* a training that went on would save without it */
    folder_remove(folder);
}

/* Reals of other kinds become the model's; a trainer's never. */
Test(host_checkpoint, reals_are_converted_in_the_model_only) {
    static const char header[] = "{\"net.w\":{\"dtype\":\"BF16\",\"shape\":[2,3],\"data_offsets\":[0,12]}}";
    uint8_t bytes[8 + sizeof header - 1 + 12] = {sizeof header - 1};
    memcpy(bytes + 8, header, sizeof header - 1);
    for (int i = 0; i < 6; i++)
        memcpy(bytes + 8 + sizeof header - 1 + 2 * i, "\x80\x3f", 2);
    char *folder = folder_new();
    const char *path = file_write(folder, "x", bytes, sizeof bytes);
    Net net = {.d = 7};
    gr_load_report report;
    gr_error error;
    cr_assert(gr_load(path, &model, &net, NULL, true, &report, &error), "%s", error.text);
    cr_assert(report.loaded == 1 && report.missing == 3 && net.w[0] == 1 && net.w[9] == 1 && net.d == 7);
    gr_tensor others[7];
    gr_model other = model;
    Trainer trainer;
    other.tensors = others;
    memcpy(others, tensors, sizeof others);
    others[6].type = GR_DOUBLE;
    fill(&net, &trainer);
    saved(path, &model, &net, &trainer);
    load_refused(path, &other, true, "'@lr_scale' is [] of F32; the model has [] of F64");
    folder_remove(folder);
}

Test(host_checkpoint, cut_at_every_byte) {
    char *folder = folder_new();
    Net net;
    Trainer trainer;
    size_t size;
    fill(&net, &trainer);
    char *path = strdup(path_in(folder, "a"));
    saved(path, &model, &net, &trainer);
    uint8_t *bytes = file_read(path, &size);
    for (size_t length = 0; length < size; length++)
        load_refused(file_write(folder, "x", bytes, length), &model, true, length ? "is cut short" : "is empty");
    uint8_t *longer = calloc(size + 1, 1);
    memcpy(longer, bytes, size);
    load_refused(file_write(folder, "x", longer, size + 1), &model, true, "goes on behind");
    gr_error error;
    gr_safetensors *file = gr_safetensors_open(path, &error);
    const gr_stored_tensor *on = gr_safetensors_find(file, "net.on");
    size_t count, data = 0;
    const gr_stored_tensor *all = gr_safetensors_tensors(file, &count);
    for (size_t i = 0; i < count; i++)
        data = all[i].end;
    bytes[size - data + on->begin] = 2;
    gr_safetensors_close(file);
    load_refused(file_write(folder, "x", bytes, size), &model, true, "holds a BOOL of value 2");
    free(bytes);
    free(longer);
    free(path);
    folder_remove(folder);
}

/* The disk is full after so many bytes: one message, the old file whole, no temporary file. */
Test(host_checkpoint, disk_full_anywhere) {
    char *folder = folder_new();
    char *path = strdup(path_in(folder, "last")), *copy = strdup(path_in(folder, "copy"));
    Net net;
    Trainer trainer;
    gr_error error;
    struct stat status;
    fill(&net, &trainer);
    cr_assert(gr_save(path, &model, &net, &trainer, NULL, 0, &error), "%s", error.text);
    cr_assert(gr_save(copy, &model, &net, &trainer, NULL, 0, &error), "%s", error.text);
    stat(path, &status);
    signal(SIGXFSZ, SIG_IGN);
    trainer.step++;
    for (rlim_t limit = 0; limit < (rlim_t)status.st_size; limit += 5) {
        struct rlimit old, full;
        getrlimit(RLIMIT_FSIZE, &old);
        full = (struct rlimit){limit, old.rlim_max};
        setrlimit(RLIMIT_FSIZE, &full);
        const bool done = gr_save(path, &model, &net, &trainer, NULL, 0, &error);
        setrlimit(RLIMIT_FSIZE, &old);
        cr_assert_not(done);
        message_is_clean(&error);
        cr_assert_not_null(strstr(error.text, "cannot be written"), "%s", error.text);
    }
    same_bytes(path, copy);
    cr_assert_eq(remove(path) | remove(copy) | rmdir(folder), 0); /* nothing else was left */
    free(path);
    free(copy);
    free(folder);
}

Test(host_checkpoint, places_that_are_no_files) {
    char *folder = folder_new();
    char *path = strdup(path_in(folder, "a")), *link = strdup(path_in(folder, "link"));
    Net net;
    Trainer trainer;
    gr_error error;
    struct stat status;
    fill(&net, &trainer);
    cr_assert_not(gr_save("/dev/full", &model, &net, &trainer, NULL, 0, &error));
    cr_assert_not_null(strstr(error.text, "no regular file"), "%s", error.text);
    cr_assert(stat("/dev/full", &status) == 0 && S_ISCHR(status.st_mode));
    cr_assert_not(gr_save(folder, &model, &net, &trainer, NULL, 0, &error));
    cr_assert_not(gr_save(path_in(folder, "no/a"), &model, &net, &trainer, NULL, 0, &error));
    cr_assert_not_null(strstr(error.text, "No such file"), "%s", error.text);
    saved(path, &model, &net, &trainer);
    cr_assert_eq(symlink(path, link), 0);
    saved(link, &model, &net, NULL);
    cr_assert(lstat(link, &status) == 0 && S_ISLNK(status.st_mode)); /* its target was replaced */
    load_refused(path, &model, true, "'@train.step' is missing");
    free(path);
    free(link);
    folder_remove(folder);
}

/* Killed between writing and renaming: the old file loads. */
Test(host_checkpoint, killed_before_the_rename) {
    char *folder = folder_new();
    const char *path = path_in(folder, "last");
    Net net;
    Trainer trainer, loaded;
    gr_error error;
    fill(&net, &trainer);
    saved(path, &model, &net, &trainer);
    const pid_t child = fork();
    if (child == 0) {
        gr_replacement *replacement = gr_replace_begin(path, &error);
        gr_replace_write(replacement, "half", 4, &error);
        raise(SIGKILL);
    }
    int status;
    cr_assert(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    cr_assert(gr_load(path, &model, &net, &loaded, false, NULL, &error), "%s", error.text);
    cr_assert_eq(loaded.step, trainer.step);
    folder_remove(folder);
}
