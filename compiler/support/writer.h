/* A writer of indented text in memory, and of whole files.
 *
 * Lines are written with printf formats. A line that ends in '{' opens a level and one that begins with '}' closes one
 * (write_line does that by itself), and one that is too long is broken as clang-format would; writer_text asserts that
 * all levels are closed. Files appear whole or not at all.
 */
#ifndef GRADC_SUPPORT_WRITER_H
#define GRADC_SUPPORT_WRITER_H

#include "compiler/support/arena.h"
#include <stdarg.h>
#include <stdbool.h>

typedef struct Writer {
    Arena *arena;
    char *text;
    size_t length, capacity;
    int level;
} Writer;

void writer_open(Writer *writer, Arena *arena);
void write_line(Writer *writer, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* indents, ends the line */
void write_text(Writer *writer, const char *format, ...) __attribute__((format(printf, 2, 3))); /* as is */
void write_raw(Writer *writer, const char *text, size_t length);
void writer_indent(Writer *writer, int by);
const char *writer_text(Writer *writer); /* NUL-terminated; asserts that indentation is back at zero */

/* Files that are to appear together: each is written to a temporary name beside its place and synced; only when all
 * succeeded are they renamed. On failure nothing of them is left. */
typedef struct FileText {
    const char *path;
    const char *text;
    size_t length;
} FileText;

/* False with a message (static or in the arena) in *why: "cannot write out/digits.c: No space left on device". */
bool write_files(Arena *arena, const FileText *files, int count, const char **why);

#endif
