#include "runtime/host/safetensors.h"

#include "runtime/host/file.h"
#include "runtime/host/json.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct gr_safetensors {
    char *path;
    int descriptor;
    char *header;                     /* [header_size + 1]; names and metadata are decoded in place */
    uint64_t header_size, data_size;  /* bytes */
    gr_stored_tensor *tensors;        /* [count], by place in the file */
    const gr_stored_tensor **by_name; /* [count] */
    uint64_t *shapes;                 /* of all tensors */
    gr_metadata *metadata;            /* [metadata_count] */
    size_t count, room, shape_count, shape_room, metadata_count, metadata_room;
};

/* ---- the header */

typedef struct gr_header {
    gr_json json;
    gr_safetensors *file;
} gr_header;

/* Room for one more. The arrays double, so that many tensors cost no more than a multiple of the header. */
static bool grow(gr_header *header, void **array, size_t *room, size_t count, size_t size) {
    if (count < *room) return true;
    const size_t wanted = *room ? 2 * *room : 16;
    void *larger = realloc(*array, wanted * size);
    if (!larger) return gr_fail(header->json.error, "%s: out of memory", header->json.path);
    *array = larger;
    *room = wanted;
    return true;
}

static const struct {
    const char *name;
    size_t size;
} types[] = {
    [GR_STORED_BOOL] = {"BOOL", 1},       [GR_STORED_U8] = {"U8", 1},           [GR_STORED_I8] = {"I8", 1},
    [GR_STORED_F8_E5M2] = {"F8_E5M2", 1}, [GR_STORED_F8_E4M3] = {"F8_E4M3", 1}, [GR_STORED_U16] = {"U16", 2},
    [GR_STORED_I16] = {"I16", 2},         [GR_STORED_F16] = {"F16", 2},         [GR_STORED_BF16] = {"BF16", 2},
    [GR_STORED_U32] = {"U32", 4},         [GR_STORED_I32] = {"I32", 4},         [GR_STORED_F32] = {"F32", 4},
    [GR_STORED_U64] = {"U64", 8},         [GR_STORED_I64] = {"I64", 8},         [GR_STORED_F64] = {"F64", 8},
};
#define TYPE_COUNT ((int)(sizeof types / sizeof types[0]))

size_t gr_stored_size(enum gr_stored type) {
    return types[type].size;
}

const char *gr_stored_name(enum gr_stored type) {
    return types[type].name;
}

static bool read_dtype(gr_header *header, gr_stored_tensor *tensor) {
    gr_json *json = &header->json;
    const char *name;
    if (!gr_json_string(json, &name, false)) return false;
    for (int type = 0; type < TYPE_COUNT; type++) {
        if (strcmp(name, types[type].name) == 0) {
            tensor->type = (enum gr_stored)type;
            return true;
        }
    }
    return gr_fail(json->error, "%s: '%.100s' is of type '%.40s', which is unknown", json->path, tensor->name, name);
}

static bool read_shape(gr_header *header, gr_stored_tensor *tensor) {
    gr_json *json = &header->json;
    gr_safetensors *file = header->file;
    bool more = true;
    if (!gr_json_expect(json, '[')) return false;
    if (gr_json_take(json, ']')) return true;
    while (more) {
        if (tensor->rank == GR_SAFETENSORS_MAX_RANK) return gr_json_bad(json, "a shape of more than 32 axes");
        if (!grow(header, (void **)&file->shapes, &file->shape_room, file->shape_count, sizeof *file->shapes) ||
            !gr_json_number(json, &file->shapes[file->shape_count]))
            return false;
        file->shape_count++;
        tensor->rank++;
        if (!gr_json_separator(json, ']', &more)) return false;
    }
    return true;
}

static bool read_offsets(gr_header *header, gr_stored_tensor *tensor) {
    gr_json *json = &header->json;
    return gr_json_expect(json, '[') && gr_json_number(json, &tensor->begin) && gr_json_expect(json, ',') &&
           gr_json_number(json, &tensor->end) && gr_json_expect(json, ']');
}

/* The product of the shape fits, and so many elements of this type are what the offsets enclose. */
static bool check_size(gr_header *header, gr_stored_tensor *tensor, const uint64_t *shape) {
    gr_json *json = &header->json;
    const uint64_t size = types[tensor->type].size;
    bool empty = false, fits = true;
    tensor->count = 1;
    for (int axis = 0; axis < tensor->rank; axis++)
        empty |= shape[axis] == 0;
    for (int axis = 0; axis < tensor->rank && !empty; axis++) {
        fits &= tensor->count <= UINT64_MAX / size / shape[axis];
        if (!fits) break;
        tensor->count *= shape[axis];
    }
    if (empty) tensor->count = 0;
    if (!fits || tensor->begin > tensor->end || tensor->end - tensor->begin != tensor->count * size) {
        return gr_fail(json->error, "%s: '%.100s' lies at bytes %llu to %llu, which is not what its shape and %s need",
                       json->path, tensor->name, (unsigned long long)tensor->begin, (unsigned long long)tensor->end,
                       types[tensor->type].name);
    }
    return true;
}

