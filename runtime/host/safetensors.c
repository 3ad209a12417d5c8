#include "runtime/host/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

/* ---- the header's text */

typedef struct gr_json {
    char *start, *at, *end;
    gr_safetensors *file;
    gr_error *error;
} gr_json;

static bool bad(gr_json *json, const char *what) {
    return gr_fail(json->error, "%s: %s at byte %llu of its header", json->file->path, what,
                   (unsigned long long)(json->at - json->start));
}

static void skip_blanks(gr_json *json) {
    while (json->at < json->end && strchr(" \t\n\r", *json->at) && *json->at)
        json->at++;
}

static bool take(gr_json *json, char c) {
    skip_blanks(json);
    if (json->at == json->end || *json->at != c) return false;
    json->at++;
    return true;
}

static bool expect(gr_json *json, char c) {
    const char what[] = {'\'', c, '\'', ' ', 'i', 's', ' ', 'm', 'i', 's', 's', 'i', 'n', 'g', 0};
    return take(json, c) || bad(json, what);
}

/* Between the parts of a list or an object: *more, or its end. */
static bool separator(gr_json *json, char close, bool *more) {
    *more = take(json, ',');
    return *more || expect(json, close);
}

/* The bytes of a well-formed UTF-8 character that is no control character, or 0. */
static size_t utf8_size(const unsigned char *at, const char *end) {
    const size_t left = (size_t)(end - (const char *)at);
    const unsigned char first = at[0];
    const size_t size = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : (first & 0xf0) == 0xe0 ? 3 : 4;
    if (first < 0x20 || first == 0x7f || (first >= 0x80 && first < 0xc2) || first > 0xf4 || size > left) return 0;
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80) return 0;
    }
    if (size > 2 || first >= 0x80) {
        if ((first == 0xe0 && at[1] < 0xa0) || (first == 0xed && at[1] > 0x9f) || (first == 0xf0 && at[1] < 0x90) ||
            (first == 0xf4 && at[1] > 0x8f))
            return 0;
    }
    return size;
}

static bool read_hex(gr_json *json, uint32_t *value) {
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    *value = 0;
    for (int i = 0; i < 4; i++, json->at++) {
        const char *digit = json->at < json->end && *json->at ? strchr(digits, *json->at) : NULL;
        if (!digit) return bad(json, "\\u without four digits");
        *value = *value * 16 + (uint32_t)((digit - digits) % 16);
    }
    return true;
}

/* Behind \u: the character as UTF-8, which is shorter than its escape. Control characters are refused unless `any`,
 * and the zero byte always. */
static bool read_unicode(gr_json *json, char **out, bool any) {
    uint32_t code, low;
    if (!read_hex(json, &code)) return false;
    if (code >= 0xd800 && code < 0xdc00) {
        if (json->end - json->at < 2 || json->at[0] != '\\' || json->at[1] != 'u') return bad(json, "half a surrogate");
        json->at += 2;
        if (!read_hex(json, &low)) return false;
        if (low < 0xdc00 || low > 0xdfff) return bad(json, "half a surrogate");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code < 0xe000) {
        return bad(json, "half a surrogate");
    }
    if (code == 0 || (!any && (code < 0x20 || code == 0x7f))) return bad(json, "a control character");
    char *p = *out;
    if (code < 0x80) {
        *p++ = (char)code;
    } else {
        const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
        static const unsigned char marks[] = {0, 0xc0, 0xe0, 0xf0};
        *p++ = (char)(marks[more] | code >> (6 * more));
        for (int i = more - 1; i >= 0; i--)
            *p++ = (char)(0x80 | (code >> (6 * i) & 0x3f));
    }
    *out = p;
    return true;
}

/* A string, decoded in place and ended by a zero byte: no escape is shorter than what it stands for. `any`: control
 * characters are allowed, as escapes. */
