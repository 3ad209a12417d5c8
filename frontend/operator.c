/* Operators: numbers and sizes are computed while compiling, the rest is elementwise. */
#include "frontend/element.h"
#include <math.h>
#include <string.h>

static Value fold_real(Elaborator *e, AstBinary op, double a, double b, Span span) {
    switch (op) {
    case AST_ADD: return value_real(a + b);
    case AST_SUBTRACT: return value_real(a - b);
    case AST_MULTIPLY: return value_real(a * b);
    case AST_DIVIDE: return b == 0 ? refuse(e, span, "division by zero") : value_real(a / b);
    case AST_FLOOR_DIVIDE: return b == 0 ? refuse(e, span, "division by zero") : value_real(floor(a / b));
    case AST_MODULO: return b == 0 ? refuse(e, span, "division by zero") : value_real(a - floor(a / b) * b);
    case AST_POWER:
        if (a == 0 && b < 0) return refuse(e, span, "division by zero");
        return value_real(pow(a, b));
    default: return poison;
    }
}

/* By squaring; false: too large. */
static bool int_power(int64_t base, int64_t exponent, int64_t *out) {
    *out = 1;
    while (exponent > 0) {
        if (exponent % 2 == 1 && __builtin_mul_overflow(*out, base, out)) return false;
        exponent /= 2;
        if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) return false;
    }
    return true;
}

static Value fold_int(Elaborator *e, AstBinary op, int64_t a, int64_t b, Span span) {
    int64_t result = 0;
    switch (op) {
    case AST_ADD:
        if (!__builtin_add_overflow(a, b, &result)) return value_int(result);
        break;
    case AST_SUBTRACT:
        if (!__builtin_sub_overflow(a, b, &result)) return value_int(result);
        break;
    case AST_MULTIPLY:
        if (!__builtin_mul_overflow(a, b, &result)) return value_int(result);
        break;
    case AST_DIVIDE:
        if (b == 0) return refuse(e, span, "division by zero");
        return value_real((double)a / (double)b);
    case AST_FLOOR_DIVIDE:
    case AST_MODULO: {
        if (b == 0) return refuse(e, span, "division by zero");
        if (b == -1) return op == AST_MODULO ? value_int(0) : fold_int(e, AST_SUBTRACT, 0, a, span);
        int64_t quotient = a / b - (a % b != 0 && (a < 0) != (b < 0));
        return value_int(op == AST_MODULO ? a - quotient * b : quotient);
    }
    case AST_POWER:
        if (b < 0) return fold_real(e, op, (double)a, (double)b, span);
        if (int_power(a, b, &result)) return value_int(result);
        break;
    default: break;
    }
    return refuse(e, span, "the number is too large: %lld %s %lld", (long long)a, ast_binary_text(op), (long long)b);
}

/* -1, 0 or 1; ints are compared as such: not all of them are doubles. */
static int order_of(Value a, Value b) {
    if (a.kind == VALUE_INT && b.kind == VALUE_INT) return (a.u.integer > b.u.integer) - (a.u.integer < b.u.integer);
    return (number_of(a) > number_of(b)) - (number_of(a) < number_of(b));
}

static Value fold_comparison(AstBinary op, int order) {
    switch (op) {
    case AST_LESS: return value_bool(order < 0);
    case AST_LESS_EQUAL: return value_bool(order <= 0);
    case AST_GREATER: return value_bool(order > 0);
    case AST_GREATER_EQUAL: return value_bool(order >= 0);
    case AST_EQUAL: return value_bool(order == 0);
    default: return value_bool(order != 0);
    }
}

static bool is_comparison(AstBinary op) {
    return op >= AST_LESS && op <= AST_NOT_EQUAL;
}

static int64_t int_of(Value value) {
    return value.kind == VALUE_INT ? value.u.integer : value.u.boolean;
}

static Value fold(Elaborator *e, AstBinary op, Value a, Value b, Span span) {
    if (op == AST_OR || op == AST_AND) {
        if (a.kind != VALUE_BOOL || b.kind != VALUE_BOOL)
            return refuse(e, span, "`%s` needs two conditions, not %s and %s", ast_binary_text(op), value_text(e, a),
                          value_text(e, b));
        return value_bool(op == AST_OR ? a.u.boolean || b.u.boolean : a.u.boolean && b.u.boolean);
    }
    if (is_comparison(op)) return fold_comparison(op, order_of(a, b));
    if (a.kind == VALUE_REAL || b.kind == VALUE_REAL) return fold_real(e, op, number_of(a), number_of(b), span);
    return fold_int(e, op, int_of(a), int_of(b), span);
}

