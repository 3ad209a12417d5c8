#include "runtime/host/npy.h"

#include <stdio.h>
#include <string.h>

static const uint8_t magic[GR_NPY_MAGIC_SIZE] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

bool gr_npy_is(const uint8_t *bytes, size_t size) {
    return size >= sizeof magic && memcmp(bytes, magic, sizeof magic) == 0;
}

/* Bytes before the dictionary in this version. */
static size_t prefix_size(const uint8_t *bytes) {
    return bytes[6] == 1 ? 10 : 12;
}

bool gr_npy_header_size(const uint8_t *bytes, size_t size, const char *file, uint64_t *needed, gr_error *error) {
    if (memcmp(bytes, magic, size < sizeof magic ? size : sizeof magic) != 0) {
        return gr_fail(error, "%s: is no .npy file: it does not begin with \\x93NUMPY", file);
    }
    *needed = 8;
    if (size < 8) return true;
    if (bytes[6] < 1 || bytes[6] > 3 || bytes[7] != 0) {
        return gr_fail(error, "%s: is of .npy version %d.%d; versions 1.0, 2.0 and 3.0 can be read", file, bytes[6],
                       bytes[7]);
    }
    *needed = prefix_size(bytes);
    if (size < *needed) return true;
    uint64_t length = bytes[8] | (uint64_t)bytes[9] << 8;
    if (bytes[6] > 1) length |= (uint64_t)bytes[10] << 16 | (uint64_t)bytes[11] << 24;
    if (length > GR_NPY_MAX_HEADER) {
        return gr_fail(error, "%s: promises a header of %llu bytes; no array of numbers needs that", file,
                       (unsigned long long)length);
    }
    *needed += length;
    return true;
}

/* ---- the dictionary: a few kinds of Python literals */

typedef struct gr_npy_text {
    const uint8_t *at, *end;
    const char *file;
    gr_error *error;
} gr_npy_text;

static void skip_blanks(gr_npy_text *text) {
    while (text->at < text->end && (*text->at == ' ' || *text->at == '\t' || *text->at == '\n'))
        text->at++;
}

/* Takes the character if it is next. */
static bool take(gr_npy_text *text, char c) {
    skip_blanks(text);
    if (text->at == text->end || *text->at != (uint8_t)c) return false;
    text->at++;
    return true;
}

static bool expect(gr_npy_text *text, char c) {
    return take(text, c) || gr_fail(text->error, "%s: '%c' is missing in its header", text->file, c);
}

/* 'name' or "name" of at most size - 1 characters. */
static bool read_string(gr_npy_text *text, char *name, size_t size) {
    skip_blanks(text);
    if (text->at == text->end || (*text->at != '\'' && *text->at != '"')) {
        return gr_fail(text->error, "%s: a name in quotes is missing in its header", text->file);
    }
    const uint8_t quote = *text->at++;
    size_t length = 0;
    for (; text->at < text->end && *text->at != quote; text->at++) {
        if (length + 1 < size) name[length++] = (char)*text->at;
    }
    name[length] = 0;
    return expect(text, (char)quote);
}

static bool take_word(gr_npy_text *text, const char *word) {
    const size_t length = strlen(word);
    skip_blanks(text);
    if ((size_t)(text->end - text->at) < length || memcmp(text->at, word, length) != 0) return false;
    text->at += length;
    return true;
}

/* ---- its three values */

static const struct {
    const char *code;
    enum gr_element element;
} types[] = {
    {"b1", GR_ELEMENT_BOOL},  {"u1", GR_ELEMENT_UINT8},   {"i1", GR_ELEMENT_INT8},    {"u2", GR_ELEMENT_UINT16},
    {"i2", GR_ELEMENT_INT16}, {"u4", GR_ELEMENT_UINT32},  {"i4", GR_ELEMENT_INT32},   {"u8", GR_ELEMENT_UINT64},
    {"i8", GR_ELEMENT_INT64}, {"f2", GR_ELEMENT_FLOAT16}, {"f4", GR_ELEMENT_FLOAT32}, {"f8", GR_ELEMENT_FLOAT64},
};

static bool host_is_big_endian(void) {
    const uint16_t one = 1;
    uint8_t first;
    memcpy(&first, &one, 1);
    return first == 0;
}

static bool read_descr(gr_npy_text *text, gr_array *array) {
    char type[16];
    skip_blanks(text);
    if (text->at < text->end && *text->at == '[') {
        return gr_fail(text->error, "%s: holds structures; save each field as an array of its own", text->file);
    }
    if (!read_string(text, type, sizeof type)) return false;
    const char *code = type + (strchr("<>|=", type[0]) != NULL && type[0] != 0);
    array->big_endian = type[0] == '>' || (type[0] != '<' && host_is_big_endian());
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(code, types[i].code) == 0) {
            array->element = types[i].element;
            return true;
        }
    }
    return gr_fail(text->error,
                   "%s: holds elements of type '%s'; numbers are needed, bool, intN, uintN or float16 to "
                   "float64 (numpy: a.astype('float32'))",
                   text->file, type);
}

