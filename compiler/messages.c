#define _POSIX_C_SOURCE 200809L
#include "compiler/messages.h"
#include "compiler/support/json.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- one object a line ---- */

static void print_object(Arena *arena, FILE *out, const Diagnostic *diagnostic) {
    static const char *const words[] = {[NOTE] = "note", [WARNING] = "warning", [ERROR] = "error"};
    fprintf(out, "{\"severity\": \"%s\", ", words[diagnostic->severity]);
    if (diagnostic->span.source) {
        fprintf(out, "\"file\": %s, \"line\": %d, \"column\": %d, ", json_string(arena, diagnostic->span.source->path),
                span_line(diagnostic->span), span_column(diagnostic->span));
    }
    fprintf(out, "\"message\": %s", json_string(arena, diagnostic->message));
    for (const Diagnostic *note = diagnostic->notes; note; note = note->next) {
        fputs(note == diagnostic->notes ? ", \"notes\": [" : ", ", out);
        print_object(arena, out, note);
        if (!note->next) fputc(']', out);
    }
    fputc('}', out);
}

static void print_json(const Diagnostics *diagnostics, FILE *out) {
    for (int i = 0; i < diagnostics->items.count; i++) {
        print_object(diagnostics->arena, out, diagnostics->items.at[i]);
        fputc('\n', out);
    }
}

static void print_json_failure(Arena *arena, const char *message, FILE *out) {
    Diagnostic failure = {.severity = ERROR, .message = message};
    print_object(arena, out, &failure);
    fputc('\n', out);
}

/* ---- what the user is told ---- */

static bool in_colour(const Command *command) {
    const char *no_colour = getenv("NO_COLOR");
    if (command->colour == COLOUR_AUTO) return isatty(STDERR_FILENO) && !(no_colour && *no_colour);
    return command->colour == COLOUR_ALWAYS;
}

void print_failure(const Command *command, const char *message) {
    bool colour = in_colour(command);
    if (command->json)
        print_json_failure(command->arena, message, stderr);
    else
        fprintf(stderr, "gradc: %serror:%s %s\n", colour ? "\033[31m" : "", colour ? "\033[0m" : "", message);
}

int report(const Command *command, const Compilation *compilation) {
    if (command->json)
        print_json(&compilation->diagnostics, stderr);
    else
        diag_print(&compilation->diagnostics, stderr, in_colour(command));
    if (compilation->status == COMPILE_BUG) internal_error("%s", compilation->failure);
    if (compilation->failure) print_failure(command, compilation->failure);
    return (int)compilation->status;
}

void print_output(Command *command, const char *text, size_t length) {
    errno = 0;
    if (fwrite(text, 1, length, stdout) < length || fflush(stdout) != 0) command->output_error = errno;
}

int finish_output(const Command *command, int status) {
    int error = command->output_error;
    if (error == 0 && fflush(stdout) == 0 && !ferror(stdout)) return status;
    print_failure(command,
                  arena_print(command->arena, "cannot write to standard output: %s", strerror(error ? error : errno)));
    return COMPILE_MACHINE_FAILED;
}
