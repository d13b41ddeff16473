/* int8 products: every level's bits against plain C over the numbers of nn/gemm_int8.h, written down here again; how near
 * they are to the float products; what is not finite. */
#include "base/cpu.h"
#include "base/memory.h"
#include "base/random.h"
#include "nn/gemm_int8.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static const struct { size_t m, n, k; } cases[] = {
    {1, 1, 1}, {3, 5, 7}, {16, 32, 64}, {17, 33, 65}, {64, 64, 384}, {65, 97, 129}, {14, 96, 300}, {5, 200, 64},
    {2, 40, 512}, {37, 31, 513}, {20, 33, 1100}, {64, 128, 0}, {33, 16, 2}, {100, 65, 40},
    {3, 17, 257}, {9, 33, 768}, {6, 40, 1024}, {5, 18, 1025},
};
/* The names of base/cpu.h, and between them the levels that a machine has or has not beside its other vectors. */
static const unsigned levels[] = {
    0, CPU_AVX2, CPU_AVX2 | CPU_AVXVNNI, CPU_AVX2 | CPU_AVX512, CPU_AVX2 | CPU_AVX512 | CPU_AVX512VNNI, ~0u,
};
enum { LEVELS = sizeof levels / sizeof levels[0] };

static float *matrix(size_t count, uint64_t seed) {
    float *out = NULL;
    assert_int_equal(memory_new(&out, count + 1, sizeof *out, "test"), MASKE_OK);
    random_normal(out, count, 1.0f, seed, 0);
    return out;
}

/* ------------------------------------------------------------------------------------------- the plain version --- */

/* Row of A: bytes, scale and zero, of k values; and a column of B, its values `step` apart. */
static void round_row(int *q, float *scale, int *zero, const float *a, size_t k) {
    float low = 0, high = 0;
    bool finite = true;
    for (size_t p = 0; p < k; p++) {
        finite = finite && isfinite(a[p]);
        low = fminf(low, a[p]);
        high = fmaxf(high, a[p]);
    }
    *scale = high / 255.0f - low / 255.0f;
    float inverse = *scale < FLT_MIN || !finite ? 0 : 1.0f / *scale;
    if (!finite) *scale = NAN;
    else if (*scale < FLT_MIN) *scale = 0;
    *zero = finite ? (int)nearbyintf(-low * inverse) : 0;
    for (size_t p = 0; p < k; p++) {
        int value = finite ? (int)nearbyintf(a[p] * inverse) + *zero : 0;
        q[p] = value < 255 ? value : 255;
    }
}
static void round_column(int *w, float *scale, const float *b, size_t step, size_t k) {
    float most = 0;
    bool finite = true;
    for (size_t p = 0; p < k; p++) {
        finite = finite && isfinite(b[p * step]);
        most = fmaxf(most, fabsf(b[p * step]));
        if (p % 2 == 0 && p + 1 < k) most = fmaxf(most, fabsf(b[p * step] + b[(p + 1) * step]));
    }
    *scale = most / 127.0f;
    float inverse = *scale < FLT_MIN || !finite ? 0 : 1.0f / *scale;
    if (!finite) *scale = NAN;
    else if (*scale < FLT_MIN) *scale = 0;
    for (size_t p = 0; p < k; p++) w[p] = finite ? (int)nearbyintf(b[p * step] * inverse) : 0;
}

/* Blocks of k: 512 each, or of a hidden state's width as many even ones as it takes to be below 257, in steps of 64. */
static size_t block_of(size_t k) {
    size_t parts = 1;
    if (k <= 256 || k > 1024) return 512;
    while (k > 256 * parts) parts++;
    size_t depth = 64;
    while (depth * parts < k) depth += 64;
    return depth;
}

