/* The formatter: golden texts, and what holds for every model of this repository: formatting twice changes nothing
 * more, and the blanks that stood there do not matter. That the syntax tree and the comments stay is checked by the
 * formatter itself, which ends in an internal error otherwise. */
#define _XOPEN_SOURCE 700
#include "compiler/support/writer.h"
#include "frontend/format.h"
#include "frontend/lex.h"
#include "frontend/source.h"
#include <criterion/criterion.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>

static Memory memory;
static Arena arena;
static Interner names;

static void open_all(void) {
    if (setjmp(memory.on_exhausted) != 0) cr_assert(false, "exhausted");
    arena_open(&arena, &memory);
    interner_open(&names, &arena);
}

static void close_all(void) {
    memory_close_all(&memory);
}

TestSuite(fmt, .init = open_all, .fini = close_all);

/* The formatted text of a source; NULL: it does not parse. */
static const char *formatted(const Source *source) {
    Diagnostics diagnostics;
    diagnostics_open(&diagnostics, &arena);
    const char *text;
    size_t length;
    return format_source(&arena, &names, &diagnostics, source, &text, &length) ? text : NULL;
}

static const char *formatted_text(const char *path, const char *text) {
    const char *result = formatted(source_of_text(&arena, path, text, (int)strlen(text)));
    cr_assert(result, "%s does not parse any more:\n%s", path, text);
    return result;
}

/* ---- every model of the repository ---- */

static VEC(const char *) paths;

static int keep_model(const char *path, const struct stat *status, int kind, struct FTW *where) {
    (void)status, (void)where;
    size_t length = strlen(path);
    if (kind == FTW_F && length > 5 && strcmp(path + length - 5, ".grad") == 0)
        vec_push(&arena, &paths, arena_print(&arena, "%s", path));
    return 0;
}

static void find_models(void) {
    static const char *const folders[] = {"/tests", "/examples", "/frontend/prelude"};
    for (size_t f = 0; f < sizeof folders / sizeof *folders; f++)
        nftw(arena_print(&arena, "%s%s", GRADC_ROOT, folders[f]), keep_model, 16, FTW_PHYS);
}

/* NULL: not a text, or one that does not parse */
static const Source *read_model(const char *path) {
    Diagnostics diagnostics;
    diagnostics_open(&diagnostics, &arena);
    const Source *source;
    if (source_read(&arena, &diagnostics, path, &source) != SOURCE_OK) return NULL;
    return formatted(source) ? source : NULL;
}

Test(fmt, formatting_twice_changes_nothing_more) {
    find_models();
    int parsed = 0;
    for (int p = 0; p < paths.count; p++) {
        const Source *source = read_model(paths.at[p]);
        if (!source) continue;
        parsed++;
        const char *once = formatted(source), *twice = formatted_text(paths.at[p], once);
        cr_assert_str_eq(once, twice, "%s is not stable:\n%s\nbecomes\n%s", paths.at[p], once, twice);
    }
    cr_assert_gt(parsed, 60, "only %d models were found", parsed);
}

/* ---- other blanks ---- */

static unsigned next_random(unsigned *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 16;
}

static bool is_word(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '"';
}

static void write_random_blanks(Writer *writer, unsigned *state, unsigned least) {
    for (unsigned count = least + next_random(state) % 3; count > 0; count--)
        write_raw(writer, next_random(state) % 4 ? " " : "\t", 1);
}

/* What is between two tokens, with other blanks: newlines stay, and what comments stand there stays as it is. */
static void write_gap(Writer *writer, const Source *source, int begin, int end, unsigned *state) {
    const char *text = source->text;
    if (memchr(text + begin, '#', (size_t)(end - begin))) {
        write_raw(writer, text + begin, (size_t)(end - begin));
        return;
    }
    int newlines = 0;
    for (int at = begin; at < end; at++)
        newlines += text[at] == '\n';
    bool words = begin > 0 && is_word(text[begin - 1]) && is_word(text[end]);
    bool brackets = (begin > 0 && strchr("()[]{},;", text[begin - 1])) || strchr("()[]{},;", text[end]);
    write_random_blanks(writer, state, begin < end && newlines == 0 && (words || !brackets));
    for (; newlines > 0; newlines--) {
        write_raw(writer, "\n", 1);
        write_random_blanks(writer, state, 0);
    }
}

static const char *with_other_blanks(const Source *source, unsigned *state) {
    Diagnostics diagnostics;
    diagnostics_open(&diagnostics, &arena);
    Lexer lexer;
    lexer_open(&lexer, &arena, &names, &diagnostics, source);
    Writer writer;
    writer_open(&writer, &arena);
    int previous = 0;
    for (Token token = lex(&lexer); token.kind != TOKEN_END; token = lex(&lexer)) {
        write_gap(&writer, source, previous, token.begin, state);
        write_raw(&writer, source->text + token.begin, (size_t)(token.end - token.begin));
        previous = token.end;
    }
    write_raw(&writer, source->text + previous, (size_t)(source->length - previous));
    return writer_text(&writer);
}

Test(fmt, blanks_do_not_matter) {
    enum { TRIALS = 4 };
    find_models();
    unsigned state = 1;
    int different = 0;
    for (int p = 0; p < paths.count; p++) {
        /* there the column of a comment says to what it belongs */
        const Source *source = strstr(paths.at[p], "fmt/continued") ? NULL : read_model(paths.at[p]);
        for (int trial = 0; source && trial < TRIALS; trial++) {
            const char *text = with_other_blanks(source, &state);
            different += strcmp(text, source->text) != 0;
            cr_assert_str_eq(formatted(source), formatted_text(paths.at[p], text), "%s with other blanks:\n%s",
                             paths.at[p], text);
        }
    }
    cr_assert_gt(different, 200, "only %d texts were different", different);
}

/* ---- goldens ---- */

Test(fmt, goldens) {
    static const char *const goldens[] = {"statements", "lines", "comments", "continued", "crlf", "deep", "empty"};
    for (size_t g = 0; g < sizeof goldens / sizeof *goldens; g++) {
        const char *path = arena_print(&arena, "%s/fmt/%s.grad", GRADC_TESTS, goldens[g]);
        const char *expected = arena_print(&arena, "%s/fmt/%s.formatted", GRADC_TESTS, goldens[g]);
        const Source *source = read_model(path), *wanted;
        cr_assert(source, "%s does not parse", path);
        const char *text = formatted(source);
        if (getenv("GRADC_UPDATE")) {
            const char *why;
            const FileText file = {expected, text, strlen(text)};
            cr_assert(write_files(&arena, &file, 1, &why), "%s", why);
        }
        Diagnostics diagnostics;
        diagnostics_open(&diagnostics, &arena);
        cr_assert_eq(source_read(&arena, &diagnostics, expected, &wanted), SOURCE_OK);
        cr_expect_str_eq(text, wanted->text, "%s becomes\n%s", path, text);
    }
}
