/* The lines of the model that a stage comes from. */
#include "compiler/emit/emit.h"
#include <ctype.h>

/* The place in the user's own file: prelude functions are shown by their caller. */
static Span users_span(const Program *program, const Node *node) {
    for (const Origin *origin = node->origin; origin != NULL; origin = origin->caller)
        if (origin->span.source == program->source) return origin->span;
    return (Span){0};
}

SourceLines stage_lines(Arena *arena, const Program *program, const Stage *stage) {
    SourceLines lines = {0};
    for (int n = 0; n < stage->nodes.count; n++) {
        Span span = users_span(program, stage->nodes.at[n]);
        bool known = span.source == NULL;
        for (int l = 0; l < lines.count && !known; l++)
            known = span_line(lines.at[l]) == span_line(span);
        if (!known) vec_push(arena, &lines, span);
    }
    return lines;
}

const char *source_line(Arena *arena, Span span) {
    const Source *source = span.source;
    int line = span_line(span), begin = source->lines[line - 1], end = begin;
    while (isspace((unsigned char)source->text[begin]) && source->text[begin] != '\n')
        begin++;
    for (end = begin; end < source->length && source->text[end] != '\n' && source->text[end] != '\r'; end++) {
        if (source->text[end] == '#') break; /* the model's comments stay there: none can end ours */
    }
    while (end > begin && isspace((unsigned char)source->text[end - 1]))
        end--;
    char *text = arena_copy(arena, source->text + begin, (size_t)(end - begin) + 1);
    text[end - begin] = 0;
    for (char *c = text; *c != 0; c++)
        if ((c[0] == '*' && c[1] == '/') || (c[0] == '/' && c[1] == '*')) c[1] = ' ';
    return text;
}
