/* The one gradient rule of nests.
 *
 *     y[f] = reduce[r] body(.., A[e_0(f, r), .., e_m(f, r)], ..)
 *
 * gives the read of A the contribution
 *
 *     dA[a_0, .., a_m] = sum[the f and r that are left] seed * d body / d A[..]
 *
 * where seed is dy[f], for products times the others, for maxima where r is the position of the maximum. First the
 * derivative is written in the old indices (f, r); then the coordinates are changed: every axis is an equation
 * a_j = e_j(f, r), which an index that occurs on no other axis is solved from, and what is left is summed. An equation
 * that nothing can be solved from is tested in the body. */
#include "compiler/ops/rules.h"
#include "compiler/ops/transfer.h"

/* ---- the derivative in the old indices ---- */

/* A nest with the indices, reads and body of the node, to which more is added. */
static NestBuilder same_nest(Backward *backward, const Node *node) {
    Node **args = ARENA_ARRAY(backward_graph(backward)->arena, Node *, node->arg_count);
    for (int i = 0; i < node->arg_count; i++) {
        args[i] = backward_value(backward, node->args[i]);
    }
    return nest_resume(backward_graph(backward), node, args);
}

static int read_at_loops(NestBuilder *nest, Node *node) {
    int indices[RANK_LIMIT];
    for (int i = 0; i < RANK_LIMIT; i++) {
        indices[i] = i;
    }
    return nest_read_at(nest, node, indices);
}

/* The product of all factors but one: of the same free indices and, as further axes, the position that is left out.
 *
 *     others[f, r] = prod[s] r == s ? 1 : body(f, s) */
static Node *build_others(Backward *backward, const Node *node) {
    const Nest *old = &node->u.nest;
    Arena *arena = backward_graph(backward)->arena;
    NestBuilder source = same_nest(backward, node), nest = nest_begin(backward_graph(backward), node->origin);
    int free = nest_count(old, INDEX_FREE), loops = free + nest_count(old, INDEX_REDUCED);
    Affine *with = ARENA_ARRAY(arena, Affine, old->index_count);
    for (int i = 0; i < loops; i++) {
        with[i] = affine_index(arena, nest_free(&nest, old->indices[i].name, old->indices[i].size));
    }
    for (int i = free; i < loops; i++) {
        with[i] = affine_index(arena, nest_reduced(&nest, old->indices[i].name, old->indices[i].size));
    }
    for (int i = loops; i < old->index_count; i++) {
        const Index *index = &old->indices[i];
        Affine solution;
        if (!affine_substitute(arena, index->solution, with, &solution)) internal_error("a renamed index overflows");
        with[i] = affine_index(arena, nest_solved(&nest, index->name, index->size, solution, index->divisor));
    }
    int same = body_literal(&nest.body, ELEM_BOOL, 1);
    for (int i = free; i < loops; i++) {
        int left_out = body_index(&nest.body, i), here = body_affine(&nest.body, with[i]);
        same = nest_call2(&nest, SCALAR_and, nest_call2(&nest, SCALAR_equal, left_out, here), same);
    }
    Transfer transfer = {&nest, &source.body, source.reads.at, source.args.at, with, NULL, false};
    int factor = transfer_expr(&transfer, source.body.exprs.count - 1);
    return nest_end(&nest, REDUCE_PROD, nest_call3(&nest, SCALAR_select, same, nest_real(&nest, 1), factor));
}

/* The row-major position over the reduced indices. */
static int reduced_position(NestBuilder *nest) {
    int position = body_literal(&nest->body, ELEM_INT, 0);
    for (int i = 0; i < nest->indices.count; i++) {
        if (nest->indices.at[i].kind != INDEX_REDUCED) continue;
        position = nest_call2(nest, SCALAR_mul, position, body_size(&nest->body, nest->indices.at[i].size));
        position = nest_call2(nest, SCALAR_add, body_index(&nest->body, i), position);
    }
    return position;
}

