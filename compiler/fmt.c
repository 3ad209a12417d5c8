#define _XOPEN_SOURCE 700
#include "compiler/fmt.h"
#include "compiler/messages.h"
#include "frontend/format.h"
#include "frontend/source.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct Formatted {
    const char *text;
    size_t length;
    bool changed;
} Formatted;

/* A byte order mark is no part of the source any more, and none of the layout. */
static bool has_byte_order_mark(const char *path) {
    char bytes[3] = {0};
    FILE *file = strcmp(path, "-") == 0 ? NULL : fopen(path, "rb");
    if (!file) return false;
    bool found = fread(bytes, 1, sizeof bytes, file) == sizeof bytes && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0;
    fclose(file);
    return found;
}

static bool format_model(Compilation *compilation, Formatted *formatted) {
    const char *path = compilation->options->path;
    Diagnostics *diagnostics = &compilation->diagnostics;
    SourceStatus status = source_read(compilation->arena, diagnostics, path, &compilation->source);
    if (status == SOURCE_UNREADABLE) {
        const char *message = diagnostics->items.at[0]->message; /* it has no place in a model */
        diagnostics_open(diagnostics, compilation->arena);
        return compilation_fail(compilation, COMPILE_COMMAND_WRONG, "%s", message);
    }
    const Source *source = compilation->source;
    if (status != SOURCE_OK || !format_source(compilation->arena, &compilation->names, diagnostics, source,
                                              &formatted->text, &formatted->length)) {
        compilation->status = COMPILE_MODEL_WRONG;
        return false;
    }
    formatted->changed = has_byte_order_mark(path) || formatted->length != (size_t)source->length ||
                         memcmp(formatted->text, source->text, formatted->length) != 0;
    return true;
}

/* The first line that is laid out differently, without its end. */
static Span first_difference(const Source *source, const Formatted *formatted) {
    int at = 0;
    while (at < source->length && (size_t)at < formatted->length && source->text[at] == formatted->text[at])
        at++;
    if (at == source->length && at > 0 && source->text[at - 1] == '\n') at--; /* something is missing at the end */
    int begin = at;
    while (begin > 0 && source->text[begin - 1] != '\n')
        begin--;
    int end = begin + (int)strcspn(source->text + begin, "\r\n");
    return (Span){source, begin, end > begin ? end : begin + 1};
}

static void tell_difference(Compilation *compilation, const Formatted *formatted) {
    Span span = first_difference(compilation->source, formatted);
    size_t length = strcspn(formatted->text + span.begin, "\n");
    if ((size_t)span.begin >= formatted->length) length = 0;
    const char *line = formatted->text + ((size_t)span.begin < formatted->length ? span.begin : 0);
    bool same =
        length == (size_t)(span.end - span.begin) && memcmp(line, compilation->source->text + span.begin, length) == 0;
    if (has_byte_order_mark(compilation->options->path))
        diag_error(&compilation->diagnostics, span,
                   "not in the standard layout: the file begins with a byte order mark");
    else if (same)
        diag_error(&compilation->diagnostics, span, "not in the standard layout: a line ends with one line feed");
    else if (length == 0)
        diag_error(&compilation->diagnostics, span, "not in the standard layout: gradc fmt would remove this line");
    else
        diag_error(&compilation->diagnostics, span, "not in the standard layout: gradc fmt would write `%.*s`",
                   (int)(length < 200 ? length : 200), line);
    compilation->status = COMPILE_MODEL_WRONG;
}

/* The file itself is replaced, not a link to it; what may not be written stays as it is. */
static void rewrite(Compilation *compilation, const Formatted *formatted) {
    const char *path = compilation->options->path;
    char *real = realpath(path, NULL);
    const char *target = arena_print(compilation->arena, "%s", real ? real : path);
    free(real);
    if (access(target, W_OK) != 0) {
        compilation_fail(compilation, COMPILE_MACHINE_FAILED, "cannot write %s: %s", path, strerror(errno));
        return;
    }
    const FileText file = {target, formatted->text, formatted->length};
    const char *why;
    if (!write_files(compilation->arena, &file, 1, &why))
        compilation_fail(compilation, COMPILE_MACHINE_FAILED, "%s", why);
}

int run_fmt(Command *command) {
    Compilation compilation;
    compilation_open(&compilation, command->arena, &command->compile);
    Formatted formatted = {0};
    bool standard = strcmp(command->compile.path, "-") == 0;
    if (format_model(&compilation, &formatted)) {
        if (command->only_tell && formatted.changed)
            tell_difference(&compilation, &formatted);
        else if (!command->only_tell && standard)
            print_output(command, formatted.text, formatted.length);
        else if (!command->only_tell && formatted.changed)
            rewrite(&compilation, &formatted);
    }
    return finish_output(command, report(command, &compilation));
}
