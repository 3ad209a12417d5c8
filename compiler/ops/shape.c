/* Other shapes for the same elements: adjacent axes merged, an axis split, tensors behind each other. */
#include "compiler/eval/eval.h"
#include "compiler/ops/rules.h"
#include <string.h>

/* ---- regroup ---- */

/* The product of dims, of which only the first may be bounded: then the merged axis is dense in memory. */
static bool merged_dim(const Dim *dims, int count, Dim *product) {
    *product = dims[0];
    for (int i = 1; i < count; i++) {
        if (!dim_is_constant(dims[i]) || !dim_multiply(*product, dims[i], product)) return false;
    }
    return true;
}

const char *regroup_check(Arena *arena, const Node *node) {
    (void)arena;
    if (node->arg_count != 1) return "not one argument";
    Shape old = node->args[0]->type.shape, new = node->type.shape;
    int axis = node->u.regroup.axis, from = node->u.regroup.from, to = node->u.regroup.to;
    if (node->type.elem != node->args[0]->type.elem) return "another type than its argument's";
    if (from < 1 || to < 1 || (from > 1 && to > 1)) return "neither a merge nor a split";
    if (axis < 0 || axis + from > old.rank || axis + to > new.rank) return "no such axes";
    if (old.rank - from != new.rank - to) return "another number of axes beside";
    for (int i = 0; i < axis; i++) {
        if (!dim_equal(old.dims[i], new.dims[i])) return "another axis before";
    }
    for (int i = axis + from; i < old.rank; i++) {
        if (!dim_equal(old.dims[i], new.dims[i - from + to])) return "another axis behind";
    }
    Dim before, after;
    if (!merged_dim(old.dims + axis, from, &before) || !merged_dim(new.dims + axis, to, &after)) {
        return "a bounded size is merged that is not the first";
    }
    return dim_equal(before, after) ? NULL : "another number of elements";
}

Node *build_regroup(Graph *graph, Node *node, int axis, int from, int to, const Dim *dims, const Origin *origin) {
    Shape old = node->type.shape;
    Dim new[RANK_LIMIT];
    memcpy(new, old.dims, (size_t)axis * sizeof *new);
    memcpy(new + axis, dims, (size_t)to * sizeof *new);
    memcpy(new + axis + to, old.dims + axis + from, (size_t)(old.rank - axis - from) * sizeof *new);
    Type type = {node->type.elem, shape_of(graph->arena, old.rank - from + to, new)};
    Node *made = graph_add(graph, OP_regroup, type, 1, &node, origin);
    made->u.regroup.axis = axis;
    made->u.regroup.from = from;
    made->u.regroup.to = to;
    return node_checked(graph, made);
}

void regroup_gradient(Backward *backward, const Node *node, Node *dy) {
    if (!backward_wants(backward, node->args[0])) return;
    int axis = node->u.regroup.axis;
    Node *back = build_regroup(backward_graph(backward), dy, axis, node->u.regroup.to, node->u.regroup.from,
                               node->args[0]->type.shape.dims + axis, node->origin);
    backward_add(backward, node->args[0], back);
}

void regroup_evaluate(Evaluation *evaluation, const Node *node) {
    Tensor result = tensor_of_type(evaluation, node->type);
    result.values = evaluation->values[node->args[0]->id].values;
    evaluation->values[node->id] = result;
}

/* A split is a nest: y[i, j] = x[i * J + j]. A merge stays: in memory it is nothing, and readers see through it. */
Node *regroup_lower(Graph *graph, const Node *node, Node *const *args) {
    if (node->u.regroup.from > 1) return copy_node(graph, node, args);
    NestBuilder nest = nest_begin(graph, node->origin);
    Affine axes[RANK_LIMIT], position = affine_constant(dim_constant(0));
    int axis = node->u.regroup.axis, to = node->u.regroup.to;
    for (int i = 0; i < node->type.shape.rank; i++) {
        Affine index = affine_index(graph->arena, nest_free(&nest, "i", node->type.shape.dims[i]));
        bool inside = i >= axis && i < axis + to;
        if (!inside) axes[i < axis ? i : i - to + 1] = index;
        if (!inside) continue;
        bool fits = i == axis || affine_scale(graph->arena, position, node->type.shape.dims[i].constant, &position);
        if (!fits || !affine_add(graph->arena, position, index, &position)) internal_error("a split axis overflows");
    }
    axes[axis] = position;
    Node *lowered = nest_end(&nest, REDUCE_NONE, nest_read(&nest, args[0], axes));
    lowered->label = node->label;
    return lowered;
}

/* ---- concat ---- */

const char *concat_check(Arena *arena, const Node *node) {
    (void)arena;
    int axis = node->u.along.axis;
    Dim length = dim_constant(0);
    if (node->arg_count < 1) return "nothing to concatenate";
    if (axis < 0 || axis >= node->type.shape.rank) return "no such axis";
    for (int a = 0; a < node->arg_count; a++) {
        Type type = node->args[a]->type;
        if (type.elem != node->type.elem || type.shape.rank != node->type.shape.rank) return "arguments of other types";
        for (int i = 0; i < type.shape.rank; i++) {
            if (i != axis && !dim_equal(type.shape.dims[i], node->type.shape.dims[i])) return "axes that differ";
        }
        if (!dim_add(length, type.shape.dims[axis], &length)) return "two bounded sizes on one axis";
    }
    return dim_equal(length, node->type.shape.dims[axis]) ? NULL : "another length than that of the parts";
}

