#include "compiler/ir/affine.h"
#include <criterion/criterion.h>

static const Size rows = {.name = "N", .low = 1, .high = 256};

#define ARENA(arena)                                                                                                   \
    Memory memory = {0};                                                                                               \
    Arena arena;                                                                                                       \
    if (setjmp(memory.on_exhausted) != 0) cr_assert(false, "out of memory");                                           \
    arena_open(&arena, &memory)

/* a*x0 + b*x1 + constant */
static Affine make(Arena *arena, int64_t a, int64_t b, Dim constant) {
    Affine first, second, sum;
    cr_assert(affine_scale(arena, affine_index(arena, 0), a, &first));
    cr_assert(affine_scale(arena, affine_index(arena, 1), b, &second));
    cr_assert(affine_add(arena, second, first, &sum));
    cr_assert(affine_add(arena, sum, affine_constant(constant), &sum));
    return sum;
}

Test(affine, sums_are_sorted_and_without_zeros) {
    ARENA(arena);
    Affine a = make(&arena, 2, 1, dim_constant(3)), b = make(&arena, -2, 5, dim_constant(0)), sum;
    cr_assert(affine_add(&arena, a, b, &sum));
    cr_assert(affine_equal(sum, make(&arena, 0, 6, dim_constant(3))));
    cr_assert_eq(sum.count, 1);
    cr_assert_eq(affine_factor(a, 0), 2);
    cr_assert_eq(affine_factor(sum, 0), 0);
    arena_close(&arena);
}

Test(affine, overflow_is_refused) {
    ARENA(arena);
    Affine out, large = make(&arena, INT64_MAX, 0, dim_constant(0));
    cr_assert_not(affine_add(&arena, large, affine_index(&arena, 0), &out));
    cr_assert_not(affine_scale(&arena, large, 2, &out));
    arena_close(&arena);
}

Test(affine, substitution_is_evaluation_in_two_steps) {
    ARENA(arena);
    Affine a = make(&arena, 2, -3, dim_size(&rows)), out;
    Affine with[] = {make(&arena, 1, 4, dim_constant(5)), make(&arena, 7, 0, dim_constant(-1))};
    const int64_t point[] = {11, 13}, sizes[] = {100};
    const int64_t inner[] = {affine_value(with[0], point, sizes), affine_value(with[1], point, sizes)};
    cr_assert(affine_substitute(&arena, a, with, &out));
    cr_assert_eq(affine_value(out, point, sizes), affine_value(a, inner, sizes));
    arena_close(&arena);
}

Test(affine, recognises_a_plain_index) {
    ARENA(arena);
    int index = -1;
    cr_assert(affine_is_index(make(&arena, 0, 1, dim_constant(0)), &index));
    cr_assert_eq(index, 1);
    cr_assert_not(affine_is_index(make(&arena, 0, 1, dim_constant(1)), &index));
    cr_assert_not(affine_is_index(make(&arena, 0, 2, dim_constant(0)), &index));
    cr_assert_not(affine_is_index(affine_constant(dim_constant(0)), &index));
    cr_assert(affine_equal(affine_without(&arena, make(&arena, 2, 1, dim_constant(3)), 0),
                           make(&arena, 0, 1, dim_constant(3))));
    arena_close(&arena);
}

Test(affine, texts) {
    ARENA(arena);
    const char *const names[] = {"i", "p"};
    cr_assert_str_eq(affine_text(&arena, make(&arena, 2, 1, dim_constant(-1)), names), "2*i + p - 1");
    cr_assert_str_eq(affine_text(&arena, make(&arena, -1, -3, dim_size(&rows)), names), "-i - 3*p + N");
    cr_assert_str_eq(affine_text(&arena, make(&arena, 1, 0, (Dim){2, -1, &rows}), names), "i - N + 2");
    cr_assert_str_eq(affine_text(&arena, affine_constant(dim_constant(0)), names), "0");
    arena_close(&arena);
}
