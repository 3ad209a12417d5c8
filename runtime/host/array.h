/* An array of numbers as it lies in a file: element type, byte order, order of axes, shape, place. */
#ifndef GR_HOST_ARRAY_H
#define GR_HOST_ARRAY_H

#include "runtime/host/error.h"
#include <stddef.h>
#include <stdint.h>

enum gr_element {
    GR_ELEMENT_BOOL, /* a byte; anything but 0 is true */
    GR_ELEMENT_UINT8,
    GR_ELEMENT_INT8,
    GR_ELEMENT_UINT16,
    GR_ELEMENT_INT16,
    GR_ELEMENT_UINT32,
    GR_ELEMENT_INT32,
    GR_ELEMENT_UINT64,
    GR_ELEMENT_INT64,
    GR_ELEMENT_FLOAT16,
    GR_ELEMENT_FLOAT32,
    GR_ELEMENT_FLOAT64
};

#define GR_ARRAY_MAX_RANK 32

typedef struct gr_array {
    enum gr_element element;
    bool big_endian;
    bool fortran_order; /* the first axis varies fastest, not the last */
    int rank;           /* 0: a single number */
    uint64_t shape[GR_ARRAY_MAX_RANK];
    uint64_t count;  /* elements: the product of the shape */
    uint64_t offset; /* bytes of the file before the first element */
} gr_array;

/* Bytes of one element, and its name: "float32". */
size_t gr_element_size(enum gr_element element);
const char *gr_element_name(enum gr_element element);

/* Sets array->count from rank and shape. False, with a message, if the count of elements or bytes exceeds what
 * an address can reach. */
bool gr_array_measure(gr_array *array, const char *file, gr_error *error);

/* Bytes of the whole file: header and elements. The array was measured. */
static inline uint64_t gr_array_end(const gr_array *array) {
    return array->offset + array->count * gr_element_size(array->element);
}

/* The shape as the model would write it, "[60000, 28, 28]", cut with "..." to what fits. Returns text. */
char *gr_array_write_shape(const gr_array *array, char *text, size_t size);

/* Reads `count` elements that are `stride` bytes apart into doubles. Exact, except that 64-bit integers beyond 2^53
 * are rounded to the nearest double. */
void gr_array_decode(const gr_array *array, const uint8_t *bytes, size_t stride, size_t count, double *values);

/* Copies elements of `size` bytes into row-major order: those of out[shape[0]][shape[1]]... lie strides[axis] elements
 * apart at `from`. */
void gr_array_gather(const uint8_t *from, int rank, const uint64_t *shape, const uint64_t *strides, size_t size,
                     uint8_t *out);

#endif
