/* Along one axis: running sums, and the order of values. Both are lowered to nests that compare every pair of positions
 * on the axis. */
#include "compiler/eval/eval.h"
#include "compiler/ops/rules.h"
#include <math.h>

static const char *check_along(const Node *node) {
    if (node->arg_count != 1) return "not one argument";
    Type type = node->args[0]->type;
    if (type.elem == ELEM_BOOL) return "truth values along an axis";
    if (node->u.along.axis < 0 || node->u.along.axis >= type.shape.rank) return "no such axis";
    return shape_equal(node->type.shape, type.shape) ? NULL : "another shape than its argument's";
}

static Node *build_along(Graph *graph, Op op, Elem elem, Node *node, int axis, bool reversed, const Origin *origin) {
    Node *made = graph_add(graph, op, (Type){elem, node->type.shape}, 1, &node, origin);
    made->u.along.axis = axis;
    made->u.along.reversed = reversed;
    return node_checked(graph, made);
}

/* A row along the axis: its first element, and the elements from one position to the next. */
typedef struct Row {
    int64_t first, stride, length;
} Row;

static int64_t rows_of(const Tensor *tensor, int axis) {
    return tensor->count == 0 ? 0 : tensor->count / tensor->dims[axis];
}

static Row row_of(const Tensor *tensor, int axis, int64_t number) {
    Row row = {.stride = 1, .length = tensor->dims[axis]};
    for (int i = axis + 1; i < tensor->rank; i++) {
        row.stride *= tensor->dims[i];
    }
    row.first = number / row.stride * row.stride * row.length + number % row.stride;
    return row;
}

/* A nest with the axes for free indices and one more, over the same axis, reduced; axes[]: the other position. */
static NestBuilder nest_of_pairs(Graph *graph, const Node *node, int *other) {
    NestBuilder nest = nest_begin(graph, node->origin);
    Shape shape = node->type.shape;
    for (int axis = 0; axis < shape.rank; axis++) {
        other[axis] = nest_free(&nest, "i", shape.dims[axis]);
    }
    other[node->u.along.axis] = nest_reduced(&nest, "j", shape.dims[node->u.along.axis]);
    return nest;
}

/* ---- running sums ---- */

const char *cumsum_check(Arena *arena, const Node *node) {
    (void)arena;
    const char *wrong = check_along(node);
    if (wrong != NULL) return wrong;
    return node->type.elem == node->args[0]->type.elem ? NULL : "another type than its argument's";
}

Node *build_cumsum(Graph *graph, Node *node, int axis, bool reversed, const Origin *origin) {
    return build_along(graph, OP_cumsum, node->type.elem, node, axis, reversed, origin);
}

/* What position j gets is in all sums from j on. */
void cumsum_gradient(Backward *backward, const Node *node, Node *dy) {
    if (!backward_wants(backward, node->args[0])) return;
    backward_add(backward, node->args[0],
                 build_cumsum(backward_graph(backward), dy, node->u.along.axis, !node->u.along.reversed, node->origin));
}

void cumsum_evaluate(Evaluation *evaluation, const Node *node) {
    const Tensor *from = &evaluation->values[node->args[0]->id];
    Tensor result = tensor_of_type(evaluation, node->type);
    for (int64_t r = 0; r < rows_of(from, node->u.along.axis); r++) {
        Row row = row_of(from, node->u.along.axis, r);
        double sum = 0;
        for (int64_t i = 0; i < row.length; i++) {
            int64_t at = row.first + (node->u.along.reversed ? row.length - 1 - i : i) * row.stride;
            sum = result.values[at] = evaluate_round(evaluation, node->type.elem, sum + from->values[at]);
        }
    }
    evaluation->values[node->id] = result;
}

/* y[i] = sum[j] j <= i ? x[j] : 0 */
Node *cumsum_lower(Graph *graph, const Node *node, Node *const *args) {
    int other[RANK_LIMIT], axis = node->u.along.axis;
    NestBuilder nest = nest_of_pairs(graph, node, other);
    int here = body_index(&nest.body, axis), there = body_index(&nest.body, other[axis]);
    int counts = node->u.along.reversed ? nest_call2(&nest, SCALAR_less_equal, here, there)
                                        : nest_call2(&nest, SCALAR_less_equal, there, here);
    int zero = body_literal(&nest.body, node->type.elem, 0);
    int value = nest_call3(&nest, SCALAR_select, counts, nest_read_at(&nest, args[0], other), zero);
    Node *lowered = nest_end(&nest, REDUCE_SUM, value);
    lowered->label = node->label;
    return lowered;
}

