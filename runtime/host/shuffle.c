#include "runtime/host/shuffle.h"

#include <math.h>

void gr_philox_block(const uint32_t key[2], uint32_t counter[4]) {
    uint32_t key_0 = key[0], key_1 = key[1];
    for (int round = 0; round < 10; round++) {
        const uint64_t left = (uint64_t)0xd2511f53u * counter[0], right = (uint64_t)0xcd9e8d57u * counter[2];
        const uint32_t a = (uint32_t)(right >> 32) ^ counter[1] ^ key_0;
        const uint32_t c = (uint32_t)(left >> 32) ^ counter[3] ^ key_1;
        counter[0] = a;
        counter[1] = (uint32_t)right;
        counter[2] = c;
        counter[3] = (uint32_t)left;
        key_0 += 0x9e3779b9u;
        key_1 += 0xbb67ae85u;
    }
}

/* The stream of an epoch. A block of Philox gives two draws. */
typedef struct gr_stream {
    uint32_t key[2];
    uint64_t epoch, block;
    uint64_t next; /* the second draw of the last block */
    bool has_next;
} gr_stream;

static uint64_t draw(gr_stream *stream) {
    if (stream->has_next) {
        stream->has_next = false;
        return stream->next;
    }
    uint32_t words[4] = {(uint32_t)stream->block, (uint32_t)(stream->block >> 32), (uint32_t)stream->epoch,
                         (uint32_t)(stream->epoch >> 32)};
    stream->block++;
    gr_philox_block(stream->key, words);
    stream->next = (uint64_t)words[3] << 32 | words[2];
    stream->has_next = true;
    return (uint64_t)words[1] << 32 | words[0];
}

/* 0 .. bound - 1, each equally likely: draws from the incomplete last stretch of 2^64 are rejected. */
static uint64_t draw_below(gr_stream *stream, uint64_t bound) {
    for (;;) {
        const uint64_t bits = draw(stream), value = bits % bound;
        if (bits - value <= UINT64_MAX - (bound - 1)) return value;
    }
}

void gr_shuffle(uint64_t seed, uint64_t epoch, uint64_t *order, size_t count) {
    /* Not the key that the model draws from: its dropout must not depend on the order. ("shuffled" in ASCII.) */
    const uint64_t key = seed ^ 0x73687566666c6564u;
    gr_stream stream = {.key = {(uint32_t)key, (uint32_t)(key >> 32)}, .epoch = epoch};
    for (size_t i = 0; i < count; i++) {
        order[i] = i;
    }
    for (size_t i = count; i > 1; i--) {
        const size_t j = (size_t)draw_below(&stream, i);
        const uint64_t last = order[i - 1];
        order[i - 1] = order[j];
        order[j] = last;
    }
}

bool gr_split(uint64_t rows, double share, uint64_t *training, gr_error *error) {
    if (!(share > 0 && share < 1)) {
        return gr_fail(error, "a share of the rows is between 0 and 1, as 0.1 is; it is %g here", share);
    }
    const double part = floor((double)rows * share + 0.5);
    if (part < 1 || part >= (double)rows) {
        return gr_fail(error, "a share of %g of %llu rows leaves none %s", share, (unsigned long long)rows,
                       part < 1 ? "to validate with" : "to train with");
    }
    *training = rows - (uint64_t)part;
    return true;
}
