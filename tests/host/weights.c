/* Files of weights: what NumPy and the safetensors package wrote is read, what is damaged refused with one line, and
 * what comes out is what went in. tests/host/weights.py makes the fixtures. */
#include "runtime/host/weights.h"
#include "runtime/host/rename.h"
#include "tests/host/files.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef GR_HAVE_ZLIB

static gr_weights *opened(const char *path) {
    gr_error error;
    gr_weights *weights = gr_weights_open(path, &error);
    cr_assert_not_null(weights, "%s", error.text);
    return weights;
}

static void refused(const char *path, const char *expected) {
    gr_error error;
    gr_weights *weights = gr_weights_open(path, &error);
    cr_assert_null(weights, "%s was opened: %s", path, expected);
    message_is_clean(&error);
    cr_assert_not_null(strstr(error.text, expected), "%s\nlacks: %s", error.text, expected);
}

/* ---- the reference packages' files */

static const struct {
    const char *name;
    enum gr_stored type;
    int rank;
    uint64_t shape[3];
} tensors[] = {
    {"net.layers.0.w", GR_STORED_F32, 2, {2, 3}},
    {"net.layers.0.b", GR_STORED_F32, 1, {3}},
    {"steps", GR_STORED_U64, 0, {0}},
    {"table", GR_STORED_I16, 3, {2, 3, 4}},
    {"mask", GR_STORED_BOOL, 1, {3}},
    {"half", GR_STORED_F16, 1, {2}},
    {"none", GR_STORED_F64, 2, {0, 5}},
    {"gr\xc3\xb6\xc3\x9f"
     "e",
     GR_STORED_U32,
     1,
     {2}},
};
enum { TENSORS = sizeof tensors / sizeof *tensors };

static const gr_stored_tensor *find(const gr_weights *weights, const char *name) {
    size_t count;
    const gr_stored_tensor *all = gr_weights_tensors(weights, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(all[i].name, name) == 0) return &all[i];
    }
    cr_assert_fail("%s is missing", name);
    return NULL;
}

static void element_is(size_t tensor, size_t i, double value) {
    static const float bias[] = {-0.0F, (float)(1e300 * 1e300), 1e-45F};
    static const double half[] = {1.5, -2}, sizes[] = {1, 2147483648.0};
    const double expected = tensor == 0   ? (double)((float)i / 3)
                            : tensor == 1 ? (double)bias[i]
                            : tensor == 2 ? 7
                            : tensor == 3 ? (double)i
                            : tensor == 4 ? i != 1
                            : tensor == 5 ? half[i]
                                          : sizes[i];
    cr_assert(memcmp(&value, &expected, sizeof value) == 0, "%s[%zu] is %g, not %g", tensors[tensor].name, i, value,
              expected);
}

static void check_reference(const char *path) {
    gr_weights *weights = opened(path);
    size_t count;
    gr_error error;
    gr_weights_tensors(weights, &count);
    cr_assert(count == TENSORS);
    for (size_t t = 0; t < TENSORS; t++) {
        const gr_stored_tensor *tensor = find(weights, tensors[t].name);
        uint8_t bytes[256];
        double values[64];
        cr_assert(tensor->type == tensors[t].type && tensor->rank == tensors[t].rank, "%s of %s", tensor->name, path);
        for (int axis = 0; axis < tensor->rank; axis++)
            cr_assert(tensor->shape[axis] == tensors[t].shape[axis]);
        cr_assert(gr_weights_read(weights, tensor, bytes, &error), "%s", error.text);
        gr_stored_decode(tensor->type, bytes, (size_t)tensor->count, values);
        for (size_t i = 0; i < tensor->count; i++)
            element_is(t, i, values[i]);
    }
    gr_weights_close(weights);
}

Test(host_weights, reference_files) {
    check_reference(FIXTURES "reference.safetensors");
    check_reference(FIXTURES "reference.npz");
    check_reference(FIXTURES "compressed.npz");
}

Test(host_weights, wrong_files) {
    char *folder = folder_new();
    refused(FIXTURES "objects.npz", "'a': holds elements of type '|O'");
    refused(FIXTURES "nosuch.npz", "cannot be opened");
    refused(FIXTURES "u1-little.npy", "must end in .safetensors or .npz");
    refused(file_write(folder, "x.npz", "PK\3\4 and then nothing of the kind", 30), "is cut short, or damaged");
    refused(file_write(folder, "x.npz", "text", 4), "is no .npz file");
    refused(file_write(folder, "x.npz", "P", 1), "is no .npz file");
    refused(file_write(folder, "x.npz", "", 0), "is empty");
    refused(file_write(folder, ".npz", "", 0), "is empty");
    folder_remove(folder);
}

