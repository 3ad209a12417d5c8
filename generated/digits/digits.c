/* digits.c - made by gradc 0.1.0: gradc compile digits.grad --target=x86-64-v3
 * Change the model, not this file. It is yours: 0BSD, no notice needed.
 * First the kernels of every entry, compiled for the target; then what is called from outside, compiled for any. */
#include "digits.h"
#ifdef _OPENMP
#include <omp.h>
#endif
#define GR_REAL          float
#define GR_KERNEL_TARGET GR_TARGET_X86_64_V3
#include "gr_kernel.h"

/* ---- entry train, digits.grad:24 */

typedef struct train_call {
    digits *model;
    digits_trainer *trainer;
    int n;
    const float *image;
    const int32_t *label;
    float *loss;
    unsigned char *scratch;
    unsigned char *locals;
    gr_draw draw;
    int32_t step;
} train_call;

/* digits.grad:26: minimize loss with adam(lr = 1e-3) */
static void train_map(const train_call *call) {
    const int32_t *const step = &call->step; /* [] */
    gr_real *const t44 = (void *)(call->scratch + 289792); /* [] */
    gr_real *const t48 = (void *)(call->scratch + 289856); /* [] */
    const gr_vec to_real_value = gr_real_of(gr_iall(step[0]) + gr_iall(1));
    t44[0] = gr_lane_0(gr_all(1.0f) - gr_pow(gr_all(0.9f), to_real_value));
    t48[0] = gr_lane_0(gr_all(1.0f) - gr_pow(gr_all(0.999f), to_real_value));
}

static void train_transpose_net_layers_1_w(const train_call *call, int first_i, int last_i) {
    const gr_real *const w = call->model->net_layers_1_w; /* [128, 10] */
    gr_real *const w_t = (void *)(call->scratch + 282624); /* [128, 10] as [10, 128] */
    for (int i = first_i; i < last_i; i++) {
        for (int j = 0; j < 10; j++) {
            w_t[i + j * 128] = gr_lane_0(gr_all(w[i * 10 + j]));
        }
    }
}

static void train_transpose_net_layers_1_w_share(const train_call *call, int thread, int threads) {
    int first, last;
    gr_share(128, 1, thread, threads, &first, &last);
    train_transpose_net_layers_1_w(call, first, last);
}

/* digits.grad:8: fn (x[.., inputs]) = x @ w + b */
GR_INLINE void train_x_tile(const train_call *call, unsigned char *local, int first_n, int n, int o, const int rows,
                            const int vectors) {
    const gr_real *const image = call->image; /* [N, 64] */
    const gr_real *const w = call->model->net_layers_0_w; /* [64, 128] */
    gr_real *const x = (void *)(local + 0); /* [N, 128] */
    gr_vec sum[6][8];
    GR_UNROLL(6)
    for (int r = 0; r < rows; r++) {
        GR_UNROLL(8)
        for (int v = 0; v < vectors; v++)
            sum[r][v] = gr_all(0.0f);
    }
    for (int p = 0; p < 64; p++) {
        gr_vec w_po[8];
        GR_UNROLL(8)
        for (int v = 0; v < vectors; v++)
            w_po[v] = gr_load(&w[p * 128 + o + v * GR_LANES]);
        GR_UNROLL(6)
        for (int r = 0; r < rows; r++) {
            const gr_vec image_np = gr_all(image[(n + r) * 64 + p]);
            GR_UNROLL(8)
            for (int v = 0; v < vectors; v++)
                sum[r][v] += image_np * w_po[v];
        }
    }
    GR_UNROLL(6)
    for (int r = 0; r < rows; r++) {
        GR_UNROLL(8)
        for (int v = 0; v < vectors; v++)
            gr_store(&x[(n - first_n + r) * 128 + o + v * GR_LANES], sum[r][v]);
    }
}

GR_KERNEL void train_x(const train_call *call, unsigned char *local, int first_n, int last_n) {
    for (int o = 0; o < 128; o += 2 * GR_LANES) {
        int n = first_n;
        for (; n + 6 <= last_n; n += 6) {
            train_x_tile(call, local, first_n, n, o, 6, 2);
        }
        if (n + 4 <= last_n) {
            train_x_tile(call, local, first_n, n, o, 4, 2);
            n += 4;
        }
        if (n + 2 <= last_n) {
            train_x_tile(call, local, first_n, n, o, 2, 2);
            n += 2;
        }
    }
    if ((last_n - first_n) % 2 == 1) {
        const int n = last_n - 1;
        for (int o = 0; o < 128; o += 8 * GR_LANES) {
            train_x_tile(call, local, first_n, n, o, 1, 8);
        }
    }
}

/* digits.grad:16: if i + 1 < len(layers) { x = dropout(act(x), drop) } */
static void train_x_2(const train_call *call, unsigned char *local, int first_i, int last_i) {
    const gr_real *const x = (void *)(local + 0); /* [N, 128] */
    const gr_real *const b = call->model->net_layers_0_b; /* [128] */
    gr_real *const x_ = (void *)(call->scratch + 0); /* [N, 128] */
    uint8_t *const x_2 = (void *)(local + 24576); /* [N, 128] */
    const gr_draw draw = gr_draw_at(&call->draw, 0xccb61f4du);
    for (int i = first_i; i < last_i; i++) {
        for (int j = 0; j < 128; j += GR_LANES) {
            const gr_ivec x_value = gr_less(gr_uniform(&draw, gr_iall(i * 128 + j) + gr_iota()), gr_all(0.8f));
            const gr_vec x_value_ = gr_max(gr_all(0.0f), gr_load(&x[(i - first_i) * 128 + j]) + gr_load(&b[j])) *
                gr_select(x_value, gr_all(1), gr_all(0));
            gr_store(&x_[i * 128 + j], x_value_);
            gr_bstore(&x_2[(i - first_i) * 128 + j], x_value);
        }
    }
}

/* digits.grad:8: fn (x[.., inputs]) = x @ w + b */
GR_INLINE void train_x_3_tile(const train_call *call, int n, int o, const int rows) {
    const gr_real *const x = (void *)(call->scratch + 0); /* [N, 128] */
    const gr_real *const b = call->model->net_layers_1_b; /* [10] */
    gr_real *const x_ = (void *)(call->scratch + 262144); /* [N, 10] */
    const gr_real *const w_t = (void *)(call->scratch + 282624); /* [128, 10] as [10, 128] */
    gr_vec sum[4];
    GR_UNROLL(4)
    for (int r = 0; r < rows; r++)
        sum[r] = gr_all(0.0f);
    for (int p = 0; p < 128; p += GR_LANES) {
        const gr_vec x_np = gr_load(&x[n * 128 + p]);
        GR_UNROLL(4)
        for (int r = 0; r < rows; r++)
            sum[r] += x_np * gr_load(&w_t[p + (o + r) * 128]);
    }
    GR_UNROLL(4)
    for (int r = 0; r < rows; r++)
        sum[r] = gr_all(gr_lane_sum(sum[r]));
    GR_UNROLL(4)
    for (int r = 0; r < rows; r++)
        x_[n * 10 + o + r] = gr_lane_0(sum[r] * gr_all(1.25f) + gr_all(b[o + r]));
}

