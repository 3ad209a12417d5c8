/* The one gradient rule of nests, on every kind of read and reducer that the language can write. */
#include "tests/ops/gradients.h"
#include <criterion/criterion.h>

static Dim d(int64_t value) {
    return dim_constant(value);
}

static Affine affine(GradientCase *c, int64_t constant, int i, int64_t factor_i, int j, int64_t factor_j) {
    Affine sum = affine_constant(dim_constant(constant)), part;
    if (i >= 0 && affine_scale(c->arena, affine_index(c->arena, i), factor_i, &part))
        affine_add(c->arena, sum, part, &sum);
    if (j >= 0 && affine_scale(c->arena, affine_index(c->arena, j), factor_j, &part))
        affine_add(c->arena, sum, part, &sum);
    return sum;
}

static Node *matmul(GradientCase *c) {
    Node *x = case_tensor(c, -1, 1, dim_size(c->batch), d(4)), *w = case_tensor(c, -1, 1, d(4), d(2));
    NestBuilder nest = nest_begin(c->graph, NULL);
    int n = nest_free(&nest, "n", dim_size(c->batch)), o = nest_free(&nest, "o", d(2));
    int i = nest_reduced(&nest, "i", d(4));
    int product = nest_call2(&nest, SCALAR_mul, nest_at(&nest, x, n, i), nest_at(&nest, w, i, o));
    return nest_end(&nest, REDUCE_SUM, product);
}

static Node *transposed(GradientCase *c) {
    Node *x = case_tensor(c, -1, 1, d(3), d(4));
    NestBuilder nest = nest_begin(c->graph, NULL);
    int i = nest_free(&nest, "i", d(4)), j = nest_free(&nest, "j", d(3));
    return nest_end(&nest, REDUCE_NONE, nest_call1(&nest, SCALAR_tanh, nest_at(&nest, x, j, i)));
}

static Node *broadcast(GradientCase *c) {
    Node *x = case_tensor(c, -1, 1, dim_size(c->batch), d(4)), *b = case_tensor(c, -1, 1, d(4));
    NestBuilder nest = nest_begin(c->graph, NULL);
    int n = nest_free(&nest, "n", dim_size(c->batch)), i = nest_free(&nest, "i", d(4));
    int sum = nest_call2(&nest, SCALAR_add, nest_at(&nest, x, n, i), nest_at(&nest, b, i));
    return nest_end(&nest, REDUCE_NONE, nest_call1(&nest, SCALAR_sigmoid, sum));
}

static Node *diagonal(GradientCase *c) {
    Node *x = case_tensor(c, -1, 1, d(4), d(4));
    NestBuilder nest = nest_begin(c->graph, NULL);
    int i = nest_free(&nest, "i", d(4));
    int read = nest_at(&nest, x, i, i);
    return nest_end(&nest, REDUCE_NONE, nest_call2(&nest, SCALAR_mul, read, read));
}

static Node *trace_of_square(GradientCase *c) {
    Node *x = case_tensor(c, -1, 1, d(3), d(3));
    NestBuilder nest = nest_begin(c->graph, NULL);
    int i = nest_reduced(&nest, "i", d(3)), j = nest_reduced(&nest, "j", d(3));
    int product = nest_call2(&nest, SCALAR_mul, nest_at(&nest, x, i, j), nest_at(&nest, x, j, i));
    return nest_end(&nest, REDUCE_SUM, product);
}

static Node *band(GradientCase *c) { /* x[i, i + k]: the second axis gives k */
    Node *x = case_tensor(c, -1, 1, d(4), d(6));
    NestBuilder nest = nest_begin(c->graph, NULL);
    int k = nest_free(&nest, "k", d(3)), i = nest_reduced(&nest, "i", d(4));
    int read = nest_read(&nest, x, (Affine[]){affine_index(c->arena, i), affine(c, 0, k, 1, i, 1)});
    return nest_end(&nest, REDUCE_SUM, nest_call1(&nest, SCALAR_sin, read));
}

static Node *slice(GradientCase *c) {
    Node *x = case_tensor(c, -1, 1, d(7));
    NestBuilder nest = nest_begin(c->graph, NULL);
    int i = nest_free(&nest, "i", d(4));
    int read = nest_read(&nest, x, (Affine[]){affine(c, 2, i, 1, -1, 0)});
    return nest_end(&nest, REDUCE_NONE, nest_call1(&nest, SCALAR_exp, read));
}

