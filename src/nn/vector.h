/* nn/vector.h: one vector type for every CPU level, for the *_body.h files.
 *
 * A body file is plain C over vectors of LANES floats (GNU vector extensions: + - * / work lane by lane). It is compiled
 * once a level by kernels_plain.c (4 lanes: SSE2, NEON, or what the compiler makes of it), kernels_avx2.c (8),
 * kernels_avx512.c (16) and kernels_avx512bf16.c. This header holds the few things that need the level's own instructions.
 *
 * Everything here is static inline, and so is every helper in a body: a shared function compiled for AVX-512 must never
 * be the one that the linker picks for all. */
#ifndef MASKE_NN_VECTOR_H
#define MASKE_NN_VECTOR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX512F__)
#include <immintrin.h>
enum { LANES = 16 };
#elif defined(__AVX2__)
#include <immintrin.h>
enum { LANES = 8 };
#else
#if defined(__aarch64__)
#include <arm_neon.h>
#endif
enum { LANES = 4 };
#endif

enum { GROUP = 32, VECTORS = GROUP / LANES };

#define INLINE static inline __attribute__((always_inline))

typedef float    floats   __attribute__((vector_size(4 * LANES), may_alias));
typedef uint32_t words    __attribute__((vector_size(4 * LANES), may_alias));
typedef int32_t  integers __attribute__((vector_size(4 * LANES), may_alias));
typedef float    floats_anywhere __attribute__((vector_size(4 * LANES), may_alias, aligned(4)));

/* Which lanes: a mask register on AVX-512, else all bits of a lane set or none. */
#if defined(__AVX512F__)
typedef __mmask16 lanes;
#else
typedef integers lanes;
#endif

/* Runs the block for i = 0, LANES, ... below count, with n = LANES, a constant; then for what is left with n = the rest. */
#define EACH_VECTOR(i, n, count, ...) EACH_STEP(LANES, i, n, count, __VA_ARGS__)
/* The same in steps of GROUP columns: 2, 4 or 8 vectors. Sums are kept in GROUP lanes on every level and joined by one
 * tree (group_sum), so that levels with the same arithmetic give the same bits. */
#define EACH_GROUP(i, n, count, ...) EACH_STEP(GROUP, i, n, count, __VA_ARGS__)
#define EACH_STEP(step, i, n, count, ...)                                           \
    do {                                                                            \
        size_t i = 0;                                                               \
        for (; i + (step) <= (count); i += (step)) {                                \
            enum { n = (step) };                                                    \
            __VA_ARGS__                                                             \
        }                                                                           \
        if (i < (count)) {                                                          \
            const size_t n = (count) - i;                                           \
            __VA_ARGS__                                                             \
        }                                                                           \
    } while (0)
/* Within a group of `size` columns: the block for each vector v, its first column i and the number n of its columns. */
#define EACH_PART(v, i, n, size, ...)                                               \
    _Pragma("GCC unroll 8") for (size_t v = 0; v < VECTORS; v++) {                  \
        const size_t i = v * LANES;                                                 \
        if (i >= (size)) break;                                                     \
        const size_t n = (size) - i < LANES ? (size) - i : LANES;                   \
        __VA_ARGS__                                                                 \
    }

/* Adding to zeros would lose -0 (and cost an addition). */
INLINE floats floats_all(float x) {
#if defined(__AVX512F__)
    return (floats)_mm512_set1_ps(x);
#elif defined(__AVX2__)
    return (floats)_mm256_set1_ps(x);
#else
    return (floats){x, x, x, x};
#endif
}
INLINE words words_all(uint32_t x) { return (words){0} + x; }
INLINE words words_count(void) {
    words counter;
    for (uint32_t l = 0; l < LANES; l++) counter[l] = l;
    return counter;
}

/* ------------------------------------------------------------------------------------------- memory --- */
/* n is LANES (a full vector) or less: missing lanes are 0 and not touched in memory. */

