#define _POSIX_C_SOURCE 200809L
#include "compiler/support/diag.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static Memory memory;
static Arena arena;
static Diagnostics diagnostics;

static void open_all(void) {
    if (setjmp(memory.on_exhausted) != 0) cr_assert(false, "exhausted");
    arena_open(&arena, &memory);
    diagnostics_open(&diagnostics, &arena);
}

static void close_all(void) {
    memory_close_all(&memory);
}

TestSuite(diag, .init = open_all, .fini = close_all);

static const char *printed(bool colour) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    diag_print(&diagnostics, out, colour);
    fclose(out);
    const char *kept = arena_print(&arena, "%s", text);
    free(text);
    return kept;
}

static const Source *source_of(const char *text) {
    return source_of_text(&arena, "m.grad", text, (int)strlen(text));
}

static Span find(const Source *source, const char *piece) {
    int begin = (int)(strstr(source->text, piece) - source->text);
    return (Span){source, begin, begin + (int)strlen(piece)};
}

Test(diag, lines_and_columns_count_from_one_in_characters) {
    const Source *source = source_of("ab\n\xC3\xA9x = y\r\n\nlast");
    cr_assert_eq(source->line_count, 4);
    cr_assert_eq(span_line(find(source, "ab")), 1);
    cr_assert_eq(span_column(find(source, "ab")), 1);
    cr_assert_eq(span_line(find(source, "x")), 2);
    cr_assert_eq(span_column(find(source, "x")), 2);
    cr_assert_eq(span_line(find(source, "last")), 4);
    cr_assert_eq(span_line((Span){source, source->length, source->length}), 4);
    cr_assert_eq(span_column((Span){source, source->length, source->length}), 5);
    cr_assert_eq(span_line((Span){0}), 0);
    cr_assert_eq(span_line((Span){source_of(""), 0, 0}), 1);
}

Test(diag, message_line_caret_and_notes) {
    const Source *source = source_of("size N = 3\n\ty = \xC3\xA9 + foo\r\n");
    Diagnostic *error = diag_error(&diagnostics, find(source, "foo"), "unknown name '%s'", "foo");
    diag_note(&diagnostics, error, find(source, "N"), "did you mean '%s'?", "N");
    diag_note(&diagnostics, error, (Span){0}, "no place");
    diag_warning(&diagnostics, (Span){source, source->length, source->length}, "the end");
    cr_assert_str_eq(printed(false), "m.grad:2:10: error: unknown name 'foo'\n"
                                     "     y = \xC3\xA9 + foo\n"
                                     "             ^~~\n"
                                     "m.grad:1:6: note: did you mean 'N'?\n"
                                     "    size N = 3\n"
                                     "         ^\n"
                                     "note: no place\n"
                                     "m.grad:3:1: warning: the end\n"
                                     "    \n"
                                     "    ^\n");
    cr_assert_eq(diagnostics.errors, 1);
    cr_assert_eq(diagnostics.warnings, 1);
}

Test(diag, colour_only_where_asked) {
    diag_error(&diagnostics, (Span){0}, "wrong");
    cr_assert_null(strchr(printed(false), '\033'));
    cr_assert_str_eq(printed(true), "\033[31merror:\033[0m wrong\n");
}

Test(diag, a_long_line_is_cut_around_the_caret) {
    char *text = ARENA_ARRAY(&arena, char, 100001);
    memset(text, 'x', 100000);
    text[50000] = '!';
    const Source *source = source_of(text);
    diag_error(&diagnostics, (Span){source, 50000, 100000}, "here");
    const char *out = printed(false);
    cr_assert_lt(strlen(out), 300);
    cr_assert_eq(strncmp(out, "m.grad:1:50001: error: here\n    ...xxx", 38), 0);
    const char *mark = strchr(out, '!'), *caret = strchr(out, '^');
    const char *first = strchr(out, '\n') + 1, *second = strchr(first, '\n') + 1;
    cr_assert_eq(mark - first, caret - second);
}

Test(diag, control_characters_and_noise_are_shown_as_question_marks) {
    const Source *source = source_of_text(&arena, "m.grad", "a\0\033[2J\xFF\x7F", 8);
    diag_error(&diagnostics, (Span){source, 6, 7}, "noise");
    cr_assert_str_eq(printed(false), "m.grad:1:7: error: noise\n    a??[2J??\n          ^\n");
}

Test(diag, twenty_errors_are_kept) {
    for (int i = 0; i < 30; i++) {
        Diagnostic *error = diag_error(&diagnostics, (Span){0}, "error %d", i);
        diag_note(&diagnostics, error, (Span){0}, "note");
    }
    cr_assert(diagnostics.full);
    cr_assert_eq(diagnostics.errors, ERROR_LIMIT);
    const char *out = printed(false);
    cr_assert_not_null(strstr(out, "error 19\n"));
    cr_assert_null(strstr(out, "error 20\n"));
}

Test(diag, spans_join) {
    const Source *source = source_of("a + b");
    Span joined = span_join(find(source, "a"), find(source, "b"));
    cr_assert_eq(joined.begin, 0);
    cr_assert_eq(joined.end, 5);
    cr_assert_eq(span_join((Span){0}, joined).end, 5);
}

Test(diag, an_internal_error_exits_with_70, .exit_code = 70) {
    internal_error("rank %d", 99);
}
