/* NAME.h as a whole, and what compilers say to the pair. With GRADC_UPDATE=1 in the environment the expectation is
 * written; read the difference before you commit it. */
#include "tests/emit/scratch.h"
#include "tests/emit/tiny.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static Memory memory = {.limit = 1 << 26};
static Arena arena;
static const char *folder;

static void open_folder(void) {
    if (setjmp(memory.on_exhausted) != 0) cr_assert(false, "exhausted");
    arena_open(&arena, &memory);
    folder = scratch_folder(&arena);
}

static void remove_folder(void) {
    scratch_remove(&arena, folder);
    memory_close_all(&memory);
}

TestSuite(header, .init = open_folder, .fini = remove_folder);

static const char *read_text(const char *path) {
    FILE *in = fopen(path, "rb");
    if (in == NULL) return "";
    char *text = arena_alloc(&arena, 1 << 16);
    size_t length = fread(text, 1, (1 << 16) - 1, in);
    fclose(in);
    text[length] = '\0';
    return text;
}

Test(header, whole_text) {
    const char *found = tiny_emission(&arena, tiny_program(&arena), "x86-64-v3").header;
    if (getenv("GRADC_UPDATE") != NULL) scratch_write(&arena, GRADC_TESTS "/emit", "tiny.h.expected", found);
    cr_expect(strcmp(found, read_text(GRADC_TESTS "/emit/tiny.h.expected")) == 0, "found\n%s", found);
}

static void write_pair(const Program *program, const char *target) {
    Emission emission = tiny_emission(&arena, program, target);
    scratch_write(&arena, folder, "tiny.h", emission.header);
    scratch_write(&arena, folder, "tiny.c", emission.source);
}

static void expect_compiles(void) {
    static const char *const c[] = {"gcc", "clang"}, *const cpp[] = {"g++", "clang++"};
    scratch_write(&arena, folder, "user.c", "#include \"tiny.h\"\n#include \"tiny.h\"\nextern int unused;\n");
    for (int i = 0; i < 2; i++) {
        cr_expect(scratch_run(&arena, folder, "%s -std=c11 %s -c user.c", c[i], ALL_WARNINGS));
        cr_expect(scratch_run(&arena, folder, "%s -x c++ -std=c++11 %s -c user.c", cpp[i], ALL_WARNINGS));
        cr_expect(scratch_run(&arena, folder, "%s -std=c11 %s -c tiny.c", c[i], ALL_WARNINGS));
        cr_expect(scratch_run(&arena, folder, "%s -std=c11 %s -DGR_NO_CHECKS -c tiny.c", c[i], ALL_WARNINGS));
    }
    cr_expect(scratch_run(&arena, folder, "gcc -std=c11 -fopenmp %s -c tiny.c", ALL_WARNINGS));
}

Test(header, compiles_for_avx2) {
    write_pair(tiny_program(&arena), "x86-64-v3");
    expect_compiles();
}

Test(header, compiles_for_anything) {
    write_pair(tiny_program(&arena), "generic");
    expect_compiles();
}

/* The sizes in the comment are those of the compiler; the model is as large as it says. */
Test(header, sizes_are_true) {
    write_pair(tiny_program(&arena), "generic");
    scratch_write(&arena, folder, "user.c",
                  "#include \"tiny.h\"\n"
                  "_Static_assert(sizeof(tiny) == 64 && sizeof(tiny_trainer) == 88, \"sizes\");\n"
                  "_Static_assert(TINY_N_MAX == 256 && TINY_PREDICT_SCRATCH(1) > 0, \"macros\");\n");
    cr_expect(scratch_run(&arena, folder, "cc -std=c11 -c user.c"));
}

/* A model of one entry that knows nothing: no struct, no init, no pointers in the signature. */
Test(header, without_model_and_trainer) {
    Program *program = tiny_empty(&arena);
    Entry *entry = tiny_entry(program, "double");
    Dim three = dim_constant(3);
    Argument *x = tiny_input(program, entry, "x", ELEM_REAL, shape_of(&arena, 1, &three));
    Node *node = tiny_doubled(entry, x);
    tiny_output(program, entry, "y", node);
    write_pair(program, "generic");
    const char *header = tiny_emission(&arena, program, "generic").header;
    cr_expect_not_null(strstr(header, "TINY_API int tiny_double(gr_work *work, const float *x /* [3] */, float *y "
                                      "/* [3] */);"),
                       "%s", header);
    cr_expect_null(strstr(header, "struct"));
    cr_expect_null(strstr(header, "tiny_init"));
    expect_compiles();
}

/* What gradc writes is formatted as everything here is. */
Test(header, is_formatted) {
    if (system("command -v clang-format >/dev/null") != 0) cr_skip_test("no clang-format");
    write_pair(tiny_program(&arena), "x86-64-v3");
    cr_expect(
        scratch_run(&arena, folder, "cp '%s/.clang-format' . && clang-format tiny.h | diff tiny.h -", GRADC_ROOT));
}
