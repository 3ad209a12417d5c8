/* The parser: recursive descent over the grammar of the language reference. Every function that reads a line of the
 * grammar has that line above it and is named after it; read parse_file below, then parse_stmt.c (what stands in
 * blocks), parse_decl.c (what declares) and parse_expr.c (what computes).
 *
 * A function looks at the token with at() or accept() and leaves the parser behind what it has read. There is no going
 * back: where one token does not decide, something general is read first, and the token behind it tells what it was
 * (`z[n, 20]` is indices before `=`, a shape before `~`, a path before `<-`).
 *
 * Newlines. Outside brackets a newline ends a statement: peek() then answers NEWLINE instead of the token in the next
 * line. It does not where the token before cannot end a statement (the JOIN column of token.def), nor inside ( ) and
 * [ ]; a { } inside those makes newlines matter again. `else` and `backward` look beyond one.
 *
 * Errors. The first error of a statement is reported, then the parser panics: until recover(), every look sees the end
 * of the file, so that all functions come home by themselves, and nothing more is reported. The list of statements that
 * is nearest then skips to where the next statement seems to begin. What is told is always "expected X, saw Y".
 *
 * Depth. enter() counts what is nested, adopt() the height of trees that loops build (a + b + c ...): both have limits,
 * so that neither this parser nor those who walk the tree can run out of stack. */
#include "frontend/parse.h"
#include "frontend/parser.h"
#include <string.h>

/* ---- looking and reading ---- */

TokenKind peek(const Parser *parser) {
    if (parser->panicking) return TOKEN_END;
    if (parser->token.first_of_line && parser->lines_matter && !parser->joined) return TOKEN_NEWLINE;
    return parser->token.kind;
}

bool at(const Parser *parser, TokenKind kind) {
    return !parser->panicking && peek(parser) == kind;
}

bool at_word(const Parser *parser, const char *word) {
    return at(parser, TOKEN_NAME) && strcmp(parser->token.u.name, word) == 0;
}

void advance(Parser *parser) {
    parser->previous_end = parser->token.end;
    parser->joined = token_joins(parser->token.kind);
    parser->token = lex(&parser->lexer);
    if (parser->tokens++ != TOKEN_LIMIT) return;
    fail(parser, token_span(parser), "a file of more than %d words, numbers and signs", TOKEN_LIMIT);
    parser->finished = true;
    parser->lexer.at = parser->lexer.end;
}

bool accept(Parser *parser, TokenKind kind) {
    bool found = at(parser, kind);
    if (found) advance(parser);
    return found;
}

bool accept_over_newline(Parser *parser, TokenKind kind) {
    if (parser->panicking || parser->token.kind != kind) return false;
    advance(parser);
    return true;
}

void expect(Parser *parser, TokenKind kind) {
    if (!accept(parser, kind)) expected(parser, token_has_text(kind) ? "'%s'" : "%s", token_text(kind));
}

AstName expect_name(Parser *parser, const char *what) {
    AstName name = {NULL, token_span(parser)};
    if (at(parser, TOKEN_NAME)) {
        name.name = parser->token.u.name;
        advance(parser);
    } else {
        bool reserved = !parser->panicking && token_is_keyword(peek(parser));
        Diagnostic *error = expected(parser, "%s", what);
        if (reserved) hint(parser, error, name.span, "this word is reserved");
        name.name = intern_text(parser->names, "?");
    }
    return name;
}

Span token_span(const Parser *parser) {
    if (peek(parser) == TOKEN_NEWLINE) return (Span){parser->lexer.source, parser->previous_end, parser->previous_end};
    return (Span){parser->lexer.source, parser->token.begin, parser->token.end};
}

Span span_from(const Parser *parser, int begin) {
    int end = parser->previous_end > begin ? parser->previous_end : begin;
    return (Span){parser->lexer.source, begin, end};
}

/* ---- reporting ---- */

const char *token_shown(const Parser *parser) {
    enum { LONGEST = 40 };
    TokenKind kind = peek(parser);
    if (kind == TOKEN_END) return parser->end_text;
    if (kind == TOKEN_NEWLINE || kind == TOKEN_STRING) return token_text(kind);
    if (kind == TOKEN_QUOTE) return "a single quote";
    int length = parser->token.end - parser->token.begin;
    const char *more = length > LONGEST ? "..." : "";
    return arena_print(parser->arena, "'%.*s%s'", length > LONGEST ? LONGEST : length,
                       parser->lexer.source->text + parser->token.begin, more);
}

/* False where an error would be a consequence of another one. */
static bool begin_error(Parser *parser, int place) {
    bool told = !parser->panicking && place != parser->error_at;
    parser->panicking = true;
    parser->error_at = place;
    return told;
}

Diagnostic *expected(Parser *parser, const char *format, ...) {
    const char *shown = token_shown(parser);
    Span span = token_span(parser);
    bool lexical = peek(parser) == TOKEN_BAD; /* told by the lexer */
    if (!begin_error(parser, span.begin) || lexical) return NULL;
    va_list arguments;
    va_start(arguments, format);
    const char *what = arena_print_list(parser->arena, format, arguments);
    va_end(arguments);
    return diag_error(parser->diagnostics, span, "expected %s, saw %s", what, shown);
}