static Node *prefix(GradientCase *c) {
    Node *x = case_tensor(c, -1, 1, d(7));
    NestBuilder nest = nest_begin(c->graph, NULL);
    int i = nest_free(&nest, "i", d(4));
    return nest_end(&nest, REDUCE_NONE, nest_call1(&nest, SCALAR_exp, nest_at(&nest, x, i)));
}

static Node *flipped(GradientCase *c) {
    Node *x = case_tensor(c, -1, 1, dim_size(c->batch));
    NestBuilder nest = nest_begin(c->graph, NULL);
    int i = nest_free(&nest, "i", dim_size(c->batch));
    Affine last = affine(c, -1, i, -1, -1, 0);
    dim_add(last.constant, dim_size(c->batch), &last.constant);
    int read = nest_read(&nest, x, &last);
    return nest_end(&nest, REDUCE_NONE, nest_call2(&nest, SCALAR_mul, read, nest_at(&nest, x, i)));
}

static Node *strided(GradientCase *c) {
    Node *x = case_tensor(c, -1, 1, d(8));
    NestBuilder nest = nest_begin(c->graph, NULL);
    int i = nest_free(&nest, "i", d(3));
    int read = nest_read(&nest, x, (Affine[]){affine(c, 1, i, 3, -1, 0)});
    return nest_end(&nest, REDUCE_NONE, nest_call1(&nest, SCALAR_sin, read));
}

static Node *constant_position(GradientCase *c) {
    Node *x = case_tensor(c, -1, 1, d(3), d(4));
    NestBuilder nest = nest_begin(c->graph, NULL);
    int i = nest_free(&nest, "i", d(4));
    int read = nest_read(&nest, x, (Affine[]){affine(c, 1, -1, 0, -1, 0), affine_index(c->arena, i)});
    return nest_end(&nest, REDUCE_NONE, nest_call1(&nest, SCALAR_sin, read));
}

static Node *convolution1d(GradientCase *c) {
    Node *x = case_tensor(c, -1, 1, d(2), d(9)), *k = case_tensor(c, -1, 1, d(2), d(3));
    NestBuilder nest = nest_begin(c->graph, NULL);
    int j = nest_free(&nest, "j", d(4)), ch = nest_reduced(&nest, "c", d(2)), p = nest_reduced(&nest, "p", d(3));
    int read = nest_read(&nest, x, (Affine[]){affine_index(c->arena, ch), affine(c, 0, j, 2, p, 1)});
    return nest_end(&nest, REDUCE_SUM, nest_call2(&nest, SCALAR_mul, read, nest_at(&nest, k, ch, p)));
}

static Node *convolution2d(GradientCase *c) {
    Node *x = case_tensor(c, -1, 1, d(2), d(5), d(4)), *k = case_tensor(c, -1, 1, d(2), d(2), d(2), d(2));
    NestBuilder nest = nest_begin(c->graph, NULL);
    int o = nest_free(&nest, "o", d(2)), i = nest_free(&nest, "i", d(2)), j = nest_free(&nest, "j", d(3));
    int ch = nest_reduced(&nest, "c", d(2)), p = nest_reduced(&nest, "p", d(2)), q = nest_reduced(&nest, "q", d(2));
    int read =
        nest_read(&nest, x, (Affine[]){affine_index(c->arena, ch), affine(c, 0, i, 3, p, 1), affine(c, 0, j, 1, q, 1)});
    return nest_end(&nest, REDUCE_SUM, nest_call2(&nest, SCALAR_mul, read, nest_at(&nest, k, o, ch, p, q)));
}

static Node *padded(GradientCase *c) {
    Node *x = case_tensor(c, -1, 1, d(4));
    NestBuilder nest = nest_begin(c->graph, NULL);
    nest.otherwise = 0.5;
    int i = nest_free(&nest, "i", d(7));
    int p = nest_solved(&nest, "p", d(4), affine(c, -2, i, 1, -1, 0), 1);
    return nest_end(&nest, REDUCE_NONE, nest_call1(&nest, SCALAR_exp, nest_at(&nest, x, p)));
}

static Node *dilated(GradientCase *c) { /* zeros between the elements: a solved index with a divisor, flipped */
    Node *x = case_tensor(c, -1, 1, d(4));
    NestBuilder nest = nest_begin(c->graph, NULL);
    int i = nest_free(&nest, "i", d(9));
    int p = nest_solved(&nest, "p", d(3), affine(c, 7, i, -1, -1, 0), 2);
    return nest_end(&nest, REDUCE_NONE, nest_call1(&nest, SCALAR_exp, nest_at(&nest, x, p)));
}

