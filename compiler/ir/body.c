/* Expressions: how they are made, folded and differentiated. */
#include "compiler/ir/scalar.h"
#include <math.h>
#include <string.h>

/* ---- expressions, each once ---- */

static bool call_equal(const Expr *a, const Expr *b) {
    return a->u.call.fn == b->u.call.fn && memcmp(a->u.call.args, b->u.call.args, sizeof a->u.call.args) == 0;
}

static bool lookup_equal(const Expr *a, const Expr *b) {
    size_t size = (size_t)a->u.lookup.count * sizeof *a->u.lookup.computed;
    return a->u.lookup.read == b->u.lookup.read && a->u.lookup.count == b->u.lookup.count &&
           memcmp(a->u.lookup.computed, b->u.lookup.computed, size) == 0;
}

bool expr_equal(const Expr *a, const Expr *b) {
    if (a->kind != b->kind || a->elem != b->elem) return false;
    switch (a->kind) {
    case EXPR_LITERAL: return memcmp(&a->u.number, &b->u.number, sizeof a->u.number) == 0; /* 0 and -0 are two */
    case EXPR_READ: return a->u.read == b->u.read;
    case EXPR_INDEX: return a->u.index == b->u.index;
    case EXPR_TOTAL: return a->u.total == b->u.total;
    case EXPR_SIZE: return dim_equal(a->u.size, b->u.size);
    case EXPR_DRAW:
        return a->u.draw.kind == b->u.draw.kind && a->u.draw.site == b->u.draw.site &&
               affine_equal(a->u.draw.element, b->u.draw.element);
    case EXPR_LOOKUP: return lookup_equal(a, b);
    case EXPR_CALL: return call_equal(a, b);
    }
    return false;
}

int expr_arity(const Expr *expr) {
    if (expr->kind == EXPR_LOOKUP) return expr->u.lookup.count;
    return expr->kind == EXPR_CALL ? scalar_table[expr->u.call.fn].arity : 0;
}

int expr_operand(const Expr *expr, int number) {
    return expr->kind == EXPR_LOOKUP ? expr->u.lookup.computed[number].position : expr->u.call.args[number];
}

Expr expr_renumbered(Arena *arena, const Expr *expr, const int *to) {
    Expr new = *expr;
    if (expr->kind == EXPR_LOOKUP) {
        Computed *computed = ARENA_ARRAY(arena, Computed, expr->u.lookup.count);
        for (int i = 0; i < expr->u.lookup.count; i++)
            computed[i] = (Computed){expr->u.lookup.computed[i].axis, to[expr->u.lookup.computed[i].position]};
        new.u.lookup.computed = computed;
    }
    for (int i = 0; expr->kind == EXPR_CALL && i < expr_arity(expr); i++)
        new.u.call.args[i] = to[expr->u.call.args[i]];
    return new;
}

static int body_add(Body *body, Expr expr) {
    for (int i = body->exprs.count - 1; i >= 0; i--)
        if (expr_equal(&body->exprs.at[i], &expr)) return i;
    vec_push(body->arena, &body->exprs, expr);
    return body->exprs.count - 1;
}

int body_literal(Body *body, Elem elem, double number) {
    return body_add(body, (Expr){.kind = EXPR_LITERAL, .elem = elem, .u.number = number});
}

int body_read(Body *body, Elem elem, int read) {
    return body_add(body, (Expr){.kind = EXPR_READ, .elem = elem, .u.read = read});
}

int body_index(Body *body, int index) {
    return body_add(body, (Expr){.kind = EXPR_INDEX, .elem = ELEM_INT, .u.index = index});
}

int body_size(Body *body, Dim size) {
    if (dim_is_constant(size)) return body_literal(body, ELEM_INT, (double)size.constant);
    return body_add(body, (Expr){.kind = EXPR_SIZE, .elem = ELEM_INT, .u.size = size});
}

int body_total(Body *body, Elem elem, int total) {
    return body_add(body, (Expr){.kind = EXPR_TOTAL, .elem = elem, .u.total = total});
}

