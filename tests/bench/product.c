/* The emitted matrix product beside the roof, in one run: a loop of multiply-adds on registers alone, made for the same
 * target. The two take turns, each counts with its best round, and only their ratio means something. */
#define _POSIX_C_SOURCE 200809L
#include "product.h"
#define GR_REAL          float
#define GR_KERNEL_TARGET BENCH_TARGET
#include "gr_kernel.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { CHAINS = 12, ROUNDS = 60, TURNS = 20000 };

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Independent chains of multiply-adds, as many as hide the latency of one. */
GR_FUNCTION float roof(float factor) {
    gr_vec chain[CHAINS];
    const gr_vec a = gr_all(factor), b = gr_all(0.5f);
    GR_UNROLL(12)
    for (int c = 0; c < CHAINS; c++)
        chain[c] = gr_all((float)c);
    for (int turn = 0; turn < TURNS; turn++) {
        GR_UNROLL(12)
        for (int c = 0; c < CHAINS; c++)
            chain[c] = chain[c] * a + b;
    }
    for (int c = 1; c < CHAINS; c++)
        chain[0] += chain[c];
    return gr_lane_sum(chain[0]);
}
GR_KERNELS_END

GR_ALIGNED static product model;
GR_ALIGNED static unsigned char scratch[PRODUCT_FORWARD_SCRATCH(1)];
GR_ALIGNED static float x[256 * 784], y[256 * 256];

static double best_of(double best, double start) {
    const double took = seconds() - start;
    return took < best ? took : best;
}

int main(void) {
    static const int rows[] = {1, 12, 32, 128, 256};
    gr_work work = {.scratch = scratch, .scratch_size = sizeof scratch};
    volatile float sink = 0;
    product_init(&model, 1);
    for (int i = 0; i < 256 * 784; i++)
        x[i] = (float)(i % 17) - 8;
    for (int k = 0; k < 5; k++) {
        double loop = 1e9, call = 1e9;
        for (int round = 0; round < ROUNDS; round++) {
            double start = seconds();
            sink += roof(0.999f);
            loop = best_of(loop, start);
            start = seconds();
            for (int again = 0; again < 256 / rows[k]; again++)
                if (product_forward(&model, &work, rows[k], x, y) != GR_OK) return EXIT_FAILURE;
            call = best_of(call, start);
            sink += y[0];
        }
        const double peak = 2.0 * CHAINS * TURNS * GR_LANES / loop;
        const double done = 2.0 * 784 * 256 * rows[k] * (256 / rows[k]) / call;
        printf("n = %3d: %6.1f GFLOP/s, %5.1f %% of the roof (%.1f)\n", rows[k], 1e-9 * done, 100 * done / peak,
               1e-9 * peak);
    }
    return EXIT_SUCCESS;
}
