/* The passes from graph to graph, in order: the table of contents of the middle of the compiler. */
#ifndef GRADC_PASSES_PIPELINE_H
#define GRADC_PASSES_PIPELINE_H

#include "compiler/ir/graph.h"

typedef struct Pass {
    const char *name;
    const char *what; /* one line for `dump --after=?` */
    Graph *(*run)(Graph *graph, Diagnostics *diagnostics);
} Pass;

extern const Pass pass_table[];
extern const int pass_count;

Graph *pass_contract(Graph *graph, Diagnostics *diagnostics); /* sums of many factors become sums of few */
Graph *pass_autodiff(Graph *graph, Diagnostics *diagnostics); /* expands grad and stop, or says why it cannot */
Graph *expand_gradients(Graph *graph, Diagnostics *diagnostics); /* its first half: stops and custom gradients stay */
Graph *pass_simplify(Graph *graph, Diagnostics *diagnostics);    /* value numbering and algebra on nests */
Graph *pass_dead(Graph *graph, Diagnostics *diagnostics);        /* drops what no root needs */
Graph *settle_carries(const Graph *graph);                       /* a step of it: see carries.c */
Graph *pass_unscan(Graph *graph, Diagnostics *diagnostics);      /* what depends on no carry leaves its loop */
Graph *pass_lower(Graph *graph, Diagnostics *diagnostics);       /* everything but leaves and roots becomes a nest */

/* Runs all passes over every entry (and every store's init), verifying after each in debug builds. `after` is called
 * behind each pass, NULL for none. False after errors. */
bool run_passes(Program *program, Diagnostics *diagnostics,
                void (*after)(void *context, const Pass *pass, bool changed), void *context);

#endif
