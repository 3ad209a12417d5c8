/* From pieces to lines.
 *
 * Lines are made one after the other; how far one is indented depends only on the brackets that are open before it. A
 * line that is too long opens its first block, else has its statements each in a line, else is broken at the cheapest
 * place, and the rest is looked at as a line of its own. So the lines of the result are what a second run finds there
 * and leaves as they are. */
#include "frontend/formatter.h"
#include <limits.h>
#include <string.h>

enum { FARTHEST = 60 }; /* column to which the lines in parentheses are indented */

typedef struct Level {
    int open;    /* the bracket */
    int base;    /* indentation of the line that closes it */
    int content; /* of lines within it */
    bool head;   /* its last statement is one that ends in a block */
} Level;

typedef struct Layout {
    Formatter *formatter;
    VEC(Level) levels; /* the brackets that are open, from the file's own level on */
} Layout;

static const Piece *piece_at(const Layout *layout, int at) {
    return &layout->formatter->pieces.at[at];
}

static const Level *innermost(const Layout *layout) {
    return &layout->levels.at[layout->levels.count - 1];
}

static bool in_block(const Layout *layout) {
    int open = innermost(layout)->open;
    return open == NO_PIECE || piece_at(layout, open)->kind == TOKEN_LEFT_BRACE;
}

/* ---- indentation ---- */

static int indent_of(const Layout *layout, int at) {
    const Piece *piece = piece_at(layout, at);
    const Level *level = innermost(layout);
    if (closes_bracket(piece->kind)) return level->base;
    if (!in_block(layout) || piece->begins || piece->kind == TOKEN_ELSE) return level->content;
    int before = token_before(layout->formatter, at);
    bool behind_block = piece->kind == TOKEN_BACKWARD && piece_at(layout, before)->kind == TOKEN_RIGHT_BRACE;
    if (behind_block) return level->content;
    return level->content + (level->head ? 2 : 1) * FORMAT_INDENT; /* a head stands out from its block */
}

/* Within parentheses lines stand below what is behind the parenthesis, if that is not too far right. A block of a
 * statement is indented from where the statement begins, a lambda's from its line. */
static void open_level(Layout *layout, int at, int indent, int column) {
    const Piece *piece = piece_at(layout, at);
    Level level = {.open = at, .base = indent, .content = indent + FORMAT_INDENT};
    if (piece->kind != TOKEN_LEFT_BRACE) {
        if (!piece->open && column + 1 <= FARTHEST) level.content = column + 1;
    } else if (in_block(layout)) {
        level.base = innermost(layout)->content;
        level.content = level.base + FORMAT_INDENT;
    }
    vec_push(layout->formatter->arena, &layout->levels, level);
}

/* ---- lines that are too long ---- */

/* The pieces of a line that may be looked at for a place to break it: up to the first that ends beyond the width. */
static bool is_too_long(const Layout *layout, int begin, int indent, int *end) {
    const Formatter *formatter = layout->formatter;
    int width = indent;
    for (int at = begin; at < formatter->pieces.count; at++) {
        if (at > begin && (is_broken(formatter, at) || is_comment(piece_at(layout, at)))) return false;
        if (at > begin) width += (int)strlen(blank_before(formatter, at));
        width += piece_width(formatter, at);
        *end = at + 1;
        if (width > FORMAT_WIDTH) return true;
    }
    return false;
}

/* Every statement of the innermost block from this one on, as long as they stand in one line, gets a line. */
static void separate_statements(Layout *layout, int at) {
    Pieces *pieces = &layout->formatter->pieces;
    for (; at < pieces->count; at++) {
        Piece *piece = &pieces->at[at];
        if (piece->kind == TOKEN_RIGHT_BRACE) return;
        if (piece->begins) piece->broken = true;
        if (opens_bracket(piece->kind)) at = piece->match;
    }
}

static void open_block(Layout *layout, int at) {
    Pieces *pieces = &layout->formatter->pieces;
    for (; at != NO_PIECE; at = pieces->at[at].chain) {
        if (pieces->at[at].match == at + 1) continue;
        pieces->at[at].open = true;
        separate_statements(layout, at + 1);
    }
}

/* Opens the first block or separates the first statements that stand in [begin, end). */
static bool unfold(Layout *layout, int begin, int end) {
    for (int at = begin; at < end; at++) {
        const Piece *piece = piece_at(layout, at);
        if (at > begin && piece->begins) return separate_statements(layout, at), true;
        if (piece->kind != TOKEN_LEFT_BRACE || piece->open || piece->match == at + 1) continue;
        return open_block(layout, at), true;
    }
    return false;
}

/* What it costs to go to a new line behind a token, beside the depth of brackets; INT_MAX: not possible. */
static int cost_behind(TokenKind kind, bool in_brackets) {
    enum { NAMED_ARGUMENT = 40 };
    switch (kind) {
    case TOKEN_COMMA: return 0;
    case TOKEN_AND:
    case TOKEN_OR:
    case TOKEN_OVER:
    case TOKEN_WITH:
    case TOKEN_TO: return 2;
    case TOKEN_PLUS:
    case TOKEN_MINUS: return 3;
    case TOKEN_EQUAL:
    case TOKEN_NOT_EQUAL:
    case TOKEN_LESS:
    case TOKEN_LESS_EQUAL:
    case TOKEN_GREATER:
    case TOKEN_GREATER_EQUAL: return in_brackets ? 6 : 4;
    case TOKEN_STAR:
    case TOKEN_SLASH:
    case TOKEN_FLOOR_SLASH:
    case TOKEN_PERCENT:
    case TOKEN_AT: return 6;
    case TOKEN_ASSIGN:
    case TOKEN_UPDATE:
    case TOKEN_TILDE: return in_brackets ? NAMED_ARGUMENT : 22;
    case TOKEN_IN:
    case TOKEN_CARRY:
    case TOKEN_USING: return 12;
    default: return INT_MAX;
    }
}

