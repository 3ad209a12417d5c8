/* What the emitted C may count on: width and number of vector registers, and the tiles that fill them. */
#ifndef GRADC_KERNELS_TARGET_H
#define GRADC_KERNELS_TARGET_H

#include "compiler/ir/type.h"

typedef struct Target {
    const char *name;  /* as in --target */
    const char *macro; /* GR_TARGET of gr_kernel.h */
    int lanes;         /* reals in a vector: float */
    /* Register tiles: rows x vectors accumulators, plus the operands, fit the registers. Rows are tried from left to
     * right while that many remain; 0 ends the list. */
    int rows[6], vectors;
    int wide; /* vectors of a single row, where it has none beside it: enough to hide the latency of an addition */
    bool is_double;
} Target;

/* NULL where no such target exists; "native" is the best that this processor has. */
const Target *target_find(const char *name);
const Target *target_default(void);              /* of `gradc compile` on this machine */
Target target_with_double(const Target *target); /* the same with half the lanes */
const char *const *target_names(void);           /* ends with NULL */

#endif
