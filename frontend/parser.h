/* What the files of the parser share: parse.c (the parser itself, statements lists, recovery), parse_expr.c,
 * parse_stmt.c, parse_decl.c. Others include parse.h. */
#ifndef GRADC_FRONTEND_PARSER_H
#define GRADC_FRONTEND_PARSER_H

#include "frontend/ast.h"
#include "frontend/lex.h"

/* Where a statement stands decides which ones are allowed. Blocks of `for` and `if` are places like the one around
 * them, but that a file's hold no file-level declarations. */
typedef enum Place { PLACE_FILE = 1, PLACE_MODULE = 2, PLACE_BODY = 4 } Place;

/* An open bracket, from open_bracket to close_bracket. */
typedef struct Bracket {
    int begin;
    TokenKind open, close;
    bool lines_mattered;
} Bracket;

typedef struct Parser {
    Arena *arena;
    Interner *names;
    Diagnostics *diagnostics;
    Lexer lexer;
    Token token;          /* the one to be looked at */
    int previous_end;     /* where the token before it ended */
    bool lines_matter;    /* a newline ends a statement: not inside ( ) and [ ] */
    bool joined;          /* the newline before the token means nothing, because of the token before that */
    int tokens;           /* read so far, up to TOKEN_LIMIT */
    int nesting;          /* of brackets, blocks, prefix operators, up to BRACKET_LIMIT */
    int height;           /* of the highest tree made since somebody set it to 0 */
    int open;             /* brackets ( and [ that are open in the statement */
    int statement;        /* where the statement begins */
    bool panicking;       /* after an error: every look sees TOKEN_END, nothing is reported, until recover() */
    bool finished;        /* after an error that ends it all */
    int error_at;         /* place of the last error: a second one there is not told */
    const char *end_text; /* what messages call the end of what is parsed */
} Parser;

/* ---- parse.c: looking, reading, reporting ---- */

TokenKind peek(const Parser *parser); /* NEWLINE where one ends the statement before the token; END when panicking */
bool at(const Parser *parser, TokenKind kind);
bool at_word(const Parser *parser, const char *word); /* a name that means something here */
void advance(Parser *parser);
bool accept(Parser *parser, TokenKind kind);
/* Like accept, whether a newline stands before it or not. */
bool accept_over_newline(Parser *parser, TokenKind kind);
void expect(Parser *parser, TokenKind kind);
AstName expect_name(Parser *parser, const char *what); /* what: "a name for the entry" */

/* "expected WHAT, saw ...", then panics. NULL where nothing is told, as a second error of the same statement. */
Diagnostic *expected(Parser *parser, const char *format, ...) __attribute__((format(printf, 2, 3)));
Diagnostic *fail(Parser *parser, Span span, const char *format, ...) __attribute__((format(printf, 3, 4)));
void hint(Parser *parser, Diagnostic *about, Span span, const char *text); /* a note; about may be NULL */
const char *token_shown(const Parser *parser); /* of the token: "'for'", "the end of the line" */

Span span_from(const Parser *parser, int begin); /* up to the end of the token before */
Span token_span(const Parser *parser);

Bracket open_bracket(Parser *parser, TokenKind open);
void close_bracket(Parser *parser, Bracket bracket);
bool enter(Parser *parser); /* one level deeper; an error and false at the limit */
void leave(Parser *parser);

AstBlock parse_block(Parser *parser, Place place);

/* ---- parse_expr.c ---- */

AstExpr *parse_expr(Parser *parser);
AstExpr *parse_add(Parser *parser);
AstExpr *parse_postfix(Parser *parser);
AstExprs parse_exprs(Parser *parser);
AstNames parse_names(Parser *parser);
AstElements parse_elements(Parser *parser); /* with the brackets */
AstExpr *new_expr(Parser *parser, AstExprKind kind, int begin);
void adopt(Parser *parser, AstExpr *parent, const AstExpr *child); /* keeps heights; child may be NULL */
void refuse_double_indices(Parser *parser, const AstIndices *indices);

/* ---- parse_stmt.c ---- */

AstStmt *new_stmt(Parser *parser, AstStmtKind kind, int begin);
AstStmt *parse_stmt(Parser *parser, Place place);
/* The brackets behind a name, once the token behind them has told what they are. */
AstIndices indices_of(Parser *parser, const AstElements *elements);
/* path "(" args ")" behind '~' */
AstExpr *parse_distribution(Parser *parser);

/* ---- parse_decl.c ---- */

AstStmt *parse_import(Parser *parser, Place place);
AstStmt *parse_size(Parser *parser, Place place);
AstStmt *parse_decl(Parser *parser, Place place);
AstStmt *parse_const(Parser *parser, Place place);
AstStmt *parse_module(Parser *parser, Place place); /* or optimizer */
AstStmt *parse_fn(Parser *parser, Place place);
AstStmt *parse_entry(Parser *parser, Place place);
AstFunction *parse_lambda(Parser *parser);
AstShape parse_shape(Parser *parser); /* may be absent */

#endif
