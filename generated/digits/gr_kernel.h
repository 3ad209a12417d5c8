/* gr_kernel.h - what the kernels of an emitted model are written in: lanes, functions of them, random draws. Part of
 * gradc's runtime.
 *
 * SPDX-License-Identifier: 0BSD
 * Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby
 * granted. THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE.
 *
 * For one translation unit, one real type and one kind of processor, which it names before it includes this:
 *
 *     #define GR_REAL float                          or double
 *     #define GR_KERNEL_TARGET GR_TARGET_X86_64_V3   or another of those below
 *     #include "gr_kernel.h"
 *     ... kernels ...
 *     GR_KERNELS_END
 *     ... entries, compiled for any processor: they ask gr_target_missing() before they call a kernel ...
 *     GR_KERNELS_BEGIN ... GR_KERNELS_END            as often as wanted
 *
 * A gr_vec is GR_LANES reals, a gr_ivec as many whole numbers, or a mask of 0 and -1. + - * / work on both, & | ~ on
 * masks, everything else is a function. With GR_TARGET_GENERIC there is one lane, gr_vec is the real itself, and the
 * same text is plain C11. Multiplications and additions written in one expression may be fused; IEEE arithmetic is
 * needed otherwise. No function touches errno, allocates, or needs a library.
 *
 * Sections: target; types; lanes alike, patterns; comparisons; the processor's own; loads and stores; lanes to one
 * number; functions; random draws; work shared among threads; profiles; checks. */
#ifndef GR_KERNEL_H
#define GR_KERNEL_H
#include "gr.h"
#include <string.h>

/* ---- target */

#define GR_TARGET_GENERIC   0
#define GR_TARGET_X86_64_V3 3 /* AVX2 and FMA */
#define GR_TARGET_X86_64_V4 4 /* AVX-512 F, BW, CD, DQ, VL */
#define GR_TARGET_NEON      5 /* of AArch64, which always has it */

#define GR_JOIN_(a, b) a##b
#define GR_JOIN(a, b)  GR_JOIN_(a, b)
#define GR_BITS_float  32
#define GR_BITS_double 64
#if !defined(GR_REAL) || !defined(GR_KERNEL_TARGET)
#error "define GR_REAL and GR_KERNEL_TARGET before gr_kernel.h"
#endif
#define GR_REAL_BITS GR_JOIN(GR_BITS_, GR_REAL)

#ifdef __FAST_MATH__
#error "compile this file without -ffast-math: it fuses what may be fused by itself, and needs infinities and NaN"
#endif

#if GR_KERNEL_TARGET == GR_TARGET_GENERIC
#ifdef __SSE2__
#include <emmintrin.h> /* for the square root alone */
#endif
#elif GR_KERNEL_TARGET == GR_TARGET_NEON
#if !defined(__GNUC__) || !defined(__aarch64__) || defined(__AARCH64EB__)
#error "this code was emitted for gcc or clang on AArch64: emit it with --target=generic"
#endif
#include <arm_neon.h>
#define GR_VECTOR_BYTES 16
#if GR_REAL_BITS == 32
#define GR_MM(name) GR_JOIN(name, _f32)
#else
#define GR_MM(name) GR_JOIN(name, _f64)
#endif
#else
#if !defined(__GNUC__) || !defined(__x86_64__)
#error "this code was emitted for gcc or clang on x86-64: emit it with --target=generic"
#endif
#include <immintrin.h>
#if GR_KERNEL_TARGET == GR_TARGET_X86_64_V4
#define GR_VECTOR_BYTES 64
#define GR_FEATURES     "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma,bmi2"
#define GR_MM(name)     GR_JOIN(GR_JOIN(_mm512_, name), GR_MM_TYPE)
#elif GR_KERNEL_TARGET == GR_TARGET_X86_64_V3
#define GR_VECTOR_BYTES 32
#define GR_FEATURES     "avx2,fma,bmi2"
#define GR_MM(name)     GR_JOIN(GR_JOIN(_mm256_, name), GR_MM_TYPE)
#else
#error "unknown GR_KERNEL_TARGET"
#endif
#if GR_REAL_BITS == 32
#define GR_MM_TYPE _ps
#else
#define GR_MM_TYPE _pd
#endif
#endif
#if GR_KERNEL_TARGET == GR_TARGET_GENERIC
#define GR_LANES 1
#elif GR_VECTOR_BYTES * 8 / GR_REAL_BITS == 16
#define GR_LANES 16
#elif GR_VECTOR_BYTES * 8 / GR_REAL_BITS == 8
#define GR_LANES 8
#elif GR_VECTOR_BYTES * 8 / GR_REAL_BITS == 4
#define GR_LANES 4
#else
#define GR_LANES 2
#endif

/* What opens and closes a region compiled for the target, with fused multiplication and addition. gcc's -std=c11 fuses
 * nothing unless told so; clang 14 makes no 512-bit code for arch=x86-64-v4, only for the list of features.
 *
 * GR_SAFE: where gcc 12 walks two arrays at different strides, it may address the one by the other's pointer plus a
 * difference. It then takes the store for one through a null pointer, hence the function for one that writes nothing,
 * and drops the call of it. Told that null pointers may be valid, it does not. */
#define GR_PRAGMA_(text) _Pragma(#text)
#define GR_PRAGMA(text)  GR_PRAGMA_(text)
#define GR_SAFE          "no-delete-null-pointer-checks"
#if GR_KERNEL_TARGET == GR_TARGET_GENERIC && defined(__GNUC__) && !defined(__clang__)
#define GR_KERNELS_BEGIN GR_PRAGMA(GCC push_options) GR_PRAGMA(GCC optimize(GR_SAFE))
#define GR_KERNELS_END   GR_PRAGMA(GCC pop_options)
#elif GR_KERNEL_TARGET == GR_TARGET_GENERIC
#define GR_KERNELS_BEGIN
#define GR_KERNELS_END
#elif GR_KERNEL_TARGET == GR_TARGET_NEON && defined(__clang__)
#define GR_KERNELS_BEGIN GR_PRAGMA(clang fp contract(on))
#define GR_KERNELS_END
#elif GR_KERNEL_TARGET == GR_TARGET_NEON
#define GR_KERNELS_BEGIN GR_PRAGMA(GCC push_options) GR_PRAGMA(GCC optimize("fp-contract=fast", GR_SAFE))
#define GR_KERNELS_END   GR_PRAGMA(GCC pop_options)
#elif defined(__clang__)
#define GR_KERNELS_BEGIN                                                                                               \
    GR_PRAGMA(clang attribute push(__attribute__((target(GR_FEATURES))), apply_to = function))                         \
    GR_PRAGMA(clang fp contract(on))
#define GR_KERNELS_END GR_PRAGMA(clang attribute pop)
#else
/* In this order: gcc 12 forgets the contraction if one macro sets the target before it. */
#define GR_KERNELS_BEGIN                                                                                               \
    GR_PRAGMA(GCC push_options) GR_PRAGMA(GCC optimize("fp-contract=fast", GR_SAFE)) GR_PRAGMA(GCC target(GR_FEATURES))
#define GR_KERNELS_END GR_PRAGMA(GCC pop_options)
#endif

/* GR_UNROLL(n) before a loop of at most n rounds makes it disappear, so that an array it walks can live in registers.
 * GR_INLINE: always inlined. GR_KERNEL: never, so that its registers are its own and a profiler shows it by name.
 * GR_FUNCTION: left to the compiler. GR_EXACT: nothing is fused, so that the result has the same bits for every
 * target; its body begins with GR_EXACT_BODY. */
#if defined(__clang__)
#define GR_UNROLL(n)  GR_PRAGMA(clang loop unroll(full))
#define GR_INLINE     static inline __attribute__((always_inline, unused))
#define GR_KERNEL     static __attribute__((noinline))
#define GR_FUNCTION   static inline __attribute__((unused))
#define GR_EXACT      static __attribute__((noinline, unused))
#define GR_EXACT_BODY GR_PRAGMA(clang fp contract(off))
#elif defined(__GNUC__)
#define GR_UNROLL(n) GR_PRAGMA(GCC unroll n)
#define GR_INLINE    static inline __attribute__((always_inline, unused))
#define GR_KERNEL    static __attribute__((noinline))
#define GR_FUNCTION  static inline __attribute__((unused))
#define GR_EXACT     static __attribute__((noinline, unused, optimize("fp-contract=off")))
#define GR_EXACT_BODY
#else
#define GR_UNROLL(n)
#define GR_INLINE     static inline
#define GR_KERNEL     static
#define GR_FUNCTION   static inline
#define GR_EXACT      static inline
#define GR_EXACT_BODY GR_PRAGMA(STDC FP_CONTRACT OFF)
#endif

/* A model may be called as something local is called here: its type stands in front of this file, and is shadowed. */
#ifdef __GNUC__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#endif

