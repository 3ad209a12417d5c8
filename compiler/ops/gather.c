/* Gather and its transpose: elements at positions that int tensors give. Outside of the tensor a gather reads 0, and a
 * scatter_add drops what it is given, so each is the gradient of the other. */
#include "compiler/eval/eval.h"
#include "compiler/ops/rules.h"
#include "compiler/ops/transfer.h"

/* ---- shape rules ---- */

static bool knows_points(const Addressing *addressing, Affine affine) {
    for (int i = 0; i < affine.count; i++) {
        if (affine.terms[i].index < 0 || affine.terms[i].index >= addressing->index_count) return false;
    }
    return true;
}

static const char *check_int_reads(const Node *node) {
    const Addressing *addressing = &node->u.addressing;
    for (int i = 0; i < addressing->read_count; i++) {
        const Read *read = &addressing->reads[i];
        if (read->arg < 1 || read->arg >= node->arg_count) return "a position reads no argument";
        Type type = node->args[read->arg]->type;
        if (type.elem != ELEM_INT) return "a position is not an int";
        for (int axis = 0; axis < type.shape.rank; axis++) {
            if (!knows_points(addressing, read->axes[axis])) return "a position is read at no index";
            if (!affine_is_inside(read->axes[axis], addressing->indices, type.shape.dims[axis])) {
                return "a position is read outside of its argument";
            }
        }
    }
    return NULL;
}

/* `addressed`: the shape of the tensor that the positions lie in. */
static const char *check_addressing(const Node *node, Shape addressed) {
    const Addressing *addressing = &node->u.addressing;
    const char *wrong = check_int_reads(node);
    if (wrong != NULL) return wrong;
    if (addressing->rank != addressed.rank) return "not one position for each axis";
    for (int axis = 0; axis < addressed.rank; axis++) {
        const Coordinate *at = &addressing->axes[axis];
        if (!knows_points(addressing, at->affine)) return "a position at no index";
        if (at->read < NO_READ || at->read >= addressing->read_count) return "a position of no read";
        if (at->read == NO_READ && !affine_is_inside(at->affine, addressing->indices, addressed.dims[axis])) {
            return "a position can leave its axis";
        }
    }
    return NULL;
}

/* The points are the elements of a tensor of that shape. */
static bool points_are(const Addressing *addressing, Shape shape) {
    if (addressing->index_count != shape.rank) return false;
    for (int i = 0; i < shape.rank; i++) {
        if (!dim_equal(addressing->indices[i].size, shape.dims[i])) return false;
    }
    return true;
}

const char *gather_check(Arena *arena, const Node *node) {
    (void)arena;
    if (node->arg_count < 1) return "no tensor to gather from";
    if (node->type.elem != node->args[0]->type.elem) return "another type than the tensor's";
    if (!points_are(&node->u.addressing, node->type.shape)) return "the points are not the result's elements";
    return check_addressing(node, node->args[0]->type.shape);
}

const char *scatter_add_check(Arena *arena, const Node *node) {
    (void)arena;
    if (node->arg_count < 1) return "nothing to scatter";
    if (node->type.elem != node->args[0]->type.elem) return "another type than that of what is added";
    if (node->type.elem == ELEM_BOOL) return "truth values are added";
    if (!points_are(&node->u.addressing, node->args[0]->type.shape)) return "the points are not what is scattered";
    return check_addressing(node, node->type.shape);
}

/* ---- building ---- */

static Node *build_addressed(Graph *graph, Op op, Type type, Node *tensor, const Addressing *addressing,
                             Node *const *ints, const Origin *origin) {
    int count = 1;
    for (int i = 0; i < addressing->read_count; i++) {
        if (addressing->reads[i].arg >= count) count = addressing->reads[i].arg + 1;
    }
    Node **args = ARENA_ARRAY(graph->arena, Node *, count);
    args[0] = tensor;
    for (int i = 1; i < count; i++) {
        args[i] = ints[i - 1];
    }
    Node *node = graph_add(graph, op, type, count, args, origin);
    node->u.addressing = *addressing;
    return node_checked(graph, node);
}

