/* Every level's products against sums in double, over odd sizes, both transpositions, packed and unpacked. */
#include "base/cpu.h"
#include "base/memory.h"
#include "base/random.h"
#include "nn/gemm.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static const struct { size_t m, n, k; } cases[] = {
    {1, 1, 1}, {3, 5, 7}, {16, 32, 32}, {17, 33, 31}, {128, 64, 256}, {129, 65, 257}, {14, 96, 300}, {200, 31, 513}, {5, 200, 64}, {64, 128, 0},
};
static const char *const levels[] = {"plain", "plainbf16", "neon", "avx2", "avx512", "avx512bf16", "amx"};

static float *random_matrix(size_t count, uint64_t seed) {
    float *out = NULL;
    assert_int_equal(memory_new(&out, count + 1, sizeof *out, "test"), MASKE_OK);
    random_normal(out, count, 1.0f, seed, 0);
    return out;
}

static float as_bf16(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    bits = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000u;
    memcpy(&value, &bits, 4);
    return value;
}

/* What the product must be, and the size of the sum's terms, which bounds its rounding. */
static void reference(double *out, double *size, const float *a, bool at, const float *b, bool bt, gemm_precision precision, size_t m, size_t n, size_t k) {
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            double sum = 0, terms = 0;
            for (size_t p = 0; p < k; p++) {
                float x = at ? a[p * m + i] : a[i * k + p], y = bt ? b[j * k + p] : b[p * n + j];
                if (precision == GEMM_BF16) { x = as_bf16(x); y = as_bf16(y); }
                sum += (double)x * y;
                terms += fabs((double)x * y);
            }
            out[i * n + j] = sum;
            size[i * n + j] = terms;
        }
}

static void check(size_t m, size_t n, size_t k, bool at, bool bt, gemm_precision precision) {
    float *a = random_matrix(m * k, 1), *b = random_matrix(k * n, 2), *before = random_matrix(m * n, 3), *c = random_matrix(m * n, 3);
    double *expected = calloc(m * n, sizeof *expected), *size = calloc(m * n, sizeof *size);
    void *packed = NULL;
    assert_int_equal(memory_new(&packed, gemm_packed_bytes(precision, n, k), 1, "test"), MASKE_OK);
    gemm_pack(packed, precision, b, bt ? k : n, bt, n, k);
    reference(expected, size, a, at, b, bt, precision, m, n, k);
    for (int way = 0; way < 4; way++) {
        bool accumulate = way & 1;
        memcpy(c, before, m * n * sizeof *c);
        if (way & 2) gemm_packed(c, n, accumulate, a, at ? m : k, at, packed, precision, m, n, k);
        else gemm(c, n, accumulate, a, at ? m : k, at, b, bt ? k : n, bt, precision, m, n, k);
        for (size_t i = 0; i < m * n; i++) {
            double want = expected[i] + (accumulate ? before[i] : 0);
            assert_true(fabs(c[i] - want) <= 4e-7 * (size[i] + fabs(want)) + 1e-30);
        }
    }
    free(a); free(b); free(before); free(c); free(expected); free(size); free(packed);
}

static void every_level_gives_the_product(void **state) {
    (void)state;
    for (size_t l = 0; l < sizeof levels / sizeof levels[0]; l++) {
        unsigned flags;
        assert_true(cpu_level_flags(&flags, levels[l]));
        cpu_allow(flags);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
            for (int t = 0; t < 4; t++) {
                check(cases[i].m, cases[i].n, cases[i].k, t & 1, t & 2, GEMM_F32);
                if (gemm_has_bf16()) check(cases[i].m, cases[i].n, cases[i].k, t & 1, t & 2, GEMM_BF16);
            }
    }
    cpu_allow(~0u);
}

