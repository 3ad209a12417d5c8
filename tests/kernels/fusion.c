/* Which nests share a stage and a kernel, on graph text. */
#include "compiler/kernels/kernels.h"
#include "compiler/passes/pipeline.h"
#include "tests/ir/fixture.h"

static Routine *routine_of(Fixture *f, const char *text) {
    Program *program = fixture_program(f, text);
    cr_assert(run_passes(program, &f->diagnostics, NULL, NULL));
    const Entry *entry = program->entries.at[0];
    return make_routine(&f->arena, entry->graph, entry, target_find("x86-64-v3"));
}

static int stage_count(const Routine *routine) {
    int count = 0;
    for (int k = 0; k < routine->top.kernels.count; k++)
        count += routine->top.kernels.at[k]->stages.count;
    return count;
}

/* Kernels that compute something: layout may add some that transpose an operand. */
static int computing(const Routine *routine, bool by_batch) {
    int count = 0;
    for (int k = 0; k < routine->top.kernels.count; k++) {
        const Kernel *kernel = routine->top.kernels.at[k];
        bool batch = kernel->banded && !dim_is_constant(kernel->band);
        if (kernel->stages.at[0]->results.at[0].buffer->copy_of == NULL) count += batch || !by_batch;
    }
    return count;
}

/* Is the function called inside the reduced loops of a stage that sums a product? */
static bool recomputed(const Stage *stage, int expr, Scalar fn) {
    const Expr *at = &stage->body.exprs.at[expr];
    if (at->kind != EXPR_CALL) return false;
    if (at->u.call.fn == fn) return true;
    for (int a = 0; a < scalar_table[at->u.call.fn].arity; a++)
        if (recomputed(stage, at->u.call.args[a], fn)) return true;
    return false;
}

static const Stage *writer_of_store(const Routine *routine, const char *path) {
    for (int k = 0; k < routine->top.kernels.count; k++)
        for (int s = 0; s < routine->top.kernels.at[k]->stages.count; s++) {
            const Stage *stage = routine->top.kernels.at[k]->stages.at[s];
            for (int r = 0; r < stage->results.count; r++) {
                const Buffer *buffer = stage->results.at[r].buffer;
                if (buffer->place == BUFFER_STORAGE && strcmp(buffer->store->path, path) == 0) return stage;
            }
        }
    return NULL;
}

Test(fusion, what_follows_a_product_runs_on_its_registers) {
    FIXTURE(f);
    Routine *routine = routine_of(&f, "model m size N = 1..64 store w param real[8, 16] %0 = nest[i < 8, o < 16] 0.0 : "
                                      "real[8, 16] result %0 store b param real[16] %0 = nest[o < 16] 0.0 : real[16] "
                                      "result %0 entry f(x: real[N, 8]) -> y: real[N, 16] sizes N\n"
                                      "%0 = input x : real[N, 8]\n"
                                      "%1 = store w : real[8, 16]\n"
                                      "%2 = store b : real[16]\n"
                                      "%3 = nest[n < N, o < 16] sum[i < 8] mul(%0[n, i], %1[i, o]) : real[N, 16]\n"
                                      "%4 = nest[n < N, o < 16] add(%3[n, o], %2[o]) : real[N, 16]\n"
                                      "%5 = nest[n < N, o < 16] max(%4[n, o], 0.0) : real[N, 16]\n"
                                      "result y %5\n");
    cr_expect_eq(stage_count(routine), 1);
    const Stage *stage = routine->top.kernels.at[0]->stages.at[0];
    cr_expect_eq(stage->totals.count, 1);
    cr_expect_eq(stage->tile.lane, 1);
    cr_expect_eq(stage->tile.row, 0);
    cr_expect_eq(routine->arena_bytes + routine->local_bytes, 0);
    memory_close_all(&f.memory);
}

Test(fusion, dear_functions_are_not_computed_again_inside_a_contraction) {
    FIXTURE(f);
    Routine *routine = routine_of(&f, "model m size N = 1..64 entry f(x: real[N, 8], w: real[8, 16]) -> y: real[N, 16] "
                                      "sizes N\n"
                                      "%0 = input x : real[N, 8]\n"
                                      "%1 = input w : real[8, 16]\n"
                                      "%2 = nest[n < N, i < 8] tanh(%0[n, i]) : real[N, 8]\n"
                                      "%3 = nest[n < N, o < 16] sum[i < 8] mul(%2[n, i], %1[i, o]) : real[N, 16]\n"
                                      "result y %3\n");
    cr_expect_eq(routine->top.kernels.count, 1, "both share the rows");
    cr_assert_eq(stage_count(routine), 2);
    const Stage *product = routine->top.kernels.at[0]->stages.at[1];
    cr_assert_eq(product->totals.count, 1);
    cr_expect_not(recomputed(product, product->totals.at[0].value, SCALAR_tanh));
    cr_expect_eq(routine->arena_bytes, 0, "a block of rows is enough");
    cr_expect_gt(routine->local_bytes, 0);
    memory_close_all(&f.memory);
}

