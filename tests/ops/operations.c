/* Every operation that has arguments, by the rows of the table: gradients against differences (first and second), and
 * what it is lowered to against the operation itself. A row without a case fails. */
#include "compiler/ops/op.h"
#include "compiler/passes/pipeline.h"
#include "tests/ops/gradients.h"
#include <criterion/criterion.h>
#include <math.h>

/* ---- parts of cases ---- */

/* factor * i % size, an int tensor of that many elements. */
static Node *counting(GradientCase *c, Dim count, int factor, int size, int shift) {
    NestBuilder nest = nest_begin(c->graph, NULL);
    nest_free(&nest, "i", count);
    int value = nest_call2(&nest, SCALAR_mul, body_index(&nest.body, 0), body_literal(&nest.body, ELEM_INT, factor));
    value = nest_call2(&nest, SCALAR_modulo, value, body_literal(&nest.body, ELEM_INT, size));
    return nest_end(&nest, REDUCE_NONE,
                    nest_call2(&nest, SCALAR_add, value, body_literal(&nest.body, ELEM_INT, shift)));
}

/* Points i < count, j < width at [ids[i] + shift, j]. */
static Addressing rows_at(GradientCase *c, Dim count, int width, int shift) {
    Arena *arena = c->arena;
    Index *indices = ARENA_ARRAY(arena, Index, 2);
    Read *reads = ARENA_ARRAY(arena, Read, 1);
    Coordinate *axes = ARENA_ARRAY(arena, Coordinate, 2);
    Affine *position = ARENA_ARRAY(arena, Affine, 1);
    indices[0] = (Index){.kind = INDEX_FREE, .name = "i", .size = count};
    indices[1] = (Index){.kind = INDEX_FREE, .name = "j", .size = dim_constant(width)};
    position[0] = affine_index(arena, 0);
    reads[0] = (Read){1, position};
    axes[0] = (Coordinate){affine_constant(dim_constant(shift)), 0};
    axes[1] = (Coordinate){affine_index(arena, 1), NO_READ};
    return (Addressing){2, 1, indices, reads, 2, axes};
}

/* x * x, so that second derivatives are not zero. */
static Node *square(Graph *graph, Node *x) {
    return build_map2(graph, SCALAR_mul, x, x, NULL);
}

/* ---- one case for every operation ---- */

static Node *nest_case(GradientCase *c) {
    Node *x = case_tensor(c, -1, 1, dim_constant(3)), *y = case_tensor(c, -1, 1, dim_constant(3));
    return build_map2(c->graph, SCALAR_mul, square(c->graph, x), y, NULL);
}

static Node *merge_case(GradientCase *c) {
    Dim dims[] = {dim_size(c->batch), dim_constant(2), dim_constant(3)}, merged = dim_constant(6);
    Node *x = case_input(c, 3, dims, -1, 1);
    return square(c->graph, build_regroup(c->graph, square(c->graph, x), 1, 2, 1, &merged, NULL));
}

static Node *split_case(GradientCase *c) {
    Dim dims[] = {dim_constant(2), dim_constant(3)};
    Node *x = case_tensor(c, -1, 1, dim_size(c->batch), dim_constant(6));
    return square(c->graph, build_regroup(c->graph, x, 1, 1, 2, dims, NULL));
}

static Node *concat_case(GradientCase *c) {
    Node *x = case_tensor(c, -1, 1, dim_size(c->batch), dim_constant(2));
    Node *y = case_tensor(c, -1, 1, dim_constant(3), dim_constant(2));
    return square(c->graph, build_concat(c->graph, 0, 3, (Node *[]){x, y, x}, NULL));
}

/* Rows 0, 2, 4, 1, 3 of five, one further: the last lies outside. */
static Node *gather_case(GradientCase *c) {
    Node *x = case_tensor(c, -1, 1, dim_constant(5), dim_constant(2));
    Node *ids = counting(c, dim_constant(5), 2, 5, 1);
    Addressing rows = rows_at(c, dim_constant(5), 2, 0);
    return square(c->graph, build_gather(c->graph, x, &rows, &ids, NULL));
}

static Node *scatter_case(GradientCase *c) {
    Node *x = case_tensor(c, -1, 1, dim_size(c->batch), dim_constant(2));
    Node *ids = counting(c, dim_size(c->batch), 2, 3, 0); /* 0, 2, 1 of three rows; one further is outside */
    Addressing rows = rows_at(c, dim_size(c->batch), 2, 1);
    Dim dims[] = {dim_constant(3), dim_constant(2)};
    Shape shape = shape_of(c->arena, 2, dims);
    return square(c->graph, build_scatter_add(c->graph, x, &rows, &ids, shape, NULL));
}

