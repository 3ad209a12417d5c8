#include "compiler/support/str.h"
#include <criterion/criterion.h>
#include <string.h>

static Memory memory;
static Arena arena;
static Interner names;

static void open_names(void) {
    if (setjmp(memory.on_exhausted) != 0) cr_assert(false, "exhausted");
    arena_open(&arena, &memory);
    interner_open(&names, &arena);
}

static void close_names(void) {
    memory_close_all(&memory);
}

TestSuite(str, .init = open_names, .fini = close_names);

Test(str, equal_texts_are_one_pointer) {
    Name a = intern(&names, "weight", 6), b = intern_text(&names, "weight"), c = intern(&names, "weights", 6);
    cr_assert_eq(a, b);
    cr_assert_eq(a, c);
    cr_assert_str_eq(a, "weight");
    cr_assert_neq(a, intern_text(&names, "weights"));
    cr_assert_neq(a, intern_text(&names, "weigh"));
    cr_assert_str_eq(intern(&names, "", 0), "");
    cr_assert_eq(intern_print(&names, "layers.%d.%s", 3, "w"), intern_text(&names, "layers.3.w"));
}

Test(str, a_hundred_thousand_names_stay_apart) {
    enum { COUNT = 100000 };
    Name *all = ARENA_ARRAY(&arena, Name, COUNT);
    for (int i = 0; i < COUNT; i++)
        all[i] = intern_print(&names, "x%d", i);
    cr_assert_eq(names.count, COUNT);
    for (int i = 0; i < COUNT; i += 7) {
        cr_assert_eq(intern_print(&names, "x%d", i), all[i]);
        cr_assert_str_eq(all[i], arena_print(&arena, "x%d", i));
    }
    cr_assert_eq(names.count, COUNT);
}

/* Test vectors of the FNV authors: isthe.com/chongo/tech/comp/fnv, 32-bit FNV-1a. */
Test(str, hash_is_fnv_1a) {
    cr_assert_eq(hash_bytes("", 0), 0x811c9dc5U);
    cr_assert_eq(hash_bytes("a", 1), 0xe40c292cU);
    cr_assert_eq(hash_bytes("foobar", 6), 0xbf9cf968U);
}

static void nearest_is(const char *name, const char *wanted) {
    static const char *const candidates[] = {"minimize", "maximize", "param", "return", "relu", "Dense", "fn", "lr"};
    const char *found = nearest_name(name, candidates, sizeof candidates / sizeof *candidates);
    if (wanted)
        cr_assert_str_eq(found ? found : "nothing", wanted, "for %s: %s", name, found);
    else
        cr_assert_null(found, "for %s: %s", name, found);
}

Test(str, nearest_name_knows_misspellings) {
    nearest_is("minimise", "minimize");
    nearest_is("maximse", "maximize");
    nearest_is("parm", "param");
    nearest_is("retrun", "return");
    nearest_is("reul", "relu");
    nearest_is("RELU", "relu");
    nearest_is("dense", "Dense");
    nearest_is("x", NULL);
    nearest_is("in", NULL);
    nearest_is("attention", NULL);
    nearest_is("relu", NULL); /* itself is no misspelling */
    nearest_is("", NULL);
    nearest_is("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL);
}

static int decoded(const char *text, uint32_t *code) {
    return utf8_decode(text, strlen(text), code);
}

Test(str, utf8_is_decoded_strictly) {
    uint32_t code = 0;
    cr_assert_eq(decoded("a", &code), 1);
    cr_assert_eq(code, 'a');
    cr_assert_eq(decoded("\xC3\xA9", &code), 2);
    cr_assert_eq(code, 0xE9);
    cr_assert_eq(decoded("\xE2\x88\x92", &code), 3);
    cr_assert_eq(code, 0x2212);
    cr_assert_eq(decoded("\xF0\x9F\x99\x82", &code), 4);
    cr_assert_eq(code, 0x1F642);
    cr_assert_eq(utf8_decode("\0", 1, &code), 1);
    cr_assert_eq(code, 0);
    const char *const wrong[] = {"",
                                 "\x80",
                                 "\xC3",
                                 "\xC3\x28",
                                 "\xC0\xAF",
                                 "\xE0\x80\xAF",
                                 "\xED\xA0\x80",
                                 "\xF4\x90\x80\x80",
                                 "\xFF",
                                 "\xF8\x88\x80\x80\x80"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert_eq(decoded(wrong[i], &code), 0, "sequence %zu", i);
}
