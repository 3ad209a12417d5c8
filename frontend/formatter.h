/* What the files of the formatter share: format.c (the whole), format_pieces.c (tokens and comments, and what each is),
 * format_blanks.c (what stands between two in a line), format_lines.c (lines). Others include format.h. */
#ifndef GRADC_FRONTEND_FORMATTER_H
#define GRADC_FRONTEND_FORMATTER_H

#include "compiler/support/vec.h"
#include "frontend/format.h"
#include "frontend/lex.h"

enum { NO_PIECE = -1, FORMAT_INDENT = 4 };

/* A token or comment. Semicolons are none: the statement behind one says that it begins there. */
typedef struct Piece {
    TokenKind kind; /* of a comment: NEWLINE, which the lexer never gives */
    int begin, end; /* offsets in the source */
    int newlines;   /* between the piece before and this one, in the source */
    int match;      /* the other end of a bracket, else NO_PIECE */
    int chain;      /* of `{`: the one of the `else` behind its block, else NO_PIECE */
    bool begins;    /* a statement; of a comment: it stands like one */
    bool ends;      /* an operand, so that `-` behind it is binary and `(` a call */
    bool prefix;    /* a sign, `not` or `..` of an operand */
    bool tight;     /* an operator or colon without blanks around it */
    bool broken;    /* stands in a new line */
    bool open;      /* of a bracket that opens: its end stands in a new line, and what is behind it too */
} Piece;

typedef VEC(Piece) Pieces;

/* A line of the result: the pieces [begin, end), the last of which may be a trailing comment. */
typedef struct Line {
    int begin, end;
    int indent;
    int width;  /* without a trailing comment */
    bool blank; /* a blank line stands before it */
} Line;

typedef VEC(Line) Lines;

typedef struct Formatter {
    Arena *arena;
    const Source *source;
    Pieces pieces;
    Lines lines;
} Formatter;

static inline bool is_comment(const Piece *piece) {
    return piece->kind == TOKEN_NEWLINE;
}
static inline bool opens_bracket(TokenKind kind) {
    return kind == TOKEN_LEFT_PAREN || kind == TOKEN_LEFT_BRACKET || kind == TOKEN_LEFT_BRACE;
}
static inline bool closes_bracket(TokenKind kind) {
    return kind == TOKEN_RIGHT_PAREN || kind == TOKEN_RIGHT_BRACKET || kind == TOKEN_RIGHT_BRACE;
}

/* Reads the source, which must parse, and says what every piece is and where the writer has broken lines. */
void collect_pieces(Formatter *formatter, Interner *names);
/* The token before or behind a piece, over comments, else NO_PIECE. */
int token_before(const Formatter *formatter, int piece);
int token_behind(const Formatter *formatter, int piece);

/* Whether a piece stands in a new line; what brackets decide is included. */
bool is_broken(const Formatter *formatter, int piece);
/* The text between a piece and the one before it in the same line: "", " " or "; ". */
const char *blank_before(const Formatter *formatter, int piece);
/* The columns that a piece takes. */
int piece_width(const Formatter *formatter, int piece);

/* Arranges the pieces in lines. */
void lay_out(Formatter *formatter);

#endif
