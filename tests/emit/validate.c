/* What validation objects to, on small pairs written by hand. */
#include "compiler/emit/emit.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#define HEADER                                                                                                         \
    "#ifndef TINY_H\n#define TINY_H\n#include \"gr.h\"\nGR_C_BEGIN\n"                                                  \
    "int tiny_f(int n);\nextern const int tiny_table[2];\nGR_C_END\n#endif\n"
#define SOURCE                                                                                                         \
    "#include \"tiny.h\"\n#include <math.h>\n#include <stdio.h>\n#include <string.h>\n"                                \
    "const int tiny_table[2] = {1, 2};\n"                                                                              \
    "static int helper(int n) {\n    int a[2];\n    memset(a, 0, sizeof a);\n    return a[n & 1] + n;\n}\n"
#define ENTRY "int tiny_f(int n) {\n    return helper(n);\n}\n"

static const char *fault_of(const char *header, const char *source) {
    static Memory memory; /* of a test process that ends soon */
    static Arena arena;
    cr_assert(setjmp(memory.on_exhausted) == 0);
    arena_open(&arena, &memory);
    EmitOptions options = {.name = "tiny"};
    Emission emission = {header, source};
    const char *why;
    bool good = validate_emission(&arena, &options, &emission, &why);
    cr_assert(good == !why);
    return why ? why : "none";
}

static void expect_fault(const char *header, const char *source, const char *fault) {
#ifdef GRADC_HAVE_LIBCLANG
    const char *found = fault_of(header, source);
    cr_expect(strcmp(found, fault) == 0, "found: %s\nwanted: %s", found, fault);
#else
    (void)fault_of, (void)header, (void)source, (void)fault;
    cr_skip("gradc was built without libclang");
#endif
}

Test(validate, a_good_pair) {
    expect_fault(HEADER, SOURCE ENTRY, "none");
}

Test(validate, an_error) {
    expect_fault(HEADER, SOURCE "int tiny_f(int n) {\n    return m;\n}\n",
                 "tiny.c:12:12: error: use of undeclared identifier 'm'");
}

Test(validate, a_warning) {
    expect_fault(HEADER, SOURCE "int tiny_f(int n) {\n    short s = n;\n    return helper(s);\n}\n",
                 "tiny.c:12:15: warning: implicit conversion loses integer precision: 'int' to 'short' "
                 "[-Wimplicit-int-conversion]");
}

Test(validate, calls_of_the_library) {
    expect_fault(HEADER, SOURCE "int tiny_f(int n) {\n    puts(\"\");\n    return helper(n);\n}\n",
                 "tiny.c:12:5: `puts` is not a function that emitted code may use");
    expect_fault(HEADER, SOURCE "int tiny_f(int n) {\n    return helper((int)sqrt((double)n));\n}\n",
                 "tiny.c:12:24: `sqrt` is not a function that emitted code may use");
}

Test(validate, the_address_of_a_library_function) {
    expect_fault(HEADER,
                 SOURCE
                 "int tiny_f(int n) {\n    double (*f)(double) = sin;\n    return helper((int)f((double)n));\n}\n",
                 "tiny.c:12:27: `sin` is not a function that emitted code may use");
}

Test(validate, writable_globals) {
    expect_fault(HEADER, SOURCE "static int count[3];\nint tiny_f(int n) {\n    return helper(n) + count[0]++;\n}\n",
                 "tiny.c:11:12: `count` is a global that can be written");
    expect_fault(HEADER, SOURCE "int tiny_f(int n) {\n    static int calls;\n    return helper(n) + calls++;\n}\n",
                 "tiny.c:12:16: `calls` outlives its function and can be written");
    expect_fault(HEADER,
                 SOURCE "static const char *const names[] = {\"a\"};\n"
                        "int tiny_f(int n) {\n    return helper(n) + names[0][0];\n}\n",
                 "none");
    expect_fault(HEADER,
                 SOURCE "static const char *names[] = {\"a\"};\n"
                        "int tiny_f(int n) {\n    return helper(n) + names[0][0];\n}\n",
                 "tiny.c:11:20: `names` is a global that can be written");
}

Test(validate, header_and_source_disagree) {
    expect_fault(HEADER, SOURCE "static int unused(void) {\n    return helper(1);\n}\n",
                 "tiny.c:11:12: warning: unused function 'unused' [-Wunused-function]");
    expect_fault(HEADER, SOURCE ENTRY "int extra(void);\nint extra(void) {\n    return 1;\n}\n",
                 "tiny.c:14:5: `extra` can be linked to and is not in the header");
    expect_fault("int tiny_f(int n);\nint tiny_g(void);\nextern const int tiny_table[2];\n", SOURCE ENTRY,
                 "tiny.h:2:5: `tiny_g` is declared in the header and defined nowhere");
}

Test(validate, a_header_that_cpp_refuses) {
    expect_fault("#include \"gr.h\"\nGR_C_BEGIN\nint tiny_f(int class);\nextern const int tiny_table[2];\nGR_C_END\n",
                 SOURCE ENTRY, "tiny.h:3:16: error: declaration of anonymous class must be a definition");
}
