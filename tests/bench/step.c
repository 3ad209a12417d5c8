/* One training step of examples/digits/digits.grad, timed: step BATCH prints the best microseconds a step of some
 * rounds. step.sh runs it beside the same step in PyTorch. */
#define _POSIX_C_SOURCE 200809L
#include "digits.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 20, STEPS = 100 };

GR_ALIGNED static digits model;
GR_ALIGNED static digits_trainer trainer;
GR_ALIGNED static unsigned char scratch[DIGITS_TRAIN_SCRATCH(1)];
static float image[DIGITS_N_MAX * 64];
static int32_t label[DIGITS_N_MAX];

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int count, char **arguments) {
    const int rows = count > 1 ? atoi(arguments[1]) : 32;
    gr_work work = {.scratch = scratch, .scratch_size = sizeof scratch};
    float loss = 0;
    double best = 1e9;
    digits_init(&model, &trainer, 1);
    for (int i = 0; i < DIGITS_N_MAX * 64; i++)
        image[i] = (float)(i * 7 % 17) / 16;
    for (int i = 0; i < DIGITS_N_MAX; i++)
        label[i] = i % 10;
    for (int round = 0; round < ROUNDS; round++) {
        const double start = seconds();
        for (int step = 0; step < STEPS; step++)
            if (digits_train(&model, &trainer, &work, rows, image, label, &loss) != GR_OK) return EXIT_FAILURE;
        const double took = (seconds() - start) / STEPS;
        best = took < best ? took : best;
    }
    printf("%.2f\n", 1e6 * best);
    return EXIT_SUCCESS;
}
