/* Sampling statements: name[shape] ~ distribution.
 *
 * The draw itself has no arguments; they are applied to it (mu + sigma*z), so that gradients flow through normal and
 * uniform by reparameterisation. Bernoulli and categorical compare with probabilities: no gradient passes, and one that
 * would have to is refused. What has no arguments but ints (integers, permutation) is computed in ints alone, exactly.
 */
#include "frontend/builtin.h"
#include <string.h>

/* ---- draws ---- */

/* One site per sampling statement as elaborated. Of an initial value it follows from the path alone. */
static uint32_t next_site(Elaborator *e) {
    uint32_t words[2] = {e->site, (uint32_t)e->draws++};
    if (e->entry != NULL) e->entry->draws = true;
    return hash_bytes(words, sizeof words);
}

/* The drawn tensor with its first axis, which is a bounded one, in the place where it was asked for. */
static Node *put_first_axis_at(Elaborator *e, Node *drawn, int place, Shape shape, Span span) {
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    int *at = ARENA_ARRAY(e->arena, int, shape.rank);
    for (int a = 0; a < shape.rank; a++)
        at[a < place ? a + 1 : a == place ? 0 : a] = nest_free(&nest, index_letter(e, a), shape.dims[a]);
    return nest_end(&nest, REDUCE_NONE, nest_read_at(&nest, drawn, at));
}

/* Draws are keyed by the position in the tensor, which is affine in the indices only if no inner axis is bounded: such
 * an axis comes first while drawing. So a row's draws do not depend on how many rows there are. */
static Value draw_raw(Elaborator *e, DrawKind kind, Shape shape, Span span) {
    int bounded = 0;
    while (bounded < shape.rank && dim_is_constant(shape.dims[bounded]))
        bounded++;
    if (bounded == 0 || bounded == shape.rank)
        return value_node(build_random(e->graph, kind, next_site(e), shape, origin_at(e, span)));
    Dim *dims = ARENA_ARRAY(e->arena, Dim, shape.rank);
    dims[0] = shape.dims[bounded];
    for (int a = 0; a < shape.rank; a++)
        if (a != bounded) dims[a < bounded ? a + 1 : a] = shape.dims[a];
    Node *drawn = build_random(e->graph, kind, next_site(e), (Shape){shape.rank, dims}, origin_at(e, span));
    return value_node(put_first_axis_at(e, drawn, bounded, shape, span));
}

static Value draw_uniform(Elaborator *e, Shape shape, Span span) {
    return draw_raw(e, DRAW_UNIFORM, shape, span);
}

static Value draw_affine(Elaborator *e, Value draw, Value scale, Value shift, Span span) {
    return binary(e, AST_ADD, binary(e, AST_MULTIPLY, draw, scale, span), shift, span);
}

/* No gradient passes from the sample to what it is drawn with, which in a loop may stand around it. */
static void add_barrier(Elaborator *e, Node *argument, Node *sample, Span span, const char *name) {
    vec_push(e->arena, &e->barriers, (Barrier){graph_use(e->graph, argument), sample, span, name});
}

static Value draw_bernoulli(Elaborator *e, Value uniform, Value p, Shape shape, Span span) {
    Node *probability = node_of(e, p, span);
    if (probability == NULL) return poison;
    Value fitted = broadcast_to(e, value_node(probability), shape, span);
    Value below = binary(e, AST_LESS, uniform, fitted, span), sample = cast(e, ELEM_REAL, below, span);
    if (is_poison(sample)) return poison;
    add_barrier(e, probability, sample.u.node, span, "bernoulli");
    return sample;
}

/* ---- categorical ---- */

static Value compare_and_note(Elaborator *e, Node *weights, Value sample, Span span) {
    if (!is_poison(sample)) add_barrier(e, weights, sample.u.node, span, "categorical");
    return sample;
}

