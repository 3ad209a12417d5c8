/* The corpus on other processors, where their compilers and qemu-user are installed: NEON, and the generic target with
 * pointers of 32 bits and with the high byte first. A few models always, all of them with GRADC_LONG. */
#define _POSIX_C_SOURCE 200809L
#include "tests/run/corpus.h"
#include "tests/run/harness.h"
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>

/* i686 without SSE would round to the wider registers of its coprocessor. */
static const Build builds[] = {
    {"aarch64-linux-gnu-gcc", "-O2", "neon", false, "qemu-aarch64"},
    {"aarch64-linux-gnu-gcc", "-O1", "neon", true, "qemu-aarch64"},
    {"i686-linux-gnu-gcc", "-O2 -msse2 -mfpmath=sse", "generic", false, ""},
    {"i686-linux-gnu-gcc", "-O2", "generic", false, ""},
    {"s390x-linux-gnu-gcc", "-O1", "generic", false, "qemu-s390x"},
    {"s390x-linux-gnu-gcc", "-O2", "generic", true, "qemu-s390x"},
};
enum { BUILDS = sizeof builds / sizeof *builds };

/* Those that between them have draws, updates, bytes, ints, bools and moved elements. */
static const char *const selection[] = {"models/adam.grad", "models/kinds.grad", "models/lookups.ir"};

static bool is_selected(const char *name) {
    const char *all = getenv("GRADC_LONG");
    if (all && *all) return true;
    for (size_t i = 0; i < sizeof selection / sizeof *selection; i++)
        if (strcmp(selection[i], name) == 0) return true;
    return false;
}

static bool has_command(const char *name) {
    char command[200];
    snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", name);
    return !*name || system(command) == 0;
}

Test(elsewhere, says_what_is_not_tested) {
    for (int b = 0; b < BUILDS; b++)
        if (!has_command(builds[b].compiler) || !has_command(builds[b].runner))
            cr_log_warn("%s for %s is not tested: %s or %s is missing", builds[b].target, builds[b].compiler,
                        builds[b].compiler, *builds[b].runner ? builds[b].runner : "nothing else");
}

ParameterizedTestParameters(elsewhere, agrees_with_the_evaluator) {
    return corpus();
}

ParameterizedTest(ModelFile *file, elsewhere, agrees_with_the_evaluator) {
    if (!is_selected(file->name)) return;
    for (int b = 0; b < BUILDS; b++)
        if (has_command(builds[b].runner)) compare_with_evaluator(file->name, &builds[b]);
}
