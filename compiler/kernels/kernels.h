/* From a lowered graph to a routine: which nests share a kernel, how each runs, in what order, and where values lie.
 *
 * Fusion, layout, schedule and plan are one pure function of the graph and the target. */
#ifndef GRADC_KERNELS_KERNELS_H
#define GRADC_KERNELS_KERNELS_H

#include "compiler/ir/kernel.h"
#include "compiler/kernels/target.h"
#include "compiler/support/writer.h"

/* The whole way. `entry` is NULL for a store's initial values. */
Routine *make_routine(Arena *arena, const Graph *graph, const Entry *entry, const Target *target);

/* The five parts of it, in order. */
Routine *fuse_graph(Arena *arena, const Graph *graph, const Entry *entry);
void choose_layout(Routine *routine, const Target *target);
void schedule_steps(Routine *routine);
void plan_memory(Routine *routine, bool is_double);
void place_barriers(Routine *routine);

int64_t element_bytes(const Buffer *buffer, bool is_double);
bool stage_is_contraction(const Stage *stage); /* its one total sums products: what Routine.flops counts */
/* What people call a buffer: an argument's name, a path, or "x (%12)" with the number of the node that it holds. */
const char *buffer_label(Arena *arena, const Buffer *buffer);

void print_routine(Writer *writer, const Routine *routine); /* the text of `dump --after=plan` */

#endif