/* ---- damaged archives */

/* A file in place of the one before it. Some file systems write at once what is truncated, and take milliseconds. */
static const char *replaced(const char *folder, const uint8_t *bytes, size_t size) {
    remove(path_in(folder, "x.npz"));
    return file_write(folder, "x.npz", bytes, size);
}

/* Whether all tensors can be read; whatever the file holds, nothing else may happen. */
static bool readable(const char *path) {
    gr_error error = {.text = ""};
    size_t count;
    gr_weights *weights = gr_weights_open(path, &error);
    bool done = weights != NULL;
    const gr_stored_tensor *all = weights ? gr_weights_tensors(weights, &count) : NULL;
    for (size_t i = 0; done && i < count; i++) {
        uint8_t *bytes = malloc((size_t)all[i].count * gr_stored_size(all[i].type) + 1);
        cr_assert_not_null(bytes);
        done = gr_weights_read(weights, &all[i], bytes, &error);
        free(bytes);
    }
    if (!done) message_is_clean(&error);
    gr_weights_close(weights);
    return done;
}

static void cut_everywhere(const char *fixture) {
    char *folder = folder_new();
    size_t size;
    uint8_t *bytes = file_read(fixture, &size);
    for (size_t length = 0; length < size; length++)
        cr_assert(!readable(replaced(folder, bytes, length)), "%s, cut after %zu bytes", fixture, length);
    bytes[size - 1] ^= 1; /* the length of the comment */
    cr_assert(!readable(replaced(folder, bytes, size)));
    free(bytes);
    folder_remove(folder);
}

Test(host_weights, cut_short) {
    cut_everywhere(FIXTURES "reference.npz");
    cut_everywhere(FIXTURES "compressed.npz");
}

/* Each byte in turn becomes another. Dates and the like may; what the arrays hold may not. */
static void change_everywhere(const char *fixture) {
    static const uint8_t masks[] = {0xff, 0x01, 0x80};
    char *folder = folder_new();
    size_t size, unnoticed = 0;
    uint8_t *bytes = file_read(fixture, &size);
    for (size_t i = 0; i < size; i++) {
        bytes[i] ^= masks[i % 3];
        unnoticed += readable(replaced(folder, bytes, size));
        bytes[i] ^= masks[i % 3];
    }
    cr_assert(unnoticed < size / 2, "%zu of %zu changes are not noticed", unnoticed, size);
    free(bytes);
    folder_remove(folder);
}

Test(host_weights, changed_bytes) {
    change_everywhere(FIXTURES "reference.npz");
    change_everywhere(FIXTURES "compressed.npz");
}

static bool give_zeros(void *context, size_t index, void *dense, gr_error *error) {
    (void)context, (void)index, (void)error;
    memset(dense, 0, 3);
    return true;
}

/* An archive of one array, x.npy, whose directory's entry is changed: `size` bytes from its byte `at` on. */
static void change_entry(size_t at, const char *bytes, size_t size, const char *expected) {
    char *folder = folder_new();
    gr_error error;
    static const uint64_t shape[] = {3};
    const char *path = path_in(folder, "x.npz");
    size_t file_size;
    gr_stored_tensor tensor = {.name = "x", .type = GR_STORED_U8, .rank = 1, .shape = shape};
    cr_assert(gr_weights_write(path, &tensor, 1, NULL, 0, give_zeros, NULL, &error), "%s", error.text);
    uint8_t *file = file_read(path, &file_size);
    const size_t entry = file_size - 22 - 46 - 5;
    cr_assert(memcmp(file + entry, "PK\1\2", 4) == 0);
    memcpy(file + entry + at, bytes, size);
    refused(file_write(folder, "y.npz", file, file_size), expected);
    free(file);
    folder_remove(folder);
}

Test(host_weights, evil_entries) {
    change_entry(8, "\1", 1, "'x.npy' is encrypted");
    change_entry(10, "\16", 1, "'x.npy' is packed by method 14");
    change_entry(24, "\377\377\377\177", 4, "'x.npy' has lengths that cannot be");
    change_entry(20, "\377\377\377\377", 4, "'x.npy' has lengths that cannot be");
    change_entry(42, "\377\377\377\177", 4, "'x.npy' has lengths that cannot be");
    change_entry(46, "\n", 1, "name is no UTF-8 text");
    change_entry(46, "\377", 1, "name is no UTF-8 text");
    change_entry(48, "x", 1, "no array: its name does not end in .npy");
    change_entry(28, "\377", 1, "an entry of its directory is longer than it");
    change_entry(0, "X", 1, "an entry of its directory is none");
    change_entry(51 + 12, "\1", 1, "its directory is not where its end says");
    change_entry(51 + 10, "\5", 1, "its directory is shorter than its members need");
    change_entry(51 + 10, "\0", 1, "its directory has more than its members");
    change_entry(51 + 10, "\377\377", 2, "its zip64 record is missing");
    change_entry(51 + 6, "\1", 1, "one part of a zip archive in several files");
}

