/* The pieces of a model file: its tokens, and the comments that stand between them. The tokens say where statements
 * begin and what a bracket or sign is, by the rules of parse.c: the syntax tree is not asked. */
#include "frontend/formatter.h"
#include <string.h>

/* ---- reading ---- */

static char text_at(const Formatter *formatter, int at) {
    return formatter->source->text[at];
}

static void add_piece(Formatter *formatter, TokenKind kind, int begin, int end, int *newlines) {
    Piece piece = {.kind = kind, .begin = begin, .end = end, .newlines = *newlines};
    piece.match = piece.chain = NO_PIECE;
    vec_push(formatter->arena, &formatter->pieces, piece);
    *newlines = 0;
}

/* Adds the comments in [from, to), where there are no tokens, and counts the newlines behind the last piece. */
static void add_comments(Formatter *formatter, int from, int to, int *newlines) {
    for (int at = from; at < to; at++) {
        if (text_at(formatter, at) == '\n') ++*newlines;
        if (text_at(formatter, at) != '#') continue;
        int end = at;
        while (end < to && text_at(formatter, end) != '\n')
            end++;
        int visible = end;
        while (strchr(" \t\r", text_at(formatter, visible - 1)))
            visible--;
        add_piece(formatter, TOKEN_NEWLINE, at, visible, newlines);
        at = end - 1;
    }
}

static bool read_pieces(Formatter *formatter, Interner *names) {
    Diagnostics ignored; /* the source parses: there are none */
    diagnostics_open(&ignored, formatter->arena);
    Lexer lexer;
    lexer_open(&lexer, formatter->arena, names, &ignored, formatter->source);
    int previous = 0, newlines = 0;
    bool separated = false;
    for (;;) {
        Token token = lex(&lexer);
        bool last = token.kind == TOKEN_END;
        add_comments(formatter, previous, last ? formatter->source->length : token.begin, &newlines);
        if (last) return ignored.errors == 0;
        previous = token.end;
        if (token.kind == TOKEN_SEMICOLON) {
            separated = true;
            continue;
        }
        add_piece(formatter, token.kind, token.begin, token.end, &newlines);
        formatter->pieces.at[formatter->pieces.count - 1].begins = separated;
        separated = false;
    }
}

int token_before(const Formatter *formatter, int piece) {
    do
        piece--;
    while (piece >= 0 && is_comment(&formatter->pieces.at[piece]));
    return piece;
}

int token_behind(const Formatter *formatter, int piece) {
    do
        piece++;
    while (piece < formatter->pieces.count && is_comment(&formatter->pieces.at[piece]));
    return piece < formatter->pieces.count ? piece : NO_PIECE;
}

/* ---- what they are ---- */

typedef struct Nesting {
    int open; /* the innermost bracket that is open, or NO_PIECE */
    bool square;
} Nesting;

typedef VEC(Nesting) Nestings;

static bool is_reducer(const Formatter *formatter, const Piece *piece) {
    static const char *const reducers[] = {"sum", "prod", "max", "min", "argmax", "argmin"};
    size_t length = (size_t)(piece->end - piece->begin);
    if (piece->kind != TOKEN_NAME) return false;
    for (size_t r = 0; r < sizeof reducers / sizeof *reducers; r++)
        if (strlen(reducers[r]) == length && strncmp(reducers[r], formatter->source->text + piece->begin, length) == 0)
            return true;
    return false;
}

/* `sum[i, j]`, which an operand follows: its bracket ends no operand. */
static bool closes_reducer(const Formatter *formatter, const Piece *close) {
    int name = token_before(formatter, close->match);
    if (close->kind != TOKEN_RIGHT_BRACKET || name < 0 || !is_reducer(formatter, &formatter->pieces.at[name]))
        return false;
    int before = token_before(formatter, name);
    return before < 0 || formatter->pieces.at[before].kind != TOKEN_DOT;
}

static bool ends_operand(const Formatter *formatter, const Piece *piece) {
    switch (piece->kind) {
    case TOKEN_NAME:
    case TOKEN_INT:
    case TOKEN_REAL:
    case TOKEN_STRING:
    case TOKEN_TRUE:
    case TOKEN_FALSE:
    case TOKEN_NONE:
    case TOKEN_QUOTE:
    case TOKEN_RIGHT_PAREN:
    case TOKEN_RIGHT_BRACE: return true;
    case TOKEN_RIGHT_BRACKET: return !closes_reducer(formatter, piece);
    default: return false;
    }
}

