/* Element types, dimensions and shapes.
 *
 * A dimension is k + m*S with at most one bounded size S (`size N = 1..256`): concatenating two batches gives 2*N,
 * dropping a step T - 1. Everything about it but the trip counts of loops is decided by its largest value. */
#ifndef GRADC_IR_TYPE_H
#define GRADC_IR_TYPE_H

#include "compiler/support/diag.h"
#include "compiler/support/str.h"
#include <stdbool.h>
#include <stdint.h>

typedef enum Elem { ELEM_REAL, ELEM_INT, ELEM_BOOL } Elem;

/* `size N = low..high`: a number given at each call. */
typedef struct Size {
    Name name;
    int64_t low, high; /* both included; 0 <= low <= high */
    Span span;
    int position; /* in Program.sizes */
} Size;

typedef struct Dim {
    int64_t constant, factor;
    const Size *size; /* NULL exactly if factor is 0 */
} Dim;

typedef struct Shape {
    int rank;
    const Dim *dims; /* [rank] */
} Shape;

typedef struct Type {
    Elem elem;
    Shape shape;
} Type;

Dim dim_constant(int64_t value);
Dim dim_size(const Size *size);
bool dim_is_constant(Dim dim);
bool dim_equal(Dim a, Dim b);
bool dim_add(Dim a, Dim b, Dim *sum);          /* false: two different bounded sizes, or overflow */
bool dim_scale(Dim dim, int64_t by, Dim *out); /* false: overflow */
bool dim_multiply(Dim a, Dim b, Dim *product); /* false: both bounded, or overflow */
int64_t dim_low(Dim dim);                      /* the least and the largest value that it takes */
int64_t dim_high(Dim dim);
int64_t dim_value(Dim dim, const int64_t *sizes); /* sizes by Size.position */

Shape shape_of(Arena *arena, int rank, const Dim *dims); /* copies dims */
bool shape_equal(Shape a, Shape b);
bool type_equal(Type a, Type b);
/* Elements at the largest sizes; false where the number exceeds ELEMENT_LIMIT. */
bool shape_elements(Shape shape, int64_t *count);

const char *elem_name(Elem elem);
const char *dim_text(Arena *arena, Dim dim);       /* "10", "N", "2*N + 1" */
const char *shape_text(Arena *arena, Shape shape); /* "[N, 10]" */
const char *type_text(Arena *arena, Type type);    /* "real[N, 10]" */

#endif