Node *build_concat(Graph *graph, int axis, int count, Node *const *parts, const Origin *origin) {
    Dim dims[RANK_LIMIT];
    Shape first = parts[0]->type.shape;
    memcpy(dims, first.dims, (size_t)first.rank * sizeof *dims);
    for (int i = 1; i < count; i++) {
        if (!dim_add(dims[axis], parts[i]->type.shape.dims[axis], &dims[axis])) {
            internal_error("two bounded sizes are concatenated");
        }
    }
    Type type = {parts[0]->type.elem, shape_of(graph->arena, first.rank, dims)};
    Node *made = graph_add(graph, OP_concat, type, count, parts, origin);
    made->u.along.axis = axis;
    return node_checked(graph, made);
}

/* Part [begin, begin + length) of an axis. */
static Node *build_slice(Graph *graph, Node *node, int axis, Dim begin, Dim length, const Origin *origin) {
    NestBuilder nest = nest_begin(graph, origin);
    Affine axes[RANK_LIMIT];
    for (int i = 0; i < node->type.shape.rank; i++) {
        Dim size = i == axis ? length : node->type.shape.dims[i];
        axes[i] = affine_index(graph->arena, nest_free(&nest, "i", size));
    }
    if (!affine_add(graph->arena, axes[axis], affine_constant(begin), &axes[axis])) internal_error("a slice overflows");
    return nest_end(&nest, REDUCE_NONE, nest_read(&nest, node, axes));
}

void concat_gradient(Backward *backward, const Node *node, Node *dy) {
    int axis = node->u.along.axis;
    Dim begin = dim_constant(0);
    for (int a = 0; a < node->arg_count; a++) {
        const Node *arg = node->args[a];
        Dim length = arg->type.shape.dims[axis];
        if (backward_wants(backward, arg)) {
            Node *slice = build_slice(backward_graph(backward), dy, axis, begin, length, node->origin);
            backward_add(backward, arg, slice);
        }
        if (!dim_add(begin, length, &begin)) internal_error("a concatenation overflows");
    }
}

void concat_evaluate(Evaluation *evaluation, const Node *node) {
    Tensor result = tensor_of_type(evaluation, node->type);
    int axis = node->u.along.axis;
    int64_t begin = 0;
    for (int a = 0; a < node->arg_count; a++) {
        const Tensor *part = &evaluation->values[node->args[a]->id];
        int64_t position[RANK_LIMIT] = {0}, shifted[RANK_LIMIT];
        for (int64_t i = 0; i < part->count; i++) {
            memcpy(shifted, position, sizeof shifted);
            shifted[axis] += begin;
            result.values[tensor_offset(&result, shifted)] = part->values[i];
            tensor_next(part, position);
        }
        begin += part->dims[axis];
    }
    evaluation->values[node->id] = result;
}

/* part[i - begin] where that is inside, else 0, on the axes of the whole. */
static Node *build_padded(Graph *graph, const Node *node, Node *part, Dim begin) {
    NestBuilder nest = nest_begin(graph, node->origin);
    Affine axes[RANK_LIMIT], position;
    int axis = node->u.along.axis;
    Dim back;
    for (int i = 0; i < node->type.shape.rank; i++) {
        axes[i] = affine_index(graph->arena, nest_free(&nest, "i", node->type.shape.dims[i]));
    }
    if (!dim_scale(begin, -1, &back) || !affine_add(graph->arena, axes[axis], affine_constant(back), &position)) {
        internal_error("a concatenation overflows");
    }
    int solved = nest_solved(&nest, "p", part->type.shape.dims[axis], position, 1);
    axes[axis] = affine_index(graph->arena, solved);
    return nest_end(&nest, REDUCE_NONE, nest_read(&nest, part, axes));
}

/* y[i] = i < end of part 0 ? part 0 : i < end of part 1 ? .. : last part, each padded to the whole. */
Node *concat_lower(Graph *graph, const Node *node, Node *const *args) {
    Node **padded = ARENA_ARRAY(graph->arena, Node *, node->arg_count);
    Dim *ends = ARENA_ARRAY(graph->arena, Dim, node->arg_count), begin = dim_constant(0);
    int axis = node->u.along.axis, indices[RANK_LIMIT];
    for (int a = 0; a < node->arg_count; a++) {
        padded[a] = build_padded(graph, node, args[a], begin);
        if (!dim_add(begin, args[a]->type.shape.dims[axis], &begin)) internal_error("a concatenation overflows");
        ends[a] = begin;
    }
    NestBuilder nest = nest_begin(graph, node->origin);
    for (int i = 0; i < node->type.shape.rank; i++) {
        indices[i] = nest_free(&nest, "i", node->type.shape.dims[i]);
    }
    int value = nest_read_at(&nest, padded[node->arg_count - 1], indices);
    for (int a = node->arg_count - 2; a >= 0; a--) {
        int before = nest_call2(&nest, SCALAR_less, body_index(&nest.body, axis), body_size(&nest.body, ends[a]));
        value = nest_call3(&nest, SCALAR_select, before, nest_read_at(&nest, padded[a], indices), value);
    }
    Node *lowered = nest_end(&nest, REDUCE_NONE, value);
    lowered->label = node->label;
    return lowered;
}
