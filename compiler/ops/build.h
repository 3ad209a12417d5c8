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
/* Elements of `tensor` at the positions of the points; `ints`: the arguments from number 1 on, as the reads name them. */
Node *build_gather(Graph *graph, Node *tensor, const Addressing *addressing, Node *const *ints, const Origin *origin);
/* A tensor of zeros to which every point's value is added at its position. */
Node *build_scatter_add(Graph *graph, Node *values, const Addressing *addressing, Node *const *ints, Shape shape,
                        const Origin *origin);
/* Axes [axis, axis + from) become `to` axes of sizes `dims`; one of the two numbers is 1. */
Node *build_regroup(Graph *graph, Node *node, int axis, int from, int to, const Dim *dims, const Origin *origin);
Node *build_concat(Graph *graph, int axis, int count, Node *const *parts, const Origin *origin);
Node *build_cumsum(Graph *graph, Node *node, int axis, bool reversed, const Origin *origin);
/* The position of the r-th value at r; equal ones in the order of their positions, NaN last. */
Node *build_argsort(Graph *graph, Node *node, int axis, bool descending, const Origin *origin);
/* `value`, whose gradient by args is what the region yields for (dy, value, args). */
Node *build_custom(Graph *graph, Node *value, int count, Node *const *args, Region *gradient, const Origin *origin);
Node *build_part(Graph *graph, Node *scan, int result, const Origin *origin);
void build_result(Graph *graph, Argument *output, Node *value, const Origin *origin);
void build_update(Graph *graph, Store *store, Node *value, const Origin *origin);
void build_loss(Graph *graph, Node *loss, const Origin *origin);

/* A loop is built in steps as well; what its body uses from around is captured.
 *
 *     LoopBuilder loop = loop_begin(graph, length, false, origin);
 *     Node *sum = loop_carry(&loop, zero), *x = loop_input(&loop, xs);
 *     Node *next = build_map2(loop.body, SCALAR_add, sum, x, origin);
 *     loop_next(&loop, sum, next);
 *     int sums = loop_emit(&loop, next);              running sums
 *     Node *scan = loop_end(&loop);
 *     Node *all = build_part(graph, scan, sums, origin); */
typedef struct LoopBuilder {
    Graph *graph, *body;
    const Origin *origin;
    Dim length;
    bool reversed;
    VEC(Node *) initial, inputs; /* around the loop */
    VEC(Node *) carries, next;   /* in the body; a carry that gets no next content keeps its own */
    VEC(Node *) emitted;         /* in the body */
} LoopBuilder;

LoopBuilder loop_begin(Graph *graph, Dim length, bool reversed, const Origin *origin);
Node *loop_carry(LoopBuilder *loop, Node *initial);
Node *loop_input(LoopBuilder *loop, Node *stacked); /* its part at this step, along axis 0, whose size is the length */
void loop_next(LoopBuilder *loop, const Node *carry, Node *value);
int loop_emit(LoopBuilder *loop, Node *value); /* the number among what is emitted, from 0 */
Node *loop_end(LoopBuilder *loop);             /* parts: the carries, then what was emitted */
/* Stacks one more value of a finished loop's body: the number of the new part. */
int loop_stack(Node *scan, Node *value, const Origin *origin);
Type scan_part_type(Arena *arena, const Node *scan, int part);

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

/* A node that satisfies the shape rule of its operation; itself. */
Node *node_checked(Graph *graph, Node *node);
/* Copies a node into another graph, with other arguments of the same types. A region is shared. */
Node *copy_node(Graph *graph, const Node *node, Node *const *args);

#endif
