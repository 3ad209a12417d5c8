#include "runtime/host/json.h"

#include <string.h>

bool gr_json_bad(gr_json *json, const char *what) {
    return gr_fail(json->error, "%s: %s at byte %llu of its header", json->path, what,
                   (unsigned long long)(json->at - json->start));
}

void gr_json_skip_blanks(gr_json *json) {
    while (json->at < json->end && strchr(" \t\n\r", *json->at) && *json->at)
        json->at++;
}

bool gr_json_take(gr_json *json, char c) {
    gr_json_skip_blanks(json);
    if (json->at == json->end || *json->at != c) return false;
    json->at++;
    return true;
}

bool gr_json_expect(gr_json *json, char c) {
    const char what[] = {'\'', c, '\'', ' ', 'i', 's', ' ', 'm', 'i', 's', 's', 'i', 'n', 'g', 0};
    return gr_json_take(json, c) || gr_json_bad(json, what);
}

bool gr_json_separator(gr_json *json, char close, bool *more) {
    *more = gr_json_take(json, ',');
    return *more || gr_json_expect(json, close);
}

size_t gr_utf8_size(const unsigned char *at, const char *end) {
    const size_t left = (size_t)(end - (const char *)at);
    const unsigned char first = at[0];
    const size_t size = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : (first & 0xf0) == 0xe0 ? 3 : 4;
    if (first < 0x20 || first == 0x7f || (first >= 0x80 && first < 0xc2) || first > 0xf4 || size > left) return 0;
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80) return 0;
    }
    if (size > 2 || first >= 0x80) {
        if ((first == 0xe0 && at[1] < 0xa0) || (first == 0xed && at[1] > 0x9f) || (first == 0xf0 && at[1] < 0x90) ||
            (first == 0xf4 && at[1] > 0x8f))
            return 0;
    }
    return size;
}

static bool read_hex(gr_json *json, uint32_t *value) {
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    *value = 0;
    for (int i = 0; i < 4; i++, json->at++) {
        const char *digit = json->at < json->end && *json->at ? strchr(digits, *json->at) : NULL;
        if (!digit) return gr_json_bad(json, "\\u without four digits");
        *value = *value * 16 + (uint32_t)((digit - digits) % 16);
    }
    return true;
}

/* Behind \u: the character as UTF-8, which is shorter than its escape. Control characters are refused unless `any`,
 * and the zero byte always. */
static bool read_unicode(gr_json *json, char **out, bool any) {
    uint32_t code, low;
    if (!read_hex(json, &code)) return false;
    if (code >= 0xd800 && code < 0xdc00) {
        if (json->end - json->at < 2 || json->at[0] != '\\' || json->at[1] != 'u')
            return gr_json_bad(json, "half a surrogate");
        json->at += 2;
        if (!read_hex(json, &low)) return false;
        if (low < 0xdc00 || low > 0xdfff) return gr_json_bad(json, "half a surrogate");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code < 0xe000) {
        return gr_json_bad(json, "half a surrogate");
    }
    if (code == 0 || (!any && (code < 0x20 || code == 0x7f))) return gr_json_bad(json, "a control character");
    char *p = *out;
    if (code < 0x80) {
        *p++ = (char)code;
    } else {
        const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
        static const unsigned char marks[] = {0, 0xc0, 0xe0, 0xf0};
        *p++ = (char)(marks[more] | code >> (6 * more));
        for (int i = more - 1; i >= 0; i--)
            *p++ = (char)(0x80 | (code >> (6 * i) & 0x3f));
    }
    *out = p;
    return true;
}

bool gr_json_string(gr_json *json, const char **text, bool any) {
    static const char escapes[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    if (!gr_json_expect(json, '"')) return false;
    char *out = json->at;
    *text = out;
    while (json->at < json->end && *json->at != '"') {
        if (*json->at != '\\') {
            const size_t size = gr_utf8_size((const unsigned char *)json->at, json->end);
            if (size == 0) return gr_json_bad(json, "what is no UTF-8 text");
            memmove(out, json->at, size);
            out += size;
            json->at += size;
            continue;
        }
        json->at++;
        const char *escape = json->at < json->end && *json->at ? strchr(escapes, *json->at) : NULL;
        if (json->at < json->end && *json->at == 'u') {
            json->at++;
            if (!read_unicode(json, &out, any)) return false;
        } else if (escape && (any || escape - escapes < 3)) {
            *out++ = values[escape - escapes];
            json->at++;
        } else {
            return gr_json_bad(json, escape ? "a control character" : "an unknown escape");
        }
    }
    if (json->at == json->end) return gr_json_bad(json, "a string without end");
    json->at++;
    *out = 0;
    return true;
}

bool gr_json_number(gr_json *json, uint64_t *value) {
    gr_json_skip_blanks(json);
    const char *start = json->at;
    *value = 0;
    for (; json->at < json->end && *json->at >= '0' && *json->at <= '9'; json->at++) {
        const uint64_t digit = (uint64_t)(*json->at - '0');
        if (*value > (UINT64_MAX - digit) / 10) return gr_json_bad(json, "a number beyond 64 bits");
        *value = *value * 10 + digit;
    }
    if (json->at == start || (*start == '0' && json->at - start > 1))
        return gr_json_bad(json, "what is no whole number");
    return true;
}