static Node *solved_window(GradientCase *c) { /* what the gradient of a strided convolution looks like */
    Node *x = case_tensor(c, -1, 1, d(4)), *k = case_tensor(c, -1, 1, d(3));
    NestBuilder nest = nest_begin(c->graph, NULL);
    int a = nest_free(&nest, "a", d(9)), p = nest_reduced(&nest, "p", d(3));
    int j = nest_solved(&nest, "j", d(4), affine(c, 0, a, 1, p, -1), 2);
    return nest_end(&nest, REDUCE_SUM, nest_call2(&nest, SCALAR_mul, nest_at(&nest, x, j), nest_at(&nest, k, p)));
}

static Node *solved_with_offset(GradientCase *c) { /* a position with a solved index in it: tested in the body */
    Node *x = case_tensor(c, -1, 1, d(9));
    NestBuilder nest = nest_begin(c->graph, NULL);
    int i = nest_free(&nest, "i", d(6)), k = nest_reduced(&nest, "k", d(2));
    int p = nest_solved(&nest, "p", d(3), affine(c, 0, i, 1, -1, 0), 2);
    int read = nest_read(&nest, x, (Affine[]){affine(c, 1, k, 1, p, 3)});
    return nest_end(&nest, REDUCE_SUM, nest_call1(&nest, SCALAR_sin, read));
}

static Node *unused_solved(GradientCase *c) { /* a domain alone: i in 1..3 */
    Node *x = case_tensor(c, -1, 1, d(5));
    NestBuilder nest = nest_begin(c->graph, NULL);
    int i = nest_free(&nest, "i", d(5));
    nest_solved(&nest, "p", d(3), affine(c, -1, i, 1, -1, 0), 1);
    int read = nest_at(&nest, x, i);
    return nest_end(&nest, REDUCE_NONE, nest_call2(&nest, SCALAR_mul, read, read));
}

static Node *over_rows(GradientCase *c, Reduce reduce) {
    Node *x = case_tensor(c, -1, 1, dim_size(c->batch), d(4)), *w = case_tensor(c, 0.5, 2, d(4));
    NestBuilder nest = nest_begin(c->graph, NULL);
    int n = nest_free(&nest, "n", dim_size(c->batch)), i = nest_reduced(&nest, "i", d(4));
    int read = nest_at(&nest, x, n, i);
    int product = nest_call2(&nest, SCALAR_mul, nest_call2(&nest, SCALAR_mul, read, read), nest_at(&nest, w, i));
    return nest_end(&nest, reduce, product);
}

static Node *maxima(GradientCase *c) {
    return over_rows(c, REDUCE_MAX);
}
static Node *minima(GradientCase *c) {
    return over_rows(c, REDUCE_MIN);
}
static Node *products(GradientCase *c) {
    return over_rows(c, REDUCE_PROD);
}

static Node *products_of_two(GradientCase *c) {
    Node *x = case_tensor(c, 0.5, 1.5, d(3), d(2), d(2));
    NestBuilder nest = nest_begin(c->graph, NULL);
    int j = nest_free(&nest, "j", d(2));
    int i = nest_reduced(&nest, "i", d(3)), k = nest_reduced(&nest, "k", d(2));
    return nest_end(&nest, REDUCE_PROD, nest_at(&nest, x, i, j, k));
}

static Node *product_with_zero(GradientCase *c) { /* the derivative by the zero is the product of the others */
    Node *x = case_tensor(c, 0.5, 1.5, d(4));
    c->values[0].values[2] = 0;
    NestBuilder nest = nest_begin(c->graph, NULL);
    int i = nest_reduced(&nest, "i", d(4));
    return nest_end(&nest, REDUCE_PROD, nest_at(&nest, x, i));
}

static Node *pooled(GradientCase *c) {
    Node *x = case_tensor(c, -1, 1, d(4), d(6));
    NestBuilder nest = nest_begin(c->graph, NULL);
    int i = nest_free(&nest, "i", d(2)), j = nest_free(&nest, "j", d(2));
    int p = nest_reduced(&nest, "p", d(2)), q = nest_reduced(&nest, "q", d(3));
    int read = nest_read(&nest, x, (Affine[]){affine(c, 0, i, 2, p, 1), affine(c, 0, j, 3, q, 1)});
    return nest_end(&nest, REDUCE_MAX, nest_call1(&nest, SCALAR_sin, read));
}