static const char classifier[] =
    "model m size N = 1..64\n"
    "store w param real[8, 10] %0 = nest[i < 8, k < 10] 0.5 : real[8, 10] result %0\n"
    "store @train.step step int[] of train\n"
    "entry train(x: real[N, 8], label: int[N] in 0..9) -> loss: real[] training step @train.step sizes N\n"
    "%0 = input x : real[N, 8]\n"
    "%1 = input label : int[N]\n"
    "%2 = store w : real[8, 10]\n"
    "%3 = nest[n < N, k < 10] sum[i < 8] mul(%0[n, i], %2[i, k]) : real[N, 10]\n"
    "%4 = nest[n < N] max[k < 10] %3[n, k] : real[N]\n"
    "%5 = nest[n < N] sum[k < 10] exp(sub(%3[n, k], %4[n])) : real[N]\n"
    "%6 = nest[n < N] sum[k < 10] select(equal(%1[n], k), %3[n, k], 0.0) : real[N]\n"
    "%7 = nest[n < N] sub(add(%4[n], log(%5[n])), %6[n]) : real[N]\n"
    "%8 = nest[] sum[n < N] %7[n] : real[]\n"
    "%9 = grad %8 %2 : real[8, 10]\n"
    "loss %8\n"
    "%10 = nest[i < 8, k < 10] sub(%2[i, k], mul(0.1, %9[i, k])) : real[8, 10]\n"
    "update w %10\n"
    "result loss %8\n";

Test(fusion, softmax_cross_entropy_and_its_gradient_are_one_kernel_over_rows) {
    FIXTURE(f);
    Routine *routine = routine_of(&f, classifier);
    cr_expect_eq(computing(routine, true), 1);
    cr_expect_eq(computing(routine, false), 3, "and the sum of the losses, and the gradient over the batch");
    memory_close_all(&f.memory);
}

Test(fusion, the_optimizer_runs_behind_the_gradient) {
    FIXTURE(f);
    Routine *routine = routine_of(&f, classifier);
    const Stage *update = writer_of_store(routine, "w");
    cr_assert_not_null(update);
    cr_expect_eq(update->totals.count, 1, "the gradient is a total of the stage that updates");
    cr_expect_eq(update->results.count, 1, "and is stored nowhere");
    memory_close_all(&f.memory);
}

Test(fusion, reductions_of_the_same_data_share_their_loops) {
    FIXTURE(f);
    Routine *routine =
        routine_of(&f, "model m size N = 1..64 entry f(x: real[N, 20]) -> a: real[N], b: real[N] sizes N\n"
                       "%0 = input x : real[N, 20]\n"
                       "%1 = nest[n < N] sum[i < 20] %0[n, i] : real[N]\n"
                       "%2 = nest[n < N] sum[i < 20] mul(%0[n, i], %0[n, i]) : real[N]\n"
                       "result a %1 result b %2\n");
    cr_expect_eq(stage_count(routine), 1);
    cr_expect_eq(routine->top.kernels.at[0]->stages.at[0]->totals.count, 2);
    memory_close_all(&f.memory);
}

/* g follows h row by row; what reads h transposed beside g cannot, though it follows g. */
Test(fusion, a_map_joins_no_stage_whose_kernel_has_not_all_that_it_reads) {
    FIXTURE(f);
    Routine *routine =
        routine_of(&f, "model m entry f(x: real[60, 3], u: real[3, 60]) -> y: real[60, 60], s: real[60]\n"
                       "%0 = input x : real[60, 3]\n"
                       "%1 = input u : real[3, 60]\n"
                       "%2 = nest[n < 60, o < 60] sum[p < 3] mul(%0[n, p], %1[p, o]) : real[60, 60]\n"
                       "%3 = nest[n < 60, o < 60] exp(%2[n, o]) : real[60, 60]\n"
                       "%4 = nest[n < 60] sum[o < 60] %3[n, o] : real[60]\n"
                       "%5 = nest[n < 60, o < 60] mul(%3[n, o], %2[o, n]) : real[60, 60]\n"
                       "result y %5 result s %4\n");
    const Stage *transposed = NULL;
    for (int k = 0; k < routine->top.kernels.count; k++)
        for (int s = 0; s < routine->top.kernels.at[k]->stages.count; s++)
            for (int r = 0; r < routine->top.kernels.at[k]->stages.at[s]->results.count; r++) {
                const Buffer *buffer = routine->top.kernels.at[k]->stages.at[s]->results.at[r].buffer;
                if (buffer->argument != NULL && strcmp(buffer->argument->name, "y") == 0)
                    transposed = routine->top.kernels.at[k]->stages.at[s];
            }
    cr_assert_not_null(transposed);
    cr_expect_eq(transposed->kernel->stages.count, 1);
    cr_expect_gt(transposed->kernel->position, 0);
    memory_close_all(&f.memory);
}
