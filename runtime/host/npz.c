#include "runtime/host/npz.h"

#include "runtime/host/npy.h"
#include "runtime/host/zip.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gr_npz {
    char *path;
    gr_zip *zip;
    const gr_zip_member *members;
    gr_stored_tensor *tensors; /* [count], of the member at the same place */
    gr_array *arrays;          /* [count] */
    char **names;              /* [count] */
    size_t count;
};

/* ---- types: those that both formats have */

static const struct {
    enum gr_stored stored;
    enum gr_element element;
} types[] = {
    {GR_STORED_BOOL, GR_ELEMENT_BOOL},  {GR_STORED_U8, GR_ELEMENT_UINT8},  {GR_STORED_I8, GR_ELEMENT_INT8},
    {GR_STORED_U16, GR_ELEMENT_UINT16}, {GR_STORED_I16, GR_ELEMENT_INT16}, {GR_STORED_F16, GR_ELEMENT_FLOAT16},
    {GR_STORED_U32, GR_ELEMENT_UINT32}, {GR_STORED_I32, GR_ELEMENT_INT32}, {GR_STORED_F32, GR_ELEMENT_FLOAT32},
    {GR_STORED_U64, GR_ELEMENT_UINT64}, {GR_STORED_I64, GR_ELEMENT_INT64}, {GR_STORED_F64, GR_ELEMENT_FLOAT64},
};
enum { TYPE_COUNT = sizeof types / sizeof *types };

static enum gr_stored stored_type(enum gr_element element) {
    int t = 0;
    while (types[t].element != element)
        t++;
    return types[t].stored;
}

/* False where NumPy lacks the type. */
static bool element_of(enum gr_stored type, enum gr_element *element) {
    *element = GR_ELEMENT_FLOAT32;
    for (int t = 0; t < TYPE_COUNT; t++) {
        if (types[t].stored == type) {
            *element = types[t].element;
            return true;
        }
    }
    return false;
}

/* ---- reading */

/* The array's header: its first bytes tell how many there are. */
static bool read_header(const gr_npz *file, const gr_zip_member *member, const char *where, gr_array *array,
                        gr_error *error) {
    uint8_t first[12], *bytes;
    uint64_t needed = 0;
    const size_t begin = member->size < sizeof first ? (size_t)member->size : sizeof first;
    if (!gr_zip_read(file->zip, member, first, begin, error) ||
        !gr_npy_header_size(first, begin, where, &needed, error))
        return false;
    if (needed > member->size) return gr_fail(error, "%s: ends in its header", where);
    bytes = malloc((size_t)needed);
    if (!bytes) return gr_fail(error, "%s: out of memory", where);
    const bool done = gr_zip_read(file->zip, member, bytes, (size_t)needed, error) &&
                      gr_npy_read_header(bytes, (size_t)needed, where, array, error);
    free(bytes);
    if (!done) return false;
    return gr_array_end(array) == member->size ||
           gr_fail(error, "%s: has %llu bytes, its header promises %llu", where, (unsigned long long)member->size,
                   (unsigned long long)gr_array_end(array));
}

static bool read_member(gr_npz *file, size_t m, gr_error *error) {
    const gr_zip_member *member = &file->members[m];
    const size_t length = strlen(member->name);
    char where[600];
    if (length < 4 || strcmp(member->name + length - 4, ".npy") != 0)
        return gr_fail(error, "%s: holds '%.100s', which is no array: its name does not end in .npy", file->path,
                       member->name);
    file->names[m] = strdup(member->name);
    if (!file->names[m]) return gr_fail(error, "%s: out of memory", file->path);
    file->names[m][length - 4] = 0;
    snprintf(where, sizeof where, "%.400s: '%.100s'", file->path, file->names[m]);
    gr_array *array = &file->arrays[m];
    if (!read_header(file, member, where, array, error)) return false;
    file->tensors[m] = (gr_stored_tensor){.name = file->names[m],
                                          .type = stored_type(array->element),
                                          .rank = array->rank,
                                          .shape = array->shape,
                                          .count = array->count};
    return true;
}

static bool load(gr_npz *file, gr_error *error) {
    file->zip = gr_zip_open(file->path, error);
    if (!file->zip) return false;
    file->members = gr_zip_members(file->zip, &file->count);
    file->tensors = malloc((file->count + 1) * sizeof *file->tensors);
    file->arrays = malloc((file->count + 1) * sizeof *file->arrays);
    file->names = calloc(file->count + 1, sizeof *file->names);
    if (!file->tensors || !file->arrays || !file->names) return gr_fail(error, "%s: out of memory", file->path);
    for (size_t m = 0; m < file->count; m++) {
        if (!read_member(file, m, error)) return false;
    }
    return true;
}

gr_npz *gr_npz_open(const char *path, gr_error *error) {
    gr_npz *file = calloc(1, sizeof *file);
    if (file) file->path = strdup(path);
    if (!file || !file->path) {
        free(file);
        gr_fail(error, "%s: out of memory", path);
        return NULL;
    }
    if (load(file, error)) return file;
    gr_npz_close(file);
    return NULL;
}

void gr_npz_close(gr_npz *file) {
    if (!file) return;
    for (size_t m = 0; file->names && m < file->count; m++)
        free(file->names[m]);
    free(file->names);
    free(file->arrays);
    free(file->tensors);
    gr_zip_close(file->zip);
    free(file->path);
    free(file);
}