GR_KERNEL void train_x_3(const train_call *call, int first_n, int last_n) {
    for (int n = first_n; n < last_n; n++) {
        for (int o = 0; o < 4; o += 4) {
            train_x_3_tile(call, n, o, 4);
        }
        for (int o = 4; o < 10; o += 3) {
            train_x_3_tile(call, n, o, 3);
        }
    }
}

/* digits.grad:25: loss = mean(cross_entropy(net(image), label)) */
static void train_e(const train_call *call, int first_i, int last_i) {
    const gr_real *const x = (void *)(call->scratch + 262144); /* [N, 10] */
    gr_real *const e = (void *)(call->scratch + 287744); /* [N] */
    for (int i = first_i; i < last_i; i++) {
        gr_vec total;
        total = gr_pattern(GR_SIGN_BIT | GR_INFINITY);
        for (int j = 0; j < 10; j++) {
            total = gr_max(total, gr_all(x[i * 10 + j]));
        }
        e[i] = gr_lane_0(total);
    }
}

/* digits.grad:25: loss = mean(cross_entropy(net(image), label)) */
static void train_e_2(const train_call *call, unsigned char *local, int first_i, int last_i) {
    const gr_real *const x = (void *)(call->scratch + 262144); /* [N, 10] */
    const gr_real *const e = (void *)(call->scratch + 287744); /* [N] */
    gr_real *const e_ = (void *)(local + 30720); /* [N, 10] */
    for (int i = first_i; i < last_i; i++) {
        for (int j = 0; j < 10; j += GR_LANES) {
            const int lanes = gr_least(GR_LANES, 10 - j);
            gr_store_part(&e_[(i - first_i) * 10 + j], gr_exp(gr_load_part(&x[i * 10 + j], lanes) - gr_all(e[i])),
                          lanes);
        }
    }
}

/* digits.grad:25: loss = mean(cross_entropy(net(image), label)) */
static void train_total(const train_call *call, unsigned char *local, int first_i, int last_i) {
    const gr_real *const e = (void *)(local + 30720); /* [N, 10] */
    gr_real *const total = (void *)(call->scratch + 288768); /* [N] */
    gr_real *const d_total = (void *)(local + 32640); /* [N] */
    for (int i = first_i; i < last_i; i++) {
        gr_vec sum;
        sum = gr_all(0.0f);
        for (int j = 0; j < 10; j++) {
            sum += gr_all(e[(i - first_i) * 10 + j]);
        }
        total[i] = gr_lane_0(sum);
        d_total[i - first_i] = gr_lane_0(gr_all(1.0f) / gr_real_of(gr_iall(call->n)) / sum);
    }
}

/* digits.grad:8: fn (x[.., inputs]) = x @ w + b */
static void train_d_x(const train_call *call, unsigned char *local, int first_i, int last_i) {
    const gr_real *const e = (void *)(local + 30720); /* [N, 10] */
    const int32_t *const label = call->label; /* [N] */
    const gr_real *const d_total = (void *)(local + 32640); /* [N] */
    gr_real *const d_x = (void *)(call->scratch + 272384); /* [N, 10] */
    for (int i = first_i; i < last_i; i++) {
        for (int j = 0; j < 10; j += GR_LANES) {
            const int lanes = gr_least(GR_LANES, 10 - j);
            const gr_vec d_x_value =
                gr_select(gr_iequal(gr_iall(label[i]), gr_iall(j) + gr_iota()),
                          -(gr_all(1.0f) / gr_real_of(gr_iall(call->n))), gr_all(0.0f));
            gr_store_part(&d_x[i * 10 + j], d_x_value + gr_all(d_total[i - first_i]) *
                          gr_load_part(&e[(i - first_i) * 10 + j], lanes), lanes);
        }
    }
}

/* digits.grad:8: fn (x[.., inputs]) = x @ w + b
 * digits.grad:16: if i + 1 < len(layers) { x = dropout(act(x), drop) } */
GR_INLINE void train_d_x_2_tile(const train_call *call, unsigned char *local, int first_n, int n, int p, const int rows,
                                const int vectors) {
    const gr_real *const x = (void *)(local + 0); /* [N, 128] */
    const gr_real *const b = call->model->net_layers_0_b; /* [128] */
    const gr_real *const d_x = (void *)(call->scratch + 272384); /* [N, 10] */
    const uint8_t *const x_ = (void *)(local + 24576); /* [N, 128] */
    gr_real *const d_x_ = (void *)(call->scratch + 131072); /* [N, 128] */
    const gr_real *const w_t = (void *)(call->scratch + 282624); /* [128, 10] as [10, 128] */
    gr_vec sum[6][8];
    GR_UNROLL(6)
    for (int r = 0; r < rows; r++) {
        GR_UNROLL(8)
        for (int v = 0; v < vectors; v++)
            sum[r][v] = gr_all(0.0f);
    }
    for (int o = 0; o < 10; o++) {
        gr_vec w_t_po[8];
        GR_UNROLL(8)
        for (int v = 0; v < vectors; v++)
            w_t_po[v] = gr_load(&w_t[p + v * GR_LANES + o * 128]);
        GR_UNROLL(6)
        for (int r = 0; r < rows; r++) {
            const gr_vec d_x_no = gr_all(d_x[(n + r) * 10 + o]);
            GR_UNROLL(8)
            for (int v = 0; v < vectors; v++)
                sum[r][v] += d_x_no * w_t_po[v];
        }
    }
    gr_vec b_p[8];
    GR_UNROLL(8)
    for (int v = 0; v < vectors; v++)
        b_p[v] = gr_load(&b[p + v * GR_LANES]);
    GR_UNROLL(6)
    for (int r = 0; r < rows; r++) {
        GR_UNROLL(8)
        for (int v = 0; v < vectors; v++) {
            const gr_vec d_x_value =
                gr_select(gr_less(gr_all(0.0f), gr_load(&x[(n - first_n + r) * 128 + p + v * GR_LANES]) + b_p[v]),
                          sum[r][v] * gr_all(1.25f) *
                              gr_select(gr_bload(&x_[(n - first_n + r) * 128 + p + v * GR_LANES]), gr_all(1),
                                        gr_all(0)), gr_all(0.0f));
            gr_store(&d_x_[(n + r) * 128 + p + v * GR_LANES], d_x_value);
        }
    }
}

GR_KERNEL void train_d_x_2(const train_call *call, unsigned char *local, int first_n, int last_n) {
    for (int p = 0; p < 128; p += 2 * GR_LANES) {
        int n = first_n;
        for (; n + 6 <= last_n; n += 6) {
            train_d_x_2_tile(call, local, first_n, n, p, 6, 2);
        }
        if (n + 4 <= last_n) {
            train_d_x_2_tile(call, local, first_n, n, p, 4, 2);
            n += 4;
        }
        if (n + 2 <= last_n) {
            train_d_x_2_tile(call, local, first_n, n, p, 2, 2);
            n += 2;
        }
    }
    if ((last_n - first_n) % 2 == 1) {
        const int n = last_n - 1;
        for (int p = 0; p < 128; p += 8 * GR_LANES) {
            train_d_x_2_tile(call, local, first_n, n, p, 1, 8);
        }
    }
}

