/* Tensors made, cut and put together. */
#include "frontend/builtin.h"

/* ---- made ---- */

Value call_fill(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    Shape shape;
    if (!shape_argument(e, builtin, args[0], span, &shape)) return poison;
    return broadcast_to(e, value_real(builtin->detail), shape, span);
}

Value call_broadcast(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    Shape shape;
    if (!shape_argument(e, builtin, args[1], span, &shape)) return poison;
    return broadcast_to(e, args[0], shape, span);
}

Value call_eye(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    int64_t n;
    if (!int_argument(e, builtin, "n", args[0], span, &n)) return poison;
    if (n < 0 || n > 46340) return refuse(e, span, "eye(%lld) is too large", (long long)n);
    if (e->graph == NULL)
        return refuse(e, span, "tensors exist only in entries: here values are known while compiling");
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    int i = nest_free(&nest, "i", dim_constant(n)), j = nest_free(&nest, "j", dim_constant(n));
    int same = nest_call2(&nest, SCALAR_equal, body_index(&nest.body, i), body_index(&nest.body, j));
    return value_node(nest_end(&nest, REDUCE_NONE, nest_call1(&nest, SCALAR_to_real, same)));
}

Value call_one_hot(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    int64_t count;
    Node *node = node_of(e, args[0], span);
    if (node == NULL || !int_argument(e, builtin, "K", args[1], span, &count)) return poison;
    if (node->type.elem != ELEM_INT)
        return refuse(e, span, "one_hot needs ints, not %s", type_text(e->arena, node->type));
    if (count < 1) return refuse(e, span, "one_hot: K is at least 1, not %lld", (long long)count);
    Shape shape = node->type.shape;
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    int *at = ARENA_ARRAY(e->arena, int, shape.rank + 1);
    for (int a = 0; a < shape.rank; a++)
        at[a] = nest_free(&nest, "n", shape.dims[a]);
    int k = nest_free(&nest, "k", dim_constant(count));
    int hot = nest_call2(&nest, SCALAR_equal, body_index(&nest.body, k), nest_read_at(&nest, node, at));
    return value_node(nest_end(&nest, REDUCE_NONE, nest_call1(&nest, SCALAR_to_real, hot)));
}

Value call_transpose(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    Node *node = node_of(e, args[0], span);
    if (node == NULL || !list_argument(e, builtin, args[1], span)) return poison;
    int rank = node->type.shape.rank;
    bool *seen = ARENA_ARRAY(e->arena, bool, rank + 1);
    int *at = ARENA_ARRAY(e->arena, int, rank + 1);
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    if (args[1].u.list->count != rank)
        return refuse(e, span, "transpose: an order of %d axes for %s", args[1].u.list->count,
                      type_text(e->arena, node->type));
    for (int a = 0; a < rank; a++) {
        int axis;
        if (!axis_number(e, builtin, args[1].u.list->at[a], rank, span, &axis)) return poison;
        if (seen[axis]) return refuse(e, span, "transpose: axis %d stands twice in the order", axis);
        seen[axis] = true;
        at[axis] = nest_free(&nest, "i", node->type.shape.dims[axis]);
    }
    return value_node(nest_end(&nest, REDUCE_NONE, nest_read_at(&nest, node, at)));
}

static bool split_sizes(Elaborator *e, const Builtin *builtin, Value how, int64_t size, Span span, Value *sizes) {
    int64_t parts, sum = 0;
    bool fits = true;
    if (how.kind == VALUE_LIST) {
        *sizes = how;
    } else {
        if (!int_argument(e, builtin, "n", how, span, &parts)) return false;
        if (parts < 1 || parts > LIST_LIMIT || size % parts != 0) {
            refuse(e, span, "split: %lld elements cannot be cut in %lld equal parts", (long long)size,
                   (long long)parts);
            return false;
        }
        *sizes = value_list(e, 0, NULL);
        for (int64_t p = 0; p < parts; p++)
            vec_push(e->arena, sizes->u.list, value_int(size / parts));
    }
    for (int p = 0; p < sizes->u.list->count; p++) {
        int64_t part;
        if (!int_argument(e, builtin, "sizes", sizes->u.list->at[p], span, &part)) return false;
        fits &= part >= 0 && part <= size - sum;
        if (fits) sum += part;
    }
    if (fits && sum == size) return true;
    refuse(e, span, "split: the parts do not make up the axis' size %lld", (long long)size);
    return false;
}

Value call_split(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    Node *node = node_of(e, args[0], span);
    if (node == NULL) return poison;
    int rank = node->type.shape.rank, axis = rank - 1;
    if (rank == 0) return refuse(e, span, "split of a number");
    if (!is_absent(args[2]) && !axis_number(e, builtin, args[2], rank, span, &axis)) return poison;
    Dim size = node->type.shape.dims[axis];
    Value sizes, list = value_list(e, 0, NULL);
    if (!dim_is_constant(size))
        return refuse(e, span, "split: axis %d has the bounded size %s", axis, dim_text(e->arena, size));
    if (!split_sizes(e, builtin, args[1], size.constant, span, &sizes)) return poison;
    int64_t begin = 0;
    for (int p = 0; p < sizes.u.list->count; begin += sizes.u.list->at[p++].u.integer)
        vec_push(e->arena, list.u.list,
                 slice_axis(e, node, axis, begin, dim_constant(sizes.u.list->at[p].u.integer), 1));
    return list;
}