/* The names before `=` stay together. */
static bool is_target_comma(const Layout *layout, int begin, int at, int end) {
    if (!piece_at(layout, begin)->begins || piece_at(layout, begin)->kind == TOKEN_ENTRY) return false;
    for (; at < end; at++) {
        TokenKind kind = piece_at(layout, at)->kind;
        if (kind == TOKEN_ASSIGN || kind == TOKEN_UPDATE || kind == TOKEN_IN) return true;
        if (opens_bracket(kind)) at = piece_at(layout, at)->match;
    }
    return false;
}

/* What it costs to break before a piece, `depth` brackets of the line deep. far: the line is indented so much that a
 * deeper one would win nothing. */
static int cost_before(const Layout *layout, int at, int depth, bool in_brackets, bool far) {
    enum { PER_LEVEL = 10, BEHIND_OPENING = 25 };
    const Piece *before = piece_at(layout, at - 1), *piece = piece_at(layout, at);
    if (closes_bracket(piece->kind) || piece->begins || before->prefix || before->tight) return INT_MAX;
    if (piece->kind == TOKEN_BACKWARD) return 0;
    int cost = cost_behind(before->kind, in_brackets);
    if (cost == INT_MAX && !far && before->kind == TOKEN_LEFT_PAREN) cost = BEHIND_OPENING;
    if (cost == INT_MAX && !far && before->kind == TOKEN_LEFT_BRACKET && !before[-1].ends) cost = BEHIND_OPENING;
    if (cost == INT_MAX && in_brackets && piece->kind == TOKEN_FOR) cost = 1;
    return cost == INT_MAX ? cost : cost + PER_LEVEL * depth;
}

/* Breaks [begin, ...), of which [begin, end) nearly fits, at the place that costs least; to leave much of the line
 * empty costs too. Without a place in time it is the first one that there is. False: nowhere. */
static bool break_line(Layout *layout, int begin, int end, int indent) {
    const Formatter *formatter = layout->formatter;
    enum { EMPTY_PER_POINT = 6 };
    int best = NO_PIECE, least = INT_MAX, width = indent, depth = 0;
    bool block = in_block(layout), bracketed = !block, names = false;
    for (int at = begin; at < formatter->pieces.count; at++) {
        if (at > begin && (is_broken(formatter, at) || is_comment(piece_at(layout, at)))) break;
        if (at >= end && best != NO_PIECE) break;
        const Piece *piece = piece_at(layout, at);
        int cost = at > begin ? cost_before(layout, at, depth, bracketed || depth > 0, indent > FARTHEST) : INT_MAX;
        if (cost != INT_MAX && !names) {
            if (depth == 0 && block && is_target_comma(layout, begin, at, end)) cost += 40;
            cost += (FORMAT_WIDTH - width) / EMPTY_PER_POINT;
            if (cost <= least) best = at, least = cost;
        }
        if (piece->kind == TOKEN_FOR || piece->kind == TOKEN_IN) names = piece->kind == TOKEN_FOR;
        width += (at > begin ? (int)strlen(blank_before(formatter, at)) : 0) + piece_width(formatter, at);
        depth += opens_bracket(piece->kind) - (at > begin && closes_bracket(piece->kind));
    }
    if (best == NO_PIECE) return false;
    Pieces *pieces = &layout->formatter->pieces;
    if (opens_bracket(pieces->at[best - 1].kind))
        pieces->at[best - 1].open = true;
    else
        pieces->at[best].broken = true;
    return true;
}

/* ---- one line after the other ---- */

static bool begins_head(TokenKind kind) {
    return kind == TOKEN_ENTRY || kind == TOKEN_FOR || kind == TOKEN_IF || kind == TOKEN_REPEAT || kind == TOKEN_SCAN;
}

/* Adds the line that begins with a piece, as far as it goes; where the next one begins. */
static int add_line(Layout *layout, int begin, int indent) {
    const Formatter *formatter = layout->formatter;
    Line line = {.begin = begin, .indent = indent, .width = indent};
    int at = begin;
    for (; at < formatter->pieces.count && (at == begin || !is_broken(formatter, at)); at++) {
        const Piece *piece = piece_at(layout, at);
        if (is_comment(piece)) continue;
        if (at > begin) line.width += (int)strlen(blank_before(formatter, at));
        if (opens_bracket(piece->kind)) open_level(layout, at, indent, line.width);
        if (closes_bracket(piece->kind)) layout->levels.count--;
        if (piece->begins) layout->levels.at[layout->levels.count - 1].head = begins_head(piece->kind);
        line.width += piece_width(formatter, at);
    }
    line.end = at;
    const Piece *first = piece_at(layout, begin);
    bool edge = begin == 0 || closes_bracket(first->kind) || opens_bracket(first[-1].kind);
    line.blank = !edge && first->newlines > 1;
    vec_push(formatter->arena, &layout->formatter->lines, line);
    return at;
}

void lay_out(Formatter *formatter) {
    Layout layout = {.formatter = formatter};
    vec_push(formatter->arena, &layout.levels, (Level){.open = NO_PIECE});
    for (int at = 0; at < formatter->pieces.count;) {
        int indent = indent_of(&layout, at), end;
        while (is_too_long(&layout, at, indent, &end))
            if (!unfold(&layout, at, end) && !break_line(&layout, at, end, indent)) break;
        at = add_line(&layout, at, indent);
    }
}
