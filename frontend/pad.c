/* pad(x, widths, value): an axis of the result runs over the old one and what is added on both sides. The position in x
 * is solved from it, and where there is none stands the value. */
#include "frontend/elaborator.h"

typedef struct Width {
    int64_t before, after;
} Width;

static bool width_of(Elaborator *e, Value value, Span span, Width *width) {
    Value sides[2] = {value, value};
    if (value.kind == VALUE_LIST && value.u.list->count == 2) {
        sides[0] = value.u.list->at[0];
        sides[1] = value.u.list->at[1];
    }
    for (int s = 0; s < 2; s++) {
        if (is_poison(sides[s])) return false;
        if (sides[s].kind == VALUE_INT && sides[s].u.integer >= 0 && sides[s].u.integer <= INT32_MAX) continue;
        refuse(e, span, "pad: a width is an int of 0 or more, or a pair [before, after] of such, not %s",
               value_text(e, sides[s]));
        return false;
    }
    *width = (Width){sides[0].u.integer, sides[1].u.integer};
    return true;
}

static bool widths_of(Elaborator *e, Value value, int rank, Span span, Width *widths) {
    if (is_poison(value)) return false;
    if (value.kind != VALUE_LIST || value.u.list->count != rank) {
        refuse(e, span, "pad needs a width for each of the %d axes, as in [0, 1, [2, 0]], and this is %s", rank,
               value_text(e, value));
        return false;
    }
    for (int a = 0; a < rank; a++)
        if (!width_of(e, value.u.list->at[a], span, &widths[a])) return false;
    return true;
}

static bool padded_shape(Elaborator *e, Shape shape, const Width *widths, Span span, Dim *dims) {
    int64_t elements;
    for (int a = 0; a < shape.rank; a++)
        if (!dim_add(shape.dims[a], dim_constant(widths[a].before + widths[a].after), &dims[a])) return false;
    if (shape_elements((Shape){shape.rank, dims}, &elements)) return true;
    refuse(e, span, "a tensor of shape %s has more than %lld elements", shape_text(e->arena, (Shape){shape.rank, dims}),
           (long long)ELEMENT_LIMIT);
    return false;
}

Value pad_axes(Elaborator *e, Value x, Value width_list, Value value, Span span) {
    if (is_poison(value)) return poison;
    if (!is_number(value))
        return refuse(e, span, "pad: the value is a number that is known while compiling, not %s",
                      value_text(e, value));
    if (value.kind == VALUE_REAL) x = cast(e, ELEM_REAL, x, span);
    Node *node = node_of(e, x, span);
    if (node == NULL) return poison;
    Shape shape = node->type.shape;
    Width *widths = ARENA_ARRAY(e->arena, Width, shape.rank);
    Dim *dims = ARENA_ARRAY(e->arena, Dim, shape.rank);
    if (!widths_of(e, width_list, shape.rank, span, widths) || !padded_shape(e, shape, widths, span, dims))
        return poison;
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    int *at = ARENA_ARRAY(e->arena, int, shape.rank);
    for (int a = 0; a < shape.rank; a++)
        at[a] = nest_free(&nest, "i", dims[a]);
    for (int a = 0; a < shape.rank; a++) {
        if (widths[a].before == 0 && widths[a].after == 0) continue;
        Affine position;
        affine_add(e->arena, affine_index(e->arena, at[a]), affine_constant(dim_constant(-widths[a].before)),
                   &position);
        at[a] = nest_solved(&nest, "p", shape.dims[a], position, 1);
    }
    nest.otherwise = number_of(value);
    return value_node(nest_end(&nest, REDUCE_NONE, nest_read_at(&nest, node, at)));
}