/* Products in positions, shapes and lists are written 2*i + p, elsewhere a * b. */
static bool is_tight(TokenKind kind, const Nesting *inside, bool behind_operand) {
    switch (kind) {
    case TOKEN_DOT:
    case TOKEN_CARET: return true;
    case TOKEN_DOTS: return behind_operand;
    case TOKEN_STAR: return inside->square;
    default: return false;
    }
}

/* Newlines since the token before, those around comments included. */
static bool behind_newline(const Formatter *formatter, int piece) {
    bool found = false;
    for (int before = token_before(formatter, piece); piece > before; piece--)
        found |= piece >= 0 && formatter->pieces.at[piece].newlines > 0;
    return found;
}

/* As in parse.c: newlines end statements outside ( ) and [ ], but behind tokens that join and before else, backward. */
static bool begins_statement(const Formatter *formatter, int at, const Nesting *inside) {
    const Piece *pieces = formatter->pieces.at;
    TokenKind kind = pieces[at].kind;
    int before = token_before(formatter, at);
    if (pieces[at].begins) return true;
    if (inside->open != NO_PIECE && pieces[inside->open].kind != TOKEN_LEFT_BRACE) return false;
    if (kind == TOKEN_RIGHT_BRACE || kind == TOKEN_ELSE || kind == TOKEN_BACKWARD) return false;
    if (before == inside->open) return true;
    return behind_newline(formatter, at) && !token_joins(pieces[before].kind);
}

static void classify(Formatter *formatter, int at, const Nesting *inside) {
    Piece *piece = &formatter->pieces.at[at];
    int before = token_before(formatter, at);
    piece->begins = piece->kind != TOKEN_RIGHT_BRACE && begins_statement(formatter, at, inside);
    bool behind_operand = before >= 0 && !piece->begins && formatter->pieces.at[before].ends;
    bool signs = piece->kind == TOKEN_MINUS || piece->kind == TOKEN_DOTS;
    piece->prefix = signs && !behind_operand;
    piece->tight = is_tight(piece->kind, inside, behind_operand);
    if (piece->kind == TOKEN_COLON && inside->open != NO_PIECE)
        piece->tight = formatter->pieces.at[inside->open].kind == TOKEN_LEFT_BRACKET;
}

static void classify_all(Formatter *formatter) {
    Nestings nestings = {0};
    Nesting inside = {NO_PIECE, false};
    for (int at = 0; at < formatter->pieces.count; at++) {
        Piece *piece = &formatter->pieces.at[at];
        if (is_comment(piece)) continue;
        if (closes_bracket(piece->kind) && inside.open != NO_PIECE) {
            piece->match = inside.open;
            formatter->pieces.at[inside.open].match = at;
            inside = nestings.at[--nestings.count];
            piece->begins = false;
        } else {
            classify(formatter, at, &inside);
        }
        piece->ends = ends_operand(formatter, piece);
        if (!opens_bracket(piece->kind)) continue;
        vec_push(formatter->arena, &nestings, inside);
        inside = (Nesting){at, piece->kind == TOKEN_LEFT_BRACKET};
    }
}

/* A comment stands like the statement that it is before. */
static void place_comments(Formatter *formatter) {
    bool begins = true;
    for (int at = formatter->pieces.count - 1; at >= 0; at--) {
        Piece *piece = &formatter->pieces.at[at];
        if (is_comment(piece))
            piece->begins = begins;
        else
            begins = piece->begins || piece->kind == TOKEN_RIGHT_BRACE || piece->kind == TOKEN_ELSE;
    }
}

/* ---- where the writer has broken lines ---- */

static bool joins_line(const Formatter *formatter, const Piece *before, const Piece *piece) {
    TokenKind kind = piece->kind;
    if (before->prefix || before->tight || before->kind == TOKEN_NOT || piece->tight) return true;
    if (kind == TOKEN_LEFT_BRACE || kind == TOKEN_COMMA || kind == TOKEN_ELSE || kind == TOKEN_QUOTE) return true;
    if (before->kind == TOKEN_FN || kind == TOKEN_COLON) return true;
    return before->ends && (kind == TOKEN_LEFT_PAREN || kind == TOKEN_LEFT_BRACKET) &&
           !closes_reducer(formatter, before);
}