INLINE lanes lanes_first(size_t n) {
#if defined(__AVX512F__)
    return (__mmask16)((1u << n) - 1);
#else
    return (lanes)(words_count() < words_all((uint32_t)n));
#endif
}
INLINE floats load(const float *p, size_t n) {
    if (n == LANES) return *(const floats_anywhere *)p;
#if defined(__AVX512F__)
    return (floats)_mm512_maskz_loadu_ps(lanes_first(n), p);
#elif defined(__AVX2__)
    return (floats)_mm256_maskload_ps(p, (__m256i)lanes_first(n));
#else
    float part[LANES] = {0};
    memcpy(part, p, n * sizeof *p);
    return *(const floats_anywhere *)part;
#endif
}
INLINE void store(float *p, floats x, size_t n) {
    if (n == LANES) {
        *(floats_anywhere *)p = x;
        return;
    }
#if defined(__AVX512F__)
    _mm512_mask_storeu_ps(p, lanes_first(n), (__m512)x);
#elif defined(__AVX2__)
    _mm256_maskstore_ps(p, (__m256i)lanes_first(n), (__m256)x);
#else
    memcpy(p, &x, n * sizeof *p);
#endif
}

/* A float's high half, bfloat16, rounded to the nearest, ties to even; NaN stays NaN. The instruction of AVX-512 BF16 takes
 * numbers below 2^-126 for 0. */
typedef uint16_t halves __attribute__((vector_size(2 * LANES), may_alias));
INLINE floats widen(halves x) { return (floats)(__builtin_convertvector(x, words) << 16); }
INLINE floats load_rounded(const uint16_t *p, size_t n) {
    halves x = {0};
    memcpy(&x, p, n * sizeof *p);
    return widen(x);
}
#if defined(__AVX512BF16__)
INLINE halves narrow(floats x) { return (halves)_mm512_cvtneps_pbh((__m512)x); }
INLINE floats round_to_half(floats x) { return widen(narrow(x)); }
#else
INLINE floats round_to_half(floats x) {
    words bits = (words)x, up = bits + 0x7FFF + (bits >> 16 & 1), quiet = bits | 0x400000;
    words number = (words)((integers)(x == x));
    return (floats)(((up & number) | (quiet & ~number)) & 0xFFFF0000u);
}
INLINE halves narrow(floats x) { return __builtin_convertvector((words)round_to_half(x) >> 16, halves); }
#endif
INLINE void store_rounded(uint16_t *p, floats x, size_t n) {
    halves out = narrow(x);
    memcpy(p, &out, n * sizeof *p);
}

/* ----------------------------------------------------------------------------------------- arithmetic --- */

/* a * b + c: one rounding where the CPU has it, two in plain C. */
INLINE floats fused(floats a, floats b, floats c) {
#if defined(__AVX512F__)
    return (floats)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__AVX2__)
    return (floats)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__aarch64__)
    return (floats)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
    return a * b + c;
#endif
}
/* The second argument where either is not a number: larger(bound, x) lets it through. */
INLINE floats larger(floats a, floats b) {
#if defined(__AVX512F__)
    return (floats)_mm512_max_ps((__m512)a, (__m512)b);
#elif defined(__AVX2__)
    return (floats)_mm256_max_ps((__m256)a, (__m256)b);
#else
    integers which = (integers)(a > b);
    return (floats)(((integers)a & which) | ((integers)b & ~which));
#endif
}
INLINE floats smaller(floats a, floats b) {
#if defined(__AVX512F__)
    return (floats)_mm512_min_ps((__m512)a, (__m512)b);
#elif defined(__AVX2__)
    return (floats)_mm256_min_ps((__m256)a, (__m256)b);
#else
    integers which = (integers)(a < b);
    return (floats)(((integers)a & which) | ((integers)b & ~which));
#endif
}
INLINE floats square_root(floats x) {
#if defined(__AVX512F__)
    return (floats)_mm512_sqrt_ps((__m512)x);
#elif defined(__AVX2__)
    return (floats)_mm256_sqrt_ps((__m256)x);
#else
    for (int l = 0; l < LANES; l++) x[l] = __builtin_sqrtf(x[l]);
    return x;
#endif
}

