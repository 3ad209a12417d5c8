#include "compiler/messages.h"

static void print_string(FILE *out, const char *text) {
    fputc('"', out);
    for (const char *c = text; *c; c++) {
        if (*c == '"' || *c == '\\')
            fprintf(out, "\\%c", *c);
        else if ((unsigned char)*c < 0x20)
            fprintf(out, "\\u%04x", (unsigned)(unsigned char)*c);
        else
            fputc(*c, out);
    }
    fputc('"', out);
}

static void print_object(FILE *out, const Diagnostic *diagnostic) {
    static const char *const words[] = {[NOTE] = "note", [WARNING] = "warning", [ERROR] = "error"};
    fprintf(out, "{\"severity\": \"%s\", ", words[diagnostic->severity]);
    if (diagnostic->span.source) {
        fputs("\"file\": ", out);
        print_string(out, diagnostic->span.source->path);
        fprintf(out, ", \"line\": %d, \"column\": %d, ", span_line(diagnostic->span), span_column(diagnostic->span));
    }
    fputs("\"message\": ", out);
    print_string(out, diagnostic->message);
    for (const Diagnostic *note = diagnostic->notes; note; note = note->next) {
        fputs(note == diagnostic->notes ? ", \"notes\": [" : ", ", out);
        print_object(out, note);
        if (!note->next) fputc(']', out);
    }
    fputc('}', out);
}

void print_json(const Diagnostics *diagnostics, FILE *out) {
    for (int i = 0; i < diagnostics->items.count; i++) {
        print_object(out, diagnostics->items.at[i]);
        fputc('\n', out);
    }
}

void print_json_failure(const char *message, FILE *out) {
    Diagnostic failure = {.severity = ERROR, .message = message};
    print_object(out, &failure);
    fputc('\n', out);
}
