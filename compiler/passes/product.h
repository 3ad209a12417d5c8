/* A body seen as a product with conditions,
 *
 *     body = +- (factor * .. / inverse / ..) where condition and .., else 0
 *
 * because that is what gradients, and graphical models, are made of. */
#ifndef GRADC_PASSES_PRODUCT_H
#define GRADC_PASSES_PRODUCT_H

#include "compiler/ir/graph.h"

typedef struct Product {
    VEC(int) factors, inverses, conditions; /* expressions of the body */
    bool negative;
    bool chosen; /* a condition chose between the product and 0, whatever the product's value: infinite, or NaN */
} Product;

/* Of the body's result. */
Product body_product(const Body *body);
/* The product as one expression of the same body; of no factors: 1. */
int product_expr(Body *body, const Product *product, Elem elem);
/* The expression, if it is a call of `fn`; else NULL. */
const Expr *body_call_of(const Body *body, int expr, Scalar fn);

#endif
