/* How diagnostics reach the user. */
#ifndef GRADC_MESSAGES_H
#define GRADC_MESSAGES_H

#include "compiler/support/diag.h"
#include <stdio.h>

/* One object a line: {"severity", "file", "line", "column", "message", "notes": [...]}; no place: without the three. */
void print_json(const Diagnostics *diagnostics, FILE *out);
void print_json_failure(const char *message, FILE *out); /* of what has no place */

#endif
