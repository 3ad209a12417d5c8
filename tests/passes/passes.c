/* Passes on graph text: NAME.ir says in its first line which passes to run, NAME.expected is the text behind them. With
 * GRADC_WRITE_EXPECTED set, the expected texts are written instead. Files second-*.ir give two numbers that are equal
 * because second derivatives are symmetric. */
#include "compiler/eval/eval.h"
#include "compiler/ir/text.h"
#include "compiler/passes/pipeline.h"
#include <criterion/criterion.h>
#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER GRADC_TESTS "/passes/"

typedef struct Fixture {
    Memory memory;
    Arena arena;
    Interner names;
    Diagnostics diagnostics;
} Fixture;

static void open_fixture(Fixture *f) {
    arena_open(&f->arena, &f->memory);
    interner_open(&f->names, &f->arena);
    diagnostics_open(&f->diagnostics, &f->arena);
}

static char *file_text(Arena *arena, const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return NULL;
    char *text = arena_alloc(arena, 1 << 16);
    size_t length = fread(text, 1, (1 << 16) - 1, file);
    text[length] = '\0';
    fclose(file);
    return text;
}

static Program *program_of(Fixture *f, const char *path, const char *text) {
    const Source *source = source_of_text(&f->arena, path, text, (int)strlen(text));
    Program *program = read_program(&f->arena, &f->names, &f->diagnostics, source);
    if (program == NULL) diag_print(&f->diagnostics, stderr, false);
    cr_assert_not_null(program, "%s is not read", path);
    return program;
}

static void run_named(Fixture *f, Program *program, const char *path, const char *name, size_t length) {
    const char *why = NULL;
    for (int i = 0; i < pass_count; i++) {
        if (strlen(pass_table[i].name) != length || strncmp(pass_table[i].name, name, length) != 0) continue;
        for (int e = 0; e < program->entries.count; e++) {
            Graph **graph = &program->entries.at[e]->graph;
            *graph = pass_table[i].run(*graph, &f->diagnostics);
        }
        cr_assert(verify_program(&f->arena, program, &why), "%s behind %s: %s", path, pass_table[i].name, why);
        return;
    }
    cr_assert_fail("%s: no pass %.*s", path, (int)length, name);
}

/* "# passes: autodiff simplify" */
static void run_listed(Fixture *f, Program *program, const char *path, const char *text) {
    static const char head[] = "# passes:";
    cr_assert_eq(strncmp(text, head, strlen(head)), 0, "%s does not say which passes", path);
    for (const char *at = text + strlen(head); *at != '\n' && *at != '\0';) {
        size_t blanks = strspn(at, " "), length = strcspn(at + blanks, " \n");
        if (length > 0) run_named(f, program, path, at + blanks, length);
        at += blanks + length;
    }
}

static void check_text(const char *name) {
    Fixture f = {0};
    if (setjmp(f.memory.on_exhausted) != 0) cr_assert_fail("out of memory");
    open_fixture(&f);
    const char *path = arena_print(&f.arena, FOLDER "%s.ir", name);
    const char *expected_path = arena_print(&f.arena, FOLDER "%s.expected", name);
    const char *text = file_text(&f.arena, path);
    Program *program = program_of(&f, path, text);
    run_listed(&f, program, path, text);
    cr_expect_eq(f.diagnostics.errors, 0, "%s", path);
    Writer writer;
    writer_open(&writer, &f.arena);
    print_program(&writer, program);
    const char *result = writer_text(&writer), *expected = file_text(&f.arena, expected_path);
    if (getenv("GRADC_WRITE_EXPECTED") != NULL) {
        FILE *file = fopen(expected_path, "wb");
        fputs(result, file);
        fclose(file);
    } else {
        cr_assert_not_null(expected, "%s is missing", expected_path);
        cr_expect_str_eq(result, expected, "%s: another text\n%s", path, result);
    }
    arena_close(&f.arena);
}

static void fill_inputs(const Entry *entry, Evaluation *evaluation) {
    for (int i = 0; i < entry->inputs.count; i++) {
        Tensor tensor = tensor_of_type(evaluation, entry->inputs.at[i]->type);
        for (int64_t k = 0; k < tensor.count; k++)
            tensor.values[k] = fmod(0.71 * (i + 1) + 0.6180339887498949 * (double)k, 2) - 1;
        evaluation->inputs[i] = tensor;
    }
}