Node *build_gather(Graph *graph, Node *tensor, const Addressing *addressing, Node *const *ints, const Origin *origin) {
    Dim dims[RANK_LIMIT];
    for (int i = 0; i < addressing->index_count; i++) {
        dims[i] = addressing->indices[i].size;
    }
    Type type = {tensor->type.elem, shape_of(graph->arena, addressing->index_count, dims)};
    return build_addressed(graph, OP_gather, type, tensor, addressing, ints, origin);
}

Node *build_scatter_add(Graph *graph, Node *values, const Addressing *addressing, Node *const *ints, Shape shape,
                        const Origin *origin) {
    Type type = {values->type.elem, shape};
    return build_addressed(graph, OP_scatter_add, type, values, addressing, ints, origin);
}

/* ---- gradients ---- */

/* The int arguments, as the gradient's graph has them. */
static Node **int_values(Backward *backward, const Node *node) {
    Node **ints = ARENA_ARRAY(backward_graph(backward)->arena, Node *, node->arg_count);
    for (int i = 1; i < node->arg_count; i++) {
        ints[i - 1] = backward_value(backward, node->args[i]);
    }
    return ints;
}

void gather_gradient(Backward *backward, const Node *node, Node *dy) {
    if (!backward_wants(backward, node->args[0])) return;
    Node *sums = build_scatter_add(backward_graph(backward), dy, &node->u.addressing, int_values(backward, node),
                                   node->args[0]->type.shape, node->origin);
    backward_add(backward, node->args[0], sums);
}

void scatter_add_gradient(Backward *backward, const Node *node, Node *dy) {
    if (!backward_wants(backward, node->args[0])) return;
    Node *picked =
        build_gather(backward_graph(backward), dy, &node->u.addressing, int_values(backward, node), node->origin);
    backward_add(backward, node->args[0], picked);
}

/* ---- evaluation ---- */

/* The position of a point in the addressed tensor; false where it lies outside. */
static bool place_of(const Evaluation *evaluation, const Node *node, const int64_t *point, const int64_t *dims,
                     int64_t *place) {
    const Addressing *addressing = &node->u.addressing;
    for (int axis = 0; axis < addressing->rank; axis++) {
        const Coordinate *at = &addressing->axes[axis];
        place[axis] = affine_value(at->affine, point, evaluation->sizes);
        if (at->read != NO_READ) {
            const Read *read = &addressing->reads[at->read];
            const Tensor *ints = &evaluation->values[node->args[read->arg]->id];
            int64_t position[RANK_LIMIT];
            for (int i = 0; i < ints->rank; i++) {
                position[i] = affine_value(read->axes[i], point, evaluation->sizes);
            }
            place[axis] += (int64_t)ints->values[tensor_offset(ints, position)];
        }
        if (place[axis] < 0 || place[axis] >= dims[axis]) return false;
    }
    return true;
}

void gather_evaluate(Evaluation *evaluation, const Node *node) {
    const Tensor *from = &evaluation->values[node->args[0]->id];
    Tensor result = tensor_of_type(evaluation, node->type);
    int64_t point[RANK_LIMIT] = {0}, place[RANK_LIMIT];
    for (int64_t i = 0; i < result.count; i++) {
        bool inside = place_of(evaluation, node, point, from->dims, place);
        result.values[i] = inside ? from->values[tensor_offset(from, place)] : 0;
        tensor_next(&result, point);
    }
    evaluation->values[node->id] = result;
}

void scatter_add_evaluate(Evaluation *evaluation, const Node *node) {
    const Tensor *values = &evaluation->values[node->args[0]->id];
    Tensor result = tensor_of_type(evaluation, node->type);
    int64_t point[RANK_LIMIT] = {0}, place[RANK_LIMIT];
    for (int64_t i = 0; i < values->count; i++) {
        if (place_of(evaluation, node, point, result.dims, place)) {
            double *sum = &result.values[tensor_offset(&result, place)];
            *sum = evaluate_round(evaluation, node->type.elem, *sum + values->values[i]);
        }
        tensor_next(values, point);
    }
    evaluation->values[node->id] = result;
}

/* ---- lowering ---- */