static void train_rows(const train_call *call, int thread, int threads) {
    unsigned char *const local = call->locals + 32832 * (size_t)thread;
    int first, last;
    gr_share(call->n, 6, thread, threads, &first, &last);
    for (int begin = first; begin < last; begin += 48) {
        const int end = gr_least(begin + 48, last);
        train_x(call, local, begin, end);
        train_x_2(call, local, begin, end);
        train_x_3(call, begin, end);
        train_e(call, begin, end);
        train_e_2(call, local, begin, end);
        train_total(call, local, begin, end);
        train_d_x(call, local, begin, end);
        train_d_x_2(call, local, begin, end);
    }
}

/* digits.grad:25: loss = mean(cross_entropy(net(image), label)) */
static void train_loss(const train_call *call) {
    const gr_real *const x = (void *)(call->scratch + 262144); /* [N, 10] */
    const gr_real *const e = (void *)(call->scratch + 287744); /* [N] */
    const gr_real *const total = (void *)(call->scratch + 288768); /* [N] */
    const int32_t *const label = call->label; /* [N] */
    gr_real *const loss = call->loss; /* [] */
    gr_vec sum;
    sum = gr_all(0.0f);
    for (int i = 0; i < call->n; i += GR_LANES) {
        const int width = gr_least(GR_LANES, call->n - i);
        const gr_ivec label_i = gr_iload_part(&label[i], width);
        const gr_vec loss_value = gr_load_part(&e[i], width) + gr_log(gr_load_part(&total[i], width)) -
            gr_lookup(&x[i * 10], gr_inside(label_i, 10) + gr_iota() * gr_iall(10), gr_within(label_i, 10), width);
        sum += gr_select(gr_iless(gr_iota(), gr_iall(width)), loss_value, gr_all(0.0f));
    }
    sum = gr_all(gr_lane_sum(sum));
    loss[0] = gr_lane_0(sum / gr_real_of(gr_iall(call->n)));
}

/* digits.grad:8: fn (x[.., inputs]) = x @ w + b
 * digits.grad:26: minimize loss with adam(lr = 1e-3) */
GR_INLINE void train_update_net_layers_1_w_tile(const train_call *call, int p, int o, const int rows, const int vectors,
                                                const int lanes) {
    const gr_real *const x = (void *)(call->scratch + 0); /* [N, 128] */
    const gr_real *const w = call->model->net_layers_1_w; /* [128, 10] */
    const gr_real *const d_x = (void *)(call->scratch + 272384); /* [N, 10] */
    const gr_real *const lr_scale = &call->trainer->lr_scale; /* [] */
    const gr_real *const t44 = (void *)(call->scratch + 289792); /* [] */
    const gr_real *const t48 = (void *)(call->scratch + 289856); /* [] */
    const gr_real *const m = call->trainer->train_m + 8320; /* [128, 10] */
    const gr_real *const v_ = call->trainer->train_v + 8320; /* [128, 10] */
    gr_real *const m_ = call->trainer->train_m + 8320; /* [128, 10] */
    gr_real *const v_2 = call->trainer->train_v + 8320; /* [128, 10] */
    gr_real *const w_ = call->model->net_layers_1_w; /* [128, 10] */
    gr_vec sum[6][2];
    GR_UNROLL(6)
    for (int r = 0; r < rows; r++) {
        GR_UNROLL(2)
        for (int v = 0; v < vectors; v++)
            sum[r][v] = gr_all(0.0f);
    }
    for (int n = 0; n < call->n; n++) {
        gr_vec d_x_no[2];
        GR_UNROLL(2)
        for (int v = 0; v < vectors; v++) {
            const int width = v + 1 < vectors ? GR_LANES : lanes;
            d_x_no[v] = gr_load_part(&d_x[n * 10 + o + v * GR_LANES], width);
        }
        GR_UNROLL(6)
        for (int r = 0; r < rows; r++) {
            const gr_vec x_np = gr_all(x[n * 128 + p + r]);
            GR_UNROLL(2)
            for (int v = 0; v < vectors; v++)
                sum[r][v] += d_x_no[v] * x_np;
        }
    }
    const gr_vec mul_value = gr_all(lr_scale[0]) * gr_all(0.001f);
    const gr_vec t44_value = gr_all(t44[0]);
    const gr_vec t48_value = gr_all(t48[0]);
    GR_UNROLL(6)
    for (int r = 0; r < rows; r++) {
        GR_UNROLL(2)
        for (int v = 0; v < vectors; v++) {
            const int width = v + 1 < vectors ? GR_LANES : lanes;
            const gr_vec m_po = gr_load_part(&m[(p + r) * 10 + o + v * GR_LANES], width);
            const gr_vec mul_value_ = sum[r][v] * gr_all(1.25f);
            const gr_vec add_value = m_po * gr_all(0.9f) + mul_value_ * gr_all(0.1f);
            const gr_vec v__po = gr_load_part(&v_[(p + r) * 10 + o + v * GR_LANES], width);
            const gr_vec add_value_ = v__po * gr_all(0.999f) + mul_value_ * mul_value_ * gr_all(0.001f);
            const gr_vec w_po = gr_load_part(&w[(p + r) * 10 + o + v * GR_LANES], width);
            const gr_vec div_value = mul_value * (add_value / t44_value) /
                (gr_sqrt(add_value_ / t48_value) + gr_all(1e-08f));
            gr_store_part(&m_[(p + r) * 10 + o + v * GR_LANES], add_value, width);
            gr_store_part(&v_2[(p + r) * 10 + o + v * GR_LANES], add_value_, width);
            gr_store_part(&w_[(p + r) * 10 + o + v * GR_LANES], w_po - div_value, width);
        }
    }
}

GR_KERNEL void train_update_net_layers_1_w(const train_call *call, int first_p, int last_p) {
    {
        const int o = 0;
        int p = first_p;
        for (; p + 6 <= last_p; p += 6) {
            train_update_net_layers_1_w_tile(call, p, o, 6, 2, 2);
        }
        if (p + 4 <= last_p) {
            train_update_net_layers_1_w_tile(call, p, o, 4, 2, 2);
            p += 4;
        }
        if (p + 2 <= last_p) {
            train_update_net_layers_1_w_tile(call, p, o, 2, 2, 2);
            p += 2;
        }
        if (p < last_p) {
            train_update_net_layers_1_w_tile(call, p, o, 1, 2, 2);
        }
    }
}

static void train_update_net_layers_1_w_share(const train_call *call, int thread, int threads) {
    int first, last;
    gr_share(128, 6, thread, threads, &first, &last);
    train_update_net_layers_1_w(call, first, last);
}

/* digits.grad:8: fn (x[.., inputs]) = x @ w + b
 * digits.grad:26: minimize loss with adam(lr = 1e-3) */