Diagnostic *fail(Parser *parser, Span span, const char *format, ...) {
    if (!begin_error(parser, span.begin)) return NULL;
    va_list arguments;
    va_start(arguments, format);
    const char *message = arena_print_list(parser->arena, format, arguments);
    va_end(arguments);
    return diag_error(parser->diagnostics, span, "%s", message);
}

void hint(Parser *parser, Diagnostic *about, Span span, const char *text) {
    if (about) diag_note(parser->diagnostics, about, span, "%s", text);
}

/* ---- brackets and depth ---- */

/* Ends the parse: what follows could only repeat the error. */
static void finish(Parser *parser) {
    parser->panicking = parser->finished = true;
    parser->lexer.at = parser->lexer.end;
    advance(parser);
}

bool enter(Parser *parser) {
    parser->nesting++;
    if (parser->nesting <= BRACKET_LIMIT) return true;
    fail(parser, token_span(parser), "nested more than %d levels deep", BRACKET_LIMIT);
    finish(parser);
    return false;
}

void leave(Parser *parser) {
    parser->nesting--;
}

Bracket open_bracket(Parser *parser, TokenKind open) {
    Bracket bracket = {parser->token.begin, open, TOKEN_RIGHT_PAREN, parser->lines_matter};
    if (open == TOKEN_LEFT_BRACKET) bracket.close = TOKEN_RIGHT_BRACKET;
    if (open == TOKEN_LEFT_BRACE) bracket.close = TOKEN_RIGHT_BRACE;
    if (at(parser, open)) {
        parser->lines_matter = open == TOKEN_LEFT_BRACE;
        if (open != TOKEN_LEFT_BRACE) parser->open++;
    }
    expect(parser, open);
    return bracket;
}

/* A missing bracket is reported with the place of its other end. */
static void expect_closed(Parser *parser, Bracket bracket) {
    if (accept(parser, bracket.close)) return;
    Span begin = {parser->lexer.source, bracket.begin, bracket.begin + 1};
    bool same_line = span_line(begin) == span_line(token_span(parser));
    expected(parser, "'%s' to close '%s' at %s %d", token_text(bracket.close), token_text(bracket.open),
             same_line ? "column" : "line", same_line ? span_column(begin) : span_line(begin));
}

void close_bracket(Parser *parser, Bracket bracket) {
    expect_closed(parser, bracket);
    parser->lines_matter = bracket.lines_mattered;
    if (!parser->panicking && bracket.open != TOKEN_LEFT_BRACE) parser->open--;
}

/* ---- lists of statements, and recovery ---- */

static int column_at(const Parser *parser, int offset) {
    return span_column((Span){parser->lexer.source, offset, offset});
}

static bool begins_statement(TokenKind kind) {
    return kind == TOKEN_NAME ||
           (kind >= TOKEN_IMPORT && kind <= TOKEN_RETURN && kind != TOKEN_IN && kind != TOKEN_ELSE &&
            kind != TOKEN_BACKWARD && kind != TOKEN_CARRY && kind != TOKEN_OVER && kind != TOKEN_WITH);
}

static bool only_in_file(TokenKind kind) {
    return kind == TOKEN_IMPORT || kind == TOKEN_MODULE || kind == TOKEN_OPTIMIZER || kind == TOKEN_ENTRY;
}

/* After an error: skips to where the next statement seems to begin. That is a new line outside the brackets that the
 * broken statement has opened; if they stay open, a line that stands no further right than the statement itself. */
static void recover(Parser *parser, int statement) {
    int braces = 0, open = parser->open, column = column_at(parser, statement);
    for (; parser->token.kind != TOKEN_END; advance(parser)) {
        TokenKind kind = parser->token.kind;
        bool fresh = parser->token.first_of_line && parser->token.begin > statement && begins_statement(kind);
        if (braces == 0 && fresh && (open <= 0 || column_at(parser, parser->token.begin) <= column)) break;
        if (braces == 0 && (kind == TOKEN_RIGHT_BRACE || (kind == TOKEN_SEMICOLON && open <= 0))) break;
        if (kind == TOKEN_LEFT_BRACE) braces++;
        if (kind == TOKEN_RIGHT_BRACE) braces--;
        if (kind == TOKEN_LEFT_PAREN || kind == TOKEN_LEFT_BRACKET) open++;
        if (kind == TOKEN_RIGHT_PAREN || kind == TOKEN_RIGHT_BRACKET) open--;
    }
    /* at the end of a file that is cut off: that brackets are open is no second error */
    if (parser->token.kind == TOKEN_END) parser->error_at = parser->token.begin;
    parser->panicking = parser->finished;
    parser->joined = false;
}

/* sep = (newline | ";") {newline | ";"} ; */
static void skip_separators(Parser *parser) {
    for (;;) {
        if (peek(parser) == TOKEN_NEWLINE)
            parser->joined = true;
        else if (!accept(parser, TOKEN_SEMICOLON))
            return;
    }
}