static bool read_string(gr_json *json, const char **text, bool any) {
    static const char escapes[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    if (!expect(json, '"')) return false;
    char *out = json->at;
    *text = out;
    while (json->at < json->end && *json->at != '"') {
        if (*json->at != '\\') {
            const size_t size = utf8_size((const unsigned char *)json->at, json->end);
            if (size == 0) return bad(json, "what is no UTF-8 text");
            memmove(out, json->at, size);
            out += size;
            json->at += size;
            continue;
        }
        json->at++;
        const char *escape = json->at < json->end && *json->at ? strchr(escapes, *json->at) : NULL;
        if (json->at < json->end && *json->at == 'u') {
            json->at++;
            if (!read_unicode(json, &out, any)) return false;
        } else if (escape && (any || escape - escapes < 3)) {
            *out++ = values[escape - escapes];
            json->at++;
        } else {
            return bad(json, escape ? "a control character" : "an unknown escape");
        }
    }
    if (json->at == json->end) return bad(json, "a string without end");
    json->at++;
    *out = 0;
    return true;
}

static bool read_number(gr_json *json, uint64_t *value) {
    skip_blanks(json);
    const char *start = json->at;
    *value = 0;
    for (; json->at < json->end && *json->at >= '0' && *json->at <= '9'; json->at++) {
        const uint64_t digit = (uint64_t)(*json->at - '0');
        if (*value > (UINT64_MAX - digit) / 10) return bad(json, "a number beyond 64 bits");
        *value = *value * 10 + digit;
    }
    if (json->at == start || (*start == '0' && json->at - start > 1)) return bad(json, "what is no whole number");
    return true;
}

/* Room for one more. The arrays double, so that many tensors cost no more than a multiple of the header. */
static bool grow(gr_json *json, void **array, size_t *room, size_t count, size_t size) {
    if (count < *room) return true;
    const size_t wanted = *room ? 2 * *room : 16;
    void *larger = realloc(*array, wanted * size);
    if (!larger) return gr_fail(json->error, "%s: out of memory", json->file->path);
    *array = larger;
    *room = wanted;
    return true;
}

/* ---- its parts */

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

static bool read_dtype(gr_json *json, gr_stored_tensor *tensor) {
    const char *name;
    if (!read_string(json, &name, false)) return false;
    for (int type = 0; type < TYPE_COUNT; type++) {
        if (strcmp(name, types[type].name) == 0) {
            tensor->type = (enum gr_stored)type;
            return true;
        }
    }
    return gr_fail(json->error, "%s: '%.100s' is of type '%.40s', which is unknown", json->file->path, tensor->name,
                   name);
}

static bool read_shape(gr_json *json, gr_stored_tensor *tensor) {
    gr_safetensors *file = json->file;
    bool more = true;
    if (!expect(json, '[')) return false;
    if (take(json, ']')) return true;
    while (more) {
        if (tensor->rank == GR_SAFETENSORS_MAX_RANK) return bad(json, "a shape of more than 32 axes");
        if (!grow(json, (void **)&file->shapes, &file->shape_room, file->shape_count, sizeof *file->shapes) ||
            !read_number(json, &file->shapes[file->shape_count]))
            return false;
        file->shape_count++;
        tensor->rank++;
        if (!separator(json, ']', &more)) return false;
    }
    return true;
}

static bool read_offsets(gr_json *json, gr_stored_tensor *tensor) {
    return expect(json, '[') && read_number(json, &tensor->begin) && expect(json, ',') &&
           read_number(json, &tensor->end) && expect(json, ']');
}

/* The product of the shape fits, and so many elements of this type are what the offsets enclose. */
static bool check_size(gr_json *json, gr_stored_tensor *tensor, const uint64_t *shape) {
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
                       json->file->path, tensor->name, (unsigned long long)tensor->begin,
                       (unsigned long long)tensor->end, types[tensor->type].name);
    }
    return true;
}

static bool read_tensor(gr_json *json, const char *name) {
    static const char *const keys[] = {"dtype", "shape", "data_offsets"};
    static bool (*const readers[])(gr_json *, gr_stored_tensor *) = {read_dtype, read_shape, read_offsets};
    gr_safetensors *file = json->file;
    gr_stored_tensor tensor = {.name = name};
    const size_t first = file->shape_count;
    bool seen[3] = {false, false, false}, more = true;
    if (!expect(json, '{')) return false;
    while (more) {
        const char *key;
        int k = 0;
        if (!read_string(json, &key, false) || !expect(json, ':')) return false;
        while (k < 3 && strcmp(key, keys[k]) != 0)
            k++;
        if (k == 3 || seen[k]) {
            return gr_fail(json->error, "%s: '%.100s' has '%.40s'%s", file->path, name, key,
                           k == 3 ? ", which no tensor has" : " twice");
        }
        seen[k] = true;
        if (!readers[k](json, &tensor) || !separator(json, '}', &more)) return false;
    }
    for (int k = 0; k < 3; k++) {
        if (!seen[k]) return gr_fail(json->error, "%s: '%.100s' lacks '%s'", file->path, name, keys[k]);
    }
    if (!check_size(json, &tensor, tensor.rank ? file->shapes + first : NULL)) return false;
    if (!grow(json, (void **)&file->tensors, &file->room, file->count, sizeof tensor)) return false;
    file->tensors[file->count++] = tensor;
    return true;
}

