/* The parts of JSON that headers of files are made of, read strictly and in place. Every function that fails leaves a
 * message with the file's name and the byte. Part of the host half of gradc's runtime. */
#ifndef GR_HOST_JSON_H
#define GR_HOST_JSON_H

#include "runtime/host/error.h"
#include <stddef.h>
#include <stdint.h>

typedef struct gr_json {
    char *start, *at, *end; /* the text; a zero byte stands at `end` */
    const char *path;       /* of its file, for messages */
    gr_error *error;
} gr_json;

/* "PATH: WHAT at byte N of its header". Returns false. */
bool gr_json_bad(gr_json *json, const char *what);

void gr_json_skip_blanks(gr_json *json);
bool gr_json_take(gr_json *json, char c); /* whether it is next, behind blanks */
bool gr_json_expect(gr_json *json, char c);
/* Between the parts of a list or an object: *more, or its end. */
bool gr_json_separator(gr_json *json, char close, bool *more);

/* A string, decoded in place and ended by a zero byte: no escape is shorter than what it stands for. `any`: control
 * characters are allowed, as escapes; the zero byte never. */
bool gr_json_string(gr_json *json, const char **text, bool any);
bool gr_json_number(gr_json *json, uint64_t *value); /* a whole number from 0 */

/* The bytes of a well-formed UTF-8 character that is no control character, or 0. */
size_t gr_utf8_size(const unsigned char *at, const char *end);

#endif
