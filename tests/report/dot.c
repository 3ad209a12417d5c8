/* Graphs for Graphviz: after every pass and of the plan, of all models with and without loops, what arrows join is
 * there, and what is opened is closed; and what plans say of work. */
#define _POSIX_C_SOURCE 200809L
#include "compiler/ir/text.h"
#include "compiler/kernels/kernels.h"
#include "compiler/passes/pipeline.h"
#include "compiler/report/dot.h"
#include "compiler/kernels/work.h"
#include "frontend/source.h"
#include <criterion/criterion.h>
#include <glob.h>
#include <string.h>

static Program *read_text(Arena *arena, Interner *names, Diagnostics *diagnostics, const char *path) {
    const Source *source;
    cr_assert_eq(source_read(arena, diagnostics, path, &source), SOURCE_OK);
    Program *program = read_program(arena, names, diagnostics, source);
    cr_assert_not_null(program, "%s", path);
    return program;
}

static bool is_declared(Arena *arena, const char *text, const char *name, size_t length) {
    return strstr(text, arena_print(arena, "        %.*s [", (int)length, name)) != NULL;
}

static void check_dot(Arena *arena, const char *what, const char *text) {
    int depth = 0, arrows = 0;
    for (const char *c = text; *c; c++)
        depth += *c == '{' ? 1 : *c == '}' ? -1 : 0;
    cr_expect_eq(depth, 0, "%s: braces", what);
    for (const char *arrow = text; (arrow = strstr(arrow, " -> ")) != NULL; arrow += 4, arrows++) {
        const char *from = arrow;
        while (from[-1] != ' ')
            from--;
        cr_expect(is_declared(arena, text, from, (size_t)(arrow - from)), "%s: %.40s", what, from);
        cr_expect(is_declared(arena, text, arrow + 4, strcspn(arrow + 4, ";")), "%s: %.40s", what, arrow);
    }
    cr_expect_gt(arrows, 0, "%s", what);
}

typedef struct Heard {
    Arena *arena;
    const Program *program;
    const char *path;
} Heard;

static void check_graph(void *context, const Pass *pass, bool changed) {
    (void)changed;
    Heard *heard = context;
    Writer writer;
    writer_open(&writer, heard->arena);
    write_graph_dot(&writer, heard->program, pass->name);
    check_dot(heard->arena, heard->path, writer_text(&writer));
}

static void check_model(Arena *arena, const char *path) {
    Interner names;
    Diagnostics diagnostics;
    interner_open(&names, arena);
    diagnostics_open(&diagnostics, arena);
    Program *program = read_text(arena, &names, &diagnostics, path);
    Heard heard = {arena, program, path};
    cr_assert(run_passes(program, &diagnostics, check_graph, &heard), "%s", path);
    Routine **routines = ARENA_ARRAY(arena, Routine *, program->entries.count);
    for (int e = 0; e < program->entries.count; e++)
        routines[e] = make_routine(arena, program->entries.at[e]->graph, program->entries.at[e], target_default());
    Writer writer;
    writer_open(&writer, arena);
    write_plan_dot(&writer, program, routines, "plan");
    check_dot(arena, path, writer_text(&writer));
    for (int e = 0; e < program->entries.count; e++) {
        double products = 0;
        for (int s = 0; s < routines[e]->row.count; s++) {
            const Kernel *kernel = routines[e]->row.at[s]->kernel;
            if (kernel) products += kernel_work(arena, kernel, false).products;
        }
        cr_expect_eq(products, routines[e]->flops, "%s: %s: %g and %g", path, program->entries.at[e]->name, products,
                     routines[e]->flops);
    }
}

Test(dot, everything_has_its_place) {
    glob_t found;
    cr_assert_eq(glob(GRADC_TESTS "/models/*.ir", 0, NULL, &found), 0);
    glob(GRADC_TESTS "/run/*.ir", GLOB_APPEND, NULL, &found);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        Memory memory = {0};
        Arena arena;
        arena_open(&arena, &memory);
        check_model(&arena, found.gl_pathv[i]);
        arena_close(&arena);
    }
    globfree(&found);
}

Test(dot, expressions_are_written_as_people_do) {
    Memory memory = {0};
    Arena arena;
    arena_open(&arena, &memory);
    Body body = {.arena = &arena};
    const Affine i = affine_index(&arena, 0);
    NotedRead reads[] = {{"a", 0, NULL}, {"b", 1, &i}};
    const char *names[] = {"i"};
    const Notation notation = {&arena, &body, names, reads, NULL};
    int a = body_read(&body, ELEM_REAL, 0), b = body_read(&body, ELEM_REAL, 1);
    int sum = body_call(&body, SCALAR_add, a, b, -1), difference = body_call(&body, SCALAR_sub, a, sum, -1);
    int product = body_call(&body, SCALAR_mul, sum, difference, -1);
    int less = body_call(&body, SCALAR_less, b, product, -1);
    int chosen = body_call(&body, SCALAR_select, less, body_call(&body, SCALAR_exp, a, -1, -1), sum);
    cr_expect_str_eq(expr_notation(&notation, difference), "a - (a + b[i])");
    cr_expect_str_eq(expr_notation(&notation, product), "(a + b[i]) * (a - (a + b[i]))");
    cr_expect_str_eq(expr_notation(&notation, chosen), "where(b[i] < (a + b[i]) * (a - (a + b[i])), exp(a), a + b[i])");
    cr_expect_str_eq(dot_label(&arena, "say \"x\\y\"\nno"), "\"say \\\"x\\\\y\\\"\\lno\\l\"");
    for (int n = 0; n < 40; n++) /* twice as long each time, were it written out */
        sum = body_call(&body, SCALAR_mul, sum, sum, -1);
    const char *text = expr_notation(&notation, sum);
    cr_expect_lt(strlen(text), 1000, "%zu", strlen(text));
    cr_expect_not_null(strstr(text, "..."));
    arena_close(&arena);
}
