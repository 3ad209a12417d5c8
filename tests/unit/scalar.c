/* Every row of scalar.def: values against known points, partial derivatives against central differences. */
#include "compiler/ir/scalar.h"
#include <criterion/criterion.h>
#include <math.h>

typedef struct Point {
    Scalar fn;
    double a, b, c, value;
} Point;

static const Point points[] = {
    {SCALAR_add, 2, 3, 0, 5},
    {SCALAR_sub, 2, 3, 0, -1},
    {SCALAR_mul, 2, 3, 0, 6},
    {SCALAR_div, 3, 2, 0, 1.5},
    {SCALAR_neg, 3, 0, 0, -3},
    {SCALAR_quotient, -7, 2, 0, -4},
    {SCALAR_modulo, -7, 2, 0, 1},
    {SCALAR_modulo, 7, -2, 0, -1},
    {SCALAR_power, 2, 10, 0, 1024},
    {SCALAR_max, 2, 3, 0, 3},
    {SCALAR_max, 0, NAN, 0, NAN},
    {SCALAR_min, 2, 3, 0, 2},
    {SCALAR_min, 0, NAN, 0, NAN},
    {SCALAR_abs, -2, 0, 0, 2},
    {SCALAR_sign, -2, 0, 0, -1},
    {SCALAR_sign, 0, 0, 0, 0},
    {SCALAR_floor, -1.5, 0, 0, -2},
    {SCALAR_sqrt, 9, 0, 0, 3},
    {SCALAR_exp, 1, 0, 0, 2.718281828459045},
    {SCALAR_expm1, 1e-20, 0, 0, 1e-20},
    {SCALAR_log, 10, 0, 0, 2.302585092994046},
    {SCALAR_log1p, 1e-20, 0, 0, 1e-20},
    {SCALAR_sin, 0.5, 0, 0, 0.479425538604203},
    {SCALAR_cos, 0.5, 0, 0, 0.8775825618903728},
    {SCALAR_tanh, 0.5, 0, 0, 0.46211715726000973},
    {SCALAR_sigmoid, 0, 0, 0, 0.5},
    {SCALAR_sigmoid, -800, 0, 0, 0},
    {SCALAR_sigmoid, -2, 0, 0, 0.11920292202211755},
    {SCALAR_softplus, 0, 0, 0, 0.6931471805599453},
    {SCALAR_softplus, 800, 0, 0, 800},
    {SCALAR_softplus, -40, 0, 0, 4.248354255291589e-18},
    {SCALAR_erf, 0.5, 0, 0, 0.5204998778130465},
    {SCALAR_less, 2, 2, 0, 0},
    {SCALAR_less_equal, 2, 2, 0, 1},
    {SCALAR_equal, 2, 2, 0, 1},
    {SCALAR_and, 1, 0, 0, 0},
    {SCALAR_or, 1, 0, 0, 1},
    {SCALAR_not, 1, 0, 0, 0},
    {SCALAR_select, 1, 5, 6, 5},
    {SCALAR_select, 0, 5, 6, 6},
    {SCALAR_to_real, 3, 0, 0, 3},
    {SCALAR_to_int, -2.7, 0, 0, -2},
};

Test(scalar, values_at_known_points_of_every_row) {
    bool seen[SCALAR_COUNT] = {false};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        const Point *p = &points[i];
        double value = scalar_value(p->fn, p->a, p->b, p->c);
        bool same = isnan(p->value) ? isnan(value) : fabs(value - p->value) <= 1e-15 * fabs(p->value);
        cr_assert(same, "%s(%g, %g, %g) is %.17g", scalar_table[p->fn].name, p->a, p->b, p->c, value);
        seen[p->fn] = true;
    }
    for (int fn = 0; fn < SCALAR_COUNT; fn++)
        cr_assert(seen[fn], "no point for %s", scalar_table[fn].name);
}

Test(scalar, names_are_found) {
    Scalar fn;
    for (int i = 0; i < SCALAR_COUNT; i++)
        cr_assert(scalar_find(scalar_table[i].name, &fn) && fn == (Scalar)i);
    cr_assert_not(scalar_find("nonesuch", &fn));
}

