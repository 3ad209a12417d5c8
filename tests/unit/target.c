/* Targets. */
#include "compiler/kernels/target.h"
#include <criterion/criterion.h>
#include <string.h>

Test(target, every_name_is_found) {
    for (const char *const *name = target_names(); *name; name++) {
        const Target *target = target_find(*name);
        cr_assert_not_null(target, "%s", *name);
        cr_expect(strcmp(*name, "native") == 0 || strcmp(*name, target->name) == 0);
    }
    cr_expect_null(target_find("x86-64-v5"));
    cr_expect_null(target_find(""));
}

Test(target, rows_end_with_one_and_shrink) {
    for (const char *const *name = target_names(); *name; name++) {
        const Target *target = target_find(*name);
        int row = 0;
        for (; target->rows[row + 1] > 0; row++)
            cr_expect_gt(target->rows[row], target->rows[row + 1], "%s", *name);
        cr_expect_eq(target->rows[row], 1, "%s", *name);
    }
}

Test(target, double_has_half_the_lanes) {
    cr_expect_eq(target_with_double(target_find("x86-64-v4")).lanes, 8);
    cr_expect_eq(target_with_double(target_find("x86-64-v3")).lanes, 4);
    cr_expect_eq(target_with_double(target_find("generic")).lanes, 1);
    cr_expect_eq(target_with_double(target_find("neon")).lanes, 2);
    cr_expect(target_with_double(target_default()).is_double);
}
