/* How diagnostics reach the user: on the error stream, as text or with --json as one object a line:
 * {"severity", "file", "line", "column", "message", "notes": [...]}; what has no place is without the three. */
#ifndef GRADC_MESSAGES_H
#define GRADC_MESSAGES_H

#include "compiler/command.h"

/* One line about what has no place in a model. */
void print_failure(const Command *command, const char *message);
/* Everything that went wrong, and the status to exit with. Does not return after a bug of ours. */
int report(const Command *command, const Compilation *compilation);
/* The result of a command, on the standard output. */
void print_output(Command *command, const char *text, size_t length);
/* What was printed has arrived, else the machine failed: the status to exit with. */
int finish_output(const Command *command, int status);

#endif