const gr_stored_tensor *gr_npz_tensors(const gr_npz *file, size_t *count) {
    *count = file->count;
    return file->tensors;
}

/* Elements as they lie in the file into row-major, little-endian ones; true is 1. */
static void normalise(const gr_array *array, const uint8_t *from, uint8_t *out) {
    const size_t size = gr_element_size(array->element), count = (size_t)array->count;
    uint64_t strides[GR_ARRAY_MAX_RANK], stride = 1;
    for (int i = 0; i < array->rank; i++) {
        const int axis = array->fortran_order ? i : array->rank - 1 - i;
        strides[axis] = stride;
        stride *= array->shape[axis];
    }
    if (array->fortran_order && array->rank > 1)
        gr_array_gather(from, array->rank, array->shape, strides, size, out);
    else
        memcpy(out, from, count * size);
    for (size_t i = 0; array->big_endian && i < count; i++) {
        for (size_t low = 0, high = size - 1; low < high; low++, high--) {
            const uint8_t swapped = out[i * size + low];
            out[i * size + low] = out[i * size + high];
            out[i * size + high] = swapped;
        }
    }
    for (size_t i = 0; array->element == GR_ELEMENT_BOOL && i < count; i++)
        out[i] = out[i] != 0;
}

bool gr_npz_read(const gr_npz *file, const gr_stored_tensor *tensor, void *bytes, gr_error *error) {
    const size_t m = (size_t)(tensor - file->tensors);
    const gr_zip_member *member = &file->members[m];
    uint8_t *all = member->size < SIZE_MAX ? malloc((size_t)member->size + 1) : NULL;
    if (!all) return gr_fail(error, "%s: out of memory", file->path);
    const bool done = gr_zip_read(file->zip, member, all, (size_t)member->size, error);
    if (done) normalise(&file->arrays[m], all + file->arrays[m].offset, bytes);
    free(all);
    return done;
}

/* ---- writing */

typedef struct gr_npz_writing {
    gr_zip_writer *zip;
    const char *path;
    gr_tensor_source *source;
    void *context;
    gr_error *error;
} gr_npz_writing;

static bool describe(const gr_npz_writing *writing, const gr_stored_tensor *tensor, gr_array *array) {
    *array = (gr_array){.rank = tensor->rank};
    element_of(tensor->type, &array->element);
    for (int axis = 0; axis < tensor->rank; axis++)
        array->shape[axis] = tensor->shape[axis];
    return gr_array_measure(array, writing->path, writing->error);
}

/* Numbers of a type that NumPy lacks as float32, all little endian. */
static void widen(const gr_stored_tensor *tensor, const uint8_t *bytes, size_t count, uint8_t *out) {
    const size_t size = gr_stored_size(tensor->type);
    for (size_t i = 0; i < count; i++) {
        double value;
        gr_stored_decode(tensor->type, bytes + i * size, 1, &value);
        const float single = (float)value;
        memcpy(out + 4 * i, &single, 4);
    }
    gr_stored_swap(out, 4, count);
}

static bool add_array(const gr_npz_writing *writing, const gr_stored_tensor *tensor, const gr_array *array,
                      size_t index, uint8_t *bytes, uint8_t *wider) {
    enum gr_element element;
    uint8_t header[1536];
    const size_t count = (size_t)array->count, length = strlen(tensor->name);
    if (!writing->source(writing->context, index, bytes, writing->error)) return false;
    gr_stored_swap(bytes, gr_stored_size(tensor->type), count);
    const bool same = element_of(tensor->type, &element);
    if (!same) widen(tensor, bytes, count, wider);
    const size_t header_size = gr_npy_write_header(array, header, sizeof header);
    char *name = malloc(length + 5);
    if (!name) return gr_fail(writing->error, "%s: out of memory", writing->path);
    memcpy(name, tensor->name, length);
    memcpy(name + length, ".npy", 5);
    const bool done = gr_zip_add(writing->zip, name, header, header_size, same ? bytes : wider,
                                 count * gr_element_size(element), writing->error);
    free(name);
    return done;
}

static bool write_tensor(const gr_npz_writing *writing, const gr_stored_tensor *tensor, size_t index) {
    gr_array array;
    enum gr_element element;
    if (!describe(writing, tensor, &array)) return false;
    const size_t count = (size_t)array.count;
    uint8_t *bytes = malloc(count * gr_stored_size(tensor->type) + 1);
    uint8_t *wider = element_of(tensor->type, &element) ? NULL : malloc(4 * count + 1);
    bool done = bytes && (wider || element_of(tensor->type, &element));
    if (done)
        done = add_array(writing, tensor, &array, index, bytes, wider);
    else
        gr_fail(writing->error, "%s: out of memory", writing->path);
    free(bytes);
    free(wider);
    return done;
}

bool gr_npz_write(const char *path, const gr_stored_tensor *tensors, size_t count, gr_tensor_source *source,
                  void *context, gr_error *error) {
    gr_npz_writing writing = {gr_zip_begin(path, error), path, source, context, error};
    if (!writing.zip) return false;
    for (size_t i = 0; i < count; i++) {
        if (!write_tensor(&writing, &tensors[i], i)) {
            gr_zip_cancel(writing.zip);
            return false;
        }
    }
    return gr_zip_commit(writing.zip, error);
}
