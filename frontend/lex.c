#include "frontend/lex.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef enum Manner { MANNER_VALUE, MANNER_KEYWORD, MANNER_MARK } Manner;
typedef enum After { STAY, JOIN } After;

static const struct {
    Manner manner;
    After after;
    const char *text;
} rows[TOKEN_COUNT] = {
#define VALUE(id, text)          {MANNER_VALUE, STAY, text},
#define KEYWORD(id, text, after) {MANNER_KEYWORD, after, text},
#define MARK(id, text, after)    {MANNER_MARK, after, text},
#include "frontend/token.def"
#undef VALUE
#undef KEYWORD
#undef MARK
};

const char *token_text(TokenKind kind) {
    return rows[kind].text;
}
bool token_has_text(TokenKind kind) {
    return rows[kind].manner != MANNER_VALUE;
}
bool token_is_keyword(TokenKind kind) {
    return rows[kind].manner == MANNER_KEYWORD;
}
bool token_joins(TokenKind kind) {
    return rows[kind].after == JOIN;
}

const char *nearest_keyword(const char *word) {
    const char *keywords[TOKEN_COUNT + 2] = {"model", "size"};
    int count = 2;
    for (int kind = 0; kind < TOKEN_COUNT; kind++)
        if (rows[kind].manner == MANNER_KEYWORD) keywords[count++] = rows[kind].text;
    return nearest_name(word, keywords, count);
}

void lexer_open(Lexer *lexer, Arena *arena, Interner *names, Diagnostics *diagnostics, const Source *source) {
    Name *keywords = ARENA_ARRAY(arena, Name, TOKEN_COUNT);
    for (int kind = 0; kind < TOKEN_COUNT; kind++)
        if (rows[kind].manner == MANNER_KEYWORD) keywords[kind] = intern_text(names, rows[kind].text);
    *lexer = (Lexer){.arena = arena,
                     .names = names,
                     .diagnostics = diagnostics,
                     .source = source,
                     .end = source->length,
                     .previous = TOKEN_END,
                     .keywords = keywords};
}

/* ---- characters ---- */

static char byte_at(const Lexer *lexer, int at) {
    return at < lexer->end ? lexer->source->text[at] : '\0';
}
static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static Token make_token(TokenKind kind, int begin, int end) {
    return (Token){.kind = kind, .begin = begin, .end = end};
}

/* The token of a lexical error. One error a line is told: the second is mostly a consequence. */
static Token bad(Lexer *lexer, int begin, int end, const char *message) {
    Span span = {lexer->source, begin, end};
    int line = span_line(span);
    if (line != lexer->error_line) diag_error(lexer->diagnostics, span, "%s", message);
    lexer->error_line = line;
    return make_token(TOKEN_BAD, begin, end);
}

/* ---- words and marks ---- */

static Token lex_word(Lexer *lexer, int begin) {
    int end = begin;
    while (is_letter(byte_at(lexer, end)) || is_digit(byte_at(lexer, end)))
        end++;
    Token token = make_token(TOKEN_NAME, begin, end);
    token.u.name = intern(lexer->names, lexer->source->text + begin, (size_t)(end - begin));
    for (int kind = 0; kind < TOKEN_COUNT; kind++)
        if (lexer->keywords[kind] == token.u.name) token.kind = (TokenKind)kind;
    return token;
}

static Token lex_mark(Lexer *lexer, int begin) {
    Token token = make_token(TOKEN_BAD, begin, begin);
    for (int kind = 0; kind < TOKEN_COUNT; kind++) {
        if (rows[kind].text[0] != byte_at(lexer, begin)) continue;
        int length = (int)strlen(rows[kind].text);
        if (rows[kind].manner != MANNER_MARK || length <= token.end - begin || length > lexer->end - begin) continue;
        if (strncmp(lexer->source->text + begin, rows[kind].text, (size_t)length) != 0) continue;
        token = make_token((TokenKind)kind, begin, begin + length);
    }
    return token;
}

/* ---- numbers ---- */

/* NUMBER = digits ["." digits] [("e" | "E") ["+" | "-"] digits] ;  behind a dot: digits */
static int scan_number(const Lexer *lexer, int at, bool *is_real) {
    *is_real = false;
    while (is_digit(byte_at(lexer, at)))
        at++;
    if (lexer->previous == TOKEN_DOT) return at;
    if (byte_at(lexer, at) == '.' && is_digit(byte_at(lexer, at + 1))) {
        *is_real = true;
        for (at++; is_digit(byte_at(lexer, at));)
            at++;
    }
    char c = byte_at(lexer, at);
    int sign = byte_at(lexer, at + 1) == '+' || byte_at(lexer, at + 1) == '-';
    if ((c == 'e' || c == 'E') && is_digit(byte_at(lexer, at + 1 + sign))) {
        *is_real = true;
        for (at += 1 + sign; is_digit(byte_at(lexer, at));)
            at++;
    }
    return at;
}

static int word_end(const Lexer *lexer, int at) {
    while (is_letter(byte_at(lexer, at)) || is_digit(byte_at(lexer, at)))
        at++;
    return at;
}