/* dy where the point is the first that has the extremum. */
static int extremum_seed(Backward *backward, const Node *node, NestBuilder *nest, int dy) {
    Reduce find = node->u.nest.reduce == REDUCE_MAX ? REDUCE_ARGMAX : REDUCE_ARGMIN;
    NestBuilder copy = same_nest(backward, node);
    Node *position = nest_end(&copy, find, node->u.nest.body.exprs.count - 1);
    int here = nest_call2(nest, SCALAR_equal, reduced_position(nest), read_at_loops(nest, position));
    return nest_call3(nest, SCALAR_select, here, dy, nest_real(nest, 0));
}

static int seed_expr(Backward *backward, const Node *node, NestBuilder *nest, Node *dy) {
    int seed = read_at_loops(nest, dy);
    switch (node->u.nest.reduce) {
    case REDUCE_PROD: return nest_call2(nest, SCALAR_mul, seed, read_at_loops(nest, build_others(backward, node)));
    case REDUCE_MAX:
    case REDUCE_MIN: return extremum_seed(backward, node, nest, seed);
    default: return seed;
    }
}

/* What call `expr` passes on to its argument `arg`: adjoint times partial derivative; -1 for nothing. A partial that is
 * a condition selects, so that a branch not taken may be infinite. */
static int pass_on(Body *body, int adjoint, int expr, int arg) {
    int partial = body_partial(body, expr, arg);
    if (partial < 0 || body_is_literal(body, partial, 0)) return -1;
    const Expr *made = &body->exprs.at[partial];
    if (made->kind == EXPR_CALL) {
        int first = made->u.call.args[0], second = made->u.call.args[1];
        Scalar fn = made->u.call.fn;
        if (fn == SCALAR_to_real && body_elem(body, first) == ELEM_BOOL) {
            return body_call(body, SCALAR_select, first, adjoint, body_literal(body, ELEM_REAL, 0));
        }
        if (fn == SCALAR_div && body_is_literal(body, first, 1))
            return body_call(body, SCALAR_div, adjoint, second, -1);
    }
    return body_call(body, SCALAR_mul, adjoint, partial, -1);
}

/* The expressions of the body through which a gradient flows to a wanted argument. */
static bool *flowing(Backward *backward, const Node *node) {
    const Nest *nest = &node->u.nest;
    bool *flows = ARENA_ARRAY(backward_graph(backward)->arena, bool, nest->body.exprs.count);
    for (int i = 0; i < nest->body.exprs.count; i++) {
        const Expr *expr = &nest->body.exprs.at[i];
        if (expr->elem != ELEM_REAL) continue;
        if (expr->kind == EXPR_READ) flows[i] = backward_wants(backward, node->args[nest->reads[expr->u.read].arg]);
        if (expr->kind != EXPR_CALL) continue;
        for (int a = 0; a < scalar_table[expr->u.call.fn].arity; a++) {
            flows[i] = flows[i] || flows[expr->u.call.args[a]];
        }
    }
    return flows;
}

/* By expression of the node's body: the derivative of the seeded result by it, or -1. Reverse mode over the body. */
static int *adjoints(Backward *backward, const Node *node, Body *body, int seed) {
    int count = node->u.nest.body.exprs.count;
    const bool *flows = flowing(backward, node);
    int *adjoint = ARENA_ARRAY(body->arena, int, count);
    for (int i = 0; i < count; i++) {
        adjoint[i] = -1;
    }
    adjoint[count - 1] = seed;
    for (int i = count - 1; i >= 0; i--) {
        Expr expr = body->exprs.at[i];
        if (adjoint[i] < 0 || expr.kind != EXPR_CALL) continue;
        for (int a = 0; a < scalar_table[expr.u.call.fn].arity; a++) {
            int arg = expr.u.call.args[a];
            int passed = flows[arg] ? pass_on(body, adjoint[i], i, a) : -1;
            if (passed < 0) continue;
            adjoint[arg] = adjoint[arg] < 0 ? passed : body_call(body, SCALAR_add, adjoint[arg], passed, -1);
        }
    }
    return adjoint;
}

/* ---- reading what is there ---- */

enum { COST_KEPT = 8 }; /* additions: a function this dear is not computed again for its own derivative */