GR_INLINE void train_update_net_layers_1_b_tile(const train_call *call, int j, const int vectors, const int lanes) {
    const gr_real *const b = call->model->net_layers_1_b; /* [10] */
    const gr_real *const d_x = (void *)(call->scratch + 272384); /* [N, 10] */
    const gr_real *const lr_scale = &call->trainer->lr_scale; /* [] */
    const gr_real *const t44 = (void *)(call->scratch + 289792); /* [] */
    const gr_real *const t48 = (void *)(call->scratch + 289856); /* [] */
    const gr_real *const m = call->trainer->train_m + 9600; /* [10] */
    const gr_real *const v_ = call->trainer->train_v + 9600; /* [10] */
    gr_real *const m_ = call->trainer->train_m + 9600; /* [10] */
    gr_real *const v_2 = call->trainer->train_v + 9600; /* [10] */
    gr_real *const b_ = call->model->net_layers_1_b; /* [10] */
    gr_vec sum[2];
    GR_UNROLL(2)
    for (int v = 0; v < vectors; v++)
        sum[v] = gr_all(0.0f);
    for (int i = 0; i < call->n; i++) {
        GR_UNROLL(2)
        for (int v = 0; v < vectors; v++) {
            const int width = v + 1 < vectors ? GR_LANES : lanes;
            sum[v] += gr_load_part(&d_x[i * 10 + j + v * GR_LANES], width);
        }
    }
    const gr_vec mul_value = gr_all(lr_scale[0]) * gr_all(0.001f);
    const gr_vec t44_value = gr_all(t44[0]);
    const gr_vec t48_value = gr_all(t48[0]);
    GR_UNROLL(2)
    for (int v = 0; v < vectors; v++) {
        const int width = v + 1 < vectors ? GR_LANES : lanes;
        const gr_vec m_j = gr_load_part(&m[j + v * GR_LANES], width);
        const gr_vec add_value = m_j * gr_all(0.9f) + sum[v] * gr_all(0.1f);
        const gr_vec v__j = gr_load_part(&v_[j + v * GR_LANES], width);
        const gr_vec add_value_ = v__j * gr_all(0.999f) + sum[v] * sum[v] * gr_all(0.001f);
        const gr_vec b_j = gr_load_part(&b[j + v * GR_LANES], width);
        const gr_vec div_value = mul_value * (add_value / t44_value) /
            (gr_sqrt(add_value_ / t48_value) + gr_all(1e-08f));
        gr_store_part(&m_[j + v * GR_LANES], add_value, width);
        gr_store_part(&v_2[j + v * GR_LANES], add_value_, width);
        gr_store_part(&b_[j + v * GR_LANES], b_j - div_value, width);
    }
}

GR_KERNEL void train_update_net_layers_1_b(const train_call *call, int first_j, int last_j) {
    int j = first_j;
    for (; j + 2 * GR_LANES <= last_j; j += 2 * GR_LANES) {
        train_update_net_layers_1_b_tile(call, j, 2, GR_LANES);
    }
    for (int left = last_j - j; left > 0; left -= GR_LANES, j += GR_LANES) {
        train_update_net_layers_1_b_tile(call, j, 1, gr_least(GR_LANES, left));
    }
}

static void train_update_net_layers_1_b_share(const train_call *call, int thread, int threads) {
    int first, last;
    gr_share(10, 8, thread, threads, &first, &last);
    train_update_net_layers_1_b(call, first, last);
}

/* digits.grad:8: fn (x[.., inputs]) = x @ w + b
 * digits.grad:26: minimize loss with adam(lr = 1e-3) */
GR_INLINE void train_update_net_layers_0_b_tile(const train_call *call, int j, const int vectors, const int lanes) {
    const gr_real *const b = call->model->net_layers_0_b; /* [128] */
    const gr_real *const d_x = (void *)(call->scratch + 131072); /* [N, 128] */
    const gr_real *const lr_scale = &call->trainer->lr_scale; /* [] */
    const gr_real *const t44 = (void *)(call->scratch + 289792); /* [] */
    const gr_real *const t48 = (void *)(call->scratch + 289856); /* [] */
    const gr_real *const m = call->trainer->train_m + 8192; /* [128] */
    const gr_real *const v_ = call->trainer->train_v + 8192; /* [128] */
    gr_real *const m_ = call->trainer->train_m + 8192; /* [128] */
    gr_real *const v_2 = call->trainer->train_v + 8192; /* [128] */
    gr_real *const b_ = call->model->net_layers_0_b; /* [128] */
    gr_vec sum[8];
    GR_UNROLL(8)
    for (int v = 0; v < vectors; v++)
        sum[v] = gr_all(0.0f);
    for (int i = 0; i < call->n; i++) {
        GR_UNROLL(8)
        for (int v = 0; v < vectors; v++) {
            const int width = v + 1 < vectors ? GR_LANES : lanes;
            sum[v] += gr_load_part(&d_x[i * 128 + j + v * GR_LANES], width);
        }
    }
    const gr_vec mul_value = gr_all(lr_scale[0]) * gr_all(0.001f);
    const gr_vec t44_value = gr_all(t44[0]);
    const gr_vec t48_value = gr_all(t48[0]);
    GR_UNROLL(8)
    for (int v = 0; v < vectors; v++) {
        const int width = v + 1 < vectors ? GR_LANES : lanes;
        const gr_vec m_j = gr_load_part(&m[j + v * GR_LANES], width);
        const gr_vec add_value = m_j * gr_all(0.9f) + sum[v] * gr_all(0.1f);
        const gr_vec v__j = gr_load_part(&v_[j + v * GR_LANES], width);
        const gr_vec add_value_ = v__j * gr_all(0.999f) + sum[v] * sum[v] * gr_all(0.001f);
        const gr_vec b_j = gr_load_part(&b[j + v * GR_LANES], width);
        const gr_vec div_value = mul_value * (add_value / t44_value) /
            (gr_sqrt(add_value_ / t48_value) + gr_all(1e-08f));
        gr_store_part(&m_[j + v * GR_LANES], add_value, width);
        gr_store_part(&v_2[j + v * GR_LANES], add_value_, width);
        gr_store_part(&b_[j + v * GR_LANES], b_j - div_value, width);
    }
}

GR_KERNEL void train_update_net_layers_0_b(const train_call *call, int first_j, int last_j) {
    int j = first_j;
    for (; j + 8 * GR_LANES <= last_j; j += 8 * GR_LANES) {
        train_update_net_layers_0_b_tile(call, j, 8, GR_LANES);
    }
    for (int left = last_j - j; left > 0; left -= GR_LANES, j += GR_LANES) {
        train_update_net_layers_0_b_tile(call, j, 1, gr_least(GR_LANES, left));
    }
}

static void train_update_net_layers_0_b_share(const train_call *call, int thread, int threads) {
    int first, last;
    gr_share(128, 8, thread, threads, &first, &last);
    train_update_net_layers_0_b(call, first, last);
}

/* digits.grad:8: fn (x[.., inputs]) = x @ w + b
 * digits.grad:26: minimize loss with adam(lr = 1e-3) */
