#include "compiler/support/diag.h"
#include "compiler/support/str.h"
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 100, BEFORE_CARET = 60 }; /* characters shown of a long line, and at most before the caret */

Source *source_of_text(Arena *arena, const char *path, const char *text, int length) {
    int count = 1;
    for (int i = 0; i < length; i++)
        count += text[i] == '\n';
    int *lines = ARENA_ARRAY(arena, int, count);
    for (int i = 0, line = 1; i < length; i++)
        if (text[i] == '\n') lines[line++] = i + 1;
    Source *source = ARENA_NEW(arena, Source);
    *source = (Source){.path = path, .text = text, .length = length, .lines = lines, .line_count = count};
    return source;
}

Span span_join(Span first, Span last) {
    if (!first.source) return last;
    if (first.source == last.source && last.end > first.end) first.end = last.end;
    return first;
}

int span_line(Span span) {
    if (!span.source) return 0;
    int low = 0, high = span.source->line_count;
    while (high - low > 1) {
        int middle = low + (high - low) / 2;
        if (span.source->lines[middle] <= span.begin)
            low = middle;
        else
            high = middle;
    }
    return low + 1;
}

/* Every byte but the later ones of a UTF-8 sequence begins a character. */
static bool begins_character(char byte) {
    return ((unsigned char)byte & 0xC0) != 0x80;
}

static int count_characters(const char *text, int begin, int end) {
    int count = 0;
    for (int i = begin; i < end; i++)
        count += begins_character(text[i]);
    return count;
}

int span_column(Span span) {
    if (!span.source) return 0;
    return 1 + count_characters(span.source->text, span.source->lines[span_line(span) - 1], span.begin);
}

void diagnostics_open(Diagnostics *diagnostics, Arena *arena) {
    *diagnostics = (Diagnostics){.arena = arena};
}

static Diagnostic *new_diagnostic(Arena *arena, Severity severity, Span span, const char *format, va_list arguments) {
    Diagnostic *diagnostic = ARENA_NEW(arena, Diagnostic);
    *diagnostic =
        (Diagnostic){.severity = severity, .span = span, .message = arena_print_list(arena, format, arguments)};
    return diagnostic;
}

static Diagnostic *record(Diagnostics *diagnostics, Diagnostic *diagnostic) {
    if (diagnostics->full) return diagnostic;
    vec_push(diagnostics->arena, &diagnostics->items, diagnostic);
    if (diagnostic->severity == WARNING) diagnostics->warnings++;
    if (diagnostic->severity == ERROR) diagnostics->errors++;
    diagnostics->full = diagnostics->errors == ERROR_LIMIT;
    return diagnostic;
}

Diagnostic *diag_error(Diagnostics *diagnostics, Span span, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    Diagnostic *diagnostic = new_diagnostic(diagnostics->arena, ERROR, span, format, arguments);
    va_end(arguments);
    return record(diagnostics, diagnostic);
}

Diagnostic *diag_warning(Diagnostics *diagnostics, Span span, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    Diagnostic *diagnostic = new_diagnostic(diagnostics->arena, WARNING, span, format, arguments);
    va_end(arguments);
    return record(diagnostics, diagnostic);
}

Diagnostic *diag_remark(Diagnostics *diagnostics, Span span, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    Diagnostic *diagnostic = new_diagnostic(diagnostics->arena, NOTE, span, format, arguments);
    va_end(arguments);
    return record(diagnostics, diagnostic);
}

void diag_note(Diagnostics *diagnostics, Diagnostic *about, Span span, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    Diagnostic *note = new_diagnostic(diagnostics->arena, NOTE, span, format, arguments);
    va_end(arguments);
    Diagnostic **place = &about->notes;
    while (*place)
        place = &(*place)->next;
    *place = note;
}

/* Control characters and what is not UTF-8 as '?', a tab as one blank, so that the caret below stands right. */
static void print_visible(FILE *out, const char *text, int begin, int end) {
    for (int i = begin; i < end;) {
        uint32_t code;
        int length = utf8_decode(text + i, (size_t)(end - i), &code);
        if (length == 0 || code < 0x20 || (code >= 0x7F && code < 0xA0))
            fputc(length == 1 && code == '\t' ? ' ' : '?', out);
        else
            fwrite(text + i, 1, (size_t)length, out);
        i += length == 0 ? 1 : length;
    }
}

/* The offset `count` characters before or behind `from`, within [begin, end]. */
static int step_characters(const char *text, int from, int count, int begin, int end) {
    for (; count < 0 && from > begin; count++)
        do
            from--;
        while (from > begin && !begins_character(text[from]));
    for (; count > 0 && from < end; count--)
        do
            from++;
        while (from < end && !begins_character(text[from]));
    return from;
}

/* The line of a span with a caret below, the part of the span in this line underlined. */
static void print_line(FILE *out, Span span, const char *colour, const char *reset) {
    const Source *source = span.source;
    int line = span_line(span);
    int begin = source->lines[line - 1];
    int end = line < source->line_count ? source->lines[line] - 1 : source->length;
    if (end > begin && source->text[end - 1] == '\r') end--;
    int at = span.begin < end ? span.begin : end;
    int last = span.end < end ? span.end : end;
    bool is_long = count_characters(source->text, begin, end) > WINDOW;
    int from = is_long ? step_characters(source->text, at, -BEFORE_CARET, begin, end) : begin;
    int to = is_long ? step_characters(source->text, from, WINDOW, begin, end) : end;
    fprintf(out, "    %s", from > begin ? "..." : "");
    print_visible(out, source->text, from, to);
    fprintf(out, "%s\n    %s", to < end ? "..." : "", from > begin ? "   " : "");
    for (int i = count_characters(source->text, from, at); i > 0; i--)
        fputc(' ', out);
    fprintf(out, "%s^", colour);
    for (int i = count_characters(source->text, at, last < to ? last : to); i > 1; i--)
        fputc('~', out);
    fprintf(out, "%s\n", reset);
}

static void print_one(const Diagnostic *diagnostic, FILE *out, bool colour) {
    static const char *const words[] = {[NOTE] = "note", [WARNING] = "warning", [ERROR] = "error"};
    static const char *const colours[] = {[NOTE] = "\033[36m", [WARNING] = "\033[35m", [ERROR] = "\033[31m"};
    const char *tint = colour ? colours[diagnostic->severity] : "", *reset = colour ? "\033[0m" : "";
    Span span = diagnostic->span;
    if (span.source) fprintf(out, "%s:%d:%d: ", span.source->path, span_line(span), span_column(span));
    fprintf(out, "%s%s:%s %s\n", tint, words[diagnostic->severity], reset, diagnostic->message);
    if (span.source) print_line(out, span, tint, reset);
    for (const Diagnostic *note = diagnostic->notes; note; note = note->next)
        print_one(note, out, colour);
}

void diag_print(const Diagnostics *diagnostics, FILE *out, bool colour) {
    for (int i = 0; i < diagnostics->items.count; i++)
        print_one(diagnostics->items.at[i], out, colour);
    if (diagnostics->full) fprintf(out, "gradc: %d errors, no more are shown\n", ERROR_LIMIT);
}

void internal_error(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("gradc: internal error: ", stderr);
    vfprintf(stderr, format, arguments);
    fputs("\nThis is a bug in gradc: please report it together with the model file.\n", stderr);
    va_end(arguments);
    exit(70);
}