/* The element of the node itself, where derivatives (of exp, tanh, sigmoid, sqrt) would compute it again; else -1. */
static int kept_result(Backward *backward, const Node *node, NestBuilder *nest) {
    const Nest *old = &node->u.nest;
    const Expr *result = &old->body.exprs.at[old->body.exprs.count - 1];
    bool is_dear = result->kind == EXPR_CALL && scalar_table[result->u.call.fn].cost >= COST_KEPT;
    if (!is_dear || old->reduce != REDUCE_NONE || nest_count(old, INDEX_SOLVED) > 0) return -1;
    return read_at_loops(nest, backward_value(backward, node));
}

/* In all expressions behind `instead`. */
static void replace_expr(Body *body, int expr, int instead) {
    for (int i = instead + 1; i < body->exprs.count; i++) {
        Expr *user = &body->exprs.at[i];
        if (user->kind != EXPR_CALL) continue;
        for (int a = 0; a < scalar_table[user->u.call.fn].arity; a++) {
            if (user->u.call.args[a] == expr) user->u.call.args[a] = instead;
        }
    }
}

/* ---- the change of coordinates ---- */

enum { NOT_ASSIGNED = -1 };

/* An affine expression divided by a whole number. */
typedef struct Rational {
    Affine numerator;
    int64_t denominator; /* > 0 */
} Rational;

typedef struct Pull {
    Arena *arena;
    const NestBuilder *old; /* the derivative stands here */
    const Read *read;       /* of the argument whose axes become the free indices */
    Shape shape;            /* of that argument */
    int loops;              /* free and reduced indices of the old nest */
    int *axis_of;     /* by old index: the axis whose position it is (renamed) or is solved from, or NOT_ASSIGNED */
    bool *renamed;    /* by old index */
    bool *tested;     /* by axis: its equation is tested in the body */
    NestBuilder nest; /* the new one */
    Rational *exact;  /* by old free or reduced index: in the new free and reduced indices */
    Affine *with;     /* by old index: in the new indices */
} Pull;

/* Axis `axis` says: divisor * a = expression, the latter in loops of the old nest, or in solved indices too, when
 * nothing is solved from it. A position that is a solved index itself stands for its equation. */
static Affine equation(const Pull *pull, int axis, int64_t *divisor) {
    Affine position = pull->read->axes[axis];
    int index;
    *divisor = 1;
    if (!affine_is_index(position, &index) || index < pull->loops) return position;
    if (pull->axis_of[index] != axis) return position;
    *divisor = pull->old->indices.at[index].divisor;
    return pull->old->indices.at[index].solution;
}

static bool occurs(const Pull *pull, Affine position, int index) {
    for (int i = 0; i < position.count; i++) {
        int other = position.terms[i].index;
        if (other == index) return true;
        if (other >= pull->loops && affine_factor(pull->old->indices.at[other].solution, index) != 0) return true;
    }
    return false;
}

static bool occurs_elsewhere(const Pull *pull, int axis, int index) {
    for (int other = 0; other < pull->shape.rank; other++) {
        if (other != axis && occurs(pull, pull->read->axes[other], index)) return true;
    }
    return false;
}

static bool mentions_solved(const Pull *pull, Affine affine) {
    return affine.count > 0 && affine.terms[affine.count - 1].index >= pull->loops;
}

/* The index to solve an axis for: the one with the longest loop, because it has none then. -1: none can be. */
static int solvable(const Pull *pull, int axis) {
    int64_t divisor;
    Affine expression = equation(pull, axis, &divisor);
    int best = -1;
    if (mentions_solved(pull, expression)) return -1;
    for (int i = 0; i < expression.count; i++) {
        int index = expression.terms[i].index;
        if (pull->axis_of[index] != NOT_ASSIGNED || occurs_elsewhere(pull, axis, index)) continue;
        if (best < 0) best = index;
        if (dim_high(pull->old->indices.at[index].size) > dim_high(pull->old->indices.at[best].size)) best = index;
    }
    return best;
}

/* Which index each axis gives the value of. */
static void assign_axes(Pull *pull) {
    int index;
    for (int axis = 0; axis < pull->shape.rank; axis++) {
        if (!affine_is_index(pull->read->axes[axis], &index) || pull->axis_of[index] != NOT_ASSIGNED) continue;
        pull->axis_of[index] = axis;
        pull->renamed[index] = true;
    }
    for (int axis = 0; axis < pull->shape.rank; axis++) {
        bool is_index = affine_is_index(pull->read->axes[axis], &index) && pull->axis_of[index] == axis;
        if (is_index && index < pull->loops) continue;
        int solved = solvable(pull, axis);
        if (solved >= 0) pull->axis_of[solved] = axis;
        pull->tested[axis] = solved < 0;
    }
}