static void reference(float *c, bool accumulate, const float *a, const float *b, bool bt, size_t m, size_t n, size_t k) {
    static int q[GEMM_INT8_DEPTH], w[GEMM_INT8_DEPTH];
    if (k == 0 && !accumulate) memset(c, 0, m * n * sizeof *c);
    for (size_t k0 = 0; k0 < k; k0 += block_of(k)) {
        size_t depth = k - k0 < block_of(k) ? k - k0 : block_of(k);
        for (size_t j = 0; j < n; j++) {
            float column, row;
            round_column(w, &column, bt ? b + j * k + k0 : b + k0 * n + j, bt ? 1 : n, depth);
            for (size_t p = 0; p + 1 < depth; p += 2) assert_true(w[p] * w[p + 1] <= 0 || abs(w[p] + w[p + 1]) <= 128);
            for (size_t i = 0; i < m; i++) {
                int zero;
                int64_t sum = 0;
                round_row(q, &row, &zero, a + i * k + k0, depth);
                for (size_t p = 0; p < depth; p++) sum += (int64_t)(q[p] - zero) * w[p];
                float value = (float)sum * row * column;
                c[i * n + j] = accumulate || k0 > 0 ? c[i * n + j] + value : value;
            }
        }
    }
}

/* ------------------------------------------------------------------------------------------------------- tests --- */

static void equal_bits(const float *a, const float *b, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!(a[i] == b[i] || (isnan(a[i]) && isnan(b[i])))) fail_msg("element %zu: found %.9g, expected %.9g", i, a[i], b[i]);
}

/* C of this level, packed and multiplied all at once or some columns at a time. */
static void product(float *c, bool accumulate, const float *a, const float *b, bool bt, size_t m, size_t n, size_t k, bool parts) {
    void *packed = NULL;
    assert_int_equal(memory_new(&packed, gemm_packed_bytes(GEMM_INT8, n, k) + 1, 1, "test"), MASKE_OK);
    memset(packed, 0x55, gemm_packed_bytes(GEMM_INT8, n, k));
    if (!parts) gemm_pack(packed, GEMM_INT8, b, bt ? k : n, bt, n, k);
    for (size_t first = 0; parts && first < n; first += GEMM_PACK_COLUMNS)
        gemm_pack_columns(packed, GEMM_INT8, b, bt ? k : n, bt, n, k, first, GEMM_PACK_COLUMNS);
    if (!parts) gemm_packed(c, n, accumulate, a, k, false, packed, GEMM_INT8, m, n, k);
    for (size_t first = 0; parts && first < n; first += GEMM_PACK_COLUMNS)
        gemm_packed_columns(c, n, accumulate, a, k, false, packed, GEMM_INT8, m, n, k, first, GEMM_PACK_COLUMNS);
    free(packed);
}

/* What is in C before is that of matrix(m * n, 3). */
static void every_level_gives(const float *expected, bool accumulate, const float *a, const float *b, bool bt, size_t m, size_t n,
                              size_t k) {
    float *c = matrix(m * n, 3);
    for (int l = 0; l < LEVELS; l++) {
        cpu_allow(levels[l]);
        random_normal(c, m * n, 1.0f, 3, 0);
        product(c, accumulate, a, b, bt, m, n, k, l & 1);
        equal_bits(c, expected, m * n);
    }
    cpu_allow(~0u);
    free(c);
}

static void every_level_gives_the_bits_of_plain_c(void **state) {
    (void)state;
    for (size_t s = 0; s < sizeof cases / sizeof cases[0]; s++)
        for (int way = 0; way < 4; way++) {
            size_t m = cases[s].m, n = cases[s].n, k = cases[s].k;
            bool bt = way & 1, accumulate = way & 2;
            float *a = matrix(m * k, 1), *b = matrix(k * n, 2), *expected = matrix(m * n, 3);
            for (size_t i = 0; i < k && m > 2; i++) a[k + i] = fabsf(a[k + i]) + 3;      /* a row above 0 */
            for (size_t i = 0; i < k && m > 2; i++) a[2 * k + i] = -fabsf(a[2 * k + i]);  /* and one below */
            reference(expected, accumulate, a, b, bt, m, n, k);
            every_level_gives(expected, accumulate, a, b, bt, m, n, k);
            free(a); free(b); free(expected);
        }
}

