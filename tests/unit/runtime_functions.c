/* The functions of gr_kernel.h against libm, for every target that this processor has. */
#include "tests/unit/runtime_kernel.h"
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

enum { BATCH = 1024, BATCHES = 60 };

static const KernelTable *const tables[] = {&kernel_float_generic,  &kernel_float_v3,  &kernel_float_v4,
                                            &kernel_double_generic, &kernel_double_v3, &kernel_double_v4};
enum { TABLES = sizeof tables / sizeof *tables };

/* Error allowed in units in the last place, and where the arguments lie besides everywhere: -range..range. */
static const struct {
    const char *name;
    double ulp, range;
} functions[KERNEL_FUNCTION_COUNT] = {
    [KERNEL_SQRT] = {"sqrt", 0.5, 10},       [KERNEL_FLOOR] = {"floor", 0, 10},
    [KERNEL_ABS] = {"abs", 0, 10},           [KERNEL_SIGN] = {"sign", 0, 10},
    [KERNEL_EXP] = {"exp", 1.25, 100},       [KERNEL_EXPM1] = {"expm1", 1.75, 5},
    [KERNEL_LOG] = {"log", 1.25, 2},         [KERNEL_LOG1P] = {"log1p", 1.25, 2},
    [KERNEL_TANH] = {"tanh", 1.75, 2},       [KERNEL_SIGMOID] = {"sigmoid", 2, 20},
    [KERNEL_SOFTPLUS] = {"softplus", 2, 20}, [KERNEL_ERF] = {"erf", 1.5, 4},
    [KERNEL_SIN] = {"sin", 1.75, 1e4},       [KERNEL_COS] = {"cos", 1.75, 1e4},
    [KERNEL_POW] = {"pow", 1.5, 10},         [KERNEL_MAX] = {"max", 0, 10},
    [KERNEL_MIN] = {"min", 0, 10},           [KERNEL_MODULO] = {"modulo", INFINITY, 10}};

static long double reference(KernelFunction function, long double a, long double b) {
    const long double e = expl(-fabsl(a));
    switch (function) {
    case KERNEL_SQRT: return sqrtl(a);
    case KERNEL_FLOOR: return floorl(a);
    case KERNEL_ABS: return fabsl(a);
    case KERNEL_SIGN: return (a > 0) - (a < 0);
    case KERNEL_EXP: return expl(a);
    case KERNEL_EXPM1: return expm1l(a);
    case KERNEL_LOG: return logl(a);
    case KERNEL_LOG1P: return log1pl(a);
    case KERNEL_TANH: return tanhl(a);
    case KERNEL_SIGMOID: return isnan(a) ? a : (a >= 0 ? 1 : e) / (1 + e);
    case KERNEL_SOFTPLUS: return isnan(a) ? a : (a > 0 ? a : 0) + log1pl(e);
    case KERNEL_ERF: return erfl(a);
    case KERNEL_SIN: return sinl(a);
    case KERNEL_COS: return cosl(a);
    case KERNEL_POW: return powl(a, b);
    case KERNEL_MAX: return a > b ? a : b;
    case KERNEL_MIN: return a < b ? a : b;
    case KERNEL_MODULO: return a - floorl(a / b) * b;
    case KERNEL_FUNCTION_COUNT: break;
    }
    return 0;
}

/* The distance of y from the true value in units in the last place of that; infinite if one of them is alone in being
 * infinite or not a number. */
static double ulps(const KernelTable *table, double y, long double truth) {
    const int digits = table->is_double ? DBL_MANT_DIG : FLT_MANT_DIG,
              least = table->is_double ? DBL_MIN_EXP : FLT_MIN_EXP;
    const long double limit = table->is_double ? DBL_MAX : FLT_MAX;
    if (isnan(y) || isnan(truth)) return isnan(y) && isnan(truth) ? 0 : INFINITY;
    if (isinf(y)) return (y > 0) == (truth > 0) && fabsl(truth) >= limit * (1 - 2e-19L) ? 0 : INFINITY;
    if (isinf(truth)) return INFINITY;
    int exponent;
    frexpl(truth, &exponent);
    if (truth == 0 || exponent < least) exponent = least;
    return (double)(fabsl((long double)y - truth) / ldexpl(1, exponent - digits));
}

