#include "runtime/host/shuffle.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(host_shuffle, philox_is_the_published_one) {
    /* Random123, tests/kat_vectors, philox4x32 10 */
    static const uint32_t keys[3][2] = {{0, 0}, {UINT32_MAX, UINT32_MAX}, {0xa4093822, 0x299f31d0}};
    static const uint32_t counters[3][4] = {{0, 0, 0, 0},
                                            {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX},
                                            {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}};
    static const uint32_t expected[3][4] = {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
                                            {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
                                            {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}};
    for (int i = 0; i < 3; i++) {
        uint32_t words[4];
        memcpy(words, counters[i], sizeof words);
        gr_philox_block(keys[i], words);
        cr_assert_arr_eq(words, expected[i], sizeof words);
    }
}

Test(host_shuffle, is_a_permutation) {
    uint64_t order[1000];
    for (size_t count = 0; count <= 1000; count += count < 10 ? 1 : 99) {
        bool seen[1000] = {false};
        gr_shuffle(3, 5, order, count);
        for (size_t i = 0; i < count; i++) {
            cr_assert(order[i] < count && !seen[order[i]]);
            seen[order[i]] = true;
        }
    }
}

Test(host_shuffle, is_the_same_everywhere_and_another_in_each_epoch) {
    static const uint64_t frozen[12] = {1, 2, 3, 4, 5, 10, 9, 6, 8, 11, 7, 0};
    uint64_t order[12], other[12];
    gr_shuffle(7, 3, order, 12);
    cr_assert_arr_eq(order, frozen, sizeof frozen);
    gr_shuffle(7, 4, other, 12);
    cr_assert_arr_neq(order, other, sizeof order);
    gr_shuffle(8, 3, other, 12);
    cr_assert_arr_neq(order, other, sizeof order);
    gr_shuffle(7 + ((uint64_t)1 << 40), 3, other, 12);
    cr_assert_arr_neq(order, other, sizeof order);
    gr_shuffle(7, 3 + ((uint64_t)1 << 40), other, 12);
    cr_assert_arr_neq(order, other, sizeof order);
}

Test(host_shuffle, every_permutation_is_equally_likely) {
    int counts[24] = {0};
    double chi_squared = 0;
    for (uint64_t epoch = 0; epoch < 24000; epoch++) {
        uint64_t order[4];
        gr_shuffle(1, epoch, order, 4);
        const uint64_t b = order[1] - (order[1] > order[0]);
        const uint64_t c = order[2] - (order[2] > order[0]) - (order[2] > order[1]);
        counts[order[0] * 6 + b * 2 + c]++;
    }
    for (int i = 0; i < 24; i++) {
        chi_squared += (counts[i] - 1000.0) * (counts[i] - 1000.0) / 1000.0;
    }
    cr_assert(chi_squared > 7.5 && chi_squared < 49.7, "%g", chi_squared); /* p of 0.001 at both ends, 23 degrees */
}

static void split_is(uint64_t rows, double share, uint64_t expected) {
    gr_error error;
    uint64_t training;
    cr_assert(gr_split(rows, share, &training, &error));
    cr_assert_eq(training, expected, "%llu", (unsigned long long)training);
}

Test(host_shuffle, the_last_rows_validate) {
    split_is(60000, 0.1, 54000);
    split_is(60000, 1.0 / 6, 50000);
    split_is(10, 0.25, 7);
    split_is(2, 0.5, 1);
    split_is((uint64_t)1 << 40, 0.5, (uint64_t)1 << 39);
}

Test(host_shuffle, shares_that_leave_nothing_are_refused) {
    static const double shares[] = {0, 1, -0.1, 1.5, 0.01, 0.99, 0.0 / 0.0, 1e300};
    gr_error error;
    uint64_t training;
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        cr_assert_not(gr_split(10, shares[i], &training, &error), "%g", shares[i]);
    }
    cr_assert_not(gr_split(0, 0.5, &training, &error));
    cr_assert_not(gr_split(1, 0.5, &training, &error));
}