static void expect_separator(Parser *parser) {
    TokenKind kind = peek(parser);
    if (kind == TOKEN_NEWLINE || kind == TOKEN_SEMICOLON || kind == TOKEN_RIGHT_BRACE || kind == TOKEN_END) return;
    Span span = token_span(parser);
    Diagnostic *error = expected(parser, "a new line or ';'");
    Span begin = {span.source, parser->statement, parser->statement};
    bool same_line = span_line(begin) == span_line(span);
    if (kind == TOKEN_ASSIGN && same_line)
        hint(parser, error, span, "to compare, write ==");
    else if (!same_line)
        hint(parser, error, begin, "the statement that begins here goes on so far");
}

/* An entry or module in a block, no further right than the block's own statement: the block was not closed. */
static bool block_was_left_open(const Parser *parser, Place place, int holder) {
    return place != PLACE_FILE && only_in_file(parser->token.kind) && parser->token.first_of_line &&
           column_at(parser, parser->token.begin) <= column_at(parser, holder);
}

/* stmt {sep stmt} [sep], up to what closes it. holder: where the statement begins that the block belongs to. */
static void parse_stmts(Parser *parser, Place place, AstStmts *stmts, int holder) {
    for (;;) {
        skip_separators(parser);
        if (at(parser, TOKEN_END) || at(parser, TOKEN_RIGHT_BRACE) || parser->panicking) return;
        if (block_was_left_open(parser, place, holder)) return;
        int outer = parser->statement, begin = parser->token.begin;
        parser->statement = begin;
        parser->open = 0;
        AstStmt *stmt = parse_stmt(parser, place);
        if (!parser->panicking) expect_separator(parser);
        if (parser->panicking) recover(parser, begin);
        if (stmt) vec_push(parser->arena, stmts, stmt);
        if (parser->diagnostics->full) finish(parser);
        parser->statement = outer;
    }
}

/* block = "{" [sep] [stmt {sep stmt} [sep]] "}" ;  members likewise */
AstBlock parse_block(Parser *parser, Place place) {
    AstBlock block = {0};
    int open = parser->open, height = parser->height, begin = parser->token.begin;
    Bracket bracket = open_bracket(parser, TOKEN_LEFT_BRACE);
    parser->height = 0;
    if (enter(parser) && !parser->panicking) parse_stmts(parser, place, &block.stmts, parser->statement);
    leave(parser);
    close_bracket(parser, bracket);
    block.span = span_from(parser, begin);
    parser->open = open;
    parser->height = parser->height + 1 > height ? parser->height + 1 : height;
    return block;
}

/* ---- files ---- */

static void open_parser(Parser *parser, Arena *arena, Interner *names, Diagnostics *diagnostics, const Source *source) {
    *parser = (Parser){.arena = arena,
                       .names = names,
                       .diagnostics = diagnostics,
                       .lines_matter = true,
                       .error_at = -1,
                       .end_text = token_text(TOKEN_END)};
    lexer_open(&parser->lexer, arena, names, diagnostics, source);
    parser->token = lex(&parser->lexer);
}

/* ["model" NAME sep] */
static AstName parse_model(Parser *parser) {
    AstName model = {0};
    if (!at_word(parser, "model")) return model;
    char next = lexer_glance(&parser->lexer, false);
    if (next == '=' || next == ',' || next == '.' || next == '[') return model; /* an assignment to a name `model` */
    int begin = parser->token.begin;
    advance(parser);
    model = expect_name(parser, "the model's name");
    if (!parser->panicking) expect_separator(parser);
    if (parser->panicking) recover(parser, begin);
    return model;
}

/* file = [sep] ["model" NAME sep] [item {sep item}] [sep] ; */
AstFile *parse_file(Arena *arena, Interner *names, Diagnostics *diagnostics, const Source *source) {
    Parser parser;
    open_parser(&parser, arena, names, diagnostics, source);
    AstFile *file = ARENA_NEW(arena, AstFile);
    file->source = source;
    file->block.span = (Span){source, 0, source->length};
    skip_separators(&parser);
    file->model = parse_model(&parser);
    for (;;) {
        parse_stmts(&parser, PLACE_FILE, &file->block.stmts, 0);
        if (!at(&parser, TOKEN_RIGHT_BRACE)) break;
        fail(&parser, token_span(&parser), "this '}' closes nothing");
        parser.panicking = false;
        advance(&parser);
        parser.joined = true;
    }
    return file;
}

AstExpr *parse_expression(Arena *arena, Interner *names, Diagnostics *diagnostics, const Source *source) {
    Parser parser;
    open_parser(&parser, arena, names, diagnostics, source);
    parser.lines_matter = false;
    parser.end_text = "nothing";
    AstExpr *expr = parse_expr(&parser);
    if (!parser.panicking && !at(&parser, TOKEN_END)) expected(&parser, "an operator or the end");
    if (parser.panicking) return new_expr(&parser, AST_ERROR, 0);
    return expr;
}
