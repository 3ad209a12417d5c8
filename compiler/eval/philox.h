/* Random bits for the evaluator: Philox 4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers, as easy as 1, 2,
 * 3; SC 2011), and how elements of a draw are taken from it. The runtime has its own text of the same. */
#ifndef GRADC_EVAL_PHILOX_H
#define GRADC_EVAL_PHILOX_H

#include <stdbool.h>
#include <stdint.h>

void philox(const uint32_t counter[4], const uint32_t key[2], uint32_t words[4]);

/* Where a draw's bits come from: the seed, the step or draw, and the sampling statement. */
typedef struct Stream {
    uint64_t seed, tick;
    uint32_t site;
} Stream;

/* Element e lies in block (e / 64) * 16 + e % 16, in word (e / 16) % 4: sixteen lanes share four blocks a lane. With
 * `single` every intermediate is rounded to float. */
double philox_uniform(Stream stream, uint64_t element); /* [0, 1), 24 bits: the same in float */
double philox_normal(Stream stream, uint64_t element, bool single);

#endif