int body_draw(Body *body, DrawKind kind, uint32_t site, Affine element) {
    Expr expr = {.kind = EXPR_DRAW, .elem = ELEM_REAL};
    expr.u.draw.kind = kind;
    expr.u.draw.site = site;
    expr.u.draw.element = element;
    return body_add(body, expr);
}

int body_lookup(Body *body, Elem elem, int read, int count, const Computed *computed) {
    Expr expr = {.kind = EXPR_LOOKUP, .elem = elem};
    expr.u.lookup.read = read;
    expr.u.lookup.count = count;
    expr.u.lookup.computed = arena_copy(body->arena, computed, (size_t)count * sizeof *computed);
    return body_add(body, expr);
}

int body_keep(Body *body, Scalar fn, int a, int b, int c) {
    Expr expr = {.kind = EXPR_CALL};
    int args[3] = {a, b, c};
    Elem elems[3] = {ELEM_REAL, ELEM_REAL, ELEM_REAL};
    for (int i = 0; i < 3; i++) {
        if ((i < scalar_table[fn].arity) != (args[i] >= 0))
            internal_error("%s is called with a wrong number of arguments", scalar_table[fn].name);
        if (args[i] >= 0) elems[i] = body_elem(body, args[i]);
    }
    if (!scalar_result(fn, elems, &expr.elem))
        internal_error("the arguments of %s have types that do not fit", scalar_table[fn].name);
    expr.u.call.fn = fn;
    memcpy(expr.u.call.args, args, sizeof args);
    return body_add(body, expr);
}

Elem body_elem(const Body *body, int expr) {
    return body->exprs.at[expr].elem;
}

static bool is_literal(const Body *body, int expr) {
    return expr >= 0 && body->exprs.at[expr].kind == EXPR_LITERAL;
}

static double number_of(const Body *body, int expr) {
    return body->exprs.at[expr].u.number;
}

bool body_is_literal(const Body *body, int expr, double number) {
    return is_literal(body, expr) && number_of(body, expr) == number;
}

int body_cast(Body *body, Elem elem, int a) {
    if (body_elem(body, a) == elem) return a;
    if (elem == ELEM_BOOL) internal_error("nothing is cast to bool");
    return body_call(body, elem == ELEM_REAL ? SCALAR_to_real : SCALAR_to_int, a, -1, -1);
}

/* ---- folding: every rule holds always (but for the sign of a zero), x * 0 is kept because x may be NaN ---- */

/* What a literal of that type can hold wherever the text goes: int32, and reals that are finite in float too. */
static bool literal_holds(Elem elem, double value) {
    switch (elem) {
    case ELEM_REAL: return fabs(value) <= 3e38; /* false for NaN */
    case ELEM_INT: return value >= INT32_MIN && value <= INT32_MAX && value == floor(value);
    case ELEM_BOOL: return true;
    }
    return false;
}

/* The value of a call of literals, or -1. */
static int fold_literals(Body *body, Scalar fn, const int *args) {
    double values[3] = {0, 0, 0};
    Elem elems[3] = {ELEM_REAL, ELEM_REAL, ELEM_REAL}, elem;
    for (int i = 0; i < scalar_table[fn].arity; i++) {
        if (!is_literal(body, args[i])) return -1;
        values[i] = number_of(body, args[i]);
        elems[i] = body_elem(body, args[i]);
    }
    scalar_result(fn, elems, &elem);
    double value = scalar_value(fn, values[0], values[1], values[2]);
    return literal_holds(elem, value) ? body_literal(body, elem, value) : -1;
}

/* The argument of a call of fn, or -1. */
static int argument_of(const Body *body, Scalar fn, int expr) {
    const Expr *e = &body->exprs.at[expr];
    return e->kind == EXPR_CALL && e->u.call.fn == fn ? e->u.call.args[0] : -1;
}

static int call1(Body *body, Scalar fn, int a) {
    return body_call(body, fn, a, -1, -1);
}