static void rounding_before_gives_the_same_numbers(void **state) {
    (void)state;
    for (size_t l = 0; l < sizeof levels / sizeof levels[0]; l++) {
        unsigned flags;
        assert_true(cpu_level_flags(&flags, levels[l]));
        cpu_allow(flags);
        for (size_t i = 0; i < 4 * (sizeof cases / sizeof cases[0]) && gemm_has_bf16(); i++) {
            size_t m = cases[i / 4].m, n = cases[i / 4].n, k = cases[i / 4].k, bytes = gemm_packed_bytes(GEMM_BF16, n, k);
            bool at = i & 1, bt = i & 2;
            float *a = random_matrix(m * k, 1), *b = random_matrix(k * n, 2), *want = random_matrix(m * n, 3), *got = random_matrix(m * n, 3);
            uint16_t *ra = calloc(m * k + 1, sizeof *ra), *rb = calloc(k * n + 1, sizeof *rb);
            void *packed = NULL, *again = NULL;
            assert_int_equal(memory_new(&packed, bytes, 1, "test") | memory_new(&again, bytes, 1, "test"), MASKE_OK);
            gemm_round(ra, at ? m : k, a, at ? m : k, at ? k : m, at ? m : k);
            gemm_round(rb, bt ? k : n, b, bt ? k : n, bt ? n : k, bt ? k : n);
            gemm_pack(packed, GEMM_BF16, b, bt ? k : n, bt, n, k);
            gemm_pack_rounded(again, rb, bt ? k : n, bt, n, k);
            assert_memory_equal(packed, again, bytes);
            gemm_packed(want, n, true, a, at ? m : k, at, packed, GEMM_BF16, m, n, k);
            gemm_packed_rounded(got, n, true, ra, at ? m : k, at, packed, m, n, k);
            assert_memory_equal(want, got, m * n * sizeof *want);
            free(a); free(b); free(want); free(got); free(ra); free(rb); free(packed); free(again);
        }
    }
    cpu_allow(~0u);
}

static void a_row_does_not_depend_on_its_block(void **state) {
    (void)state;
    enum { M = 150, N = 70, K = 300 };
    float *a = random_matrix(M * K, 1), *b = random_matrix(K * N, 2), *whole = random_matrix(M * N, 3), *part = random_matrix(M * N, 3);
    for (int precision = 0; precision < 2; precision++) {
        if (precision == GEMM_BF16 && !gemm_has_bf16()) continue;
        gemm(whole, N, false, a, K, false, b, N, false, (gemm_precision)precision, M, N, K);
        for (size_t i = 0; i < M; i += 37) {
            size_t rows = M - i < 37 ? M - i : 37;
            gemm(part + i * N, N, false, a + i * K, K, false, b, N, false, (gemm_precision)precision, rows, N, K);
        }
        assert_memory_equal(whole, part, M * N * sizeof *whole);
    }
    free(a); free(b); free(whole); free(part);
}

static void packing_in_parts_is_packing(void **state) {
    (void)state;
    enum { N = 200, K = 300 };
    float *b = random_matrix(K * N, 2);
    for (int precision = 0; precision < 2; precision++) {
        if (precision == GEMM_BF16 && !gemm_has_bf16()) continue;
        size_t bytes = gemm_packed_bytes((gemm_precision)precision, N, K);
        void *whole = NULL, *parts = NULL;
        assert_int_equal(memory_new(&whole, bytes, 1, "test") | memory_new(&parts, bytes, 1, "test"), MASKE_OK);
        gemm_pack(whole, (gemm_precision)precision, b, K, true, N, K);
        for (size_t first = 0; first < N; first += GEMM_PACK_COLUMNS)
            gemm_pack_columns(parts, (gemm_precision)precision, b, K, true, N, K, first, GEMM_PACK_COLUMNS);
        assert_memory_equal(whole, parts, bytes);
        free(whole); free(parts);
    }
    free(b);
}

static void columns_in_parts_are_the_product(void **state) {
    (void)state;
    enum { M = 19, N = 200, K = 300 };
    float *a = random_matrix(M * K, 1), *b = random_matrix(K * N, 2), *whole = random_matrix(M * N, 3), *parts = random_matrix(M * N, 3);
    for (int precision = 0; precision < 2; precision++) {
        if (precision == GEMM_BF16 && !gemm_has_bf16()) continue;
        void *packed = NULL;
        assert_int_equal(memory_new(&packed, gemm_packed_bytes((gemm_precision)precision, N, K), 1, "test"), MASKE_OK);
        gemm_pack(packed, (gemm_precision)precision, b, K, true, N, K);
        gemm_packed(whole, N, false, a, K, false, packed, (gemm_precision)precision, M, N, K);
        for (size_t first = 0; first < N; first += GEMM_PACK_COLUMNS)
            gemm_packed_columns(parts, N, false, a, K, false, packed, (gemm_precision)precision, M, N, K, first, GEMM_PACK_COLUMNS);
        assert_memory_equal(whole, parts, M * N * sizeof *whole);
        free(packed);
    }
    free(a); free(b); free(whole); free(parts);
}