static uint64_t random_bits(void) {
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* Any bit pattern */
static double anything(const KernelTable *table) {
    const uint64_t bits = random_bits() ^ random_bits() << 1;
    const uint32_t word = (uint32_t)(bits >> 20);
    double wide;
    float narrow;
    memcpy(&wide, &bits, sizeof wide);
    memcpy(&narrow, &word, sizeof narrow);
    return table->is_double ? wide : (double)narrow;
}

static double to_real(const KernelTable *table, double x) {
    return table->is_double ? x : (double)(float)x;
}

static double within(const KernelTable *table, double range) {
    return to_real(table, ((double)(random_bits() >> 11) * 0x1p-52 - 1) * range);
}

static const double edges[] = {0.0,
                               -0.0,
                               1,
                               -1,
                               0.5,
                               -0.5,
                               2,
                               -2,
                               3,
                               -3,
                               INFINITY,
                               -INFINITY,
                               NAN,
                               1e-30,
                               -1e-30,
                               1e30,
                               -1e30,
                               88.72284,
                               709.7827,
                               -103.97,
                               -745.13,
                               1e-40,
                               4.9406564584124654e-324,
                               1.401298464324817e-45,
                               FLT_MAX,
                               -FLT_MAX,
                               FLT_MIN,
                               DBL_MAX,
                               DBL_MIN};
enum { EDGES = sizeof edges / sizeof *edges };

static void check(const KernelTable *table, KernelFunction function, int count, const double *a, const double *b) {
    double y[BATCH];
    table->map(function, count, a, b, y);
    for (int i = 0; i < count; i++) {
        const double error = ulps(table, y[i], reference(function, a[i], b[i]));
        cr_assert(error <= functions[function].ulp, "%s: %s(%a, %a) = %a is off by %g ulp", table->name,
                  functions[function].name, a[i], b[i], y[i], error);
    }
}

static void check_function(const KernelTable *table, KernelFunction function) {
    double a[BATCH], b[BATCH];
    int count = 0;
    for (int i = 0; i < EDGES; i++)
        for (int j = 0; j < (function < KERNEL_UNARY_COUNT ? 1 : EDGES); j++) {
            a[count] = to_real(table, edges[i]);
            b[count++] = to_real(table, edges[j]);
        }
    if (function != KERNEL_MODULO) check(table, function, count, a, b);
    for (int batch = 0; batch < BATCHES; batch++) {
        for (int i = 0; i < BATCH; i++) {
            a[i] = batch % 2 ? anything(table) : within(table, functions[function].range);
            b[i] = batch % 3 ? within(table, functions[function].range) : anything(table);
        }
        check(table, function, BATCH, a, b);
    }
}

Test(runtime_functions, are_as_accurate_as_stated) {
    for (int t = 0; t < TABLES; t++) {
        if (tables[t]->missing()) continue;
        for (int function = 0; function < KERNEL_FUNCTION_COUNT; function++)
            check_function(tables[t], (KernelFunction)function);
    }
}

/* Arguments next to multiples of pi/2, where reduction cancels most; the last is the worst of all doubles. */
Test(runtime_functions, reduce_angles) {
    for (int t = 0; t < TABLES; t++) {
        if (tables[t]->missing()) continue;
        for (int batch = 0; batch < 40; batch++) {
            double a[BATCH], b[BATCH] = {0};
            for (int i = 0; i < BATCH; i++)
                a[i] = to_real(tables[t], (double)(1.57079632679489661923L * (batch * BATCH + i)));
            if (tables[t]->is_double && batch == 0) a[0] = ldexp(6381956970095103.0, 797);
            check(tables[t], KERNEL_SIN, BATCH, a, b);
            check(tables[t], KERNEL_COS, BATCH, a, b);
        }
    }
}

/* x^y with a result over the whole range of exponents */
Test(runtime_functions, raise_to_extreme_powers) {
    for (int t = 0; t < TABLES; t++) {
        if (tables[t]->missing()) continue;
        double a[BATCH], b[BATCH];
        for (int batch = 0; batch < 40; batch++) {
            for (int i = 0; i < BATCH; i++) {
                a[i] = fabs(batch % 2 ? anything(tables[t]) : to_real(tables[t], 1 + within(tables[t], 0.01)));
                b[i] = to_real(tables[t], within(tables[t], tables[t]->is_double ? 1100 : 155) / log2(a[i]));
            }
            check(tables[t], KERNEL_POW, BATCH, a, b);
        }
    }
}

Test(runtime_functions, keep_the_sign_of_zero) {
    const KernelFunction odd[] = {KERNEL_EXPM1, KERNEL_LOG1P, KERNEL_TANH, KERNEL_ERF,
                                  KERNEL_SIN,   KERNEL_SQRT,  KERNEL_FLOOR};
    for (int t = 0; t < TABLES; t++) {
        if (tables[t]->missing()) continue;
        for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
            const double a[2] = {0.0, -0.0};
            double y[2];
            tables[t]->map(odd[i], 2, a, NULL, y);
            cr_assert(y[0] == 0 && !signbit(y[0]) && y[1] == 0 && signbit(y[1]), "%s: %s of zeros is %g, %g",
                      tables[t]->name, functions[odd[i]].name, y[0], y[1]);
        }
    }
}