/* Whether this processor lacks what the kernels were compiled for. Cheap; to be asked before the first kernel. */
GR_FUNCTION int gr_target_missing(void) {
#if GR_KERNEL_TARGET == GR_TARGET_X86_64_V4
    return !(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"));
#elif GR_KERNEL_TARGET == GR_TARGET_X86_64_V3
    return !(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2"));
#else
    return 0;
#endif
}

GR_KERNELS_BEGIN

/* ---- types */

typedef GR_REAL gr_real;
#if GR_REAL_BITS == 32
typedef int32_t gr_int; /* one lane of gr_ivec: as wide as a real */
typedef uint32_t gr_word;
#else
typedef int64_t gr_int;
typedef uint64_t gr_word;
#endif

/* gr_bits: the lanes as unsigned words, for bit patterns. Vectors lie anywhere that a real may. */
#if GR_LANES == 1
typedef gr_real gr_vec;
typedef gr_int gr_ivec;
typedef gr_word gr_bits;
#else
#define GR_LANES_OF(type) __attribute__((vector_size(GR_LANES * sizeof(type)), aligned(sizeof(type)), may_alias))
typedef gr_real gr_vec GR_LANES_OF(gr_real);
typedef gr_int gr_ivec GR_LANES_OF(gr_int);
typedef gr_word gr_bits GR_LANES_OF(gr_word);
typedef int32_t gr_int_lanes GR_LANES_OF(int32_t); /* as they lie in memory */
typedef uint8_t gr_byte_lanes GR_LANES_OF(uint8_t);
#endif

/* ---- the same number in every lane, and bit patterns */

#if GR_LANES == 1
GR_INLINE gr_vec gr_all(gr_real x) { return x; }
GR_INLINE gr_ivec gr_iall(int32_t x) { return x; }
GR_INLINE gr_bits gr_bits_all(gr_word x) { return x; }
GR_INLINE gr_ivec gr_iota(void) { return 0; }

GR_INLINE gr_bits gr_bits_of(gr_vec x) {
    gr_bits bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}
GR_INLINE gr_vec gr_of_bits(gr_bits bits) {
    gr_vec x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
#else
GR_INLINE gr_vec gr_all(gr_real x) { return x - (gr_vec){0}; } /* x - 0 is x, also for -0 */
GR_INLINE gr_ivec gr_iall(int32_t x) { return (gr_int)x + (gr_ivec){0}; }
GR_INLINE gr_bits gr_bits_all(gr_word x) { return x + (gr_bits){0}; }
GR_INLINE gr_bits gr_bits_of(gr_vec x) { return (gr_bits)x; }
GR_INLINE gr_vec gr_of_bits(gr_bits bits) { return (gr_vec)bits; }

/* 0, 1, 2 ... */
GR_INLINE gr_ivec gr_iota(void) {
#if GR_LANES == 16
    return (gr_ivec){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
#elif GR_LANES == 8
    return (gr_ivec){0, 1, 2, 3, 4, 5, 6, 7};
#elif GR_LANES == 4
    return (gr_ivec){0, 1, 2, 3};
#else
    return (gr_ivec){0, 1};
#endif
}
#endif

/* ---- comparisons give -1 where true and 0 elsewhere; false with a NaN */

#if GR_LANES == 1
#define GR_MASK(comparison) (-(gr_ivec)(comparison))
#else
#define GR_MASK(comparison) ((gr_ivec)(comparison))
#endif
GR_INLINE gr_ivec gr_less(gr_vec a, gr_vec b) { return GR_MASK(a < b); }
GR_INLINE gr_ivec gr_less_equal(gr_vec a, gr_vec b) { return GR_MASK(a <= b); }
GR_INLINE gr_ivec gr_equal(gr_vec a, gr_vec b) { return GR_MASK(a == b); }
GR_INLINE gr_ivec gr_iless(gr_ivec a, gr_ivec b) { return GR_MASK(a < b); }
GR_INLINE gr_ivec gr_iless_equal(gr_ivec a, gr_ivec b) { return GR_MASK(a <= b); }
GR_INLINE gr_ivec gr_iequal(gr_ivec a, gr_ivec b) { return GR_MASK(a == b); }

/* mask ? a : b, lane by lane */
GR_INLINE gr_ivec gr_iselect(gr_ivec mask, gr_ivec a, gr_ivec b) { return (mask & a) | (~mask & b); }

/* ---- the processor's own: select, maximum, rounding, square root, conversions, parts of vectors */

/* gr_max is a > b ? a : b, gr_min a < b ? a : b, in every lane and for every target: where they are equal, or one is a
 * NaN, it is b. So a NaN in b stays, and one in a does not.
 * gr_nearest: the nearest whole number, |x| < 2^22; gr_floor: for any x. gr_sqrt: correctly rounded, NaN below zero.
 * gr_real_of, gr_int_of: whole numbers of 32 bits to reals and back, towards zero; unspecified beyond 32 bits.
 * gr_scale: x * 2^k for a whole k whose half is the exponent of a normal number, rounded once where x is about 1. */
#if GR_LANES == 1

GR_INLINE gr_vec gr_select(gr_ivec mask, gr_vec a, gr_vec b) { return mask ? a : b; }
GR_INLINE gr_vec gr_max(gr_vec a, gr_vec b) { return a > b ? a : b; }
GR_INLINE gr_vec gr_min(gr_vec a, gr_vec b) { return a < b ? a : b; }
GR_INLINE gr_vec gr_real_of(gr_ivec x) { return (gr_real)x; }

GR_INLINE gr_ivec gr_int_of(gr_vec x) {
    return x >= (gr_real)-2147483648.0 && x < (gr_real)2147483648.0 ? (int32_t)x : INT32_MIN;
}

GR_INLINE gr_vec gr_nearest(gr_vec x) { return gr_real_of(gr_int_of(x + (x < 0 ? (gr_real)-0.5 : (gr_real)0.5))); }

GR_FUNCTION gr_vec gr_floor(gr_vec x) {
    const gr_real whole_above = (gr_real)(GR_REAL_BITS == 32 ? 8388608.0 : 4503599627370496.0);
    if (!(x > -whole_above && x < whole_above)) return x;
    const gr_real whole = (gr_real)(int64_t)x;
    if (whole == x) return x; /* -0 */
    return whole - (gr_real)(whole > x);
}

#ifdef __SSE2__
GR_INLINE gr_vec gr_sqrt(gr_vec x) {
#if GR_REAL_BITS == 32
    return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x)));
#else
    return _mm_cvtsd_f64(_mm_sqrt_sd(_mm_set_sd(x), _mm_set_sd(x)));
#endif
}
#else
/* One bit of the root a round; the last one rounds. */
GR_FUNCTION gr_vec gr_sqrt(gr_vec x) {
    enum { MANTISSA = GR_REAL_BITS == 32 ? 23 : 52, BIAS = GR_REAL_BITS == 32 ? 127 : 1023 };
    gr_bits bits = gr_bits_of(x);
    if (x < 0) return (x - x) / (x - x);
    if (!(x > 0) || x - x != 0) return x;
    int exponent = (int)(bits >> MANTISSA) - BIAS;
    gr_bits mantissa = bits & (((gr_bits)1 << MANTISSA) - 1);
    if (exponent == -BIAS) {
        for (exponent++; !(mantissa >> MANTISSA); exponent--)
            mantissa <<= 1;
    } else {
        mantissa |= (gr_bits)1 << MANTISSA;
    }
    const int odd = exponent & 1;
    uint64_t rest = (uint64_t)mantissa << (odd + 1), root = 0, twice = 0;
    for (uint64_t bit = (uint64_t)1 << (MANTISSA + 1); bit; bit >>= 1) {
        if (twice + bit <= rest) {
            rest -= twice + bit;
            twice += 2 * bit;
            root += bit;
        }
        rest <<= 1;
    }
    const gr_bits rounded = (gr_bits)((root >> 1) + (root & 1));
    return gr_of_bits(rounded + ((gr_bits)((exponent - odd) / 2 + BIAS - 1) << MANTISSA));
}
#endif

#elif GR_KERNEL_TARGET == GR_TARGET_NEON

GR_INLINE gr_vec gr_select(gr_ivec mask, gr_vec a, gr_vec b) {
    return (gr_vec)gr_iselect(mask, (gr_ivec)a, (gr_ivec)b);
}
GR_INLINE gr_vec gr_max(gr_vec a, gr_vec b) { return gr_select(gr_less(b, a), a, b); } /* vmaxq keeps every NaN */
GR_INLINE gr_vec gr_min(gr_vec a, gr_vec b) { return gr_select(gr_less(a, b), a, b); }
GR_INLINE gr_vec gr_sqrt(gr_vec x) { return (gr_vec)GR_MM(vsqrtq)(x); }
GR_INLINE gr_vec gr_nearest(gr_vec x) { return (gr_vec)GR_MM(vrndnq)(x); }
GR_INLINE gr_vec gr_floor(gr_vec x) { return (gr_vec)GR_MM(vrndmq)(x); }
GR_INLINE gr_vec gr_real_of(gr_ivec x) { return __builtin_convertvector(x, gr_vec); }
#if GR_REAL_BITS == 32
GR_INLINE gr_ivec gr_int_of(gr_vec x) { return (gr_ivec)vcvtq_s32_f32(x); }
#else
GR_INLINE gr_ivec gr_int_of(gr_vec x) { return (gr_ivec)vcvtq_s64_f64(x); }
#endif

#else /* x86-64 */

GR_INLINE gr_vec gr_max(gr_vec a, gr_vec b) { return (gr_vec)GR_MM(max)(a, b); }
GR_INLINE gr_vec gr_min(gr_vec a, gr_vec b) { return (gr_vec)GR_MM(min)(a, b); }
GR_INLINE gr_vec gr_sqrt(gr_vec x) { return (gr_vec)GR_MM(sqrt)(x); }

GR_INLINE gr_vec gr_select(gr_ivec mask, gr_vec a, gr_vec b) {
#if GR_KERNEL_TARGET == GR_TARGET_X86_64_V3
    return (gr_vec)GR_MM(blendv)(b, a, (gr_vec)mask);
#elif GR_REAL_BITS == 32
    return (gr_vec)_mm512_mask_blend_ps(_mm512_movepi32_mask((__m512i)mask), b, a);
#else
    return (gr_vec)_mm512_mask_blend_pd(_mm512_movepi64_mask((__m512i)mask), b, a);
#endif
}

#if GR_KERNEL_TARGET == GR_TARGET_X86_64_V3
#define GR_CVTT          _mm256_cvttps_epi32
#define GR_ROUND(x, how) ((gr_vec)GR_MM(round)(x, how | _MM_FROUND_NO_EXC))
#else
#define GR_CVTT          _mm512_cvttps_epi32
#define GR_ROUND(x, how) ((gr_vec)GR_MM(roundscale)(x, how | _MM_FROUND_NO_EXC))
#endif
GR_PRAGMA(GCC diagnostic push)
GR_PRAGMA(GCC diagnostic ignored "-Wsign-conversion") /* in gcc's macros at -O0 */
GR_INLINE gr_vec gr_nearest(gr_vec x) { return GR_ROUND(x, _MM_FROUND_TO_NEAREST_INT); }
GR_INLINE gr_vec gr_floor(gr_vec x) { return GR_ROUND(x, _MM_FROUND_TO_NEG_INF); }
GR_PRAGMA(GCC diagnostic pop)

#if GR_KERNEL_TARGET == GR_TARGET_X86_64_V3 && GR_REAL_BITS == 64 /* no conversions of 64-bit integers */
GR_INLINE gr_vec gr_real_of(gr_ivec x) {
    const gr_bits shifted = (gr_bits)x + 0x4338000000000000u; /* the pattern of 1.5 * 2^52 + x */
    return (gr_vec)shifted - 6755399441055744.0;
}
GR_INLINE gr_ivec gr_int_of(gr_vec x) { return (gr_ivec)_mm256_cvtepi32_epi64(_mm256_cvttpd_epi32(x)); }
#else
GR_INLINE gr_vec gr_real_of(gr_ivec x) { return __builtin_convertvector(x, gr_vec); }
#if GR_REAL_BITS == 64
GR_INLINE gr_ivec gr_int_of(gr_vec x) { return (gr_ivec)_mm512_cvttpd_epi64(x); }
#else
GR_INLINE gr_ivec gr_int_of(gr_vec x) { return (gr_ivec)GR_CVTT(x); }
#endif
#endif

#endif

#if GR_REAL_BITS == 32
#define GR_MANTISSA     23
#define GR_BIAS         127
#define GR_SIGN_BIT     0x80000000u
#define GR_INFINITY     0x7f800000u
#define GR_NAN          0x7fc00000u
#define GR_HIGH_BITS    0xfffff000u /* half of the mantissa: products of two such are exact */
#define GR_ROOT_HALF    0x3f3504f3u /* sqrt(1/2) */
#define GR_LEAST_NORMAL 1.17549435e-38
#else
#define GR_MANTISSA     52
#define GR_BIAS         1023
#define GR_SIGN_BIT     0x8000000000000000u
#define GR_INFINITY     0x7ff0000000000000u
#define GR_NAN          0x7ff8000000000000u
#define GR_HIGH_BITS    0xfffffffff8000000u
#define GR_ROOT_HALF    0x3fe6a09e667f3bcdu
#define GR_LEAST_NORMAL 2.2250738585072014e-308
#endif

GR_INLINE gr_vec gr_pattern(gr_word bits) { return gr_of_bits(gr_bits_all(bits)); }
GR_INLINE gr_vec gr_abs(gr_vec x) { return gr_of_bits(gr_bits_of(x) & ~(gr_word)GR_SIGN_BIT); }

GR_INLINE gr_vec gr_copysign(gr_vec x, gr_vec sign) {
    return gr_of_bits((gr_bits_of(x) & ~(gr_word)GR_SIGN_BIT) | (gr_bits_of(sign) & (gr_word)GR_SIGN_BIT));
}

/* 2^k for k in the range of normal exponents */
GR_INLINE gr_vec gr_two_to(gr_bits k) { return gr_of_bits((k + (gr_word)GR_BIAS) << GR_MANTISSA); }

GR_INLINE gr_vec gr_scale(gr_vec x, gr_vec k) {
#if GR_KERNEL_TARGET == GR_TARGET_X86_64_V4
    return (gr_vec)GR_MM(scalef)(x, k);
#else
    const gr_bits whole = (gr_bits)gr_int_of(k);
    const gr_bits half = ((whole + 4096u) >> 1) - 2048u;
    return x * gr_two_to(half) * gr_two_to(whole - half);
#endif
}

/* ---- loads and stores */

/* Reals, 32-bit integers (i), bytes 0..255, and bools (b: bytes 0 and 1 in memory, masks in lanes), at any address that
 * suits the element. _part: the first 1 <= count <= GR_LANES only; _stride: the first count, `stride` elements apart.
 * The lanes behind are zero after a load; memory beyond is not touched. */
#if GR_LANES == 1

GR_INLINE gr_vec gr_load(const gr_real *p) { return *p; }
GR_INLINE void gr_store(gr_real *p, gr_vec x) { *p = x; }
GR_INLINE gr_ivec gr_iload(const int32_t *p) { return *p; }
GR_INLINE void gr_istore(int32_t *p, gr_ivec x) { *p = (int32_t)x; }
GR_INLINE gr_ivec gr_byte_load(const uint8_t *p) { return *p; }
GR_INLINE void gr_byte_store(uint8_t *p, gr_ivec x) { *p = (uint8_t)x; }

#define GR_STRIDED(name, type, lanes)                                                                                  \
    GR_INLINE lanes gr_##name##load_stride(const type *p, ptrdiff_t stride, int count) {                               \
        return (void)stride, (void)count, gr_##name##load(p);                                                          \
    }                                                                                                                  \
    GR_INLINE void gr_##name##store_stride(type *p, ptrdiff_t stride, lanes x, int count) {                            \
        (void)stride, (void)count, gr_##name##store(p, x);                                                             \
    }

