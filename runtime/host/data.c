#include "runtime/host/data.h"
#include "runtime/host/convert.h"
#include "runtime/host/csv.h"
#include "runtime/host/idx.h"
#include "runtime/host/npy.h"
#include "runtime/host/source.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct gr_data {
    gr_source source; /* holds the elements, unless `table` does */
    double *table;    /* of a CSV, else NULL; owned */
    gr_array array;
    const char *columns; /* of a CSV, behind the name, or NULL: all */
    char name[];         /* as given; then, behind its end, the columns */
};

/* ---- arrays with a header */

typedef struct gr_format {
    const char *name;
    bool (*header_size)(const uint8_t *bytes, size_t size, const char *file, uint64_t *needed, gr_error *error);
    bool (*read_header)(const uint8_t *bytes, size_t size, const char *file, gr_array *array, gr_error *error);
} gr_format;

static const gr_format npy = {".npy", gr_npy_header_size, gr_npy_read_header};
static const gr_format idx = {"IDX", gr_idx_header_size, gr_idx_read_header};

static bool is_gzip(const gr_source *source) {
    return source->size >= 2 && source->bytes[0] == 0x1f && source->bytes[1] == 0x8b;
}

static bool read_header(gr_source *source, const gr_format *format, gr_array *array, gr_error *error) {
    uint64_t needed = 1;
    do {
        if (!gr_source_need(source, needed, error)) return false;
        if (source->size == 0) return gr_fail(error, "%s: is empty", source->path);
        if (source->size < needed) {
            return gr_fail(error, "%s: is cut short: it ends within its %s header", source->path, format->name);
        }
        if (!format->header_size(source->bytes, source->size, source->path, &needed, error)) return false;
    } while (needed > source->size);
    return format->read_header(source->bytes, (size_t)needed, source->path, array, error);
}

static bool read_array(gr_source *source, const gr_format *format, gr_array *array, gr_error *error) {
    char shape[256];
    if (!read_header(source, format, array, error)) return false;
    const uint64_t end = gr_array_end(array);
    if (!gr_source_need(source, end + 1, error)) return false; /* one more, to see whether it ends there */
    if (source->size == end) return true;
    gr_array_write_shape(array, shape, sizeof shape);
    if (source->size < end) {
        return gr_fail(error, "%s: is cut short: %s of %s takes %llu bytes, it has %zu", source->path, shape,
                       gr_element_name(array->element), (unsigned long long)end, source->size);
    }
    return gr_fail(error, "%s: goes on behind the %llu bytes that %s of %s takes", source->path,
                   (unsigned long long)end, shape, gr_element_name(array->element));
}

/* ---- the other formats */

static bool read_table(gr_data *data, gr_error *error) {
    gr_table table;
    if (!gr_source_need(&data->source, UINT64_MAX, error)) return false;
    const char *text = (const char *)data->source.bytes;
    if (!gr_csv_read(text, data->source.size, data->columns, data->source.path, &table, error)) return false;
    const bool changed = !gr_source_check(&data->source, error);
    const uint16_t one = 1;
    uint8_t first;
    memcpy(&first, &one, 1);
    data->table = table.values;
    data->array = (gr_array){.element = GR_ELEMENT_FLOAT64,
                             .big_endian = first == 0,
                             .rank = table.columns == 1 ? 1 : 2,
                             .shape = {table.rows, table.columns}};
    gr_source_close(&data->source); /* `name` keeps the path */
    return !changed && gr_array_measure(&data->array, data->name, error);
}

static bool read_text(gr_data *data, gr_error *error) {
    if (!gr_source_need(&data->source, UINT64_MAX, error)) return false;
    if (data->source.size == 0) return gr_fail(error, "%s: is empty", data->source.path);
    data->array = (gr_array){.element = GR_ELEMENT_UINT8, .rank = 1, .shape = {data->source.size}};
    return gr_array_measure(&data->array, data->name, error);
}

/* A name that says nothing: the first bytes do. */
static bool read_unnamed(gr_data *data, gr_error *error) {
    gr_source *source = &data->source;
    if (!gr_source_need(source, GR_NPY_MAGIC_SIZE, error)) return false;
    if (gr_npy_is(source->bytes, source->size)) return read_array(source, &npy, &data->array, error);
    if (source->size >= 4 && memcmp(source->bytes, "PK\3\4", 4) == 0) {
        return gr_fail(error, "%s: is a zip archive; save each array as a .npy of its own", source->path);
    }
    if (source->size > 0 && source->bytes[0] != 0) {
        return gr_fail(error, "%s: is neither IDX nor .npy, and its name ends in none of .npy, .csv and .txt",
                       source->path);
    }
    return read_array(source, &idx, &data->array, error);
}

/* ---- names */

static bool has_ending(const char *name, size_t length, const char *ending) {
    const size_t tail = strlen(ending);
    return length >= tail && strncasecmp(name + length - tail, ending, tail) == 0;
}