/* Numbers as large as they get: bytes of 255 against weights of one sign, which would overflow 16 bits if the scale of a
 * column looked at its largest weight alone. */
static void sums_do_not_saturate(void **state) {
    (void)state;
    enum { M = 16, N = 64, K = 512 };
    float *a = matrix(M * K, 1), *b = matrix(K * N, 2), *expected = matrix(M * N, 3);
    for (size_t i = 0; i < M * K; i++) a[i] = i % 3 == 0 ? 0 : 1;
    for (size_t i = 0; i < K * N; i++) b[i] = i / K % 4 == 0 ? 1 : i / K % 4 == 1 ? -1 : i / K % 4 == 2 ? (i % 2 ? -1.0f : 1.0f) : b[i];
    reference(expected, false, a, b, true, M, N, K);
    every_level_gives(expected, false, a, b, true, M, N, K);
    free(a); free(b); free(expected);
}

static void it_is_near_the_float_product(void **state) {
    (void)state;
    enum { M = 30, N = 50, K = 768 };
    float *a = matrix(M * K, 1), *b = matrix(K * N, 2), *expected = matrix(M * N, 3), *c = matrix(M * N, 3);
    gemm(expected, N, false, a, K, false, b, K, true, GEMM_F32, M, N, K);
    product(c, false, a, b, true, M, N, K, false);
    double error = 0, size = 0;
    for (size_t i = 0; i < M * N; i++) {
        error += ((double)c[i] - expected[i]) * ((double)c[i] - expected[i]);
        size += (double)expected[i] * expected[i];
    }
    assert_true(sqrt(error / size) < 0.015);
    free(a); free(b); free(expected); free(c);
}

static void a_row_does_not_depend_on_its_block(void **state) {
    (void)state;
    enum { M = 150, N = 70, K = 300 };
    float *a = matrix(M * K, 1), *b = matrix(K * N, 2), *whole = matrix(M * N, 3), *part = matrix(M * N, 3);
    product(whole, false, a, b, true, M, N, K, false);
    for (size_t i = 0; i < M; i += 37) product(part + i * N, false, a + i * K, b, true, M - i < 37 ? M - i : 37, N, K, false);
    assert_memory_equal(whole, part, M * N * sizeof *whole);
    free(a); free(b); free(whole); free(part);
}

static void what_is_not_finite_shows_in_its_row_or_column_alone(void **state) {
    (void)state;
    enum { M = 5, N = 35, K = 70 };
    float *a = matrix(M * K, 1), *b = matrix(K * N, 2), *expected = matrix(M * N, 3);
    a[K + 3] = NAN;
    a[2 * K + 69] = -INFINITY;
    memset(a + 3 * K, 0, K * sizeof *a);
    for (size_t p = 0; p < K; p++) a[4 * K + p] = 1e-42f, b[34 * K + p] = 1e-42f;
    b[7 * K] = INFINITY;
    b[33 * K + 69] = NAN;
    reference(expected, false, a, b, true, M, N, K);
    for (size_t j = 0; j < N; j++)
        for (size_t i = 0; i < M; i++) {
            bool odd = i == 1 || i == 2 || j == 7 || j == 33;
            assert_true(odd ? isnan(expected[i * N + j]) : isfinite(expected[i * N + j]));
            assert_true(odd || (i < 3 && j < 34) || expected[i * N + j] == 0);
        }
    every_level_gives(expected, false, a, b, true, M, N, K);
    free(a); free(b); free(expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_level_gives_the_bits_of_plain_c),
        cmocka_unit_test(sums_do_not_saturate),
        cmocka_unit_test(it_is_near_the_float_product),
        cmocka_unit_test(a_row_does_not_depend_on_its_block),
        cmocka_unit_test(what_is_not_finite_shows_in_its_row_or_column_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