static int call2(Body *body, Scalar fn, int a, int b) {
    return body_call(body, fn, a, b, -1);
}

/* -literal, or -1 where it is no int. */
static int negated_literal(Body *body, int a) {
    if (!is_literal(body, a) || !literal_holds(body_elem(body, a), -number_of(body, a))) return -1;
    return body_literal(body, body_elem(body, a), -number_of(body, a));
}

static int fold_add(Body *body, int a, int b) {
    if (body_is_literal(body, b, 0)) return a;
    int minus_a = argument_of(body, SCALAR_neg, a), minus_b = argument_of(body, SCALAR_neg, b);
    if (minus_b >= 0) return call2(body, SCALAR_sub, a, minus_b);
    if (minus_a >= 0) return call2(body, SCALAR_sub, b, minus_a);
    return -1;
}

static int fold_sub(Body *body, int a, int b) {
    if (body_is_literal(body, b, 0)) return a;
    if (body_is_literal(body, a, 0)) return call1(body, SCALAR_neg, b);
    if (a == b && body_elem(body, a) == ELEM_INT) return body_literal(body, ELEM_INT, 0);
    int minus_b = argument_of(body, SCALAR_neg, b);
    return minus_b >= 0 ? call2(body, SCALAR_add, a, minus_b) : -1;
}

/* Signs move outwards, where sums take them up. */
static int fold_mul(Body *body, int a, int b) {
    if (body_is_literal(body, b, 1)) return a;
    if (body_is_literal(body, b, -1)) return call1(body, SCALAR_neg, a);
    int minus_a = argument_of(body, SCALAR_neg, a), minus_b = argument_of(body, SCALAR_neg, b);
    if (minus_a >= 0 && negated_literal(body, b) >= 0)
        return call2(body, SCALAR_mul, minus_a, negated_literal(body, b));
    if (minus_a >= 0) return call1(body, SCALAR_neg, call2(body, SCALAR_mul, minus_a, b));
    if (minus_b >= 0) return call1(body, SCALAR_neg, call2(body, SCALAR_mul, a, minus_b));
    return -1;
}

/* Division by a power of two is an exact multiplication. */
static int fold_div(Body *body, int a, int b) {
    if (body_is_literal(body, b, 1)) return a;
    if (body_is_literal(body, b, -1)) return call1(body, SCALAR_neg, a);
    if (is_literal(body, b)) {
        int exponent;
        double number = number_of(body, b), mantissa = frexp(fabs(number), &exponent);
        if (mantissa == 0.5 && exponent > -100 && exponent < 100)
            return call2(body, SCALAR_mul, a, body_literal(body, ELEM_REAL, 1 / number));
    }
    int minus_a = argument_of(body, SCALAR_neg, a), minus_b = argument_of(body, SCALAR_neg, b);
    if (minus_a >= 0) return call1(body, SCALAR_neg, call2(body, SCALAR_div, minus_a, b));
    if (minus_b >= 0) return call1(body, SCALAR_neg, call2(body, SCALAR_div, a, minus_b));
    return -1;
}

static int fold_neg(Body *body, int a) {
    int inner = argument_of(body, SCALAR_neg, a);
    if (inner >= 0) return inner;
    const Expr *e = &body->exprs.at[a];
    if (e->kind != EXPR_CALL) return -1;
    int left = e->u.call.args[0], right = e->u.call.args[1]; /* e dies with the next expression */
    Scalar fn = e->u.call.fn;
    if (fn == SCALAR_sub) return call2(body, SCALAR_sub, right, left);
    if (fn == SCALAR_mul && negated_literal(body, right) >= 0)
        return call2(body, SCALAR_mul, left, negated_literal(body, right));
    return -1;
}

