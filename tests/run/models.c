/* The corpus tests/models: what is emitted for each of them computes what the reference evaluator computes, under every
 * target and at every size; and its bits depend on nothing but the numbers that go in. */
#define _POSIX_C_SOURCE 200809L
#include "tests/run/harness.h"
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#ifdef GRADC_SANITIZED
#define SANITIZE " -fsanitize=address,undefined -fno-sanitize-recover=undefined"
#else
#define SANITIZE ""
#endif

static const Build builds[] = {
    {"gcc", "-O1" SANITIZE, "generic", false},
    {"gcc", "-O1" SANITIZE, "x86-64-v3", false},
    {"gcc", "-O1" SANITIZE, "x86-64-v4", false},
};

typedef struct ModelFile {
    char name[64]; /* below the folder tests */
} ModelFile;

/* Every model of the corpus. Parameters live as long as the tests run. */
static struct criterion_test_params corpus(void) {
    static ModelFile files[100];
    glob_t found;
    cr_assert_eq(glob(GRADC_TESTS "/models/*.grad", 0, NULL, &found), 0);
    cr_assert_eq(glob(GRADC_TESTS "/models/*.ir", GLOB_APPEND, NULL, &found), 0);
    size_t count = found.gl_pathc < 100 ? found.gl_pathc : 100;
    for (size_t i = 0; i < count; i++)
        snprintf(files[i].name, sizeof files[i].name, "models/%s", strrchr(found.gl_pathv[i], '/') + 1);
    globfree(&found);
    return cr_make_param_array(ModelFile, files, count, NULL);
}

ParameterizedTestParameters(models, agree_with_the_evaluator) {
    return corpus();
}

ParameterizedTest(ModelFile *file, models, agree_with_the_evaluator) {
    for (size_t b = 0; b < sizeof builds / sizeof *builds; b++)
        compare_with_evaluator(file->name, &builds[b]);
}
