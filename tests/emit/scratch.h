/* A temporary folder into which a test writes an emission, compiles it, and loads it. */
#ifndef GRADC_TESTS_EMIT_SCRATCH_H
#define GRADC_TESTS_EMIT_SCRATCH_H

#include "compiler/emit/emit.h"

/* Makes the folder, with gr.h and gr_kernel.h in it; the path lives in the arena. */
const char *scratch_folder(Arena *arena);
void scratch_remove(Arena *arena, const char *folder);
void scratch_write(Arena *arena, const char *folder, const char *name, const char *text);
/* Runs a command in the folder; true if it exits with 0. What it says goes to stderr. */
bool scratch_run(Arena *arena, const char *folder, const char *format, ...) __attribute__((format(printf, 3, 4)));

#define ALL_WARNINGS "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wdouble-promotion -Werror"

#endif
