#include "runtime/host/convert.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define CHUNK 512 /* elements that are converted at a time, in a buffer on the stack */

uint64_t gr_array_row_size(const gr_array *array) {
    uint64_t size = 1;
    for (int i = 1; i < array->rank; i++) {
        size *= array->shape[i];
    }
    return size;
}

const char *gr_convert_range(int type) {
    switch (type) {
    case GR_INT32: return "ints: whole numbers from -2147483648 to 2147483647";
    case GR_BYTE: return "bytes: whole numbers from 0 to 255";
    case GR_BOOL: return "bools: 0 or 1";
    case GR_FLOAT: return "floats: at most 3.4e38";
    default: return "numbers";
    }
}

/* ---- from doubles; each returns how many fitted before the first that does not */

static size_t to_float(const double *values, size_t count, float *out) {
    for (size_t i = 0; i < count; i++) {
        if (fabs(values[i]) > (double)FLT_MAX && isfinite(values[i])) return i;
        out[i] = (float)values[i];
    }
    return count;
}

static size_t to_int32(const double *values, size_t count, int32_t *out) {
    for (size_t i = 0; i < count; i++) {
        if (!(values[i] >= INT32_MIN && values[i] <= INT32_MAX)) return i;
        out[i] = (int32_t)values[i];
        if ((double)out[i] != values[i]) return i;
    }
    return count;
}

static size_t to_byte(const double *values, size_t count, uint8_t *out, double high) {
    for (size_t i = 0; i < count; i++) {
        if (!(values[i] >= 0 && values[i] <= high)) return i;
        out[i] = (uint8_t)values[i];
        if ((double)out[i] != values[i]) return i;
    }
    return count;
}

static size_t convert(const double *values, size_t count, int type, void *out) {
    switch (type) {
    case GR_FLOAT: return to_float(values, count, out);
    case GR_INT32: return to_int32(values, count, out);
    case GR_BYTE: return to_byte(values, count, out, 255);
    case GR_BOOL: return to_byte(values, count, out, 1);
    default: memcpy(out, values, count * sizeof *values); return count;
    }
}

/* ---- rows */

/* Whether the file's elements are the type's, bit for bit. */
static bool is_same(const gr_array *array, int type) {
    const uint16_t one = 1;
    uint8_t first;
    memcpy(&first, &one, 1);
    if (array->element == GR_ELEMENT_UINT8) return type == GR_BYTE;
    if (array->big_endian != (first == 0)) return false;
    return (array->element == GR_ELEMENT_FLOAT32 && type == GR_FLOAT) ||
           (array->element == GR_ELEMENT_FLOAT64 && type == GR_DOUBLE) ||
           (array->element == GR_ELEMENT_INT32 && type == GR_INT32);
}

/* `count` elements, `stride` elements apart, into out. */
static bool convert_run(const gr_array *array, const uint8_t *bytes, uint64_t stride, uint64_t count, int type,
                        uint8_t *out, gr_misfit *misfit) {
    const size_t size = gr_element_size(array->element);
    if (stride == 1 && is_same(array, type)) {
        memcpy(out, bytes, (size_t)count * size);
        return true;
    }
    if (stride == 1 && array->element == GR_ELEMENT_UINT8 && type == GR_FLOAT) { /* images: worth a loop of their own */
        float *floats = (float *)(void *)out;
        for (size_t i = 0; i < count; i++) {
            floats[i] = (float)bytes[i];
        }
        return true;
    }
    for (uint64_t done = 0; done < count; done += CHUNK) {
        double values[CHUNK];
        const size_t length = count - done < CHUNK ? (size_t)(count - done) : CHUNK;
        gr_array_decode(array, bytes + done * stride * size, (size_t)stride * size, length, values);
        const size_t fitted = convert(values, length, type, out + done * gr_type_size(type));
        if (fitted < length) {
            *misfit = (gr_misfit){done + fitted, values[fitted]};
            return false;
        }
    }
    return true;
}

/* With the first axis varying fastest, elements are neighbours in the file along no axis of a row; along the last one
 * they are equally far apart, so that each of its runs is converted at once. */
static bool convert_fortran(const gr_array *array, const uint8_t *elements, uint64_t row, int type, uint8_t *out,
                            gr_misfit *misfit) {
    const int last = array->rank - 1;
    const uint64_t length = array->shape[last], runs = length ? gr_array_row_size(array) / length : 0;
    uint64_t last_stride = 1;
    for (int i = 0; i < last; i++) {
        last_stride *= array->shape[i];
    }
    for (uint64_t run = 0; run < runs; run++) {
        uint64_t offset = row, rest = run, stride = last_stride;
        for (int i = last - 1; i > 0; i--) {
            stride /= array->shape[i];
            offset += rest % array->shape[i] * stride;
            rest /= array->shape[i];
        }
        const uint8_t *bytes = elements + offset * gr_element_size(array->element);
        uint8_t *to = out + run * length * gr_type_size(type);
        if (!convert_run(array, bytes, last_stride, length, type, to, misfit)) {
            misfit->element += run * length;
            return false;
        }
    }
    return true;
}

bool gr_convert_row(const gr_array *array, const uint8_t *elements, uint64_t row, int type, void *out,
                    gr_misfit *misfit) {
    if (array->fortran_order && array->rank > 1) return convert_fortran(array, elements, row, type, out, misfit);
    const uint64_t size = gr_array_row_size(array);
    const uint8_t *bytes = elements + row * size * gr_element_size(array->element);
    return convert_run(array, bytes, 1, size, type, out, misfit);
}
