#include "runtime/host/idx.h"

static bool read_type(uint8_t byte, enum gr_element *element) {
    switch (byte) {
    case 0x08: *element = GR_ELEMENT_UINT8; return true;
    case 0x09: *element = GR_ELEMENT_INT8; return true;
    case 0x0b: *element = GR_ELEMENT_INT16; return true;
    case 0x0c: *element = GR_ELEMENT_INT32; return true;
    case 0x0d: *element = GR_ELEMENT_FLOAT32; return true;
    case 0x0e: *element = GR_ELEMENT_FLOAT64; return true;
    default: return false;
    }
}

bool gr_idx_header_size(const uint8_t *bytes, size_t size, const char *file, uint64_t *needed, gr_error *error) {
    enum gr_element element;
    *needed = 4;
    if ((size > 0 && bytes[0] != 0) || (size > 1 && bytes[1] != 0)) {
        return gr_fail(error, "%s: is no IDX file: it does not begin with two zero bytes", file);
    }
    if (size > 2 && !read_type(bytes[2], &element)) {
        return gr_fail(error, "%s: is no IDX file: 0x%02x is no type of elements (0x08, 0x09, 0x0b to 0x0e)", file,
                       bytes[2]);
    }
    if (size < 4) return true;
    if (bytes[3] == 0 || bytes[3] > GR_ARRAY_MAX_RANK) {
        return gr_fail(error, "%s: promises %d axes; 1 to %d can be read", file, bytes[3], GR_ARRAY_MAX_RANK);
    }
    *needed = 4 + 4 * (uint64_t)bytes[3];
    return true;
}

bool gr_idx_read_header(const uint8_t *bytes, size_t size, const char *file, gr_array *array, gr_error *error) {
    *array = (gr_array){.big_endian = true, .rank = bytes[3], .offset = size};
    read_type(bytes[2], &array->element);
    for (int i = 0; i < array->rank; i++) {
        const uint8_t *at = bytes + 4 + 4 * i;
        array->shape[i] = (uint64_t)at[0] << 24 | (uint64_t)at[1] << 16 | (uint64_t)at[2] << 8 | at[3];
    }
    return gr_array_measure(array, file, error);
}
