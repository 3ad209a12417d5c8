/* Diagnostics: what is wrong with the user's model, with place, caret, notes and mend.
 *
 * Messages are collected (the first twenty errors) and printed in the order in which they were found. Our own bugs do
 * not come here: they end in internal_error, which prints what to report and exits with 70. */
#ifndef GRADC_SUPPORT_DIAG_H
#define GRADC_SUPPORT_DIAG_H

#include "compiler/support/arena.h"
#include "compiler/support/limits.h"
#include "compiler/support/vec.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

/* A file of model text, owned by the arena that it was read into. */
typedef struct Source {
    const char *path; /* as the user wrote it, or "prelude/layers.grad" */
    const char *text; /* NUL-terminated, CR LF as found */
    int length;
    const int *lines; /* offset of each line's first byte */
    int line_count;
} Source;

/* Finds the lines of a text that is already checked and lives as long as the arena. Reading files is the frontend's. */
Source *source_of_text(Arena *arena, const char *path, const char *text, int length);

/* A piece of a source: bytes [begin, end). A zero Span is no place. */
typedef struct Span {
    const Source *source;
    int begin, end;
} Span;

Span span_join(Span first, Span last); /* from the begin of one to the end of the other */
int span_line(Span span);              /* counted from 1 */
int span_column(Span span);            /* counted from 1, in characters (UTF-8 code points) */

typedef enum Severity { NOTE, WARNING, ERROR } Severity;

typedef struct Diagnostic {
    Severity severity;
    Span span;
    const char *message;
    struct Diagnostic *notes; /* the first of the places that belong to the message */
    struct Diagnostic *next;  /* of a note: the one after it */
} Diagnostic;

typedef struct Diagnostics {
    Arena *arena;
    VEC(Diagnostic *) items;
    int errors, warnings;
    bool full; /* twenty errors: the rest is not recorded */
} Diagnostics;

void diagnostics_open(Diagnostics *diagnostics, Arena *arena);

/* Records an error, a warning, or a note that belongs to neither; the result takes notes. */
Diagnostic *diag_error(Diagnostics *diagnostics, Span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
Diagnostic *diag_warning(Diagnostics *diagnostics, Span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
Diagnostic *diag_remark(Diagnostics *diagnostics, Span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void diag_note(Diagnostics *diagnostics, Diagnostic *about, Span span, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* file:line:col: error: message, the source line, a caret; notes below. Long lines are cut around the caret, control
 * characters are shown as '?'. */
void diag_print(const Diagnostics *diagnostics, FILE *out, bool colour);

/* Prints what to report and exits with 70. */
_Noreturn void internal_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
