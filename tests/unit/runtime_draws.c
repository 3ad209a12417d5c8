/* Random draws of gr_kernel.h: known answers, distributions, and the same bits for every target. */
#include "tests/unit/runtime_kernel.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const KernelTable *const tables[] = {&kernel_float_generic,  &kernel_float_v3,  &kernel_float_v4,
                                            &kernel_double_generic, &kernel_double_v3, &kernel_double_v4};
enum { TABLES = sizeof tables / sizeof *tables, DRAWS = 1 << 16 };

/* Philox 4x32-10 once more, straight from the paper. */
static void philox(uint32_t key_0, uint32_t key_1, uint32_t words[4]) {
    for (int round = 0; round < 10; round++, key_0 += 0x9E3779B9u, key_1 += 0xBB67AE85u) {
        const uint64_t left = (uint64_t)0xD2511F53u * words[0], right = (uint64_t)0xCD9E8D57u * words[2];
        const uint32_t next[4] = {(uint32_t)(right >> 32) ^ words[1] ^ key_0, (uint32_t)right,
                                  (uint32_t)(left >> 32) ^ words[3] ^ key_1, (uint32_t)left};
        memcpy(words, next, sizeof next);
    }
}

/* The known answers of Random123: of zeros, of ones, of the digits of pi. */
Test(runtime_draws, philox_known_answers) {
    static const struct {
        uint32_t counter[4], key[2], answer[4];
    } known[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint32_t again[4];
        memcpy(again, known[i].counter, sizeof again);
        philox(known[i].key[0], known[i].key[1], again);
        cr_assert_arr_eq(again, known[i].answer, sizeof again);
        for (int t = 0; t < TABLES; t++) {
            if (tables[t]->missing()) continue;
            uint32_t words[4];
            memcpy(words, known[i].counter, sizeof words);
            tables[t]->philox(known[i].key, words);
            cr_assert_arr_eq(words, known[i].answer, sizeof words, "%s", tables[t]->name);
        }
    }
}

static const KernelDraw somewhere = {{0x12345678, 0x9abcdef0}, {7, 3}, 0xdecafbad};

/* The block of an element, by the definition. */
static void block_of(KernelDraw draw, int32_t element, uint32_t words[4]) {
    words[0] = (uint32_t)(element >> 6) * 16 + (uint32_t)(element & 15);
    words[1] = draw.tick[0];
    words[2] = draw.tick[1];
    words[3] = draw.site;
    philox(draw.key[0], draw.key[1], words);
}

static double uniform_of(KernelDraw draw, int32_t element) {
    uint32_t words[4];
    block_of(draw, element, words);
    return (words[element >> 4 & 3] >> 8) * 0x1p-24;
}

static double normal_of(KernelDraw draw, int32_t element) {
    uint32_t words[4];
    block_of(draw, element, words);
    const int word = element >> 4 & 3;
    const double u = (words[word & 2] >> 1) * 0x1p-31 + 0x1p-32,
                 angle = 6.28318530717958647693 * ((words[(word & 2) + 1] >> 8) * 0x1p-24);
    return sqrt(-2 * log(u)) * (word & 1 ? sin(angle) : cos(angle));
}

/* Positions in a scattered order, up to the largest, then in order. */
static void fill_elements(int32_t *elements) {
    for (int i = 0; i < DRAWS; i++)
        elements[i] = i < 4096 ? (int32_t)((uint32_t)i * 2654435761u & 0x7fffffffu) : i;
    elements[0] = INT32_MAX;
}

Test(runtime_draws, are_as_defined) {
    static int32_t elements[DRAWS];
    static double y[DRAWS];
    fill_elements(elements);
    for (int t = 0; t < TABLES; t++) {
        if (tables[t]->missing()) continue;
        const double unit = tables[t]->is_double ? 0x1p-52 : 0x1p-23;
        tables[t]->draw(0, somewhere, DRAWS, elements, y);
        for (int i = 0; i < DRAWS; i++)
            cr_assert_eq(y[i], uniform_of(somewhere, elements[i]), "%s: uniform %d", tables[t]->name, elements[i]);
        tables[t]->draw(1, somewhere, DRAWS, elements, y);
        for (int i = 0; i < DRAWS; i++) {
            const double normal = normal_of(somewhere, elements[i]);
            cr_assert_float_eq(y[i], normal, 4 * unit * fabs(normal) + 2e-15, "%s: normal %d is %.17g, not %.17g",
                               tables[t]->name, elements[i], y[i], normal);
        }
    }
}

Test(runtime_draws, have_the_same_bits_for_every_target) {
    static int32_t elements[DRAWS];
    static double first[DRAWS], y[DRAWS];
    fill_elements(elements);
    for (int normal = 0; normal < 2; normal++)
        for (int t = 0; t < TABLES; t++) {
            if (tables[t]->missing()) continue;
            const int is_first = t == 0 || tables[t]->is_double != tables[t - 1]->is_double;
            tables[t]->draw(normal, somewhere, DRAWS, elements, is_first ? first : y);
            if (!is_first) cr_assert_arr_eq(y, first, sizeof y, "%s", tables[t]->name);
        }
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Moments, and Kolmogorov's and Smirnov's distance, within what 65,536 draws give by chance once in thousands. */
Test(runtime_draws, are_distributed_right) {
    static int32_t elements[DRAWS];
    static double y[DRAWS];
    for (int i = 0; i < DRAWS; i++)
        elements[i] = i;
    for (int normal = 0; normal < 2; normal++) {
        double mean = 0, square = 0, fourth = 0, neighbours = 0, distance = 0;
        kernel_float_generic.draw(normal, somewhere, DRAWS, elements, y);
        for (int i = 0; i < DRAWS; i++) {
            const double x = normal ? y[i] : (y[i] - 0.5) * sqrt(12);
            mean += x / DRAWS;
            square += x * x / DRAWS;
            fourth += x * x * x * x / DRAWS;
            if (i >= 16) neighbours += x * (normal ? y[i - 16] : (y[i - 16] - 0.5) * sqrt(12)) / DRAWS;
        }
        cr_expect_float_eq(mean, 0, 4.0 / 256);
        cr_expect_float_eq(square, 1, 4 * 1.5 / 256);
        cr_expect_float_eq(fourth, normal ? 3 : 1.8, 4 * (normal ? 9.8 : 1.8) / 256);
        cr_expect_float_eq(neighbours, 0, 4.0 / 256, "of one block");
        qsort(y, DRAWS, sizeof *y, ascending);
        for (int i = 0; i < DRAWS; i++) {
            const double expected = normal ? 0.5 * erfc(-y[i] / sqrt(2)) : y[i];
            distance =
                fmax(distance, fmax(fabs(expected - i / (double)DRAWS), fabs(expected - (i + 1) / (double)DRAWS)));
        }
        cr_expect_lt(distance, 1.95 / 256);
    }
}
