/* The models of tests/models as parameters of tests. */
#ifndef GRADC_TESTS_RUN_CORPUS_H
#define GRADC_TESTS_RUN_CORPUS_H

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

typedef struct ModelFile {
    char name[64]; /* below the folder tests */
} ModelFile;

/* Every model of the corpus and of its folders design and prelude, or of the folder beside it that GRADC_CORPUS names.
 * Parameters live as long as the tests run. */
struct criterion_test_params corpus(void);

#endif
