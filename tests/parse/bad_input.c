/* Inputs that are too large, too deep, cut off or damaged: one clear error at most, and never a fall. */
#include "frontend/parse.h"
#include "frontend/source.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static Memory memory;
static Arena arena;
static Interner names;
static Diagnostics diagnostics;

static void open_all(void) {
    if (setjmp(memory.on_exhausted) != 0) cr_assert(false, "exhausted");
    arena_open(&arena, &memory);
    interner_open(&names, &arena);
    diagnostics_open(&diagnostics, &arena);
}

static void close_all(void) {
    memory_close_all(&memory);
}

TestSuite(bad_input, .init = open_all, .fini = close_all);

static AstFile *parse_bytes(const char *text, size_t length) {
    const Source *source;
    if (source_check(&arena, &diagnostics, "m.grad", text, length, &source) != SOURCE_OK) return NULL;
    AstFile *file = parse_file(&arena, &names, &diagnostics, source);
    Writer writer;
    writer_open(&writer, &arena);
    print_ast(&writer, file); /* walks all of it */
    return file;
}

/* before, `count` times the piece, after */
static const char *repeated(const char *before, const char *piece, int count, const char *after) {
    Writer writer;
    writer_open(&writer, &arena);
    write_text(&writer, "%s", before);
    for (int i = 0; i < count; i++)
        write_raw(&writer, piece, strlen(piece));
    write_text(&writer, "%s", after);
    return writer_text(&writer);
}

static void one_error(const char *text, const char *message) {
    parse_bytes(text, strlen(text));
    cr_assert_eq(diagnostics.errors, 1, "%d errors for %.20s", diagnostics.errors, text);
    cr_assert_str_eq(diagnostics.items.at[0]->message, message, "%s for %.20s", diagnostics.items.at[0]->message, text);
    diagnostics_open(&diagnostics, &arena);
}

Test(bad_input, nesting_has_a_limit) {
    const char *deep = "nested more than 200 levels deep";
    one_error(repeated("x = ", "(", 100000, "1"), deep);
    one_error(repeated(repeated("x = ", "(", 100000, "1"), ")", 100000, "\ny = = 3\n"), deep);
    one_error(repeated("x = ", "[\n", 100000, ""), deep);
    one_error(repeated("x = ", "f(", 100000, ""), deep);
    one_error(repeated("x = ", "- ", 100000, "1"), deep);
    one_error(repeated("x = ", "not ", 100000, "1"), deep);
    one_error(repeated("x = ", "2^", 100000, "1"), deep);
    one_error(repeated("x = ", "sum[i] ", 100000, "1"), deep);
    one_error(repeated("x = ", "fn (a) = ", 100000, "1"), deep);
    one_error(repeated("x = ", "a using f = ", 100000, "1"), deep);
    one_error(repeated("", "if a {\n", 100000, ""), deep);
    one_error(repeated("", "if a { } else ", 100000, ""), deep);
    one_error(repeated("entry f() {\n", "repeat 2 { ", 100000, ""), deep);
}

Test(bad_input, trees_have_a_limit) {
    const char *high = "more than 1000 operations on top of each other: give a part of this a name";
    one_error(repeated("x = a", " + a", 100000, "\n"), high);
    one_error(repeated("x = a", "'", 100000, "\n"), high);
    one_error(repeated("x = a", ".b", 100000, "\n"), high);
    one_error(repeated("x = a", "[0]", 100000, "\n"), high);
    one_error(repeated("x = a^", "-", 100000, "a\n"), high);
    one_error(repeated("fn f() { a", ".b", 100000, " <- 1 }\n"), high);
    const char *inner = repeated("(a", " + a", 700, ")");
    one_error(repeated(arena_print(&arena, "x = fn () { y = %s }", inner), " + a", 700, "\n"), high);
}

