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
    for (int a = 0; a < expr_arity(at); a++) {
        section_need(text, section, expr_operand(at, a), text->varies[expr]);
        if (at->kind == EXPR_LOOKUP) section->uses[expr_operand(at, a)]++; /* its text says a position twice */
    }
}

Section section_new(const StageText *text) {
    int count = text->stage->body.exprs.count;
    return (Section){ARENA_ARRAY(text->arena, bool, count), ARENA_ARRAY(text->arena, int, count),
                     ARENA_ARRAY(text->arena, int, count), ARENA_ARRAY(text->arena, bool, count)};
}

int full_level(const StageText *text) {
    return (text->has_rows ? VARIES_ROW : 0) | (text->has_vectors ? VARIES_VECTOR : 0);
}

enum { WEIGHT_LIMIT = 9 }; /* what is longer gets a name: lines stay short */

/* How much text an expression is, where it stands in one piece. */
static int weight(const StageText *text, const bool *deserving, int expr) {
    const Expr *at = &text->stage->body.exprs.at[expr];
    if (deserving[expr]) return 1;
    if (at->kind == EXPR_READ || at->kind == EXPR_DRAW) return 3;
    if (at->kind == EXPR_LOOKUP) return WEIGHT_LIMIT;
    int sum = 1;
    for (int a = 0; a < expr_arity(at); a++)
        sum += weight(text, deserving, expr_operand(at, a));
    return sum;
}

static bool is_simple(const Expr *expr) {
    return expr->kind == EXPR_LITERAL || expr->kind == EXPR_SIZE || expr->kind == EXPR_INDEX ||
           expr->kind == EXPR_TOTAL;
}

static bool share_memory(const Buffer *first, const Buffer *second) {
    const Buffer *a = buffer_root(first), *b = buffer_root(second);
    if (a->place != b->place) return false;
    if (a->place == BUFFER_STORAGE) return a->store == b->store;
    if (a->place == BUFFER_BORDER) return a == b;
    return a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
}

/* Of several results one may be stored where another still reads: that is read before. */
static bool is_overwritten(const StageText *text, const Expr *expr) {
    const Stage *stage = text->stage;
    int read = expr->kind == EXPR_READ ? expr->u.read : expr->kind == EXPR_LOOKUP ? expr->u.lookup.read : -1;
    for (int r = 0; read >= 0 && stage->results.count > 1 && r < stage->results.count; r++)
        if (share_memory(stage->reads.at[read].buffer, stage->results.at[r].buffer)) return true;
    return false;
}

/* A value gets a variable where it is used twice, is made outside of the loop that uses it, is long, or would be
 * overwritten before. */
static void choose_deserving(const StageText *text, Section *section) {
    for (int e = 0; e < text->stage->body.exprs.count; e++) {
        const Expr *at = &text->stage->body.exprs.at[e];
        if (!section->needed[e] || is_simple(at)) continue;
        bool sign = at->kind == EXPR_CALL && at->u.call.fn == SCALAR_neg && section->uses[e] == 1;
        bool outside = section->used_level[e] != text->varies[e] && !sign;
        section->deserving[e] = section->uses[e] > 1 || outside || is_overwritten(text, at) ||
                                (at->kind == EXPR_CALL && weight(text, section->deserving, e) > WEIGHT_LIMIT);
    }
}

/* A value read is called after the tensor and the indices: w[i, o] is w_io. */
static const char *read_name(const StageText *text, const StageRead *read) {
    const char *name = arena_print(text->arena, "%s_", text->buffers[read->buffer->position]);
    for (int a = 0; a < read->buffer->shape.rank; a++)
        for (int t = 0; t < read->axes[a].count; t++)
            name = arena_print(text->arena, "%s%s", name, text->indices[read->axes[a].terms[t].index]);
    return read->buffer->shape.rank == 0 ? arena_print(text->arena, "%svalue", name) : name;
}

static const char *base_name(const StageText *text, int expr) {
    const Expr *at = &text->stage->body.exprs.at[expr];
    if (expr < text->stage->labels.count && text->stage->labels.at[expr] != NULL && at->kind != EXPR_READ)
        return arena_print(text->arena, "%s_value", text->stage->labels.at[expr]);
    if (at->kind == EXPR_READ) return read_name(text, &text->stage->reads.at[at->u.read]);
    if (at->kind == EXPR_DRAW) return "random";
    if (at->kind == EXPR_LOOKUP) return "found";
    return at->kind == EXPR_CALL ? arena_print(text->arena, "%s_value", scalar_table[at->u.call.fn].name) : "value";
}

