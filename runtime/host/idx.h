/* The IDX format of MNIST: two zero bytes, a type byte, the number of axes, their lengths as 32-bit numbers, then the
 * elements, all big endian. */
#ifndef GR_HOST_IDX_H
#define GR_HOST_IDX_H

#include "runtime/host/array.h"

/* How many bytes the header takes, of which this many are at hand; call it again with more while *needed > size.
 * False, with a message, if this is no IDX file. */
bool gr_idx_header_size(const uint8_t *bytes, size_t size, const char *file, uint64_t *needed, gr_error *error);

/* Reads a header of which all bytes are at hand. */
bool gr_idx_read_header(const uint8_t *bytes, size_t size, const char *file, gr_array *array, gr_error *error);

#endif
