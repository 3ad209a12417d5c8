/* Arenas: all memory of the compiler, freed by lifetime and never singly.
 *
 * Every byte comes through one door, a Memory, so that a test can make the n-th allocation fail and can see that
 * nothing leaks. When memory is exhausted the door jumps to `on_exhausted`, which its owner has set: code that
 * allocates never sees NULL. */
#ifndef GRADC_SUPPORT_ARENA_H
#define GRADC_SUPPORT_ARENA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Memory {
    size_t blocks;           /* blocks taken from malloc and not given back */
    size_t taken;            /* blocks taken so far: the number that fail_at counts */
    size_t fail_at;          /* the allocation that fails, counted from 1; 0: none */
    size_t bytes, limit;     /* bytes held now, and the most that may be held; limit 0: no limit */
    struct ArenaBlock *held; /* all blocks, so that they can be given back after a jump over the arenas' owners */
    const char *refusal;     /* of limit_exceeded and the limit; NULL: malloc failed */
    jmp_buf on_exhausted;    /* set by the owner before the first allocation */
} Memory;

typedef struct Arena {
    Memory *memory;
    struct ArenaBlock *blocks; /* newest first */
    char *next, *end;          /* free part of the newest block */
} Arena;

_Noreturn void memory_exhausted(Memory *memory); /* jumps to on_exhausted */
/* The same for a model that exceeds a limit of limits.h deep in the compiler: what is to be told, a static text. */
_Noreturn void limit_exceeded(Memory *memory, const char *refusal);
void memory_close_all(Memory *memory); /* gives everything back; arenas that are open become useless */

void arena_open(Arena *arena, Memory *memory);
void arena_close(Arena *arena);

/* Zeroed memory that lives until the arena is closed; aligned for any type. */
void *arena_alloc(Arena *arena, size_t size);
void *arena_copy(Arena *arena, const void *data, size_t size);
void *arena_array(Arena *arena, size_t count, size_t item); /* a product that overflows counts as exhausted */
char *arena_print(Arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_print_list(Arena *arena, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0), nonnull));

#define ARENA_NEW(arena, T)      ((T *)arena_alloc(arena, sizeof(T)))
#define ARENA_ARRAY(arena, T, n) ((T *)arena_array(arena, (size_t)(n), sizeof(T)))

#endif