/* ---- writing */

/* One file's tensors, for the writer. */
static bool copy(void *context, size_t index, void *dense, gr_error *error) {
    const gr_weights *weights = context;
    size_t count;
    const gr_stored_tensor *tensor = &gr_weights_tensors(weights, &count)[index];
    if (!gr_weights_read(weights, tensor, dense, error)) return false;
    gr_stored_swap(dense, gr_stored_size(tensor->type), (size_t)tensor->count);
    return true;
}

static void convert(const char *from, const char *to) {
    gr_error error;
    size_t count;
    gr_weights *weights = opened(from);
    const gr_stored_tensor *all = gr_weights_tensors(weights, &count);
    cr_assert(gr_weights_write(to, all, count, NULL, 0, copy, weights, &error), "%s", error.text);
    gr_weights_close(weights);
}

static void files_are_equal(const char *one, const char *other) {
    size_t first, second;
    uint8_t *a = file_read(one, &first), *b = file_read(other, &second);
    cr_assert(first == second && memcmp(a, b, first) == 0, "%s and %s differ", one, other);
    free(a);
    free(b);
}

Test(host_weights, there_and_back) {
    char *folder = folder_new();
    char npz[4096], back[4096], again[4096];
    snprintf(npz, sizeof npz, "%s", path_in(folder, "a.npz"));
    snprintf(back, sizeof back, "%s", path_in(folder, "b.safetensors"));
    snprintf(again, sizeof again, "%s", path_in(folder, "c.npz"));
    convert(FIXTURES "reference.safetensors", npz);
    check_reference(npz);
    convert(npz, back);
    files_are_equal(FIXTURES "reference.safetensors", back);
    convert(back, again);
    files_are_equal(npz, again);
    folder_remove(folder);
}

/* More members than 16 bits count: zip64's end. */
static bool give_index(void *context, size_t index, void *dense, gr_error *error) {
    (void)context, (void)error;
    memcpy(dense, &(uint32_t){(uint32_t)index}, 4);
    return true;
}

Test(host_weights, many_members) {
    enum { MANY = 70000 };
    char *folder = folder_new();
    const char *path = path_in(folder, "many.npz");
    gr_stored_tensor *many = calloc(MANY, sizeof *many);
    char(*names)[8] = calloc(MANY, sizeof *names);
    gr_error error;
    size_t count;
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "t%u", i);
        many[i] = (gr_stored_tensor){.name = names[i], .type = GR_STORED_U32};
    }
    cr_assert(gr_weights_write(path, many, MANY, NULL, 0, give_index, NULL, &error), "%s", error.text);
    gr_weights *weights = opened(path);
    const gr_stored_tensor *all = gr_weights_tensors(weights, &count);
    uint8_t last[4];
    cr_assert(count == MANY);
    cr_assert_str_eq(all[MANY - 1].name, "t69999");
    cr_assert(gr_weights_read(weights, &all[MANY - 1], last, &error));
    cr_assert(last[0] == (69999 & 255) && last[1] == (69999 >> 8 & 255) && last[2] == 69999 >> 16);
    gr_weights_close(weights);
    free(names);
    free(many);
    folder_remove(folder);
}

Test(host_weights, types_that_numpy_lacks) {
    static const uint64_t shape[] = {3};
    char *folder = folder_new();
    const char *path = path_in(folder, "x.npz");
    const gr_stored_tensor tensor = {.name = "x", .type = GR_STORED_F8_E4M3, .rank = 1, .shape = shape};
    gr_error error;
    size_t count;
    uint8_t bytes[12];
    double values[3];
    cr_assert(gr_weights_write(path, &tensor, 1, NULL, 0, give_zeros, NULL, &error), "%s", error.text);
    gr_weights *weights = opened(path);
    const gr_stored_tensor *all = gr_weights_tensors(weights, &count);
    cr_assert(all->type == GR_STORED_F32 && gr_weights_read(weights, all, bytes, &error));
    gr_stored_decode(all->type, bytes, 3, values);
    cr_assert(values[0] == 0 && values[2] == 0);
    gr_weights_close(weights);
    folder_remove(folder);
}

/* ---- maps */

typedef struct Renamed {
    gr_weights *weights;
    gr_renaming renaming;
    gr_error error;
    bool done;
} Renamed;