/* The same of a rounded A that is read where it lies: more rows and columns than are gone through at a time, two blocks of k. */
static void rounded_columns_in_parts_are_the_product(void **state) {
    (void)state;
    enum { M = 270, N = 520, K = 544, PART = 192 };
    float *a = random_matrix(M * K, 1), *b = random_matrix(K * N, 2), *whole = random_matrix(M * N, 3), *got = random_matrix(M * N, 4);
    uint16_t *rounded = calloc(M * K, sizeof *rounded);
    for (size_t l = 0; l < sizeof levels / sizeof levels[0]; l++) {
        unsigned flags;
        assert_true(cpu_level_flags(&flags, levels[l]));
        cpu_allow(flags);
        if (!gemm_has_bf16()) continue;
        void *packed = NULL;
        assert_int_equal(memory_new(&packed, gemm_packed_bytes(GEMM_BF16, N, K), 1, "test"), MASKE_OK);
        gemm_pack(packed, GEMM_BF16, b, K, true, N, K);
        gemm_round(rounded, K, a, K, M, K);
        gemm_packed(whole, N, false, a, K, false, packed, GEMM_BF16, M, N, K);
        gemm_packed_rounded(got, N, false, rounded, K, false, packed, M, N, K);
        assert_memory_equal(got, whole, M * N * sizeof *got);
        for (size_t first = 0; first < N; first += PART) {
            size_t count = N - first < PART ? N - first : PART;
            for (int accumulate = 0; accumulate < 2; accumulate++) {
                for (size_t i = 0; i < M * count; i++) got[i] = 0;
                gemm_packed_rounded_columns(got, count, accumulate, rounded, K, false, packed, M, N, K, first, count);
                for (size_t i = 0; i < M; i++) assert_memory_equal(got + i * count, whole + i * N + first, count * sizeof *got);
            }
        }
        free(packed);
    }
    cpu_allow(~0u);
    free(a); free(b); free(whole); free(got); free(rounded);
}

/* Few rows of A go another way where B is not packed: the numbers must be those of many rows, and of a packed B. */
static void few_rows_give_the_numbers_of_many(void **state) {
    (void)state;
    static const struct { size_t n, k; } shapes[] = {{1, 1}, {83, 255}, {85, 257}, {100, 768}, {29, 1537}, {13, 3072}, {8, 3073}};
    enum { MOST = 70 };
    for (size_t l = 0; l < 4; l++) {
        unsigned flags;
        assert_true(cpu_level_flags(&flags, levels[l]));
        cpu_allow(flags);
        for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
            size_t n = shapes[s].n, k = shapes[s].k, stride = n + 3;
            float *a = random_matrix(MOST * (k + 2), 1), *b = random_matrix(n * (k + 5), 2), *want = random_matrix(MOST * stride, 3),
                  *got = random_matrix(MOST * stride, 3);
            void *packed = NULL;
            assert_int_equal(memory_new(&packed, gemm_packed_bytes(GEMM_F32, n, k), 1, "test"), MASKE_OK);
            gemm_pack(packed, GEMM_F32, b, k + 5, true, n, k);
            for (size_t m = 1; m <= MOST; m += m < 20 ? 1 : 7) {
                bool accumulate = m & 1;
                gemm_packed(want, stride, accumulate, a, k + 2, false, packed, GEMM_F32, m, n, k);
                gemm(got, stride, accumulate, a, k + 2, false, b, k + 5, true, GEMM_F32, m, n, k);
                assert_memory_equal(want, got, MOST * stride * sizeof *want);
            }
            free(a); free(b); free(want); free(got); free(packed);
        }
    }
    cpu_allow(~0u);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_level_gives_the_product),
        cmocka_unit_test(rounding_before_gives_the_same_numbers),
        cmocka_unit_test(a_row_does_not_depend_on_its_block),
        cmocka_unit_test(packing_in_parts_is_packing),
        cmocka_unit_test(few_rows_give_the_numbers_of_many),
        cmocka_unit_test(columns_in_parts_are_the_product),
        cmocka_unit_test(rounded_columns_in_parts_are_the_product),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