#else

GR_INLINE gr_vec gr_load(const gr_real *p) { return *(const gr_vec *)p; }
GR_INLINE void gr_store(gr_real *p, gr_vec x) { *(gr_vec *)p = x; }
GR_INLINE gr_ivec gr_iload(const int32_t *p) { return __builtin_convertvector(*(const gr_int_lanes *)p, gr_ivec); }
GR_INLINE void gr_istore(int32_t *p, gr_ivec x) { *(gr_int_lanes *)p = __builtin_convertvector(x, gr_int_lanes); }
#if GR_VECTOR_BYTES == 16
GR_INLINE gr_ivec gr_byte_load(const uint8_t *p) { return __builtin_convertvector(*(const gr_byte_lanes *)p, gr_ivec); }
#else
GR_INLINE gr_ivec gr_byte_load(const uint8_t *p) {
    __m128i bytes = _mm_setzero_si128(); /* gcc 12 takes __builtin_convertvector of bytes apart */
    memcpy(&bytes, p, GR_LANES);
#if GR_VECTOR_BYTES == 64
    return (gr_ivec)GR_JOIN(_mm512_cvtepu8_epi, GR_REAL_BITS)(bytes);
#else
    return (gr_ivec)GR_JOIN(_mm256_cvtepu8_epi, GR_REAL_BITS)(bytes);
#endif
}
#endif
GR_INLINE void gr_byte_store(uint8_t *p, gr_ivec x) { *(gr_byte_lanes *)p = __builtin_convertvector(x, gr_byte_lanes); }

#define GR_STRIDED(name, type, lanes)                                                                                  \
    GR_INLINE lanes gr_##name##load_stride(const type *p, ptrdiff_t stride, int count) {                               \
        type part[GR_LANES] = {0};                                                                                     \
        GR_UNROLL(16)                                                                                                  \
        for (int lane = 0; lane < GR_LANES; lane++)                                                                    \
            if (lane < count) part[lane] = p[lane * stride];                                                           \
        return gr_##name##load(part);                                                                                  \
    }                                                                                                                  \
    GR_INLINE void gr_##name##store_stride(type *p, ptrdiff_t stride, lanes x, int count) {                            \
        type part[GR_LANES];                                                                                           \
        gr_##name##store(part, x);                                                                                     \
        GR_UNROLL(16)                                                                                                  \
        for (int lane = 0; lane < GR_LANES; lane++)                                                                    \
            if (lane < count) p[lane * stride] = part[lane];                                                           \
    }

#endif

#define GR_PARTS_BY_STRIDE(name, type, lanes)                                                                          \
    GR_INLINE lanes gr_##name##load_part(const type *p, int count) { return gr_##name##load_stride(p, 1, count); }     \
    GR_INLINE void gr_##name##store_part(type *p, lanes x, int count) { gr_##name##store_stride(p, 1, x, count); }

GR_STRIDED(, gr_real, gr_vec)
GR_STRIDED(i, int32_t, gr_ivec)
GR_STRIDED(byte_, uint8_t, gr_ivec)
GR_PARTS_BY_STRIDE(byte_, uint8_t, gr_ivec)

#if GR_KERNEL_TARGET == GR_TARGET_X86_64_V4
GR_INLINE unsigned gr_part_mask(int count) { return (1u << count) - 1u; }

GR_INLINE gr_vec gr_load_part(const gr_real *p, int count) {
    return (gr_vec)GR_MM(maskz_loadu)((GR_JOIN(__mmask, GR_LANES))gr_part_mask(count), p);
}
GR_INLINE void gr_store_part(gr_real *p, gr_vec x, int count) {
    GR_MM(mask_storeu)(p, (GR_JOIN(__mmask, GR_LANES))gr_part_mask(count), x);
}
#elif GR_KERNEL_TARGET == GR_TARGET_X86_64_V3
GR_INLINE __m256i gr_part_mask(int count) { return (__m256i)(gr_ivec)(gr_iota() < gr_iall(count)); }

GR_INLINE gr_vec gr_load_part(const gr_real *p, int count) { return (gr_vec)GR_MM(maskload)(p, gr_part_mask(count)); }
GR_INLINE void gr_store_part(gr_real *p, gr_vec x, int count) { GR_MM(maskstore)(p, gr_part_mask(count), x); }
#else
GR_PARTS_BY_STRIDE(, gr_real, gr_vec)
#endif

#if GR_REAL_BITS == 32 && GR_LANES > 4 /* masked loads alias anything, NEON's parts do not */
GR_INLINE gr_ivec gr_iload_part(const int32_t *p, int count) {
    return (gr_ivec)gr_load_part((const gr_real *)p, count);
}
GR_INLINE void gr_istore_part(int32_t *p, gr_ivec x, int count) { gr_store_part((gr_real *)p, (gr_vec)x, count); }
#else
GR_PARTS_BY_STRIDE(i, int32_t, gr_ivec)
#endif

GR_INLINE gr_ivec gr_as_mask(gr_ivec x) { return GR_MASK(x != 0); }
GR_INLINE gr_ivec gr_bload(const uint8_t *p) { return gr_as_mask(gr_byte_load(p)); }
GR_INLINE gr_ivec gr_bload_part(const uint8_t *p, int count) { return gr_as_mask(gr_byte_load_part(p, count)); }
GR_INLINE gr_ivec gr_bload_stride(const uint8_t *p, ptrdiff_t stride, int count) {
    return gr_as_mask(gr_byte_load_stride(p, stride, count));
}
GR_INLINE void gr_bstore(uint8_t *p, gr_ivec mask) { gr_byte_store(p, mask & 1); }
GR_INLINE void gr_bstore_part(uint8_t *p, gr_ivec mask, int count) { gr_byte_store_part(p, mask & 1, count); }
GR_INLINE void gr_bstore_stride(uint8_t *p, ptrdiff_t stride, gr_ivec mask, int count) {
    gr_byte_store_stride(p, stride, mask & 1, count);
}