Test(bad_input, wide_is_not_deep) {
    const char *text = repeated("x = [a", ", a", 100000, "]\n");
    cr_assert_not_null(parse_bytes(text, strlen(text)));
    cr_assert_eq(diagnostics.errors, 0);
    text = repeated("", "x = a + (b - c) * f(d, e = [1, 2.5])\n", 20000, "");
    AstFile *file = parse_bytes(text, strlen(text));
    cr_assert_eq(diagnostics.errors, 0);
    cr_assert_eq(file->block.stmts.count, 20000);
}

Test(bad_input, names_without_end) {
    Writer writer;
    writer_open(&writer, &arena);
    for (int i = 0; i < 300000; i++)
        write_text(&writer, "x%d = %d\n", i, i);
    AstFile *file = parse_bytes(writer.text, writer.length);
    cr_assert_eq(diagnostics.errors, 0);
    cr_assert_eq(file->block.stmts.count, 300000);
    one_error(repeated("", "x = 1\n", 1000000, ""), "a file of more than 1000000 words, numbers and signs");
}

Test(bad_input, a_line_of_ten_megabytes) {
    one_error(repeated("x = [1", ",     1", 400000, " 2]\n"), "expected ']' to close '[' at column 5, saw '2'");
    one_error(repeated("x = [1", ", 1", 3500000, " 2]\n"), "a file of more than 1000000 words, numbers and signs");
    one_error(repeated("# ", "comment ", 1300000, "\nx = = 1\n"), "expected an expression, saw '='");
    one_error(repeated("x = ", "9", 10000000, "\n"),
              "this number is too large: whole numbers go up to 9223372036854775807");
    one_error(repeated("x = \"", "a", 10000000, ""), "this string has no end in its line");
    one_error(repeated("x", "y", 10000000, " 3\n"), "expected '=', '~' or '<-', saw '3'");
}

Test(bad_input, twenty_errors_at_most) {
    const char *text = repeated("", "x = = 1\n", 100000, "");
    parse_bytes(text, strlen(text));
    cr_assert_eq(diagnostics.errors, ERROR_LIMIT);
}

Test(bad_input, errors_on_the_last_byte) {
    one_error("x = 3 ~", "expected a new line or ';', saw '~'");
    one_error("x = 3 +", "expected an expression, saw the end of the file");
    one_error("x = \"", "this string has no end in its line");
    one_error("x = \"\\", "this string has no end in its line");
    one_error("x = 3 $", "unexpected character '$'");
    one_error("x = 3 \xC3", "these bytes are not UTF-8: is this a model file?");
    one_error("x = 3 \xC3\xA9", "unexpected character U+00E9: outside strings and comments only ASCII is read");
    one_error("x = 3\r", "a carriage return without a line feed: lines end with LF or CR LF");
    one_error("fn f() {", "expected '}' to close '{' at column 8, saw the end of the file");
}

/* ---- a model with every construct, cut off and damaged everywhere ---- */

static const char *whole_model(size_t *length) {
    FILE *in = fopen(GRADC_TESTS "/parse/grammar.grad", "rb");
    cr_assert_not_null(in);
    char *text = arena_alloc(&arena, 1 << 16);
    *length = fread(text, 1, (1 << 16) - 1, in);
    fclose(in);
    return text;
}

Test(bad_input, cut_off_anywhere) {
    size_t length;
    const char *text = whole_model(&length);
    for (size_t end = 0; end <= length; end++) {
        Arena outer = arena;
        open_all();
        parse_bytes(text, end);
        cr_assert_leq(diagnostics.errors, 1, "%d errors at byte %zu", diagnostics.errors, end);
        arena_close(&arena);
        arena = outer;
    }
}