static Node *cumsum_case(GradientCase *c) {
    Node *x = case_tensor(c, -1, 1, dim_constant(2), dim_size(c->batch), dim_constant(2));
    Node *sums = build_cumsum(c->graph, square(c->graph, x), 1, false, NULL);
    return square(c->graph, build_cumsum(c->graph, sums, 0, true, NULL));
}

/* x[argsort(x)], ascending and descending. */
static Node *sort_case(GradientCase *c) {
    Node *x = case_tensor(c, -1, 1, dim_constant(7), dim_constant(1));
    Dim seven = dim_constant(7);
    Node *row = build_regroup(c->graph, x, 0, 2, 1, &seven, NULL);
    Node *order = build_argsort(c->graph, row, 0, c->variant == 1, NULL);
    Addressing rows = rows_at(c, seven, 1, 0);
    Node *sorted = build_gather(c->graph, x, &rows, &order, NULL);
    return build_map2(c->graph, SCALAR_mul, square(c->graph, sorted), sorted, NULL);
}

/* c = c * x[t] + tanh(w * c), y[t] = c * c; carries, inputs, captures, stacked and final results. */
static Node *scan_case(GradientCase *c) {
    Node *start = case_tensor(c, -1, 1, dim_constant(2));
    Node *xs = case_tensor(c, -1, 1, dim_size(c->batch), dim_constant(2)), *w = case_tensor(c, -1, 1, dim_constant(2));
    LoopBuilder loop = loop_begin(c->graph, dim_size(c->batch), c->variant == 1, NULL);
    Node *carry = loop_carry(&loop, start), *x = loop_input(&loop, xs);
    Node *moved = build_map1(loop.body, SCALAR_tanh, build_map2(loop.body, SCALAR_mul, w, carry, NULL), NULL);
    Node *next = build_map2(loop.body, SCALAR_add, build_map2(loop.body, SCALAR_mul, carry, x, NULL), moved, NULL);
    loop_next(&loop, carry, next);
    int squares = loop_emit(&loop, square(loop.body, next));
    Node *scan = loop_end(&loop);
    Node *last = build_part(c->graph, scan, 0, NULL), *stacked = build_part(c->graph, scan, 1 + squares, NULL);
    Dim one = dim_constant(1), dims[] = {one, dim_constant(2)};
    last = build_regroup(c->graph, last, 0, 1, 2, dims, NULL);
    return build_concat(c->graph, 0, 2, (Node *[]){stacked, last}, NULL);
}

/* A loop in a loop: the inner one carries along x, the outer one scales by w, which both capture. */
static Node *nested_case(GradientCase *c) {
    Node *start = case_tensor(c, 0.5, 1, dim_constant(2)), *w = case_tensor(c, -1, 1, dim_constant(2));
    Node *xs = case_tensor(c, -1, 1, dim_constant(3), dim_size(c->batch), dim_constant(2));
    LoopBuilder outer = loop_begin(c->graph, dim_constant(3), false, NULL);
    Node *a = loop_carry(&outer, start), *row = loop_input(&outer, xs);
    LoopBuilder inner = loop_begin(outer.body, dim_size(c->batch), c->variant == 1, NULL);
    Node *b = loop_carry(&inner, a), *x = loop_input(&inner, row);
    Node *next = build_map1(inner.body, SCALAR_tanh, build_map2(inner.body, SCALAR_add, x, b, NULL), NULL);
    next = build_map2(inner.body, SCALAR_mul, build_map2(inner.body, SCALAR_mul, next, w, NULL), a, NULL);
    loop_next(&inner, b, next);
    loop_emit(&inner, square(inner.body, next));
    Node *scan = loop_end(&inner);
    loop_next(&outer, a, build_part(outer.body, scan, 0, NULL));
    loop_emit(&outer, build_part(outer.body, scan, 1, NULL));
    Node *all = loop_end(&outer);
    return build_part(c->graph, all, 1, NULL);
}

/* Two carries of which one is only counted, and a result that does not depend on anything asked for. */
static Node *counter_case(GradientCase *c) {
    Node *start = case_tensor(c, -1, 1, dim_constant(2));
    Node *zero = build_fill(c->graph, ELEM_REAL, (Shape){0, NULL}, 0, NULL);
    Node *one = build_fill(c->graph, ELEM_REAL, (Shape){0, NULL}, 1, NULL);
    LoopBuilder loop = loop_begin(c->graph, dim_constant(3), false, NULL);
    Node *x = loop_carry(&loop, start), *count = loop_carry(&loop, zero);
    loop_next(&loop, x, build_map2(loop.body, SCALAR_mul, square(loop.body, x), count, NULL));
    loop_next(&loop, count, build_map2(loop.body, SCALAR_add, count, one, NULL));
    return build_part(c->graph, loop_end(&loop), 0, NULL);
}

