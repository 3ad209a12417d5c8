/* What went wrong, in words for the user. Part of the host half of gradc's runtime. */
#ifndef GR_HOST_ERROR_H
#define GR_HOST_ERROR_H

#include <stdbool.h>

#define GR_ERROR_SIZE 1024

/* One line without its newline: file, place in it, what is wrong and what mends it. */
typedef struct gr_error {
    char text[GR_ERROR_SIZE];
} gr_error;

/* Writes the message, cut to what fits; control characters of names become '?', so that no file name can draw on a
 * terminal. Returns false, so that callers can write `return gr_fail(...)`. */
bool gr_fail(gr_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "FILE: WHAT: reason of errno". Returns false. */
bool gr_fail_errno(gr_error *error, const char *file, const char *what, int number);

#endif
