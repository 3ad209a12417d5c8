#include "runtime/host/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool gr_fail(gr_error *error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    for (char *c = error->text; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = '?';
    }
    return false;
}

bool gr_fail_errno(gr_error *error, const char *file, const char *what, int number) {
    return gr_fail(error, "%s: %s: %s", file, what, strerror(number));
}
