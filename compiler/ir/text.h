/* The text form of programs: printed after any pass, read back for tests and bug reports. The nest is written as index
 * notation; every line is `name = operation : type`, roots stand where they take effect.
 *
 *     model digits
 *     size N = 1..256
 *     store net.w param real[64, 128]
 *         %0 = random normal 7 : real[64, 128]
 *         result %0
 *     store @train.m.net.w slot real[64, 128] of train
 *     store @train.step step int[] of train
 *     store @lr_scale rate real[]
 *     entry train(image: real[N, 64], pixel: byte[N, 4], label: int[N] in 0..9) -> loss: real[] training draws
 *           step @train.step sizes N
 *         %0 = input image : real[N, 64]
 *         %1 = store net.w : real[64, 128]
 *         %2 "z" = nest[n < N, o < 128] sum[i < 64] mul(%0[n, i], %1[i, o]) : real[N, 128]
 *         %3 = nest[j < 8] solved[p < 3 = (j - 1)/2] otherwise 0: %4[p] : real[8]
 *         %4 = nest[n < N] let $0 = sub(%2[n, 0], 1.0) in mul($0, $0) : real[N]
 *         %5 = grad %7 %1 : real[64, 128]
 *         %6 = gather[n < N, d < 8] %1 at [%2[n] + d, 0] : real[N, 8]
 *         %7 = scan 10 reversed carries %5 inputs %4 captures %1 {
 *             %0 = formal carry 0 : real[8]
 *             yield 0 %0
 *         } : real[]
 *         %8 = part 0 %7 : real[8]
 *         loss %7
 *         update net.w %5
 *         result loss %7
 *
 * In bodies a number with point or exponent is real, one without is int; `inf`, `nan`, `true`, `false`; `size(N + 1)`,
 * `draw(normal, 7, 128*n + o)`; what is used more than once stands in a `let`. `#` begins a comment, line ends count as
 * blanks. Printing what was read gives the same text: labels %k are positions, and names of indices are made unique. */
#ifndef GRADC_IR_TEXT_H
#define GRADC_IR_TEXT_H

#include "compiler/ir/graph.h"
#include "compiler/support/writer.h"

void print_graph(Writer *writer, const Graph *graph);
void print_program(Writer *writer, const Program *program);
const char *node_text(Arena *arena, const Node *node); /* one line without indentation */

/* NULL after an error, which is in the diagnostics. Everything is made in the arena. */
Program *read_program(Arena *arena, Interner *names, Diagnostics *diagnostics, const Source *source);

extern const char *const formal_kind_names[3]; /* by FormalKind */

/* False where a program breaks a rule of graph.h; lines that say what is wrong are appended to `*why` (NULL: none so
 * far). */
bool verify_graph(Arena *arena, const Graph *graph, const char **why);
bool verify_program(Arena *arena, const Program *program, const char **why);

#endif
