/* The tables, row by row: every operation has its rules, and every scalar function the derivatives that differences
 * show. */
#include "compiler/ops/backward.h"
#include "compiler/ops/op.h"
#include "tests/ops/gradients.h"
#include <criterion/criterion.h>

Test(tables, every_operation_has_four_rules) {
    for (int op = 0; op < OP_COUNT; op++) {
        const OpDef *def = &op_table[op];
        cr_expect(def->check && def->gradient && def->evaluate && def->lower, "%s lacks a rule", def->name);
        cr_expect_leq(def->leaf + def->root + def->marker, 1, "%s is of two kinds", def->name);
        cr_expect(!def->leaf || def->gradient == no_gradient, "%s has no arguments to have a gradient", def->name);
    }
}

/* The function of three real expressions, as a real. */
static int call_on_reals(NestBuilder *nest, Scalar fn, const int *reals) {
    int args[3] = {-1, -1, -1}, arity = scalar_table[fn].arity;
    for (int i = 0; i < arity; i++) {
        int condition = nest_call2(nest, SCALAR_less, reals[i], reals[(i + 1) % 3]);
        bool logic = scalar_table[fn].types == SCALAR_TYPES_LOGIC;
        bool selects = scalar_table[fn].types == SCALAR_TYPES_SELECT;
        args[i] = logic || (selects && i == 0) ? condition : reals[i];
    }
    int result = body_call(&nest->body, fn, args[0], args[1], args[2]);
    return body_cast(&nest->body, ELEM_REAL, result);
}

/* f(x, y, z) * x + x * y * z: every input is reached, also by functions through which no gradient passes. */
static Node *scalar_map(GradientCase *c) {
    NestBuilder nest = nest_begin(c->graph, NULL);
    int i = nest_free(&nest, "i", dim_constant(5)), reals[3];
    for (int k = 0; k < 3; k++)
        reals[k] = nest_at(&nest, case_tensor(c, 0.31, 1.43, dim_constant(5)), i);
    int value = call_on_reals(&nest, (Scalar)c->variant, reals);
    int product = nest_call2(&nest, SCALAR_mul, nest_call2(&nest, SCALAR_mul, reals[0], reals[1]), reals[2]);
    value = nest_call2(&nest, SCALAR_add, nest_call2(&nest, SCALAR_mul, value, reals[0]), product);
    return nest_end(&nest, REDUCE_NONE, value);
}

Test(tables, every_scalar_function) {
    for (int fn = 0; fn < SCALAR_COUNT; fn++)
        check_gradients(scalar_table[fn].name, scalar_map, fn);
}

/* The same below zero, for functions that are defined there. */
static Node *negative_map(GradientCase *c) {
    NestBuilder nest = nest_begin(c->graph, NULL);
    int i = nest_free(&nest, "i", dim_constant(5)), reals[3];
    for (int k = 0; k < 3; k++)
        reals[k] = nest_at(&nest, case_tensor(c, -1.27, -0.33, dim_constant(5)), i);
    int value = call_on_reals(&nest, (Scalar)c->variant, reals);
    int product = nest_call2(&nest, SCALAR_mul, nest_call2(&nest, SCALAR_mul, reals[0], reals[1]), reals[2]);
    return nest_end(&nest, REDUCE_NONE, nest_call2(&nest, SCALAR_add, value, product));
}

Test(tables, every_scalar_function_below_zero) {
    for (int fn = 0; fn < SCALAR_COUNT; fn++) {
        bool positive_only = fn == SCALAR_log || fn == SCALAR_log1p || fn == SCALAR_sqrt || fn == SCALAR_power;
        if (!positive_only) check_gradients(scalar_table[fn].name, negative_map, fn);
    }
}
