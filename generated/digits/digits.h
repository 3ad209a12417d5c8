/* digits.h - made by gradc 0.1.0: gradc compile digits.grad --target=x86-64-v3
 * Change the model, not this file. It is yours: 0BSD, no notice needed.
 *   bytes       digits 38,440   digits_trainer 76,904   stack below 4 KB
 *   FLOP a row  digits_train 40,448   digits_predict 18,944
 * No allocation, no I/O, no globals that change. Memory from malloc will do; GR_ALIGNED speeds up static objects. */
#ifndef DIGITS_H
#define DIGITS_H
#include "gr.h" /* GR_OK and so on, gr_work, gr_model; gradc wrote it beside this file */
#if GR_ABI != 1
#error "digits.h needs ABI 1 of gr.h: use the gr.h that gradc wrote with it"
#endif
#ifndef DIGITS_API
#define DIGITS_API /* your export attribute */
#endif
GR_C_BEGIN

#define DIGITS_N_MAX                    256                                  /* size N = 1..256, digits.grad:3 */
#define DIGITS_TRAIN_SCRATCH(threads)   (289984 + 32832 * (size_t)(threads)) /* bytes of work->scratch, for every n */
#define DIGITS_PREDICT_SCRATCH(threads) (5184 + 26496 * (size_t)(threads))
#define DIGITS_SIGNATURE                0xe8e28edau /* of the names, shapes and types in this file */

/* What the model knows. Plain data: assign it, keep several, leave it in flash. One thread may write it or many
 * read it. */
typedef struct digits {
    float net_layers_0_w[64 * 128]; /* net.layers.0.w, digits.grad:6, row-major */
    float net_layers_0_b[128];      /* net.layers.0.b, digits.grad:7 */
    float net_layers_1_w[128 * 10]; /* net.layers.1.w, digits.grad:6, row-major */
    float net_layers_1_b[10];       /* net.layers.1.b, digits.grad:7 */
} digits;

/* What training remembers: save it with the model to resume exactly. */
typedef struct digits_trainer {
    uint64_t seed, train_step; /* these two decide a step's random draws; train_step counts updates */
    float lr_scale, reserved;  /* lr_scale multiplies every learning rate; change it when you like */
    float train_m[9610];       /* the optimizer's slots, in the order of digits */
    float train_v[9610];
} digits_trainer;

/* Sets initial values; either pointer may be NULL. */
DIGITS_API int digits_init(digits *model, digits_trainer *trainer, uint64_t seed);

/* Entries return GR_OK, or an error, having written nothing but work (GR_NONFINITE: and the outputs, and what earlier
 * losses updated). GR_TARGET: this processor lacks what --target promised.
 * work is one thread's own; see gr.h. Tensors are dense, row-major, aligned like their elements; outputs overlap
 * nothing. */
DIGITS_API int digits_train(digits *model, digits_trainer *trainer, gr_work *work, int n,
                            const float *image /* [n,64] */, const int32_t *label /* [n], 0..9 */, float *loss);
DIGITS_API int digits_predict(const digits *model, gr_work *work, int n, const float *image /* [n,64] */,
                              int32_t *digit /* [n] */);

extern DIGITS_API const gr_model digits_model; /* the above as data: names, shapes, offsets, entries */
GR_C_END
#endif
