#include "compiler/kernels/target.h"
#include <string.h>

/* Register tiles were measured (docs/decisions.md): 12 x 2 vectors fill the 32 registers of AVX-512, 6 x 2 the 16 of
 * AVX2. NEON's 32 registers are filled by reasoning: 6 x 4 loads 10 vectors for 24 multiply-adds, less than 8 x 3 and
 * 12 x 2 do, and its 16 lanes divide the usual widths; 16 vectors in a row hide a latency of 4 on 4 pipes. The generic
 * target is left to the compiler's own vectoriser, which wants long rows of scalars. */
static const Target targets[] = {
    {.name = "x86-64-v4",
     .macro = "GR_TARGET_X86_64_V4",
     .lanes = 16,
     .rows = {12, 6, 4, 2, 1},
     .vectors = 2,
     .wide = 8},
    {.name = "x86-64-v3", .macro = "GR_TARGET_X86_64_V3", .lanes = 8, .rows = {6, 4, 2, 1}, .vectors = 2, .wide = 8},
    {.name = "neon", .macro = "GR_TARGET_NEON", .lanes = 4, .rows = {6, 4, 2, 1}, .vectors = 4, .wide = 16},
    {.name = "generic", .macro = "GR_TARGET_GENERIC", .lanes = 1, .rows = {4, 2, 1}, .vectors = 16, .wide = 64},
};

enum { TARGET_COUNT = sizeof targets / sizeof *targets };

static const Target *find(const char *name) {
    for (int t = 0; t < TARGET_COUNT; t++)
        if (strcmp(targets[t].name, name) == 0) return &targets[t];
    return NULL;
}

static const Target *native(void) {
#ifdef __x86_64__
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return find("x86-64-v4");
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2"))
        return find("x86-64-v3");
    return find("generic");
#else
    return target_default();
#endif
}

const Target *target_find(const char *name) {
    return strcmp(name, "native") == 0 ? native() : find(name);
}

const Target *target_default(void) {
#ifdef __x86_64__
    return find("x86-64-v3");
#elif defined(__aarch64__) && !defined(__AARCH64EB__)
    return find("neon");
#else
    return find("generic");
#endif
}

Target target_with_double(const Target *target) {
    Target twice = *target;
    twice.is_double = true;
    if (twice.lanes > 1) twice.lanes /= 2;
    return twice;
}

const char *const *target_names(void) {
    static const char *const names[] = {"native", "x86-64-v4", "x86-64-v3", "neon", "generic", NULL};
    return names;
}
