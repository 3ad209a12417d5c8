/* Every tests/parse/x.grad against x.ast, every tests/errors/{lex,parse,elaborate}-x.grad against x.err: the whole
 * text. With GRADC_UPDATE=1 in the environment the expectations are written instead; read the difference before you
 * commit it. */
#define _POSIX_C_SOURCE 200809L
#include "compiler/passes/pipeline.h"
#include "frontend/elaborate.h"
#include "frontend/parse.h"
#include "frontend/source.h"
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
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

TestSuite(goldens, .init = open_arena, .fini = close_arena);

/* The file as text; NULL where there is none. */
static char *read_text(const char *path, size_t *length) {
    FILE *in = fopen(path, "rb");
    if (!in) return NULL;
    char *text = arena_alloc(&arena, 1 << 20);
    *length = fread(text, 1, (1 << 20) - 1, in);
    fclose(in);
    return text;
}

/* The rest of the way to a lowered graph, for its diagnostics. */
static void elaborate_tree(Interner *names, Diagnostics *diagnostics, const AstFile *tree) {
    const ElaborateOptions options = {0};
    Program *program = elaborate(&arena, names, diagnostics, tree, &options);
    if (program != NULL) run_passes(program, diagnostics, NULL, NULL);
}

/* What the frontend says about a file: the tree, or the diagnostics if there are any. */
static const char *result_of(const char *path, const char *name) {
    size_t length;
    const char *text = read_text(path, &length);
    cr_assert_not_null(text, "cannot read %s", path);
    Interner names;
    Diagnostics diagnostics;
    interner_open(&names, &arena);
    diagnostics_open(&diagnostics, &arena);
    Writer writer;
    writer_open(&writer, &arena);
    const Source *source;
    if (source_check(&arena, &diagnostics, name, text, length, &source) == SOURCE_OK) {
        const AstFile *tree = parse_file(&arena, &names, &diagnostics, source);
        print_ast(&writer, tree);
        if (strncmp(name, "elaborate-", 10) == 0 && diagnostics.errors == 0) elaborate_tree(&names, &diagnostics, tree);
    }
    if (diagnostics.items.count == 0) return writer_text(&writer);
    char *printed = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&printed, &size);
    diag_print(&diagnostics, out, false);
    fclose(out);
    const char *kept = arena_copy(&arena, printed, size + 1);
    free(printed);
    return kept;
}

static void check_file(const char *folder, const char *name, const char *extension) {
    const char *stem = arena_print(&arena, "%.*s", (int)(strlen(name) - strlen(".grad")), name);
    const char *expectation = arena_print(&arena, "%s/%s%s", folder, stem, extension);
    const char *found = result_of(arena_print(&arena, "%s/%s", folder, name), name);
    if (getenv("GRADC_UPDATE")) {
        FILE *out = fopen(expectation, "wb");
        cr_assert_not_null(out);
        fputs(found, out);
        fclose(out);
        return;
    }
    size_t length;
    const char *wanted = read_text(expectation, &length);
    cr_expect_not_null(wanted, "%s is missing", expectation);
    if (wanted) cr_expect(strcmp(found, wanted) == 0, "%s/%s gives\n%s", folder, name, found);
}

/* All files of the folder whose names begin so; at least `least` must be there. */
static void check_folder(const char *sub, const char *prefix, const char *extension, int least) {
    const char *folder = arena_print(&arena, "%s/%s", GRADC_TESTS, sub);
    DIR *directory = opendir(folder);
    cr_assert_not_null(directory, "no folder %s", folder);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(directory));) {
        size_t length = strlen(entry->d_name);
        if (length < 5 || strcmp(entry->d_name + length - 5, ".grad") != 0) continue;
        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0) continue;
        check_file(folder, entry->d_name, extension);
        count++;
    }
    closedir(directory);
    cr_assert_geq(count, least, "only %d files in %s", count, folder);
}

Test(goldens, trees) {
    check_folder("parse", "", ".ast", 8);
}
Test(goldens, lexical_errors) {
    check_folder("errors", "lex-", ".err", 8);
}
Test(goldens, syntax_errors) {
    check_folder("errors", "parse-", ".err", 8);
}
Test(goldens, errors_of_elaboration) {
    check_folder("errors", "elaborate-", ".err", 90);
}
