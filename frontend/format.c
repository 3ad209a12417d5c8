/* The formatter: pieces, lines, text, and the proof that nothing else has changed. */
#include "frontend/format.h"
#include "compiler/support/writer.h"
#include "frontend/formatter.h"
#include "frontend/parse.h"
#include <string.h>

/* ---- trailing comments ---- */

static bool has_trailing_comment(const Formatter *formatter, const Line *line) {
    return line->end - line->begin > 1 && is_comment(&formatter->pieces.at[line->end - 1]);
}

static int column_of(const Formatter *formatter, int piece) {
    int at = formatter->pieces.at[piece].begin;
    return span_column((Span){formatter->source, at, at});
}

/* A comment in a line of its own that the writer has put below the trailing comment before it: it goes on with that. */
static bool continues_comment(const Formatter *formatter, const Line *line, const Line *before) {
    int below = line->begin, above = before->end - 1;
    return line->end - line->begin == 1 && is_comment(&formatter->pieces.at[below]) && !line->blank &&
           is_comment(&formatter->pieces.at[above]) && column_of(formatter, below) == column_of(formatter, above);
}

/* The comments of a block are for themselves. */
static bool is_edge_of_block(const Formatter *formatter, const Line *before, const Line *line) {
    int last = before->end - 1 - has_trailing_comment(formatter, before);
    return formatter->pieces.at[last].kind == TOKEN_LEFT_BRACE ||
           formatter->pieces.at[line->begin].kind == TOKEN_RIGHT_BRACE;
}

/* The lines from `first` on whose trailing comments stand below each other; *column is where. */
static int end_of_group(const Formatter *formatter, int first, int *column) {
    const Lines *lines = &formatter->lines;
    int at = first;
    for (*column = 0; at < lines->count; at++) {
        const Line *line = &lines->at[at];
        if (at > first && (line->blank || is_edge_of_block(formatter, line - 1, line))) break;
        if (has_trailing_comment(formatter, line)) {
            if (line->width + 2 > *column) *column = line->width + 2;
        } else if (at == first || !continues_comment(formatter, line, line - 1)) {
            break;
        }
    }
    return at;
}

/* ---- the text ---- */

static void write_blanks(Writer *writer, int count) {
    write_text(writer, "%*s", count, "");
}

static void write_piece(Writer *writer, const Formatter *formatter, int at) {
    const Piece *piece = &formatter->pieces.at[at];
    write_raw(writer, formatter->source->text + piece->begin, (size_t)(piece->end - piece->begin));
}

/* comments: the column of the trailing comment, or of a whole line that goes on with one; 0: there is none */
static void write_pieces(Writer *writer, const Formatter *formatter, const Line *line, int comments) {
    if (line->blank) write_raw(writer, "\n", 1);
    bool trailing = has_trailing_comment(formatter, line);
    int end = line->end - trailing;
    write_blanks(writer, comments && !trailing ? comments : line->indent);
    for (int at = line->begin; at < end; at++) {
        if (at > line->begin) write_text(writer, "%s", blank_before(formatter, at));
        write_piece(writer, formatter, at);
    }
    if (trailing) {
        write_blanks(writer, comments - line->width);
        write_piece(writer, formatter, end);
    }
    write_raw(writer, "\n", 1);
}

static void write_lines(Writer *writer, const Formatter *formatter) {
    for (int first = 0; first < formatter->lines.count;) {
        int column, end = end_of_group(formatter, first, &column);
        if (end == first) write_pieces(writer, formatter, &formatter->lines.at[first++], 0);
        for (; first < end; first++)
            write_pieces(writer, formatter, &formatter->lines.at[first], column);
    }
}

/* ---- the proof ---- */

static const char *tree_text(Arena *arena, const AstFile *tree) {
    Writer writer;
    writer_open(&writer, arena);
    print_ast(&writer, tree);
    return writer_text(&writer);
}

/* All comments, a line each. */
static const char *comment_text(const Formatter *formatter) {
    Writer writer;
    writer_open(&writer, formatter->arena);
    write_raw(&writer, "", 0);
    for (int at = 0; at < formatter->pieces.count; at++) {
        if (!is_comment(&formatter->pieces.at[at])) continue;
        write_piece(&writer, formatter, at);
        write_raw(&writer, "\n", 1);
    }
    return writer_text(&writer);
}

static void prove_same(const Formatter *formatter, Interner *names, const AstFile *tree, const char *text,
                       size_t length) {
    Arena *arena = formatter->arena;
    Diagnostics diagnostics;
    diagnostics_open(&diagnostics, arena);
    const Source *source = source_of_text(arena, formatter->source->path, text, (int)length);
    AstFile *again = parse_file(arena, names, &diagnostics, source);
    if (diagnostics.errors > 0) internal_error("the formatted model does not parse: nothing is changed");
    if (strcmp(tree_text(arena, tree), tree_text(arena, again)) != 0)
        internal_error("the formatted model means something else: nothing is changed");
    Formatter after = {.arena = arena, .source = source};
    collect_pieces(&after, names);
    if (strcmp(comment_text(formatter), comment_text(&after)) != 0)
        internal_error("the formatted model has other comments: nothing is changed");
}

bool format_source(Arena *arena, Interner *names, Diagnostics *diagnostics, const Source *source, const char **text,
                   size_t *length) {
    AstFile *tree = parse_file(arena, names, diagnostics, source);
    if (diagnostics->errors > 0) return false;
    Formatter formatter = {.arena = arena, .source = source};
    collect_pieces(&formatter, names);
    lay_out(&formatter);
    Writer writer;
    writer_open(&writer, arena);
    write_raw(&writer, "", 0);
    write_lines(&writer, &formatter);
    *text = writer_text(&writer);
    *length = writer.length;
    prove_same(&formatter, names, tree, *text, *length);
    return true;
}