/* ---- order ---- */

const char *argsort_check(Arena *arena, const Node *node) {
    (void)arena;
    const char *wrong = check_along(node);
    if (wrong != NULL) return wrong;
    return node->type.elem == ELEM_INT ? NULL : "positions that are not ints";
}

Node *build_argsort(Graph *graph, Node *node, int axis, bool descending, const Origin *origin) {
    return build_along(graph, OP_argsort, ELEM_INT, node, axis, descending, origin);
}

/* Whether a stands before b; NaN stands last either way. */
static bool stands_before(double a, double b, bool descending) {
    if (isnan(b)) return !isnan(a);
    return descending ? a > b : a < b;
}

void argsort_evaluate(Evaluation *evaluation, const Node *node) {
    const Tensor *from = &evaluation->values[node->args[0]->id];
    Tensor result = tensor_of_type(evaluation, node->type);
    for (int64_t r = 0; r < rows_of(from, node->u.along.axis); r++) {
        Row row = row_of(from, node->u.along.axis, r);
        for (int64_t i = 0; i < row.length; i++) { /* insertion behind all that do not stand after it */
            int64_t at = i;
            double value = from->values[row.first + i * row.stride];
            for (; at > 0; at--) {
                double before = result.values[row.first + (at - 1) * row.stride];
                double other = from->values[row.first + (int64_t)before * row.stride];
                if (node->args[0]->type.elem == ELEM_REAL) evaluate_margin(evaluation, value, other);
                if (!stands_before(value, other, node->u.along.reversed)) break;
                result.values[row.first + at * row.stride] = before;
            }
            result.values[row.first + at * row.stride] = (double)i;
        }
    }
    evaluation->values[node->id] = result;
}

/* As an expression: a before b, where both are read; NaN last. */
static int before_expr(NestBuilder *nest, int a, int b, bool descending) {
    int before = descending ? nest_call2(nest, SCALAR_less, b, a) : nest_call2(nest, SCALAR_less, a, b);
    if (body_elem(&nest->body, a) == ELEM_INT) return before;
    int a_is_number = nest_call2(nest, SCALAR_equal, a, a), b_is_number = nest_call2(nest, SCALAR_equal, b, b);
    int last = nest_call2(nest, SCALAR_and, a_is_number, nest_call1(nest, SCALAR_not, b_is_number));
    return nest_call2(nest, SCALAR_or, before, last);
}

/* rank[i] = sum[j] x[j] before x[i], or equal and j < i */
static Node *build_ranks(Graph *graph, const Node *node, Node *values) {
    int other[RANK_LIMIT], here[RANK_LIMIT], axis = node->u.along.axis;
    NestBuilder nest = nest_of_pairs(graph, node, other);
    for (int i = 0; i < node->type.shape.rank; i++) {
        here[i] = i;
    }
    int value = nest_read_at(&nest, values, here), rival = nest_read_at(&nest, values, other);
    int before = before_expr(&nest, rival, value, node->u.along.reversed);
    int after = before_expr(&nest, value, rival, node->u.along.reversed);
    int earlier = nest_call2(&nest, SCALAR_less, body_index(&nest.body, other[axis]), body_index(&nest.body, axis));
    int ties = nest_call2(&nest, SCALAR_and, nest_call1(&nest, SCALAR_not, after), earlier);
    int counts = nest_call2(&nest, SCALAR_or, before, ties);
    return nest_end(&nest, REDUCE_SUM, body_cast(&nest.body, ELEM_INT, counts));
}

/* y[r] = sum[j] rank[j] == r ? j : 0 */
Node *argsort_lower(Graph *graph, const Node *node, Node *const *args) {
    Node *ranks = build_ranks(graph, node, args[0]);
    int other[RANK_LIMIT], axis = node->u.along.axis;
    NestBuilder nest = nest_of_pairs(graph, node, other);
    int rank = nest_read_at(&nest, ranks, other), position = body_index(&nest.body, other[axis]);
    int here = nest_call2(&nest, SCALAR_equal, rank, body_index(&nest.body, axis));
    int value = nest_call3(&nest, SCALAR_select, here, position, body_literal(&nest.body, ELEM_INT, 0));
    Node *lowered = nest_end(&nest, REDUCE_SUM, value);
    lowered->label = node->label;
    return lowered;
}
