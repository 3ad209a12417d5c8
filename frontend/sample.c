/* Sampling statements: name[shape] ~ distribution.
 *
 * The draw itself has no arguments; they are applied to it (mu + sigma*z), so that gradients flow through normal and
 * uniform by reparameterisation. Bernoulli compares with p: no gradient passes, and one that would have to is refused.
 */
#include "frontend/elaborator.h"
#include <string.h>

/* One site per sampling statement as elaborated. Of an initial value it follows from the path alone. */
static uint32_t next_site(Elaborator *e) {
    uint32_t words[2] = {e->site, (uint32_t)e->draws++};
    if (e->entry != NULL) e->entry->draws = true;
    return hash_bytes(words, sizeof words);
}

static Value draw_affine(Elaborator *e, Value draw, Value scale, Value shift, Span span) {
    return binary(e, AST_ADD, binary(e, AST_MULTIPLY, draw, scale, span), shift, span);
}

static Value draw_bernoulli(Elaborator *e, Value uniform, Value p, Shape shape, Span span) {
    Node *probability = node_of(e, p, span);
    if (probability == NULL) return poison;
    Value fitted = broadcast_to(e, value_node(probability), shape, span);
    Value below = binary(e, AST_LESS, uniform, fitted, span), sample = cast(e, ELEM_REAL, below, span);
    if (is_poison(sample)) return poison;
    vec_push(e->arena, &e->barriers, (Barrier){probability, sample.u.node, span, "bernoulli"});
    return sample;
}

/* Draws are keyed by the position in the tensor, which is affine in the indices only if no inner axis is bounded. */
static bool can_be_drawn(Elaborator *e, Shape shape, Span span) {
    for (int a = 1; a < shape.rank; a++) {
        if (dim_is_constant(shape.dims[a])) continue;
        refuse(e, span,
               "a sample of shape %s: a bounded size may stand on the first axis only; draw [%s, ..] and transpose",
               shape_text(e->arena, shape), dim_text(e->arena, shape.dims[a]));
        return false;
    }
    return true;
}

Value draw_from(Elaborator *e, const Builtin *distribution, Shape shape, const CallArgs *args, Span span) {
    bool bernoulli = strcmp(distribution->name, "bernoulli") == 0;
    Value values[PARAM_LIMIT];
    if (e->graph == NULL) return refuse(e, span, "a sample is drawn in an entry, or as an initial value");
    if (!bind_builtin(e, distribution, args, span, values)) return poison;
    DrawKind kind = bernoulli ? DRAW_UNIFORM : (DrawKind)distribution->detail;
    if (!can_be_drawn(e, shape, span)) return poison;
    Value draw = value_node(build_random(e->graph, kind, next_site(e), shape, origin_at(e, span)));
    if (bernoulli) return draw_bernoulli(e, draw, values[0], shape, span);
    for (int p = 0; p < 2; p++) /* fitted before it is applied, so that a misfit is said in the shape's terms */
        if (is_tensor(values[p])) values[p] = broadcast_to(e, values[p], shape, span);
    if (kind == DRAW_NORMAL) return draw_affine(e, draw, values[1], values[0], span);
    return draw_affine(e, draw, binary(e, AST_SUBTRACT, values[1], values[0], span), values[0], span);
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
    return broadcast_to(e, cast(e, ELEM_REAL, value, call->span), shape, call->span);
}
