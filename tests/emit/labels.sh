# Labels and positions out of range: the emitted C tells them where they are inputs, and reads and writes nothing outside
# its arrays where they are computed, or where the checks are taken out. Under the address and undefined-behaviour
# sanitizers, with arrays of exactly the size that the entries are promised.
. "$CHECKS"

cat >labels.grad <<'END_OF_MODEL'
model labels
size N = 1..5
param w[3, 4] ~ normal(0, 1)
param table[4, 2] = 1
const prime[i < 6] = [2, 3, 5, 7, 11, 13][i]

entry train(x[N, 3], label[N]: int) -> loss {
    loss = mean(cross_entropy(x @ w, label)) + mean(table[label]^2)
    minimize loss with sgd(lr = 0.1)
}

# positions that are computed: no check, and 0 is read outside
entry computed(id[N]: int, x[N, 3]) -> rows[N, 2], near[N, 3], primes[N]: int, spread[4, 3], back[4, 2] {
    at = id // 1
    rows = table[at]
    near[n, i < 3] = x[n, i + id[n] % 1000 - 2]
    primes[n] = prime[id[n] % 100] + prime[abs(id[n])] + prime[at[n]]
    spread[k < 4, j] = sum[n] (at[n] == k) * x[n, j]
    back = grad(sum(rows^2), table)
}

entry drawn(p[N, 4]) -> z[N]: int, rows[N, 2] {
    z[N] ~ categorical(p)
    rows = table[z]
}
END_OF_MODEL
cat >main.c <<'END_OF_C'
#include "labels.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static labels model, before;
static labels_trainer trainer;
static int faults;

static void check(int holds, const char *what, int value) {
    if (!holds) printf("%s (%d)\n", what, value), faults++;
}

static void *copy(const void *bytes, size_t size) {
    return memcpy(malloc(size), bytes, size);
}

/* Every array is one of its own, so that the sanitizer sees each end. */
static void run(int n, int32_t wrong) {
    static const float values[15] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    static const float none[20] = {-1, 0, 0, 1, 0, 0, 0, 0, NAN, 1, 1, 1, INFINITY, 1, 0, 0, 1, 0, 0, 0};
    int32_t labels_[5] = {0, 1, 2, 3, 0};
    labels_[n - 1] = wrong;
    const size_t rows = (size_t)n;
    float *x = copy(values, rows * 12), *p = copy(none, rows * 16), *out = malloc(rows * 8), *near = malloc(rows * 12);
    float *spread = malloc(48), *back = malloc(32), loss = 0;
    int32_t *label = copy(labels_, rows * 4), *primes = malloc(rows * 4), *z = malloc(rows * 4);
    gr_work work = {0};
    unsigned char *scratch = malloc(GR_LEAST);
    work.scratch = scratch, work.scratch_size = GR_LEAST;

    before = model;
    int status = labels_train(&model, &trainer, &work, n, x, label, &loss);
#ifndef GR_NO_CHECKS
    check(status == GR_INDEX, "train takes a label out of range", wrong);
    check(memcmp(&before, &model, sizeof model) == 0, "train changed the model", wrong);
#else
    (void)status;
    model = before;
#endif
    check(labels_computed(&model, &work, n, label, x, out, near, primes, spread, back) == GR_OK, "computed", wrong);
    const int inside = wrong >= 0 && wrong < 4;
    for (int i = 0; i < 2; i++)
        check(out[2 * (n - 1) + i] == (inside ? 1 : 0), "a row outside of the table is not 0", wrong);
    check(labels_drawn(&model, &work, n, p, z, out) == GR_OK, "drawn", wrong);
    for (int r = 0; r < n; r++) {
        const int valid = r == 4;
        check(valid ? z[r] == 0 : z[r] == -1, "weights that are no distribution draw", z[r]);
        check(out[2 * r] == (valid ? 1 : 0), "what is read there", r);
    }
    free(x), free(p), free(out), free(near), free(spread), free(back), free(label), free(primes), free(z), free(scratch);
}

int main(void) {
    static const int32_t wrong[] = {-1, 4, 5, 100, -100, 1 << 20, INT32_MAX - 1, INT32_MAX, INT32_MIN + 1, INT32_MIN};
    labels_init(&model, &trainer, 1);
    for (int n = 1; n <= 5; n++)
        for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++)
            run(n, wrong[w]);
    return faults != 0;
}
END_OF_C
for target in generic native; do
    "$GRADC" labels.grad -q --force --target=$target -o . || not_ok "labels for $target"
    for checks in "" -DGR_NO_CHECKS; do
        what="labels out of range, $target $checks"
        if gcc -std=c11 -g -O1 $checks -fsanitize=address,undefined -fno-sanitize-recover=undefined \
            -DGR_LEAST="(LABELS_TRAIN_SCRATCH(1) + LABELS_COMPUTED_SCRATCH(1) + LABELS_DRAWN_SCRATCH(1))" \
            -o labels main.c labels.c -lm 2>errors && ./labels >output 2>&1; then
            ok "$what"
        else
            not_ok "$what"
            head -12 errors output
        fi
    done
done
