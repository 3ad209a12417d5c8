/* Products, transposition and reductions over axes. */
#include "frontend/elaborator.h"

/* ---- products ---- */

/* A factor of `@`: its axes before the last two, the row or column that stays, the axis that is summed over. */
typedef struct Factor {
    Node *node;
    Shape batch;
    int inner, outer; /* axes; outer -1: a vector has none */
} Factor;

static Factor factor_of(Node *node, bool left) {
    Shape shape = node->type.shape;
    if (shape.rank == 1) return (Factor){node, {0}, 0, -1};
    int last = shape.rank - 1, before = shape.rank - 2;
    return (Factor){node, {before, shape.dims}, left ? last : before, left ? before : last};
}

static Dim inner_size(const Factor *factor) {
    return factor->node->type.shape.dims[factor->inner];
}

static bool factors_fit(Elaborator *e, const Factor *a, const Factor *b, Shape *batch, Span span) {
    bool mend_rank;
    const char *left = shape_text(e->arena, a->node->type.shape), *right = shape_text(e->arena, b->node->type.shape);
    if (!dim_equal(inner_size(a), inner_size(b))) {
        Diagnostic *error = error_at(e, span, "%s @ %s: the inner sizes %s and %s differ", left, right,
                                     dim_text(e->arena, inner_size(a)), dim_text(e->arena, inner_size(b)));
        note_origin(e, error, a->node);
        note_origin(e, error, b->node);
        return false;
    }
    if (broadcast_shapes(e, a->batch, b->batch, batch, &mend_rank)) return graph_has_room(e, span);
    refuse(e, span, "%s @ %s: the leading axes do not fit together", left, right);
    return false;
}

static int read_factor(Elaborator *e, NestBuilder *nest, const Factor *factor, Shape batch, int outer, int inner) {
    Affine *axes = ARENA_ARRAY(e->arena, Affine, factor->node->type.shape.rank);
    broadcast_axes(e, factor->batch, batch, axes);
    if (factor->outer >= 0) axes[factor->outer] = affine_index(e->arena, outer);
    axes[factor->inner] = affine_index(e->arena, inner);
    return nest_read(nest, factor->node, axes);
}

/* NumPy's `@`: the last axis of a against the last but one of b; the axes before are broadcast. */
Value matmul(Elaborator *e, Value left, Value right, Span span) {
    Node *of_a = real_node_of(e, left, span), *of_b = real_node_of(e, right, span);
    if (of_a == NULL || of_b == NULL) return poison;
    Shape shape_a = of_a->type.shape, shape_b = of_b->type.shape, batch;
    if (shape_a.rank == 0 || shape_b.rank == 0)
        return refuse(e, span, "`@` needs matrices or vectors; a number is multiplied by `*`");
    Factor a = factor_of(of_a, true), b = factor_of(of_b, false);
    if (!factors_fit(e, &a, &b, &batch, span)) return poison;
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    for (int x = 0; x < batch.rank; x++)
        nest_free(&nest, index_letter(e, x), batch.dims[x]);
    int row = a.outer >= 0 ? nest_free(&nest, "n", shape_a.dims[a.outer]) : -1;
    int column = b.outer >= 0 ? nest_free(&nest, "o", shape_b.dims[b.outer]) : -1;
    int inner = nest_reduced(&nest, "p", inner_size(&a));
    int of_left = read_factor(e, &nest, &a, batch, row, inner),
        of_right = read_factor(e, &nest, &b, batch, column, inner);
    return value_node(nest_end(&nest, REDUCE_SUM, nest_call2(&nest, SCALAR_mul, of_left, of_right)));
}

Value swap_axes(Elaborator *e, Value value, Span span) {
    if (is_poison(value)) return poison;
    Node *node = node_of(e, value, span);
    if (node == NULL) return poison;
    Shape shape = node->type.shape;
    if (shape.rank < 2)
        return refuse(e, span, "x' swaps the last two axes; %s has %s", type_text(e->arena, node->type),
                      shape.rank == 0 ? "none" : "only one");
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    int *at = ARENA_ARRAY(e->arena, int, shape.rank);
    for (int a = 0; a < shape.rank; a++) {
        int axis = a < shape.rank - 2 ? a : a == shape.rank - 1 ? shape.rank - 2 : shape.rank - 1;
        at[axis] = nest_free(&nest, index_letter(e, a), shape.dims[axis]);
    }
    return value_node(nest_end(&nest, REDUCE_NONE, nest_read_at(&nest, node, at)));
}

/* ---- reductions ---- */

Value reduce_axes(Elaborator *e, Reduce reduce, Node *node, const bool *axes, bool keep, Span span) {
    Shape shape = node->type.shape;
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    int *at = ARENA_ARRAY(e->arena, int, shape.rank + 1);
    bool selects = reduce != REDUCE_SUM && reduce != REDUCE_PROD;
    for (int a = 0; a < shape.rank; a++) {
        if (!axes[a])
            at[a] = nest_free(&nest, index_letter(e, a), shape.dims[a]);
        else if (keep)
            nest_free(&nest, "one", dim_constant(1));
    }
    for (int a = 0; a < shape.rank; a++) {
        if (!axes[a]) continue;
        if (selects && dim_low(shape.dims[a]) == 0)
            return refuse(e, span, "%s may be over nothing: axis %d of %s can be empty",
                          reduce == REDUCE_MAX || reduce == REDUCE_ARGMAX ? "a maximum" : "a minimum", a,
                          type_text(e->arena, node->type));
        at[a] = nest_reduced(&nest, index_letter(e, a), shape.dims[a]);
    }
    int value = nest_read_at(&nest, node, at);
    if (node->type.elem == ELEM_BOOL) value = body_cast(&nest.body, ELEM_INT, value); /* a sum of bool counts */
    return value_node(nest_end(&nest, reduce, value));
}