Test(scalar, types) {
    Elem real2[] = {ELEM_REAL, ELEM_REAL}, int2[] = {ELEM_INT, ELEM_INT}, mixed[] = {ELEM_REAL, ELEM_INT};
    Elem choice[] = {ELEM_BOOL, ELEM_INT, ELEM_INT}, bad_choice[] = {ELEM_BOOL, ELEM_INT, ELEM_REAL}, result;
    cr_assert(scalar_result(SCALAR_add, int2, &result) && result == ELEM_INT);
    cr_assert(scalar_result(SCALAR_less, real2, &result) && result == ELEM_BOOL);
    cr_assert(scalar_result(SCALAR_select, choice, &result) && result == ELEM_INT);
    cr_assert_not(scalar_result(SCALAR_add, mixed, &result));
    cr_assert_not(scalar_result(SCALAR_div, int2, &result));
    cr_assert_not(scalar_result(SCALAR_select, bad_choice, &result));
}

/* ---- partial derivatives ---- */

/* The value of an expression whose reads are `args`. */
static double value_of(const Body *body, int expr, const double *args) {
    const Expr *e = &body->exprs.at[expr];
    double values[3] = {0, 0, 0};
    if (e->kind == EXPR_LITERAL) return e->u.number;
    if (e->kind == EXPR_READ) return args[e->u.read];
    for (int i = 0; i < scalar_table[e->u.call.fn].arity; i++)
        values[i] = value_of(body, e->u.call.args[i], args);
    return scalar_value(e->u.call.fn, values[0], values[1], values[2]);
}

static double difference(Scalar fn, const double *args, int arg) {
    const double step = 1e-5;
    double low[3] = {args[0], args[1], args[2]}, high[3] = {args[0], args[1], args[2]};
    low[arg] -= step, high[arg] += step;
    return (scalar_value(fn, high[0], high[1], high[2]) - scalar_value(fn, low[0], low[1], low[2])) / (2 * step);
}

static const double samples[][3] = {{0.3, 0.7, -0.4}, {1.7, 0.6, 2.2}, {0.9, 2.5, 0.1}, {2.6, 1.4, 0.8},
                                    {-0.6, 1.3, 0.4}, {-1.8, -0.7, 2}, {0.4, -1.9, 1}};

static bool in_domain(Scalar fn, const double *args) {
    bool positive = fn == SCALAR_log || fn == SCALAR_sqrt || fn == SCALAR_power;
    return (!positive || args[0] > 0) && (fn != SCALAR_log1p || args[0] > -0.9);
}

static void check_partials(Arena *arena, Scalar fn, const double *sample) {
    Body body = {.arena = arena};
    const ScalarDef *def = &scalar_table[fn];
    bool select = def->types == SCALAR_TYPES_SELECT;
    double args[3] = {select ? sample[0] > 0 : sample[0], sample[1], sample[2]};
    int reads[3] = {-1, -1, -1};
    for (int i = 0; i < def->arity; i++)
        reads[i] = body_read(&body, select && i == 0 ? ELEM_BOOL : ELEM_REAL, i);
    int expr = body_keep(&body, fn, reads[0], reads[1], reads[2]);
    for (int i = select ? 1 : 0; i < def->arity; i++) {
        int partial = body_partial(&body, expr, i);
        double expected = difference(fn, args, i), value = partial < 0 ? 0 : value_of(&body, partial, args);
        cr_assert(partial < 0 || body_elem(&body, partial) == ELEM_REAL);
        cr_assert(fabs(value - expected) <= 1e-7 * fmax(1, fabs(expected)),
                  "d %s(%g, %g, %g) by argument %d: %g, not %g", def->name, args[0], args[1], args[2], i, value,
                  expected);
    }
}

Test(scalar, partials_of_every_row_are_its_differences) {
    Memory memory = {0};
    Arena arena;
    if (setjmp(memory.on_exhausted) != 0) cr_assert(false, "out of memory");
    arena_open(&arena, &memory);
    for (int fn = 0; fn < SCALAR_COUNT; fn++) {
        ScalarTypes types = scalar_table[fn].types;
        if (types != SCALAR_TYPES_REAL && types != SCALAR_TYPES_NUMBER && types != SCALAR_TYPES_SELECT) continue;
        for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
            if (in_domain((Scalar)fn, samples[i])) check_partials(&arena, (Scalar)fn, samples[i]);
    }
    arena_close(&arena);
}
