#include "runtime/host/result.h"
#include "runtime/host/npy.h"
#include "runtime/host/output.h"
#include "runtime/host/png.h"
#include "runtime/host/replace.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How results are written; the ending of the file's name tells. */
typedef struct gr_form {
    const char *ending;
    bool (*begin)(gr_result *result, gr_error *error);
    bool (*write)(gr_result *result, const void *values, size_t size, gr_error *error);
} gr_form;

struct gr_result {
    const gr_form *form;
    const gr_feed *feed;
    int argument;
    char *path;
    gr_array shape;       /* of the whole */
    gr_replacement *file; /* all but .png */
    bool is_stdout;
    uint64_t columns;     /* .csv: numbers in a line */
    uint64_t written;     /* .csv: numbers so far */
    unsigned char *image; /* .png: all of it, which is drawn at the end */
    size_t filled;        /* bytes of image */
};

static bool ends_with(const char *text, const char *end) {
    const size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

static enum gr_element element_of(int type) {
    static const enum gr_element elements[] = {
        [GR_FLOAT] = GR_ELEMENT_FLOAT32, [GR_DOUBLE] = GR_ELEMENT_FLOAT64, [GR_INT32] = GR_ELEMENT_INT32,
        [GR_BOOL] = GR_ELEMENT_BOOL,     [GR_BYTE] = GR_ELEMENT_UINT8,     [GR_UINT64] = GR_ELEMENT_UINT64};
    return elements[type];
}

static bool is_big_endian(void) {
    const uint16_t one = 1;
    return *(const unsigned char *)&one == 0;
}

/* The output's own shape; its first axis counts all rows, or one is put before it where several calls are stacked. */
static bool measure(gr_result *result, uint64_t calls, uint64_t rows, gr_error *error) {
    const gr_argument *argument = &result->feed->entry->arguments[result->argument];
    const bool by_rows = result->feed->arguments[result->argument].feeding == GR_FEED_RESULT_ROWS;
    gr_array *shape = &result->shape;
    *shape = (gr_array){.element = element_of(argument->type), .big_endian = is_big_endian()};
    if (argument->rank + 1 > GR_ARRAY_MAX_RANK) return gr_fail(error, "%s: too many axes", result->path);
    if (!by_rows && calls > 1) shape->shape[shape->rank++] = calls;
    for (int a = 0; a < argument->rank; a++)
        shape->shape[shape->rank++] =
            a == 0 && by_rows ? rows : (uint64_t)gr_dim_value(&argument->shape[a], result->feed->sizes);
    return gr_array_measure(shape, result->path, error);
}

static bool write_bytes(gr_result *result, const void *bytes, size_t size, gr_error *error) {
    if (result->is_stdout)
        return gr_write_fully(STDOUT_FILENO, bytes, size) || gr_fail(error, "standard output: cannot write");
    return gr_replace_write(result->file, bytes, size, error);
}

static bool begin_npy(gr_result *result, gr_error *error) {
    unsigned char header[1024];
    const size_t size = gr_npy_write_header(&result->shape, header, sizeof header);
    if (!result->is_stdout) result->file = gr_replace_begin(result->path, error);
    return (result->is_stdout || result->file != NULL) && write_bytes(result, header, size, error);
}

/* A .txt is its bytes and nothing else, as where it is read. */
static bool begin_text(gr_result *result, gr_error *error) {
    const enum gr_element element = result->shape.element;
    if (element != GR_ELEMENT_INT32 && element != GR_ELEMENT_UINT8)
        return gr_fail(error, "%s: a .txt is written of ints, 0 to 255", result->path);
    result->file = gr_replace_begin(result->path, error);
    return result->file != NULL;
}

static bool write_text(gr_result *result, const void *values, size_t size, gr_error *error) {
    unsigned char bytes[4096];
    const int32_t *ints = values;
    if (result->shape.element == GR_ELEMENT_UINT8) return write_bytes(result, values, size, error);
    for (size_t at = 0, count = size / sizeof *ints; at < count;) {
        size_t filled = 0;
        for (; filled < sizeof bytes && at < count; at++) {
            if (ints[at] < 0 || ints[at] > 255) return gr_fail(error, "%s: %d is no byte", result->path, (int)ints[at]);
            bytes[filled++] = (unsigned char)ints[at];
        }
        if (!write_bytes(result, bytes, filled, error)) return false;
    }
    return true;
}

/* A line for each position on the first axis, as NumPy's savetxt has it. */
static bool begin_table(gr_result *result, gr_error *error) {
    result->columns = 1;
    for (int a = 1; a < result->shape.rank; a++)
        result->columns *= result->shape.shape[a];
    result->file = gr_replace_begin(result->path, error);
    return result->file != NULL;
}

static void say_number(gr_text *text, enum gr_element element, const void *values, size_t at) {
    switch (element) {
    case GR_ELEMENT_FLOAT32: gr_text_number(text, (double)((const float *)values)[at], 9); break;
    case GR_ELEMENT_FLOAT64: gr_text_number(text, ((const double *)values)[at], 17); break;
    case GR_ELEMENT_INT32: gr_text_write(text, "%d", (int)((const int32_t *)values)[at]); break;
    case GR_ELEMENT_UINT64: gr_text_write(text, "%llu", (unsigned long long)((const uint64_t *)values)[at]); break;
    default: gr_text_write(text, "%d", ((const uint8_t *)values)[at]); break; /* bool and byte */
    }
}

static bool write_table(gr_result *result, const void *values, size_t size, gr_error *error) {
    gr_text text = {0};
    for (size_t n = 0, count = size / gr_element_size(result->shape.element); n < count; n++) {
        say_number(&text, result->shape.element, values, n);
        gr_text_write(&text, ++result->written % result->columns == 0 ? "\n" : ",");
    }
    const bool done = text.failed ? gr_fail(error, "%s: out of memory", result->path)
                                  : write_bytes(result, text.bytes, text.length, error);
    gr_text_free(&text);
    return done;
}

static bool begin_image(gr_result *result, gr_error *error) {
    const size_t bytes = (size_t)(result->shape.count * gr_element_size(result->shape.element));
    result->image = malloc(bytes + 1);
    return result->image != NULL || gr_fail(error, "%s: out of memory", result->path);
}

static bool keep_image(gr_result *result, const void *values, size_t size, gr_error *error) {
    (void)error;
    memcpy(result->image + result->filled, values, size);
    result->filled += size;
    return true;
}

static const gr_form forms[] = {{".npy", begin_npy, write_bytes},
                                {".csv", begin_table, write_table},
                                {".png", begin_image, keep_image},
                                {".txt", begin_text, write_text}};

static const gr_form *form_of(const char *file) {
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++)
        if (ends_with(file, forms[f].ending)) return &forms[f];
    return strcmp(file, "-") == 0 ? &forms[0] : NULL;
}

