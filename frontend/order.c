/* Along an axis: running sums, sorted values, the largest, and elements at positions. */
#include "frontend/builtin.h"

static bool last_or_given(Elaborator *e, const Builtin *builtin, Value given, int rank, Span span, int *axis) {
    *axis = rank - 1;
    if (rank == 0) {
        refuse(e, span, "%s of a number", builtin->name);
        return false;
    }
    return is_absent(given) || axis_number(e, builtin, given, rank, span, axis);
}

/* A sum of bool counts. */
Value call_cumsum(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    Node *node = node_of(e, args[0], span);
    int axis;
    if (node == NULL || !last_or_given(e, builtin, args[1], node->type.shape.rank, span, &axis)) return poison;
    if (node->type.elem == ELEM_BOOL) node = node_of(e, cast(e, ELEM_INT, value_node(node), span), span);
    return node == NULL ? poison : value_node(build_cumsum(e->graph, node, axis, false, origin_at(e, span)));
}

/* Elements of `node` at positions along the axis; the positions' other axes are the node's. */
static Node *take_along(Elaborator *e, Node *node, int axis, Node *positions, Span span) {
    int rank = node->type.shape.rank;
    Index *points = ARENA_ARRAY(e->arena, Index, rank);
    Coordinate *axes = ARENA_ARRAY(e->arena, Coordinate, rank);
    Affine *at = ARENA_ARRAY(e->arena, Affine, rank);
    for (int a = 0; a < rank; a++) {
        points[a] = (Index){.kind = INDEX_FREE, .name = index_letter(e, a), .size = positions->type.shape.dims[a]};
        at[a] = affine_index(e->arena, a);
        axes[a] = a == axis ? (Coordinate){affine_constant(dim_constant(0)), 0} : (Coordinate){at[a], NO_READ};
    }
    const Read read = {1, at};
    const Addressing addressing = {rank, 1, points, &read, rank, axes};
    Addressing *kept = arena_copy(e->arena, &addressing, sizeof addressing);
    kept->reads = arena_copy(e->arena, &read, sizeof read);
    return build_gather(e->graph, node, kept, &positions, origin_at(e, span));
}

/* What can be ordered: ints and reals; bools as ints. */
static Node *ordered(Elaborator *e, Value value, Span span) {
    Node *node = node_of(e, value, span);
    if (node == NULL || node->type.elem != ELEM_BOOL) return node;
    return node_of(e, cast(e, ELEM_INT, value_node(node), span), span);
}

Value call_sort(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    Node *node = ordered(e, args[0], span);
    int axis;
    if (node == NULL || !last_or_given(e, builtin, args[1], node->type.shape.rank, span, &axis)) return poison;
    Node *order = build_argsort(e->graph, node, axis, false, origin_at(e, span));
    return value_node(take_along(e, node, axis, order, span));
}

/* top_k(x, k, axis = -1) -> values, positions: the largest first, of equal ones the first */
Value call_top_k(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    Node *node = ordered(e, args[0], span);
    int axis;
    int64_t k;
    if (node == NULL || !last_or_given(e, builtin, args[2], node->type.shape.rank, span, &axis)) return poison;
    if (!int_argument(e, builtin, "k", args[1], span, &k)) return poison;
    Dim size = node->type.shape.dims[axis];
    if (k < 0 || k > dim_low(size))
        return refuse(e, span, "top_k: k = %lld, but axis %d has size %s", (long long)k, axis,
                      dim_text(e->arena, size));
    Node *order = build_argsort(e->graph, node, axis, true, origin_at(e, span));
    Value positions = slice_axis(e, order, axis, 0, dim_constant(k), 1);
    if (is_poison(positions)) return poison;
    Value results[] = {value_node(take_along(e, node, axis, positions.u.node, span)), positions};
    return value_list(e, 2, results);
}

/* at_label(x[.., K], label[..]) -> [..]: the element of the last axis that the label says */
Value call_at_label(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    (void)builtin;
    Node *node = node_of(e, args[0], span), *label = node == NULL ? NULL : node_of(e, args[1], span);
    if (label == NULL) return poison;
    Shape labels = label->type.shape, shape = node->type.shape;
    bool fits = shape.rank == labels.rank + 1 && shape_equal(labels, (Shape){labels.rank, shape.dims});
    if (!fits || label->type.elem != ELEM_INT)
        return refuse(e, span, "at_label needs an int for every row: %s and %s", type_text(e->arena, node->type),
                      type_text(e->arena, label->type));
    limit_positions(e, label, shape.dims[labels.rank], span);
    Index *points = ARENA_ARRAY(e->arena, Index, labels.rank);
    Coordinate *axes = ARENA_ARRAY(e->arena, Coordinate, shape.rank);
    Affine *at = ARENA_ARRAY(e->arena, Affine, labels.rank);
    Read *read = ARENA_NEW(e->arena, Read);
    for (int a = 0; a < labels.rank; a++) {
        points[a] = (Index){.kind = INDEX_FREE, .name = index_letter(e, a), .size = labels.dims[a]};
        at[a] = affine_index(e->arena, a);
        axes[a] = (Coordinate){at[a], NO_READ};
    }
    axes[labels.rank] = (Coordinate){affine_constant(dim_constant(0)), 0};
    *read = (Read){1, at};
    const Addressing addressing = {labels.rank, 1, points, read, shape.rank, axes};
    return value_node(build_gather(e->graph, node, &addressing, &label, origin_at(e, span)));
}
