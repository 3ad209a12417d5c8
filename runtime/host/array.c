#include "runtime/host/array.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    size_t size;
} elements[] = {
    [GR_ELEMENT_BOOL] = {"bool", 1},       [GR_ELEMENT_UINT8] = {"uint8", 1},     [GR_ELEMENT_INT8] = {"int8", 1},
    [GR_ELEMENT_UINT16] = {"uint16", 2},   [GR_ELEMENT_INT16] = {"int16", 2},     [GR_ELEMENT_UINT32] = {"uint32", 4},
    [GR_ELEMENT_INT32] = {"int32", 4},     [GR_ELEMENT_UINT64] = {"uint64", 8},   [GR_ELEMENT_INT64] = {"int64", 8},
    [GR_ELEMENT_FLOAT16] = {"float16", 2}, [GR_ELEMENT_FLOAT32] = {"float32", 4}, [GR_ELEMENT_FLOAT64] = {"float64", 8},
};

size_t gr_element_size(enum gr_element element) {
    return elements[element].size;
}

const char *gr_element_name(enum gr_element element) {
    return elements[element].name;
}

bool gr_array_measure(gr_array *array, const char *file, gr_error *error) {
    /* An empty axis makes the count 0 whatever the others say; these are still multiplied, so that a row has a size. */
    const uint64_t limit = ((uint64_t)SIZE_MAX / 2 - 65536 * 32) / gr_element_size(array->element);
    uint64_t product = 1;
    array->count = 1;
    for (int i = 0; i < array->rank; i++) {
        const uint64_t length = array->shape[i];
        if (length != 0 && product > limit / length) {
            char shape[256];
            return gr_fail(error, "%s: the header promises more elements than memory has addresses: %s", file,
                           gr_array_write_shape(array, shape, sizeof shape));
        }
        if (length != 0) product *= length;
        array->count *= length;
    }
    return true;
}

char *gr_array_write_shape(const gr_array *array, char *text, size_t size) {
    size_t used = (size_t)snprintf(text, size, "[");
    for (int i = 0; i < array->rank; i++) {
        char axis[32];
        const size_t length =
            (size_t)snprintf(axis, sizeof axis, "%s%llu", i > 0 ? ", " : "", (unsigned long long)array->shape[i]);
        if (used + length + sizeof ", ...]" > size) {
            used += (size_t)snprintf(text + used, size - used, ", ...");
            break;
        }
        memcpy(text + used, axis, length + 1);
        used += length;
    }
    snprintf(text + used, size - used, "]");
    return text;
}

/* The bytes of an element as an unsigned number; compilers make a load of it, with a swap where one is needed. */
static inline uint64_t load(const uint8_t *bytes, int size, bool big_endian) {
    uint64_t value = 0;
    for (int i = 0; i < size; i++) {
        value |= (uint64_t)bytes[big_endian ? size - 1 - i : i] << (8 * i);
    }
    return value;
}

/* A signed number from its two's complement. */
static inline double from_signed(uint64_t bits, int size) {
    const uint64_t sign = (uint64_t)1 << (8 * size - 1);
    return bits & sign ? -(double)(((~bits) & (sign - 1)) + 1) : (double)bits;
}

static inline double from_float32(uint64_t bits) {
    const uint32_t word = (uint32_t)bits;
    float value;
    memcpy(&value, &word, sizeof value);
    return (double)value;
}

static inline double from_float64(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* IEEE 754 binary16: 1 bit sign, 5 bits exponent (bias 15), 10 bits fraction; by the bits of a double, whose exponent
 * has 11 bits (bias 1023) and whose fraction has 52. */
static inline double from_float16(uint64_t bits) {
    const uint64_t sign = bits >> 15 << 63, exponent = bits >> 10 & 31, fraction = bits & 1023;
    if (exponent == 0) {
        const double tiny = (double)(int)fraction * 0x1p-24;
        return sign ? -tiny : tiny;
    }
    const uint64_t wide = exponent == 31 ? 2047 : exponent - 15 + 1023;
    return from_float64(sign | wide << 52 | fraction << 42);
}

#define DECODE(SIZE, BIG, EXPRESSION)                                                                                  \
    for (size_t i = 0; i < count; i++) {                                                                               \
        const uint64_t bits = load(bytes + i * stride, SIZE, BIG);                                                     \
        values[i] = EXPRESSION;                                                                                        \
    }                                                                                                                  \
    break

/* A row for both byte orders, each with its own loop. */
#define DECODE_ANY(ELEMENT, SIZE, EXPRESSION)                                                                          \
    case ELEMENT:                                                                                                      \
        if (array->big_endian) {                                                                                       \
            DECODE(SIZE, true, EXPRESSION);                                                                            \
        }                                                                                                              \
        DECODE(SIZE, false, EXPRESSION)

void gr_array_decode(const gr_array *array, const uint8_t *bytes, size_t stride, size_t count, double *values) {
    switch (array->element) {
        DECODE_ANY(GR_ELEMENT_BOOL, 1, bits ? 1.0 : 0.0);
        DECODE_ANY(GR_ELEMENT_UINT8, 1, (double)(int)bits);
        DECODE_ANY(GR_ELEMENT_INT8, 1, from_signed(bits, 1));
        DECODE_ANY(GR_ELEMENT_UINT16, 2, (double)(int)bits);
        DECODE_ANY(GR_ELEMENT_INT16, 2, from_signed(bits, 2));
        DECODE_ANY(GR_ELEMENT_UINT32, 4, (double)bits);
        DECODE_ANY(GR_ELEMENT_INT32, 4, from_signed(bits, 4));
        DECODE_ANY(GR_ELEMENT_UINT64, 8, (double)bits);
        DECODE_ANY(GR_ELEMENT_INT64, 8, from_signed(bits, 8));
        DECODE_ANY(GR_ELEMENT_FLOAT16, 2, from_float16(bits));
        DECODE_ANY(GR_ELEMENT_FLOAT32, 4, from_float32(bits));
        DECODE_ANY(GR_ELEMENT_FLOAT64, 8, from_float64(bits));
    }
}

void gr_array_gather(const uint8_t *from, int rank, const uint64_t *shape, const uint64_t *strides, size_t size,
                     uint8_t *out) {
    uint64_t index[GR_ARRAY_MAX_RANK] = {0}, at = 0;
    for (int axis = 0; axis < rank; axis++) {
        if (shape[axis] == 0) return;
    }
    for (int axis = 0; axis >= 0; out += size) {
        memcpy(out, from + at * size, size);
        for (axis = rank - 1; axis >= 0; axis--) {
            at += strides[axis];
            if (++index[axis] < shape[axis]) break;
            at -= shape[axis] * strides[axis];
            index[axis] = 0;
        }
    }
}
