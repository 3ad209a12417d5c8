/* Affine expressions of loop indices: constant + sum of factor * index. They are the positions at which nests read. */
#ifndef GRADC_IR_AFFINE_H
#define GRADC_IR_AFFINE_H

#include "compiler/ir/type.h"

typedef struct Term {
    int index; /* number of an index of the nest */
    int64_t factor;
} Term;

/* Terms are sorted by index and have no zero factors, so equal expressions are equal memory. */
typedef struct Affine {
    Dim constant;
    int count;
    const Term *terms; /* [count] */
} Affine;

Affine affine_constant(Dim constant);
Affine affine_index(Arena *arena, int index);
/* False: overflow, or two bounded sizes in one constant. */
bool affine_add(Arena *arena, Affine a, Affine b, Affine *sum);
bool affine_scale(Arena *arena, Affine a, int64_t by, Affine *out);
bool affine_equal(Affine a, Affine b);
int64_t affine_factor(Affine a, int index); /* 0 where the index does not occur */
bool affine_is_index(Affine a, int *index); /* the index alone, with factor 1 and constant 0 */
Affine affine_without(Arena *arena, Affine a, int index);

/* Replaces every index i by with[i]. */
bool affine_substitute(Arena *arena, Affine a, const Affine *with, Affine *out);
int64_t affine_value(Affine a, const int64_t *indices, const int64_t *sizes);
const char *affine_text(Arena *arena, Affine a, const char *const *names); /* "2*i + p - 1" */

#endif
