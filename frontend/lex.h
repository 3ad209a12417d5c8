/* From text to tokens, one at a time.
 *
 * A lexer reads a piece of a source. Newlines are no tokens here: each token says whether it is the first of its line,
 * and the parser, who knows in which bracket it is, decides what that means. */
#ifndef GRADC_FRONTEND_LEX_H
#define GRADC_FRONTEND_LEX_H

#include "compiler/support/diag.h"
#include "compiler/support/str.h"

typedef enum TokenKind {
#define VALUE(id, text)          TOKEN_##id,
#define KEYWORD(id, text, after) TOKEN_##id,
#define MARK(id, text, after)    TOKEN_##id,
#include "frontend/token.def"
#undef VALUE
#undef KEYWORD
#undef MARK
    TOKEN_COUNT
} TokenKind;

typedef struct Token {
    TokenKind kind;
    bool first_of_line;
    int begin, end; /* offsets in the source */
    union {
        int64_t integer;    /* INT */
        double real;        /* REAL */
        const char *string; /* STRING: with escapes resolved */
        Name name;          /* NAME */
    } u;
} Token;

typedef struct Lexer {
    Arena *arena;
    Interner *names;
    Diagnostics *diagnostics;
    const Source *source;
    int at, end;          /* what is still to be read */
    TokenKind previous;   /* after '.' only digits are read as a number */
    int error_line;       /* one error a line */
    const Name *keywords; /* [keyword count] in the order of token.def */
} Lexer;

void lexer_open(Lexer *lexer, Arena *arena, Interner *names, Diagnostics *diagnostics, const Source *source);

/* The next token. END stands behind the last visible character. After a lexical error, which is in the diagnostics, the
 * token is BAD. NEWLINE is never returned: it is for the parser's use. */
Token lex(Lexer *lexer);

/* The next byte that is not blank, '\0' at the end; a newline is blank if so wanted. Nothing is read. */
char lexer_glance(const Lexer *lexer, bool over_newlines);

const char *token_text(TokenKind kind); /* "for", "<-", "a name" */
bool token_has_text(TokenKind kind);    /* a keyword or mark: is written as token_text */
bool token_is_keyword(TokenKind kind);
bool token_joins(TokenKind kind); /* a new line behind it means nothing */

/* The keyword that a misspelt one is likely to mean, or NULL. */
const char *nearest_keyword(const char *word);

#endif
