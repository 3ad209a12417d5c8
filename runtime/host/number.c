#include "runtime/host/number.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

/* The parts of a decimal number: value = digits * 10^exponent while neither overflows. */
typedef struct gr_decimal {
    uint64_t digits;
    int significant; /* decimal digits in it, leading zeros apart; more than 19 have overflowed */
    int exponent;
    bool negative;
} gr_decimal;

static const char *read_digits(const char *at, const char *end, gr_decimal *decimal, int exponent_each) {
    for (; at < end && is_digit(*at); at++) {
        if (decimal->significant > 19) continue;
        if (decimal->digits != 0 || *at != '0') decimal->significant++;
        if (decimal->significant > 19) continue;
        decimal->digits = decimal->digits * 10 + (uint64_t)(*at - '0');
        if (decimal->exponent > -100000) decimal->exponent += exponent_each;
    }
    return at;
}

/* False if the text is none. An exponent so large that it does not matter is cut to a still larger one. */
static bool read_decimal(const char *at, const char *end, gr_decimal *decimal) {
    if (at < end && (*at == '+' || *at == '-')) decimal->negative = *at++ == '-';
    const char *first = at;
    at = read_digits(at, end, decimal, 0);
    ptrdiff_t count = at - first;
    if (at < end && *at == '.') {
        first = ++at;
        at = read_digits(at, end, decimal, -1);
        count += at - first;
    }
    if (count == 0) return false;
    if (at == end) return true;
    if (*at != 'e' && *at != 'E') return false;
    at++;
    const bool negative = at < end && *at == '-';
    if (at < end && (*at == '+' || *at == '-')) at++;
    if (at == end) return false;
    int exponent = 0;
    for (; at < end && is_digit(*at); at++) {
        if (exponent < 100000) exponent = exponent * 10 + (*at - '0');
    }
    decimal->exponent += negative ? -exponent : exponent;
    return at == end;
}

static bool read_word(const char *text, size_t length, double *value) {
    const bool negative = length > 0 && *text == '-';
    if (length > 0 && (*text == '+' || *text == '-')) text++, length--;
    if ((length == 3 && strncasecmp(text, "inf", 3) == 0) || (length == 8 && strncasecmp(text, "infinity", 8) == 0)) {
        *value = negative ? -(double)INFINITY : (double)INFINITY;
        return true;
    }
    if (length == 3 && strncasecmp(text, "nan", 3) == 0) {
        *value = (double)NAN;
        return true;
    }
    return false;
}

/* strtod with '.' as decimal point; only this thread's locale is another meanwhile, and "C" costs nothing to make. */
static bool library_number(const char *text, double *value) {
    const locale_t locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (locale == (locale_t)0) return false;
    const locale_t before = uselocale(locale);
    *value = strtod(text, NULL);
    uselocale(before);
    freelocale(locale);
    return isfinite(*value);
}

/* By the library, which rounds correctly whatever the digits; it wants an end mark. */
static enum gr_number_result read_slowly(const char *text, size_t length, double *value) {
    char few[128], *copy = length < sizeof few ? few : malloc(length + 1);
    if (copy == NULL) return GR_NUMBER_TOO_LARGE;
    memcpy(copy, text, length);
    copy[length] = 0;
    const bool done = library_number(copy, value);
    if (copy != few) free(copy);
    return done ? GR_NUMBER : GR_NUMBER_TOO_LARGE;
}

enum gr_number_result gr_read_number(const char *text, size_t length, double *value) {
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    gr_decimal decimal = {0};
    while (length > 0 && is_blank(*text))
        text++, length--;
    while (length > 0 && is_blank(text[length - 1]))
        length--;
    if (!read_decimal(text, text + length, &decimal)) {
        return read_word(text, length, value) ? GR_NUMBER : GR_NUMBER_NONE;
    }
    /* Both factors are exact, so that one operation rounds once (W. Clinger, "How to read floating point numbers
     * accurately", 1990), where doubles are computed as doubles. */
    const bool exact = FLT_EVAL_METHOD == 0 && decimal.significant <= 19 && decimal.digits <= (uint64_t)1 << 53 &&
                       decimal.exponent >= -22 && decimal.exponent <= 22;
    if (!exact) return read_slowly(text, length, value);
    const double digits = (double)decimal.digits;
    const double magnitude =
        decimal.exponent < 0 ? digits / powers[-decimal.exponent] : digits * powers[decimal.exponent];
    *value = decimal.negative ? -magnitude : magnitude;
    return GR_NUMBER;
}