/* The gradient of an inner gradient's step: y = y - 0.1 d(y^2 w)/dy, three times. */
static Node *inner_grad_case(GradientCase *c) {
    Node *start = case_tensor(c, -1, 1, dim_constant(2)), *w = case_tensor(c, 0.2, 1, dim_constant(2));
    Node *rate = build_fill(c->graph, ELEM_REAL, (Shape){0, NULL}, 0.1, NULL);
    LoopBuilder loop = loop_begin(c->graph, dim_constant(3), false, NULL);
    Node *y = loop_carry(&loop, start);
    Node *energies =
        build_map2(loop.body, SCALAR_mul, build_map2(loop.body, SCALAR_mul, square(loop.body, y), y, NULL), w, NULL);
    NestBuilder nest = nest_begin(loop.body, NULL);
    int i = nest_reduced(&nest, "i", dim_constant(2));
    Node *energy = nest_end(&nest, REDUCE_SUM, nest_at(&nest, energies, i));
    Node *step = build_map2(loop.body, SCALAR_mul, build_grad(loop.body, energy, y, NULL), rate, NULL);
    loop_next(&loop, y, build_map2(loop.body, SCALAR_sub, y, step, NULL));
    return build_part(c->graph, loop_end(&loop), 0, NULL);
}

/* The value x * x with the gradient that it has, said by a region: 2 x dy. */
static Node *custom_case(GradientCase *c) {
    Node *x = case_tensor(c, -1, 1, dim_constant(3));
    Graph *body = graph_new(c->arena);
    Node *formals[3];
    for (int i = 0; i < 3; i++) {
        formals[i] = graph_add(body, OP_formal, x->type, 0, NULL, NULL);
        formals[i]->u.formal.kind = FORMAL_CAPTURE;
        formals[i]->u.formal.number = i;
    }
    Node *half = build_map2(body, SCALAR_mul, formals[0], formals[2], NULL);
    Node *gradient = build_map2(body, SCALAR_add, half, half, NULL);
    graph_add(body, OP_yield, gradient->type, 1, &gradient, NULL);
    Region *region = ARENA_NEW(c->arena, Region);
    *region = (Region){.body = body, .captures = 3, .outputs = 1, .length = dim_constant(1)};
    return build_custom(c->graph, square(c->graph, x), 1, &x, region, NULL);
}

static Node *stop_case(GradientCase *c) {
    Node *x = case_tensor(c, -1, 1, dim_constant(3));
    return build_map2(c->graph, SCALAR_add, square(c->graph, x),
                      build_stop(c->graph, build_fill(c->graph, ELEM_REAL, x->type.shape, 1, NULL), NULL), NULL);
}

typedef struct Case {
    Op op;
    const char *name;
    CaseBuilder *build;
    int variant;
} Case;

static const Case cases[] = {
    {OP_nest, "nest", nest_case, 0},
    {OP_regroup, "merge", merge_case, 0},
    {OP_regroup, "split", split_case, 0},
    {OP_concat, "concat", concat_case, 0},
    {OP_gather, "gather", gather_case, 0},
    {OP_scatter_add, "scatter_add", scatter_case, 0},
    {OP_cumsum, "cumsum", cumsum_case, 0},
    {OP_argsort, "sort", sort_case, 0},
    {OP_argsort, "sort, descending", sort_case, 1},
    {OP_scan, "scan", scan_case, 0},
    {OP_part, "scan, reversed", scan_case, 1},
    {OP_scan, "scan in a scan", nested_case, 0},
    {OP_scan, "scan in a scan, reversed", nested_case, 1},
    {OP_scan, "scan with a counter", counter_case, 0},
    {OP_grad, "gradient in a scan", inner_grad_case, 0},
    {OP_custom, "custom", custom_case, 0},
    {OP_stop, "stop", stop_case, 0},
};
enum { CASES = (int)(sizeof cases / sizeof *cases) };

Test(operations, every_row_has_a_case) {
    for (int op = 0; op < OP_COUNT; op++) {
        bool found = op_table[op].leaf || op_table[op].root;
        for (int i = 0; i < CASES; i++)
            found = found || cases[i].op == (Op)op;
        cr_expect(found, "%s has no case", op_table[op].name);
    }
}

Test(operations, gradients) {
    for (int i = 0; i < CASES; i++)
        check_gradients(cases[i].name, cases[i].build, cases[i].variant);
}
