/* What models mean, in numbers: each is elaborated, differentiated and run by the reference evaluator, and compared
 * with numbers that were worked out by hand. */
#include "compiler/eval/eval.h"
#include "compiler/passes/pipeline.h"
#include "frontend/elaborate.h"
#include "frontend/parse.h"
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static Memory memory;
static Arena arena;

static void open_arena(void) {
    if (setjmp(memory.on_exhausted) != 0) cr_assert(false, "exhausted");
    arena_open(&arena, &memory);
}

static void close_arena(void) {
    memory_close_all(&memory);
}

TestSuite(values, .init = open_arena, .fini = close_arena);

static Program *program_of(const char *text) {
    Interner names;
    Diagnostics diagnostics;
    const ElaborateOptions options = {0};
    interner_open(&names, &arena);
    diagnostics_open(&diagnostics, &arena);
    const Source *source = source_of_text(&arena, "model.grad", text, (int)strlen(text));
    const AstFile *tree = parse_file(&arena, &names, &diagnostics, source);
    Program *program = diagnostics.errors > 0 ? NULL : elaborate(&arena, &names, &diagnostics, tree, &options);
    if (program != NULL) run_passes(program, &diagnostics, NULL, NULL);
    if (diagnostics.errors > 0) diag_print(&diagnostics, stderr, false);
    cr_assert_eq(diagnostics.errors, 0);
    return program;
}

/* Inputs are filled one after the other from `numbers`; bounded sizes take the value `size`. */
static Tensor *input_tensors(const Program *program, const Entry *entry, const int64_t *sizes, const double *numbers) {
    Tensor *inputs = ARENA_ARRAY(&arena, Tensor, entry->inputs.count + 1);
    for (int i = 0; i < entry->inputs.count; i++) {
        Shape shape = entry->inputs.at[i]->type.shape;
        int64_t dims[RANK_LIMIT];
        for (int a = 0; a < shape.rank; a++)
            dims[a] = dim_value(shape.dims[a], sizes);
        inputs[i] = tensor_new(&arena, entry->inputs.at[i]->type.elem, shape.rank, dims);
        memcpy(inputs[i].values, numbers, sizeof *numbers * (size_t)inputs[i].count);
        numbers += inputs[i].count;
    }
    (void)program;
    return inputs;
}

/* The first output of the model's last entry after so many calls. */
static Tensor run(const char *text, int64_t size, int calls, const double *numbers) {
    const Program *program = program_of(text);
    const Entry *entry = program->entries.at[program->entries.count - 1];
    int64_t sizes[8];
    for (int s = 0; s < 8; s++)
        sizes[s] = size;
    Evaluation evaluation = {.arena = &arena, .program = program, .sizes = sizes, .seed = 1, .margin = INFINITY};
    evaluate_initial(&evaluation);
    for (int call = 0; call < calls; call++) {
        evaluation.inputs = input_tensors(program, entry, sizes, numbers);
        evaluation.outputs = ARENA_ARRAY(&arena, Tensor, entry->outputs.count + 1);
        evaluation.values = ARENA_ARRAY(&arena, Tensor, entry->graph->nodes.count);
        evaluation.tick = (uint64_t)call;
        evaluate_graph(&evaluation, entry->graph);
        if (entry->step != NULL) evaluation.stores[entry->step->position].values[0]++; /* as the emitted entry does */
    }
    return evaluation.outputs[0];
}

#define NUMBERS(...) ((const double[]){__VA_ARGS__})

static void expect_after(int calls, const char *text, int64_t size, const double *numbers, int count,
                         const double *wanted) {
    Tensor y = run(text, size, calls, numbers);
    cr_assert_eq(y.count, count, "%s\ngives %lld numbers, not %d", text, (long long)y.count, count);
    for (int i = 0; i < count; i++)
        cr_expect(fabs(y.values[i] - wanted[i]) <= 1e-12 * fmax(1, fabs(wanted[i])), "%s\ngives %.17g at %d, not %.17g",
                  text, y.values[i], i, wanted[i]);
}

#define EXPECT(text, size, numbers, ...)                                                                               \
    expect_after(1, text, size, numbers, (int)(sizeof(NUMBERS(__VA_ARGS__)) / sizeof(double)), NUMBERS(__VA_ARGS__))
#define EXPECT_AFTER(calls, text, size, numbers, ...)                                                                  \
    expect_after(calls, text, size, numbers, (int)(sizeof(NUMBERS(__VA_ARGS__)) / sizeof(double)), NUMBERS(__VA_ARGS__))