static bool read_order(gr_npy_text *text, gr_array *array) {
    array->fortran_order = take_word(text, "True");
    return array->fortran_order || take_word(text, "False") ||
           gr_fail(text->error, "%s: 'fortran_order' in its header is neither True nor False", text->file);
}

static bool read_length(gr_npy_text *text, uint64_t *length) {
    skip_blanks(text);
    const uint8_t *start = text->at;
    *length = 0;
    for (; text->at < text->end && *text->at >= '0' && *text->at <= '9'; text->at++) {
        const uint64_t digit = (uint64_t)(*text->at - '0');
        if (*length > (UINT64_MAX - digit) / 10) {
            return gr_fail(text->error, "%s: a length of its shape does not fit 64 bits", text->file);
        }
        *length = *length * 10 + digit;
    }
    if (text->at == start) {
        return gr_fail(text->error, "%s: a length of its shape is no whole number from 0", text->file);
    }
    if (text->at < text->end && *text->at == 'L') text->at++; /* Python 2 wrote long integers so */
    return true;
}

static bool read_shape(gr_npy_text *text, gr_array *array) {
    if (!expect(text, '(')) return false;
    array->rank = 0;
    while (!take(text, ')')) {
        if (array->rank == GR_ARRAY_MAX_RANK) {
            return gr_fail(text->error, "%s: has more than %d axes", text->file, GR_ARRAY_MAX_RANK);
        }
        if (!read_length(text, &array->shape[array->rank++])) return false;
        if (take(text, ',')) continue;
        if (!expect(text, ')')) return false;
        break;
    }
    return true;
}

bool gr_npy_read_header(const uint8_t *bytes, size_t size, const char *file, gr_array *array, gr_error *error) {
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    static bool (*const readers[])(gr_npy_text *, gr_array *) = {read_descr, read_order, read_shape};
    gr_npy_text text = {.at = bytes + prefix_size(bytes), .end = bytes + size, .file = file, .error = error};
    bool seen[3] = {false, false, false};
    *array = (gr_array){.offset = size};
    if (!expect(&text, '{')) return false;
    while (!take(&text, '}')) {
        char key[24];
        int k = 0;
        if (!read_string(&text, key, sizeof key) || !expect(&text, ':')) return false;
        while (k < 3 && strcmp(key, keys[k]) != 0)
            k++;
        if (k == 3) return gr_fail(error, "%s: its header has '%s', which no .npy has", file, key);
        if (seen[k]) return gr_fail(error, "%s: its header has '%s' twice", file, key);
        seen[k] = true;
        if (!readers[k](&text, array)) return false;
        if (take(&text, ',')) continue;
        if (!expect(&text, '}')) return false;
        break;
    }
    skip_blanks(&text);
    if (text.at < text.end) return gr_fail(error, "%s: its header goes on behind '}'", file);
    for (int k = 0; k < 3; k++) {
        if (!seen[k]) return gr_fail(error, "%s: '%s' is missing in its header", file, keys[k]);
    }
    return gr_array_measure(array, file, error);
}

size_t gr_npy_write_header(const gr_array *array, uint8_t *bytes, size_t size) {
    char shape[GR_ARRAY_MAX_RANK * 22 + 1], dictionary[GR_ARRAY_MAX_RANK * 22 + 128];
    const char *code = "";
    size_t used = 0;
    shape[0] = 0;
    for (int i = 0; i < array->rank; i++) {
        const char *comma = i + 1 < array->rank ? ", " : array->rank == 1 ? "," : "";
        used +=
            (size_t)snprintf(shape + used, sizeof shape - used, "%llu%s", (unsigned long long)array->shape[i], comma);
    }
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (types[i].element == array->element) code = types[i].code;
    }
    const size_t length =
        (size_t)snprintf(dictionary, sizeof dictionary, "{'descr': '%c%s', 'fortran_order': False, 'shape': (%s), }",
                         gr_element_size(array->element) == 1 ? '|' : '<', code, shape);
    const size_t total = (10 + length + 1 + 63) / 64 * 64;
    if (total > size) return total;
    memcpy(bytes, magic, sizeof magic);
    bytes[6] = 1;
    bytes[7] = 0;
    bytes[8] = (uint8_t)((total - 10) & 255);
    bytes[9] = (uint8_t)((total - 10) >> 8);
    memcpy(bytes + 10, dictionary, length);
    memset(bytes + 10 + length, ' ', total - 10 - length);
    bytes[total - 1] = '\n';
    return total;
}