static Renamed rename_by(const char *map) {
    char *folder = folder_new();
    size_t count;
    Renamed renamed = {.weights = opened(FIXTURES "reference.safetensors")};
    const gr_stored_tensor *all = gr_weights_tensors(renamed.weights, &count);
    const char *path = file_write(folder, "a.map", map, strlen(map));
    renamed.done = gr_rename(path, all, count, &renamed.renaming, &renamed.error);
    folder_remove(folder);
    return renamed;
}

static void forget(Renamed *renamed) {
    gr_renaming_free(&renamed->renaming);
    gr_weights_close(renamed->weights);
}

static const gr_stored_tensor *find_renamed(const Renamed *renamed, const char *name, size_t *index) {
    for (*index = 0; *index < renamed->renaming.count; ++*index) {
        if (strcmp(renamed->renaming.tensors[*index].name, name) == 0) return &renamed->renaming.tensors[*index];
    }
    return NULL;
}

Test(host_weights, a_map) {
    size_t w, t, i;
    gr_error error;
    Renamed renamed = rename_by("# comments, blank lines, CR LF\r\n\n"
                                "net.layers.*.w\tlayers.*.weight transpose=1,0 # and behind a line\r\n"
                                "*.b *.bias\n  table t transpose=2,0,1\nn*e -\nsteps -");
    cr_assert(renamed.done, "%s", renamed.error.text);
    cr_assert(renamed.renaming.count == TENSORS - 2);
    cr_assert(find_renamed(&renamed, "net.layers.0.bias", &i) && find_renamed(&renamed, "half", &i));
    cr_assert(!find_renamed(&renamed, "none", &i) && !find_renamed(&renamed, "steps", &i));
    const gr_stored_tensor *weight = find_renamed(&renamed, "layers.0.weight", &w);
    const gr_stored_tensor *table = find_renamed(&renamed, "t", &t);
    cr_assert(weight && weight->shape[0] == 3 && weight->shape[1] == 2);
    cr_assert(table && table->shape[0] == 4 && table->shape[1] == 2 && table->shape[2] == 3);
    uint8_t bytes[48], moved[48];
    cr_assert(gr_weights_read(renamed.weights, renamed.renaming.origins[t].from, bytes, &error));
    gr_rename_elements(&renamed.renaming, t, bytes, moved);
    for (int a = 0; a < 4; a++) { /* new[a][b][c] = old[b][c][a], which is 12 b + 4 c + a */
        for (int b = 0; b < 2; b++) {
            for (int c = 0; c < 3; c++)
                cr_assert(moved[2 * (6 * a + 3 * b + c)] == 12 * b + 4 * c + a);
        }
    }
    forget(&renamed);
}

Test(host_weights, wrong_maps) {
    static const struct {
        const char *map, *expected;
    } wrong[] = {
        {"\nhalf", "a.map:2: a line is OLD NEW [transpose=1,0], or OLD - to leave a tensor out"},
        {"half h\nhelf h", "a.map:2: no tensor is called 'helf'"},
        {"h*f q*\nhalf h", "a.map:2: lines before this one have taken all that is called 'half'"},
        {"half mask", "'half' and 'mask' would both be called 'mask'"},
        {"net.layers.0.* *\nhalf w", "would both be called 'w'"},
        {"h* h", "a.map:1: OLD and NEW need equally many *"},
        {"half h transpose=1", "a.map:1: transpose= needs each axis once, from 0: transpose=1,0"},
        {"half h transpose=", "a.map:1: transpose= needs each axis once"},
        {"half h transpose=0,0", "a.map:1: transpose= needs each axis once"},
        {"half h transpose=0,", "a.map:1: transpose= needs each axis once"},
        {"half h transpose=99999999999999999999", "a.map:1: transpose= needs each axis once"},
        {"half h transpose=1,0", "a.map:1: 'half' has 1 axes, transpose= names 2"},
        {"half h transposed", "a.map:1: what is 'transposed'? Only transpose=1,0 may follow"},
        {"half - transpose=0", "a.map:1: what is 'transpose=0'? Nothing follows '-'"},
        {"half h transpose=0 q", "a.map:1: the line goes on behind transpose="},
        {"********** **********", "a.map:1: at most 9 * in a name"},
        {"half h\xff", "a.map:1: what is no UTF-8 text"},
        {"", "a.map: is empty"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        Renamed renamed = rename_by(wrong[i].map);
        cr_assert(!renamed.done, "taken: %s", wrong[i].map);
        message_is_clean(&renamed.error);
        cr_assert_not_null(strstr(renamed.error.text, wrong[i].expected), "%s\nlacks: %s", renamed.error.text,
                           wrong[i].expected);
        forget(&renamed);
    }
}

#endif