/* Elements at offsets of their own; 0 where `inside` is false, and in lanes from `count` on. */
#if GR_LANES == 1
#define GR_LOOKUP(name, type, lanes)                                                                                   \
    GR_INLINE lanes gr_##name##lookup(const type *p, gr_ivec offset, gr_ivec inside, int count) {                      \
        const lanes zero = 0;                                                                                          \
        return inside && count > 0 ? (lanes)p[offset] : zero;                                                          \
    }
#else
#define GR_LOOKUP(name, type, lanes)                                                                                   \
    GR_INLINE lanes gr_##name##lookup(const type *p, gr_ivec offset, gr_ivec inside, int count) {                      \
        type part[GR_LANES] = {0};                                                                                     \
        GR_UNROLL(16)                                                                                                  \
        for (int lane = 0; lane < GR_LANES; lane++)                                                                    \
            if (lane < count && inside[lane]) part[lane] = p[offset[lane]];                                            \
        return gr_##name##load(part);                                                                                  \
    }
#endif
GR_LOOKUP(, gr_real, gr_vec)
GR_LOOKUP(i, int32_t, gr_ivec)
GR_LOOKUP(byte_, uint8_t, gr_ivec)
GR_INLINE gr_ivec gr_blookup(const uint8_t *p, gr_ivec offset, gr_ivec inside, int count) {
    return gr_as_mask(gr_byte_lookup(p, offset, inside, count));
}
/* As initialisers */
#define GR_CONST_INFINITY ((gr_real)(1.0 / 0.0))
#define GR_CONST_NAN      ((gr_real)(0.0 / 0.0))

/* 0 <= position < size */
GR_INLINE gr_ivec gr_within(gr_ivec position, int size) {
    return gr_iless(gr_iall(-1), position) & gr_iless(position, gr_iall(size));
}

/* The position, or 0 where it is outside: whatever it is, an offset can be computed of it without overflow. */
GR_INLINE gr_ivec gr_inside(gr_ivec position, int size) {
    return gr_iselect(gr_within(position, size), position, gr_iall(0));
}

/* ---- lanes to one number */

/* Pairwise: lane i with lane i + GR_LANES/2, and so on, the same order everywhere for one number of lanes. */
#if GR_LANES == 1
GR_INLINE gr_real gr_lane_0(gr_vec x) { return x; }
GR_INLINE int32_t gr_ilane_0(gr_ivec x) { return (int32_t)x; }
#define GR_HALVE(x, combine)
#else
GR_INLINE gr_real gr_lane_0(gr_vec x) { return x[0]; }
GR_INLINE int32_t gr_ilane_0(gr_ivec x) { return (int32_t)x[0]; }

/* Lane i becomes lane i + h; those beyond the last come in again from 0. */
#define GR_AT(i)    ((i) % GR_LANES)
#define GR_AT_2(h)  GR_AT(h), GR_AT(h + 1)
#define GR_AT_4(h)  GR_AT_2(h), GR_AT_2(h + 2)
#define GR_AT_8(h)  GR_AT_4(h), GR_AT_4(h + 4)
#define GR_AT_16(h) GR_AT_8(h), GR_AT_8(h + 8)
#if defined(__clang__) || __GNUC__ >= 12
#define GR_ROTATE(v, h) __builtin_shufflevector(v, v, GR_JOIN(GR_AT_, GR_LANES)(h))
#else
#define GR_ROTATE(v, h) __builtin_shuffle(v, (gr_ivec){GR_JOIN(GR_AT_, GR_LANES)(h)})
#endif
#if GR_LANES == 16
#define GR_HALVE_8(x, combine) x = combine(x, GR_ROTATE(x, 8))
#else
#define GR_HALVE_8(x, combine) (void)0
#endif
#if GR_LANES >= 8
#define GR_HALVE_4(x, combine) x = combine(x, GR_ROTATE(x, 4))
#else
#define GR_HALVE_4(x, combine) (void)0
#endif
#if GR_LANES >= 4
#define GR_HALVE_2(x, combine) x = combine(x, GR_ROTATE(x, 2))
#else
#define GR_HALVE_2(x, combine) (void)0
#endif
#define GR_HALVE(x, combine)                                                                                           \
    GR_HALVE_8(x, combine);                                                                                            \
    GR_HALVE_4(x, combine);                                                                                            \
    GR_HALVE_2(x, combine);                                                                                            \
    x = combine(x, GR_ROTATE(x, 1));
#endif

GR_INLINE gr_vec gr_add(gr_vec a, gr_vec b) { return a + b; }
GR_INLINE gr_vec gr_multiply(gr_vec a, gr_vec b) { return a * b; }
GR_INLINE gr_ivec gr_iadd(gr_ivec a, gr_ivec b) { return a + b; }
GR_INLINE gr_ivec gr_imultiply(gr_ivec a, gr_ivec b) { return a * b; }
GR_INLINE gr_ivec gr_imax(gr_ivec a, gr_ivec b) { return gr_iselect(gr_iless(b, a), a, b); }
GR_INLINE gr_ivec gr_imin(gr_ivec a, gr_ivec b) { return gr_iselect(gr_iless(a, b), a, b); }
GR_INLINE gr_ivec gr_ior(gr_ivec a, gr_ivec b) { return a | b; }
GR_INLINE gr_ivec gr_iand(gr_ivec a, gr_ivec b) { return a & b; }

#define GR_FOLD(name, number, lanes, first, combine)                                                                   \
    GR_INLINE number gr_lane_##name(lanes x) {                                                                         \
        GR_HALVE(x, combine)                                                                                           \
        return first(x);                                                                                               \
    }
GR_FOLD(sum, gr_real, gr_vec, gr_lane_0, gr_add)
GR_FOLD(prod, gr_real, gr_vec, gr_lane_0, gr_multiply)
GR_FOLD(max, gr_real, gr_vec, gr_lane_0, gr_max)
GR_FOLD(min, gr_real, gr_vec, gr_lane_0, gr_min)
GR_FOLD(isum, int32_t, gr_ivec, gr_ilane_0, gr_iadd)
GR_FOLD(iprod, int32_t, gr_ivec, gr_ilane_0, gr_imultiply)
GR_FOLD(imax, int32_t, gr_ivec, gr_ilane_0, gr_imax)
GR_FOLD(imin, int32_t, gr_ivec, gr_ilane_0, gr_imin)
GR_FOLD(or, int32_t, gr_ivec, gr_ilane_0, gr_ior)
GR_FOLD(and, int32_t, gr_ivec, gr_ilane_0, gr_iand)

/* Whether a mask is true in some lane. */
#if GR_KERNEL_TARGET == GR_TARGET_X86_64_V3
GR_INLINE int gr_any(gr_ivec mask) { return GR_MM(movemask)((gr_vec)mask) != 0; }
#elif GR_KERNEL_TARGET == GR_TARGET_X86_64_V4
GR_INLINE int gr_any(gr_ivec mask) { return _mm512_test_epi64_mask((__m512i)mask, (__m512i)mask) != 0; }
#elif GR_KERNEL_TARGET == GR_TARGET_NEON
GR_INLINE int gr_any(gr_ivec mask) { return vmaxvq_u32((uint32x4_t)mask) != 0; }
#else
GR_INLINE int gr_any(gr_ivec mask) { return mask != 0; }
#endif

/* The least `index` among the lanes with the largest (smallest) value: the first maximum, if every lane kept its own
 * first. With NaN among the values, the index of some lane. */
GR_INLINE int32_t gr_lane_argmax(gr_vec value, gr_ivec index) {
    const gr_ivec beaten = gr_less(value, gr_all(gr_lane_max(value)));
    return gr_lane_imin(gr_iselect(beaten, gr_iall(INT32_MAX), index));
}
GR_INLINE int32_t gr_lane_argmin(gr_vec value, gr_ivec index) {
    const gr_ivec beaten = gr_less(gr_all(gr_lane_min(value)), value);
    return gr_lane_imin(gr_iselect(beaten, gr_iall(INT32_MAX), index));
}
GR_INLINE int32_t gr_lane_iargmax(gr_ivec value, gr_ivec index) {
    const gr_ivec beaten = gr_iless(value, gr_iall(gr_lane_imax(value)));
    return gr_lane_imin(gr_iselect(beaten, gr_iall(INT32_MAX), index));
}
GR_INLINE int32_t gr_lane_iargmin(gr_ivec value, gr_ivec index) {
    const gr_ivec beaten = gr_iless(gr_iall(gr_lane_imin(value)), value);
    return gr_lane_imin(gr_iselect(beaten, gr_iall(INT32_MAX), index));
}

/* ---- functions */

/* The largest error seen, in units in the last place, over 8 million arguments of each: all bit patterns, and the
 * range where the function bends; generic, v3, v4 under gcc and clang. Results may be denormal; infinities and NaN give
 * what C's Annex F says; a zero keeps its sign where the function goes through zero with slope 1.
 *
 *              exp   expm1 log   log1p tanh  sigmoid softplus erf   sin   cos   pow   sqrt
 *     float    1.02  1.29  0.85  0.86  1.44  1.96    1.62     1.29  1.56  1.57  1.14  0.5
 *     double   1.00  1.53  0.85  0.84  1.45  1.95    1.65     1.26  1.57  1.56  1.15  0.5 */

/* Terms of polynomials, least power first: minimax fits, made by Remez-like weighted least squares on Chebyshev nodes
 * with the rounding of each term given back to the next.
 *   exp    (exp(r) - 1 - r) / r^2, |r| <= log(2)/2
 *   log    float: (log(1+f) - f + f^2/2) / f^3, sqrt(1/2) <= 1+f <= sqrt(2); double: (2 atanh(s)/s - 2) / s^2 in s^2
 *   power  (3 atanh(s)/s - 3 - s^2) / s^4 in s^2
 *   tanh   (tanh(x)/x - 1) / x^2 in x^2, |x| <= 0.63
 *   erf    erf(x)/x - 1 in x^2, |x| <= 1
 *   erfcx  exp(x^2) erfc(x) in (x - c)/(x + c), 1 <= x <= 4 (double: 6), c = 2 (2.5)
 *   sine   (sin(r)/r - 1) / r^2 in r^2, |r| <= pi/4; cosine: (cos(r) - 1 + r^2/2) / r^4 */
