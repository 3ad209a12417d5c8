/* reshape(x, dims): the same elements in row-major order. Both shapes are cut into the shortest groups of axes that
 * have equal products; in each group the axes are merged and then split. */
#include "frontend/builtin.h"

/* What is wrong with a product: no size k + m*S. */
static bool times(Elaborator *e, Dim *product, Dim by, Span span) {
    if (dim_multiply(*product, by, product)) return true;
    refuse(e, span, "reshape: axes of two bounded sizes cannot be merged");
    return false;
}

/* Axes [begin, end) of a shape. */
typedef struct Group {
    int begin, end;
} Group;

/* The next groups of equal product; false after an error. */
static bool next_groups(Elaborator *e, Shape from, Shape to, Group *old, Group *new, Span span) {
    Dim a = dim_constant(1), b = dim_constant(1);
    *old = (Group){old->end, old->end};
    *new = (Group){new->end, new->end};
    do {
        bool take_old = new->end == to.rank || (old->end < from.rank && dim_high(a) <= dim_high(b));
        if (take_old && old->end == from.rank) break;
        if (!(take_old ? times(e, &a, from.dims[old->end++], span) : times(e, &b, to.dims[new->end++], span)))
            return false;
    } while (!dim_equal(a, b) || old->begin == old->end || new->begin == new->end);
    if (dim_equal(a, b)) return true;
    refuse(e, span, "reshape: %s has not the elements of %s", shape_text(e->arena, from), shape_text(e->arena, to));
    return false;
}

static bool is_one(Dim dim) {
    return dim_equal(dim, dim_constant(1));
}

/* The shape without its axes of size 1. */
static Shape squeezed(Elaborator *e, Shape shape) {
    Dim *dims = ARENA_ARRAY(e->arena, Dim, shape.rank + 1);
    int rank = 0;
    for (int a = 0; a < shape.rank; a++)
        if (!is_one(shape.dims[a])) dims[rank++] = shape.dims[a];
    return (Shape){rank, dims};
}

static Node *squeeze(Elaborator *e, Node *node, Span span) {
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    Shape shape = node->type.shape;
    Affine *axes = ARENA_ARRAY(e->arena, Affine, shape.rank + 1);
    int index = 0;
    for (int a = 0; a < shape.rank; a++)
        axes[a] = is_one(shape.dims[a])
                      ? affine_constant(dim_constant(0))
                      : affine_index(e->arena, nest_free(&nest, index_letter(e, index++), shape.dims[a]));
    return nest_end(&nest, REDUCE_NONE, nest_read(&nest, node, axes));
}

static Node *unsqueeze(Elaborator *e, Node *node, Shape to, Span span) {
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    int *at = ARENA_ARRAY(e->arena, int, to.rank + 1), count = 0;
    for (int a = 0; a < to.rank; a++) {
        int index = nest_free(&nest, index_letter(e, a), to.dims[a]);
        if (!is_one(to.dims[a])) at[count++] = index;
    }
    return nest_end(&nest, REDUCE_NONE, nest_read_at(&nest, node, at));
}

static bool merges_bounded(Elaborator *e, Shape shape, Group group, Span span) {
    for (int a = group.begin + 1; a < group.end; a++) {
        if (dim_is_constant(shape.dims[a])) continue;
        refuse(e, span, "reshape: the bounded size %s is merged with the axis before it, %s: transpose it to the front",
               dim_text(e->arena, shape.dims[a]), dim_text(e->arena, shape.dims[a - 1]));
        return true;
    }
    return false;
}

static Value different(Elaborator *e, Shape from, Shape to, Span span) {
    return refuse(e, span, "reshape: %s has not the elements of %s", shape_text(e->arena, to),
                  shape_text(e->arena, from));
}