static int fold_power(Body *body, int a, int b) {
    if (!is_literal(body, b)) return -1;
    int one = body_literal(body, ELEM_REAL, 1);
    double exponent = number_of(body, b);
    if (exponent == 0) return one;
    if (exponent == 1) return a;
    if (exponent == 0.5) return call1(body, SCALAR_sqrt, a);
    if (exponent < 0 && exponent >= -4) {
        int positive = call2(body, SCALAR_power, a, body_literal(body, ELEM_REAL, -exponent));
        return argument_of(body, SCALAR_power, positive) < 0 ? call2(body, SCALAR_div, one, positive) : -1;
    }
    int square = call2(body, SCALAR_mul, a, a);
    if (exponent == 2) return square;
    if (exponent == 3) return call2(body, SCALAR_mul, square, a);
    if (exponent == 4) return call2(body, SCALAR_mul, square, square);
    return -1;
}

static int fold_select(Body *body, int condition, int yes, int no) {
    if (is_literal(body, condition)) return number_of(body, condition) != 0 ? yes : no;
    if (yes == no) return yes;
    int inverse = argument_of(body, SCALAR_not, condition);
    if (inverse >= 0) return body_call(body, SCALAR_select, inverse, no, yes);
    if (body_elem(body, yes) == ELEM_BOOL || !body_is_literal(body, yes, 1) || !body_is_literal(body, no, 0)) return -1;
    return body_cast(body, body_elem(body, yes), condition);
}

/* `and` with true, `or` with false: the other; with their opposites: the literal. */
static int fold_logic(Body *body, Scalar fn, int a, int b) {
    if (a == b) return a;
    if (!is_literal(body, b)) return -1;
    bool neutral = (number_of(body, b) != 0) == (fn == SCALAR_and);
    return neutral ? a : b;
}

static int fold_cast(Body *body, Scalar fn, int a) {
    Elem from = body_elem(body, a), to = fn == SCALAR_to_real ? ELEM_REAL : ELEM_INT;
    if (from == to) return a;
    int inner = argument_of(body, SCALAR_to_int, a); /* of a bool: the way over int can be left out */
    return inner >= 0 && body_elem(body, inner) == ELEM_BOOL ? body_cast(body, to, inner) : -1;
}

static int fold_extremum(Body *body, Scalar fn, int a, int b) {
    if (a == b) return a;
    return body_is_literal(body, a, fn == SCALAR_max ? -INFINITY : INFINITY) ? b : -1;
}

static int fold_compare(Body *body, Scalar fn, int a, int b) {
    if (a != b) return -1;
    if (fn == SCALAR_less) return body_literal(body, ELEM_BOOL, 0);
    return body_elem(body, a) == ELEM_INT ? body_literal(body, ELEM_BOOL, 1) : -1; /* NaN != NaN */
}

/* What the call is equal to, or -1. */
static int fold(Body *body, Scalar fn, const int *args) {
    int a = args[0], b = args[1];
    switch (fn) {
    case SCALAR_add: return fold_add(body, a, b);
    case SCALAR_sub: return fold_sub(body, a, b);
    case SCALAR_mul: return fold_mul(body, a, b);
    case SCALAR_div: return fold_div(body, a, b);
    case SCALAR_neg: return fold_neg(body, a);
    case SCALAR_power: return fold_power(body, a, b);
    case SCALAR_max:
    case SCALAR_min: return fold_extremum(body, fn, a, b);
    case SCALAR_less:
    case SCALAR_less_equal:
    case SCALAR_equal: return fold_compare(body, fn, a, b);
    case SCALAR_and:
    case SCALAR_or: return fold_logic(body, fn, a, b);
    case SCALAR_not: return argument_of(body, SCALAR_not, a);
    case SCALAR_select: return fold_select(body, a, b, args[2]);
    case SCALAR_to_real:
    case SCALAR_to_int: return fold_cast(body, fn, a);
    default: return -1;
    }
}

/* Literals stand first in max and min, where ties go to the constant, and second in what commutes otherwise. */
static void order_arguments(const Body *body, Scalar fn, int *args) {
    bool first = fn == SCALAR_max || fn == SCALAR_min;
    bool second = fn == SCALAR_add || fn == SCALAR_mul || fn == SCALAR_and || fn == SCALAR_or || fn == SCALAR_equal;
    int misplaced = first ? args[1] : args[0], other = first ? args[0] : args[1];
    if ((!first && !second) || !is_literal(body, misplaced) || is_literal(body, other)) return;
    int swapped = args[0];
    args[0] = args[1];
    args[1] = swapped;
}