GR_INLINE void train_update_net_layers_0_w_tile(const train_call *call, int p, int o, const int rows,
                                                const int vectors) {
    const gr_real *const image = call->image; /* [N, 64] */
    const gr_real *const w = call->model->net_layers_0_w; /* [64, 128] */
    const gr_real *const d_x = (void *)(call->scratch + 131072); /* [N, 128] */
    const gr_real *const m = call->trainer->train_m; /* [64, 128] */
    const gr_real *const v_ = call->trainer->train_v; /* [64, 128] */
    const gr_real *const lr_scale = &call->trainer->lr_scale; /* [] */
    const gr_real *const t44 = (void *)(call->scratch + 289792); /* [] */
    const gr_real *const t48 = (void *)(call->scratch + 289856); /* [] */
    gr_real *const m_ = call->trainer->train_m; /* [64, 128] */
    gr_real *const v_2 = call->trainer->train_v; /* [64, 128] */
    gr_real *const w_ = call->model->net_layers_0_w; /* [64, 128] */
    gr_vec sum[6][8];
    GR_UNROLL(6)
    for (int r = 0; r < rows; r++) {
        GR_UNROLL(8)
        for (int v = 0; v < vectors; v++)
            sum[r][v] = gr_all(0.0f);
    }
    for (int n = 0; n < call->n; n++) {
        gr_vec d_x_no[8];
        GR_UNROLL(8)
        for (int v = 0; v < vectors; v++)
            d_x_no[v] = gr_load(&d_x[n * 128 + o + v * GR_LANES]);
        GR_UNROLL(6)
        for (int r = 0; r < rows; r++) {
            const gr_vec image_np = gr_all(image[n * 64 + p + r]);
            GR_UNROLL(8)
            for (int v = 0; v < vectors; v++)
                sum[r][v] += d_x_no[v] * image_np;
        }
    }
    const gr_vec mul_value = gr_all(lr_scale[0]) * gr_all(0.001f);
    const gr_vec t44_value = gr_all(t44[0]);
    const gr_vec t48_value = gr_all(t48[0]);
    GR_UNROLL(6)
    for (int r = 0; r < rows; r++) {
        GR_UNROLL(8)
        for (int v = 0; v < vectors; v++) {
            const gr_vec m_po = gr_load(&m[(p + r) * 128 + o + v * GR_LANES]);
            const gr_vec add_value = m_po * gr_all(0.9f) + sum[r][v] * gr_all(0.1f);
            const gr_vec v__po = gr_load(&v_[(p + r) * 128 + o + v * GR_LANES]);
            const gr_vec add_value_ = v__po * gr_all(0.999f) + sum[r][v] * sum[r][v] * gr_all(0.001f);
            const gr_vec w_po = gr_load(&w[(p + r) * 128 + o + v * GR_LANES]);
            const gr_vec div_value = mul_value * (add_value / t44_value) /
                (gr_sqrt(add_value_ / t48_value) + gr_all(1e-08f));
            gr_store(&m_[(p + r) * 128 + o + v * GR_LANES], add_value);
            gr_store(&v_2[(p + r) * 128 + o + v * GR_LANES], add_value_);
            gr_store(&w_[(p + r) * 128 + o + v * GR_LANES], w_po - div_value);
        }
    }
}

GR_KERNEL void train_update_net_layers_0_w(const train_call *call, int first_p, int last_p) {
    for (int o = 0; o < 128; o += 2 * GR_LANES) {
        int p = first_p;
        for (; p + 6 <= last_p; p += 6) {
            train_update_net_layers_0_w_tile(call, p, o, 6, 2);
        }
        if (p + 4 <= last_p) {
            train_update_net_layers_0_w_tile(call, p, o, 4, 2);
            p += 4;
        }
        if (p + 2 <= last_p) {
            train_update_net_layers_0_w_tile(call, p, o, 2, 2);
            p += 2;
        }
    }
    if ((last_p - first_p) % 2 == 1) {
        const int p = last_p - 1;
        for (int o = 0; o < 128; o += 8 * GR_LANES) {
            train_update_net_layers_0_w_tile(call, p, o, 1, 8);
        }
    }
}

static void train_update_net_layers_0_w_share(const train_call *call, int thread, int threads) {
    int first, last;
    gr_share(64, 6, thread, threads, &first, &last);
    train_update_net_layers_0_w(call, first, last);
}

static int train_run(const train_call *call, int thread, int threads) {
    (void)thread, (void)threads;
    if (thread == 0) train_map(call);
    train_transpose_net_layers_1_w_share(call, thread, threads);
    GR_BARRIER;
    train_rows(call, thread, threads);
    GR_BARRIER;
    if (thread == 0) train_loss(call);
    GR_BARRIER;
    if (!gr_finite(*(const gr_real *)call->loss)) return GR_NONFINITE;
    train_update_net_layers_1_w_share(call, thread, threads);
    train_update_net_layers_1_b_share(call, thread, threads);
    train_update_net_layers_0_b_share(call, thread, threads);
    train_update_net_layers_0_w_share(call, thread, threads);
    return GR_OK;
}

/* ---- entry predict, digits.grad:29 */

typedef struct predict_call {
    const digits *model;
    int n;
    const float *image;
    int32_t *digit;
    unsigned char *scratch;
    unsigned char *locals;
} predict_call;

static void predict_transpose_net_layers_1_w(const predict_call *call, int first_i, int last_i) {
    const gr_real *const w = call->model->net_layers_1_w; /* [128, 10] */
    gr_real *const w_t = (void *)(call->scratch + 0); /* [128, 10] as [10, 128] */
    for (int i = first_i; i < last_i; i++) {
        for (int j = 0; j < 10; j++) {
            w_t[i + j * 128] = gr_lane_0(gr_all(w[i * 10 + j]));
        }
    }
}

static void predict_transpose_net_layers_1_w_share(const predict_call *call, int thread, int threads) {
    int first, last;
    gr_share(128, 1, thread, threads, &first, &last);
    predict_transpose_net_layers_1_w(call, first, last);
}

/* digits.grad:8: fn (x[.., inputs]) = x @ w + b
 * digits.grad:16: if i + 1 < len(layers) { x = dropout(act(x), drop) } */
GR_INLINE void predict_x_tile(const predict_call *call, unsigned char *local, int first_n, int n, int o, const int rows,
                              const int vectors) {
    const gr_real *const image = call->image; /* [N, 64] */
    const gr_real *const w = call->model->net_layers_0_w; /* [64, 128] */
    const gr_real *const b = call->model->net_layers_0_b; /* [128] */
    gr_real *const x = (void *)(local + 0); /* [N, 128] */
    gr_vec sum[6][8];
    GR_UNROLL(6)
    for (int r = 0; r < rows; r++) {
        GR_UNROLL(8)
        for (int v = 0; v < vectors; v++)
            sum[r][v] = gr_all(0.0f);
    }
    for (int p = 0; p < 64; p++) {
        gr_vec w_po[8];
        GR_UNROLL(8)
        for (int v = 0; v < vectors; v++)
            w_po[v] = gr_load(&w[p * 128 + o + v * GR_LANES]);
        GR_UNROLL(6)
        for (int r = 0; r < rows; r++) {
            const gr_vec image_np = gr_all(image[(n + r) * 64 + p]);
            GR_UNROLL(8)
            for (int v = 0; v < vectors; v++)
                sum[r][v] += image_np * w_po[v];
        }
    }
    gr_vec b_o[8];
    GR_UNROLL(8)
    for (int v = 0; v < vectors; v++)
        b_o[v] = gr_load(&b[o + v * GR_LANES]);
    GR_UNROLL(6)
    for (int r = 0; r < rows; r++) {
        GR_UNROLL(8)
        for (int v = 0; v < vectors; v++)
            gr_store(&x[(n - first_n + r) * 128 + o + v * GR_LANES], gr_max(gr_all(0.0f), sum[r][v] + b_o[v]));
    }
}