/* Weights that are known can be judged; others are, in the program, by weights_are_valid. */
static bool known_weights_fit(Elaborator *e, Value weights, Span span) {
    double sum = 0;
    if (weights.kind != VALUE_LIST) return true;
    for (int i = 0; i < weights.u.list->count; i++) {
        Value weight = weights.u.list->at[i];
        if (!is_number(weight)) return true;
        sum += number_of(weight);
        if (number_of(weight) >= 0) continue;
        refuse(e, span, "categorical: the weight of %d is %g, which is negative", i, number_of(weight));
        return false;
    }
    if (sum > 0) return true;
    refuse(e, span, "categorical: the weights have the sum 0");
    return false;
}

static Shape with_axis(Elaborator *e, Shape shape, Dim last) {
    Dim *dims = ARENA_ARRAY(e->arena, Dim, shape.rank + 1);
    for (int a = 0; a < shape.rank; a++)
        dims[a] = shape.dims[a];
    dims[shape.rank] = last;
    return (Shape){shape.rank + 1, dims};
}

static Node *reduce_last(Elaborator *e, Reduce reduce, Node *node, bool keep, Span span) {
    bool *axes = ARENA_ARRAY(e->arena, bool, node->type.shape.rank);
    axes[node->type.shape.rank - 1] = true;
    return node_of(e, reduce_axes(e, reduce, node, axes, keep, span), span);
}

/* exp(l - max l): the largest weight is 1. */
static Node *weights_of_logits(Elaborator *e, Node *logits, Span span) {
    Node *top = reduce_last(e, REDUCE_MAX, logits, true, span);
    Value shifted = top == NULL ? poison : binary(e, AST_SUBTRACT, value_node(logits), value_node(top), span);
    return is_poison(shifted) ? NULL : node_of(e, elementwise(e, SCALAR_exp, 1, &shifted, span), span);
}

/* The weights in the shape of the draws and one axis more. */
static Node *categorical_weights(Elaborator *e, const Value *given, Shape shape, Span span) {
    bool logits = is_absent(given[0]);
    if (logits == is_absent(given[1])) {
        refuse(e, span, "categorical needs the weights, categorical(p), or categorical(logits = l)");
        return NULL;
    }
    Node *node = real_node_of(e, given[logits], span);
    if (node == NULL || (!logits && !known_weights_fit(e, given[0], span))) return NULL;
    Shape own = node->type.shape;
    if (own.rank == 0 || !dim_is_constant(own.dims[own.rank - 1]) || own.dims[own.rank - 1].constant < 1) {
        refuse(e, span, "categorical needs weights along a last axis of constant size, not %s",
               type_text(e->arena, node->type));
        return NULL;
    }
    if (shape.rank == RANK_LIMIT) {
        refuse(e, span, "a tensor has at most %d axes", RANK_LIMIT);
        return NULL;
    }
    const Shape wide = with_axis(e, shape, own.dims[own.rank - 1]);
    Value fitted = broadcast_to(e, value_node(node), wide, span);
    if (is_poison(fitted)) return NULL;
    return logits ? weights_of_logits(e, fitted.u.node, span) : fitted.u.node;
}

/* Where a weight is negative or NaN, or the sum is 0 or none, there is no distribution. */
static Value weights_are_valid(Elaborator *e, Node *weights, Value total, Span span) {
    Node *least = reduce_last(e, REDUCE_MIN, weights, false, span);
    if (least == NULL) return poison;
    Value good = binary(e, AST_LESS_EQUAL, value_int(0), value_node(least), span);
    Value some = binary(e, AST_LESS, value_int(0), total, span);
    Value finite = binary(e, AST_LESS_EQUAL, total, value_real(3.4028234663852886e38), span);
    return binary(e, AST_AND, binary(e, AST_AND, good, some, span), finite, span);
}

/* How many of the running sums, but the last, do not exceed uniform * total: always a position, whatever is rounded. A
 * position with weight 0 is none of them, because its running sum is that of the one before. -1 where there is no
 * distribution: what is read there is 0. */
