/* Pieces of C text: types, dimensions, comments, and the few layouts of lines that the emitter needs, broken where
 * clang-format would break them. */
#include "compiler/emit/parts.h"
#include <string.h>

enum { COLUMNS = 120 };

/* ---- words ---- */

const char *elem_type(const Emitter *emitter, Elem elem, bool is_byte) {
    if (elem == ELEM_REAL) return emitter->options->target->is_double ? "double" : "float";
    return elem == ELEM_BOOL || is_byte ? "uint8_t" : "int32_t";
}

const char *dim_words(const Emitter *emitter, Dim dim, const char *before) {
    Arena *arena = emitter->arena;
    if (dim_is_constant(dim)) return arena_print(arena, "%lld", (long long)dim.constant);
    const char *text = arena_print(arena, "%s%s", before, size_name(emitter, dim.size));
    if (dim.factor != 1) text = arena_print(arena, "%lld * %s", (long long)dim.factor, text);
    if (dim.constant > 0) text = arena_print(arena, "%s + %lld", text, (long long)dim.constant);
    if (dim.constant < 0) text = arena_print(arena, "%s - %lld", text, -(long long)dim.constant);
    return text;
}

/* Files are shown by their base names: paths of this machine have no place in the output. */
const char *place_text(const Emitter *emitter, Span span) {
    if (span.source == NULL) return "gradc";
    const char *name = span.source->path, *slash = strrchr(name, '/');
    if (span.source == emitter->program->source)
        name = emitter->options->source_name;
    else if (slash != NULL && strncmp(name, "prelude/", 8) != 0)
        name = slash + 1;
    return arena_print(emitter->arena, "%s:%d", name, span_line(span));
}

const char *comment_safe(Arena *arena, const char *text) {
    char *safe = arena_alloc(arena, 2 * strlen(text) + 1), *out = safe;
    for (const char *c = text; *c != '\0'; c++) {
        bool control = ((unsigned char)*c < ' ' && *c != '\n') || *c == '\x7f';
        *out++ = control ? '?' : *c;
        bool mark = (c[0] == '*' && c[1] == '/') || (c[0] == '/' && c[1] == '*'), trigraph = c[0] == '?' && c[1] == '?';
        if (mark || trigraph) *out++ = ' ';
    }
    *out = '\0';
    return safe;
}

const char *count_text(Arena *arena, int64_t count) {
    if (count < 1000) return arena_print(arena, "%lld", (long long)count);
    return arena_print(arena, "%s,%03lld", count_text(arena, count / 1000), (long long)(count % 1000));
}

const char *string_literal(Arena *arena, const char *text) {
    char *literal = arena_alloc(arena, 4 * strlen(text) + 3), *out = literal;
    *out++ = '"';
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\' || *c == '?') *out++ = '\\';
        if (*c >= ' ' && *c < 0x7f)
            *out++ = (char)*c;
        else
            out += snprintf(out, 5, "\\%03o", *c);
    }
    *out++ = '"';
    *out = '\0';
    return literal;
}

/* ---- lists ---- */

void items_add(Items *items, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vec_push(items->arena, &items->texts, arena_print_list(items->arena, format, arguments));
    va_end(arguments);
}

void write_filled(Writer *writer, const char *head, const Items *items, const char *end) {
    int indent = writer->level * 4, align = indent + (int)strlen(head), column = align;
    write_text(writer, "%*s%s", indent, "", head);
    for (int i = 0; i < items->texts.count; i++) {
        const char *tail = i + 1 < items->texts.count ? "," : end, *item = items->texts.at[i];
        int width = (int)(strlen(item) + strlen(tail));
        if (i > 0 && column + 1 + width > COLUMNS) {
            write_text(writer, "\n%*s", align, "");
            column = align;
        } else if (i > 0) {
            write_text(writer, " ");
            column++;
        }
        write_text(writer, "%s%s", item, tail);
        column += width;
    }
    if (items->texts.count == 0) write_text(writer, "%s", end);
    write_text(writer, "\n");
    if (end[strlen(end) - 1] == '{') writer_indent(writer, 1);
}

/* ---- comments ---- */

/* The number of bytes that fit into `room` columns, ending before a blank or newline; at least one word. */
static size_t line_length(const char *text, size_t room) {
    size_t best = strcspn(text, " \n");
    for (size_t end = best; text[end] == ' ';) {
        end += 1 + strcspn(text + end + 1, " \n");
        if (end > room) break;
        best = end;
    }
    return best;
}

void write_comment(Writer *writer, const char *text) {
    size_t indent = (size_t)writer->level * 4, room = COLUMNS - indent - 3;
    const char *open = "/*";
    while (true) {
        size_t length = line_length(text, room);
        if (text[length] == '\0' && length + 3 > room && strchr(text, ' ') != NULL &&
            length > line_length(text, room - 3))
            length = line_length(text, room - 3); /* the closing mark needs its place */
        bool last = text[length] == '\0';
        write_line(writer, "%s %.*s%s", open, (int)length, text, last ? " */" : "");
        if (last) return;
        text += length + 1;
        open = " *";
    }
}

/* ---- rows ---- */

void rows_add(Rows *rows, const char *comment, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    Row row = {arena_print_list(rows->arena, format, arguments), comment};
    va_end(arguments);
    vec_push(rows->arena, &rows->rows, row);
}

static int row_width(const Row *row, int indent) {
    return indent + (int)strlen(row->code);
}

static int comment_width(const Row *row) {
    return (int)strlen(row->comment) + 7; /* with blank and marks */
}

static bool comment_fits(const Row *row, int column) {
    return row->comment == NULL || column + comment_width(row) <= COLUMNS;
}

/* The rows from `first` on whose comments begin in one column; `column` becomes that. */
static int rows_together(const Rows *rows, int first, int indent, int *column) {
    int last = first;
    *column = row_width(&rows->rows.at[first], indent);
    for (; last + 1 < rows->rows.count && rows->rows.at[last + 1].comment != NULL; last++) {
        int width = row_width(&rows->rows.at[last + 1], indent), wider = width > *column ? width : *column;
        bool fit = rows->rows.at[first].comment != NULL;
        for (int r = first; r <= last + 1; r++)
            fit = fit && comment_fits(&rows->rows.at[r], wider);
        if (!fit) break;
        *column = wider;
    }
    return last;
}

void write_rows(Writer *writer, const Rows *rows) {
    int indent = writer->level * 4, column;
    for (int first = 0, last; first < rows->rows.count; first = last + 1) {
        last = rows_together(rows, first, indent, &column);
        for (int r = first; r <= last; r++) {
            const Row *row = &rows->rows.at[r];
            if (row->comment == NULL) {
                write_line(writer, "%s", row->code);
            } else if (comment_fits(row, column)) {
                write_line(writer, "%-*s /* %s */", column - indent, row->code, row->comment);
            } else {
                write_comment(writer, row->comment);
                write_line(writer, "%s", row->code);
            }
        }
    }
}