GR_KERNEL void predict_x(const predict_call *call, unsigned char *local, int first_n, int last_n) {
    for (int o = 0; o < 128; o += 2 * GR_LANES) {
        int n = first_n;
        for (; n + 6 <= last_n; n += 6) {
            predict_x_tile(call, local, first_n, n, o, 6, 2);
        }
        if (n + 4 <= last_n) {
            predict_x_tile(call, local, first_n, n, o, 4, 2);
            n += 4;
        }
        if (n + 2 <= last_n) {
            predict_x_tile(call, local, first_n, n, o, 2, 2);
            n += 2;
        }
    }
    if ((last_n - first_n) % 2 == 1) {
        const int n = last_n - 1;
        for (int o = 0; o < 128; o += 8 * GR_LANES) {
            predict_x_tile(call, local, first_n, n, o, 1, 8);
        }
    }
}

/* digits.grad:8: fn (x[.., inputs]) = x @ w + b */
GR_INLINE void predict_x_2_tile(const predict_call *call, unsigned char *local, int first_n, int n, int o,
                                const int rows) {
    const gr_real *const x = (void *)(local + 0); /* [N, 128] */
    gr_real *const x_ = (void *)(local + 24576); /* [N, 10] */
    const gr_real *const w_t = (void *)(call->scratch + 0); /* [128, 10] as [10, 128] */
    gr_vec sum[4];
    GR_UNROLL(4)
    for (int r = 0; r < rows; r++)
        sum[r] = gr_all(0.0f);
    for (int p = 0; p < 128; p += GR_LANES) {
        const gr_vec x_np = gr_load(&x[(n - first_n) * 128 + p]);
        GR_UNROLL(4)
        for (int r = 0; r < rows; r++)
            sum[r] += x_np * gr_load(&w_t[p + (o + r) * 128]);
    }
    GR_UNROLL(4)
    for (int r = 0; r < rows; r++)
        sum[r] = gr_all(gr_lane_sum(sum[r]));
    GR_UNROLL(4)
    for (int r = 0; r < rows; r++)
        x_[(n - first_n) * 10 + o + r] = gr_lane_0(sum[r]);
}

GR_KERNEL void predict_x_2(const predict_call *call, unsigned char *local, int first_n, int last_n) {
    for (int n = first_n; n < last_n; n++) {
        for (int o = 0; o < 4; o += 4) {
            predict_x_2_tile(call, local, first_n, n, o, 4);
        }
        for (int o = 4; o < 10; o += 3) {
            predict_x_2_tile(call, local, first_n, n, o, 3);
        }
    }
}

/* digits.grad:30: digit = argmax(net(image)) */
GR_INLINE void predict_digit_tile(const predict_call *call, unsigned char *local, int first_i, int i, const int rows) {
    const gr_real *const x = (void *)(local + 24576); /* [N, 10] */
    const gr_real *const b = call->model->net_layers_1_b; /* [10] */
    int32_t *const digit = call->digit; /* [N] */
    gr_vec best_total[4];
    gr_ivec total[4];
    GR_UNROLL(4)
    for (int r = 0; r < rows; r++) {
        best_total[r] = gr_pattern(GR_SIGN_BIT | GR_INFINITY);
        total[r] = gr_iall(0);
    }
    for (int j = 0; j < 10; j += GR_LANES) {
        const int width = gr_least(GR_LANES, 10 - j);
        const gr_vec b_j = gr_load_part(&b[j], width);
        GR_UNROLL(4)
        for (int r = 0; r < rows; r++) {
            const gr_ivec better_0 =
                gr_less(best_total[r],
                        gr_select(gr_iless(gr_iota(), gr_iall(width)),
                                  gr_load_part(&x[(i - first_i + r) * 10 + j], width) + b_j,
                                      gr_pattern(GR_SIGN_BIT | GR_INFINITY)));
            best_total[r] =
                gr_select(better_0,
                          gr_select(gr_iless(gr_iota(), gr_iall(width)),
                                    gr_load_part(&x[(i - first_i + r) * 10 + j], width) + b_j,
                                        gr_pattern(GR_SIGN_BIT | GR_INFINITY)), best_total[r]);
            total[r] = gr_iselect(better_0, gr_iall(j) + gr_iota(), total[r]);
        }
    }
    GR_UNROLL(4)
    for (int r = 0; r < rows; r++)
        total[r] = gr_iall(gr_lane_argmax(best_total[r], total[r]));
    GR_UNROLL(4)
    for (int r = 0; r < rows; r++)
        digit[i + r] = gr_ilane_0(total[r]);
}

GR_KERNEL void predict_digit(const predict_call *call, unsigned char *local, int first_i, int last_i) {
    int i = first_i;
    for (; i + 4 <= last_i; i += 4) {
        predict_digit_tile(call, local, first_i, i, 4);
    }
    if (i + 2 <= last_i) {
        predict_digit_tile(call, local, first_i, i, 2);
        i += 2;
    }
    if (i < last_i) {
        predict_digit_tile(call, local, first_i, i, 1);
    }
}

static void predict_rows(const predict_call *call, int thread, int threads) {
    unsigned char *const local = call->locals + 26496 * (size_t)thread;
    int first, last;
    gr_share(call->n, 6, thread, threads, &first, &last);
    for (int begin = first; begin < last; begin += 48) {
        const int end = gr_least(begin + 48, last);
        predict_x(call, local, begin, end);
        predict_x_2(call, local, begin, end);
        predict_digit(call, local, begin, end);
    }
}

static int predict_run(const predict_call *call, int thread, int threads) {
    (void)thread, (void)threads;
    predict_transpose_net_layers_1_w_share(call, thread, threads);
    GR_BARRIER;
    predict_rows(call, thread, threads);
    return GR_OK;
}

/* ---- first contents of what does not start at zero */

typedef struct init_call {
    digits *model;
    digits_trainer *trainer;
    gr_draw draw;
} init_call;

/* digits.grad:6: param w[inputs, outputs] ~ glorot_uniform() */
static void init_net_layers_0_w_value(const init_call *call, int first_i, int last_i) {
    gr_real *const w = call->model->net_layers_0_w; /* [64, 128] */
    const gr_draw draw = gr_draw_at(&call->draw, 0xad1bab60u);
    for (int i = first_i; i < last_i; i++) {
        for (int j = 0; j < 128; j += GR_LANES) {
            gr_store(&w[i * 128 + j], gr_uniform(&draw, gr_iall(i * 128 + j) + gr_iota()) * gr_all(0.35355338f) +
                     gr_all(-0.17677669f));
        }
    }
}

static void init_net_layers_0_w_value_share(const init_call *call, int thread, int threads) {
    int first, last;
    gr_share(64, 1, thread, threads, &first, &last);
    init_net_layers_0_w_value(call, first, last);
}

