/* Folding of calls, and derivatives at the places where they need a decision. */
#include "compiler/ir/scalar.h"
#include <criterion/criterion.h>
#include <math.h>

#define BODY(body)                                                                                                     \
    Memory memory = {0};                                                                                               \
    Arena arena;                                                                                                       \
    if (setjmp(memory.on_exhausted) != 0) cr_assert(false, "out of memory");                                           \
    arena_open(&arena, &memory);                                                                                       \
    Body body = {.arena = &arena}

static int real(Body *body, double number) {
    return body_literal(body, ELEM_REAL, number);
}

static int whole(Body *body, double number) {
    return body_literal(body, ELEM_INT, number);
}

static int call(Body *body, Scalar fn, int a, int b) {
    return body_call(body, fn, a, b, -1);
}

static bool is_call(const Body *body, int expr, Scalar fn, int a, int b) {
    const Expr *e = &body->exprs.at[expr];
    return e->kind == EXPR_CALL && e->u.call.fn == fn && e->u.call.args[0] == a && e->u.call.args[1] == b;
}

Test(body, equal_expressions_are_one) {
    BODY(body);
    int x = body_read(&body, ELEM_REAL, 0), y = body_read(&body, ELEM_REAL, 1);
    cr_assert_eq(body_read(&body, ELEM_REAL, 0), x);
    cr_assert_eq(call(&body, SCALAR_add, x, y), call(&body, SCALAR_add, x, y));
    cr_assert_neq(real(&body, 0.0), real(&body, -0.0));
    cr_assert_neq(real(&body, 1), whole(&body, 1));
    cr_assert_eq(real(&body, NAN), real(&body, NAN));
    arena_close(&arena);
}

Test(body, literals_fold_within_their_type) {
    BODY(body);
    cr_assert(body_is_literal(&body, call(&body, SCALAR_mul, real(&body, 3), real(&body, 0.5)), 1.5));
    cr_assert(body_is_literal(&body, call(&body, SCALAR_quotient, whole(&body, -7), whole(&body, 2)), -4));
    int overflow = call(&body, SCALAR_add, whole(&body, INT32_MAX), whole(&body, 1));
    cr_assert_eq(body.exprs.at[overflow].kind, EXPR_CALL);
    int divided = call(&body, SCALAR_quotient, whole(&body, 1), whole(&body, 0));
    cr_assert_eq(body.exprs.at[divided].kind, EXPR_CALL);
    int infinite = body_call(&body, SCALAR_exp, real(&body, 1000), -1, -1);
    cr_assert_eq(body.exprs.at[infinite].kind, EXPR_CALL);
    arena_close(&arena);
}

Test(body, neutral_elements_go_and_zero_times_x_stays) {
    BODY(body);
    int x = body_read(&body, ELEM_REAL, 0), zero = real(&body, 0), one = real(&body, 1);
    cr_assert_eq(call(&body, SCALAR_add, zero, x), x);
    cr_assert_eq(call(&body, SCALAR_sub, x, zero), x);
    cr_assert_eq(call(&body, SCALAR_mul, one, x), x);
    cr_assert_eq(call(&body, SCALAR_div, x, one), x);
    cr_assert_eq(call(&body, SCALAR_max, x, real(&body, -INFINITY)), x);
    cr_assert(is_call(&body, call(&body, SCALAR_mul, zero, x), SCALAR_mul, x, zero));
    cr_assert(is_call(&body, call(&body, SCALAR_sub, x, x), SCALAR_sub, x, x));
    arena_close(&arena);
}

Test(body, literals_have_their_place) {
    BODY(body);
    int x = body_read(&body, ELEM_REAL, 0), two = real(&body, 2);
    cr_assert(is_call(&body, call(&body, SCALAR_mul, two, x), SCALAR_mul, x, two));
    cr_assert(is_call(&body, call(&body, SCALAR_add, two, x), SCALAR_add, x, two));
    cr_assert(is_call(&body, call(&body, SCALAR_max, x, two), SCALAR_max, two, x));
    cr_assert(is_call(&body, call(&body, SCALAR_min, x, two), SCALAR_min, two, x));
    cr_assert(is_call(&body, call(&body, SCALAR_less, two, x), SCALAR_less, two, x));
    arena_close(&arena);
}

Test(body, signs_move_outwards) {
    BODY(body);
    int x = body_read(&body, ELEM_REAL, 0), y = body_read(&body, ELEM_REAL, 1);
    int minus = body_call(&body, SCALAR_neg, x, -1, -1), product = call(&body, SCALAR_mul, x, y);
    cr_assert_eq(body_call(&body, SCALAR_neg, minus, -1, -1), x);
    cr_assert(is_call(&body, call(&body, SCALAR_mul, minus, y), SCALAR_neg, product, -1));
    cr_assert(is_call(&body, call(&body, SCALAR_add, y, minus), SCALAR_sub, y, x));
    cr_assert(is_call(&body, call(&body, SCALAR_mul, minus, real(&body, 2)), SCALAR_mul, x, real(&body, -2)));
    arena_close(&arena);
}

