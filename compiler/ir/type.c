#include "compiler/ir/type.h"
#include <string.h>

/* All arithmetic on dimensions ends here: false where the dimension, or a value that it takes, leaves the range in
 * which callers may add and subtract without another thought. */
static bool dim_make(int64_t constant, int64_t factor, const Size *size, Dim *out) {
    const int64_t limit = INT64_C(1) << 60;
    if (factor == 0) size = NULL;
    int64_t span, far = size ? size->high : 0;
    if (__builtin_mul_overflow(factor, far, &span)) return false;
    if (constant < -limit || constant > limit || span < -limit || span > limit) return false;
    *out = (Dim){.constant = constant, .factor = factor, .size = size};
    return true;
}

Dim dim_constant(int64_t value) {
    return (Dim){.constant = value};
}

Dim dim_size(const Size *size) {
    return (Dim){.factor = 1, .size = size};
}

bool dim_is_constant(Dim dim) {
    return dim.factor == 0;
}

bool dim_equal(Dim a, Dim b) {
    return a.constant == b.constant && a.factor == b.factor && a.size == b.size;
}

bool dim_add(Dim a, Dim b, Dim *sum) {
    int64_t constant, factor;
    if (a.size && b.size && a.size != b.size) return false;
    if (__builtin_add_overflow(a.constant, b.constant, &constant)) return false;
    if (__builtin_add_overflow(a.factor, b.factor, &factor)) return false;
    return dim_make(constant, factor, a.size ? a.size : b.size, sum);
}

bool dim_scale(Dim dim, int64_t by, Dim *out) {
    int64_t constant, factor;
    if (__builtin_mul_overflow(dim.constant, by, &constant)) return false;
    if (__builtin_mul_overflow(dim.factor, by, &factor)) return false;
    return dim_make(constant, factor, dim.size, out);
}

bool dim_multiply(Dim a, Dim b, Dim *product) {
    if (dim_is_constant(a)) return dim_scale(b, a.constant, product);
    if (dim_is_constant(b)) return dim_scale(a, b.constant, product);
    return false;
}

int64_t dim_low(Dim dim) {
    if (dim.factor == 0) return dim.constant;
    return dim.constant + dim.factor * (dim.factor > 0 ? dim.size->low : dim.size->high);
}

int64_t dim_high(Dim dim) {
    if (dim.factor == 0) return dim.constant;
    return dim.constant + dim.factor * (dim.factor > 0 ? dim.size->high : dim.size->low);
}

int64_t dim_value(Dim dim, const int64_t *sizes) {
    return dim.factor == 0 ? dim.constant : dim.constant + dim.factor * sizes[dim.size->position];
}

Shape shape_of(Arena *arena, int rank, const Dim *dims) {
    return (Shape){.rank = rank, .dims = arena_copy(arena, dims, (size_t)rank * sizeof *dims)};
}

bool shape_equal(Shape a, Shape b) {
    if (a.rank != b.rank) return false;
    for (int i = 0; i < a.rank; i++)
        if (!dim_equal(a.dims[i], b.dims[i])) return false;
    return true;
}

bool type_equal(Type a, Type b) {
    return a.elem == b.elem && shape_equal(a.shape, b.shape);
}

bool shape_elements(Shape shape, int64_t *count) {
    *count = 0;
    for (int i = 0; i < shape.rank; i++)
        if (dim_high(shape.dims[i]) <= 0) return true;
    int64_t product = 1;
    for (int i = 0; i < shape.rank; i++) {
        if (dim_high(shape.dims[i]) > ELEMENT_LIMIT / product) return false;
        product *= dim_high(shape.dims[i]);
    }
    *count = product;
    return true;
}

const char *elem_name(Elem elem) {
    switch (elem) {
    case ELEM_REAL: return "real";
    case ELEM_INT: return "int";
    case ELEM_BOOL: return "bool";
    }
    internal_error("no such element type: %d", (int)elem);
}

const char *dim_text(Arena *arena, Dim dim) {
    if (dim.factor == 0) return arena_print(arena, "%lld", (long long)dim.constant);
    const char *text = dim.factor == 1    ? dim.size->name
                       : dim.factor == -1 ? arena_print(arena, "-%s", dim.size->name)
                                          : arena_print(arena, "%lld*%s", (long long)dim.factor, dim.size->name);
    if (dim.constant == 0) return text;
    bool negative = dim.constant < 0;
    return arena_print(arena, "%s %c %lld", text, negative ? '-' : '+',
                       (long long)(negative ? -dim.constant : dim.constant));
}

const char *shape_text(Arena *arena, Shape shape) {
    const char *text = "[";
    for (int i = 0; i < shape.rank; i++)
        text = arena_print(arena, "%s%s%s", text, i > 0 ? ", " : "", dim_text(arena, shape.dims[i]));
    return arena_print(arena, "%s]", text);
}

const char *type_text(Arena *arena, Type type) {
    return arena_print(arena, "%s%s", elem_name(type.elem), shape_text(arena, type.shape));
}
