/* What stands between two pieces of a line, and how wide they are. */
#include "frontend/formatter.h"
#include <string.h>

int piece_width(const Formatter *formatter, int at) {
    const Piece *piece = &formatter->pieces.at[at];
    int width = 0;
    for (int byte = piece->begin; byte < piece->end; byte++)
        width += ((unsigned char)formatter->source->text[byte] & 0xC0) != 0x80;
    return width;
}

/* A bracket that belongs to what is before it: a call, positions, a shape, parameters. */
static bool clings(const Piece *before, const Piece *piece) {
    if (piece->kind == TOKEN_LEFT_BRACKET) return before->ends;
    return piece->kind == TOKEN_LEFT_PAREN && before->ends;
}

static bool stands_close(const Piece *before, const Piece *piece) {
    TokenKind kind = piece->kind;
    if (kind == TOKEN_RIGHT_BRACE) return before->kind == TOKEN_LEFT_BRACE;
    if (before->kind == TOKEN_LEFT_PAREN || before->kind == TOKEN_LEFT_BRACKET) return true;
    if (kind == TOKEN_RIGHT_PAREN || kind == TOKEN_RIGHT_BRACKET || kind == TOKEN_COMMA) return true;
    if (before->kind == TOKEN_COMMA) return false;
    if (kind == TOKEN_COLON || kind == TOKEN_QUOTE) return true;
    return before->prefix || before->tight || piece->tight || clings(before, piece);
}

const char *blank_before(const Formatter *formatter, int at) {
    const Piece *before = &formatter->pieces.at[at - 1], *piece = &formatter->pieces.at[at];
    if (is_comment(piece)) return "  ";
    if (piece->begins && before->kind != TOKEN_LEFT_BRACE) return "; ";
    return stands_close(before, piece) ? "" : " ";
}