Test(body, powers_become_products_and_roots) {
    BODY(body);
    int x = body_read(&body, ELEM_REAL, 0);
    cr_assert(body_is_literal(&body, call(&body, SCALAR_power, x, real(&body, 0)), 1));
    cr_assert_eq(call(&body, SCALAR_power, x, real(&body, 1)), x);
    cr_assert(is_call(&body, call(&body, SCALAR_power, x, real(&body, 2)), SCALAR_mul, x, x));
    cr_assert(is_call(&body, call(&body, SCALAR_power, x, real(&body, 0.5)), SCALAR_sqrt, x, -1));
    cr_assert(is_call(&body, call(&body, SCALAR_power, x, real(&body, -1)), SCALAR_div, real(&body, 1), x));
    cr_assert(is_call(&body, call(&body, SCALAR_power, x, real(&body, 2.5)), SCALAR_power, x, real(&body, 2.5)));
    cr_assert(is_call(&body, call(&body, SCALAR_power, x, real(&body, -2.5)), SCALAR_power, x, real(&body, -2.5)));
    cr_assert(is_call(&body, call(&body, SCALAR_div, x, real(&body, 4)), SCALAR_mul, x, real(&body, 0.25)));
    arena_close(&arena);
}

Test(body, selections_of_known_conditions_go) {
    BODY(body);
    int x = body_read(&body, ELEM_REAL, 0), y = body_read(&body, ELEM_REAL, 1);
    int yes = body_literal(&body, ELEM_BOOL, 1), less = call(&body, SCALAR_less, x, y);
    cr_assert_eq(body_call(&body, SCALAR_select, yes, x, y), x);
    cr_assert_eq(body_call(&body, SCALAR_select, less, x, x), x);
    cr_assert(is_call(&body, body_call(&body, SCALAR_select, less, real(&body, 1), real(&body, 0)), SCALAR_to_real,
                      less, -1));
    cr_assert_eq(call(&body, SCALAR_and, less, yes), less);
    cr_assert(body_is_literal(&body, call(&body, SCALAR_less, x, x), 0));
    cr_assert(is_call(&body, call(&body, SCALAR_equal, x, x), SCALAR_equal, x, x));
    arena_close(&arena);
}

Test(body, casts) {
    BODY(body);
    int n = body_index(&body, 0), x = body_read(&body, ELEM_REAL, 0);
    cr_assert_eq(body_cast(&body, ELEM_REAL, x), x);
    cr_assert(is_call(&body, body_cast(&body, ELEM_REAL, n), SCALAR_to_real, n, -1));
    cr_assert_eq(body_cast(&body, ELEM_INT, real(&body, -2.5)), whole(&body, -2));
    int large = body_cast(&body, ELEM_INT, real(&body, 1e20));
    cr_assert_eq(body.exprs.at[large].kind, EXPR_CALL);
    arena_close(&arena);
}

/* The value of an expression whose reads are all x. */
static double value_at(const Body *body, int expr, double x) {
    const Expr *e = &body->exprs.at[expr];
    double values[3] = {0, 0, 0};
    if (e->kind == EXPR_LITERAL) return e->u.number;
    if (e->kind == EXPR_READ) return x;
    for (int i = 0; i < scalar_table[e->u.call.fn].arity; i++)
        values[i] = value_at(body, e->u.call.args[i], x);
    return scalar_value(e->u.call.fn, values[0], values[1], values[2]);
}

Test(body, ties_go_to_the_constant_then_to_the_first) {
    BODY(body);
    int x = body_read(&body, ELEM_REAL, 0), y = body_read(&body, ELEM_REAL, 1);
    int relu = call(&body, SCALAR_max, x, real(&body, 0)), most = call(&body, SCALAR_max, x, y);
    cr_assert_eq(body.exprs.at[relu].u.call.args[1], x);
    cr_assert_eq(value_at(&body, body_partial(&body, relu, 1), 0), 0);
    cr_assert_eq(value_at(&body, body_partial(&body, relu, 1), 1), 1);
    cr_assert_eq(value_at(&body, body_partial(&body, most, 0), 5), 1);
    cr_assert_eq(value_at(&body, body_partial(&body, most, 1), 5), 0);
    arena_close(&arena);
}

Test(body, no_gradient_passes_ints_and_steps) {
    BODY(body);
    int x = body_read(&body, ELEM_REAL, 0), n = body_index(&body, 0);
    cr_assert_eq(body_partial(&body, body_call(&body, SCALAR_floor, x, -1, -1), 0), -1);
    cr_assert_eq(body_partial(&body, call(&body, SCALAR_add, n, whole(&body, 3)), 0), -1);
    cr_assert_eq(body_partial(&body, body_cast(&body, ELEM_REAL, n), 0), -1);
    cr_assert_eq(body_partial(&body, x, 0), -1);
    arena_close(&arena);
}

Test(body, powers_have_finite_derivatives_at_zero) {
    BODY(body);
    int x = body_read(&body, ELEM_REAL, 0), e = body_read(&body, ELEM_REAL, 1);
    int sixth = call(&body, SCALAR_power, x, real(&body, 6)), general = call(&body, SCALAR_power, x, e);
    cr_assert_eq(value_at(&body, body_partial(&body, sixth, 0), 0), 0);
    cr_assert_eq(value_at(&body, body_partial(&body, general, 0), 0), 0, "0^0");
    cr_assert_eq(value_at(&body, body_partial(&body, general, 1), 0), 0);
    arena_close(&arena);
}
