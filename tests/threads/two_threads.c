/* Two threads read one const model, each with work of its own: run under the thread sanitizer. */
#include "digits.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 50, ROUNDS = 20 };

static digits model;
static digits_trainer trainer;
static float image[ROWS * 64];
static int32_t label[ROWS], digit[2][ROWS];
static unsigned char scratch[2][DIGITS_TRAIN_SCRATCH(1) + DIGITS_PREDICT_SCRATCH(1)];

static void *predict(void *number) {
    int thread = *(const int *)number;
    const digits *shared = &model;
    gr_work work = {.scratch = scratch[thread], .scratch_size = sizeof scratch[thread]};
    for (int round = 0; round < ROUNDS; round++)
        if (digits_predict(shared, &work, ROWS, image, digit[thread]) != GR_OK) return number;
    return NULL;
}

int main(void) {
    gr_work work = {.scratch = scratch[0], .scratch_size = sizeof scratch[0]};
    float loss;
    for (int i = 0; i < ROWS * 64; i++)
        image[i] = (float)(i * 7919 % 17) / 16;
    for (int i = 0; i < ROWS; i++)
        label[i] = i % 10;
    digits_init(&model, &trainer, 1);
    if (digits_train(&model, &trainer, &work, ROWS, image, label, &loss) != GR_OK) return 1;

    pthread_t threads[2];
    const int numbers[2] = {0, 1};
    void *failed[2];
    for (int t = 0; t < 2; t++)
        if (pthread_create(&threads[t], NULL, predict, (void *)&numbers[t]) != 0) return 2;
    for (int t = 0; t < 2; t++)
        pthread_join(threads[t], &failed[t]);
    if (failed[0] || failed[1]) return 3;
    return memcmp(digit[0], digit[1], sizeof digit[0]) == 0 ? 0 : 4;
}
