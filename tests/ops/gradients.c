#include "tests/ops/gradients.h"
#include "compiler/ir/text.h"
#include "compiler/passes/pipeline.h"
#include <criterion/criterion.h>
#include <math.h>

#define STEP      1e-5
#define TOLERANCE 1e-6

Node *case_input(GradientCase *c, int rank, const Dim *dims, double low, double high) {
    Argument *argument = ARENA_NEW(c->arena, Argument);
    static const char *const names[CASE_INPUTS] = {"x", "y", "z", "w"};
    int position = c->input_count++;
    argument->name = names[position];
    argument->type = (Type){ELEM_REAL, shape_of(c->arena, rank, dims)};
    argument->position = position;
    c->inputs[position] = build_input(c->graph, argument, NULL);
    int64_t sizes[1] = {3}, extents[RANK_LIMIT];
    for (int i = 0; i < rank; i++)
        extents[i] = dim_value(dims[i], sizes);
    Tensor tensor = tensor_new(c->arena, ELEM_REAL, rank, extents);
    for (int64_t i = 0; i < tensor.count; i++) /* the golden ratio spreads them */
        tensor.values[i] = low + (high - low) * fmod(0.137 + (double)(i + 7 * position) * 0.6180339887498949, 1);
    c->values[position] = tensor;
    return c->inputs[position];
}

/* sum of weights * node, with weights that differ from element to element: a scalar on which every element counts. */
static Node *weighted_sum(GradientCase *c, Node *node, double phase) {
    Shape shape = node->type.shape;
    if (shape.rank == 0) return build_map1(c->graph, SCALAR_to_real, node, NULL);
    NestBuilder nest = nest_begin(c->graph, NULL);
    int indices[RANK_LIMIT], angle = nest_real(&nest, phase);
    for (int i = 0; i < shape.rank; i++) {
        indices[i] = nest_reduced(&nest, "i", shape.dims[i]);
        int index = body_cast(&nest.body, ELEM_REAL, body_index(&nest.body, indices[i]));
        angle = nest_call2(&nest, SCALAR_add, angle, nest_call2(&nest, SCALAR_mul, index, nest_real(&nest, 1.7 + i)));
    }
    int weight = nest_call1(&nest, SCALAR_cos, angle);
    int product = nest_call2(&nest, SCALAR_mul, nest_read_at(&nest, node, indices), weight);
    return nest_end(&nest, REDUCE_SUM, product);
}

static Evaluation evaluate(GradientCase *c, const Graph *graph) {
    static const int64_t sizes[1] = {3};
    Evaluation evaluation = {.arena = c->arena, .sizes = sizes, .inputs = c->values, .margin = INFINITY};
    evaluation.outputs = ARENA_ARRAY(c->arena, Tensor, 64);
    evaluate_graph(&evaluation, graph);
    return evaluation;
}

/* The argument of root `root`. */
static Tensor root_value(GradientCase *c, const Graph *graph, int root) {
    Evaluation evaluation = evaluate(c, graph);
    return evaluation.values[graph->roots.at[root]->args[0]->id];
}

static double scalar_at(GradientCase *c, const Graph *graph, int root, double *where, double value) {
    double old = *where;
    *where = value;
    double result = root_value(c, graph, root).values[0];
    *where = old;
    return result;
}

static void keep(GradientCase *c, Node *node) {
    Argument *argument = ARENA_NEW(c->arena, Argument);
    argument->role = ARGUMENT_OUTPUT;
    argument->type = node->type;
    argument->position = c->graph->roots.count;
    build_result(c->graph, argument, node, NULL);
}

/* Root `scalar` against the gradients in roots [first, first + inputs). */
static void compare(const char *name, GradientCase *c, const Graph *graph, int scalar, int first) {
    for (int k = 0; k < c->input_count; k++) {
        Tensor gradient = root_value(c, graph, first + k);
        for (int64_t i = 0; i < c->values[k].count; i++) {
            double *where = &c->values[k].values[i], at = *where;
            double above = scalar_at(c, graph, scalar, where, at + STEP);
            double below = scalar_at(c, graph, scalar, where, at - STEP);
            double expected = (above - below) / (2 * STEP), scale = fmax(1, fabs(expected));
            cr_expect(fabs(gradient.values[i] - expected) <= TOLERANCE * scale,
                      "%s: derivative of root %d by input %d at %lld is %.9g, differences say %.9g", name, scalar, k,
                      (long long)i, gradient.values[i], expected);
        }
    }
}

enum { EXPANDED, SIMPLIFIED, LOWERED, LEVELS };

static Graph *run(Graph *graph, Diagnostics *diagnostics, int level) {
    const char *why = NULL;
    graph = pass_autodiff(graph, diagnostics);
    cr_assert_eq(diagnostics->errors, 0);
    if (level >= SIMPLIFIED) graph = pass_dead(pass_simplify(graph, diagnostics), diagnostics);
    if (level >= LOWERED) graph = pass_lower(graph, diagnostics);
    if (level >= LOWERED) graph = pass_dead(pass_simplify(graph, diagnostics), diagnostics);
    cr_assert(verify_graph(graph->arena, graph, &why), "%s", why);
    return graph;
}

/* A scalar of the gradients that depends on every input, so that it can be differentiated again. */
static Node *gradient_scalar(GradientCase *c, Node **gradients) {
    Node *sum = NULL;
    for (int k = 0; k < c->input_count; k++) {
        Node *part = weighted_sum(c, build_map2(c->graph, SCALAR_mul, gradients[k], c->inputs[k], NULL), k);
        sum = sum == NULL ? part : build_map2(c->graph, SCALAR_add, sum, part, NULL);
    }
    return sum;
}

void check_gradients(const char *name, CaseBuilder *build, int variant) {
    Memory memory = {0};
    Arena arena;
    if (setjmp(memory.on_exhausted) != 0) cr_assert(false, "out of memory");
    arena_open(&arena, &memory);
    Diagnostics diagnostics;
    diagnostics_open(&diagnostics, &arena);
    Size batch = {.name = "N", .low = 0, .high = 7};
    GradientCase c = {.arena = &arena, .graph = graph_new(&arena), .batch = &batch, .variant = variant};
    Node *loss = weighted_sum(&c, build(&c), 0.3), *gradients[CASE_INPUTS];
    keep(&c, loss);
    for (int k = 0; k < c.input_count; k++)
        gradients[k] = build_grad(c.graph, loss, c.inputs[k], NULL);
    for (int k = 0; k < c.input_count; k++)
        keep(&c, gradients[k]);
    Node *second = gradient_scalar(&c, gradients);
    keep(&c, second);
    for (int k = 0; k < c.input_count; k++)
        keep(&c, build_grad(c.graph, second, c.inputs[k], NULL));
    for (int level = 0; level < LEVELS; level++) {
        Graph *graph = run(c.graph, &diagnostics, level);
        compare(name, &c, graph, 0, 1);
        compare(name, &c, graph, c.input_count + 1, c.input_count + 2);
    }
    arena_close(&arena);
}
