/* What the files of built-in functions share: their arguments, and the functions themselves. */
#ifndef GRADC_FRONTEND_BUILTIN_H
#define GRADC_FRONTEND_BUILTIN_H

#include "frontend/elaborator.h"

/* What a built-in distribution is, by its row's detail. */
typedef enum Distribution {
    DISTRIBUTION_UNIFORM,
    DISTRIBUTION_NORMAL,
    DISTRIBUTION_BERNOULLI,
    DISTRIBUTION_CATEGORICAL,
    DISTRIBUTION_INTEGERS,
    DISTRIBUTION_PERMUTATION
} Distribution;

extern const Value absent; /* in place of an argument that is not given */
bool is_absent(Value value);

/* Each false after an error that names the function and the argument. */
bool int_argument(Elaborator *e, const Builtin *builtin, const char *name, Value value, Span span, int64_t *out);
bool axis_number(Elaborator *e, const Builtin *builtin, Value value, int rank, Span span, int *axis);
bool shape_argument(Elaborator *e, const Builtin *builtin, Value value, Span span, Shape *shape);
bool list_argument(Elaborator *e, const Builtin *builtin, Value value, Span span);

typedef Value BuiltinFunction(Elaborator *e, const Builtin *builtin, const Value *args, Span span);

/* ---- arrange.c: made, cut and put together ---- */

BuiltinFunction call_fill, call_broadcast, call_eye, call_one_hot, call_transpose, call_split, call_flip, call_concat,
    call_stack;

/* ---- reshape.c ---- */

BuiltinFunction call_reshape;

/* ---- order.c: along an axis ---- */

BuiltinFunction call_cumsum, call_sort, call_top_k, call_at_label;

#endif