static bool read_tensor(gr_header *header, const char *name) {
    gr_json *json = &header->json;
    static const char *const keys[] = {"dtype", "shape", "data_offsets"};
    static bool (*const readers[])(gr_header *, gr_stored_tensor *) = {read_dtype, read_shape, read_offsets};
    gr_safetensors *file = header->file;
    gr_stored_tensor tensor = {.name = name};
    const size_t first = file->shape_count;
    bool seen[3] = {false, false, false}, more = true;
    if (!gr_json_expect(json, '{')) return false;
    while (more) {
        const char *key;
        int k = 0;
        if (!gr_json_string(json, &key, false) || !gr_json_expect(json, ':')) return false;
        while (k < 3 && strcmp(key, keys[k]) != 0)
            k++;
        if (k == 3 || seen[k]) {
            return gr_fail(json->error, "%s: '%.100s' has '%.40s'%s", file->path, name, key,
                           k == 3 ? ", which no tensor has" : " twice");
        }
        seen[k] = true;
        if (!readers[k](header, &tensor) || !gr_json_separator(json, '}', &more)) return false;
    }
    for (int k = 0; k < 3; k++) {
        if (!seen[k]) return gr_fail(json->error, "%s: '%.100s' lacks '%s'", file->path, name, keys[k]);
    }
    if (!check_size(header, &tensor, tensor.rank ? file->shapes + first : NULL)) return false;
    if (!grow(header, (void **)&file->tensors, &file->room, file->count, sizeof tensor)) return false;
    file->tensors[file->count++] = tensor;
    return true;
}

static bool read_metadata(gr_header *header) {
    gr_json *json = &header->json;
    gr_safetensors *file = header->file;
    bool more = true;
    if (file->metadata) return gr_json_bad(json, "'__metadata__' twice");
    if (!grow(header, (void **)&file->metadata, &file->metadata_room, 0, sizeof *file->metadata) ||
        !gr_json_expect(json, '{'))
        return false;
    if (gr_json_take(json, '}')) return true;
    while (more) {
        gr_metadata pair;
        if (!gr_json_string(json, &pair.key, true) || !gr_json_expect(json, ':') ||
            !gr_json_string(json, &pair.value, true) || !gr_json_separator(json, '}', &more) ||
            !grow(header, (void **)&file->metadata, &file->metadata_room, file->metadata_count, sizeof pair))
            return false;
        file->metadata[file->metadata_count++] = pair;
    }
    return true;
}

static bool read_header(gr_header *header) {
    gr_json *json = &header->json;
    bool more = true;
    if (json->at == json->end || *json->at != '{') return gr_json_bad(json, "'{' is missing");
    json->at++;
    if (gr_json_take(json, '}')) more = false;
    while (more) {
        const char *name;
        if (!gr_json_string(json, &name, false) || !gr_json_expect(json, ':')) return false;
        if (!(strcmp(name, "__metadata__") == 0 ? read_metadata(header) : read_tensor(header, name))) return false;
        if (!gr_json_separator(json, '}', &more)) return false;
    }
    gr_json_skip_blanks(json);
    return json->at == json->end || gr_json_bad(json, "more behind '}'");
}

/* ---- the whole */

static int compare_places(const void *a, const void *b) {
    const gr_stored_tensor *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end) return x->end < y->end ? -1 : 1;
    return x->shape < y->shape ? -1 : x->shape > y->shape;
}

static int compare_names(const void *a, const void *b) {
    return strcmp((*(const gr_stored_tensor *const *)a)->name, (*(const gr_stored_tensor *const *)b)->name);
}

static int compare_keys(const void *a, const void *b) {
    return strcmp(((const gr_metadata *)a)->key, ((const gr_metadata *)b)->key);
}

/* Points every tensor to its shape: the array of shapes no longer moves, and they lie in the order of reading. */
static void place_shapes(gr_safetensors *file) {
    size_t at = 0;
    for (size_t i = 0; i < file->count; i++) {
        file->tensors[i].shape = file->shapes ? file->shapes + at : NULL;
        at += (size_t)file->tensors[i].rank;
    }
}

