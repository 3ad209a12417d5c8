/* One interface to gr_kernel.h as compiled for a target and a real type: numbers pass as doubles. */
#ifndef GRADC_TESTS_UNIT_RUNTIME_KERNEL_H
#define GRADC_TESTS_UNIT_RUNTIME_KERNEL_H

#include <stdint.h>

typedef enum KernelFunction {
    KERNEL_SQRT,
    KERNEL_FLOOR,
    KERNEL_ABS,
    KERNEL_SIGN,
    KERNEL_EXP,
    KERNEL_EXPM1,
    KERNEL_LOG,
    KERNEL_LOG1P,
    KERNEL_TANH,
    KERNEL_SIGMOID,
    KERNEL_SOFTPLUS,
    KERNEL_ERF,
    KERNEL_SIN,
    KERNEL_COS,
    KERNEL_UNARY_COUNT, /* those below take two numbers */
    KERNEL_POW = KERNEL_UNARY_COUNT,
    KERNEL_MAX,
    KERNEL_MIN,
    KERNEL_MODULO,
    KERNEL_FUNCTION_COUNT
} KernelFunction;

typedef struct KernelDraw {
    uint32_t key[2], tick[2], site;
} KernelDraw;

typedef struct KernelTable {
    const char *name;
    int lanes, is_double;
    int (*missing)(void);
    /* y[i] = function(a[i], b[i]), whole vectors and then a part of one; b may be NULL for functions of one number */
    void (*map)(KernelFunction function, int count, const double *a, const double *b, double *y);
    double (*scalar)(KernelFunction function, double a); /* the _1 form, of those that have one */
    void (*philox)(const uint32_t key[2], uint32_t words[4]);
    void (*draw)(int normal, KernelDraw draw, int count, const int32_t *elements, double *y);
    /* Loads and stores of every count and stride next to the ends of allocations; the number of wrong results. */
    int (*memory_faults)(void);
    int (*lane_faults)(void); /* the same for comparisons, selection, whole numbers and reductions */
} KernelTable;

extern const KernelTable kernel_float_generic, kernel_float_v3, kernel_float_v4;
extern const KernelTable kernel_double_generic, kernel_double_v3, kernel_double_v4;

#endif
