/* What tests on graph text share: an arena, and a program that is read from text. */
#ifndef GRADC_TESTS_IR_FIXTURE_H
#define GRADC_TESTS_IR_FIXTURE_H

#include "compiler/ir/text.h"
#include <criterion/criterion.h>
#include <string.h>

typedef struct Fixture {
    Memory memory;
    Arena arena;
    Interner names;
    Diagnostics diagnostics;
} Fixture;

#define FIXTURE(f)                                                                                                     \
    Fixture f = {0};                                                                                                   \
    if (setjmp(f.memory.on_exhausted) != 0) cr_assert(false, "out of memory");                                         \
    arena_open(&f.arena, &f.memory);                                                                                   \
    interner_open(&f.names, &f.arena);                                                                                 \
    diagnostics_open(&f.diagnostics, &f.arena)

static inline Program *fixture_read(Fixture *f, const char *text) {
    const Source *source = source_of_text(&f->arena, "test.ir", text, (int)strlen(text));
    return read_program(&f->arena, &f->names, &f->diagnostics, source);
}

/* The program of a text that must be right. */
static inline Program *fixture_program(Fixture *f, const char *text) {
    const char *why = NULL;
    Program *program = fixture_read(f, text);
    cr_assert(program != NULL, "cannot read: %s", f->diagnostics.items.at[0]->message);
    cr_assert(verify_program(&f->arena, program, &why), "%s", why);
    return program;
}

static inline const char *fixture_print(Fixture *f, const Program *program) {
    Writer writer;
    writer_open(&writer, &f->arena);
    print_program(&writer, program);
    return writer_text(&writer);
}

#endif
