/* Interned names: equal texts are one pointer, so that names compare by ==. */
#ifndef GRADC_SUPPORT_STR_H
#define GRADC_SUPPORT_STR_H

#include "compiler/support/arena.h"
#include <stdbool.h>

typedef const char *Name; /* interned, NUL-terminated */

typedef struct Interner {
    Arena *arena;
    Name *slots; /* open addressing; capacity is a power of two */
    size_t count, capacity;
} Interner;

void interner_open(Interner *interner, Arena *arena);
Name intern(Interner *interner, const char *text, size_t length);
Name intern_text(Interner *interner, const char *text);
Name intern_print(Interner *interner, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The candidate nearest to `name` by edit distance, if it is near enough to be a likely misspelling; else NULL. */
const char *nearest_name(const char *name, const char *const *candidates, int count);

/* The character at the beginning of a text: its length in bytes and code point; 0 where the bytes are not UTF-8. */
int utf8_decode(const char *text, size_t length, uint32_t *code);

uint32_t hash_bytes(const void *data, size_t size); /* 32-bit FNV-1a: stable, also keys random streams */

#endif
