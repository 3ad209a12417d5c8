#include "frontend/source.h"
#include "compiler/support/str.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* All bytes of a stream, or NULL with errno. One byte more than the limit is read, to see that it is exceeded. */
static char *read_all(Arena *arena, FILE *in, size_t *length) {
    size_t capacity = 1 << 14;
    char *text = arena_alloc(arena, capacity);
    *length = 0;
    while (*length <= SOURCE_LIMIT) {
        size_t got = fread(text + *length, 1, capacity - *length, in);
        *length += got;
        if (ferror(in)) return NULL;
        if (got == 0) return text;
        if (*length == capacity) {
            char *grown = arena_alloc(arena, capacity * 2);
            memcpy(grown, text, *length);
            text = grown;
            capacity *= 2;
        }
    }
    return text;
}

static char *read_file(Arena *arena, const char *path, size_t *length) {
    FILE *in = fopen(path, "rb");
    if (!in) return NULL;
    char *text = read_all(arena, in, length);
    int error = errno;
    fclose(in);
    errno = error;
    return text;
}

/* UTF-16 shows itself by its mark, or by a zero in every second byte of plain text. */
static bool is_utf16(const char *text, size_t length) {
    if (length < 2) return false;
    const unsigned char *bytes = (const unsigned char *)text;
    bool marked = (bytes[0] == 0xFF && bytes[1] == 0xFE) || (bytes[0] == 0xFE && bytes[1] == 0xFF);
    bool plain = length >= 4 && (bytes[0] == 0) == (bytes[2] == 0) && (bytes[1] == 0) == (bytes[3] == 0) &&
                 (bytes[0] == 0) != (bytes[1] == 0);
    return marked || plain;
}

/* The message for the first thing that is no text, with its place; NULL: all is well. */
static const char *find_fault(const char *text, size_t length, size_t *at) {
    *at = 0;
    if (is_utf16(text, length)) return "this file is UTF-16: save it as UTF-8";
    while (*at < length) {
        uint32_t code;
        int count = utf8_decode(text + *at, length - *at, &code);
        if (count == 0) return "these bytes are not UTF-8: is this a model file?";
        if (code == 0) return "a NUL byte: this is not a text file";
        if (code == '\r' && !(*at + 1 < length && text[*at + 1] == '\n'))
            return "a carriage return without a line feed: lines end with LF or CR LF";
        *at += (size_t)count;
    }
    return NULL;
}

SourceStatus source_check(Arena *arena, Diagnostics *diagnostics, const char *path, const char *text, size_t length,
                          const Source **source) {
    *source = NULL;
    if (length > SOURCE_LIMIT) {
        diag_error(diagnostics, (Span){0}, "cannot read %s: it is larger than %d MB", path, SOURCE_LIMIT >> 20);
        return SOURCE_UNREADABLE;
    }
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) text += 3, length -= 3;
    char *copy = arena_alloc(arena, length + 1);
    if (length > 0) memcpy(copy, text, length);
    const Source *made = source_of_text(arena, arena_print(arena, "%s", path), copy, (int)length);
    size_t at;
    const char *fault = find_fault(copy, length, &at);
    if (fault) {
        diag_error(diagnostics, (Span){made, (int)at, (int)at + 1}, "%s", fault);
        return SOURCE_NOT_TEXT;
    }
    *source = made;
    return SOURCE_OK;
}

SourceStatus source_read(Arena *arena, Diagnostics *diagnostics, const char *path, const Source **source) {
    bool standard = strcmp(path, "-") == 0;
    if (standard) path = "<stdin>";
    size_t length;
    errno = 0;
    const char *text = standard ? read_all(arena, stdin, &length) : read_file(arena, path, &length);
    if (!text) {
        *source = NULL;
        diag_error(diagnostics, (Span){0}, "cannot read %s: %s", path, strerror(errno));
        return SOURCE_UNREADABLE;
    }
    return source_check(arena, diagnostics, path, text, length, source);
}