Test(values, broadcasting) {
    EXPECT("entry f(x[2, 3], z[3]) -> y[2, 3] { y = x * z }", 1, NUMBERS(1, 2, 3, 4, 5, 6, 10, 100, 1000), 10, 200,
           3000, 40, 500, 6000);
    EXPECT("entry f(x[2], z[3]) -> y[2, 3] { y = x[:, None] - z[None] }", 1, NUMBERS(10, 20, 1, 2, 3), 9, 8, 7, 19, 18,
           17);
    EXPECT("entry f(x[2, 1], z[1, 2]) -> y[2, 2] { y = x + z }", 1, NUMBERS(1, 2, 10, 20), 11, 21, 12, 22);
}

Test(values, products) {
    EXPECT("entry f(x[2, 3], w[3, 2]) -> y[2, 2] { y = x @ w }", 1, NUMBERS(1, 2, 3, 4, 5, 6, 1, 0, 0, 1, 1, 1), 4, 5,
           10, 11);
    EXPECT("entry f(x[2, 3], w[3, 2]) -> y[2, 2] { y[n, o] = sum[i] x[n, i] * w[i, o] }", 1,
           NUMBERS(1, 2, 3, 4, 5, 6, 1, 0, 0, 1, 1, 1), 4, 5, 10, 11);
    EXPECT("entry f(x[3], w[3]) -> y { y = x @ w }", 1, NUMBERS(1, 2, 3, 4, 5, 6), 32);
    EXPECT("entry f(x[2, 3]) -> y[2] { y = x @ [1, 10, 100] }", 1, NUMBERS(1, 2, 3, 4, 5, 6), 321, 654);
    EXPECT("entry f(x[2, 3]) -> y[3, 2] { y = x' }", 1, NUMBERS(1, 2, 3, 4, 5, 6), 1, 4, 2, 5, 3, 6);
}

Test(values, positions) {
    EXPECT("entry f(x[5]) -> y[2] { y = x[1:5:2] }", 1, NUMBERS(0, 1, 2, 3, 4), 1, 3);
    EXPECT("entry f(x[5]) -> y { y = x[-1] }", 1, NUMBERS(0, 1, 2, 3, 4), 4);
    EXPECT("entry f(x[2, 3]) -> y[2] { y = x[.., 1] }", 1, NUMBERS(0, 1, 2, 3, 4, 5), 1, 4);
    EXPECT("entry f(x[5]) -> y[3] { y = x[-3:] }", 1, NUMBERS(0, 1, 2, 3, 4), 2, 3, 4);
    EXPECT("entry f(x[2, 3], c: int) -> y[2] { y = x[:, c] }", 1, NUMBERS(0, 1, 2, 3, 4, 5, 2), 2, 5);
    EXPECT("entry f(x[2, 3], c[2]: int) -> y[2] { y[n] = x[n, c[n]] }", 1, NUMBERS(0, 1, 2, 3, 4, 5, 2, 0), 2, 3);
    EXPECT("entry f(x[4]) -> y[2] { a, b = split(x, 2)\n    y = a - b }", 1, NUMBERS(1, 2, 10, 20), -9, -18);
}

Test(values, windows) {
    EXPECT("entry f(x[5], k[2]) -> y[4] { y[i] = sum[p] x[i + p] * k[p] }", 1, NUMBERS(1, 2, 3, 4, 5, 1, 10), 21, 32,
           43, 54);
    EXPECT("entry f(x[6]) -> y[3] { y[i] = max[p < 2] x[2*i + p] }", 1, NUMBERS(3, 1, 4, 1, 5, 9), 3, 4, 9);
    EXPECT("entry f(x[2, 2]) -> y { y = sum[i] x[i, i] }", 1, NUMBERS(1, 2, 3, 4), 5);
}

Test(values, reductions) {
    EXPECT("size N = 1..9\nentry f(x[N, 2]) -> y[2] { y = mean(x, axis = 0) }", 3, NUMBERS(1, 10, 2, 20, 6, 60), 3, 30);
    EXPECT("entry f(x[2, 2]) -> y[2, 1] { y = sum(x, axis = 1, keep = true) }", 1, NUMBERS(1, 2, 3, 4), 3, 7);
    EXPECT("entry f(x[4]) -> y: int { y = argmax(x) }", 1, NUMBERS(1, 7, 7, 2), 1);
    EXPECT("entry f(x[4]) -> y: int { y = argmin(x) }", 1, NUMBERS(3, 1, 7, 1), 1);
    EXPECT("entry f(x[3]) -> y { y = prod(x) - max(x) - min(x) }", 1, NUMBERS(2, 3, 4), 18);
    EXPECT("entry f(x[3]) -> y: int { y = sum(x > 1) }", 1, NUMBERS(0, 2, 3), 2);
}

