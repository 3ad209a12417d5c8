/* Composition: a nest that reduces nothing, written into a nest that reads it.
 *
 *     t[i, j] = f(x[j, i])    y[n] = sum[k] g(t[2*n, k])    gives    y[n] = sum[k] g(f(x[k, 2*n])) */
#ifndef GRADC_PASSES_COMPOSE_H
#define GRADC_PASSES_COMPOSE_H

#include "compiler/ir/graph.h"

/* The consumer with its argument number `arg`, a nest, written into all its reads: a new nest at the end of the graph,
 * of the same type, label and origin, whose arguments are the others of the consumer and those of the producer. All of
 * these stand in `graph` already. Says nothing about whether that is worth while.
 *
 * NULL where it is not possible: the producer reduces; or it has solved indices, and the consumer is not zero wherever
 * the one read of it is (a pad in a sum of products stays a pad); or positions cannot be written (two bounded sizes).
 */
Node *nest_compose(Graph *graph, const Node *consumer, int arg);

#endif