/* ---- the small loops over rows and vectors ---- */

static SmallLoop open_loop(StageText *text, bool exists, const char *header, int rounds) {
    SmallLoop loop = {.exists = exists, .outer = text->out, .header = header, .rounds = rounds};
    if (!exists) return loop;
    Writer *body = ARENA_NEW(text->arena, Writer);
    writer_open(body, text->arena);
    writer_indent(body, loop.outer->level + 1);
    text->out = body;
    return loop;
}

SmallLoop open_rows(StageText *text) {
    return open_loop(text, text->has_rows, "for (int r = 0; r < rows; r++)", text->stage->tile.rows);
}

SmallLoop open_vectors(StageText *text) {
    text->width_used = false;
    return open_loop(text, text->has_vectors, "for (int v = 0; v < vectors; v++)", most_vectors(text));
}

static int count_lines(const char *lines) {
    int count = 0;
    for (; *lines != 0; lines++)
        count += *lines == '\n';
    return count;
}

/* Writes the loop around its body: braces where they are needed, and the width of the vector where it is used. */
void close_loop(StageText *text, const SmallLoop *loop) {
    if (!loop->exists) return;
    writer_indent(text->out, -(loop->outer->level + 1));
    const char *body = writer_text(text->out);
    Writer *out = text->out = loop->outer;
    bool width = text->width_used && strstr(loop->header, "int v ") != NULL;
    bool braces = width || count_lines(body) > 1;
    write_line(out, "GR_UNROLL(%d)", loop->rounds);
    write_line(out, "%s%s", loop->header, braces ? " {" : "");
    if (width) write_line(out, "const int width = v + 1 < vectors ? GR_LANES : lanes;");
    write_raw(out, body, strlen(body));
    if (braces) write_line(out, "}");
}

/* ---- levels ---- */

static bool is_array(const StageText *text, int expr) {
    return text->has_rows && text->has_vectors && text->varies[expr] == VARIES_VECTOR;
}

static void emit_named(StageText *text, int expr) {
    const char *code = expr_own_code(text, expr).text;
    const char *name = scope_name(&text->scope, base_name(text, expr));
    if (is_array(text, expr))
        write_line(text->out, "%s[v] = %s;", name, code);
    else
        write_line(text->out, "const %s %s = %s;", elem_vector(text->stage->body.exprs.at[expr].elem), name, code);
    text->named[expr] = name;
}

static void emit_level(StageText *text, const Section *section, int level) {
    for (int e = 0; e < text->stage->body.exprs.count; e++)
        if (section->deserving[e] && text->varies[e] == level) emit_named(text, e);
}

/* Values that vary with the vector alone are arrays, filled once for all rows. Their declarations stand before the loop
 * that gives them their names. */
static void emit_vector_level(StageText *text, const Section *section) {
    Writer *out = text->out, filled;
    writer_open(&filled, text->arena);
    writer_indent(&filled, out->level);
    text->out = &filled;
    SmallLoop vectors = open_vectors(text);
    emit_level(text, section, VARIES_VECTOR);
    bool any = text->out->length > 0;
    close_loop(text, &vectors);
    writer_indent(&filled, -out->level);
    text->out = out;
    if (!any) return;
    for (int e = 0; e < text->stage->body.exprs.count; e++)
        if (section->deserving[e] && text->varies[e] == VARIES_VECTOR)
            write_line(out, "%s %s[%d];", elem_vector(text->stage->body.exprs.at[e].elem), text->named[e],
                       most_vectors(text));
    const char *lines = writer_text(&filled);
    write_raw(out, lines, strlen(lines));
}

/* Writes a section level by level; `finish` writes the statements that use its values, innermost. */
void emit_section(StageText *text, Section *section, void (*finish)(StageText *text)) {
    memset(text->named, 0, sizeof *text->named * (size_t)text->stage->body.exprs.count);
    choose_deserving(text, section);
    emit_level(text, section, 0);
    if (text->has_rows && text->has_vectors) emit_vector_level(text, section);
    SmallLoop rows = open_rows(text);
    if (text->has_rows && text->has_vectors) emit_level(text, section, VARIES_ROW);
    SmallLoop vectors = open_vectors(text);
    if (text->has_rows || text->has_vectors) emit_level(text, section, full_level(text));
    finish(text);
    close_loop(text, &vectors);
    close_loop(text, &rows);
}