/* max and min: of equal numbers and of NaN the second. */
Test(runtime_functions, choose_the_second_of_equals) {
    const double a[] = {0.0, -0.0, NAN, 1, 1, 2}, b[] = {-0.0, 0.0, 1, NAN, 2, 1};
    for (int t = 0; t < TABLES; t++) {
        if (tables[t]->missing()) continue;
        double most[6], least[6];
        tables[t]->map(KERNEL_MAX, 6, a, b, most);
        tables[t]->map(KERNEL_MIN, 6, a, b, least);
        cr_assert(signbit(most[0]) && !signbit(most[1]) && signbit(least[0]) && !signbit(least[1]));
        cr_assert(most[2] == 1 && isnan(most[3]) && least[2] == 1 && isnan(least[3]));
        cr_assert(most[4] == 2 && most[5] == 2 && least[4] == 1 && least[5] == 1);
    }
}

Test(runtime_functions, of_one_number_equal_those_of_lanes) {
    for (int t = 0; t < TABLES; t++) {
        if (tables[t]->missing()) continue;
        for (int function = 0; function < KERNEL_UNARY_COUNT; function++)
            for (int i = 0; i < 100; i++) {
                const double a = within(tables[t], 8);
                double y;
                tables[t]->map((KernelFunction)function, 1, &a, NULL, &y);
                const double scalar = tables[t]->scalar((KernelFunction)function, a);
                cr_assert(memcmp(&y, &scalar, sizeof y) == 0 || (isnan(y) && isnan(scalar)), "%s: %s(%a)",
                          tables[t]->name, functions[function].name, a);
            }
    }
}

Test(runtime_lanes, load_and_store_parts_within_bounds) {
    for (int t = 0; t < TABLES; t++)
        if (!tables[t]->missing()) cr_expect_eq(tables[t]->memory_faults(), 0, "%s", tables[t]->name);
}

Test(runtime_lanes, compare_select_reduce) {
    for (int t = 0; t < TABLES; t++)
        if (!tables[t]->missing()) cr_expect_eq(tables[t]->lane_faults(), 0, "%s", tables[t]->name);
}