static void find_break(Formatter *formatter, int at) {
    Piece *pieces = formatter->pieces.at, *piece = &pieces[at];
    bool newline = piece->newlines > 0;
    if (at == 0 || is_comment(&pieces[at - 1]))
        piece->broken = true;
    else if (is_comment(piece) || piece->begins)
        piece->broken = newline && pieces[at - 1].kind != TOKEN_LEFT_BRACE;
    else if (closes_bracket(piece->kind) || opens_bracket(pieces[at - 1].kind))
        piece->broken = false;
    else
        piece->broken = newline && !joins_line(formatter, &pieces[at - 1], piece);
    if (is_comment(piece) && newline) piece->broken = true;
}

/* Parentheses are open where the writer has gone to a new line at once, blocks where there is any. */
static void find_open(Formatter *formatter) {
    Pieces *pieces = &formatter->pieces;
    int *newlines = ARENA_ARRAY(formatter->arena, int, pieces->count + 1);
    for (int at = 0; at < pieces->count; at++)
        newlines[at + 1] = newlines[at] + (pieces->at[at].newlines > 0 || is_comment(&pieces->at[at]));
    for (int at = 0; at < pieces->count; at++) {
        Piece *piece = &pieces->at[at];
        if (!opens_bracket(piece->kind) || piece->match == at + 1) continue;
        bool block = piece->kind == TOKEN_LEFT_BRACE;
        piece->open = block ? newlines[piece->match + 1] > newlines[at + 1]
                            : pieces->at[at + 1].newlines > 0 || is_comment(&pieces->at[at + 1]);
    }
}

/* The `{` of the block behind `else`, also of `else if e`. */
static int block_of_else(const Formatter *formatter, int otherwise) {
    int at = token_behind(formatter, otherwise);
    while (at != NO_PIECE && formatter->pieces.at[at].kind != TOKEN_LEFT_BRACE) {
        if (formatter->pieces.at[at].match > at) at = formatter->pieces.at[at].match;
        at = token_behind(formatter, at);
    }
    return at;
}

/* The blocks of one `if` are all open or all in one line. */
static void chain_blocks(Formatter *formatter) {
    Pieces *pieces = &formatter->pieces;
    for (int at = 0; at < pieces->count; at++) {
        Piece *piece = &pieces->at[at];
        if (piece->kind != TOKEN_LEFT_BRACE) continue;
        int behind = token_behind(formatter, piece->match);
        if (behind == NO_PIECE || pieces->at[behind].kind != TOKEN_ELSE) continue;
        piece->chain = block_of_else(formatter, behind);
        if (piece->chain != NO_PIECE) pieces->at[piece->chain].open |= piece->open;
    }
    for (int at = pieces->count - 1; at >= 0; at--)
        if (pieces->at[at].chain != NO_PIECE) pieces->at[at].open |= pieces->at[pieces->at[at].chain].open;
    for (int at = 0; at < pieces->count; at++)
        if (pieces->at[at].kind == TOKEN_LEFT_BRACE && pieces->at[at].match == at + 1) pieces->at[at].open = false;
}

void collect_pieces(Formatter *formatter, Interner *names) {
    if (!read_pieces(formatter, names)) internal_error("a text that parses has lexical errors");
    classify_all(formatter);
    place_comments(formatter);
    for (int at = 0; at < formatter->pieces.count; at++)
        find_break(formatter, at);
    find_open(formatter);
    chain_blocks(formatter);
}

bool is_broken(const Formatter *formatter, int at) {
    const Piece *pieces = formatter->pieces.at, *piece = &pieces[at];
    if (piece->broken || at == 0) return true;
    const Piece *before = &pieces[at - 1];
    if (is_comment(piece)) return false;
    if (opens_bracket(before->kind) && before->open) return true;
    if (closes_bracket(piece->kind) && pieces[piece->match].open) return true;
    return piece->begins && before->kind == TOKEN_RIGHT_BRACE && pieces[before->match].open;
}
