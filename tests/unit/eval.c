/* The reference evaluator on graph text, against numbers worked out by hand. */
#include "compiler/eval/eval.h"
#include "tests/ir/fixture.h"
#include <math.h>

/* Runs the first entry on inputs whose elements count 1, 2, 3 ... */
static Evaluation run(Fixture *f, const char *text, EvalMode mode, const int64_t *sizes) {
    Program *program = fixture_program(f, text);
    const Entry *entry = program->entries.at[0];
    Evaluation evaluation = {.arena = &f->arena, .program = program, .mode = mode, .sizes = sizes};
    evaluation.seed = 1, evaluation.tick = 5, evaluation.margin = INFINITY;
    evaluation.inputs = ARENA_ARRAY(&f->arena, Tensor, entry->inputs.count);
    evaluation.outputs = ARENA_ARRAY(&f->arena, Tensor, entry->outputs.count);
    for (int i = 0; i < entry->inputs.count; i++) {
        evaluation.inputs[i] = tensor_of_type(&evaluation, entry->inputs.at[i]->type);
        for (int64_t e = 0; e < evaluation.inputs[i].count; e++)
            evaluation.inputs[i].values[e] = (double)(e + 1);
    }
    evaluate_initial(&evaluation);
    evaluate_graph(&evaluation, entry->graph);
    return evaluation;
}

static void check(const Tensor *tensor, int64_t count, const double *expected) {
    cr_assert_eq(tensor->count, count, "%d elements", (int)tensor->count);
    for (int64_t i = 0; i < count; i++)
        cr_assert_eq(tensor->values[i], expected[i], "element %d: %g", (int)i, tensor->values[i]);
}

Test(eval, matrix_product_at_the_size_of_the_call) {
    FIXTURE(f);
    Evaluation e = run(&f,
                       "size N = 0..9\nentry f(x: real[N, 3], w: real[3, 2]) -> y: real[N, 2] sizes N\n"
                       "%0 = input x : real[N, 3]\n%1 = input w : real[3, 2]\n"
                       "%2 = nest[n < N, o < 2] sum[i < 3] mul(%0[n, i], %1[i, o]) : real[N, 2]\nresult y %2",
                       EVAL_DOUBLE, (const int64_t[]){2});
    check(&e.outputs[0], 4, (const double[]){22, 28, 49, 64});
    arena_close(&f.arena);
}

Test(eval, empty_reductions_are_identities) {
    FIXTURE(f);
    Evaluation e = run(&f,
                       "size N = 0..9\nentry f(x: real[N]) -> s: real[], p: real[], m: real[], y: real[N] sizes N\n"
                       "%0 = input x : real[N]\n%1 = nest[] sum[n < N] %0[n] : real[]\nresult s %1\n"
                       "%2 = nest[] prod[n < N] %0[n] : real[]\nresult p %2\n"
                       "%3 = nest[] max[n < N] %0[n] : real[]\nresult m %3\nresult y %0",
                       EVAL_DOUBLE, (const int64_t[]){0});
    check(&e.outputs[0], 1, (const double[]){0});
    check(&e.outputs[1], 1, (const double[]){1});
    check(&e.outputs[2], 1, (const double[]){-INFINITY});
    check(&e.outputs[3], 0, NULL);
    arena_close(&f.arena);
}

Test(eval, solved_indices_leave_points_out) {
    FIXTURE(f);
    Evaluation e = run(&f,
                       "entry f(x: real[3]) -> y: real[8], z: real[8]\n%0 = input x : real[3]\n"
                       "%1 = nest[j < 8] solved[p < 3 = (j - 1)/2] otherwise -1.0: %0[p] : real[8]\nresult y %1\n"
                       "%2 = nest[j < 8] sum[k < 2] solved[p < 3 = (j - k)/2] %0[p] : real[8]\nresult z %2",
                       EVAL_DOUBLE, NULL);
    check(&e.outputs[0], 8, (const double[]){-1, 1, -1, 2, -1, 3, -1, -1});
    check(&e.outputs[1], 8, (const double[]){1, 1, 2, 2, 3, 3, 0, 0});
    arena_close(&f.arena);
}

Test(eval, argmax_is_the_first_and_has_a_margin) {
    FIXTURE(f);
    Evaluation e = run(&f,
                       "entry f(x: real[2, 3]) -> a: int[], b: int[]\n%0 = input x : real[2, 3]\n"
                       "%1 = nest[] argmax[i < 2, j < 3] %0[i, j] : int[]\nresult a %1\n"
                       "%2 = nest[] argmin[i < 2, j < 3] sub(%0[i, j], %0[i, j]) : int[]\nresult b %2",
                       EVAL_DOUBLE, NULL);
    check(&e.outputs[0], 1, (const double[]){5});
    check(&e.outputs[1], 1, (const double[]){0});
    cr_assert_float_eq(e.margin, 1.0 / 6, 1e-15);
    arena_close(&f.arena);
}