int body_call(Body *body, Scalar fn, int a, int b, int c) {
    int args[3] = {a, b, c};
    order_arguments(body, fn, args);
    int folded = fold_literals(body, fn, args);
    if (folded < 0) folded = fold(body, fn, args);
    return folded >= 0 ? folded : body_keep(body, fn, args[0], args[1], args[2]);
}

/* ---- partial derivatives: the columns of scalar.def are expressions over these ---- */

/* Finished arguments of calls in the making. C leaves open which argument of a function comes first; through this stack
 * it is always the left one, so that every compiler builds the same gradc. */
typedef struct Partial {
    Body *body;
    int stack[16];
    int count;
} Partial;

static void put(Partial *partial, int expr) {
    partial->stack[partial->count++] = expr;
}

static int call_put(Partial *partial, Scalar fn) {
    int args[3] = {-1, -1, -1}, arity = scalar_table[fn].arity;
    partial->count -= arity;
    memcpy(args, partial->stack + partial->count, (size_t)arity * sizeof *args);
    return body_call(partial->body, fn, args[0], args[1], args[2]);
}

#define CALL1(fn, a)       (put(&partial, a), call_put(&partial, SCALAR_##fn))
#define CALL2(fn, a, b)    (put(&partial, a), put(&partial, b), call_put(&partial, SCALAR_##fn))
#define CALL3(fn, a, b, c) (put(&partial, a), put(&partial, b), put(&partial, c), call_put(&partial, SCALAR_##fn))

#define A               args[0]
#define B               args[1]
#define Y               expr
#define NONE            (-1)
#define NUMBER(number)  body_literal(body, ELEM_REAL, number)
#define ZERO            NUMBER(0)
#define HALF            NUMBER(0.5)
#define ONE             NUMBER(1)
#define ADD(a, b)       CALL2(add, a, b)
#define SUB(a, b)       CALL2(sub, a, b)
#define MUL(a, b)       CALL2(mul, a, b)
#define DIV(a, b)       CALL2(div, a, b)
#define QUOTIENT(a, b)  CALL2(quotient, a, b)
#define POWER(a, b)     CALL2(power, a, b)
#define LESS(a, b)      CALL2(less, a, b)
#define EQUAL(a, b)     CALL2(equal, a, b)
#define SELECT(a, b, c) CALL3(select, a, b, c)
#define NEG(a)          CALL1(neg, a)
#define NOT(a)          CALL1(not, a)
#define SIGN(a)         CALL1(sign, a)
#define EXP(a)          CALL1(exp, a)
#define LOG(a)          CALL1(log, a)
#define SIN(a)          CALL1(sin, a)
#define COS(a)          CALL1(cos, a)
#define SIGMOID(a)      CALL1(sigmoid, a)
#define REAL(a)         body_cast(body, ELEM_REAL, a)

int body_partial(Body *body, int expr, int arg) {
    const Expr *call = &body->exprs.at[expr];
    if (call->kind != EXPR_CALL || call->elem != ELEM_REAL || arg >= scalar_table[call->u.call.fn].arity) return NONE;
    Scalar fn = call->u.call.fn;
    int args[3];
    memcpy(args, call->u.call.args, sizeof args); /* call dies with the first new expression */
    Partial partial = {.body = body};
    switch (fn) {
#define SCALAR(name, arity, types, da, db, dc, ...)                                                                    \
    case SCALAR_##name:                                                                                                \
        return arg == 0 ? (da) : arg == 1 ? (db) : (dc);
#include "compiler/ir/scalar.def"
#undef SCALAR
    case SCALAR_COUNT: break;
    }
    internal_error("no such scalar function: %d", (int)fn);
}
