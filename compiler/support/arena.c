#include "compiler/support/arena.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 1 << 16 };

/* One piece of memory from malloc; the bytes that it gives out stand behind this header. */
typedef struct ArenaBlock {
    struct ArenaBlock *older;                     /* in the arena */
    struct ArenaBlock *next_held, *previous_held; /* in the memory */
    size_t size;                                  /* with this header */
    max_align_t bytes[];
} ArenaBlock;

void memory_exhausted(Memory *memory) {
    longjmp(memory->on_exhausted, 1);
}

void limit_exceeded(Memory *memory, const char *refusal) {
    memory->refusal = refusal;
    memory_exhausted(memory);
}

/* The door: every byte of the compiler is taken here. */
static ArenaBlock *take_block(Memory *memory, size_t size) {
    memory->taken++;
    if (memory->taken == memory->fail_at) memory_exhausted(memory);
    if (memory->limit != 0 && (size > memory->limit || memory->bytes > memory->limit - size))
        limit_exceeded(memory, "more than 900 MB of memory would be needed to compile this model");
    ArenaBlock *block = calloc(1, size);
    if (!block) memory_exhausted(memory);
    block->size = size;
    block->next_held = memory->held;
    if (memory->held) memory->held->previous_held = block;
    memory->held = block;
    memory->blocks++;
    memory->bytes += size;
    return block;
}

static void give_back_block(Memory *memory, ArenaBlock *block) {
    if (block->next_held) block->next_held->previous_held = block->previous_held;
    if (block->previous_held)
        block->previous_held->next_held = block->next_held;
    else
        memory->held = block->next_held;
    memory->blocks--;
    memory->bytes -= block->size;
    free(block);
}

void memory_close_all(Memory *memory) {
    while (memory->held)
        give_back_block(memory, memory->held);
}

void arena_open(Arena *arena, Memory *memory) {
    *arena = (Arena){.memory = memory};
}

void arena_close(Arena *arena) {
    for (ArenaBlock *block = arena->blocks, *older; block; block = older) {
        older = block->older;
        give_back_block(arena->memory, block);
    }
    *arena = (Arena){0};
}

/* A block of its own for a large piece, behind the newest, whose free part stays in use. */
static void *alloc_large(Arena *arena, size_t size) {
    ArenaBlock *block = take_block(arena->memory, sizeof(ArenaBlock) + size);
    ArenaBlock **place = arena->blocks ? &arena->blocks->older : &arena->blocks;
    block->older = *place;
    *place = block;
    return block->bytes;
}

void *arena_alloc(Arena *arena, size_t size) {
    const size_t unit = sizeof(max_align_t);
    if (size > SIZE_MAX / 2) memory_exhausted(arena->memory);
    size = size == 0 ? unit : (size + unit - 1) / unit * unit;
    if (size > (size_t)(arena->end - arena->next)) {
        if (size > BLOCK_SIZE / 4) return alloc_large(arena, size);
        ArenaBlock *block = take_block(arena->memory, BLOCK_SIZE);
        block->older = arena->blocks;
        arena->blocks = block;
        arena->next = (char *)block->bytes;
        arena->end = (char *)block + BLOCK_SIZE;
    }
    void *piece = arena->next;
    arena->next += size;
    return piece;
}

void *arena_array(Arena *arena, size_t count, size_t item) {
    if (item != 0 && count > SIZE_MAX / item) memory_exhausted(arena->memory);
    return arena_alloc(arena, count * item);
}

void *arena_copy(Arena *arena, const void *data, size_t size) {
    void *copy = arena_alloc(arena, size);
    if (size > 0) memcpy(copy, data, size);
    return copy;
}

char *arena_print_list(Arena *arena, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0) memory_exhausted(arena->memory);
    char *text = arena_alloc(arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    return text;
}

char *arena_print(Arena *arena, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = arena_print_list(arena, format, arguments);
    va_end(arguments);
    return text;
}
