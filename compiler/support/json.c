#include "compiler/support/json.h"
#include "compiler/support/str.h"
#include <stdio.h>
#include <string.h>

const char *json_string(Arena *arena, const char *text) {
    size_t length = strlen(text), at = 0;
    char *string = arena_alloc(arena, 6 * length + 3), *out = string;
    *out++ = '"';
    while (at < length) {
        uint32_t code;
        int bytes = utf8_decode(text + at, length - at, &code);
        if (bytes == 0)
            out += sprintf(out, "\\ufffd");
        else if (code == '"' || code == '\\')
            out += sprintf(out, "\\%c", (char)code);
        else if (code < 0x20 || code == 0x7f)
            out += sprintf(out, "\\u%04x", (unsigned)code);
        else
            out = (char *)memcpy(out, text + at, (size_t)bytes) + bytes;
        at += bytes > 0 ? (size_t)bytes : 1;
    }
    *out++ = '"';
    *out = '\0';
    return string;
}
