/* How the tests' harness talks to a model on another processor: numbers of 64 bits, low byte first, over standard input
 * and output. An element goes as the bits of a double, which holds every float and int32 exactly; one of 64 bits as
 * itself.
 *
 *     init:  WIRE_INIT, seed                                      -> status, all tensors
 *     call:  WIRE_CALL, entry, seed and draws of work, sizes, all tensors, inputs and states
 *                                                                 -> status, draws, all tensors, outputs and states
 *
 * Tensors of the model and the trainer in the order of NAME_model, row-major, each behind its number of elements; so
 * are arguments, in the order of the entry. The status is WIRE_BROKEN where bytes beside the memory were written. */
#ifndef GRADC_TESTS_REMOTE_WIRE_H
#define GRADC_TESTS_REMOTE_WIRE_H

#include "runtime/core/gr.h"
#include <stdio.h>
#include <string.h>

enum { WIRE_INIT = 1, WIRE_CALL = 2, WIRE_BROKEN = 1000 };

static inline void wire_put(FILE *to, uint64_t word) {
    for (int byte = 0; byte < 8; byte++)
        putc((int)(word >> 8 * byte & 0xff), to);
}

/* 0 at the end */
static inline int wire_get(FILE *from, uint64_t *word) {
    *word = 0;
    for (int byte = 0; byte < 8; byte++) {
        int c = getc(from);
        if (c == EOF) return 0;
        *word |= (uint64_t)c << 8 * byte;
    }
    return 1;
}

static inline void wire_put_elements(FILE *to, const void *data, int type, int64_t count) {
    wire_put(to, (uint64_t)count);
    for (int64_t i = 0; i < count; i++) {
        double value = 0;
        uint64_t bits;
        switch (type) {
        case GR_FLOAT: value = (double)((const float *)data)[i]; break;
        case GR_DOUBLE: value = ((const double *)data)[i]; break;
        case GR_INT32: value = (double)((const int32_t *)data)[i]; break;
        case GR_UINT64: break;
        default: value = (double)((const uint8_t *)data)[i]; break;
        }
        memcpy(&bits, &value, sizeof bits);
        wire_put(to, type == GR_UINT64 ? ((const uint64_t *)data)[i] : bits);
    }
}

/* 0 at the end, or where another number of elements comes */
static inline int wire_get_elements(FILE *from, void *data, int type, int64_t count) {
    uint64_t word;
    if (!wire_get(from, &word) || word != (uint64_t)count) return 0;
    for (int64_t i = 0; i < count; i++) {
        double value;
        if (!wire_get(from, &word)) return 0;
        memcpy(&value, &word, sizeof value);
        switch (type) {
        case GR_FLOAT: ((float *)data)[i] = (float)value; break;
        case GR_DOUBLE: ((double *)data)[i] = value; break;
        case GR_INT32: ((int32_t *)data)[i] = (int32_t)value; break;
        case GR_UINT64: ((uint64_t *)data)[i] = word; break;
        default: ((uint8_t *)data)[i] = (uint8_t)value; break;
        }
    }
    return 1;
}

#endif
