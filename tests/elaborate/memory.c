/* Memory that runs out at any allocation of the front half leaves by the one door, and nothing leaks. */
#include "compiler/passes/pipeline.h"
#include "frontend/elaborate.h"
#include "frontend/parse.h"
#include <criterion/criterion.h>
#include <string.h>

static const char model[] = "size N = 1..8\n"
                            "net = MLP([4, 3, 2], act = relu, drop = 0.2)\n"
                            "state calls = 0\n"
                            "entry train(x[N, 4], t[N]: int) -> loss {\n"
                            "    noise[N, 4] ~ normal(0, 0.1)\n"
                            "    h[n, i] = sum[j] x[n, j] * noise[n, i]\n"
                            "    loss = mean(cross_entropy(net(x + h), t))\n"
                            "    minimize loss over net with adam(lr = 1e-3)\n"
                            "    calls <- calls + 1\n"
                            "}\n"
                            "entry predict(x[N, 4]) -> c[N]: int { c = argmax(softmax(net(x[:, 0:4]))) }\n";
static const char mistakes[] = "entry f(x[3]) -> y[3] {\n    y = relu(x @ x[:2])\n    z = undefind + x[9]\n}\n";

/* Everything from the text to the lowered program. */
static int front_half(Memory *memory, const char *text) {
    Arena arena;
    Interner names;
    Diagnostics diagnostics;
    const ElaborateOptions options = {0};
    arena_open(&arena, memory);
    interner_open(&names, &arena);
    diagnostics_open(&diagnostics, &arena);
    const Source *source = source_of_text(&arena, "model.grad", text, (int)strlen(text));
    const AstFile *tree = parse_file(&arena, &names, &diagnostics, source);
    Program *program = elaborate(&arena, &names, &diagnostics, tree, &options);
    if (program != NULL) run_passes(program, &diagnostics, NULL, NULL);
    int errors = diagnostics.errors;
    arena_close(&arena);
    return errors;
}

static void fail_everywhere(const char *text, int errors) {
    static Memory memory; /* static: lives through the jumps */
    static size_t n, taken;
    memory = (Memory){0};
    cr_assert_eq(front_half(&memory, text), errors);
    taken = memory.taken;
    cr_assert_gt(taken, 0);
    for (n = 1; n <= taken; n++) {
        memory = (Memory){.fail_at = n};
        if (setjmp(memory.on_exhausted) == 0) {
            front_half(&memory, text);
            cr_assert(false, "allocation %zu did not fail", n);
        }
        memory_close_all(&memory);
        cr_assert_eq(memory.blocks, 0, "a block is left after allocation %zu", n);
    }
}

Test(elaborate_memory, every_allocation_can_fail) {
    fail_everywhere(model, 0);
}

Test(elaborate_memory, also_where_the_model_is_wrong) {
    fail_everywhere(mistakes, 3);
}
