/* Decimal numbers in text, with '.' as decimal point whatever the locale. */
#ifndef GR_HOST_NUMBER_H
#define GR_HOST_NUMBER_H

#include <stddef.h>

enum gr_number_result {
    GR_NUMBER,          /* read */
    GR_NUMBER_NONE,     /* the text is no number */
    GR_NUMBER_TOO_LARGE /* beyond double, or too long for memory */
};

/* Reads a whole text as a number: [+-] digits [. digits] [e [+-] digits], inf, infinity or nan in any case; blanks
 * around it are skipped. Rounded to the nearest double. The text needs no end mark. */
enum gr_number_result gr_read_number(const char *text, size_t length, double *value);

#endif