/* ---------------------------------------------------------------------------------------------- lanes --- */

INLINE lanes above(floats a, floats b) {
#if defined(__AVX512F__)
    return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_GT_OQ);
#else
    return (lanes)(a > b);
#endif
}
/* True, too, where one is not a number. */
INLINE lanes not_below(floats a, floats b) {
#if defined(__AVX512F__)
    return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_NLT_UQ);
#else
    return ~(lanes)(a < b);
#endif
}
INLINE lanes equal(floats a, floats b) {
#if defined(__AVX512F__)
    return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_EQ_OQ);
#else
    return (lanes)(a == b);
#endif
}
/* Words below 2^31. */
INLINE lanes words_at_least(words a, uint32_t b) {
#if defined(__AVX512F__)
    return _mm512_cmpge_epu32_mask((__m512i)a, _mm512_set1_epi32((int)b));
#else
    return (lanes)((integers)a >= (integers)words_all(b));
#endif
}
/* x in these lanes, 0 in the others. */
INLINE floats keep(lanes which, floats x) {
#if defined(__AVX512F__)
    return (floats)_mm512_maskz_mov_ps(which, (__m512)x);
#else
    return (floats)((integers)x & which);
#endif
}
/* x in these lanes, the value in the others. */
INLINE floats otherwise(lanes which, floats x, float value) {
#if defined(__AVX512F__)
    return (floats)_mm512_mask_mov_ps((__m512)floats_all(value), which, (__m512)x);
#else
    return (floats)(((integers)x & which) | ((integers)floats_all(value) & ~which));
#endif
}
INLINE unsigned lanes_count(lanes which) {
#if defined(__AVX512F__)
    return (unsigned)__builtin_popcount(which);
#elif defined(__AVX2__)
    return (unsigned)__builtin_popcount((unsigned)_mm256_movemask_ps((__m256)which));
#else
    return (unsigned)-(which[0] + which[1] + which[2] + which[3]);
#endif
}

/* --------------------------------------------------------------------------------------- across lanes --- */

typedef float four_floats __attribute__((vector_size(16)));

/* The four-lane sum of GROUP lanes by halves: lane i + lane i + 16, then + 8, then + 4: the same tree on every level. */
INLINE four_floats group_quarter(const floats x[VECTORS]) {
#if defined(__AVX512F__)
    __m512 sixteen = (__m512)(x[0] + x[1]);
    __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(sixteen), _mm512_extractf32x8_ps(sixteen, 1));
    return (four_floats)_mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
#elif defined(__AVX2__)
    __m256 eight = (__m256)((x[0] + x[2]) + (x[1] + x[3]));
    return (four_floats)_mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
#else
    return (four_floats)(((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7])));
#endif
}
INLINE float group_sum(const floats x[VECTORS]) {
    four_floats h = group_quarter(x);
    return (h[0] + h[2]) + (h[1] + h[3]);
}
INLINE void group_clear(floats x[VECTORS], float value) {
    for (int v = 0; v < VECTORS; v++) x[v] = floats_all(value);
}
INLINE float largest_of(floats x) {
#if defined(__AVX512F__)
    return _mm512_reduce_max_ps((__m512)x);
#elif defined(__AVX2__)
    __m128 four = _mm_max_ps(_mm256_castps256_ps128((__m256)x), _mm256_extractf128_ps((__m256)x, 1));
    __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
#else
    float most = x[0];
    for (int l = 1; l < LANES; l++) most = x[l] > most ? x[l] : most;
    return most;
#endif
}
INLINE float group_largest(const floats x[VECTORS]) {
    floats most = x[0];
    for (int v = 1; v < VECTORS; v++) most = larger(most, x[v]);
    return largest_of(most);
}

#endif
