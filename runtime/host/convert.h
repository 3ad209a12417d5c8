/* Numbers of a file into the arrays that a model takes, each checked. */
#ifndef GR_HOST_CONVERT_H
#define GR_HOST_CONVERT_H

#include "runtime/core/gr.h"
#include "runtime/host/array.h"

/* Where a number was found that does not fit. */
typedef struct gr_misfit {
    uint64_t element; /* of the row, in row-major order */
    double value;
} gr_misfit;

/* Copies row `row` of an array whose elements begin at `elements` into out[row_size], of enum gr_type `type`. False if
 * a number does not fit. */
bool gr_convert_row(const gr_array *array, const uint8_t *elements, uint64_t row, int type, void *out,
                    gr_misfit *misfit);

/* What the type takes, for messages: "whole numbers from 0 to 255". */
const char *gr_convert_range(int type);

/* Product of all axes but the first. */
uint64_t gr_array_row_size(const gr_array *array);

#endif
