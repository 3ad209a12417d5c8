/* Two models and two instances of one in a program with threads: see README.md.
 *
 *     cc -O2 -o embed embed.c curve.c sides.c -lpthread -lm */
#include "curve.h"
#include "sides.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = CURVE_N_MAX, READERS = 4, CALLS = 500, STEPS = 1500 };

/* ---- the tasks: y = sin 3x, later y = x; and the sides of the circle of radius 0.7 */

typedef struct Points {
    float x[ROWS], sine[ROWS], line[ROWS];
    float plane[ROWS][2];
    int32_t side[ROWS];
} Points;

static void make_points(Points *points) {
    for (int i = 0; i < ROWS; i++) {
        const float x = (float)(2 * i - ROWS + 1) / ROWS, angle = (float)i * 2.4f, radius = (float)(i + 1) / ROWS;
        points->x[i] = points->line[i] = x;
        points->sine[i] = sinf(3 * x);
        points->plane[i][0] = radius * cosf(angle);
        points->plane[i][1] = radius * sinf(angle);
        points->side[i] = radius > 0.7f;
    }
}

static void need(int status, const char *what) {
    if (status == GR_OK) return;
    fprintf(stderr, "%s: %s\n", what, gr_message(status));
    exit(EXIT_FAILURE);
}

/* ---- training: each thread has a gr_work and scratch of its own */

static float train_curve(curve *model, curve_trainer *trainer, const Points *points, const float *y) {
    GR_ALIGNED unsigned char scratch[CURVE_TRAIN_SCRATCH(1)];
    gr_work work = {.scratch = scratch, .scratch_size = sizeof scratch};
    float loss = 0;
    for (int step = 0; step < STEPS; step++)
        need(curve_train(model, trainer, &work, ROWS, points->x, y, &loss), "curve_train");
    return loss;
}

static float train_sides(sides *model, sides_trainer *trainer, const Points *points) {
    GR_ALIGNED unsigned char scratch[SIDES_TRAIN_SCRATCH(1)];
    gr_work work = {.scratch = scratch, .scratch_size = sizeof scratch};
    float loss = 0;
    for (int step = 0; step < STEPS; step++)
        need(sides_train(model, trainer, &work, ROWS, points->plane[0], points->side, &loss), "sides_train");
    return loss;
}

static void predict_curve(const curve *model, const Points *points, float *y) {
    GR_ALIGNED unsigned char scratch[CURVE_PREDICT_SCRATCH(1)];
    gr_work work = {.scratch = scratch, .scratch_size = sizeof scratch};
    need(curve_predict(model, &work, ROWS, points->x, y), "curve_predict");
}

static int right_sides(const sides *model, const Points *points) {
    GR_ALIGNED unsigned char scratch[SIDES_PREDICT_SCRATCH(1)];
    gr_work work = {.scratch = scratch, .scratch_size = sizeof scratch};
    int32_t side[ROWS];
    int right = 0;
    need(sides_predict(model, &work, ROWS, points->plane[0], side), "sides_predict");
    for (int i = 0; i < ROWS; i++)
        right += side[i] == points->side[i];
    return right;
}

/* ---- threads */

typedef struct Reader {
    const curve *curve;
    const sides *sides;
    const Points *points;
    const float *expected; /* what one thread alone predicted: the bits do not change with company */
    int right, differences;
} Reader;

static void *read_models(void *context) {
    Reader *reader = context;
    float y[ROWS];
    for (int call = 0; call < CALLS; call++) {
        predict_curve(reader->curve, reader->points, y);
        reader->differences += memcmp(y, reader->expected, sizeof y) != 0;
        reader->differences += right_sides(reader->sides, reader->points) != reader->right;
    }
    return NULL;
}

typedef struct Tuner {
    curve *model;
    curve_trainer *trainer;
    const Points *points;
    float loss;
} Tuner;

static void *fine_tune(void *context) {
    Tuner *tuner = context;
    tuner->loss = train_curve(tuner->model, tuner->trainer, tuner->points, tuner->points->line);
    return NULL;
}

static void start(pthread_t *thread, void *(*run)(void *), void *context) {
    if (pthread_create(thread, NULL, run, context) == 0) return;
    fprintf(stderr, "no thread could be started\n");
    exit(EXIT_FAILURE);
}

/* Many read `model` while `tuned`, its copy, learns something else. */
static int share(const curve *model, curve *tuned, curve_trainer *trainer, const sides *other, const Points *points) {
    float expected[ROWS];
    pthread_t threads[READERS], tuning;
    Reader readers[READERS];
    Tuner tuner = {tuned, trainer, points, 0};
    int differences = 0;
    predict_curve(model, points, expected);
    start(&tuning, fine_tune, &tuner);
    for (int r = 0; r < READERS; r++) {
        readers[r] = (Reader){model, other, points, expected, right_sides(other, points), 0};
        start(&threads[r], read_models, &readers[r]);
    }
    for (int r = 0; r < READERS; r++) {
        pthread_join(threads[r], NULL);
        differences += readers[r].differences;
    }
    pthread_join(tuning, NULL);
    printf("fine-tuned copy: loss %.5f; %d predictions elsewhere, %d differed\n", (double)tuner.loss, READERS * CALLS,
           differences);
    return differences == 0 && tuner.loss < 0.01f;
}

int main(void) {
    static Points points;
    static curve model, tuned;
    static curve_trainer trainer;
    static sides other;
    static sides_trainer other_trainer;
    make_points(&points);
    need(curve_init(&model, &trainer, 1), "curve_init");
    need(sides_init(&other, &other_trainer, 2), "sides_init");
    const float loss = train_curve(&model, &trainer, &points, points.sine);
    const float other_loss = train_sides(&other, &other_trainer, &points);
    printf("curve: loss %.5f\nsides: loss %.5f, %d of %d right\n", (double)loss, (double)other_loss,
           right_sides(&other, &points), ROWS);
    tuned = model; /* a model is plain data */
    const int shared = share(&model, &tuned, &trainer, &other, &points);
    return shared && loss < 0.01f && right_sides(&other, &points) > ROWS * 9 / 10 ? EXIT_SUCCESS : EXIT_FAILURE;
}