Test(eval, comparisons_have_a_margin_but_for_equal_operands) {
    FIXTURE(f);
    Evaluation e = {.margin = INFINITY};
    evaluate_margin(&e, 0, 0);
    cr_assert(isinf(e.margin));
    evaluate_margin(&e, 1e-9, 0);
    cr_assert_eq(e.margin, 1e-9);
    e = run(&f, "entry f(x: real[3])\n%0 = input x : real[3]\n%1 = nest[i < 3] less(%0[i], 2.5) : bool[3]", EVAL_DOUBLE,
            NULL);
    cr_assert_float_eq(e.margin, 0.5 / 3, 1e-15);
    arena_close(&f.arena);
}

Test(eval, float_mode_rounds_every_step) {
    static const char text[] = "entry f(x: real[3]) -> y: real[], z: real[3]\n%0 = input x : real[3]\n"
                               "%1 = nest[] sum[i < 3] mul(%0[i], 0.1) : real[]\nresult y %1\n"
                               "%2 = nest[i < 3] sub(add(%0[i], 100000000.0), 100000000.0) : real[3]\nresult z %2";
    FIXTURE(f);
    Evaluation exact = run(&f, text, EVAL_DOUBLE, NULL), rounded = run(&f, text, EVAL_FLOAT, NULL);
    float sum = 0;
    for (int i = 1; i <= 3; i++) {
        volatile float product = (float)i * 0.1f;
        sum += product;
    }
    cr_assert_eq(rounded.outputs[0].values[0], (double)sum);
    cr_assert_neq(exact.outputs[0].values[0], (double)sum);
    check(&exact.outputs[1], 3, (const double[]){1, 2, 3});
    check(&rounded.outputs[1], 3, (const double[]){0, 0, 0});
    arena_close(&f.arena);
}

#define STORE "store w param real[2]\n%0 = nest[i < 2] to_real(i) : real[2]\nresult %0\n"

Test(eval, updates_are_kept_after_all_is_computed) {
    FIXTURE(f);
    Evaluation e = run(&f,
                       STORE "entry f() -> y: real[2]\n%0 = store w : real[2]\n"
                             "%1 = nest[i < 2] add(%0[i], 1.0) : real[2]\nupdate w %1\n%2 = store w : real[2]\n"
                             "result y %2",
                       EVAL_DOUBLE, NULL);
    check(&e.outputs[0], 2, (const double[]){0, 1});
    check(&e.stores[0], 2, (const double[]){1, 2});
    cr_assert(e.finite);
    arena_close(&f.arena);
}

Test(eval, nothing_is_kept_after_a_loss_that_is_not_finite) {
    FIXTURE(f);
    Evaluation e = run(&f,
                       STORE "entry f()\n%0 = store w : real[2]\n%1 = nest[i < 2] add(%0[i], 1.0) : real[2]\n"
                             "%2 = nest[] log(-1.0) : real[]\nloss %2\nupdate w %1",
                       EVAL_DOUBLE, NULL);
    check(&e.stores[0], 2, (const double[]){0, 1});
    cr_assert_not(e.finite);
    arena_close(&f.arena);
}

Test(eval, draws_depend_on_seed_site_tick_and_element_alone) {
    FIXTURE(f);
    Evaluation e = run(&f,
                       "store @f.step step int[] of f\nstore @lr_scale rate real[]\n"
                       "store w param real[3]\n%0 = random normal 8 : real[3]\nresult %0\n"
                       "entry f() -> y: real[2, 70], z: real[70]\n%0 = random normal 8 : real[2, 70]\nresult y %0\n"
                       "%1 = nest[i < 70] draw(normal, 8, i + 70) : real[70]\nresult z %1",
                       EVAL_DOUBLE, NULL);
    check(&e.outputs[1], 70, e.outputs[0].values + 70);
    cr_assert_eq(e.stores[0].values[0], 0);
    cr_assert_eq(e.stores[1].values[0], 1);
    cr_assert_eq(e.tick, 5);
    cr_assert_neq(e.stores[2].values[0], e.outputs[0].values[0], "first contents are drawn at tick 0");
    e.tick = 0;
    cr_assert_eq(e.stores[2].values[0], evaluate_draw(&e, DRAW_NORMAL, 8, 0));
    arena_close(&f.arena);
}
