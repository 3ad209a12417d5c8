/* Trains the model of digits.grad on the UCI handwritten digits, and shows how a model lives in a C program.
 *
 *     gradc digits.grad                                  writes digits.h, digits.c, gr.h, gr_kernel.h
 *     cc -O2 -o digits-train train.c digits.c
 *     ./digits-train [SEED] [DIRECTORY OF THE DATA]
 *
 * There is nothing to link and nothing to allocate: the model, what training remembers about it, and the memory that
 * a step works in are three static objects. */
#include "digits.h"
#include <stdio.h>
#include <stdlib.h>

enum { PIXELS = 64, INK = 16, CLASSES = 10, ROW_LIMIT = 4096, BATCH = 32, EPOCHS = 60 };

/* What calls of both entries work in: the larger of the two. */
#define SCRATCH                                                                                                        \
    (DIGITS_TRAIN_SCRATCH(1) > DIGITS_PREDICT_SCRATCH(1) ? DIGITS_TRAIN_SCRATCH(1) : DIGITS_PREDICT_SCRATCH(1))

GR_ALIGNED static digits model;
GR_ALIGNED static digits_trainer trainer;
GR_ALIGNED static unsigned char scratch[SCRATCH];

/* ---- data ---- */

typedef struct Rows {
    int count;
    float image[ROW_LIMIT][PIXELS]; /* 0..1 */
    int32_t label[ROW_LIMIT];
} Rows;

static Rows training, test;

/* One number of a line and what stands behind it: a comma, or the line's end. Negative where there is none. */
static long read_number(char **text, char end) {
    char *rest;
    long value = strtol(*text, &rest, 10);
    while (*rest == '\r' && end == '\n')
        rest++;
    if (rest == *text || (*rest != end && !(end == '\n' && *rest == '\0'))) return -1;
    *text = rest + 1;
    return value;
}

/* 64 pixels and a digit, separated by commas. */
static int read_row(char *line, float *image, int32_t *label) {
    for (int p = 0; p < PIXELS; p++) {
        long ink = read_number(&line, ',');
        if (ink < 0 || ink > INK) return 0;
        image[p] = (float)ink / INK;
    }
    long digit = read_number(&line, '\n');
    *label = (int32_t)digit;
    return digit >= 0 && digit < CLASSES;
}

static void read_rows(const char *directory, const char *name, Rows *rows) {
    char path[1000], line[1000];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *in = fopen(path, "r");
    if (!in) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    for (rows->count = 0; fgets(line, sizeof line, in); rows->count++) {
        const char *fault = NULL;
        if (rows->count == ROW_LIMIT)
            fault = "too many rows";
        else if (!read_row(line, rows->image[rows->count], &rows->label[rows->count]))
            fault = "a row is 64 numbers 0..16 and a digit 0..9, separated by commas";
        if (fault) {
            fprintf(stderr, "%s:%d: %s\n", path, rows->count + 1, fault);
            exit(EXIT_FAILURE);
        }
    }
    fclose(in);
}

/* ---- the order of the rows: another one in every epoch ---- */

/* The next number below `bound` of a stream: splitmix64. */
static int draw_below(uint64_t *stream, int bound) {
    uint64_t z = *stream += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (int)((z ^ (z >> 31)) % (uint64_t)bound);
}

static void shuffle(int *order, int count, uint64_t seed, int epoch) {
    uint64_t stream = seed * 1000003 + (uint64_t)epoch;
    for (int i = 0; i < count; i++)
        order[i] = i;
    for (int i = count - 1; i > 0; i--) {
        int other = draw_below(&stream, i + 1), held = order[i];
        order[i] = order[other];
        order[other] = held;
    }
}

/* ---- calls of the model ---- */

/* An entry returns a status; gr_message says it, and work knows the argument at fault. */
static void check(int status, const char *what, const gr_work *work) {
    if (status == GR_OK) return;
    fprintf(stderr, "\n%s: %s%s%s\n", what, gr_message(status), work->fault ? ": " : "",
            work->fault ? work->fault : "");
    exit(EXIT_FAILURE);
}

/* One step for every batch; the mean loss. */
static double train_epoch(gr_work *work, const int *order) {
    static float image[BATCH * PIXELS];
    static int32_t label[BATCH];
    double sum = 0;
    for (int first = 0; first < training.count; first += BATCH) {
        int n = training.count - first < BATCH ? training.count - first : BATCH;
        for (int i = 0; i < n; i++) {
            int row = order[first + i];
            for (int p = 0; p < PIXELS; p++)
                image[i * PIXELS + p] = training.image[row][p];
            label[i] = training.label[row];
        }
        float loss;
        check(digits_train(&model, &trainer, work, n, image, label, &loss), "digits_train", work);
        sum += (double)loss * n;
    }
    return sum / training.count;
}

/* The share of rows that are recognised. */
static double accuracy(gr_work *work, const Rows *rows) {
    int right = 0;
    for (int first = 0; first < rows->count; first += DIGITS_N_MAX) {
        int32_t digit[DIGITS_N_MAX];
        int n = rows->count - first < DIGITS_N_MAX ? rows->count - first : DIGITS_N_MAX;
        check(digits_predict(&model, work, n, rows->image[first], digit), "digits_predict", work);
        for (int i = 0; i < n; i++)
            right += digit[i] == rows->label[first + i];
    }
    return (double)right / rows->count;
}

static void show_progress(int epoch, double loss) {
    static const char bar[] = "##############################..............................";
    enum { WIDTH = sizeof bar / 2 };
    int done = WIDTH * epoch / EPOCHS;
    fprintf(stderr, "\rtraining [%.*s] epoch %d of %d, loss %.4f ", WIDTH, bar + WIDTH - done, epoch, EPOCHS, loss);
    if (epoch == EPOCHS) fputc('\n', stderr);
}

int main(int count, char **arguments) {
    const char *directory = count > 2 ? arguments[2] : ".";
    char *rest = "";
    uint64_t seed = count > 1 ? strtoull(arguments[1], &rest, 10) : 0;
    if (count > 3 || *rest != '\0') {
        fputs("usage: digits-train [SEED] [DIRECTORY OF THE DATA]\n", stderr);
        return EXIT_FAILURE;
    }
    read_rows(directory, "optdigits.tra", &training);
    read_rows(directory, "optdigits.tes", &test);
    if (training.count == 0 || test.count == 0) {
        fputs("the data files are empty\n", stderr);
        return EXIT_FAILURE;
    }

    gr_work work = {.scratch = scratch, .scratch_size = sizeof scratch};
    check(digits_init(&model, &trainer, seed), "digits_init", &work);
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        static int order[ROW_LIMIT];
        shuffle(order, training.count, seed, epoch);
        double loss = train_epoch(&work, order);
        show_progress(epoch + 1, loss);
    }
    printf("test accuracy %.2f %% (seed %llu, %d rows)\n", 100 * accuracy(&work, &test), (unsigned long long)seed,
           test.count);
    return EXIT_SUCCESS;
}
