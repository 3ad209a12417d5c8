/* NumPy's file format .npy, versions 1 to 3: the header is
 *
 *     "\x93NUMPY"  major  minor  length (2 bytes in version 1, 4 in 2 and 3, little endian)
 *     {'descr': '<f4', 'fortran_order': False, 'shape': (60000, 784), }  blanks  newline
 *
 * after numpy/lib/format.py. Types that are no numbers (strings, objects, structures, dates, complex) are refused. */
#ifndef GR_HOST_NPY_H
#define GR_HOST_NPY_H

#include "runtime/host/array.h"

#define GR_NPY_MAGIC_SIZE 6

/* More than this suffices for a shape and a type, so that no length makes anyone read a terabyte. */
#define GR_NPY_MAX_HEADER (1 << 20)

/* Whether these bytes begin as every .npy does. */
bool gr_npy_is(const uint8_t *bytes, size_t size);

/* How many bytes of the file the header takes, of which this many are at hand; call it again with more of them while
 * *needed > size. False, with a message, if this is no .npy that can be read. */
bool gr_npy_header_size(const uint8_t *bytes, size_t size, const char *file, uint64_t *needed, gr_error *error);

/* Reads a header of which all bytes are at hand. False, with a message that says what is wrong in it. */
bool gr_npy_read_header(const uint8_t *bytes, size_t size, const char *file, gr_array *array, gr_error *error);

/* Writes a version 1 header, 64-byte aligned, for little-endian elements in row-major order: element, rank and shape
 * of the array count. Returns its bytes; they are written if `size` holds them. 1536 do for every rank. */
size_t gr_npy_write_header(const gr_array *array, uint8_t *bytes, size_t size);

#endif
