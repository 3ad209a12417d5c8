#include "runtime/host/safetensors.h"

#include "runtime/host/replace.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Text that grows; `failed` once memory is out. */
typedef struct gr_text {
    char *text;
    size_t size, room;
    bool failed;
} gr_text;

static void put(gr_text *out, const char *text, size_t size) {
    if (out->failed) return;
    if (out->room - out->size < size) {
        const size_t room = 2 * (out->room + size) + 256;
        char *larger = realloc(out->text, room);
        if (!larger) {
            out->failed = true;
            return;
        }
        out->text = larger;
        out->room = room;
    }
    memcpy(out->text + out->size, text, size);
    out->size += size;
}

static void put_text(gr_text *out, const char *text) {
    put(out, text, strlen(text));
}

static void put_number(gr_text *out, uint64_t number) {
    char digits[24];
    put(out, digits, (size_t)snprintf(digits, sizeof digits, "%llu", (unsigned long long)number));
}

static void put_string(gr_text *out, const char *text) {
    static const char controls[] = "\b\f\n\r\t";
    put_text(out, "\"");
    for (; *text; text++) {
        char escape[8];
        if (*text == '"' || *text == '\\') {
            put(out, "\\", 1);
            put(out, text, 1);
        } else if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            const char *place = strchr(controls, *text);
            if (place) {
                snprintf(escape, sizeof escape, "\\%c", "bfnrt"[place - controls]);
            } else {
                snprintf(escape, sizeof escape, "\\u%04x", (unsigned)(unsigned char)*text);
            }
            put_text(out, escape);
        } else {
            put(out, text, 1);
        }
    }
    put_text(out, "\"");
}

static uint64_t elements(const gr_stored_tensor *tensor) {
    uint64_t count = 1;
    for (int axis = 0; axis < tensor->rank; axis++)
        count *= tensor->shape[axis];
    return count;
}

static void put_tensor(gr_text *out, const gr_stored_tensor *tensor, uint64_t begin, uint64_t end) {
    put_string(out, tensor->name);
    put_text(out, ":{\"dtype\":\"");
    put_text(out, gr_stored_name(tensor->type));
    put_text(out, "\",\"shape\":[");
    for (int axis = 0; axis < tensor->rank; axis++) {
        if (axis > 0) put_text(out, ",");
        put_number(out, tensor->shape[axis]);
    }
    put_text(out, "],\"data_offsets\":[");
    put_number(out, begin);
    put_text(out, ",");
    put_number(out, end);
    put_text(out, "]}");
}

/* Length and header, padded with blanks so that the data begin at a multiple of 8. */
static gr_text make_header(const gr_stored_tensor *tensors, size_t count, const gr_metadata *metadata,
                           size_t metadata_count) {
    gr_text out = {0};
    const char *separator = "";
    uint64_t place = 0;
    put(&out, "\0\0\0\0\0\0\0\0{", 9);
    if (metadata_count > 0) {
        put_text(&out, "\"__metadata__\":{");
        for (size_t i = 0; i < metadata_count; i++) {
            put_text(&out, i > 0 ? "," : "");
            put_string(&out, metadata[i].key);
            put_text(&out, ":");
            put_string(&out, metadata[i].value);
        }
        put_text(&out, "}");
        separator = ",";
    }
    for (size_t i = 0; i < count; i++, separator = ",") {
        const uint64_t size = elements(&tensors[i]) * gr_stored_size(tensors[i].type);
        put_text(&out, separator);
        put_tensor(&out, &tensors[i], place, place + size);
        place += size;
    }
    put_text(&out, "}");
    while (!out.failed && out.size % 8 != 0)
        put_text(&out, " ");
    for (int i = 0; !out.failed && i < 8; i++)
        out.text[i] = (char)(((uint64_t)out.size - 8) >> (8 * i) & 255);
    return out;
}

static bool write_data(gr_replacement *file, const gr_stored_tensor *tensors, size_t count, gr_tensor_source *source,
                       void *context, const char *path, gr_error *error) {
    uint64_t largest = 1;
    bool done = true;
    for (size_t i = 0; i < count; i++) {
        const uint64_t size = elements(&tensors[i]) * gr_stored_size(tensors[i].type);
        largest = size > largest ? size : largest;
    }
    void *dense = largest <= SIZE_MAX ? malloc((size_t)largest) : NULL;
    if (!dense) return gr_fail(error, "%s: out of memory", path);
    for (size_t i = 0; done && i < count; i++) {
        const size_t number = (size_t)elements(&tensors[i]), size = gr_stored_size(tensors[i].type);
        done = source(context, i, dense, error);
        if (!done) break;
        gr_stored_swap(dense, size, number);
        done = gr_replace_write(file, dense, number * size, error);
    }
    free(dense);
    return done;
}

bool gr_safetensors_write(const char *path, const gr_stored_tensor *tensors, size_t count, const gr_metadata *metadata,
                          size_t metadata_count, gr_tensor_source *source, void *context, gr_error *error) {
    gr_text header = make_header(tensors, count, metadata, metadata_count);
    gr_replacement *file = NULL;
    bool done = false;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(tensors[i].name, "__metadata__") != 0) continue;
        free(header.text);
        return gr_fail(error, "%s: no tensor of a safetensors file can be called '__metadata__'", path);
    }
    if (header.failed) {
        gr_fail(error, "%s: out of memory", path);
    } else if (header.size - 8 > GR_SAFETENSORS_MAX_HEADER) {
        gr_fail(error, "%s: its header would have %zu bytes; readers take %d", path, header.size - 8,
                GR_SAFETENSORS_MAX_HEADER);
    } else {
        file = gr_replace_begin(path, error);
    }
    if (file && gr_replace_write(file, header.text, header.size, error) &&
        write_data(file, tensors, count, source, context, path, error)) {
        done = gr_replace_commit(file, error);
    } else if (file) {
        gr_replace_cancel(file);
    }
    free(header.text);
    return done;
}