/* Axes of size 1 are taken out first and put back at the end: they are in nobody's way. */
static Value regroup(Elaborator *e, Node *node, Shape to, Span span) {
    Shape whole = node->type.shape, from = squeezed(e, whole), wanted = squeezed(e, to);
    Group old = {0, 0}, new = {0, 0};
    if (from.rank < whole.rank) node = squeeze(e, node, span);
    while (old.end < from.rank && new.end < wanted.rank) {
        int axis = new.end; /* what stands before has its new shape */
        if (!next_groups(e, from, wanted, &old, &new, span)) return poison;
        if (merges_bounded(e, from, old, span) || merges_bounded(e, wanted, new, span)) return poison;
        int before = old.end - old.begin, after = new.end - new.begin;
        Dim merged = dim_constant(1);
        for (int a = old.begin; a < old.end; a++)
            dim_multiply(merged, from.dims[a], &merged);
        const Origin *origin = origin_at(e, span);
        if (before > 1) node = build_regroup(e->graph, node, axis, before, 1, &merged, origin);
        if (after > 1) node = build_regroup(e->graph, node, axis, 1, after, wanted.dims + new.begin, origin);
    }
    if (old.end < from.rank || new.end < wanted.rank) return different(e, whole, to, span);
    return value_node(wanted.rank < to.rank ? unsqueeze(e, node, to, span) : node);
}

static bool is_empty(Shape shape) {
    for (int a = 0; a < shape.rank; a++)
        if (dim_high(shape.dims[a]) == 0) return true;
    return false;
}

/* The one dimension that is left open: what the others leave, those cancelled that stand on both sides. */
static bool open_dim(Elaborator *e, Shape from, const Dim *dims, int count, int open, Dim *out, Span span) {
    bool *used = ARENA_ARRAY(e->arena, bool, from.rank + 1);
    Dim rest = dim_constant(1), others = dim_constant(1);
    for (int d = 0; d < count; d++) {
        int a = 0;
        if (d == open) continue;
        while (a < from.rank && (used[a] || !dim_equal(from.dims[a], dims[d])))
            a++;
        if (a < from.rank)
            used[a] = true;
        else if (!times(e, &others, dims[d], span))
            return false;
    }
    for (int a = 0; a < from.rank; a++)
        if (!used[a] && !times(e, &rest, from.dims[a], span)) return false;
    int64_t by = dim_is_constant(others) ? others.constant : 0;
    if (by > 0 && rest.constant % by == 0 && rest.factor % by == 0) {
        *out = (Dim){rest.constant / by, rest.factor / by, rest.size};
        return true;
    }
    refuse(e, span, "reshape: -1 stands for what is left of %s, and that is no whole number",
           shape_text(e->arena, from));
    return false;
}

Value call_reshape(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    Node *node = node_of(e, args[0], span);
    if (node == NULL || !list_argument(e, builtin, args[1], span)) return poison;
    const Values *list = args[1].u.list;
    Value filled = value_list(e, list->count, list->at);
    Dim *dims = ARENA_ARRAY(e->arena, Dim, list->count + 1);
    int open = -1;
    for (int d = 0; d < list->count; d++) {
        bool is_open = list->at[d].kind == VALUE_INT && list->at[d].u.integer == -1;
        if (is_open && open >= 0) return refuse(e, span, "reshape: two dimensions are -1");
        if (is_open) open = d;
        if (!is_open && !value_as_dim(list->at[d], &dims[d]))
            return refuse(e, span, "reshape: a shape is a list of sizes, and %s is none%s", value_text(e, list->at[d]),
                          no_size_hint(list->at[d]));
    }
    if (open >= 0 && !open_dim(e, node->type.shape, dims, list->count, open, &dims[open], span)) return poison;
    if (open >= 0) filled.u.list->at[open] = value_dim(dims[open]);
    Shape shape;
    if (!shape_argument(e, builtin, filled, span, &shape)) return poison;
    if (is_empty(shape) && is_empty(node->type.shape))
        return value_node(build_fill(e->graph, node->type.elem, shape, 0, origin_at(e, span)));
    return regroup(e, node, shape, span);
}