#if GR_REAL_BITS == 32
static const gr_real gr_exp_terms[] = {0.5f, 0.166665152f, 0.0416664556f, 0.00836924277f, 0.00139357755f};
static const gr_real gr_log_terms[] = {0.333333552f, -0.250008523f, 0.199997663f, -0.166213155f,
                                       0.142280996f, -0.132034585f, 0.126151875f, -0.0735380277f};
static const gr_real gr_power_terms[] = {0.599999964f, 0.42857936f, 0.332715869f, 0.292919278f};
static const gr_real gr_tanh_terms[] = {-0.333332747f, 0.133312508f, -0.0537237115f, 0.0205863006f, -0.00564518292f};
static const gr_real gr_erf_terms[] = {0.128379166f,  -0.376126289f,    0.112836182f,  -0.0268551242f,
                                       0.0051907259f, -0.000803065428f, 7.91990169e-5f};
static const gr_real gr_erfcx_terms[] = {0.255395681f,   -0.427185804f,  0.241657555f,
                                         -0.0789864436f, 0.00372902933f, 0.00721058063f};
static const gr_real gr_sine_terms[] = {-0.166666538f, 0.00833211932f, -0.000195105677f};
static const gr_real gr_cosine_terms[] = {0.0416666456f, -0.00138873106f, 2.44324983e-5f};
static const gr_real gr_sine_turn_terms[] = {6.28318548f, -41.3417625f, 81.6053696f, -75.8713303f};
static const gr_real gr_cosine_turn_terms[] = {-19.7392082f, 64.9391708f, -85.4282379f, 58.7647247f};
#define GR_LOG_2_HIGH  0.693145751953125 /* few bits: its product with an exponent is exact */
#define GR_LOG_2_LOW   1.428606765330187045e-6
#define GR_EXP_LEAST   -104.0 /* below, exp is 0; above the next, infinite */
#define GR_EXP_MOST    89.0
#define GR_EXPM1_LEAST -18.0
#define GR_ERF_CENTRE  2.0
#define GR_ERF_MOST    4.0
#define GR_POWER_HIGH  0.9619140625 /* 2/(3 log 2) */
#define GR_POWER_LOW   -0.00011736857413779944181
#define GR_POWER_MOST  6.8719476736e10
#define GR_LOG2_LEAST  -160.0
#define GR_LOG2_MOST   140.0
#define GR_TURN_MOST   12800.0   /* above, reduction by pi/2 goes lane by lane */
#define GR_RIGHT_1     1.5703125 /* pi/2: parts of 11 bits, and the rest */
#define GR_RIGHT_2     0.0004837512969970703125
#define GR_RIGHT_3     7.5495336204767227173e-8
#define GR_RIGHT_4     2.563344068257089603e-12
#else
static const gr_real gr_exp_terms[] = {
    0.50000000000000133,    0.16666666666666685, 0.041666666666511254,  0.0083333333333159253, 0.0013888888948007572,
    0.00019841269898777635, 2.48014889797183e-5, 2.7557232721531858e-6, 2.7631608497480306e-7, 2.5112716818963076e-8};
static const gr_real gr_log_terms[] = {0.66666666666667374, 0.39999999999397445, 0.28571428745996863,
                                       0.22222198213077984, 0.18183582853289504, 0.15313576213346528,
                                       0.14800731001529535};
static const gr_real gr_power_terms[] = {0.59999999999999998, 0.42857142857144198, 0.33333333333017895,
                                         0.2727272731056633,  0.23076920608191479, 0.20000080064646025,
                                         0.17646636584620068, 0.15736329104366653, 0.15828823593267327};
static const gr_real gr_tanh_terms[] = {-0.33333333333333304,   0.13333333333328468,    -0.053968253965409732,
                                        0.021869488451913922,   -0.0088632340574890302, 0.0035921115524439017,
                                        -0.0014557105262215134, 0.0005893871004740615,  -0.00023683277069466911,
                                        9.1245009914125454e-5,  -2.9872414927169613e-5, 5.9043218149290462e-6};
static const gr_real gr_erf_terms[] = {0.12837916709551256,    -0.37612638903183471,   0.11283791670943219,
                                       -0.026866170643026575,  0.0052239776057290289,  -0.000854832591965114,
                                       0.0001205529346521502,  -1.4924712509522804e-5, 1.6447154868122808e-6,
                                       -1.6206608356867929e-7, 1.3712628814674872e-8,  -7.7830720472567541e-10};
static const gr_real gr_erfcx_terms[] = {0.2108063640611437,      -0.37173673394897688,   0.25171319321719321,
                                         -0.12503305238143836,    0.039922539098434517,   -0.003993700614328217,
                                         -0.0026423628992120699,  0.00087591187287701768, 0.0002282592517007278,
                                         -0.00012950889809487028, -3.5782217433655435e-5, 1.6722842271846209e-5,
                                         7.5147810222915322e-6};
static const gr_real gr_sine_terms[] = {-0.1666666666666663,   0.0083333333333218945,  -0.00019841269829419753,
                                        2.7557313562567361e-6, -2.5050738337308127e-8, 1.5895664943617217e-10};
static const gr_real gr_cosine_terms[] = {0.041666666666666595,   -0.001388888888887339, 2.4801587289041504e-5,
                                          -2.7557314228295013e-7, 2.0875706697776509e-9, -1.1358798905706606e-11};
static const gr_real gr_sine_turn_terms[] = {6.2831853071795862,  -41.341702240399236, 81.605249275744029,
                                             -76.705859659604499, 42.058680261810544,  -15.09356081212653,
                                             3.7760792221069384};
static const gr_real gr_cosine_turn_terms[] = {-19.739208802178716, 64.939394022666946,  -85.456817206160778,
                                               60.244641266923225,  -26.426245410682959, 7.9028474794150583,
                                               -1.6925560976095027};
#define GR_LOG_2_HIGH  0.69314718060195446014
#define GR_LOG_2_LOW   -4.2009150726810845979e-11
#define GR_EXP_LEAST   -746.0
#define GR_EXP_MOST    710.0
#define GR_EXPM1_LEAST -38.0
#define GR_ERF_CENTRE  2.5
#define GR_ERF_MOST    6.0
#define GR_POWER_HIGH  0.96179670095443725586
#define GR_POWER_LOW   -7.0284616509527582652e-9
#define GR_POWER_MOST  7.3786976294838206464e19
#define GR_LOG2_LEAST  -1100.0
#define GR_LOG2_MOST   1040.0
#define GR_TURN_MOST   1e6
#define GR_RIGHT_1     1.5707963267341256142 /* pi/2: parts of 33 bits, and the rest */
#define GR_RIGHT_3     6.0771005063039659766e-11
#define GR_RIGHT_4     2.0222662487959507324e-21
#endif

#define GR_C(x)          ((gr_real)(x))
#define GR_COUNT(terms)  ((int)(sizeof(terms) / sizeof *(terms)))
#define GR_POLY(x, name) gr_poly(x, gr_##name##_terms, GR_COUNT(gr_##name##_terms))

GR_INLINE gr_vec gr_poly(gr_vec x, const gr_real *terms, int count) {
    gr_vec y = gr_all(terms[count - 1]);
    GR_UNROLL(16)
    for (int i = count - 2; i >= 0; i--)
        y = y * x + terms[i];
    return y;
}

/* x = k log 2 + r with |r| <= log(2)/2: the k, and r */
GR_INLINE gr_vec gr_exp_split(gr_vec x, gr_vec *r) {
    const gr_vec k = gr_nearest(x * GR_C(1.4426950408889634074));
    *r = (x - k * GR_C(GR_LOG_2_HIGH)) - k * GR_C(GR_LOG_2_LOW);
    return k;
}

GR_FUNCTION gr_vec gr_exp(gr_vec x) {
    gr_vec r;
    x = gr_max(gr_all(GR_C(GR_EXP_LEAST)), gr_min(gr_all(GR_C(GR_EXP_MOST)), x));
    const gr_vec k = gr_exp_split(x, &r);
    return gr_scale(1 + (r + r * r * GR_POLY(r, exp)), k);
}

/* 2 (2^(k-1) (exp(r) - 1) + 2^(k-1) - 1/2): nothing overflows early, and r + 1/2 is exact for k = 1. Near zero, x. */
GR_FUNCTION gr_vec gr_expm1(gr_vec x) {
    gr_vec r;
    const gr_vec inside = gr_max(gr_all(GR_C(GR_EXPM1_LEAST)), gr_min(gr_all(GR_C(GR_EXP_MOST)), x));
    const gr_vec k = gr_exp_split(inside, &r);
    const gr_vec scale = gr_two_to((gr_bits)gr_int_of(k) - 1u);
    const gr_vec y = 2 * ((scale * r + (scale - GR_C(0.5))) + scale * (r * r * GR_POLY(r, exp)));
    return gr_select(gr_less(gr_abs(x), gr_all(GR_C(1e-20))), x, y);
}

/* x = 2^k (1 + f) with sqrt(1/2) <= 1 + f <= sqrt(2), for positive finite x: the k, and f, both exact */
GR_INLINE gr_vec gr_log_split(gr_vec x, gr_vec *f) {
    const gr_ivec small = gr_less(x, gr_all(GR_C(GR_LEAST_NORMAL)));
    const gr_bits bits = gr_bits_of(gr_select(small, x * GR_C(36028797018963968.0), x)) + /* 2^55 */
                         (((gr_word)GR_BIAS << GR_MANTISSA) - (gr_word)GR_ROOT_HALF);
    *f = gr_of_bits((bits & (((gr_word)1 << GR_MANTISSA) - 1)) + (gr_word)GR_ROOT_HALF) - 1;
    const gr_vec k = gr_real_of((gr_ivec)(bits >> GR_MANTISSA) - (gr_int)GR_BIAS);
    return gr_select(small, k - 55, k);
}

/* log(2^k (1 + f)) + rest */
GR_INLINE gr_vec gr_log_join(gr_vec k, gr_vec f, gr_vec rest) {
    rest = k * GR_C(GR_LOG_2_LOW) + rest;
    const gr_vec half = f * f * GR_C(0.5);
#if GR_REAL_BITS == 32
    const gr_vec tail = f * f * f * GR_POLY(f, log) + rest;
#else
    const gr_vec s = f / (2 + f), z = s * s;
    const gr_vec tail = s * (half + z * GR_POLY(z, log)) + rest;
#endif
    return k * GR_C(GR_LOG_2_HIGH) + (f - (half - tail));
}

