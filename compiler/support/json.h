/* Strings of JSON. */
#ifndef GRADC_SUPPORT_JSON_H
#define GRADC_SUPPORT_JSON_H

#include "compiler/support/arena.h"

/* With quotes. What is not UTF-8 becomes U+FFFD, so that the result always is. */
const char *json_string(Arena *arena, const char *text);

#endif
