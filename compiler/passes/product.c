#include "compiler/passes/product.h"

enum { FACTOR_LIMIT = 64 }; /* squares of squares double the factors each time */

const Expr *body_call_of(const Body *body, int expr, Scalar fn) {
    const Expr *e = &body->exprs.at[expr];
    return e->kind == EXPR_CALL && e->u.call.fn == fn ? e : NULL;
}

static void add_conditions(const Body *body, int expr, Product *out) {
    const Expr *both = body_call_of(body, expr, SCALAR_and);
    if (both == NULL) {
        vec_push(body->arena, &out->conditions, expr);
        return;
    }
    add_conditions(body, both->u.call.args[0], out);
    add_conditions(body, both->u.call.args[1], out);
}

static void add_factors(const Body *body, int expr, bool inverse, Product *out) {
    const Expr *e;
    bool whole = inverse || out->factors.count >= FACTOR_LIMIT;
    if (!whole && (e = body_call_of(body, expr, SCALAR_mul)) != NULL) {
        add_factors(body, e->u.call.args[0], false, out);
        add_factors(body, e->u.call.args[1], false, out);
    } else if (!whole && (e = body_call_of(body, expr, SCALAR_div)) != NULL) {
        add_factors(body, e->u.call.args[0], false, out);
        add_factors(body, e->u.call.args[1], true, out);
    } else if ((e = body_call_of(body, expr, SCALAR_neg)) != NULL) {
        out->negative = !out->negative;
        add_factors(body, e->u.call.args[0], inverse, out);
    } else if (!inverse && (e = body_call_of(body, expr, SCALAR_select)) != NULL &&
               body_is_literal(body, e->u.call.args[2], 0)) {
        out->chosen = true;
        add_conditions(body, e->u.call.args[0], out);
        add_factors(body, e->u.call.args[1], false, out);
    } else if (!inverse && (e = body_call_of(body, expr, SCALAR_to_real)) != NULL &&
               body_elem(body, e->u.call.args[0]) == ELEM_BOOL) {
        add_conditions(body, e->u.call.args[0], out);
    } else if (inverse) {
        vec_push(body->arena, &out->inverses, expr);
    } else if (!body_is_literal(body, expr, 1)) {
        vec_push(body->arena, &out->factors, expr);
    }
}

Product body_product(const Body *body) {
    Product product = {0};
    add_factors(body, body->exprs.count - 1, false, &product);
    return product;
}

int product_expr(Body *body, const Product *product, Elem elem) {
    int value = -1;
    for (int i = 0; i < product->factors.count; i++) {
        int factor = product->factors.at[i];
        value = value < 0 ? factor : body_call(body, SCALAR_mul, value, factor, -1);
    }
    if (value < 0) value = body_literal(body, elem, 1);
    for (int i = 0; i < product->inverses.count; i++) {
        value = body_call(body, SCALAR_div, value, product->inverses.at[i], -1);
    }
    if (product->negative) value = body_call(body, SCALAR_neg, value, -1, -1);
    for (int i = 0; i < product->conditions.count; i++) {
        value = body_call(body, SCALAR_select, product->conditions.at[i], value, body_literal(body, elem, 0));
    }
    return value;
}
