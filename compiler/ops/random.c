/* Independent random numbers: element e of a site is a pure function of seed, site, tick and e. */
#include "compiler/eval/eval.h"
#include "compiler/ops/rules.h"

const char *random_check(Arena *arena, const Node *node) {
    (void)arena;
    if (node->arg_count != 0) return "a random node has arguments";
    return node->type.elem == ELEM_REAL ? NULL : "random numbers that are not real";
}

void random_evaluate(Evaluation *evaluation, const Node *node) {
    Tensor tensor = tensor_of_type(evaluation, node->type);
    for (int64_t element = 0; element < tensor.count; element++) {
        double drawn = evaluate_draw(evaluation, node->u.random.kind, node->u.random.site, element);
        tensor.values[element] = evaluate_round(evaluation, ELEM_REAL, drawn);
    }
    evaluation->values[node->id] = tensor;
}

/* draw[i, j, ..] at its row-major position: an affine expression, because only the first axis may be bounded (its size
 * is no factor of the position). */
Node *random_lower(Graph *graph, const Node *node, Node *const *args) {
    (void)args;
    NestBuilder nest = nest_begin(graph, node->origin);
    Shape shape = node->type.shape;
    Affine element = affine_constant(dim_constant(0));
    for (int axis = 0; axis < shape.rank; axis++) {
        int index = nest_free(&nest, "i", shape.dims[axis]);
        if (axis > 0 && !dim_is_constant(shape.dims[axis])) {
            internal_error("random numbers with a bounded size on axis %d", axis);
        }
        bool fits = axis == 0 || affine_scale(graph->arena, element, shape.dims[axis].constant, &element);
        if (!fits || !affine_add(graph->arena, element, affine_index(graph->arena, index), &element)) {
            internal_error("a position among random numbers overflows");
        }
    }
    int drawn = body_draw(&nest.body, node->u.random.kind, node->u.random.site, element);
    Node *lowered = nest_end(&nest, REDUCE_NONE, drawn);
    lowered->label = node->label;
    return lowered;
}
