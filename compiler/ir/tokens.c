/* Tokens of the text form. */
#include "compiler/ir/reader.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

Span reader_span(const Reader *reader) {
    return (Span){reader->source, reader->begin, reader->end};
}

void reader_error(Reader *reader, Span span, const char *format, ...) {
    if (reader->failed) return;
    va_list arguments;
    va_start(arguments, format);
    diag_error(reader->diagnostics, span, "%s", arena_print_list(reader->arena, format, arguments));
    va_end(arguments);
    reader->failed = true;
}

static bool is_letter(char c) {
    return isalpha((unsigned char)c) || c == '_' || c == '@';
}

static bool is_digit(char c) {
    return isdigit((unsigned char)c);
}

/* A point belongs to a name or number if it does not begin `..`. */
static bool is_point(const char *at) {
    return at[0] == '.' && at[1] != '.';
}

static const char *end_of_name(const char *at) {
    while (is_letter(*at) || is_digit(*at) || is_point(at))
        at++;
    return at;
}

static const char *end_of_number(Reader *reader, const char *at) {
    const char *begin = at;
    reader->is_real = false;
    while (is_digit(*at))
        at++;
    if (is_point(at)) {
        reader->is_real = true;
        for (at++; is_digit(*at);)
            at++;
    }
    bool sign = *at == 'e' && (at[1] == '-' || at[1] == '+');
    if (*at == 'e' && is_digit(at[1 + sign])) {
        reader->is_real = true;
        for (at += 1 + sign; is_digit(*at);)
            at++;
    }
    reader->number = strtod(begin, NULL);
    reader->whole = strtoll(begin, NULL, 10); /* saturates; the reader of a whole number sees is_real */
    return at;
}

static const char *end_of_label(Reader *reader, const char *at) {
    reader->whole = is_digit(*at) ? strtoll(at, NULL, 10) : -1;
    while (is_digit(*at))
        at++;
    return at;
}

static const char *end_of_string(const char *at) {
    while (*at != '\0' && *at != '"' && *at != '\n')
        at++;
    return *at == '"' ? at + 1 : at;
}

static const char *skip_blanks(const char *at) {
    while (isspace((unsigned char)*at) || *at == '#') {
        if (*at++ != '#') continue;
        while (*at != '\0' && *at != '\n')
            at++;
    }
    return at;
}

static const char *read_token(Reader *reader, const char *at) {
    reader->character = *at;
    if (*at == '\0') return reader->token = TOKEN_END, at;
    if (is_letter(*at)) return reader->token = TOKEN_NAME, end_of_name(at);
    if (is_digit(*at)) return reader->token = TOKEN_NUMBER, end_of_number(reader, at);
    if (*at == '%') return reader->token = TOKEN_NODE, end_of_label(reader, at + 1);
    if (*at == '$') return reader->token = TOKEN_LET, end_of_label(reader, at + 1);
    if (*at == '"') return reader->token = TOKEN_STRING, end_of_string(at + 1);
    if (strncmp(at, "..", 2) == 0) return reader->token = TOKEN_RANGE, at + 2;
    if (strncmp(at, "->", 2) == 0) return reader->token = TOKEN_ARROW, at + 2;
    return reader->token = TOKEN_SIGN, at + 1;
}

void reader_next(Reader *reader) {
    const char *text = reader->source->text, *begin = skip_blanks(text + reader->end);
    reader->begin = (int)(begin - text);
    reader->end = (int)(read_token(reader, begin) - text);
}

void reader_skip_line(Reader *reader) {
    const char *text = reader->source->text;
    while (text[reader->end] != '\0' && text[reader->end] != '\n')
        reader->end++;
    reader->failed = false;
    reader_next(reader);
}

bool reader_at(const Reader *reader, char character) {
    return !reader->failed && reader->token == TOKEN_SIGN && reader->character == character;
}

bool reader_at_word(const Reader *reader, const char *word) {
    size_t length = strlen(word);
    return !reader->failed && reader->token == TOKEN_NAME && (size_t)(reader->end - reader->begin) == length &&
           strncmp(reader->source->text + reader->begin, word, length) == 0;
}

bool reader_accept(Reader *reader, char character) {
    if (!reader_at(reader, character)) return false;
    reader_next(reader);
    return true;
}

bool reader_accept_word(Reader *reader, const char *word) {
    if (!reader_at_word(reader, word)) return false;
    reader_next(reader);
    return true;
}

void reader_expect(Reader *reader, char character) {
    if (!reader_accept(reader, character)) reader_error(reader, reader_span(reader), "expected '%c'", character);
}

Name reader_name(Reader *reader, const char *what) {
    if (reader->token != TOKEN_NAME) reader_error(reader, reader_span(reader), "expected %s", what);
    if (reader->failed) return "";
    Name name = intern(reader->names, reader->source->text + reader->begin, (size_t)(reader->end - reader->begin));
    reader_next(reader);
    return name;
}

int64_t reader_whole(Reader *reader, const char *what) {
    if (reader->token != TOKEN_NUMBER || reader->is_real)
        reader_error(reader, reader_span(reader), "expected %s, a whole number", what);
    if (reader->failed) return 0;
    int64_t whole = reader->whole;
    reader_next(reader);
    return whole;
}

int64_t reader_signed(Reader *reader, const char *what) {
    bool negative = reader_accept(reader, '-');
    int64_t whole = reader_whole(reader, what);
    return negative ? -whole : whole;
}
