/* Programs of graph text, as random tests read and change them. */
#ifndef GRADC_TESTS_RANDOM_PROGRAM_H
#define GRADC_TESTS_RANDOM_PROGRAM_H

#include "compiler/ir/text.h"

/* NULL where the text is none of a program; it is verified. `*why` says what is wrong. */
Program *program_parse(Arena *arena, const char *text, const char **why);
const char *program_text(Arena *arena, const Program *program);

/* Puts everything into its place again after something was taken out or added by hand: ids and positions, stores in the
 * order of their kinds, the sizes that the entry uses; stores and sizes that nothing names are dropped. One entry. */
void program_tidy(Program *program);
/* Takes out nodes that no root needs, and inputs that nobody reads. */
void program_drop_dead(Program *program);

/* Makes of a node an input of the entry (the first, ..): its arguments are forgotten. */
Argument *node_to_input(Program *program, Node *node);
/* Makes a further result of the entry. */
void add_result(Program *program, Node *value);
/* Takes the roots out, with the results that they give. */
void drop_roots(Program *program);
void drop_root(Program *program, int root);

#endif