/* The data is covered from its first byte to its last, once. */
static bool check_places(gr_safetensors *file, gr_error *error) {
    uint64_t end = 0;
    if (file->count > 1) qsort(file->tensors, file->count, sizeof *file->tensors, compare_places);
    for (size_t i = 0; i < file->count; i++) {
        const gr_stored_tensor *tensor = &file->tensors[i];
        if (tensor->begin != end) {
            return gr_fail(error, "%s: '%.100s' begins at byte %llu of the data; %s", file->path, tensor->name,
                           (unsigned long long)tensor->begin,
                           tensor->begin < end ? "it overlaps another tensor" : "there is a hole before it");
        }
        end = tensor->end;
    }
    if (end > file->data_size) {
        return gr_fail(error, "%s: is cut short: its tensors need %llu bytes of data, it has %llu", file->path,
                       (unsigned long long)end, (unsigned long long)file->data_size);
    }
    return end == file->data_size ||
           gr_fail(error, "%s: goes on behind the %llu bytes of its tensors", file->path, (unsigned long long)end);
}

static bool check_names(gr_safetensors *file, gr_error *error) {
    file->by_name = malloc((file->count + 1) * sizeof *file->by_name);
    if (!file->by_name) return gr_fail(error, "%s: out of memory", file->path);
    for (size_t i = 0; i < file->count; i++)
        file->by_name[i] = &file->tensors[i];
    qsort(file->by_name, file->count, sizeof *file->by_name, compare_names);
    for (size_t i = 1; i < file->count; i++) {
        if (compare_names(&file->by_name[i - 1], &file->by_name[i]) == 0)
            return gr_fail(error, "%s: has '%.100s' twice", file->path, file->by_name[i]->name);
    }
    if (file->metadata_count > 1) qsort(file->metadata, file->metadata_count, sizeof *file->metadata, compare_keys);
    for (size_t i = 1; i < file->metadata_count; i++) {
        if (compare_keys(&file->metadata[i - 1], &file->metadata[i]) == 0)
            return gr_fail(error, "%s: its metadata has '%.100s' twice", file->path, file->metadata[i].key);
    }
    return true;
}

static bool load(gr_safetensors *file, gr_error *error) {
    uint8_t length[8];
    uint64_t size;
    file->descriptor = gr_file_open(file->path, &size, error);
    if (file->descriptor < 0) return false;
    if (size < 8) return gr_fail(error, "%s: is cut short", file->path);
    if (!gr_file_read(file->descriptor, file->path, 0, length, sizeof length, error)) return false;
    for (int i = 0; i < 8; i++)
        file->header_size |= (uint64_t)length[i] << (8 * i);
    if (file->header_size > GR_SAFETENSORS_MAX_HEADER) {
        return gr_fail(error, "%s: is no safetensors file: it promises a header of %llu bytes", file->path,
                       (unsigned long long)file->header_size);
    }
    if (file->header_size > size - 8) return gr_fail(error, "%s: is cut short", file->path);
    file->data_size = size - 8 - file->header_size;
    file->header = malloc((size_t)file->header_size + 1);
    if (!file->header) return gr_fail(error, "%s: out of memory", file->path);
    if (!gr_file_read(file->descriptor, file->path, 8, file->header, file->header_size, error)) return false;
    file->header[file->header_size] = 0;
    char *text = file->header;
    gr_header header = {{text, text, text + file->header_size, file->path, error}, file};
    if (!read_header(&header)) return false;
    place_shapes(file);
    return check_places(file, error) && check_names(file, error);
}

gr_safetensors *gr_safetensors_open(const char *path, gr_error *error) {
    gr_safetensors *file = calloc(1, sizeof *file);
    if (file) {
        file->descriptor = -1;
        file->path = strdup(path);
    }
    if (!file || !file->path) {
        free(file);
        gr_fail(error, "%s: out of memory", path);
        return NULL;
    }
    if (load(file, error)) return file;
    gr_safetensors_close(file);
    return NULL;
}

void gr_safetensors_close(gr_safetensors *file) {
    if (!file) return;
    if (file->descriptor >= 0) close(file->descriptor);
    free(file->path);
    free(file->header);
    free(file->tensors);
    free(file->by_name);
    free(file->shapes);
    free(file->metadata);
    free(file);
}

const gr_stored_tensor *gr_safetensors_tensors(const gr_safetensors *file, size_t *count) {
    *count = file->count;
    return file->tensors;
}

const gr_stored_tensor *gr_safetensors_find(const gr_safetensors *file, const char *name) {
    const gr_stored_tensor wanted = {.name = name}, *key = &wanted;
    const gr_stored_tensor **found = bsearch(&key, file->by_name, file->count, sizeof *file->by_name, compare_names);
    return found ? *found : NULL;
}

const gr_metadata *gr_safetensors_metadata(const gr_safetensors *file, size_t *count) {
    *count = file->metadata_count;
    return file->metadata;
}

bool gr_safetensors_read(const gr_safetensors *file, const gr_stored_tensor *tensor, void *bytes, gr_error *error) {
    return gr_file_read(file->descriptor, file->path, 8 + file->header_size + tensor->begin, bytes,
                        tensor->end - tensor->begin, error);
}
