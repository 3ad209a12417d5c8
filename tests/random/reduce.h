/* Makes a program smaller, one edit at a time. */
#ifndef GRADC_TESTS_RANDOM_REDUCE_H
#define GRADC_TESTS_RANDOM_REDUCE_H

#include "compiler/ir/graph.h"

typedef enum Edited { EDIT_DONE, EDIT_USELESS, EDIT_END } Edited;

/* Applies edit number `number` of those that the program offers: a root or node less, a node that becomes an input or a
 * constant, smaller dimensions, simpler bodies and positions. What comes out need not be well formed (EDIT_USELESS: it
 * is certainly no smaller). EDIT_END: there are not that many. */
Edited edit_program(Program *program, int number);

#endif
