/* Models of tests/run: what is emitted for them computes what the reference evaluator computes. */
#include "tests/run/harness.h"
#include <criterion/criterion.h>

/* Under the sanitizers the emitted code is checked as well, by the compiler that they were built with. */
#ifdef GRADC_SANITIZED
#define SANITIZE  " -fsanitize=address,undefined -fno-sanitize-recover=undefined"
#define OPTIMIZED "-O1"
#else
#define SANITIZE  ""
#define OPTIMIZED "-O3"
#endif

static const Build builds[] = {
#ifdef GRADC_SANITIZED /* which take gcc several times as long the more it optimizes */
    {"gcc", "-O0" SANITIZE, "x86-64-v3", false, NULL},
    {"gcc", "-O1" SANITIZE, "native", true, NULL},
    {"gcc", "-O0" SANITIZE, "generic", false, NULL},
#else
    {"gcc", "-O0", "x86-64-v3", false, NULL}, {"gcc", "-O3", "native", false, NULL},
    {"gcc", "-O2", "native", true, NULL},     {"gcc", "-O3", "generic", false, NULL},
    {"clang", "-O0", "native", false, NULL},  {"clang", "-O3", "x86-64-v3", false, NULL},
    {"clang", "-O3", "native", false, NULL},  {"clang", "-O2", "generic", true, NULL},
#endif
};

static void compare_all(const char *file) {
    for (size_t b = 0; b < sizeof builds / sizeof *builds; b++)
        compare_with_evaluator(file, &builds[b]);
}

#define MODEL(name, file)                                                                                              \
    Test(emitted, name) {                                                                                              \
        compare_all(file);                                                                                             \
    }

/* The example itself is large for the evaluator: one optimizing build and one plain one. */
Test(emitted, digits) {
    const Build fast = {"gcc", OPTIMIZED SANITIZE, "native", false, NULL},
                plain = {"clang", "-O0", "x86-64-v3", false, NULL};
    compare_with_evaluator("../examples/digits/digits.grad", &fast);
    compare_with_evaluator("../examples/digits/digits.grad", &plain);
}

MODEL(classifier, "run/classifier.ir")
MODEL(maps, "run/maps.ir")
MODEL(reductions, "run/reductions.ir")
MODEL(products, "run/products.ir")
MODEL(windows, "run/windows.ir")
MODEL(draws, "run/draws.ir")