static const char *axis_label(const Pull *pull, int axis) {
    int index;
    bool is_index = affine_is_index(pull->read->axes[axis], &index) && pull->axis_of[index] == axis;
    return is_index ? pull->old->indices.at[index].name : arena_print(pull->arena, "a%d", axis);
}

static void add_loops(Pull *pull) {
    for (int axis = 0; axis < pull->shape.rank; axis++) {
        nest_free(&pull->nest, axis_label(pull, axis), pull->shape.dims[axis]);
    }
    for (int i = 0; i < pull->loops; i++) {
        if (pull->axis_of[i] == NOT_ASSIGNED) {
            int loop = nest_reduced(&pull->nest, pull->old->indices.at[i].name, pull->old->indices.at[i].size);
            pull->with[i] = affine_index(pull->arena, loop);
            pull->exact[i] = (Rational){pull->with[i], 1};
        } else if (pull->renamed[i]) {
            pull->exact[i] = (Rational){affine_index(pull->arena, pull->axis_of[i]), 1};
        }
    }
}

/* An old expression, whose indices all have exact values, in the new ones. */
static bool substitute(const Pull *pull, Affine affine, Rational *out) {
    Rational sum = {affine_constant(affine.constant), 1};
    for (int i = 0; i < affine.count; i++) {
        const Rational *value = &pull->exact[affine.terms[i].index];
        int64_t factor;
        Affine part;
        if (__builtin_mul_overflow(affine.terms[i].factor, sum.denominator, &factor)) return false;
        if (!affine_scale(pull->arena, value->numerator, factor, &part)) return false;
        if (!affine_scale(pull->arena, sum.numerator, value->denominator, &sum.numerator)) return false;
        if (!affine_add(pull->arena, sum.numerator, part, &sum.numerator)) return false;
        if (__builtin_mul_overflow(sum.denominator, value->denominator, &sum.denominator)) return false;
    }
    *out = sum;
    return true;
}

/* From divisor * a = factor * index + rest: index = (divisor * a - rest) / factor. */
static bool solve(const Pull *pull, int index, Rational *out) {
    int64_t divisor;
    int axis = pull->axis_of[index];
    Affine expression = equation(pull, axis, &divisor), left;
    int64_t factor = affine_factor(expression, index);
    Rational rest;
    if (!substitute(pull, affine_without(pull->arena, expression, index), &rest)) return false;
    if (rest.denominator != 1) internal_error("an axis is solved before another that it needs");
    if (!affine_scale(pull->arena, affine_index(pull->arena, axis), divisor, &left)) return false;
    if (!affine_scale(pull->arena, rest.numerator, -1, &rest.numerator)) return false;
    if (!affine_add(pull->arena, left, rest.numerator, &left)) return false;
    if (factor < 0 && !affine_scale(pull->arena, left, -1, &left)) return false;
    *out = (Rational){left, factor < 0 ? -factor : factor};
    return true;
}

/* Gives an old index a place in the new nest: directly where its value is whole and in range for certain. */
static void place(Pull *pull, int index, Rational value, bool direct) {
    const Index *old = &pull->old->indices.at[index];
    bool inside = value.denominator == 1 && affine_is_inside(value.numerator, pull->nest.indices.at, old->size);
    if (direct && inside) {
        pull->with[index] = value.numerator;
        return;
    }
    int solved = nest_solved(&pull->nest, old->name, old->size, value.numerator, value.denominator);
    pull->with[index] = affine_index(pull->arena, solved);
}

static bool add_solved(Pull *pull, bool direct) {
    for (int i = 0; i < pull->loops; i++) {
        if (pull->axis_of[i] == NOT_ASSIGNED) continue;
        if (!pull->renamed[i] && !solve(pull, i, &pull->exact[i])) return false;
        place(pull, i, pull->exact[i], direct || pull->renamed[i]);
    }
    for (int i = pull->loops; i < pull->old->indices.count; i++) {
        const Index *old = &pull->old->indices.at[i];
        Rational value = {affine_index(pull->arena, pull->axis_of[i]), 1};
        if (!pull->renamed[i]) {
            if (!substitute(pull, old->solution, &value)) return false;
            if (__builtin_mul_overflow(value.denominator, old->divisor, &value.denominator)) return false;
        }
        place(pull, i, value, pull->renamed[i]);
    }
    return true;
}