gr_result *gr_result_begin(const char *file, const gr_feed *feed, int argument, uint64_t calls, uint64_t rows,
                           gr_error *error) {
    gr_result *result = calloc(1, sizeof *result);
    char *path = malloc(strlen(file) + 1);
    if (result == NULL || path == NULL) {
        gr_fail(error, "out of memory");
        free(result);
        free(path);
        return NULL;
    }
    strcpy(path, file);
    *result = (gr_result){.feed = feed, .argument = argument, .path = path, .is_stdout = strcmp(file, "-") == 0};
    result->form = form_of(file);
    if (result->form == NULL)
        gr_fail(error, "%s: results are written as .npy, .csv, .png or .txt", file);
    else if (measure(result, calls, rows, error) && result->form->begin(result, error))
        return result;
    gr_result_cancel(result);
    return NULL;
}

bool gr_result_add(gr_result *result, int rows, gr_error *error) {
    const gr_argument_feed *own = &result->feed->arguments[result->argument];
    const size_t bytes = own->feeding == GR_FEED_RESULT_ROWS ? (size_t)rows * own->bytes : own->bytes;
    return result->form->write(result, result->feed->buffers[result->argument], bytes, error);
}

bool gr_result_commit(gr_result *result, gr_error *error) {
    bool done = true;
    if (result->image != NULL) done = gr_png_write(result->path, &result->shape, result->image, error);
    if (result->file != NULL) done = gr_replace_commit(result->file, error);
    result->file = NULL;
    gr_result_cancel(result);
    return done;
}

void gr_result_cancel(gr_result *result) {
    if (result == NULL) return;
    if (result->file != NULL) gr_replace_cancel(result->file);
    free(result->image);
    free(result->path);
    free(result);
}