static void init_net_layers_0_w(const init_call *call) {
    init_net_layers_0_w_value_share(call, 0, 1);
}

/* digits.grad:6: param w[inputs, outputs] ~ glorot_uniform() */
static void init_net_layers_1_w_value(const init_call *call, int first_i, int last_i) {
    gr_real *const w = call->model->net_layers_1_w; /* [128, 10] */
    const gr_draw draw = gr_draw_at(&call->draw, 0x5e444b77u);
    for (int j = 0; j < 10; j++) {
        for (int i = first_i; i < last_i; i += GR_LANES) {
            const int lanes = gr_least(GR_LANES, last_i - i);
            gr_store_stride(&w[i * 10 + j], 10, gr_uniform(&draw, gr_iall(i * 10 + j) + gr_iota() * gr_iall(10)) *
                            gr_all(0.4170288f) + gr_all(-0.2085144f), lanes);
        }
    }
}

static void init_net_layers_1_w_value_share(const init_call *call, int thread, int threads) {
    int first, last;
    gr_share(128, 8, thread, threads, &first, &last);
    init_net_layers_1_w_value(call, first, last);
}

static void init_net_layers_1_w(const init_call *call) {
    init_net_layers_1_w_value_share(call, 0, 1);
}

GR_KERNELS_END

/* ---- entries: they check, then run */

/* Threads of a call: more than one only where this file is compiled with OpenMP. */
GR_FUNCTION int call_threads(const gr_work *work) {
#ifdef _OPENMP
    return work->threads > 1 ? work->threads : 1;
#else
    (void)work;
    return 1;
#endif
}

#ifndef GR_NO_CHECKS
typedef struct call_range {
    const char *name;
    const void *begin;
    size_t size;
} call_range;

/* The first `written` ranges share no byte with any other. */
GR_FUNCTION int check_overlap(gr_work *work, const call_range *ranges, int written, int count) {
    for (int i = 0; i < written; i++)
        for (int j = i + 1; j < count; j++)
            if (ranges[i].size > 0 && ranges[j].size > 0 &&
                gr_overlap(ranges[i].begin, ranges[i].size, ranges[j].begin, ranges[j].size))
                return gr_fault(work, GR_OVERLAP, ranges[i].name, -1);
    return GR_OK;
}
#endif

#ifndef GR_NO_CHECKS
static int train_check(const digits *model, const digits_trainer *trainer, gr_work *work, int n, const float *image,
                       const int32_t *label, const float *loss) {
    if (work == NULL) return GR_NULL;
    gr_fault(work, GR_OK, NULL, -1);
    if (gr_target_missing()) return GR_TARGET;
    if (model == NULL) return gr_fault(work, GR_NULL, "model", -1);
    if (trainer == NULL) return gr_fault(work, GR_NULL, "trainer", -1);
    if (image == NULL) return gr_fault(work, GR_NULL, "image", -1);
    if (label == NULL) return gr_fault(work, GR_NULL, "label", -1);
    if (loss == NULL) return gr_fault(work, GR_NULL, "loss", -1);
    if (n < 1 || n > 256) return gr_fault(work, GR_SIZE, "n", -1);
    for (int64_t at = 0; at < (int64_t)n; at++)
        if (label[at] < 0 || label[at] > 9) return gr_fault(work, GR_INDEX, "label", at);
    if (work->scratch_size < DIGITS_TRAIN_SCRATCH(call_threads(work))) return gr_fault(work, GR_MEMORY, "scratch", -1);
    if (work->scratch == NULL) return gr_fault(work, GR_NULL, "scratch", -1);
    const call_range ranges[] = {
        {"loss", loss, sizeof *loss},
        {"scratch", work->scratch, work->scratch_size},
        {"work", work, sizeof *work},
        {"model", model, sizeof *model},
        {"trainer", trainer, sizeof *trainer},
        {"image", image, (size_t)n * 64 * sizeof *image},
        {"label", label, (size_t)n * sizeof *label},
    };
    return check_overlap(work, ranges, 5, 7);
}
#endif

int digits_train(digits *model, digits_trainer *trainer, gr_work *work, int n, const float *image, const int32_t *label,
                 float *loss) {
    int status = GR_OK;
#ifndef GR_NO_CHECKS
    status = train_check(model, trainer, work, n, image, label, loss);
    if (status != GR_OK) return status;
#endif
    unsigned char *scratch = (unsigned char *)(((uintptr_t)work->scratch + 63) / 64 * 64);
    const train_call call = {
        .model = model,
        .trainer = trainer,
        .n = n,
        .image = image,
        .label = label,
        .loss = loss,
        .scratch = scratch,
        .locals = scratch + 289920,
        .draw = {.key = {(uint32_t)trainer->seed, (uint32_t)(trainer->seed >> 32)},
                 .tick = {(uint32_t)trainer->train_step, (uint32_t)(trainer->train_step >> 32)}},
        .step = (int32_t)trainer->train_step,
    };
#ifdef _OPENMP
#pragma omp parallel num_threads(call_threads(work)) reduction(max : status)
    status = train_run(&call, omp_get_thread_num(), omp_get_num_threads());
#else
    status = train_run(&call, 0, 1);
#endif
    if (status == GR_OK) trainer->train_step++;
#ifndef GR_NO_CHECKS
    if (status == GR_NONFINITE) gr_fault(work, status, "loss", -1);
#endif
    return status;
}

#ifndef GR_NO_CHECKS
static int predict_check(const digits *model, gr_work *work, int n, const float *image, const int32_t *digit) {
    if (work == NULL) return GR_NULL;
    gr_fault(work, GR_OK, NULL, -1);
    if (gr_target_missing()) return GR_TARGET;
    if (model == NULL) return gr_fault(work, GR_NULL, "model", -1);
    if (image == NULL) return gr_fault(work, GR_NULL, "image", -1);
    if (digit == NULL) return gr_fault(work, GR_NULL, "digit", -1);
    if (n < 1 || n > 256) return gr_fault(work, GR_SIZE, "n", -1);
    if (work->scratch_size < DIGITS_PREDICT_SCRATCH(call_threads(work))) return gr_fault(work, GR_MEMORY, "scratch",
                                                                                         -1);
    if (work->scratch == NULL) return gr_fault(work, GR_NULL, "scratch", -1);
    const call_range ranges[] = {
        {"digit", digit, (size_t)n * sizeof *digit},
        {"scratch", work->scratch, work->scratch_size},
        {"work", work, sizeof *work},
        {"model", model, sizeof *model},
        {"image", image, (size_t)n * 64 * sizeof *image},
    };
    return check_overlap(work, ranges, 3, 5);
}
#endif

int digits_predict(const digits *model, gr_work *work, int n, const float *image, int32_t *digit) {
    int status = GR_OK;
#ifndef GR_NO_CHECKS
    status = predict_check(model, work, n, image, digit);
    if (status != GR_OK) return status;
#endif
    unsigned char *scratch = (unsigned char *)(((uintptr_t)work->scratch + 63) / 64 * 64);
    const predict_call call = {
        .model = model,
        .n = n,
        .image = image,
        .digit = digit,
        .scratch = scratch,
        .locals = scratch + 5120,
    };
#ifdef _OPENMP
#pragma omp parallel num_threads(call_threads(work)) reduction(max : status)
    status = predict_run(&call, omp_get_thread_num(), omp_get_num_threads());
#else
    status = predict_run(&call, 0, 1);
#endif
    return status;
}

