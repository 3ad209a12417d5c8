/* Sections of a tile: what is computed inside the reduced loops, and what behind them.
 *
 * Each value stands at the level at which it varies: before the small loops over r and v, in an array by vector, in the
 * loop over rows, or in both. A value gets a variable where it is used twice or at a deeper level than its own. */
#include "compiler/emit/stage.h"
#include <string.h>

void section_need(const StageText *text, Section *section, int expr, int level) {
    section->uses[expr]++;
    section->used_level[expr] |= level;
    if (section->needed[expr]) return;
    section->needed[expr] = true;
    const Expr *at = &text->stage->body.exprs.at[expr];
    for (int a = 0; at->kind == EXPR_CALL && a < scalar_table[at->u.call.fn].arity; a++)
        section_need(text, section, at->u.call.args[a], text->varies[expr]);
}

Section section_new(const StageText *text) {
    int count = text->stage->body.exprs.count;
    return (Section){ARENA_ARRAY(text->arena, bool, count), ARENA_ARRAY(text->arena, int, count),
                     ARENA_ARRAY(text->arena, int, count)};
}

int full_level(const StageText *text) {
    return (text->has_rows ? VARIES_ROW : 0) | (text->has_vectors ? VARIES_VECTOR : 0);
}

/* A value gets a variable where it is used twice, or is made outside of the loop that uses it. */
static bool deserves_name(const StageText *text, const Section *section, int expr) {
    const Expr *at = &text->stage->body.exprs.at[expr];
    if (at->kind == EXPR_LITERAL || at->kind == EXPR_SIZE || at->kind == EXPR_INDEX || at->kind == EXPR_TOTAL)
        return false;
    if (at->kind == EXPR_CALL && at->u.call.fn == SCALAR_neg && section->uses[expr] == 1) return false;
    return section->uses[expr] > 1 || section->used_level[expr] != text->varies[expr];
}

static const char *base_name(const StageText *text, int expr) {
    const Expr *at = &text->stage->body.exprs.at[expr];
    if (expr < text->stage->labels.count && text->stage->labels.at[expr] != NULL) return text->stage->labels.at[expr];
    if (at->kind == EXPR_READ)
        return arena_print(text->arena, "%s_", text->buffers[text->stage->reads.at[at->u.read].buffer->position]);
    if (at->kind == EXPR_DRAW) return "random";
    return at->kind == EXPR_CALL ? scalar_table[at->u.call.fn].name : "value";
}

static void emit_named(StageText *text, int expr) {
    Code code = expr_own_code(text, expr);
    const char *name = scope_name(&text->scope, base_name(text, expr));
    if (text->varies[expr] == VARIES_VECTOR)
        write_line(text->out, "%s[v] = %s;", name, code.text);
    else
        write_line(text->out, "const %s %s = %s;", elem_vector(text->stage->body.exprs.at[expr].elem), name, code.text);
    text->named[expr] = name;
}

static bool level_is_used(const StageText *text, const Section *section, int level) {
    for (int e = 0; e < text->stage->body.exprs.count; e++)
        if (section->needed[e] && text->varies[e] == level && deserves_name(text, section, e)) return true;
    return false;
}

static void emit_level(StageText *text, const Section *section, int level) {
    for (int e = 0; e < text->stage->body.exprs.count; e++)
        if (section->needed[e] && text->varies[e] == level && deserves_name(text, section, e)) emit_named(text, e);
}

void open_rows(const StageText *text) {
    if (!text->has_rows) return;
    write_line(text->out, "GR_UNROLL(%d)", text->stage->tile.rows);
    write_line(text->out, "for (int r = 0; r < rows; r++) {");
}

void open_vectors(const StageText *text, bool with_width) {
    if (!text->has_vectors) return;
    write_line(text->out, "GR_UNROLL(%d)", text->stage->tile.vectors);
    write_line(text->out, "for (int v = 0; v < vectors; v++) {");
    if (with_width && text->partial) write_line(text->out, "const int width = v + 1 < vectors ? GR_LANES : lanes;");
}

void close_loop(const StageText *text, bool open) {
    if (open) write_line(text->out, "}");
}

/* Values that vary with the vector alone are arrays: declared first, filled in one loop. The declarations need the
 * names before the loop, so the filling is written aside. */
static void emit_vector_level(StageText *text, const Section *section) {
    if (!text->has_vectors || !level_is_used(text, section, VARIES_VECTOR)) return;
    Writer *out = text->out, aside;
    writer_open(&aside, text->arena);
    text->out = &aside;
    writer_indent(&aside, out->level);
    open_vectors(text, true);
    emit_level(text, section, VARIES_VECTOR);
    close_loop(text, true);
    writer_indent(&aside, -out->level);
    text->out = out;
    for (int e = 0; e < text->stage->body.exprs.count; e++)
        if (section->needed[e] && text->varies[e] == VARIES_VECTOR && deserves_name(text, section, e))
            write_line(out, "%s %s[%d];", elem_vector(text->stage->body.exprs.at[e].elem), text->named[e],
                       text->stage->tile.vectors);
    const char *filled = writer_text(&aside);
    write_raw(out, filled, strlen(filled));
}

/* Writes a section level by level; `finish` writes the statements that use its values, innermost. */
void emit_section(StageText *text, const Section *section, void (*finish)(StageText *text)) {
    memset(text->named, 0, sizeof *text->named * (size_t)text->stage->body.exprs.count);
    emit_level(text, section, 0);
    emit_vector_level(text, section);
    open_rows(text);
    if (text->has_rows) emit_level(text, section, VARIES_ROW);
    open_vectors(text, true);
    if (text->has_vectors && text->has_rows) emit_level(text, section, VARIES_ROW | VARIES_VECTOR);
    finish(text);
    close_loop(text, text->has_vectors);
    close_loop(text, text->has_rows);
}