/* The position on one axis as an int expression; `points`: what the indices are in the nest. */
static int coordinate_expr(NestBuilder *nest, const Node *node, Node *const *args, const Coordinate *at,
                           const Affine *points) {
    Arena *arena = nest->graph->arena;
    Affine affine, axes[RANK_LIMIT];
    if (!affine_substitute(arena, at->affine, points, &affine)) internal_error("a renamed position overflows");
    int position = body_affine(&nest->body, affine);
    if (at->read == NO_READ) return position;
    const Read *read = &node->u.addressing.reads[at->read];
    for (int axis = 0; axis < args[read->arg]->type.shape.rank; axis++) {
        if (!affine_substitute(arena, read->axes[axis], points, &axes[axis])) internal_error("a position overflows");
    }
    return nest_call2(nest, SCALAR_add, nest_read(nest, args[read->arg], axes), position);
}

/* y[point] = x[position(point)], looked up. */
Node *gather_lower(Graph *graph, const Node *node, Node *const *args) {
    const Addressing *addressing = &node->u.addressing;
    NestBuilder nest = nest_begin(graph, node->origin);
    Affine *points = ARENA_ARRAY(graph->arena, Affine, addressing->index_count), axes[RANK_LIMIT];
    Computed computed[RANK_LIMIT];
    int count = 0;
    for (int i = 0; i < addressing->index_count; i++) {
        points[i] = affine_index(graph->arena, nest_free(&nest, addressing->indices[i].name, node->type.shape.dims[i]));
    }
    for (int axis = 0; axis < addressing->rank; axis++) {
        const Coordinate *at = &addressing->axes[axis];
        axes[axis] = at->read == NO_READ ? at->affine : affine_constant(dim_constant(0));
        if (at->read == NO_READ) continue;
        computed[count++] = (Computed){axis, coordinate_expr(&nest, node, args, at, points)};
    }
    int element = nest_read(&nest, args[0], axes);
    if (count > 0) {
        element = body_lookup(&nest.body, node->type.elem, nest.body.exprs.at[element].u.read, count, computed);
    }
    Node *lowered = nest_end(&nest, REDUCE_NONE, element);
    lowered->label = node->label;
    return lowered;
}

/* The axis whose position is this index of the points alone, over its whole range; or -1. */
static int axis_of_index(const Node *node, int index) {
    const Addressing *addressing = &node->u.addressing;
    for (int axis = 0; axis < addressing->rank; axis++) {
        int alone;
        const Coordinate *at = &addressing->axes[axis];
        if (at->read != NO_READ || !affine_is_index(at->affine, &alone) || alone != index) continue;
        if (dim_equal(addressing->indices[index].size, node->type.shape.dims[axis])) return axis;
    }
    return -1;
}

/* y[a] = sum[points] position(point) == a ? x[point] : 0, without a loop for an index that is a position itself. */
Node *scatter_add_lower(Graph *graph, const Node *node, Node *const *args) {
    const Addressing *addressing = &node->u.addressing;
    NestBuilder nest = nest_begin(graph, node->origin);
    Affine *points = ARENA_ARRAY(graph->arena, Affine, addressing->index_count), axes[RANK_LIMIT];
    bool sums = false;
    for (int axis = 0; axis < addressing->rank; axis++) {
        nest_free(&nest, "a", node->type.shape.dims[axis]);
    }
    for (int i = 0; i < addressing->index_count; i++) {
        int axis = axis_of_index(node, i);
        int index = axis >= 0 ? axis : nest_reduced(&nest, addressing->indices[i].name, addressing->indices[i].size);
        points[i] = axes[i] = affine_index(graph->arena, index);
        sums = sums || axis < 0;
    }
    int value = nest_read(&nest, args[0], axes), zero = body_literal(&nest.body, node->type.elem, 0);
    for (int axis = 0; axis < addressing->rank; axis++) {
        int position = coordinate_expr(&nest, node, args, &addressing->axes[axis], points);
        int here = nest_call2(&nest, SCALAR_equal, position, body_index(&nest.body, axis));
        value = nest_call3(&nest, SCALAR_select, here, value, zero);
    }
    Node *lowered = nest_end(&nest, sums ? REDUCE_SUM : REDUCE_NONE, value);
    lowered->label = node->label;
    return lowered;
}