/* What a logarithm is outside of the finite positive numbers: y is its value there. */
GR_INLINE gr_vec gr_log_edges(gr_vec x, gr_vec y) {
    y = gr_select(gr_less(x, gr_pattern(GR_INFINITY)), y, x);
    y = gr_select(gr_equal(x, gr_all(0)), gr_pattern(GR_INFINITY | GR_SIGN_BIT), y);
    return gr_select(gr_less(x, gr_all(0)), gr_pattern(GR_NAN), y);
}

GR_FUNCTION gr_vec gr_log(gr_vec x) {
    gr_vec f;
    const gr_vec k = gr_log_split(x, &f);
    return gr_log_edges(x, gr_log_join(k, f, gr_all(0)));
}

/* log(u) + error / u, where u + error = 1 + x exactly */
GR_FUNCTION gr_vec gr_log1p(gr_vec x) {
    const gr_vec u = 1 + x, of_u = u - 1;
    const gr_vec error = (1 - (u - of_u)) + (x - of_u);
    gr_vec f;
    const gr_vec k = gr_log_split(u, &f);
    const gr_vec y = gr_log_edges(u, gr_log_join(k, f, error / u));
    return gr_select(gr_equal(x, gr_all(0)), x, y);
}

GR_FUNCTION gr_vec gr_tanh(gr_vec x) {
    const gr_vec size = gr_abs(x), z = size * size;
    const gr_vec e = gr_exp(-2 * size);
    const gr_vec far = 1 - 2 * e / (1 + e), near = size + size * (z * GR_POLY(z, tanh));
    return gr_copysign(gr_select(gr_less(size, gr_all(GR_C(0.625))), near, far), x);
}

/* e/(1 + e) or 1/(1 + e), and then what the rounding of 1 + e was: the error times about 1/(1 + e). */
GR_FUNCTION gr_vec gr_sigmoid(gr_vec x) {
    const gr_vec e = gr_exp(-gr_abs(x)), below = 1 + e, error = (1 - below) + e;
    const gr_vec y = gr_select(gr_less(x, gr_all(0)), e, gr_all(1)) / below;
    return y - y * (error - error * (e * GR_C(0.5)));
}

GR_FUNCTION gr_vec gr_softplus(gr_vec x) { return gr_max(gr_all(0), x) + gr_log1p(gr_exp(-gr_abs(x))); }

GR_FUNCTION gr_vec gr_erf(gr_vec x) {
    const gr_vec size = gr_min(gr_all(GR_C(GR_ERF_MOST)), gr_abs(x)), z = size * size;
    const gr_vec t = (size - GR_C(GR_ERF_CENTRE)) / (size + GR_C(GR_ERF_CENTRE));
    const gr_vec far = 1 - gr_exp(-z) * GR_POLY(t, erfcx), near = size + size * GR_POLY(z, erf);
    return gr_copysign(gr_select(gr_less(size, gr_all(1)), near, far), x);
}

/* 2/pi in words of 32 bits, for the reduction of large angles */
static const uint32_t gr_two_over_pi[40] = {
    0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu, 0xdebbc561u,
    0xb7246e3au, 0x424dd2e0u, 0x06492eeau, 0x09d1921cu, 0xfe1deb1cu, 0xb129a73eu, 0xe88235f5u, 0x2ebb4484u,
    0xe99c7026u, 0xb45f7e41u, 0x3991d639u, 0x835339f4u, 0x9c845f8bu, 0xbdf9283bu, 0x1ff897ffu, 0xde05980fu,
    0xef2f118bu, 0x5a0a6d1fu, 0x6d367ecfu, 0x27cb09b7u, 0x4f463f66u, 0x9e5fea2du, 0x7527bac7u, 0xebe5f17bu,
    0x3d0739f7u, 0x8a5292eau, 0x6bfb5fb1u, 0x1f8d5d08u, 0x56033046u, 0xfc7b6babu, 0xf0cfbc20u, 0x9af4361du};

/* |x| 2/pi for 2^10 < |x| < infinity: two bits before the point and 62 behind it, the next 64, and 64 more. M. Payne,
 * R. Hanek: the mantissa times those words of 2/pi that matter, in integers. */
GR_FUNCTION void gr_turn_bits(double x, uint64_t parts[3]) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    const int exponent = (int)(bits >> 52 & 0x7ff) - 1075; /* |x| = mantissa 2^exponent */
    const uint64_t mantissa = (bits & 0xfffffffffffffu) | 0x10000000000000u;
    const int skipped = exponent < 2 ? 0 : (exponent - 2) / 32; /* words whose products are multiples of 4 */
    uint32_t product[9] = {0};                                  /* with 7 words; least word first */
    for (int half = 0; half < 2; half++) {
        uint64_t carry = 0;
        const uint64_t factor = half ? mantissa >> 32 : mantissa & 0xffffffffu;
        for (int i = 0; i < 7; i++) {
            carry += factor * gr_two_over_pi[skipped + 6 - i] + product[i + half];
            product[i + half] = (uint32_t)carry;
            carry >>= 32;
        }
        product[7 + half] = (uint32_t)carry;
    }
    const int point = 32 * (skipped + 7) - exponent; /* bits of the product behind the point: 190 to 266 */
    for (int i = 0; i < 192; i++) {
        const int at = point + 1 - i;
        parts[i / 64] = parts[i / 64] << 1 | (at >= 0 && at < 288 ? product[at / 32] >> (at % 32) & 1u : 0u);
    }
}

/* x = (k + fraction) pi/2 with |fraction| <= 1/2, for x as above: k modulo 4, and *r = fraction pi/2. */
GR_FUNCTION int gr_turn_far(double x, double *r) {
    uint64_t parts[3] = {0};
    gr_turn_bits(x, parts);
    int quadrant = (int)(parts[0] >> 62);
    uint64_t high = parts[0] << 2 | parts[1] >> 62, low = parts[1] << 2 | parts[2] >> 62;
    const int above = (int)(high >> 63); /* the fraction is a half or more: take it from the next quadrant */
    if (above) {
        quadrant++;
        high = ~high;
        low = ~low;
    }
    int zeros = 0;
    for (; zeros < 64 && !(high >> 63); zeros++) {
        high = high << 1 | low >> 63;
        low <<= 1;
    }
    /* fraction = high 2^-(64 + zeros), times pi/2: 26 bits of each, whose product is exact, and the rest */
    const double upper = (double)(high >> 38), lower = (double)(high & 0x3fffffffffu) * 3.637978807091713e-12;
    double rest = upper * 1.5707963109016418 + (upper * 1.5893254773528197e-8 + lower * 1.5707963267948966);
    for (rest *= 1.4901161193847656e-8; zeros; zeros--)
        rest *= 0.5;
    *r = above != (x < 0) ? -rest : rest;
    return x < 0 ? -quadrant & 3 : quadrant & 3;
}

/* x = k pi/2 + r with |r| <= pi/4: the k, or its rest by 4, and r. pi/2 is taken off in parts, as far as the products
 * of k with them are exact; beyond, lane by lane. */
GR_INLINE gr_ivec gr_turn_split(gr_vec x, gr_vec *r) {
    gr_ivec k = gr_int_of(gr_nearest(x * GR_C(0.63661977236758134308)));
    const gr_vec turns = gr_real_of(k);
    gr_vec near = x - turns * GR_C(GR_RIGHT_1);
#if GR_REAL_BITS == 32
    near = near - turns * GR_C(GR_RIGHT_2);
#endif
    const gr_vec part = turns * GR_C(GR_RIGHT_3), rounded = near - part, lost = (near - rounded) - part;
    *r = rounded + (lost - turns * GR_C(GR_RIGHT_4));
    if (gr_any(~gr_less(gr_abs(x), gr_all(GR_C(GR_TURN_MOST))))) {
        gr_real lanes[GR_LANES], rests[GR_LANES];
        int32_t turned[GR_LANES];
        gr_store(lanes, x);
        gr_store(rests, *r);
        gr_istore(turned, k);
        for (int lane = 0; lane < GR_LANES; lane++) {
            double rest = 0;
            if (lanes[lane] - lanes[lane] != 0) {
                rests[lane] = lanes[lane] - lanes[lane];
            } else if (lanes[lane] >= GR_C(GR_TURN_MOST) || lanes[lane] <= -GR_C(GR_TURN_MOST)) {
                turned[lane] = gr_turn_far((double)lanes[lane], &rest);
                rests[lane] = (gr_real)rest;
            }
        }
        *r = gr_load(rests);
        k = gr_iload(turned);
    }
    return k;
}

/* sin(r + k pi/2) */
GR_INLINE gr_vec gr_turn_sine(gr_vec r, gr_ivec k) {
    const gr_vec z = r * r;
    const gr_vec sine = r + r * (z * GR_POLY(z, sine)), cosine = (1 - z * GR_C(0.5)) + z * z * GR_POLY(z, cosine);
    const gr_vec y = gr_select(gr_iequal(k & 1, gr_iall(0)), sine, cosine);
    return gr_select(gr_iequal(k & 2, gr_iall(0)), y, -y);
}

GR_FUNCTION gr_vec gr_sin(gr_vec x) {
    gr_vec r;
    const gr_ivec k = gr_turn_split(x, &r);
    return gr_select(gr_equal(x, gr_all(0)), x, gr_turn_sine(r, k));
}

GR_FUNCTION gr_vec gr_cos(gr_vec x) {
    gr_vec r;
    const gr_ivec k = gr_turn_split(x, &r);
    return gr_turn_sine(r, k + 1);
}

/* The upper half of the mantissa: products of two such numbers are exact. */
GR_INLINE gr_vec gr_upper(gr_vec x) { return gr_of_bits(gr_bits_of(x) & (gr_word)GR_HIGH_BITS); }

/* log2(x) for positive finite x: high of half a mantissa, and low. With s = f/(2 + f) as two numbers, log2(1 + f) =
 * 2/(3 log 2) s (3 + s^2 + ...), each product split so that its leading part is exact. */
