/* Reading model files. */
#ifndef GRADC_FRONTEND_SOURCE_H
#define GRADC_FRONTEND_SOURCE_H

#include "compiler/support/diag.h"

typedef enum SourceStatus {
    SOURCE_OK,
    SOURCE_UNREADABLE, /* no such file, a directory, too large, an error of the disk */
    SOURCE_NOT_TEXT    /* not UTF-8, NUL bytes, lone carriage returns */
} SourceStatus;

/* Reads a file, or the standard input where the path is "-" (it is then called "<stdin>"). A byte order mark of UTF-8
 * is skipped. Anything but UTF-8 text is refused with one error in the diagnostics; *source is then NULL. */
SourceStatus source_read(Arena *arena, Diagnostics *diagnostics, const char *path, const Source **source);

/* The same checks for a text that is in memory already; it is copied. */
SourceStatus source_check(Arena *arena, Diagnostics *diagnostics, const char *path, const char *text, size_t length,
                          const Source **source);

#endif
