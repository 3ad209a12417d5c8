/* Emitted C against the reference evaluator.
 *
 * A model (graph text, or a model file) goes two ways: its graphs behind autodiff are evaluated in double; what all
 * passes and the emitter make of them is compiled by the system's compiler into a shared object and called through the
 * thunks of NAME_model. Both start from the same contents and inputs. With a runner the emitted C is compiled for
 * another processor, and its calls go there; what is loaded here is the same model for `generic`, which describes it.
 */
#ifndef GRADC_TESTS_RUN_HARNESS_H
#define GRADC_TESTS_RUN_HARNESS_H

#include "tests/run/call.h"

typedef struct Build {
    const char *compiler; /* "gcc", "clang" */
    const char *flags;    /* "-O3" */
    const char *target;   /* "native" */
    bool is_double;
    const char *runner; /* NULL: loaded and called here; else a command before a static program: an emulator, or "" */
} Build;

/* Reads tests/run/FILE and builds it. */
Model model_open(Arena *arena, const char *file, const Build *build);
void model_close(Model *model);

/* All entries at small, odd and large sizes, several steps: asserts that both agree within 8 times what rounding every
 * intermediate to the real type changes, plus 8 units in the last place of the tensor's largest value. */
void compare_with_evaluator(const char *file, const Build *build);

#endif