static Token lex_real(Lexer *lexer, int begin, int end) {
    Token token = make_token(TOKEN_REAL, begin, end);
    errno = 0;
    token.u.real = strtod(lexer->source->text + begin, NULL);
    if (isinf(token.u.real)) return bad(lexer, begin, end, "this number is too large: reals go up to 1.8e308");
    if (token.u.real == 0 && errno == ERANGE)
        return bad(lexer, begin, end, "this number is too small to be told from 0: reals go down to 4.9e-324");
    return token;
}

static Token lex_int(Lexer *lexer, int begin, int end) {
    Token token = make_token(TOKEN_INT, begin, end);
    for (int at = begin; at < end; at++) {
        int digit = lexer->source->text[at] - '0';
        if (token.u.integer > (INT64_MAX - digit) / 10)
            return bad(lexer, begin, end, "this number is too large: whole numbers go up to 9223372036854775807");
        token.u.integer = token.u.integer * 10 + digit;
    }
    return token;
}

static Token lex_number(Lexer *lexer, int begin) {
    bool is_real;
    int end = scan_number(lexer, begin, &is_real), word = word_end(lexer, end);
    if (word > end) return bad(lexer, begin, word, "a number must not run into a name");
    return is_real ? lex_real(lexer, begin, end) : lex_int(lexer, begin, end);
}

/* ---- strings ---- */

/* The character that a letter behind a backslash stands for; '\0': none. */
static char escaped(char letter) {
    switch (letter) {
    case 'n': return '\n';
    case 't': return '\t';
    case '"':
    case '\\': return letter;
    default: return '\0';
    }
}

/* STRING = '"' {character} '"' in one line; a backslash escapes '"', '\', n and t. */
static Token lex_string(Lexer *lexer, int begin) {
    int end = begin + 1;
    while (end < lexer->end && byte_at(lexer, end) != '"' && byte_at(lexer, end) != '\n')
        end += byte_at(lexer, end) == '\\' && byte_at(lexer, end + 1) != '\n' ? 2 : 1;
    if (end >= lexer->end || byte_at(lexer, end) != '"') {
        if (end > lexer->end) end = lexer->end;
        return bad(lexer, begin, end, "this string has no end in its line");
    }
    Token token = make_token(TOKEN_STRING, begin, end + 1);
    char *text = arena_alloc(lexer->arena, (size_t)(end - begin)), *to = text;
    for (int at = begin + 1; at < end; at++) {
        char c = byte_at(lexer, at);
        if (c == '\\' && (c = escaped(byte_at(lexer, ++at))) == '\0') {
            lexer->at = end + 1;
            return bad(lexer, at - 1, at + 1, "unknown escape: a string knows \\\", \\\\, \\n and \\t");
        }
        *to++ = c;
    }
    token.u.string = text;
    return token;
}

/* ---- characters that mean nothing ---- */

/* Characters that people and editors write for others, with the mend. */
static const struct {
    uint32_t code;
    const char *name, *instead; /* NULL: it can only be removed */
} lookalikes[] = {
    {0x00A0, "no-break space", "a blank"},
    {0x00B2, "superscript two", "^2"},
    {0x00B7, "middle dot", "*"},
    {0x00D7, "multiplication sign", "*"},
    {0x00F7, "division sign", "/"},
    {0x037E, "Greek question mark", ";"},
    {0x0391, "Greek capital letter alpha", "A"},
    {0x0392, "Greek capital letter beta", "B"},
    {0x0395, "Greek capital letter epsilon", "E"},
    {0x0397, "Greek capital letter eta", "H"},
    {0x039D, "Greek capital letter nu", "N"},
    {0x039F, "Greek capital letter omicron", "O"},
    {0x03B1, "Greek small letter alpha", "alpha"},
    {0x03B2, "Greek small letter beta", "beta"},
    {0x03B5, "Greek small letter epsilon", "eps"},
    {0x03BB, "Greek small letter lambda", "fn or lambda"},
    {0x03BC, "Greek small letter mu", "mu"},
    {0x03BD, "Greek small letter nu", "v"},
    {0x03BF, "Greek small letter omicron", "o"},
    {0x03C0, "Greek small letter pi", "pi"},
    {0x03C3, "Greek small letter sigma", "sigma"},
    {0x0410, "Cyrillic capital letter a", "A"},
    {0x0412, "Cyrillic capital letter ve", "B"},
    {0x0415, "Cyrillic capital letter ie", "E"},
    {0x041A, "Cyrillic capital letter ka", "K"},
    {0x041C, "Cyrillic capital letter em", "M"},
    {0x041D, "Cyrillic capital letter en", "H"},
    {0x041E, "Cyrillic capital letter o", "O"},
    {0x0420, "Cyrillic capital letter er", "P"},
    {0x0421, "Cyrillic capital letter es", "C"},
    {0x0422, "Cyrillic capital letter te", "T"},
    {0x0425, "Cyrillic capital letter ha", "X"},
    {0x0430, "Cyrillic small letter a", "a"},
    {0x0435, "Cyrillic small letter ie", "e"},
    {0x043E, "Cyrillic small letter o", "o"},
    {0x0440, "Cyrillic small letter er", "p"},
    {0x0441, "Cyrillic small letter es", "c"},
    {0x0443, "Cyrillic small letter u", "y"},
    {0x0445, "Cyrillic small letter ha", "x"},
    {0x0456, "Cyrillic small letter Ukrainian i", "i"},
    {0x200B, "zero width space", NULL},
    {0x2013, "en dash", "-"},
    {0x2014, "em dash", "-"},
    {0x2018, "left single quotation mark", "'"},
    {0x2019, "right single quotation mark", "'"},
    {0x201C, "left double quotation mark", "\""},
    {0x201D, "right double quotation mark", "\""},
    {0x2026, "horizontal ellipsis", ".."},
    {0x2032, "prime", "'"},
    {0x2190, "leftwards arrow", "<-"},
    {0x2192, "rightwards arrow", "->"},
    {0x2208, "element of", "in"},
    {0x2211, "n-ary summation", "sum[...]"},
    {0x2212, "minus sign", "-"},
    {0x223C, "tilde operator", "~"},
    {0x2260, "not equal to", "!="},
    {0x2264, "less-than or equal to", "<="},
    {0x2265, "greater-than or equal to", ">="},
    {0x22A4, "down tack", "'"},
    {0xFEFF, "byte order mark", NULL},
    {0xFF08, "fullwidth left parenthesis", "("},
    {0xFF09, "fullwidth right parenthesis", ")"},
    {0xFF0C, "fullwidth comma", ","},
    {0xFF1D, "fullwidth equals sign", "="},
};