static void check_symmetry(const char *name, bool simplified) {
    Fixture f = {0};
    if (setjmp(f.memory.on_exhausted) != 0) cr_assert_fail("out of memory");
    open_fixture(&f);
    const char *path = arena_print(&f.arena, FOLDER "%s.ir", name);
    Program *program = program_of(&f, path, file_text(&f.arena, path));
    run_named(&f, program, path, "autodiff", strlen("autodiff"));
    if (simplified) run_named(&f, program, path, "simplify", strlen("simplify"));
    const Entry *entry = program->entries.at[0];
    int64_t sizes[4] = {5, 5, 5, 5};
    Evaluation evaluation = {.arena = &f.arena, .program = program, .sizes = sizes, .margin = INFINITY};
    evaluation.inputs = ARENA_ARRAY(&f.arena, Tensor, entry->inputs.count);
    evaluation.outputs = ARENA_ARRAY(&f.arena, Tensor, entry->outputs.count);
    fill_inputs(entry, &evaluation);
    evaluate_graph(&evaluation, entry->graph);
    double left = evaluation.outputs[0].values[0], right = evaluation.outputs[1].values[0];
    cr_expect(fabs(left) > 1e-3, "%s: the mixed derivative is %g: nothing is tested", path, left);
    cr_expect(fabs(left - right) <= 1e-12 * fmax(1, fabs(left)), "%s: %.17g and %.17g", path, left, right);
    arena_close(&f.arena);
}

/* Calls `check` for every NAME.ir whose name begins with `second-`, or does not. */
static int for_each(bool second, void (*check)(const char *name)) {
    DIR *folder = opendir(FOLDER);
    cr_assert_not_null(folder);
    int count = 0;
    for (struct dirent *file = readdir(folder); file != NULL; file = readdir(folder)) {
        size_t length = strlen(file->d_name);
        if (length < 4 || length > 200 || strcmp(file->d_name + length - 3, ".ir") != 0) continue;
        if ((strncmp(file->d_name, "second-", 7) == 0) != second) continue;
        char name[256] = {0};
        memcpy(name, file->d_name, length - 3);
        check(name);
        count++;
    }
    closedir(folder);
    return count;
}

static void check_both_symmetries(const char *name) {
    check_symmetry(name, false);
    check_symmetry(name, true);
}

Test(passes, texts) {
    cr_expect_gt(for_each(false, check_text), 0);
}

Test(passes, second_derivatives_are_symmetric) {
    cr_expect_gt(for_each(true, check_both_symmetries), 0);
}

/* A path through a comparison alone, and none at all; the path that exists is differentiated all the same. */
Test(passes, no_differentiable_path) {
    Fixture f = {0};
    if (setjmp(f.memory.on_exhausted) != 0) cr_assert_fail("out of memory");
    open_fixture(&f);
    Program *program = program_of(&f, "test.ir",
                                  "entry f(x: real[], y: real[], z: real[]) -> a: real[], b: real[], c: real[]\n"
                                  "%0 = input x : real[]\n%1 = input y : real[]\n%2 = input z : real[]\n"
                                  "%3 \"loss\" = nest[] mul(to_real(less(%0[], %1[])), %2[]) : real[]\n"
                                  "%4 \"count\" = nest[] to_real(less(%0[], %1[])) : real[]\n"
                                  "%5 = grad %3 %2 : real[]\n%6 = grad %3 %0 : real[]\n%7 = grad %4 %2 : real[]\n"
                                  "result a %5\nresult b %6\nresult c %7\n");
    pass_autodiff(program->entries.at[0]->graph, &f.diagnostics);
    cr_assert_eq(f.diagnostics.errors, 2);
    cr_expect_str_eq(f.diagnostics.items.at[0]->message, "no differentiable path leads from x to loss");
    cr_expect_str_eq(f.diagnostics.items.at[1]->message, "no differentiable path leads from z to count");
    arena_close(&f.arena);
}

/* Gradients are by the node that is named: one that is another's gradient is told apart from it. */
Test(passes, gradients_are_nodes_of_their_own) {
    Fixture f = {0};
    if (setjmp(f.memory.on_exhausted) != 0) cr_assert_fail("out of memory");
    open_fixture(&f);
    Program *program = program_of(&f, "test.ir",
                                  "entry f(x: real[3]) -> a: real[3]\n"
                                  "%0 = input x : real[3]\n"
                                  "%1 = nest[] sum[i < 3] mul(mul(%0[i], %0[i]), %0[i]) : real[]\n"
                                  "%2 = grad %1 %0 : real[3]\n%3 = grad %1 %0 : real[3]\n"
                                  "%4 = nest[] sum[i < 3] mul(%2[i], mul(%3[i], %0[i])) : real[]\n"
                                  "%5 = grad %4 %2 : real[3]\nresult a %5\n");
    run_named(&f, program, "test.ir", "autodiff", strlen("autodiff"));
    const Entry *entry = program->entries.at[0];
    double x[3] = {0.5, -1, 2};
    int64_t dims[1] = {3};
    Tensor input = tensor_new(&f.arena, ELEM_REAL, 1, dims), output;
    memcpy(input.values, x, sizeof x);
    Evaluation evaluation = {.arena = &f.arena, .program = program, .inputs = &input, .outputs = &output};
    evaluate_graph(&evaluation, entry->graph);
    for (int i = 0; i < 3; i++) /* d (a b x) / d a, with b = 3 x^2 held fast */
        cr_expect_float_eq(output.values[i], 3 * x[i] * x[i] * x[i], 1e-12);
    arena_close(&f.arena);
}
