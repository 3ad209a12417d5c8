/* Regions: the graphs that loops and custom gradients own. */
#ifndef GRADC_OPS_REGION_H
#define GRADC_OPS_REGION_H

#include "compiler/ops/build.h"

Node *region_formal(const Region *region, FormalKind kind, int number); /* NULL: the body does not use it */
Node *region_yield(const Region *region, int result);                   /* what is yielded; NULL: there is none */
int region_argument(const Region *region, FormalKind kind, int number); /* number of the argument of a formal */
/* NULL where formals and yields fit the arguments, else what is wrong. */
const char *region_check(const Region *region, int arg_count, Node *const *args);
Region *region_copy(Arena *arena, const Region *region, Graph *body); /* the same around another body */

/* What the node's arguments are in another graph: map is by node of its own. */
Node **mapped_args(Arena *arena, const Node *node, Node *const *map);
/* copy_node with a region of its own. */
Node *clone_node(Graph *graph, const Node *node, Node *const *args);

#endif
