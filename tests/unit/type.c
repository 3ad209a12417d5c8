#include "compiler/ir/type.h"
#include <criterion/criterion.h>

static const Size rows = {.name = "N", .low = 1, .high = 256, .position = 1};
static const Size steps = {.name = "T", .low = 0, .high = 9, .position = 0};

static Dim dim_of(int64_t constant, int64_t factor) {
    return (Dim){constant, factor, factor != 0 ? &rows : NULL};
}

Test(type, dims_add_scale_and_multiply) {
    Dim out;
    cr_assert(dim_add(dim_size(&rows), dim_of(-1, 1), &out) && dim_equal(out, dim_of(-1, 2)));
    cr_assert(dim_add(dim_size(&rows), dim_of(3, -1), &out) && dim_equal(out, dim_constant(3)));
    cr_assert_null(out.size);
    cr_assert(dim_multiply(dim_constant(3), dim_of(1, 2), &out) && dim_equal(out, dim_of(3, 6)));
    cr_assert(dim_scale(dim_size(&rows), 0, &out) && dim_equal(out, dim_constant(0)));
}

Test(type, two_sizes_and_overflow_are_refused) {
    Dim out;
    cr_assert_not(dim_add(dim_size(&rows), dim_size(&steps), &out));
    cr_assert_not(dim_multiply(dim_size(&rows), dim_size(&rows), &out));
    cr_assert_not(dim_scale(dim_constant(INT64_MAX / 2), 3, &out));
    cr_assert_not(dim_scale(dim_size(&rows), INT64_MAX / 2, &out));
    cr_assert_not(dim_add(dim_constant(INT64_MAX), dim_constant(1), &out));
}

Test(type, dims_know_their_range_and_value) {
    const int64_t sizes[] = {5, 7};
    cr_assert_eq(dim_low(dim_of(-1, 2)), 1);
    cr_assert_eq(dim_high(dim_of(-1, 2)), 511);
    cr_assert_eq(dim_low(dim_of(0, -1)), -256);
    cr_assert_eq(dim_high(dim_of(0, -1)), -1);
    cr_assert_eq(dim_value(dim_of(-1, 2), sizes), 13);
    cr_assert_eq(dim_value(dim_constant(4), NULL), 4);
}

Test(type, elements_are_counted_up_to_the_limit) {
    int64_t count;
    Dim dims[] = {dim_constant(65536), dim_constant(32767), dim_constant(1)};
    cr_assert(shape_elements((Shape){3, dims}, &count));
    cr_assert_eq(count, INT64_C(65536) * 32767);
    dims[2] = dim_constant(2);
    cr_assert_not(shape_elements((Shape){3, dims}, &count));
    dims[2] = dim_constant(0);
    cr_assert(shape_elements((Shape){3, dims}, &count) && count == 0);
    cr_assert(shape_elements((Shape){0, NULL}, &count) && count == 1);
}

Test(type, texts) {
    Memory memory = {0};
    Arena arena;
    if (setjmp(memory.on_exhausted) != 0) cr_assert(false, "out of memory");
    arena_open(&arena, &memory);
    Dim dims[] = {dim_of(1, 2), dim_of(-3, -1), dim_constant(-4), dim_size(&rows)};
    Type type = {ELEM_INT, shape_of(&arena, 4, dims)};
    cr_assert_str_eq(type_text(&arena, type), "int[2*N + 1, -N - 3, -4, N]");
    cr_assert_str_eq(type_text(&arena, (Type){ELEM_BOOL, {0, NULL}}), "bool[]");
    arena_close(&arena);
}
