#include "runtime/host/output.h"
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- text */

/* Room for `more` bytes and the NUL. */
static bool make_room(gr_text *text, size_t more) {
    if (text->failed) return false;
    const size_t needed = text->length + more + 1;
    if (needed <= text->capacity) return true;
    const size_t capacity = needed < 256 ? 256 : 2 * needed;
    char *const bytes = realloc(text->bytes, capacity);
    if (bytes == NULL) {
        text->failed = true;
        return false;
    }
    text->bytes = bytes;
    text->capacity = capacity;
    return true;
}

void gr_text_write(gr_text *text, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const int length = vsnprintf(NULL, 0, format, arguments);
    if (length >= 0 && make_room(text, (size_t)length)) {
        vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
    va_end(arguments);
}

/* Makes the locale's decimal point in a number a '.'. */
static void set_point(char *number) {
    const char *const point = localeconv()->decimal_point;
    if (point[0] == '\0' || strcmp(point, ".") == 0) return;
    char *const at = strstr(number, point);
    if (at == NULL) return;
    const size_t length = strlen(point);
    *at = '.';
    memmove(at + 1, at + length, strlen(at + length) + 1);
}

void gr_text_number(gr_text *text, double value, int digits) {
    char number[64];
    snprintf(number, sizeof number, "%.*g", digits, isnan(value) ? fabs(value) : value); /* no -nan */
    set_point(number);
    const size_t length = strlen(number);
    if (!make_room(text, length)) return;
    memcpy(text->bytes + text->length, number, length + 1);
    text->length += length;
}

void gr_text_clear(gr_text *text) {
    text->length = 0;
    text->failed = false;
}

void gr_text_free(gr_text *text) {
    free(text->bytes);
    *text = (gr_text){0};
}

/* Bytes of the UTF-8 character at `bytes` (RFC 3629), 0 if there is none. */
static size_t utf8_length(const unsigned char *bytes) {
    const unsigned char first = bytes[0];
    if (first >= 0x20 && first < 0x7f) return 1;
    const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4) return 0;
    for (size_t i = 1; i < length; i++)
        if ((bytes[i] & 0xc0) != 0x80) return 0;
    if (first == 0xc2 && bytes[1] < 0xa0) return 0;                     /* control characters */
    if (first == 0xe0 && bytes[1] < 0xa0) return 0;                     /* overlong */
    if (first == 0xed && bytes[1] > 0x9f) return 0;                     /* surrogates */
    if (first == 0xef && bytes[1] == 0xbf && bytes[2] > 0xbd) return 0; /* U+FFFE and U+FFFF, which are no characters */
    if (first == 0xf0 && bytes[1] < 0x90) return 0;
    if (first == 0xf4 && bytes[1] > 0x8f) return 0;
    return length;
}

char *gr_clean_name(const char *name, char *out, size_t size) {
    const unsigned char *in = (const unsigned char *)name;
    size_t length = 0, cut_at = 0; /* cut_at: where "..." still fits */
    while (*in != '\0') {
        const size_t bytes = utf8_length(in), width = bytes == 0 ? 1 : bytes;
        if (length + width + 1 > size) {
            memcpy(out + cut_at, "...", 4);
            return out;
        }
        if (bytes == 0)
            out[length] = '?';
        else
            memcpy(out + length, in, bytes);
        in += width;
        length += width;
        if (length + 4 <= size) cut_at = length;
    }
    out[length] = '\0';
    return out;
}

/* ---- files */

bool gr_write_fully(int file, const void *bytes, size_t size) {
    sigset_t pipe_signal, before, pending;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigpending(&pending);
    const bool was_pending = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    int failure = 0;
    const char *at = bytes;
    while (size > 0 && failure == 0) {
        const ssize_t written = write(file, at, size);
        if (written > 0) {
            at += written;
            size -= (size_t)written;
        } else if (written == 0) {
            failure = EIO;
        } else if (errno != EINTR) {
            failure = errno;
        }
    }
    if (failure == EPIPE && !was_pending) { /* ours: take it, so that unblocking does not deliver it */
        sigpending(&pending);
        int taken;
        if (sigismember(&pending, SIGPIPE) == 1) sigwait(&pipe_signal, &taken);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = failure;
    return failure == 0;
}

/* ---- numbers for people */

char *gr_say_count(double count, char *out, size_t size) {
    static const char *const prefixes[] = {"", " k", " M", " G", " T", " P"};
    int prefix = 0;
    if (!(count >= 0) || isinf(count)) {
        snprintf(out, size, "?");
        return out;
    }
    while (count >= 999.5 && prefix < 5) {
        count /= 1000;
        prefix++;
    }
    snprintf(out, size, "%.*f%s", count < 9.95 && count != floor(count) ? 1 : 0, fmin(count, 999999), prefixes[prefix]);
    set_point(out);
    return out;
}

char *gr_say_duration(double seconds, char *out, size_t size) {
    const double whole = floor(seconds + 0.5);
    if (!(seconds >= 0) || seconds > 1e9) {
        snprintf(out, size, "?");
    } else if (seconds < 9.95) {
        snprintf(out, size, "%.1f s", seconds);
    } else if (whole < 60) {
        snprintf(out, size, "%.0f s", whole);
    } else if (whole < 3600) {
        snprintf(out, size, "%d m %02d s", (int)whole / 60, (int)whole % 60);
    } else if (whole < 86400) {
        snprintf(out, size, "%d h %02d m", (int)whole / 3600, (int)whole / 60 % 60);
    } else {
        snprintf(out, size, "%d d %02d h", (int)whole / 86400, (int)whole / 3600 % 24);
    }
    set_point(out);
    return out;
}

char *gr_say_value(double value, char *out, size_t size) {
    if (isnan(value)) {
        snprintf(out, size, "nan"); /* the sign of a nan says nothing */
        return out;
    }
    snprintf(out, size, "%.4g", value);
    set_point(out);
    return out;
}
