#include "compiler/support/vec.h"
#include <criterion/criterion.h>

typedef struct Pair {
    int a, b;
} Pair;

Test(vec, keeps_what_is_pushed) {
    Memory memory = {0};
    Arena arena;
    VEC(Pair) pairs = {0};
    if (setjmp(memory.on_exhausted) != 0) cr_assert(false, "exhausted");
    arena_open(&arena, &memory);
    for (int i = 0; i < 10000; i++)
        vec_push(&arena, &pairs, ((Pair){i, -i}));
    cr_assert_eq(pairs.count, 10000);
    cr_assert_geq(pairs.capacity, 10000);
    for (int i = 0; i < 10000; i++) {
        cr_assert_eq(pairs.at[i].a, i);
        cr_assert_eq(pairs.at[i].b, -i);
    }
    arena_close(&arena);
}

Test(vec, zero_is_empty_and_old_arrays_stay_readable) {
    Memory memory = {0};
    Arena arena;
    VEC(int) numbers = {0};
    if (setjmp(memory.on_exhausted) != 0) cr_assert(false, "exhausted");
    arena_open(&arena, &memory);
    cr_assert_eq(numbers.count, 0);
    vec_push(&arena, &numbers, 7);
    const int *old = numbers.at;
    for (int i = 0; i < 100; i++)
        vec_push(&arena, &numbers, numbers.at[0]); /* an element of the array itself */
    cr_assert_eq(*old, 7);
    cr_assert_eq(numbers.at[100], 7);
    arena_close(&arena);
}
