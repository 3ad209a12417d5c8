#include "compiler/eval/philox.h"
#include <math.h>
#include <string.h>

static void multiply(uint32_t a, uint32_t b, uint32_t *high, uint32_t *low) {
    uint64_t product = (uint64_t)a * b;
    *high = (uint32_t)(product >> 32);
    *low = (uint32_t)product;
}

void philox(const uint32_t counter[4], const uint32_t key[2], uint32_t words[4]) {
    uint32_t key0 = key[0], key1 = key[1];
    memcpy(words, counter, 4 * sizeof *words);
    for (int round = 0; round < 10; round++) {
        uint32_t high0, low0, high1, low1;
        multiply(UINT32_C(0xD2511F53), words[0], &high0, &low0);
        multiply(UINT32_C(0xCD9E8D57), words[2], &high1, &low1);
        uint32_t next[4] = {high1 ^ words[1] ^ key0, low1, high0 ^ words[3] ^ key1, low0};
        memcpy(words, next, sizeof next);
        key0 += UINT32_C(0x9E3779B9);
        key1 += UINT32_C(0xBB67AE85);
    }
}

/* The four words of an element's block; the result says which of them is the element's. */
static int element_words(Stream stream, uint64_t element, uint32_t words[4]) {
    uint32_t block = (uint32_t)((element >> 6) * 16 + (element & 15));
    uint32_t counter[4] = {block, (uint32_t)stream.tick, (uint32_t)(stream.tick >> 32), stream.site};
    uint32_t key[2] = {(uint32_t)stream.seed, (uint32_t)(stream.seed >> 32)};
    philox(counter, key, words);
    return (int)((element >> 4) & 3);
}

double philox_uniform(Stream stream, uint64_t element) {
    uint32_t words[4];
    int word = element_words(stream, element, words);
    return (double)(words[word] >> 8) * 0x1p-24;
}

static double rounded(double value, bool single) {
    return single ? (double)(float)value : value;
}

/* Box and Muller: a pair of words gives a pair of numbers. */
double philox_normal(Stream stream, uint64_t element, bool single) {
    const double two_pi = 6.283185307179586476925;
    uint32_t words[4];
    int word = element_words(stream, element, words);
    uint32_t u = words[word & 2], v = words[(word & 2) + 1];
    double u1 = (double)(u >> 1) * 0x1p-31 + 0x1p-32; /* never 0; near 1 the runtime has the logarithm from 1 - u1 */
    double radius = rounded(sqrt(rounded(-2 * rounded(log(u1), single), single)), single);
    double angle = rounded(two_pi * ((double)(v >> 8) * 0x1p-24), single);
    return rounded(radius * rounded(word & 1 ? sin(angle) : cos(angle), single), single);
}