Test(values, functions_of_the_prelude) {
    double e1 = exp(1), e2 = exp(2), e3 = exp(3), total = e1 + e2 + e3;
    EXPECT("entry f(x[3]) -> y[3] { y = softmax(x) }", 1, NUMBERS(1, 2, 3), e1 / total, e2 / total, e3 / total);
    EXPECT("entry f(x[3]) -> y { y = logsumexp(x) }", 1, NUMBERS(1, 2, 3), log(total));
    EXPECT("entry f(x[3]) -> y { y = logsumexp(x) }", 1, NUMBERS(1000, 1000, 1000), 1000 + log(3));
    EXPECT("entry f(x[2, 3], c[2]: int) -> y[2] { y = cross_entropy(x, c) }", 1, NUMBERS(1, 2, 3, 0, 0, 0, 2, 1),
           log(total) - 3, log(3));
    EXPECT("entry f(x[3]) -> y[3] { y = relu(x) + leaky_relu(x) }", 1, NUMBERS(-1, 0, 2), -0.01, 0, 4);
    EXPECT("entry f(x[2], t[2]) -> y[2] { y = bernoulli_loss(x, t) }", 1, NUMBERS(0, 0, 0, 1), log(2), log(2));
    EXPECT("entry f(x[2]) -> y[2] { y = dropout(x, 0.5) }", 1, NUMBERS(3, 4), 3, 4); /* only training drops */
    EXPECT("entry f(c[2]: int) -> y[2, 3] { y = one_hot(c, 3) }", 1, NUMBERS(2, 0), 0, 0, 1, 1, 0, 0);
}

Test(values, whole_numbers) {
    EXPECT("entry f(c[3]: int) -> y[3]: int { y = c // 2 }", 1, NUMBERS(5, -5, 4), 2, -3, 2);
    EXPECT("entry f(c[3]: int) -> y[3]: int { y = c % 3 }", 1, NUMBERS(5, -5, 4), 2, 1, 1);
    EXPECT("entry f(c[2]: int) -> y[2] { y = c / 2 }", 1, NUMBERS(5, 4), 2.5, 2);
    EXPECT("entry f(c[2]: int) -> y[2]: int { y = where(c > 4, c * 10, -c) }", 1, NUMBERS(5, 4), 50, -4);
}

Test(values, what_is_known_while_compiling) {
    EXPECT("size K = 3\nentry f(x[K]) -> y[K] { for i in range(2) { x = x * K + i }\n    y = x }", 1, NUMBERS(1, 2, 3),
           10, 19, 28);
    EXPECT("fn twice(g, x) = g(g(x))\nentry f(x[2]) -> y[2] { y = twice(fn (a) = a + 1, x) }", 1, NUMBERS(1, 2), 3, 4);
    EXPECT("entry f(x[2], z[2]) -> y[2] { x, z = z, x\n    y = x - 10 * z }", 1, NUMBERS(1, 2, 3, 4), -7, -16);
    EXPECT("entry f(x[2]) -> y[2] { y = sum([x * a for a, b in [[1, 2], [3, 4]]], axis = 0) }", 1, NUMBERS(1, 10), 4,
           40);
    EXPECT("size N = 1..9\nentry f(x[N]) -> y { y = sum(x) / N + N }", 4, NUMBERS(1, 2, 3, 6), 7);
    EXPECT("fn g(x[..batch, 2]) = x + len(batch)\nentry f(x[1, 3, 2]) -> y[1, 3, 2] { y = g(x) }", 1,
           NUMBERS(0, 1, 2, 3, 4, 5), 2, 3, 4, 5, 6, 7);
}

Test(values, functions_and_modules) {
    EXPECT("fn g(x, a = 2, b = a * 3) = x * b + a\nentry f(x[2]) -> y[2] { y = g(x) - g(x, a = 1) }", 1, NUMBERS(1, 2),
           4, 7);
    EXPECT("fn g(x) = x + 1, x - 1\nentry f(x[2]) -> y[2] { a, b = g(x)\n    y = a * b }", 1, NUMBERS(2, 3), 3, 8);
    EXPECT("entry f(x[2]) -> y[2] { k = 2\n    fn g(a) = a * k\n    k = 3\n    y = g(x) + k }", 1, NUMBERS(1, 2), 5, 7);
    EXPECT("module M(c) {\n    param w = 3\n    fn (x) = x * w + c\n    fn twice(x) = self(self(x))\n}\nm = M(1)\n"
           "entry f(x) -> y { y = m.twice(x) + m.c }",
           1, NUMBERS(2), 23);
    EXPECT("fn drawn(S, a) { z[..S] ~ uniform(a, a)\n    return z * 2 }\nentry f(x[2]) -> y[2] { e[2] ~ drawn(5)\n"
           "    y = x + e }",
           1, NUMBERS(1, 2), 11, 12);
}