GR_INLINE gr_vec gr_log2_split(gr_vec x, gr_vec *low) {
    gr_vec f;
    const gr_vec k = gr_log_split(x, &f);
    const gr_vec below = 2 + f, s = f / below, s_high = gr_upper(s);
    const gr_vec below_high = gr_upper(below), below_low = f - (below_high - 2);
    const gr_vec s_low = ((f - s_high * below_high) - s_high * below_low) / below;
    const gr_vec square = s_high * s_high, z = s * s;
    const gr_vec rest = z * z * GR_POLY(z, power) + s_low * (s_high + s);
    const gr_vec sum_high = gr_upper(3 + (square + rest)), sum_low = rest - ((sum_high - 3) - square);
    const gr_vec top = s_high * sum_high, bottom = s_low * sum_high + sum_low * s;
    const gr_vec log_high = gr_upper(top + bottom), log_low = bottom - (log_high - top);
    const gr_vec high = log_high * GR_C(GR_POWER_HIGH);
    const gr_vec tail = log_high * GR_C(GR_POWER_LOW) + log_low * GR_C(GR_POWER_HIGH + GR_POWER_LOW);
    const gr_vec result = gr_upper((high + tail) + k);
    *low = tail - ((result - k) - high);
    return result;
}

/* |a|^b for finite a other than 0 */
GR_INLINE gr_vec gr_power_size(gr_vec a, gr_vec b) {
    const gr_vec most = gr_all(GR_C(GR_POWER_MOST));
    b = gr_max(-most, gr_min(most, b));
    gr_vec low;
    const gr_vec high = gr_log2_split(gr_abs(a), &low), b_high = gr_upper(b);
    const gr_vec exact = b_high * high, rest = (b - b_high) * high + b * low;
    const gr_vec inside = gr_max(gr_all(GR_C(GR_LOG2_LEAST)), gr_min(gr_all(GR_C(GR_LOG2_MOST)), exact + rest));
    const gr_vec k = gr_nearest(inside);
    const gr_vec fraction = gr_select(gr_equal(inside, exact + rest), (exact - k) + rest, inside - k);
    const gr_vec r = fraction * GR_C(0.69314718055994530942);
    return gr_scale(1 + (r + r * r * GR_POLY(r, exp)), k);
}

/* a^b with C's rules for signs, zeros, infinities and NaN: a^0 and 1^b are 1; a negative a needs a whole b. */
GR_FUNCTION gr_vec gr_pow(gr_vec a, gr_vec b) {
    const gr_vec zero = gr_all(0), infinity = gr_pattern(GR_INFINITY), half = b * GR_C(0.5);
    const gr_ivec a_zero = gr_equal(a, zero), a_edge = a_zero | gr_equal(gr_abs(a), infinity);
    const gr_ivec whole = gr_equal(gr_floor(b), b), odd = whole & ~gr_equal(gr_floor(half), half);
    const gr_ivec negative = ~gr_iequal((gr_ivec)(gr_bits_of(a) >> (GR_REAL_BITS - 1)), gr_iall(0));
    const gr_vec edge = gr_select(gr_iequal(a_zero, gr_less(b, zero)), infinity, zero);
    gr_vec y = gr_select(a_edge, edge, gr_power_size(a, b));
    y = gr_select(negative & odd, -y, y);
    y = gr_select(negative & ~whole & ~a_edge, gr_pattern(GR_NAN), y);
    y = gr_select(gr_equal(a, a) & gr_equal(b, b), y, a + b);
    return gr_select(gr_equal(b, zero) | gr_equal(a, gr_all(1)), gr_all(1), y);
}

/* The sign of x, 0 for 0; NaN gives 0. */
GR_INLINE gr_vec gr_sign(gr_vec x) {
    const gr_vec minus = gr_select(gr_less(x, gr_all(0)), gr_all(-1), gr_all(0));
    return gr_select(gr_less(gr_all(0), x), gr_all(1), minus);
}
GR_INLINE gr_ivec gr_isign(gr_ivec x) { return gr_iless(x, gr_iall(0)) - gr_iless(gr_iall(0), x); }
GR_INLINE gr_ivec gr_iabs(gr_ivec x) { return gr_imax(x, (gr_ivec)(0 - (gr_bits)x)); }

/* a - floor(a / b) b: has the sign of b */
GR_INLINE gr_vec gr_modulo(gr_vec a, gr_vec b) { return a - gr_floor(a / b) * b; }

/* The same for whole numbers, and floor(a / b); both are 0 where b is 0. */
GR_FUNCTION gr_ivec gr_iquotient(gr_ivec a, gr_ivec b) {
    int32_t as[GR_LANES], bs[GR_LANES], quotients[GR_LANES];
    gr_istore(as, a);
    gr_istore(bs, b);
    for (int lane = 0; lane < GR_LANES; lane++) {
        const int64_t x = as[lane], y = bs[lane], toward_zero = y == 0 ? 0 : x / y;
        quotients[lane] =
            (int32_t)(y != 0 && toward_zero * y != x && (x < 0) != (y < 0) ? toward_zero - 1 : toward_zero);
    }
    return gr_iload(quotients);
}
GR_INLINE gr_ivec gr_imodulo(gr_ivec a, gr_ivec b) {
    const gr_bits rest = (gr_bits)a - (gr_bits)gr_iquotient(a, b) * (gr_bits)b;
    return gr_iselect(gr_iequal(b, gr_iall(0)), gr_iall(0), (gr_ivec)rest);
}

/* Of one number, for code outside of the region. */
#define GR_SCALAR(name)                                                                                                \
    GR_FUNCTION gr_real gr_##name##_1(gr_real x) { return gr_lane_0(gr_##name(gr_all(x))); }
GR_SCALAR(sqrt)
GR_SCALAR(floor)
GR_SCALAR(exp)
GR_SCALAR(expm1)
GR_SCALAR(log)
GR_SCALAR(log1p)
GR_SCALAR(tanh)
GR_SCALAR(sigmoid)
GR_SCALAR(softplus)
GR_SCALAR(erf)
GR_SCALAR(sin)
GR_SCALAR(cos)
GR_FUNCTION gr_real gr_pow_1(gr_real a, gr_real b) { return gr_lane_0(gr_pow(gr_all(a), gr_all(b))); }

/* ---- random draws */

/* A draw is a pure function of the seed, where in the model and when it is made, and the element's position in declared
 * row-major order, 0 <= element < 2^31. The generator is Philox 4x32-10 (J. Salmon and others, 2011): 16 consecutive
 * elements take one of the four words of 16 consecutive blocks. */
typedef struct gr_draw {
    uint32_t key[2];  /* the seed, low word first */
    uint32_t tick[2]; /* when: the entry's step, a loop's index */
    uint32_t site;    /* where: the sampling statement, or the parameter */
} gr_draw;

/* Words of 32 bits in lanes of 64, whose upper halves mean nothing: a product's lower word need not be cut out. */
#if GR_LANES == 1
typedef uint64_t gr_wide;
#define GR_WIDE_PRODUCT(factor, x) ((uint64_t)(factor) * (uint32_t)(x))
GR_INLINE gr_wide gr_wide_all(uint32_t x) { return x; }
#else
typedef uint64_t gr_wide __attribute__((vector_size(GR_VECTOR_BYTES), may_alias));
GR_INLINE gr_wide gr_wide_all(uint32_t x) { return x + (gr_wide){0}; }
#if GR_VECTOR_BYTES == 16
#define GR_WIDE_PRODUCT(factor, x) ((gr_wide)vmull_u32(vmovn_u64((uint64x2_t)(x)), vdup_n_u32(factor)))
#elif GR_VECTOR_BYTES == 64
#define GR_WIDE_PRODUCT(factor, x) ((gr_wide)_mm512_mul_epu32((__m512i)(x), _mm512_set1_epi32((int)(factor))))
#else
#define GR_WIDE_PRODUCT(factor, x) ((gr_wide)_mm256_mul_epu32((__m256i)(x), _mm256_set1_epi32((int)(factor))))
#endif
#endif

/* Vectors of floats have twice as many lanes as wide ones: even and odd lanes go apart. */
#if GR_LANES > 1 && GR_REAL_BITS == 32
#define GR_WIDE_TWICE 1
GR_INLINE gr_bits gr_wide_join(gr_wide even, gr_wide odd) { return (gr_bits)((even & 0xffffffffu) | (odd << 32)); }
#else
#define GR_WIDE_TWICE 0
GR_INLINE gr_bits gr_wide_join(gr_wide even, gr_wide odd) { return (void)odd, (gr_bits)(even & 0xffffffffu); }
#endif

typedef struct gr_counter {
    gr_wide a, b, c, d;
} gr_counter;

GR_INLINE gr_counter gr_philox_round(gr_counter x, gr_wide key_0, gr_wide key_1) {
    const gr_wide left = GR_WIDE_PRODUCT(0xd2511f53u, x.a), right = GR_WIDE_PRODUCT(0xcd9e8d57u, x.c);
    const gr_counter next = {(right >> 32) ^ x.b ^ key_0, right, (left >> 32) ^ x.d ^ key_1, left};
    return next;
}

/* The four words of a counter, in place. */
GR_FUNCTION void gr_philox(const uint32_t key[2], gr_bits words[4]) {
    gr_counter even = {(gr_wide)words[0], (gr_wide)words[1], (gr_wide)words[2], (gr_wide)words[3]};
    gr_counter odd = {even.a >> 32, even.b >> 32, even.c >> 32, even.d >> 32};
    gr_wide key_0 = gr_wide_all(key[0]), key_1 = gr_wide_all(key[1]);
    for (int round = 0; round < 10; round++) {
        even = gr_philox_round(even, key_0, key_1);
        if (GR_WIDE_TWICE) odd = gr_philox_round(odd, key_0, key_1);
        key_0 += 0x9e3779b9u;
        key_1 += 0xbb67ae85u;
    }
    words[0] = gr_wide_join(even.a, odd.a);
    words[1] = gr_wide_join(even.b, odd.b);
    words[2] = gr_wide_join(even.c, odd.c);
    words[3] = gr_wide_join(even.d, odd.d);
}