/* Where "FILE.csv:COLUMNS" has its ':', or NULL. */
static const char *find_columns(const char *name) {
    for (const char *colon = strchr(name, ':'); colon != NULL; colon = strchr(colon + 1, ':')) {
        const size_t length = (size_t)(colon - name);
        if (has_ending(name, length, ".csv") || has_ending(name, length, ".csv.gz")) return colon;
    }
    return NULL;
}

static gr_data *new_data(const char *file) {
    const size_t length = strlen(file);
    const char *colon = find_columns(file);
    gr_data *data = calloc(1, sizeof *data + length + 1);
    if (data == NULL) return NULL;
    memcpy(data->name, file, length + 1);
    data->source.file = -1;
    if (colon != NULL) {
        data->name[colon - file] = 0;
        data->columns = data->name + (colon - file) + 1;
    }
    return data;
}

static bool read_data(gr_data *data, gr_error *error) {
    const char *name = data->name;
    size_t length = strlen(name);
    const bool gzipped = has_ending(name, length, ".gz");
    if (gzipped) length -= 3;
    if (length == 0) return gr_fail(error, "a data file has an empty name");
    if (!gr_source_open(&data->source, name, gzipped, error)) return false;
    if (!gzipped) {
        if (!gr_source_need(&data->source, 2, error)) return false;
        if (is_gzip(&data->source)) return gr_fail(error, "%s: is gzipped; give it a name that ends in .gz", name);
    }
    if (has_ending(name, length, ".csv")) return read_table(data, error);
    if (has_ending(name, length, ".txt")) return read_text(data, error);
    if (strcmp(name, "-") == 0 || has_ending(name, length, ".npy")) {
        return read_array(&data->source, &npy, &data->array, error);
    }
    return read_unnamed(data, error);
}

gr_data *gr_data_open(const char *file, gr_error *error) {
    gr_data *data = new_data(file);
    if (data == NULL) {
        gr_fail(error, "%s: memory is exhausted", file);
        return NULL;
    }
    if (!read_data(data, error)) {
        gr_data_close(data);
        return NULL;
    }
    gr_source_finish(&data->source);
    return data;
}

void gr_data_close(gr_data *data) {
    if (data == NULL) return;
    gr_source_close(&data->source);
    free(data->table);
    free(data);
}

/* ---- what was found */

const char *gr_data_name(const gr_data *data) {
    return strcmp(data->name, "-") == 0 ? "standard input" : data->name;
}

const gr_array *gr_data_array(const gr_data *data) {
    return &data->array;
}

bool gr_data_has_rows(const gr_data *data) {
    return data->array.rank > 0;
}

uint64_t gr_data_rows(const gr_data *data) {
    return data->array.rank > 0 ? data->array.shape[0] : 1;
}

uint64_t gr_data_row_size(const gr_data *data) {
    return gr_array_row_size(&data->array);
}

char *gr_data_describe(const gr_data *data, char *text, size_t size) {
    char shape[256];
    gr_array_write_shape(&data->array, shape, sizeof shape);
    snprintf(text, size, "%s of %s", shape, gr_element_name(data->array.element));
    return text;
}

/* ---- copies */

static bool fail_misfit(const gr_data *data, uint64_t row, gr_misfit misfit, int type, gr_error *error) {
    char place[64] = "";
    if (data->array.rank > 1) {
        snprintf(place, sizeof place, ", %s %llu", data->array.rank == 2 ? "column" : "element",
                 (unsigned long long)misfit.element);
    }
    return gr_fail(error, "%s: row %llu%s (from 0): %.9g does not fit; the input takes %s", gr_data_name(data),
                   (unsigned long long)row, place, misfit.value, gr_convert_range(type));
}

bool gr_data_copy(const gr_data *data, const uint64_t *rows, size_t count, int type, void *out, gr_error *error) {
    const uint8_t *elements =
        data->table != NULL ? (const uint8_t *)data->table : data->source.bytes + data->array.offset;
    const size_t row_bytes = (size_t)gr_data_row_size(data) * gr_type_size(type);
    const uint64_t available = gr_data_rows(data);
    gr_misfit misfit;
    if (!gr_source_check(&data->source, error)) return false;
    for (size_t i = 0; i < count; i++) {
        if (rows[i] >= available) {
            return gr_fail(error, "%s: has %llu rows; there is no row %llu, counted from 0", gr_data_name(data),
                           (unsigned long long)available, (unsigned long long)rows[i]);
        }
        if (!gr_convert_row(&data->array, elements, rows[i], type, (uint8_t *)out + i * row_bytes, &misfit)) {
            return fail_misfit(data, rows[i], misfit, type, error);
        }
    }
    return true;
}

static void say_and_exit(int number) {
    static const char text[] = "a mapped data file was cut short, or its disk failed, while it was read\n";
    (void)number;
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0) _exit(3);
    _exit(3);
}

void gr_data_guard(void) {
    struct sigaction action = {.sa_handler = say_and_exit};
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
}