static Node *mean(GradientCase *c) {
    Node *x = case_tensor(c, -1, 1, dim_size(c->batch));
    NestBuilder sum = nest_begin(c->graph, NULL);
    int n = nest_reduced(&sum, "n", dim_size(c->batch));
    int read = nest_at(&sum, x, n);
    Node *total = nest_end(&sum, REDUCE_SUM, nest_call2(&sum, SCALAR_mul, read, read));
    NestBuilder nest = nest_begin(c->graph, NULL);
    int size = body_cast(&nest.body, ELEM_REAL, body_size(&nest.body, dim_size(c->batch)));
    return nest_end(&nest, REDUCE_NONE, nest_call2(&nest, SCALAR_div, nest_read(&nest, total, NULL), size));
}

static Node *read_twice(GradientCase *c) { /* autocorrelation: one tensor, two reads, one index solved from each */
    Node *x = case_tensor(c, -1, 1, d(6));
    NestBuilder nest = nest_begin(c->graph, NULL);
    int k = nest_free(&nest, "k", d(3)), i = nest_reduced(&nest, "i", d(4));
    int later = nest_read(&nest, x, (Affine[]){affine(c, 0, i, 1, k, 1)});
    return nest_end(&nest, REDUCE_SUM, nest_call2(&nest, SCALAR_mul, nest_at(&nest, x, i), later));
}

static Node *distances(GradientCase *c) {
    Node *x = case_tensor(c, -1, 1, dim_size(c->batch), d(2)), *y = case_tensor(c, -1, 1, d(3), d(2));
    NestBuilder nest = nest_begin(c->graph, NULL);
    int n = nest_free(&nest, "n", dim_size(c->batch)), k = nest_free(&nest, "k", d(3));
    int i = nest_reduced(&nest, "i", d(2));
    int apart = nest_call2(&nest, SCALAR_sub, nest_at(&nest, x, n, i), nest_at(&nest, y, k, i));
    return nest_end(&nest, REDUCE_SUM, nest_call2(&nest, SCALAR_mul, apart, apart));
}

static Node *softmax(GradientCase *c) {
    Node *x = case_tensor(c, -1, 1, dim_size(c->batch), d(4));
    NestBuilder top = nest_begin(c->graph, NULL);
    int n = nest_free(&top, "n", dim_size(c->batch)), i = nest_reduced(&top, "i", d(4));
    Node *highest = build_stop(c->graph, nest_end(&top, REDUCE_MAX, nest_at(&top, x, n, i)), NULL);
    NestBuilder power = nest_begin(c->graph, NULL);
    nest_free(&power, "n", dim_size(c->batch)), nest_free(&power, "i", d(4));
    int below = nest_call2(&power, SCALAR_sub, nest_at(&power, x, n, i), nest_at(&power, highest, n));
    Node *powers = nest_end(&power, REDUCE_NONE, nest_call1(&power, SCALAR_exp, below));
    NestBuilder sum = nest_begin(c->graph, NULL);
    nest_free(&sum, "n", dim_size(c->batch)), nest_reduced(&sum, "i", d(4));
    Node *total = nest_end(&sum, REDUCE_SUM, nest_at(&sum, powers, n, i));
    NestBuilder nest = nest_begin(c->graph, NULL);
    nest_free(&nest, "n", dim_size(c->batch)), nest_free(&nest, "i", d(4));
    return nest_end(&nest, REDUCE_NONE,
                    nest_call2(&nest, SCALAR_div, nest_at(&nest, powers, n, i), nest_at(&nest, total, n)));
}

static Node *sum_over_unused(GradientCase *c) {
    Node *x = case_tensor(c, -1, 1, d(3));
    NestBuilder nest = nest_begin(c->graph, NULL);
    int i = nest_free(&nest, "i", d(3));
    nest_reduced(&nest, "k", dim_size(c->batch));
    return nest_end(&nest, REDUCE_SUM, nest_call1(&nest, SCALAR_sin, nest_at(&nest, x, i)));
}

#define CASE(name)                                                                                                     \
    Test(nest_gradients, name) {                                                                                       \
        check_gradients(#name, name, 0);                                                                               \
    }
CASE(matmul)
CASE(transposed)
CASE(broadcast)
CASE(diagonal)
CASE(trace_of_square)
CASE(band)
CASE(slice)
CASE(prefix)
CASE(flipped)
CASE(strided)
CASE(constant_position)
CASE(convolution1d)
CASE(convolution2d)
CASE(padded)
CASE(dilated)
CASE(solved_window)
CASE(solved_with_offset)
CASE(unused_solved)
CASE(maxima)
CASE(minima)
CASE(products)
CASE(products_of_two)
CASE(product_with_zero)
CASE(pooled)
CASE(mean)
CASE(read_twice)
CASE(distances)
CASE(softmax)
CASE(sum_over_unused)