/* The block of an element: all four words of it, and which one is the element's. */
GR_INLINE gr_ivec gr_draw_words(const gr_draw *draw, gr_ivec element, gr_bits words[4]) {
    const gr_bits e = (gr_bits)element;
    words[0] = ((e >> 6) << 4) + (e & 15u);
    words[1] = gr_bits_all(draw->tick[0]);
    words[2] = gr_bits_all(draw->tick[1]);
    words[3] = gr_bits_all(draw->site);
    gr_philox(draw->key, words);
    return (gr_ivec)((e >> 4) & 3u);
}

GR_INLINE gr_bits gr_pick(gr_ivec condition, gr_bits a, gr_bits b) {
    return ((gr_bits)condition & a) | (~(gr_bits)condition & b);
}

/* Uniform in [0, 1): multiples of 2^-24 */
GR_FUNCTION gr_vec gr_uniform(const gr_draw *draw, gr_ivec element) {
    gr_bits words[4];
    const gr_ivec word = gr_draw_words(draw, element, words);
    const gr_ivec odd = gr_iequal(word & 1, gr_iall(1)), upper = gr_iless(gr_iall(1), word);
    const gr_bits bits = gr_pick(upper, gr_pick(odd, words[3], words[2]), gr_pick(odd, words[1], words[0]));
    return gr_real_of((gr_ivec)(bits >> 8)) * GR_C(5.9604644775390625e-8);
}

#define GR_EXACT_POLY(x, name) gr_exact_poly(x, gr_##name##_terms, GR_COUNT(gr_##name##_terms))
GR_INLINE gr_vec gr_exact_poly(gr_vec x, const gr_real *terms, int count) {
    GR_EXACT_BODY
    gr_vec y = gr_all(terms[count - 1]);
    GR_UNROLL(16)
    for (int i = count - 2; i >= 0; i--)
        y = y * x + terms[i];
    return y;
}

/* A 32-bit word as a real, rounded once */
GR_INLINE gr_vec gr_real_of_word(gr_bits word) {
    GR_EXACT_BODY
    return gr_real_of((gr_ivec)(word >> 16)) * GR_C(65536) + gr_real_of((gr_ivec)(word & 0xffffu));
}

/* Normal, of mean 0 and deviation 1, by G. Box and M. Muller from two words: (u, v) are words 0 and 1 of the block for
 * its elements of word 0 (cosine) and 1 (sine), words 2 and 3 for the others. With u1 = ((u | 1) 2^-32), r = sqrt(-2
 * log u1). Near 1, log u1 is taken from 1 - u1, whose bits are ~u | 1. Nothing is fused: same bits for every target. */
GR_EXACT gr_vec gr_normal(const gr_draw *draw, gr_ivec element) {
    GR_EXACT_BODY
    gr_bits words[4];
    const gr_ivec word = gr_draw_words(draw, element, words);
    const gr_ivec upper = gr_iless(gr_iall(1), word), is_sine = gr_iequal(word & 1, gr_iall(1));
    const gr_bits u = gr_pick(upper, words[2], words[0]), v = gr_pick(upper, words[3], words[1]);

    const gr_vec below_1 = gr_real_of_word((~u & 0xfffffffeu) | 1u) * GR_C(2.3283064365386962891e-10);
    const gr_ivec near_1 = gr_less(below_1, gr_all(GR_C(0.29)));
    gr_vec f;
    gr_vec k = gr_log_split(gr_real_of_word(u | 1u) * GR_C(2.3283064365386962891e-10), &f);
    f = gr_select(near_1, -below_1, f);
    k = gr_select(near_1, gr_all(0), k);
    const gr_vec half = f * f * GR_C(0.5);
#if GR_REAL_BITS == 32
    const gr_vec tail = f * f * f * GR_EXACT_POLY(f, log) + k * GR_C(GR_LOG_2_LOW);
#else
    const gr_vec s = f / (2 + f), z = s * s;
    const gr_vec tail = s * (half + z * GR_EXACT_POLY(z, log)) + k * GR_C(GR_LOG_2_LOW);
#endif
    const gr_vec radius = gr_sqrt(-2 * (k * GR_C(GR_LOG_2_HIGH) + (f - (half - tail))));

    const gr_vec turn = gr_real_of((gr_ivec)(v >> 8)) * GR_C(5.9604644775390625e-8);
    const gr_vec quarter = gr_nearest(turn * 4), t = turn - quarter * GR_C(0.25), t_square = t * t;
    const gr_vec sine = t * GR_EXACT_POLY(t_square, sine_turn);
    const gr_vec cosine = 1 + t_square * GR_EXACT_POLY(t_square, cosine_turn);
    const gr_ivec ahead = gr_int_of(quarter) + (~is_sine & 1); /* cos is sin a quarter ahead */
    const gr_vec y = radius * gr_select(gr_iequal(ahead & 1, gr_iall(0)), sine, cosine);
    return gr_select(gr_iequal(ahead & 2, gr_iall(0)), y, -y);
}

GR_KERNELS_END

/* ---- work shared among threads */

/* The same draw at another site. */
GR_INLINE gr_draw gr_draw_at(const gr_draw *draw, uint32_t site) {
    gr_draw at = *draw;
    at.site = site;
    return at;
}

/* The same in a round of loops: their number is another part of when. */
GR_INLINE gr_draw gr_draw_in_round(const gr_draw *draw, uint32_t site, uint32_t round) {
    gr_draw at = *draw;
    at.site = site;
    at.tick[1] += round;
    return at;
}

GR_INLINE int gr_least(int a, int b) { return a < b ? a : b; }

/* first <= i < last is the part of 0 <= i < count that thread number `thread` of `threads` does: whole grains, as
 * evenly as they go; the last part takes the rest. */
GR_FUNCTION void gr_share(int count, int grain, int thread, int threads, int *first, int *last) {
    const int64_t grains = (count + (int64_t)grain - 1) / grain;
    const int64_t begin = grains * thread / threads * grain, end = grains * (thread + 1) / threads * grain;
    *first = (int)(begin < count ? begin : count);
    *last = (int)(end < count ? end : count);
}

/* All threads of the parallel region wait for each other. */
#ifdef _OPENMP
#define GR_BARRIER GR_PRAGMA(omp barrier)
#else
#define GR_BARRIER (void)0
#endif

/* ---- profiles, for models compiled with --profile */

#ifdef GR_PROFILE
/* A thread's stopwatch: the time since it was last read belongs to what has just ended. */
typedef struct gr_lap {
    double (*clock)(void);
    gr_tally *tallies; /* NULL: nobody wants to know */
    double last;
} gr_lap;

GR_FUNCTION gr_lap gr_lap_begin(const gr_timer *timer, int thread) {
    gr_lap lap = {NULL, NULL, 0};
    if (timer == NULL) return lap;
    lap.clock = timer->clock;
    lap.tallies = timer->tallies[thread];
    lap.last = lap.clock();
    return lap;
}

GR_FUNCTION void gr_lap_end(gr_lap *lap, int stage) {
    if (lap->tallies == NULL) return;
    const double now = lap->clock();
    lap->tallies[stage].seconds += now - lap->last;
    lap->tallies[stage].calls++;
    lap->last = now;
}

/* The most that registers allow: as many sums as a tile of a product has, so that none waits for itself. */
#if GR_KERNEL_TARGET == GR_TARGET_X86_64_V4 || GR_KERNEL_TARGET == GR_TARGET_NEON
#define GR_PROBE_SUMS 24
#else
#define GR_PROBE_SUMS 12
#endif
#define GR_PROBE_FLOPS (2.0 * GR_PROBE_SUMS * GR_LANES)

GR_KERNELS_BEGIN
GR_KERNEL double gr_probe_compute(int64_t passes, gr_real factor) {
    gr_vec sums[GR_PROBE_SUMS], all = gr_all(0);
    const gr_vec by = gr_all(factor);
    GR_UNROLL(24)
    for (int s = 0; s < GR_PROBE_SUMS; s++)
        sums[s] = gr_all((gr_real)s);
    for (int64_t p = 0; p < passes; p++) {
        GR_UNROLL(24)
        for (int s = 0; s < GR_PROBE_SUMS; s++)
            sums[s] = sums[s] * by + by;
    }
    GR_UNROLL(24)
    for (int s = 0; s < GR_PROBE_SUMS; s++)
        all += sums[s];
    return (double)gr_lane_0(all);
}

enum { GR_PROBE_BLOCK = 8 * GR_LANES }; /* reals that are read at a time */

GR_KERNEL double gr_probe_read(const void *memory, int first, int last) {
    const gr_real *const data = memory;
    gr_vec sums[8], all = gr_all(0);
    GR_UNROLL(8)
    for (int s = 0; s < 8; s++)
        sums[s] = gr_all(0);
    for (int b = first; b < last; b++) {
        GR_UNROLL(8)
        for (int s = 0; s < 8; s++)
            sums[s] += gr_load(&data[(size_t)b * GR_PROBE_BLOCK + (size_t)(s * GR_LANES)]);
    }
    GR_UNROLL(8)
    for (int s = 0; s < 8; s++)
        all += sums[s];
    return (double)gr_lane_0(all);
}
GR_KERNELS_END
#endif

/* ---- checks, for entries */

/* Whether two ranges of bytes share one. */
GR_FUNCTION int gr_overlap(const void *a, size_t a_size, const void *b, size_t b_size) {
    const uintptr_t a_from = (uintptr_t)a, b_from = (uintptr_t)b;
    return a_from < b_from ? b_from - a_from < a_size : a_from - b_from < b_size;
}

/* Notes the place of a fault and returns its status. `at`: the element, or -1. */
GR_FUNCTION int gr_fault(gr_work *work, int status, const char *argument, int64_t at) {
    work->fault = argument;
    work->fault_at = at;
    return status;
}

/* The first of count indices outside low..high, or -1. */
GR_FUNCTION int64_t gr_first_outside(const int32_t *index, int64_t count, int32_t low, int32_t high) {
    for (int64_t i = 0; i < count; i++)
        if (index[i] < low || index[i] > high) return i;
    return -1;
}

/* By the bits, so that no compiler's option can make it forget NaN. */
GR_FUNCTION int gr_finite(gr_real x) {
    gr_word bits;
    memcpy(&bits, &x, sizeof bits);
    return (bits & (gr_word)GR_INFINITY) != (gr_word)GR_INFINITY;
}

#ifdef __GNUC__
#pragma GCC diagnostic pop
#endif
GR_KERNELS_BEGIN
#endif
