/* The standard layout of a model file.
 *
 * Indentation, blanks, the place of trailing comments and lines that are too long are the formatter's; what a line
 * holds is the writer's: line breaks stay where the grammar leaves a choice, so does at most one blank line, and a
 * block stays in one line where that fits. Comments stay as they are. The layout of a laid out text is that text. */
#ifndef GRADC_FRONTEND_FORMAT_H
#define GRADC_FRONTEND_FORMAT_H

#include "compiler/support/diag.h"
#include "compiler/support/str.h"

enum { FORMAT_WIDTH = 100 }; /* columns of a line without its trailing comment, where it can be broken */

/* The text in its standard layout, with LF; false, with what is wrong in the diagnostics, where it does not parse. That
 * the result has the same syntax tree and comments is checked: otherwise this is an internal error. */
bool format_source(Arena *arena, Interner *names, Diagnostics *diagnostics, const Source *source, const char **text,
                   size_t *length);

#endif