/* ---- turned round ---- */

/* The axis that is meant, `otherwise` where none is; false after an error. */
static bool chosen_axis(Elaborator *e, const Builtin *builtin, Value given, int rank, int otherwise, Span span,
                        int *axis) {
    *axis = otherwise;
    if (!is_absent(given)) return axis_number(e, builtin, given, rank, span, axis);
    if (rank > 0) return true;
    refuse(e, span, "%s of a number", builtin->name);
    return false;
}

/* y[.., i, ..] = x[.., S - 1 - i, ..] */
Value call_flip(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    Node *node = node_of(e, args[0], span);
    int axis;
    if (node == NULL || !chosen_axis(e, builtin, args[1], node->type.shape.rank, 0, span, &axis)) return poison;
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    Affine *axes = ARENA_ARRAY(e->arena, Affine, node->type.shape.rank);
    Dim last;
    for (int a = 0; a < node->type.shape.rank; a++)
        axes[a] = affine_index(e->arena, nest_free(&nest, index_letter(e, a), node->type.shape.dims[a]));
    bool fits = dim_add(node->type.shape.dims[axis], dim_constant(-1), &last) &&
                affine_scale(e->arena, axes[axis], -1, &axes[axis]) &&
                affine_add(e->arena, axes[axis], affine_constant(last), &axes[axis]);
    if (!fits) return refuse(e, span, "flip: the axis is too large");
    return value_node(nest_end(&nest, REDUCE_NONE, nest_read(&nest, node, axes)));
}

/* ---- put together ---- */

static bool parts_fit(Elaborator *e, Node *const *parts, int count, int axis, Span span) {
    Shape first = parts[0]->type.shape;
    Dim length = dim_constant(0);
    for (int p = 0; p < count; p++) {
        Shape shape = parts[p]->type.shape;
        bool fits = shape.rank == first.rank;
        for (int a = 0; fits && a < shape.rank; a++)
            fits = a == axis || dim_equal(shape.dims[a], first.dims[a]);
        if (!fits) {
            Diagnostic *error =
                error_at(e, span, "concat along axis %d needs equal sizes on the others: %s and %s", axis,
                         type_text(e->arena, parts[0]->type), type_text(e->arena, parts[p]->type));
            note_origin(e, error, parts[p]);
            return false;
        }
        if (dim_add(length, shape.dims[axis], &length)) continue;
        refuse(e, span, "concat: %s and %s together have no size k + m*S", dim_text(e->arena, length),
               dim_text(e->arena, shape.dims[axis]));
        return false;
    }
    return true;
}

Value call_concat(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    int axis;
    if (!list_argument(e, builtin, args[0], span)) return poison;
    const Values *list = args[0].u.list;
    if (list->count == 0) return refuse(e, span, "concat of no tensors");
    Node **parts = nodes_of_list(e, list, span);
    if (parts == NULL || !chosen_axis(e, builtin, args[1], parts[0]->type.shape.rank, 0, span, &axis)) return poison;
    if (!parts_fit(e, parts, list->count, axis, span)) return poison;
    if (list->count == 1) return value_node(parts[0]);
    Node *whole = build_concat(e->graph, axis, list->count, parts, origin_at(e, span));
    int64_t elements;
    if (shape_elements(whole->type.shape, &elements)) return value_node(whole);
    return refuse(e, span, "a tensor of shape %s has more than %lld elements", shape_text(e->arena, whole->type.shape),
                  (long long)ELEMENT_LIMIT);
}

/* A list is stacked on a new first axis wherever a tensor is needed; here the axis goes where it is wanted. */
Value call_stack(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    if (!list_argument(e, builtin, args[0], span)) return poison;
    Node *stacked = node_of(e, args[0], span);
    int axis = 0;
    if (stacked == NULL) return poison;
    int rank = stacked->type.shape.rank;
    if (!is_absent(args[1]) && !axis_number(e, builtin, args[1], rank, span, &axis)) return poison;
    if (axis == 0) return value_node(stacked);
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    int *at = ARENA_ARRAY(e->arena, int, rank);
    for (int a = 0; a < rank; a++) { /* result axis a is axis a + 1 of the stack, before the new one */
        int from = a < axis ? a + 1 : a == axis ? 0 : a;
        at[from] = nest_free(&nest, index_letter(e, a), stacked->type.shape.dims[from]);
    }
    return value_node(nest_end(&nest, REDUCE_NONE, nest_read_at(&nest, stacked, at)));
}
