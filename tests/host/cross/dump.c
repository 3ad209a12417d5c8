/* Prints all numbers of the files that are named, data or weights, bit for bit, and the order of a shuffled epoch: the
 * same text on every machine. */
#include "runtime/host/data.h"
#include "runtime/host/rename.h"
#include "runtime/host/shuffle.h"
#include "runtime/host/weights.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_bits(const double *values, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        printf(" %016" PRIx64, values[i] == values[i] ? bits : 0x7ff8u);
    }
}

static void print_file(const char *name) {
    gr_error error;
    char described[64];
    gr_data *data = gr_data_open(name, &error);
    const char *base = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
    if (data == NULL) {
        printf("%s\n", error.text);
        return;
    }
    const uint64_t size = gr_data_row_size(data);
    double *row = malloc((size_t)(size + 1) * sizeof *row);
    printf("%s: %s\n", base, gr_data_describe(data, described, sizeof described));
    for (uint64_t i = 0; row != NULL && i < gr_data_rows(data); i++) {
        int32_t as_int;
        if (!gr_data_copy(data, &i, 1, GR_DOUBLE, row, &error)) printf("%s", error.text);
        print_bits(row, size);
        if (size == 1 && gr_data_copy(data, &i, 1, GR_INT32, &as_int, &error)) printf(" = %" PRId32, as_int);
        printf("\n");
    }
    free(row);
    gr_data_close(data);
}

/* ---- weights: what a file holds, and its copy by the map turn.map */

typedef struct Copying {
    const gr_weights *from;
    const gr_renaming *renaming;
} Copying;

static bool give_tensor(void *context, size_t index, void *dense, gr_error *error) {
    const Copying *copying = context;
    const gr_stored_tensor *tensor = &copying->renaming->tensors[index];
    const size_t size = gr_stored_size(tensor->type), count = (size_t)tensor->count;
    uint8_t *bytes = malloc(count * size + 1);
    if (!bytes) return gr_fail(error, "out of memory");
    const bool done = gr_weights_read(copying->from, copying->renaming->origins[index].from, bytes, error);
    if (done) gr_rename_elements(copying->renaming, index, bytes, dense);
    if (done) gr_stored_swap(dense, size, count);
    free(bytes);
    return done;
}

static bool print_tensor(const gr_weights *weights, const gr_stored_tensor *tensor, gr_error *error) {
    const size_t count = (size_t)tensor->count;
    uint8_t *bytes = malloc(count * gr_stored_size(tensor->type) + 1);
    double *values = malloc((count + 1) * sizeof *values);
    const bool done =
        bytes && values ? gr_weights_read(weights, tensor, bytes, error) : gr_fail(error, "out of memory");
    if (done) {
        gr_stored_decode(tensor->type, bytes, count, values);
        printf("%s %s", tensor->name, gr_stored_name(tensor->type));
        print_bits(values, count);
        printf("\n");
    }
    free(bytes);
    free(values);
    return done;
}

static bool print_weights(const char *name, gr_error *error) {
    gr_weights *weights = gr_weights_open(name, error);
    size_t count = 0;
    const gr_stored_tensor *tensors = weights ? gr_weights_tensors(weights, &count) : NULL;
    bool done = weights != NULL;
    for (size_t i = 0; done && i < count; i++)
        done = print_tensor(weights, &tensors[i], error);
    gr_weights_close(weights);
    return done;
}

static bool copy_weights(const char *name, const char *copy, gr_error *error) {
    gr_weights *weights = gr_weights_open(name, error);
    gr_renaming renaming;
    size_t count = 0;
    const gr_stored_tensor *tensors = weights ? gr_weights_tensors(weights, &count) : NULL;
    bool done = weights && gr_rename("turn.map", tensors, count, &renaming, error);
    if (done) {
        Copying copying = {weights, &renaming};
        done = gr_weights_write(copy, renaming.tensors, renaming.count, NULL, 0, give_tensor, &copying, error);
        gr_renaming_free(&renaming);
    }
    gr_weights_close(weights);
    return done;
}

static bool ends_in(const char *name, const char *end) {
    return strlen(name) > strlen(end) && strcmp(name + strlen(name) - strlen(end), end) == 0;
}

static void dump_weights(const char *name) {
    const char *copy = ends_in(name, ".npz") ? "copy.npz" : "copy.safetensors";
    gr_error error;
    if (!print_weights(name, &error) || !copy_weights(name, copy, &error) || !print_weights(copy, &error))
        printf("%s\n", error.text);
}

int main(int count, char **names) {
    uint64_t order[100];
    for (int i = 1; i < count; i++) {
        (ends_in(names[i], ".npz") || ends_in(names[i], ".safetensors") ? dump_weights : print_file)(names[i]);
    }
    gr_shuffle(7, 3, order, 100);
    for (int i = 0; i < 100; i++) {
        printf("%" PRIu64 " ", order[i]);
    }
    printf("\n");
    return 0;
}