/* Sums and multiples of a bounded size are sizes; anything else makes it a number at run time. */
static bool fold_size(AstBinary op, Dim a, Dim b, Value *out) {
    Dim result, negative;
    bool ok = false;
    if (op == AST_ADD) ok = dim_add(a, b, &result);
    if (op == AST_SUBTRACT) ok = dim_scale(b, -1, &negative) && dim_add(a, negative, &result);
    if (op == AST_MULTIPLY) ok = dim_multiply(a, b, &result);
    if (ok) *out = value_dim(result);
    return ok;
}

static Scalar operator_scalar(AstBinary op, bool *swapped) {
    *swapped = op == AST_GREATER || op == AST_GREATER_EQUAL;
    switch (op) {
    case AST_OR: return SCALAR_or;
    case AST_AND: return SCALAR_and;
    case AST_LESS:
    case AST_GREATER: return SCALAR_less;
    case AST_LESS_EQUAL:
    case AST_GREATER_EQUAL: return SCALAR_less_equal;
    case AST_ADD: return SCALAR_add;
    case AST_SUBTRACT: return SCALAR_sub;
    case AST_MULTIPLY: return SCALAR_mul;
    case AST_DIVIDE: return SCALAR_div;
    case AST_FLOOR_DIVIDE: return SCALAR_quotient;
    case AST_MODULO: return SCALAR_modulo;
    case AST_POWER: return SCALAR_power;
    default: return SCALAR_equal;
    }
}

static bool has_run_time_ints(Elaborator *e, Value value, Span span) {
    if (is_indexed(value)) return value.u.element->elem == ELEM_INT;
    Node *node = is_tensor(value) ? node_of(e, value, span) : NULL;
    return node != NULL && node->type.elem == ELEM_INT;
}

/* Ints to a power that is known are a product of squares; by one that is not, the power is real. */
static bool power_of_ints(Elaborator *e, Value a, Value b, Span span, Value *power) {
    bool known = b.kind == VALUE_INT && b.u.integer > 0 && b.u.integer < 63;
    if (!known || !has_run_time_ints(e, a, span)) return false;
    Value square = a;
    bool any = false;
    for (int64_t rest = b.u.integer; rest > 0; rest /= 2) {
        if (rest % 2 == 1) *power = any ? binary(e, AST_MULTIPLY, *power, square, span) : square;
        any |= rest % 2 == 1;
        if (rest > 1) square = binary(e, AST_MULTIPLY, square, square, span);
    }
    return true;
}

Value binary(Elaborator *e, AstBinary op, Value a, Value b, Span span) {
    Dim dim_a, dim_b;
    Value result;
    if (is_poison(a) || is_poison(b)) return poison;
    if (op == AST_MATMUL) return matmul(e, a, b, span);
    if (a.kind == VALUE_STRING && b.kind == VALUE_STRING && (op == AST_EQUAL || op == AST_NOT_EQUAL))
        return value_bool((strcmp(a.u.string, b.u.string) == 0) == (op == AST_EQUAL));
    if (is_number(a) && is_number(b)) return fold(e, op, a, b, span);
    if (value_as_dim(a, &dim_a) && value_as_dim(b, &dim_b)) {
        if (op == AST_EQUAL && dim_equal(dim_a, dim_b)) return value_bool(true);
        if (fold_size(op, dim_a, dim_b, &result)) return result;
    }
    if (op == AST_POWER && power_of_ints(e, a, b, span, &result)) return result;
    bool swapped;
    Scalar fn = operator_scalar(op, &swapped);
    Value args[2] = {swapped ? b : a, swapped ? a : b};
    result = elementwise(e, fn, 2, args, span);
    if (op == AST_NOT_EQUAL) result = elementwise(e, SCALAR_not, 1, &result, span);
    return result;
}

Value negate(Elaborator *e, Value a, Span span) {
    Dim dim;
    if (is_poison(a)) return poison;
    if (a.kind == VALUE_INT) return fold_int(e, AST_SUBTRACT, 0, a.u.integer, span);
    if (a.kind == VALUE_REAL) return value_real(-a.u.real);
    if (a.kind == VALUE_SIZE && dim_scale(a.u.size, -1, &dim)) return value_dim(dim);
    return elementwise(e, SCALAR_neg, 1, &a, span);
}
