/* What the reader says about texts that are wrong. */
#include "tests/ir/fixture.h"

static void refuse(const char *text, int line, int column, const char *message) {
    FIXTURE(f);
    cr_assert_null(fixture_read(&f, text));
    const Diagnostic *first = f.diagnostics.items.at[0];
    cr_assert_str_eq(first->message, message);
    cr_assert_eq(span_line(first->span), line, "%s: line %d", message, span_line(first->span));
    cr_assert_eq(span_column(first->span), column, "%s: column %d", message, span_column(first->span));
    arena_close(&f.arena);
}

#define HEAD "entry f(x: real[3, 4])\n%0 = input x : real[3, 4]\n"

Test(reader, names_the_place) {
    refuse("hello", 1, 1, "expected model, size, store, entry or a node");
    refuse("size N = 5..3", 1, 13, "a size ends between its begin and 2147483647");
    refuse("entry f(x: real[M])", 1, 17, "M is neither an index here nor a size");
    refuse("store w param real[3]\nstore w param real[3]", 2, 7, "w stands twice");
    refuse("store w slot real[3] of g", 1, 25, "there is no entry g");
    refuse("entry f(x: real[3]", 1, 19, "expected ')'");
}

Test(reader, says_what_is_wrong_with_nodes) {
    refuse(HEAD "%1 = input y : real[3]", 3, 12, "the entry has no input y");
    refuse(HEAD "%1 = frob %0 : real[3]", 3, 6, "there is no such operation");
    refuse(HEAD "%0 = input x : real[3, 4]", 3, 1, "%0 stands twice");
    refuse(HEAD "%1 = stop %2 : real[3, 4]", 3, 11, "no such node stands above");
    refuse(HEAD "update w %0", 3, 8, "there is no store w");
    refuse(HEAD "%1 = stop %0", 3, 13, "expected ':'");
}

Test(reader, says_what_is_wrong_with_nests) {
    refuse(HEAD "%1 = nest[i < 3] %0[i] : real[3]", 3, 18, "1 positions for real[3, 4]");
    refuse(HEAD "%1 = nest[i < 3] %0[i, j] : real[3]", 3, 24, "j is neither an index here nor a size");
    refuse(HEAD "%1 = nest[i < 3, i < 3] 0.0 : real[3]", 3, 18, "two indices i");
    refuse(HEAD "%1 = nest[i < 3] frob(i) : real[3]", 3, 18, "there is no scalar function frob");
    refuse(HEAD "%1 = nest[i < 3] add(i) : int[3]", 3, 18, "add takes 2 arguments");
    refuse(HEAD "%1 = nest[i < 3] add(i, 1.0) : int[3]", 3, 18, "add does not take (int, real)");
    refuse(HEAD "%1 = nest[i < 3] let $0 = neg($0) in $0 : int[3]", 3, 31, "no such name is bound by let above");
    refuse(HEAD "%1 = nest[i < 3] $0 : int[3]", 3, 18, "no such name is bound by let above");
}

Test(reader, goes_on_with_the_next_line) {
    FIXTURE(f);
    cr_assert_null(
        fixture_read(&f, HEAD "%1 = frob\n%2 = stop %0 : real[3, 4]\n%3 = frob\n%4 = stop %2 : real[3, 4]\n"));
    cr_assert_eq(f.diagnostics.errors, 2);
    arena_close(&f.arena);
}

Test(reader, survives_deep_and_cut_texts) {
    static char text[300000] = HEAD "%1 = nest[] ";
    static const char whole[] = "size N = 1..9\nstore w param real[2] %0 = random normal 1 : real[2] result %0\n"
                                "entry f(x: byte[N] in 0..9) -> y: int[N] training sizes N\n%0 = input x : int[N]\n"
                                "%1 \"y\" = nest[n < N] let $0 = add(%0[n], 1) in mul($0, $0) : int[N] result y %1";
    for (int i = 0; i < 50000; i++)
        strcat(text + i * 4, "neg(");
    FIXTURE(f);
    cr_assert_null(fixture_read(&f, text));
    for (size_t cut = 0; cut < sizeof whole; cut++)
        fixture_read(&f, arena_print(&f.arena, "%.*s", (int)cut, whole));
    fixture_program(&f, whole);
    arena_close(&f.arena);
}