static Token lex_foreign(Lexer *lexer, int begin) {
    uint32_t code = 0;
    int length = utf8_decode(lexer->source->text + begin, (size_t)(lexer->end - begin), &code);
    for (size_t i = 0; i < sizeof lookalikes / sizeof *lookalikes; i++)
        if (lookalikes[i].code == code)
            return bad(lexer, begin, begin + length,
                       arena_print(lexer->arena, "unexpected character U+%04X (%s): %s%s", (unsigned)code,
                                   lookalikes[i].name, lookalikes[i].instead ? "write " : "remove it",
                                   lookalikes[i].instead ? lookalikes[i].instead : ""));
    return bad(lexer, begin, begin + length,
               arena_print(lexer->arena, "unexpected character U+%04X: outside strings and comments only ASCII is read",
                           (unsigned)code));
}

/* An ASCII character that begins no token, with the mend where another language has put it into the fingers. */
static Token lex_stray(Lexer *lexer, int begin) {
    char c = byte_at(lexer, begin);
    bool twice = byte_at(lexer, begin + 1) == c;
    if (c == '&' && twice) return bad(lexer, begin, begin + 2, "unexpected '&&': write and");
    if (c == '|' && twice) return bad(lexer, begin, begin + 2, "unexpected '||': write or");
    if (c == '!') return bad(lexer, begin, begin + 1, "unexpected '!': write not");
    const char *format = c >= 0x20 && c < 0x7F ? "unexpected character '%c'" : "unexpected control character 0x%02X";
    return bad(lexer, begin, begin + 1, arena_print(lexer->arena, format, c));
}

/* ---- tokens ---- */

/* Skips blanks, newlines and comments; true if there was a newline. */
static bool skip_blanks(Lexer *lexer) {
    bool newline = lexer->at == 0;
    for (;; lexer->at++) {
        if (byte_at(lexer, lexer->at) == '#')
            while (lexer->at < lexer->end && byte_at(lexer, lexer->at) != '\n')
                lexer->at++;
        if (lexer->at >= lexer->end || !is_blank(byte_at(lexer, lexer->at))) return newline;
        newline |= byte_at(lexer, lexer->at) == '\n';
    }
}

static Token lex_end(const Lexer *lexer) {
    int at = lexer->end;
    while (at > 0 && is_blank(lexer->source->text[at - 1]))
        at--;
    return make_token(TOKEN_END, at, at);
}

static Token lex_any(Lexer *lexer) {
    int begin = lexer->at;
    char c = byte_at(lexer, begin);
    if (begin >= lexer->end) return lex_end(lexer);
    if (is_letter(c)) return lex_word(lexer, begin);
    if (is_digit(c)) return lex_number(lexer, begin);
    if (c == '"') return lex_string(lexer, begin);
    if ((unsigned char)c >= 0x80) return lex_foreign(lexer, begin);
    Token mark = lex_mark(lexer, begin);
    return mark.kind == TOKEN_BAD ? lex_stray(lexer, begin) : mark;
}

Token lex(Lexer *lexer) {
    bool first_of_line = skip_blanks(lexer);
    Token token = lex_any(lexer);
    token.first_of_line = first_of_line;
    if (token.kind != TOKEN_END && token.end > lexer->at) lexer->at = token.end;
    lexer->previous = token.kind;
    return token;
}

char lexer_glance(const Lexer *lexer, bool over_newlines) {
    int at = lexer->at;
    while (at < lexer->end && is_blank(byte_at(lexer, at)) && (over_newlines || byte_at(lexer, at) != '\n'))
        at++;
    return byte_at(lexer, at);
}
