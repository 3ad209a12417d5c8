/* The order in which training visits rows: a pure function of seed and epoch, the same on every machine, so that a run
 * that is resumed goes on with the rows that the interrupted one would have taken. */
#ifndef GR_HOST_SHUFFLE_H
#define GR_HOST_SHUFFLE_H

#include "runtime/host/error.h"
#include <stddef.h>
#include <stdint.h>

/* Fills order[0 .. count) with a permutation of 0 .. count - 1, each equally likely: Fisher and Yates's shuffle (Knuth,
 * The Art of Computer Programming 2, 3.4.2, algorithm P), drawing from Philox 4x32-10 with a key made of the
 * seed and (block, epoch) as counter; the draws are 64 bits, those that would favour some rows are drawn again. */
void gr_shuffle(uint64_t seed, uint64_t epoch, uint64_t *order, size_t count);

/* How many of the rows train when this share of them validates: the first ones; the last ones, share * rows rounded to
 * the nearest, validate. Taken before shuffling, so that the same rows validate in every epoch, whatever the seed.
 * False, with a message, unless 0 < share < 1 and both parts have a row. */
bool gr_split(uint64_t rows, double share, uint64_t *training, gr_error *error);

/* Philox 4x32-10 (J. Salmon and others, "Parallel random numbers: as easy as 1, 2, 3", 2011), in place. */
void gr_philox_block(const uint32_t key[2], uint32_t counter[4]);

#endif
