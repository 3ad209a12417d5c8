/* `dump --format=dot`: graphs for Graphviz, in the notation of the model. */
#ifndef GRADC_REPORT_DOT_H
#define GRADC_REPORT_DOT_H

#include "compiler/ir/kernel.h"
#include "compiler/support/writer.h"

/* The graphs of the entries after a pass: one digraph, a cluster for each entry. Inputs, parameters and roots stand out
 * by colour; first contents are left out. */
void write_graph_dot(Writer *writer, const Program *program, const char *title);

/* The plan: a cluster for each kernel, a box for each of its stages, ovals for buffers. What a kernel writes in place
 * is drawn apart from what it reads there, so that arrows run one way. */
void write_plan_dot(Writer *writer, const Program *program, Routine *const *routines, const char *title);

/* ---- notation.c ---- */

/* What a read is called, and where it reads. */
typedef struct NotedRead {
    const char *name;
    int rank;
    const Affine *axes; /* [rank] */
} NotedRead;

/* An expression as people write it. */
typedef struct Notation {
    Arena *arena;
    const Body *body;
    const char **indices; /* by index */
    NotedRead *reads;     /* by read */
    const char **totals;  /* what finished reductions are called, by total; NULL: there are none */
} Notation;

const char *expr_notation(const Notation *notation, int expr); /* cut with "..." where it is too long to be read */
const char *node_notation(Arena *arena, const Node *nest);     /* "sum[p] image[n, p] * w[p, o]" */
const char **index_notation(Arena *arena, int count, const Index *indices); /* names, each once */
const char *node_name(Arena *arena, const Node *node); /* what it is called: a label, a path, "%12" */
const char *reduction_notation(Reduce reduce);

/* A text between quotes, lines broken at blanks where they are long, left-aligned. */
const char *dot_label(Arena *arena, const char *text);

#endif
