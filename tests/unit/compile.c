/* The whole pipeline as a library: memory that runs out anywhere, names, nothing held behind it. */
#define _POSIX_C_SOURCE 200809L
#include "compiler/compile.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const digits = GRADC_ROOT "/examples/digits/digits.grad";

/* The status of all of it, 3 where memory ran out; the text of header and source, to be freed, in *text. */
static CompileStatus compile(Memory *memory, const CompileOptions *options, char **text) {
    Arena arena;
    *text = NULL;
    if (setjmp(memory->on_exhausted)) {
        memory_close_all(memory);
        return COMPILE_MACHINE_FAILED;
    }
    arena_open(&arena, memory);
    Compilation compilation;
    compilation_open(&compilation, &arena, options);
    if (compile_to_graph(&compilation) && compile_to_routines(&compilation) && compile_to_c(&compilation)) {
        size_t header = strlen(compilation.emission.header), source = strlen(compilation.emission.source);
        *text = malloc(header + source + 1);
        memcpy(*text, compilation.emission.header, header);
        memcpy(*text + header, compilation.emission.source, source + 1);
    }
    CompileStatus status = compilation.status;
    arena_close(&arena);
    return status;
}

Test(compile, every_allocation_may_fail) {
    const CompileOptions options = {.path = digits, .target = target_find("x86-64-v3")};
    size_t failures = 0;
    for (CompileStatus status = COMPILE_MACHINE_FAILED; status != COMPILE_DONE; failures++) {
        Memory memory = {.fail_at = failures + 1};
        char *text;
        status = compile(&memory, &options, &text);
        cr_assert(status == COMPILE_DONE || status == COMPILE_MACHINE_FAILED, "status %d", (int)status);
        cr_assert_eq(memory.blocks, 0);
        cr_assert((text != NULL) == (status == COMPILE_DONE));
        free(text);
        cr_assert_lt(failures, 10000);
    }
    cr_assert_gt(failures, 10);
}

Test(compile, the_same_text_each_time) {
    const CompileOptions options = {.path = digits, .target = target_find("x86-64-v4")};
    Memory first = {0}, second = {0};
    char *one, *other;
    cr_assert_eq(compile(&first, &options, &one), COMPILE_DONE);
    cr_assert_eq(compile(&second, &options, &other), COMPILE_DONE);
    cr_expect_str_eq(one, other);
    free(one);
    free(other);
}

Test(compile, nothing_of_this_machine_in_the_text) {
    const CompileOptions options = {.path = digits, .target = target_find("generic"), .name = "ocr"};
    Memory memory = {0};
    char *text;
    cr_assert_eq(compile(&memory, &options, &text), COMPILE_DONE);
    cr_expect(strstr(text, "gradc compile digits.grad --name=ocr --target=generic"));
    cr_expect_not(strstr(text, GRADC_ROOT));
    free(text);
}

Test(compile, a_file_without_a_model_line_names_the_model) {
    char folder[] = "/tmp/gradc-compile-XXXXXX", path[100];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/half-way.grad", folder);
    FILE *out = fopen(path, "w");
    cr_assert_not_null(out);
    fputs("entry f(x[3]) -> y[3] { y = 2*x }\n", out);
    fclose(out);
    const CompileOptions options = {.path = path, .target = target_find("generic")};
    const CompileOptions named = {.path = path, .target = target_find("generic"), .name = "half_way"};
    Memory first = {0}, second = {0};
    char *text;
    cr_expect_eq(compile(&first, &options, &text), COMPILE_COMMAND_WRONG);
    cr_expect_eq(compile(&second, &named, &text), COMPILE_DONE);
    free(text);
    unlink(path);
    rmdir(folder);
}

/* No rule of the language warns yet: the warning is put in from outside. */
static void warn(void *context, const Compilation *compilation, const char *stage, bool changed) {
    (void)changed;
    Compilation *own = context;
    if (strcmp(stage, STAGE_ELABORATE) == 0 && own == compilation)
        diag_warning(&own->diagnostics, (Span){0}, "something is odd");
}

static CompileStatus status_with_warning(bool warnings_are_errors) {
    Memory memory = {0};
    Arena arena;
    arena_open(&arena, &memory);
    Compilation compilation;
    const CompileOptions options = {.path = digits,
                                    .target = target_default(),
                                    .after = warn,
                                    .context = &compilation,
                                    .warnings_are_errors = warnings_are_errors};
    compilation_open(&compilation, &arena, &options);
    cr_expect_eq(compile_to_graph(&compilation), !warnings_are_errors);
    cr_expect_eq(compilation.diagnostics.warnings, 1);
    if (warnings_are_errors) cr_expect_str_eq(compilation.failure, "1 warning, and --werror makes errors of them");
    CompileStatus status = compilation.status;
    arena_close(&arena);
    return status;
}

Test(compile, warnings_are_errors_where_that_is_asked_for) {
    cr_expect_eq(status_with_warning(false), COMPILE_DONE);
    cr_expect_eq(status_with_warning(true), COMPILE_MODEL_WRONG);
}
