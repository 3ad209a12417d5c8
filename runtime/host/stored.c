/* Elements of safetensors files as doubles: those that .npy files have too by array.c, the small floats here. */
#include "runtime/host/safetensors.h"

#include "runtime/host/array.h"
#include <math.h>
#include <string.h>

static double from_bf16(const uint8_t *bytes) {
    const uint32_t bits = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 24;
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

/* 1 bit sign, 5 bits exponent, 2 bits fraction: the upper byte of a binary16. */
static double from_e5m2(uint8_t byte) {
    const int exponent = byte >> 2 & 31, fraction = byte & 3;
    double magnitude = exponent == 0 ? ldexp(fraction, -16) : ldexp(4 + fraction, exponent - 17);
    if (exponent == 31) magnitude = fraction ? (double)NAN : (double)INFINITY;
    return byte & 0x80 ? -magnitude : magnitude;
}

/* 1 bit sign, 4 bits exponent (bias 7), 3 bits fraction, no infinities: FP8 Formats for Deep Learning, 2022. */
static double from_e4m3(uint8_t byte) {
    const int exponent = byte >> 3 & 15, fraction = byte & 7;
    double magnitude = exponent == 0 ? ldexp(fraction, -9) : ldexp(8 + fraction, exponent - 10);
    if ((byte & 0x7f) == 0x7f) magnitude = (double)NAN;
    return byte & 0x80 ? -magnitude : magnitude;
}

void gr_stored_decode(enum gr_stored type, const uint8_t *bytes, size_t count, double *values) {
    static const enum gr_element same[] = {
        [GR_STORED_BOOL] = GR_ELEMENT_BOOL,  [GR_STORED_U8] = GR_ELEMENT_UINT8,  [GR_STORED_I8] = GR_ELEMENT_INT8,
        [GR_STORED_U16] = GR_ELEMENT_UINT16, [GR_STORED_I16] = GR_ELEMENT_INT16, [GR_STORED_F16] = GR_ELEMENT_FLOAT16,
        [GR_STORED_U32] = GR_ELEMENT_UINT32, [GR_STORED_I32] = GR_ELEMENT_INT32, [GR_STORED_F32] = GR_ELEMENT_FLOAT32,
        [GR_STORED_U64] = GR_ELEMENT_UINT64, [GR_STORED_I64] = GR_ELEMENT_INT64, [GR_STORED_F64] = GR_ELEMENT_FLOAT64,
    };
    if (type != GR_STORED_BF16 && type != GR_STORED_F8_E5M2 && type != GR_STORED_F8_E4M3) {
        const gr_array array = {.element = same[type], .big_endian = false};
        gr_array_decode(&array, bytes, gr_stored_size(type), count, values);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        values[i] = type == GR_STORED_BF16      ? from_bf16(bytes + 2 * i)
                    : type == GR_STORED_F8_E5M2 ? from_e5m2(bytes[i])
                                                : from_e4m3(bytes[i]);
    }
}

void gr_stored_swap(uint8_t *bytes, size_t size, size_t count) {
    const uint16_t one = 1;
    uint8_t first;
    memcpy(&first, &one, 1);
    if (first == 1) return;
    for (size_t i = 0; i < count; i++, bytes += size) {
        for (size_t low = 0, high = size - 1; low < high; low++, high--) {
            const uint8_t swapped = bytes[low];
            bytes[low] = bytes[high];
            bytes[high] = swapped;
        }
    }
}
