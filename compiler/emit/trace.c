/* --line: #line directives, so that debuggers and profilers show the model in place of the C. */
#include "compiler/emit/parts.h"
#include <string.h>

static bool is_comment(const char *line) {
    return strncmp(line, "/*", 2) == 0 || strncmp(line, "* ", 2) == 0;
}

/* The length of a line of code without the comment behind it. */
static size_t code_length(const char *line, size_t length) {
    for (size_t i = 0; i + 1 < length; i++) {
        if (line[i] != '/' || line[i + 1] != '*') continue;
        while (i > 0 && line[i - 1] == ' ')
            i--;
        return i;
    }
    return length;
}

/* A statement that goes on in the next line, at this depth of parentheses. */
static bool goes_on(const char *line, size_t length, int depth) {
    length = code_length(line, length);
    return depth > 0 || (length > 0 && strchr("+-*/|&=?:,", line[length - 1]) != NULL);
}

static int depth_behind(const char *line, size_t length, int depth) {
    length = code_length(line, length);
    for (size_t i = 0; i < length; i++)
        depth += strchr("([", line[i]) != NULL ? 1 : strchr(")]", line[i]) != NULL ? -1 : 0;
    return depth;
}

/* Directives stand between statements, never inside one: it may be the argument of a macro. */
void write_traced(Writer *out, const Emitter *emitter, const char *text, Span span) {
    const char *directive =
        arena_print(out->arena, "#line %d %s\n", span_line(span), string_literal(out->arena, span.source->path));
    bool inside = false;
    for (int depth = 0; *text != '\0'; text += *text == '\n') {
        size_t indent = strspn(text, " "), length = strcspn(text, "\n") - indent;
        const char *line = text + indent;
        bool code = length > 0 && *line != '#' && !is_comment(line);
        if (!inside && code) write_text(out, "%s", directive);
        if (inside)
            write_text(out, "%s", text[-2] == '(' || text[-2] == '[' ? "" : " ");
        else
            write_raw(out, text, indent);
        write_raw(out, line, length);
        depth = code ? depth_behind(line, length, depth) : depth;
        inside = code && goes_on(line, length, depth);
        if (!inside) write_raw(out, "\n", 1);
        text = line + length;
    }
    write_own_line(out, emitter);
}

void write_own_line(Writer *out, const Emitter *emitter) {
    int64_t lines = 0;
    for (const char *c = out->text; (c = strchr(c, '\n')) != NULL; c++)
        lines++;
    write_text(out, "#line %lld %s\n", (long long)lines + 2, string_literal(out->arena, emitter->options->source_path));
}
