/* Makes nodes. A mis-shaped node is never built: callers have checked what the user can get wrong, and what is left is
 * asserted by the shape rules. Everything that makes graphs comes through here: elaboration, gradients, passes, tests.
 */
#ifndef GRADC_OPS_BUILD_H
#define GRADC_OPS_BUILD_H

#include "compiler/ir/graph.h"

Node *build_input(Graph *graph, Argument *argument, const Origin *origin);
Node *build_store(Graph *graph, Store *store, const Origin *origin);
Node *build_random(Graph *graph, DrawKind kind, uint32_t site, Shape shape, const Origin *origin);
Node *build_grad(Graph *graph, Node *of, Node *by, const Origin *origin);
Node *build_stop(Graph *graph, Node *node, const Origin *origin);
void build_result(Graph *graph, Argument *output, Node *value, const Origin *origin);
void build_update(Graph *graph, Store *store, Node *value, const Origin *origin);
void build_loss(Graph *graph, Node *loss, const Origin *origin);

/* A nest is built in steps: indices (free, then reduced, then solved), reads, calls, end.
 *
 *     NestBuilder nest = nest_begin(graph, origin);
 *     int n = nest_free(&nest, "n", rows), o = nest_free(&nest, "o", outputs), i = nest_reduced(&nest, "i", inputs);
 *     int product = nest_call(&nest, SCALAR_mul, nest_at(&nest, x, n, i), nest_at(&nest, w, i, o));
 *     Node *y = nest_end(&nest, REDUCE_SUM, product);
 */
typedef struct NestBuilder {
    Graph *graph;
    const Origin *origin;
    VEC(Index) indices;
    VEC(Read) reads;
    VEC(Node *) args;
    Body body;
    double otherwise;
} NestBuilder;

NestBuilder nest_begin(Graph *graph, const Origin *origin);
int nest_free(NestBuilder *nest, const char *name, Dim size);
int nest_reduced(NestBuilder *nest, const char *name, Dim size);
int nest_solved(NestBuilder *nest, const char *name, Dim size, Affine solution, int64_t divisor);
/* The element of node at affine positions, [rank]; equal reads are one. Returns an expression. */
int nest_read(NestBuilder *nest, Node *node, const Affine *axes);
/* The same with plain indices for positions: nest_at(&nest, x, n, i). */
#define nest_at(nest, node, ...) nest_read_at(nest, node, (const int[]){__VA_ARGS__})
int nest_read_at(NestBuilder *nest, Node *node, const int *indices);
int nest_call1(NestBuilder *nest, Scalar fn, int a);
int nest_call2(NestBuilder *nest, Scalar fn, int a, int b);
int nest_call3(NestBuilder *nest, Scalar fn, int a, int b, int c);
int nest_real(NestBuilder *nest, double number);
/* Unused indices stay; unused reads are dropped; the result expression becomes the last of the body. */
Node *nest_end(NestBuilder *nest, Reduce reduce, int result);

/* Nests that are needed often. */
Node *build_fill(Graph *graph, Elem elem, Shape shape, double value, const Origin *origin);
/* Elementwise over equal shapes (rank-0 arguments are broadcast). */
Node *build_map1(Graph *graph, Scalar fn, Node *a, const Origin *origin);
Node *build_map2(Graph *graph, Scalar fn, Node *a, Node *b, const Origin *origin);

/* Copies a node into another graph, with other arguments of the same types. */
Node *copy_node(Graph *graph, const Node *node, Node *const *args);

#endif
