/* Prints all numbers of the files that are named, bit for bit, and the order of a shuffled epoch: the same text on
 * every machine. */
#include "runtime/host/data.h"
#include "runtime/host/shuffle.h"

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

int main(int count, char **names) {
    uint64_t order[100];
    for (int i = 1; i < count; i++) {
        print_file(names[i]);
    }
    gr_shuffle(7, 3, order, 100);
    for (int i = 0; i < 100; i++) {
        printf("%" PRIu64 " ", order[i]);
    }
    printf("\n");
    return 0;
}
