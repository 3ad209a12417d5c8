/* Two models that differ only in their names are called with the same numbers through their tables: everything that they
 * read and write must be the same, bit by bit. */
#include "odd.h"
#include "plain.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 4096 };

/* One of the two, with what it is called with. */
typedef struct Twin {
    const gr_model *description;
    void *model, *trainer;
    gr_work work;
    int sizes[MOST];
    void *arguments[MOST];
} Twin;

static void stop(const char *why, const char *which) {
    fprintf(stderr, "%s: %s\n", which, why);
    exit(EXIT_FAILURE);
}

static void *zeroed(size_t size) {
    void *memory = calloc(1, size + 1);
    if (!memory) stop("no memory", "twins");
    return memory;
}

static double number(size_t i) {
    return (double)(i * 2654435761U % 1000) / 1000 - 0.5;
}

static void fill(void *at, int type, size_t count, size_t salt) {
    for (size_t i = 0; i < count; i++) {
        if (type == GR_FLOAT) ((float *)at)[i] = (float)number(i + salt);
        if (type == GR_DOUBLE) ((double *)at)[i] = number(i + salt);
        if (type == GR_INT32) ((int32_t *)at)[i] = 0;
    }
}

static void open_twin(Twin *twin, const gr_model *description) {
    twin->description = description;
    twin->model = zeroed(description->model_size);
    twin->trainer = zeroed(description->trainer_size);
    if (description->init && description->init(twin->model, twin->trainer, 1) != GR_OK) stop("init", description->name);
    for (int t = 0; t < description->tensor_count; t++) {
        const gr_tensor *tensor = &description->tensors[t];
        size_t count = gr_elements(tensor);
        void *dense = zeroed(count * gr_type_size(tensor->type));
        if (gr_find(description, tensor->name) != tensor) stop("a name is not found, or another's", tensor->name);
        if (tensor->kind != GR_PARAM && tensor->kind != GR_STATE) continue;
        fill(dense, tensor->type, count, (size_t)t);
        gr_write(tensor, twin->model, twin->trainer, dense);
        free(dense);
    }
}

static size_t argument_size(const Twin *twin, const gr_argument *argument) {
    return (size_t)gr_argument_elements(argument, twin->sizes) * gr_type_size(argument->type);
}

static void call(Twin *twin, const gr_entry *entry) {
    if (entry->argument_count > MOST) stop("too many arguments", entry->name);
    twin->work.scratch_size = entry->scratch + entry->scratch_per_thread;
    twin->work.scratch = zeroed(twin->work.scratch_size);
    for (int s = 0; s < entry->size_count; s++)
        twin->sizes[s] = twin->description->sizes[entry->sizes[s]].high;
    for (int a = 0; a < entry->argument_count; a++) {
        const gr_argument *argument = &entry->arguments[a];
        twin->arguments[a] = zeroed(argument_size(twin, argument));
        if (argument->role != GR_OUTPUT)
            fill(twin->arguments[a], argument->type, (size_t)gr_argument_elements(argument, twin->sizes), (size_t)a);
    }
    if (gr_find_entry(twin->description, entry->name) != entry) stop("a name is not found, or another's", entry->name);
    int status = entry->run(twin->model, twin->trainer, &twin->work, twin->sizes, twin->arguments);
    if (status != GR_OK) stop(gr_message(status), entry->name);
}

static int differ(const char *what, const char *name, const void *a, const void *b, size_t size) {
    if (memcmp(a, b, size) == 0) return 0;
    fprintf(stderr, "%s %s differs\n", what, name);
    return 1;
}

int main(void) {
    static Twin twins[2];
    Twin *first = &twins[0], *second = &twins[1];
    open_twin(first, &odd_model);
    open_twin(second, &plain_model);
    if (odd_model.tensor_count != plain_model.tensor_count || odd_model.entry_count != plain_model.entry_count)
        stop("other counts", "odd");
    int failures = 0, moved = 0;
    for (int e = 0; e < odd_model.entry_count; e++) {
        const gr_entry *entry = &odd_model.entries[e];
        call(first, entry);
        call(second, &plain_model.entries[e]);
        for (int a = 0; a < entry->argument_count; a++) {
            const gr_argument *argument = &entry->arguments[a];
            const unsigned char *bytes = first->arguments[a];
            size_t size = argument_size(first, argument);
            failures += differ("argument", argument->name, first->arguments[a], second->arguments[a], size);
            for (size_t i = 0; argument->role == GR_OUTPUT && i < size; i++)
                moved |= bytes[i];
            free(first->arguments[a]);
            free(second->arguments[a]);
        }
        free(first->work.scratch);
        free(second->work.scratch);
    }
    failures += differ("the struct of", "odd", first->model, second->model, odd_model.model_size);
    failures += differ("the trainer of", "odd", first->trainer, second->trainer, odd_model.trainer_size);
    if (!moved) stop("nothing was computed", "odd");
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
