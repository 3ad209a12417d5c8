/* What occurs in the programs that were checked, by the tables of the compiler: a row that the generator does not make
 * is found here. */
#ifndef GRADC_TESTS_RANDOM_COVERAGE_H
#define GRADC_TESTS_RANDOM_COVERAGE_H

#include "compiler/ir/graph.h"

enum { COVERED_RANK = 6 };

typedef struct Coverage {
    int ops[OP_COUNT], functions[SCALAR_COUNT], reduces[REDUCE_ARGMIN + 1], kinds[INDEX_SOLVED + 1];
    int exprs[EXPR_CALL + 1], elems[ELEM_BOOL + 1], ranks[COVERED_RANK], stores[STORE_RATE + 1];
} Coverage;

void coverage_count(Coverage *coverage, const char *text);
void coverage_add(Coverage *coverage, const Coverage *other);
/* Prints a line for what was not made; false if there is any. */
bool coverage_print(const Coverage *coverage);

#endif
