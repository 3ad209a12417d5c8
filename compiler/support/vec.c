#include "compiler/support/vec.h"
#include <limits.h>
#include <string.h>

enum { FIRST_CAPACITY = 8 };

void *vec_grow(Arena *arena, const void *old, int *capacity, int count, size_t item) {
    if (*capacity > INT_MAX / 2) memory_exhausted(arena->memory);
    int grown = *capacity == 0 ? FIRST_CAPACITY : *capacity * 2;
    void *array = arena_array(arena, (size_t)grown, item);
    if (count > 0) memcpy(array, old, (size_t)count * item);
    *capacity = grown;
    return array;
}