Test(values, numbers_are_folded_exactly) {
    EXPECT("entry f(x) -> y { y = x * (-1) ^ 1000000000000000001 }", 1, NUMBERS(2), -2);
    EXPECT("entry f(x) -> y { y = x + 9007199254740993 % 10 }", 1, NUMBERS(0), 3);
    EXPECT("entry f(x) -> y { y = x\n    if 9007199254740993 == 9007199254740992 { y = -x } }", 1, NUMBERS(1), 1);
    EXPECT("entry f(x) -> y { y = x + len(range(9223372036854775806, 9223372036854775807, 5)) }", 1, NUMBERS(0), 1);
}

Test(values, gradients) {
    EXPECT("entry f(x[3]) -> y[3] { y = grad(sum(x^3), x) }", 1, NUMBERS(1, 2, 3), 3, 12, 27);
    EXPECT("entry f(x[3]) -> y[3] { y = grad(sum(grad(sum(x^3), x)), x) }", 1, NUMBERS(1, 2, 3), 6, 12, 18);
    EXPECT("entry f(x[2]) -> y[2] { y = grad(sum(x * stop(x)), x) }", 1, NUMBERS(2, 3), 2, 3);
    EXPECT("entry f(x[3]) -> y[3] { y = grad(sum(max(x, 0)), x) }", 1, NUMBERS(-1, 0, 2), 0, 0, 1);
    EXPECT("entry f(x[4]) -> y[4] { y = grad(x[1:3] @ x[0:2], x) }", 1, NUMBERS(1, 2, 3, 4), 2, 4, 2, 0);
}

Test(values, updates_in_program_order) {
    const char *order =
        "state s = 1\nentry f(x) -> y[3] {\n    before = s * 10\n    s <- s + x\n    y = [before, s * 10, s]\n}";
    EXPECT_AFTER(1, order, 1, NUMBERS(2), 10, 30, 3);
    EXPECT_AFTER(2, order, 1, NUMBERS(2), 30, 50, 5);
    EXPECT_AFTER(3, "state a = 1\nstate b = 2\nentry f(x) -> y[2] {\n    y = [a, b] * x\n    a, b <- b, a\n}", 1,
                 NUMBERS(1), 1, 2);
    EXPECT_AFTER(3, "entry f(x) -> y { y = step * x\n    s <- s + 1 }\nstate s = 0", 1, NUMBERS(1), 2);
}

/* One parameter at 1, the gradient always 2. */
#define TRAINED(optimizer)                                                                                             \
    "param w = 1\nentry f(x) -> y {\n    y = w\n    loss = w * x\n    minimize loss with " optimizer "\n}"

Test(values, optimizers) {
    EXPECT_AFTER(3, TRAINED("sgd(lr = 0.1)"), 1, NUMBERS(2), 1 - 2 * 0.2);
    EXPECT_AFTER(3, TRAINED("momentum(lr = 0.1, beta = 0.5)"), 1, NUMBERS(2), 1 - 0.1 * 2 - 0.1 * (0.5 * 2 + 2));
    double step = 0.1 * 2 / (2 + 1e-8); /* with a constant gradient m and v, corrected, are g and g^2 */
    EXPECT_AFTER(3, TRAINED("adam(lr = 0.1)"), 1, NUMBERS(2), 1 - 2 * step);
    EXPECT_AFTER(2, TRAINED("(fn (w, g) = w - g / 4)"), 1, NUMBERS(2), 0.5);
}

Test(values, groups_and_projections) {
    EXPECT_AFTER(2,
                 "module M(n) { param w = n }\nms = [M(1), M(2)]\nentry f(x) -> y[2] {\n    y = [ms.0.w, ms.1.w]\n"
                 "    loss = ms.0.w * x + ms.1.w * x\n    minimize loss over ms.0 with sgd(lr = 1)\n"
                 "    maximize loss over ms.1 with sgd(lr = 0.5)\n    for m in ms { m.w <- clip(m.w, -0.5, 2.5) }\n}",
                 1, NUMBERS(2), -0.5, 2.5);
    EXPECT_AFTER(3,
                 "param w = 1\nfn rate() = 1 / (1 + step)\nentry f(x) -> y {\n    y = w\n    loss = w * x\n"
                 "    minimize loss with sgd(lr = rate())\n}",
                 1, NUMBERS(2), 1 - 2 - 1);
}

Test(values, initial_values) {
    Tensor w = run("param w[30, 20] ~ glorot_uniform()\nentry f() -> y[30, 20] { y = w }", 1, 1, NULL);
    double limit = sqrt(6.0 / 50), low = 0, high = 0, sum = 0;
    for (int64_t i = 0; i < w.count; i++) {
        low = fmin(low, w.values[i]);
        high = fmax(high, w.values[i]);
        sum += w.values[i];
    }
    cr_expect(low >= -limit && low < -0.95 * limit);
    cr_expect(high <= limit && high > 0.95 * limit);
    cr_expect(fabs(sum / 600) < 0.1 * limit);
}
