#include "compiler/support/arena.h"
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

Test(arena, gives_zeroed_aligned_memory_and_takes_it_back) {
    Memory memory = {0};
    Arena arena;
    if (setjmp(memory.on_exhausted) != 0) cr_assert(false, "exhausted");
    arena_open(&arena, &memory);
    for (size_t size = 0; size < 200000; size = size * 2 + 1) {
        unsigned char *piece = arena_alloc(&arena, size);
        cr_assert_eq((uintptr_t)piece % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            cr_assert_eq(piece[i], 0);
        memset(piece, 0xA5, size);
    }
    cr_assert_gt(memory.blocks, 0);
    arena_close(&arena);
    cr_assert_eq(memory.blocks, 0);
    cr_assert_eq(memory.bytes, 0);
}

Test(arena, pieces_do_not_overlap) {
    Memory memory = {0};
    Arena arena;
    unsigned char *pieces[3000];
    if (setjmp(memory.on_exhausted) != 0) cr_assert(false, "exhausted");
    arena_open(&arena, &memory);
    for (int i = 0; i < 3000; i++) {
        pieces[i] = arena_alloc(&arena, (size_t)i * 13 % 20011);
        memset(pieces[i], i % 251, (size_t)i * 13 % 20011);
    }
    for (int i = 0; i < 3000; i++)
        for (size_t at = 0; at < (size_t)i * 13 % 20011; at++)
            cr_assert_eq(pieces[i][at], i % 251);
    arena_close(&arena);
}

Test(arena, prints_and_copies) {
    Memory memory = {0};
    Arena arena;
    if (setjmp(memory.on_exhausted) != 0) cr_assert(false, "exhausted");
    arena_open(&arena, &memory);
    cr_assert_str_eq(arena_print(&arena, "%s-%d", "w", 12), "w-12");
    cr_assert_str_eq(arena_copy(&arena, "abc", 4), "abc");
    arena_close(&arena);
}

/* What a user of arenas does: several arenas, closed in any order. */
static void work(Memory *memory) {
    Arena outer, inner;
    arena_open(&outer, memory);
    arena_open(&inner, memory);
    for (int i = 0; i < 40; i++) {
        arena_alloc(&outer, 5000);
        arena_alloc(&inner, 100000);
    }
    arena_close(&outer);
    arena_close(&inner);
}

Test(arena, every_allocation_can_fail_and_nothing_leaks) {
    static Memory memory; /* static: lives through the jumps */
    static size_t n;
    work(&memory);
    size_t taken = memory.taken;
    cr_assert_gt(taken, 40);
    for (n = 1; n <= taken; n++) {
        memory = (Memory){.fail_at = n};
        if (setjmp(memory.on_exhausted) == 0) {
            work(&memory);
            cr_assert(false, "allocation %zu did not fail", n);
        }
        memory_close_all(&memory);
        cr_assert_eq(memory.blocks, 0, "a block is left after allocation %zu", n);
        cr_assert_eq(memory.bytes, 0);
        cr_assert_null(memory.held);
    }
}

Test(arena, a_limit_is_kept) {
    static Memory memory;
    static Arena arena;
    static size_t before;
    memory = (Memory){.limit = 1 << 20};
    arena_open(&arena, &memory);
    if (setjmp(memory.on_exhausted) == 0) {
        for (;;) {
            before = memory.bytes;
            arena_alloc(&arena, 1000);
        }
    }
    cr_assert_leq(memory.bytes, memory.limit);
    cr_assert_eq(memory.bytes, before);
    memory_close_all(&memory);
}

Test(arena, a_size_that_overflows_counts_as_exhausted) {
    static Memory memory;
    static Arena arena;
    static int reached;
    arena_open(&arena, &memory);
    if (setjmp(memory.on_exhausted) == 0)
        ARENA_ARRAY(&arena, double, -1);
    else
        reached++;
    if (setjmp(memory.on_exhausted) == 0)
        arena_alloc(&arena, SIZE_MAX - 3);
    else
        reached++;
    if (setjmp(memory.on_exhausted) == 0)
        ARENA_ARRAY(&arena, double, SIZE_MAX / 4);
    else
        reached++;
    cr_assert_eq(reached, 3);
    memory_close_all(&memory);
}