int digits_init(digits *model, digits_trainer *trainer, uint64_t seed) {
#ifndef GR_NO_CHECKS
    if (gr_target_missing()) return GR_TARGET;
#endif
    const init_call call = {
        .model = model,
        .trainer = trainer,
        .draw = {.key = {(uint32_t)seed, (uint32_t)(seed >> 32)}},
    };
    if (model != NULL) {
        memset(model, 0, sizeof *model);
        init_net_layers_0_w(&call);
        init_net_layers_1_w(&call);
    }
    if (trainer != NULL) {
        memset(trainer, 0, sizeof *trainer);
        trainer->seed = seed;
        trainer->lr_scale = 1;
    }
    return GR_OK;
}

/* ---- the model as data */

static int init_thunk(void *model, void *trainer, uint64_t seed) {
    return digits_init(model, trainer, seed);
}

static int train_thunk(void *model, void *trainer, gr_work *work, const int *sizes, void *const *arguments) {
    return digits_train(model, trainer, work, sizes[0], arguments[0], arguments[1], arguments[2]);
}

static int predict_thunk(void *model, void *trainer, gr_work *work, const int *sizes, void *const *arguments) {
    (void)trainer;
    return digits_predict(model, work, sizes[0], arguments[0], arguments[1]);
}

static const gr_size size_table[] = {
    {"N", 1, 256},
};

static const gr_tensor tensor_table[] = {
    {"net.layers.0.w", GR_MODEL, GR_PARAM, GR_FLOAT, 2, (const int32_t[]){64, 128}, (const int32_t[]){128, 1},
     offsetof(digits, net_layers_0_w)},
    {"net.layers.0.b", GR_MODEL, GR_PARAM, GR_FLOAT, 1, (const int32_t[]){128}, (const int32_t[]){1},
     offsetof(digits, net_layers_0_b)},
    {"net.layers.1.w", GR_MODEL, GR_PARAM, GR_FLOAT, 2, (const int32_t[]){128, 10}, (const int32_t[]){10, 1},
     offsetof(digits, net_layers_1_w)},
    {"net.layers.1.b", GR_MODEL, GR_PARAM, GR_FLOAT, 1, (const int32_t[]){10}, (const int32_t[]){1},
     offsetof(digits, net_layers_1_b)},
    {"@seed", GR_TRAINER, GR_SEED, GR_UINT64, 0, NULL, NULL, offsetof(digits_trainer, seed)},
    {"@train.step", GR_TRAINER, GR_COUNTER, GR_UINT64, 0, NULL, NULL, offsetof(digits_trainer, train_step)},
    {"@lr_scale", GR_TRAINER, GR_SCALE, GR_FLOAT, 0, NULL, NULL, offsetof(digits_trainer, lr_scale)},
    {"@train.m.net.layers.0.w", GR_TRAINER, GR_SLOT, GR_FLOAT, 2, (const int32_t[]){64, 128}, (const int32_t[]){128, 1},
     offsetof(digits_trainer, train_m)},
    {"@train.m.net.layers.0.b", GR_TRAINER, GR_SLOT, GR_FLOAT, 1, (const int32_t[]){128}, (const int32_t[]){1},
     offsetof(digits_trainer, train_m) + 8192 * sizeof(float)},
    {"@train.m.net.layers.1.w", GR_TRAINER, GR_SLOT, GR_FLOAT, 2, (const int32_t[]){128, 10}, (const int32_t[]){10, 1},
     offsetof(digits_trainer, train_m) + 8320 * sizeof(float)},
    {"@train.m.net.layers.1.b", GR_TRAINER, GR_SLOT, GR_FLOAT, 1, (const int32_t[]){10}, (const int32_t[]){1},
     offsetof(digits_trainer, train_m) + 9600 * sizeof(float)},
    {"@train.v.net.layers.0.w", GR_TRAINER, GR_SLOT, GR_FLOAT, 2, (const int32_t[]){64, 128}, (const int32_t[]){128, 1},
     offsetof(digits_trainer, train_v)},
    {"@train.v.net.layers.0.b", GR_TRAINER, GR_SLOT, GR_FLOAT, 1, (const int32_t[]){128}, (const int32_t[]){1},
     offsetof(digits_trainer, train_v) + 8192 * sizeof(float)},
    {"@train.v.net.layers.1.w", GR_TRAINER, GR_SLOT, GR_FLOAT, 2, (const int32_t[]){128, 10}, (const int32_t[]){10, 1},
     offsetof(digits_trainer, train_v) + 8320 * sizeof(float)},
    {"@train.v.net.layers.1.b", GR_TRAINER, GR_SLOT, GR_FLOAT, 1, (const int32_t[]){10}, (const int32_t[]){1},
     offsetof(digits_trainer, train_v) + 9600 * sizeof(float)},
};

static const uint8_t train_sizes[] = {0};
static const gr_argument train_arguments[] = {
    {"image", GR_INPUT, GR_FLOAT, 2, 0, (const gr_dim[]){{0, 1, 0}, {64, 0, -1}}, 0, -1},
    {"label", GR_INPUT, GR_INT32, 1, 0, (const gr_dim[]){{0, 1, 0}}, 0, 9},
    {"loss", GR_OUTPUT, GR_FLOAT, 0, 0, NULL, 0, -1},
};

static const uint8_t predict_sizes[] = {0};
static const gr_argument predict_arguments[] = {
    {"image", GR_INPUT, GR_FLOAT, 2, 0, (const gr_dim[]){{0, 1, 0}, {64, 0, -1}}, 0, -1},
    {"digit", GR_OUTPUT, GR_INT32, 1, 0, (const gr_dim[]){{0, 1, 0}}, 0, -1},
};

static const gr_entry entry_table[] = {
    {
        .name = "train",
        .updates = 1,
        .draws = 1,
        .size_count = 1,
        .sizes = train_sizes,
        .argument_count = 3,
        .arguments = train_arguments,
        .scratch = 289984,
        .scratch_per_thread = 32832,
        .flops_per_row = 40448,
        .run = train_thunk,
    },
    {
        .name = "predict",
        .updates = 0,
        .draws = 0,
        .size_count = 1,
        .sizes = predict_sizes,
        .argument_count = 2,
        .arguments = predict_arguments,
        .scratch = 5184,
        .scratch_per_thread = 26496,
        .flops_per_row = 18944,
        .run = predict_thunk,
    },
};

const gr_model digits_model = {
    .abi = GR_ABI,
    .name = "digits",
    .signature = DIGITS_SIGNATURE,
    .model_size = sizeof(digits),
    .trainer_size = sizeof(digits_trainer),
    .size_count = 1,
    .tensor_count = 15,
    .entry_count = 2,
    .sizes = size_table,
    .tensors = tensor_table,
    .entries = entry_table,
    .init = init_thunk,
};
