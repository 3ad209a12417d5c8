/* The text form of programs: printed after any pass, read back for tests and bug reports. The nest is written as index
 * notation; every line is `name: type = operation`, roots stand last.
 *
 *     size N = 1..256
 *     store net.layers.0.w param real[64, 128]
 *     entry train(image: real[N, 64], label: int[N] in 0..9) -> loss: real[]
 *       %0 = input image : real[N, 64]
 *       %2 = store net.layers.0.w : real[64, 128]
 *       %3 "z" = nest[n < N, o < 128] sum[i < 64] mul(%0[n, i], %2[i, o]) : real[N, 128]
 *       %9 = nest[j < 8] solved[p < 3 = (j - 1)/2] otherwise 0: %4[p] : real[8]
 *       result loss %7
 */
#ifndef GRADC_IR_TEXT_H
#define GRADC_IR_TEXT_H

#include "compiler/ir/graph.h"
#include "compiler/support/writer.h"

void print_graph(Writer *writer, const Graph *graph);
void print_program(Writer *writer, const Program *program);
const char *node_text(Arena *arena, const Node *node); /* one line without indentation */

/* NULL after an error, which is in the diagnostics. Everything is made in the arena. */
Program *read_program(Arena *arena, Interner *names, Diagnostics *diagnostics, const Source *source);

/* Appends "what is wrong" lines to `why` and returns false where a program breaks a rule of graph.h. */
bool verify_graph(Arena *arena, const Graph *graph, const char **why);
bool verify_program(Arena *arena, const Program *program, const char **why);

#endif
