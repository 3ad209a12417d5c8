/* Writing: text that grows, bytes to files and pipes, and numbers in words. Part of the host half of
 * gradc's runtime. */
#ifndef GR_HOST_OUTPUT_H
#define GR_HOST_OUTPUT_H

#include "runtime/host/error.h"
#include <stddef.h>

/* ---- text that grows; zero it to begin, free with gr_text_free */

typedef struct gr_text {
    char *bytes; /* NUL-terminated, or NULL while nothing was written */
    size_t length, capacity;
    bool failed; /* memory is exhausted; what was written since is lost */
} gr_text;

void gr_text_write(gr_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The number as %.*g has it, with '.' as decimal point whatever the locale. */
void gr_text_number(gr_text *text, double value, int digits);
void gr_text_clear(gr_text *text); /* keeps the memory */
void gr_text_free(gr_text *text);

/* Cuts a name of any bytes to at most `size` - 1 bytes of valid UTF-8 without control characters; each byte that is
 * neither becomes '?', and "..." tells that something was cut. Returns out. */
char *gr_clean_name(const char *name, char *out, size_t size);

/* Writes all bytes to an open file. False, with errno set, if that fails; a closed pipe gives EPIPE, never SIGPIPE. */
bool gr_write_fully(int file, const void *bytes, size_t size);

/* ---- numbers for people; each returns `out`, 32 bytes suffice */

/* Three digits and a prefix: "950", "1.2 k", "12 M", "3.4 G". */
char *gr_say_count(double count, char *out, size_t size);
/* "0.4 s", "37 s", "2 m 05 s", "3 h 07 m", "2 d 04 h". Seconds that are negative or not finite are "?". */
char *gr_say_duration(double seconds, char *out, size_t size);
/* Four digits: "0.09812", "2.303", "1.2e-07"; "nan", "inf", "-inf". */
char *gr_say_value(double value, char *out, size_t size);

#endif