/* The value where the equations hold that no index was solved from, else 0. */
static bool tested_value(Pull *pull, int *value) {
    Body *body = &pull->nest.body;
    for (int axis = 0; axis < pull->shape.rank; axis++) {
        if (!pull->tested[axis]) continue;
        int64_t divisor;
        Affine expression = equation(pull, axis, &divisor), left;
        if (!affine_substitute(pull->arena, expression, pull->with, &expression)) return false;
        if (!affine_scale(pull->arena, affine_index(pull->arena, axis), divisor, &left)) return false;
        int holds = nest_call2(&pull->nest, SCALAR_equal, body_affine(body, left), body_affine(body, expression));
        *value = nest_call3(&pull->nest, SCALAR_select, holds, *value, nest_real(&pull->nest, 0));
    }
    return true;
}

static Pull pull_begin(NestBuilder *old, const Read *read) {
    Arena *arena = old->graph->arena;
    int count = old->indices.count;
    Pull pull = {.arena = arena, .old = old, .read = read, .shape = old->args.at[read->arg]->type.shape};
    for (int i = 0; i < count; i++) {
        pull.loops += old->indices.at[i].kind != INDEX_SOLVED;
    }
    pull.axis_of = ARENA_ARRAY(arena, int, count);
    for (int i = 0; i < count; i++) {
        pull.axis_of[i] = NOT_ASSIGNED;
    }
    pull.renamed = ARENA_ARRAY(arena, bool, count);
    pull.tested = ARENA_ARRAY(arena, bool, pull.shape.rank);
    pull.exact = ARENA_ARRAY(arena, Rational, count);
    pull.with = ARENA_ARRAY(arena, Affine, count);
    pull.nest = nest_begin(old->graph, old->origin);
    return pull;
}

/* The contribution of expression `derivative` of the old nest to the argument read by `read`. NULL: the coordinates
 * cannot be changed; then `direct` false, with an index for each old one, asks less of affine expressions. */
static Node *pull_back(NestBuilder *old, const Read *read, int derivative, bool direct) {
    Pull pull = pull_begin(old, read);
    assign_axes(&pull);
    add_loops(&pull);
    if (!add_solved(&pull, direct)) return NULL;
    Transfer transfer = {&pull.nest, &old->body, old->reads.at, old->args.at, pull.with, NULL, false};
    int value = transfer_expr(&transfer, derivative);
    if (transfer.failed || !tested_value(&pull, &value)) return NULL;
    bool sums = false;
    for (int i = 0; i < pull.nest.indices.count; i++) {
        sums = sums || pull.nest.indices.at[i].kind == INDEX_REDUCED;
    }
    return nest_end(&pull.nest, sums ? REDUCE_SUM : REDUCE_NONE, value);
}

void nest_gradient(Backward *backward, const Node *node, Node *dy) {
    const Nest *nest = &node->u.nest;
    if (node->type.elem != ELEM_REAL) return;
    NestBuilder old = same_nest(backward, node);
    int kept = kept_result(backward, node, &old);
    int seed = seed_expr(backward, node, &old, dy);
    const int *adjoint = adjoints(backward, node, &old.body, seed);
    if (kept >= 0) replace_expr(&old.body, nest->body.exprs.count - 1, kept);
    for (int i = 0; i < nest->body.exprs.count; i++) {
        const Expr *expr = &nest->body.exprs.at[i];
        if (expr->kind != EXPR_READ || expr->elem != ELEM_REAL || adjoint[i] < 0) continue;
        const Read *read = &nest->reads[expr->u.read];
        if (!backward_wants(backward, node->args[read->arg])) continue;
        Node *contribution = pull_back(&old, read, adjoint[i], true);
        if (contribution == NULL) contribution = pull_back(&old, read, adjoint[i], false);
        if (contribution == NULL) internal_error("the gradient of a read mixes two bounded sizes");
        backward_add(backward, node->args[read->arg], contribution);
    }
}
