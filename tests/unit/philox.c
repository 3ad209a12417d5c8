#include "compiler/eval/philox.h"
#include <criterion/criterion.h>
#include <math.h>

/* The known answers of the authors' Random123 library. */
Test(philox, gives_the_published_words) {
    static const uint32_t rows[][10] = {{0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
                                        {~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
                                        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0,
                                         0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}};
    for (int i = 0; i < 3; i++) {
        uint32_t words[4];
        philox(rows[i], rows[i] + 4, words);
        for (int w = 0; w < 4; w++)
            cr_assert_eq(words[w], rows[i][6 + w]);
    }
}

Test(philox, elements_find_their_word) {
    Stream stream = {UINT64_C(0x0123456789abcdef), UINT64_C(0xfedcba9876543210), 77};
    uint32_t words[4], key[2] = {0x89abcdef, 0x01234567};
    uint32_t counter[4] = {2 * 16 + 5, 0x76543210, 0xfedcba98, 77};
    philox(counter, key, words);
    for (unsigned w = 0; w < 4; w++)
        cr_assert_eq(philox_uniform(stream, 2 * 64 + w * 16 + 5), (words[w] >> 8) * 0x1p-24);
}

Test(philox, draws_have_their_moments) {
    enum { COUNT = 100000 };
    Stream stream = {3, 1, 4};
    double sum = 0, squares = 0, uniform = 0;
    for (uint64_t i = 0; i < COUNT; i++) {
        double z = philox_normal(stream, i, false), u = philox_uniform(stream, i);
        cr_assert(u >= 0 && u < 1);
        sum += z, squares += z * z, uniform += u;
    }
    cr_assert_lt(fabs(sum / COUNT), 0.02);
    cr_assert_lt(fabs(squares / COUNT - 1), 0.02);
    cr_assert_lt(fabs(uniform / COUNT - 0.5), 0.005);
}

Test(philox, streams_differ_and_repeat) {
    Stream stream = {3, 1, 4}, other_tick = {3, 2, 4}, other_site = {3, 1, 5}, other_seed = {4, 1, 4};
    double first = philox_normal(stream, 9, false);
    cr_assert_eq(first, philox_normal(stream, 9, false));
    cr_assert_neq(first, philox_normal(other_tick, 9, false));
    cr_assert_neq(first, philox_normal(other_site, 9, false));
    cr_assert_neq(first, philox_normal(other_seed, 9, false));
    cr_assert_lt(fabs(first - philox_normal(stream, 9, true)), 1e-6);
}