static Value draw_categorical(Elaborator *e, Value uniform, const Value *given, Shape shape, Span span) {
    Node *weights = categorical_weights(e, given, shape, span);
    if (weights == NULL) return poison;
    const Dim count = weights->type.shape.dims[shape.rank];
    Node *sums = build_cumsum(e->graph, weights, shape.rank, false, origin_at(e, span));
    Node *total = reduce_last(
        e, REDUCE_SUM, slice_axis(e, sums, shape.rank, count.constant - 1, dim_constant(1), 1).u.node, false, span);
    if (total == NULL) return poison;
    Value mark = binary(e, AST_MULTIPLY, uniform, value_node(total), span);
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    int *at = ARENA_ARRAY(e->arena, int, shape.rank + 1);
    for (int a = 0; a < shape.rank; a++)
        at[a] = nest_free(&nest, index_letter(e, a), shape.dims[a]);
    at[shape.rank] = nest_reduced(&nest, "k", dim_constant(count.constant - 1));
    int sum = nest_read_at(&nest, sums, at), drawn = nest_read_at(&nest, mark.u.node, at);
    int passed = nest_call2(&nest, SCALAR_less_equal, sum, drawn);
    Value position = value_node(nest_end(&nest, REDUCE_SUM, body_cast(&nest.body, ELEM_INT, passed)));
    const Value choice[] = {weights_are_valid(e, weights, value_node(total), span), position, value_int(-1)};
    if (is_poison(choice[0])) return poison;
    return compare_and_note(e, weights, elementwise(e, SCALAR_select, 3, choice, span), span);
}

/* ---- integers, permutation ---- */

/* The bits of a uniform draw, 0 .. 2^24 - 1 */
static Value draw_bits(Elaborator *e, Shape shape, Span span) {
    Value scaled = binary(e, AST_MULTIPLY, draw_uniform(e, shape, span), value_real(16777216), span);
    return cast(e, ELEM_INT, scaled, span);
}

/* 0 .. 2^31 - 1, of two draws */
static Value draw_word(Elaborator *e, Shape shape, Span span) {
    Value high = binary(e, AST_MULTIPLY, draw_bits(e, shape, span), value_int(128), span);
    Value low = binary(e, AST_FLOOR_DIVIDE, draw_bits(e, shape, span), value_int(1 << 17), span);
    return binary(e, AST_ADD, high, low, span);
}

static bool ints_fit(Elaborator *e, const Value *range, Span span) {
    for (int p = 0; p < 2; p++) {
        bool is_int = range[p].kind == VALUE_INT || range[p].kind == VALUE_SIZE;
        if (is_tensor(range[p])) {
            Node *node = node_of(e, range[p], span);
            if (node == NULL) return false;
            is_int = node->type.elem == ELEM_INT;
        }
        if (is_poison(range[p])) return false;
        if (is_int) continue;
        refuse(e, span, "integers(a, b) needs ints, not %s", value_text(e, range[p]));
        return false;
    }
    bool known = range[0].kind == VALUE_INT && range[1].kind == VALUE_INT;
    if (!known || (range[0].u.integer < range[1].u.integer && range[1].u.integer - range[0].u.integer <= INT32_MAX))
        return true;
    refuse(e, span, "integers(%lld, %lld): from a to b - 1 there %s", (long long)range[0].u.integer,
           (long long)range[1].u.integer,
           range[0].u.integer < range[1].u.integer ? "are more than 2147483647 ints" : "is no int");
    return false;
}

/* a + word % (b - a). Of n ints each is drawn as often as the others, but for n in 2^31 at most. Where a call gives an
 * empty range, a is drawn. */
static Value draw_integers(Elaborator *e, const Value *range, Shape shape, Span span) {
    if (!ints_fit(e, range, span)) return poison;
    Value count = binary(e, AST_SUBTRACT, range[1], range[0], span);
    if (count.kind != VALUE_INT) {
        const Value least[] = {count, value_int(1)};
        count = elementwise(e, SCALAR_max, 2, least, span);
        if (!is_poison(count) && is_tensor(count)) count = broadcast_to(e, count, shape, span);
    }
    if (is_poison(count)) return poison;
    Value offset = binary(e, AST_MODULO, draw_word(e, shape, span), count, span);
    Value first = is_tensor(range[0]) ? broadcast_to(e, range[0], shape, span) : range[0];
    return binary(e, AST_ADD, offset, first, span);
}

