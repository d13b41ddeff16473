/* What the tests of nn's operations share: every CPU level in turn, random arrays, comparison with a tolerance, and
 * gradients by finite differences of a plain forward in double. */
#ifndef TESTS_NN_OPERATION_H
#define TESTS_NN_OPERATION_H

#include "base/cpu.h"
#include "base/memory.h"
#include "base/random.h"
#include "nn/gemm.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__aarch64__)
static const char *const cpu_levels[] = {"plain", "neon"};
#else
static const char *const cpu_levels[] = {"plain", "avx2", "avx512", "avx512bf16"};
#endif
/* Narrows the process to each level in turn; a level that the CPU lacks runs as the one below it. */
#define EACH_CPU_LEVEL(level)                                                                             \
    for (size_t level = 0; level < sizeof cpu_levels / sizeof cpu_levels[0] && use_level(cpu_levels[level]); level++)
static inline bool use_level(const char *name) {
    unsigned flags = 0;
    assert_true(cpu_level_flags(&flags, name));
    cpu_allow(flags);
    return true;
}

/* The same of the levels that multiply bfloat16; plain C is always among them. */
static const char *const bf16_levels[] = {"plainbf16", "avx512bf16", "amx"};
#define EACH_BF16_LEVEL(level)                                                                            \
    for (size_t level = 0; level < sizeof bf16_levels / sizeof bf16_levels[0]; level++)                   \
        if (use_level(bf16_levels[level]) && gemm_has_bf16())

static inline float *zeros(size_t count) {
    float *out = NULL;
    assert_int_equal(memory_new(&out, count + 1, sizeof *out, "test"), MASKE_OK);
    return out;
}
/* Normal numbers of deviation 1. A NaN stands behind the last, which nobody may read into a result. */
static inline float *random_floats(size_t count, uint64_t seed) {
    float *out = zeros(count);
    random_normal(out, count, 1.0f, seed, 0);
    out[count] = NAN;
    return out;
}
static inline double *as_doubles(const float *in, size_t count) {
    double *out = calloc(count + 1, sizeof *out);
    assert_non_null(out);
    for (size_t i = 0; i < count; i++) out[i] = in[i];
    return out;
}

static inline void assert_close(const float *got, const double *expected, size_t count, double tolerance, const char *what) {
    for (size_t i = 0; i < count; i++)
        if (!(fabs(got[i] - expected[i]) <= tolerance)) {
            print_error("%s[%zu] on %s: found %.9g, expected %.9g\n", what, i, cpu_level_name(), (double)got[i], expected[i]);
            fail();
        }
}
static inline void assert_same(const float *got, const float *expected, size_t count, const char *what) {
    if (count > 0 && memcmp(got, expected, count * sizeof *got) != 0) fail_msg("%s differs on %s", what, cpu_level_name());
}

/* Bodies that promise the same bits on AVX2 and AVX-512: `kept` (zeroed by the caller) holds what AVX2 gave. */
static inline void assert_vector_levels_agree(const float *got, float *kept, size_t count, const char *level, const char *what) {
    if (strcmp(level, "avx2") == 0) memcpy(kept, got, count * sizeof *got);
    if (strcmp(level, "avx512") == 0) assert_same(got, kept, count, what);
}

/* expected[i] = d loss / d x[i], by central differences; loss reads x through user. */
static inline void numeric_gradient(double *expected, double *x, size_t count, double (*loss)(void *user), void *user) {
    const double step = 1e-4;
    for (size_t i = 0; i < count; i++) {
        double before = x[i];
        x[i] = before + step;
        double high = loss(user);
        x[i] = before - step;
        double low = loss(user);
        x[i] = before;
        expected[i] = (high - low) / (2 * step);
    }
}
static inline void assert_gradient(const float *got, double *x, size_t count, double (*loss)(void *user), void *user,
                                   double tolerance, const char *what) {
    double *expected = calloc(count + 1, sizeof *expected);
    assert_non_null(expected);
    numeric_gradient(expected, x, count, loss, user);
    assert_close(got, expected, count, tolerance, what);
    free(expected);
}

#endif
