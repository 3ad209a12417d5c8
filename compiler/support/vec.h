/* Growing arrays in an arena. A VEC(T) is a struct {T *at; int count, capacity;}; zero is empty. */
#ifndef GRADC_SUPPORT_VEC_H
#define GRADC_SUPPORT_VEC_H

#include "compiler/support/arena.h"

#define VEC(T)                                                                                                         \
    struct {                                                                                                           \
        T *at;                                                                                                         \
        int count, capacity;                                                                                           \
    }

/* Appends a value. The old array stays in the arena, so pointers into it remain readable but are stale. */
#define vec_push(arena, vec, ...)                                                                                      \
    ((vec)->count == (vec)->capacity                                                                                   \
         ? (void)((vec)->at = vec_grow(arena, (vec)->at, &(vec)->capacity, (vec)->count, sizeof *(vec)->at))           \
         : (void)0,                                                                                                    \
     (vec)->at[(vec)->count++] = (__VA_ARGS__))

/* Twice the capacity, with the old content. */
void *vec_grow(Arena *arena, const void *old, int *capacity, int count, size_t item);

#endif
