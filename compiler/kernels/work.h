/* How much a kernel computes and moves: what the roof of a machine is compared with. */
#ifndef GRADC_KERNELS_WORK_H
#define GRADC_KERNELS_WORK_H

#include "compiler/ir/kernel.h"

/* At the largest sizes, in all rounds of the loops around. A value counts once for every combination of the indices
 * that it depends on, and a reduction one operation a term: what a kernel does that computes nothing twice. */
typedef struct Work {
    double flops;         /* functions of reals, each 1 (a product added to a sum: 2); not conversions and selections */
    double products;      /* of these, in contractions alone: what NAME.h counts */
    double functions;     /* of these, dearer than a division: exp, log, tanh and their kind */
    double draws;         /* random numbers */
    double read, written; /* bytes of arguments, model, trainer and shared scratch that it touches, each once. What a
                             stage hands to a later one of its kernel is not read again: it lies in the cache */
} Work;

Work kernel_work(Arena *arena, const Kernel *kernel, bool is_double);
/* What the stage at that position adds to those before it: together they are the kernel's work. `size` has the value in
 * place of its largest; NULL: all sizes are at their largest. */
Work stage_work(Arena *arena, const Kernel *kernel, int stage, bool is_double, const Size *size, int64_t value);
void work_add(Work *sum, const Work *work);

#endif