static bool read_metadata(gr_json *json) {
    gr_safetensors *file = json->file;
    bool more = true;
    if (file->metadata) return bad(json, "'__metadata__' twice");
    if (!grow(json, (void **)&file->metadata, &file->metadata_room, 0, sizeof *file->metadata) || !expect(json, '{'))
        return false;
    if (take(json, '}')) return true;
    while (more) {
        gr_metadata pair;
        if (!read_string(json, &pair.key, true) || !expect(json, ':') || !read_string(json, &pair.value, true) ||
            !separator(json, '}', &more) ||
            !grow(json, (void **)&file->metadata, &file->metadata_room, file->metadata_count, sizeof pair))
            return false;
        file->metadata[file->metadata_count++] = pair;
    }
    return true;
}

static bool read_header(gr_json *json) {
    bool more = true;
    if (json->at == json->end || *json->at != '{') return bad(json, "'{' is missing");
    json->at++;
    if (take(json, '}')) more = false;
    while (more) {
        const char *name;
        if (!read_string(json, &name, false) || !expect(json, ':')) return false;
        if (!(strcmp(name, "__metadata__") == 0 ? read_metadata(json) : read_tensor(json, name))) return false;
        if (!separator(json, '}', &more)) return false;
    }
    skip_blanks(json);
    return json->at == json->end || bad(json, "more behind '}'");
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

static bool read_at(const gr_safetensors *file, uint64_t offset, void *bytes, uint64_t size, gr_error *error) {
    uint8_t *out = bytes;
    while (size > 0) {
        const size_t part = size < 1 << 30 ? (size_t)size : 1 << 30;
        const ssize_t got = pread(file->descriptor, out, part, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return gr_fail_errno(error, file->path, "cannot be read", errno);
        if (got == 0) return gr_fail(error, "%s: is cut short", file->path);
        out += got;
        offset += (uint64_t)got;
        size -= (uint64_t)got;
    }
    return true;
}

static bool load(gr_safetensors *file, gr_error *error) {
    struct stat status;
    uint8_t length[8];
    file->descriptor = open(file->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a FIFO must not make us wait */
    if (file->descriptor < 0) return gr_fail_errno(error, file->path, "cannot be opened", errno);
    if (fstat(file->descriptor, &status) != 0) return gr_fail_errno(error, file->path, "cannot be read", errno);
    if (!S_ISREG(status.st_mode)) {
        return gr_fail(error, "%s: is %s", file->path, S_ISDIR(status.st_mode) ? "a directory" : "no regular file");
    }
    if (status.st_size == 0) return gr_fail(error, "%s: is empty", file->path);
    if (status.st_size < 8) return gr_fail(error, "%s: is cut short", file->path);
    if (!read_at(file, 0, length, sizeof length, error)) return false;
    for (int i = 0; i < 8; i++)
        file->header_size |= (uint64_t)length[i] << (8 * i);
    if (file->header_size > GR_SAFETENSORS_MAX_HEADER) {
        return gr_fail(error, "%s: is no safetensors file: it promises a header of %llu bytes", file->path,
                       (unsigned long long)file->header_size);
    }
    if (file->header_size > (uint64_t)status.st_size - 8) return gr_fail(error, "%s: is cut short", file->path);
    file->data_size = (uint64_t)status.st_size - 8 - file->header_size;
    file->header = malloc((size_t)file->header_size + 1);
    if (!file->header) return gr_fail(error, "%s: out of memory", file->path);
    if (!read_at(file, 8, file->header, file->header_size, error)) return false;
    file->header[file->header_size] = 0;
    gr_json json = {file->header, file->header, file->header + file->header_size, file, error};
    if (!read_header(&json)) return false;
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
    return read_at(file, 8 + file->header_size + tensor->begin, bytes, tensor->end - tensor->begin, error);
}