/* 0 .. n - 1 along the last axis, in an order of its own for each row */
static Value draw_permutation(Elaborator *e, Shape shape, Span span) {
    if (shape.rank == 0) return refuse(e, span, "a permutation has an axis: order[N] ~ permutation()");
    Node *keys = node_of(e, draw_word(e, shape, span), span);
    return value_node(build_argsort(e->graph, keys, shape.rank - 1, false, origin_at(e, span)));
}

/* ---- all of them ---- */

static bool can_be_drawn(Elaborator *e, Shape shape, Span span) {
    int bounded = 0;
    for (int a = 0; a < shape.rank; a++)
        bounded += !dim_is_constant(shape.dims[a]);
    if (bounded <= 1) return true;
    refuse(e, span, "a sample of shape %s: only one axis of it may have a bounded size", shape_text(e->arena, shape));
    return false;
}

static Value draw_shifted(Elaborator *e, Distribution distribution, const Value *given, Shape shape, Span span) {
    bool normal = distribution == DISTRIBUTION_NORMAL;
    Value values[2], draw = draw_raw(e, normal ? DRAW_NORMAL : DRAW_UNIFORM, shape, span);
    for (int p = 0; p < 2; p++) /* fitted before it is applied, so that a misfit is said in the shape's terms */
        values[p] = is_tensor(given[p]) ? broadcast_to(e, given[p], shape, span) : given[p];
    if (normal) return draw_affine(e, draw, values[1], values[0], span);
    return draw_affine(e, draw, binary(e, AST_SUBTRACT, values[1], values[0], span), values[0], span);
}

Value draw_from(Elaborator *e, const Builtin *builtin, Shape shape, const CallArgs *args, Span span) {
    const Distribution distribution = (Distribution)builtin->detail;
    Value values[PARAM_LIMIT];
    if (e->graph == NULL) return refuse(e, span, "a sample is drawn in an entry, or as an initial value");
    if (!bind_builtin(e, builtin, args, span, values)) return poison;
    if (!can_be_drawn(e, shape, span)) return poison;
    switch (distribution) {
    case DISTRIBUTION_UNIFORM:
    case DISTRIBUTION_NORMAL: return draw_shifted(e, distribution, values, shape, span);
    case DISTRIBUTION_BERNOULLI: return draw_bernoulli(e, draw_uniform(e, shape, span), values[0], shape, span);
    case DISTRIBUTION_CATEGORICAL: return draw_categorical(e, draw_uniform(e, shape, span), values, shape, span);
    case DISTRIBUTION_INTEGERS: return draw_integers(e, values, shape, span);
    case DISTRIBUTION_PERMUTATION: return draw_permutation(e, shape, span);
    }
    internal_error("distribution %d", (int)distribution);
}

static Value shape_value(Elaborator *e, Shape shape) {
    Value list = value_list(e, 0, NULL);
    for (int a = 0; a < shape.rank; a++)
        vec_push(e->arena, list.u.list, value_dim(shape.dims[a]));
    return list;
}

/* name[S] ~ f(a): a built-in distribution, or a function that is called as f(S, a). */
Value sample(Elaborator *e, Scope *scope, Shape shape, const AstExpr *call, Name label) {
    Value callee = find_callable(e, scope, call->u.call.callee);
    CallArgs given = {0}, args = {0};
    if (!eval_args(e, scope, &call->u.call.args, &given) || is_poison(callee)) return poison;
    if (callee.kind == VALUE_BUILTIN && builtin_is_distribution(callee.u.builtin)) {
        Value value = draw_from(e, callee.u.builtin, shape, &given, call->span);
        if (value.kind == VALUE_TENSOR && value.u.node->label == NULL) value.u.node->label = label;
        return value;
    }
    vec_push(e->arena, &args, (CallArg){NULL, shape_value(e, shape), call->span});
    for (int a = 0; a < given.count; a++)
        vec_push(e->arena, &args, given.at[a]);
    Value value = call_value(e, callee, &args, call->span);
    if (is_poison(value)) return poison;
    bool ints = value.kind == VALUE_TENSOR && value.u.node->type.elem == ELEM_INT;
    return broadcast_to(e, ints ? value : cast(e, ELEM_REAL, value, call->span), shape, call->span);
}