Test(bad_input, damaged_anywhere) {
    static const char damage[] = "(){}[]\"'\n;=~<#.0a,\xC3";
    size_t length;
    const char *text = whole_model(&length);
    unsigned random = 1;
    for (int round = 0; round < 4000; round++) {
        Arena outer = arena;
        char *copy = malloc(length);
        cr_assert_not_null(copy);
        memcpy(copy, text, length);
        for (int i = 0; i < 1 + round % 3; i++) {
            random = random * 1664525 + 1013904223;
            copy[(random >> 8) % length] = damage[(random >> 4) % (sizeof damage - 1)];
        }
        open_all();
        parse_bytes(copy, length);
        cr_assert_leq(diagnostics.errors, ERROR_LIMIT);
        arena_close(&arena);
        arena = outer;
        free(copy);
    }
}

/* ---- single expressions, as of -D ---- */

static AstExpr *expression(const char *text) {
    const Source *source = source_of_text(&arena, "-D", text, (int)strlen(text));
    return parse_expression(&arena, &names, &diagnostics, source);
}

Test(bad_input, single_expressions) {
    cr_assert_eq(expression("2*\n10")->kind, AST_BINARY);
    cr_assert_eq(expression("-3")->kind, AST_UNARY);
    cr_assert_eq(diagnostics.errors, 0);
    const char *const wrong[] = {"", "3 4", "(", "x = 3", "1e999"};
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(expression(wrong[i])->kind, AST_ERROR, "%s", wrong[i]);
        cr_assert_eq(diagnostics.errors, i + 1, "%s", wrong[i]);
    }
    cr_assert_str_eq(diagnostics.items.at[0]->message, "expected an expression, saw nothing");
    cr_assert_str_eq(diagnostics.items.at[1]->message, "expected an operator or the end, saw '4'");
}

/* ---- files ---- */

Test(bad_input, files_that_cannot_be_read) {
    const Source *source;
    cr_assert_eq(source_read(&arena, &diagnostics, "/nowhere/m.grad", &source), SOURCE_UNREADABLE);
    cr_assert_str_eq(diagnostics.items.at[0]->message, "cannot read /nowhere/m.grad: No such file or directory");
    cr_assert_null(source);
    cr_assert_eq(source_read(&arena, &diagnostics, "/tmp", &source), SOURCE_UNREADABLE);
    cr_assert_str_eq(diagnostics.items.at[1]->message, "cannot read /tmp: Is a directory");
    cr_assert_eq(source_read(&arena, &diagnostics, "/dev/zero", &source), SOURCE_UNREADABLE);
    cr_assert_str_eq(diagnostics.items.at[2]->message, "cannot read /dev/zero: it is larger than 64 MB");
}

Test(bad_input, standard_input) {
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(write(ends[1], "x = 3\n", 6), 6);
    close(ends[1]);
    cr_assert_eq(dup2(ends[0], 0), 0);
    const Source *source;
    cr_assert_eq(source_read(&arena, &diagnostics, "-", &source), SOURCE_OK);
    cr_assert_str_eq(source->path, "<stdin>");
    cr_assert_str_eq(source->text, "x = 3\n");
}

Test(bad_input, exhausted_memory_leaves_by_the_door) {
    static Memory scarce;
    static size_t n;
    static int failures;
    size_t length;
    const char *text = whole_model(&length);
    for (n = 1;; n++) {
        scarce = (Memory){.fail_at = n};
        if (setjmp(scarce.on_exhausted) != 0) {
            failures++;
            memory_close_all(&scarce);
            cr_assert_eq(scarce.blocks, 0);
            continue;
        }
        Arena own;
        arena_open(&own, &scarce);
        Interner own_names;
        Diagnostics own_diagnostics;
        const Source *source;
        interner_open(&own_names, &own);
        diagnostics_open(&own_diagnostics, &own);
        source_check(&own, &own_diagnostics, "m.grad", text, length, &source);
        parse_file(&own, &own_names, &own_diagnostics, source);
        arena_close(&own);
        break;
    }
    cr_assert_gt(failures, 0);
    cr_assert_eq((size_t)failures, n - 1);
}
