/* nn/gemm_int8_pack.h: rounding to bytes, and sums back to floats, over vectors (nn/vector.h); included by each kernel's
 * file. Every level does the same operations in the same order, so that all give the same bytes and the same floats. */
#include "nn/gemm_int8.h"
#include "nn/vector.h"

#include <float.h>
#include <math.h>

/* n integers as bytes; they are in a byte's range, signed or not. */
INLINE void store_bytes(void *to, integers x, size_t n) {
#if defined(__AVX512F__)
    __m128i bytes = _mm512_cvtepi32_epi8((__m512i)x);
#elif defined(__AVX2__)
    const __m256i first = _mm256_set1_epi32(0x0C080400);      /* of each lane's four, to its first four bytes */
    __m256i fours = _mm256_shuffle_epi8((__m256i)x, first);
    __m128i bytes = _mm_unpacklo_epi32(_mm256_castsi256_si128(fours), _mm256_extracti128_si256(fours, 1));
#else
    uint8_t bytes[LANES];
    for (int l = 0; l < LANES; l++) bytes[l] = (uint8_t)x[l];
#endif
    memcpy(to, &bytes, n);
}

/* The nearest integers, ties to even, of |x| < 2^22: added to this number a float has no room for a fraction. */
#define ROUNDING 12582912.0f
INLINE integers nearest(floats x) { return (integers)(x + floats_all(ROUNDING)) - (integers)floats_all(ROUNDING); }

/* Least and largest value (0 is always between them), and whether all are finite. Groups, so that no operation waits for
 * the one before. */
typedef struct range { float low, high; bool finite; } range;
INLINE range range_of(const float *x, size_t count) {
    floats low[VECTORS], high[VECTORS], odd[VECTORS];
    group_clear(low, 0);
    group_clear(high, 0);
    group_clear(odd, 0);
    EACH_GROUP(g, size, count, {
        EACH_PART(v, i, n, size, {
            floats value = load(x + g + i, n);
            low[v] = smaller(value, low[v]);        /* the second where the first is NaN */
            high[v] = larger(value, high[v]);
            odd[v] += value - value;
        });
    });
    for (int v = 1; v < VECTORS; v++) {
        low[0] = smaller(low[v], low[0]);
        odd[0] += odd[v];
    }
    return (range){-largest_of(-low[0]), group_largest(high), lanes_count(equal(odd[0], floats_all(0))) == LANES};
}

/* How a row or column is rounded: a step, and what to multiply by. */
typedef struct steps { float scale, inverse; } steps;
INLINE steps steps_of(float scale, bool finite) {
    if (!finite) return (steps){NAN, 0};
    if (scale < FLT_MIN) return (steps){0, 0};
    return (steps){scale, 1.0f / scale};
}

static void pack_a(gemm_int8_rows *rows, const float *a, size_t lda, size_t count, size_t k, size_t depth) {
    for (size_t i = 0; i < count; i++, a += lda) {
        uint8_t *to = rows->values + i * depth;
        range r = range_of(a, k);
        steps s = steps_of(r.high / 255.0f - r.low / 255.0f, r.finite);
        int32_t zero = r.finite ? (int32_t)nearbyintf(-r.low * s.inverse) : 0;     /* else all is NaN by the scale */
        floats inverse = floats_all(s.inverse), top = floats_all((float)(255 - zero));
        integers shift = (integers){0} + zero;
        EACH_VECTOR(p, n, k, {
            store_bytes(to + p, nearest(smaller(load(a + p, n) * inverse, top)) + shift, n);
        });
        memset(to + k, 0, depth - k);
        rows->scale[i] = s.scale;
        rows->zero[i] = zero;
    }
    memset(rows->values + count * depth, 0, (16 - count % 16) % 16 * depth);
}

/* The largest |x + next| of x at even places: two weights of one sign there are added in 16 bits. */
INLINE float largest_pair(const float *x, size_t depth) {
    integers even;
    for (int l = 0; l < LANES; l++) even[l] = l % 2 == 0 ? INT32_MAX : 0;       /* the sign is dropped with them */
    floats most = floats_all(0);
    for (size_t i = 0; i < depth; i += LANES)
        most = larger((floats)((integers)(load(x + i, LANES) + load(x + i + 1, LANES)) & even), most);
    return largest_of(most);
}

/* One column's weights [depth] (one more is read), rounded; their sum. */
INLINE int32_t round_column(int8_t *to, float *scale, const float *weights, size_t depth) {
    range r = range_of(weights, depth);
    if (!r.finite) {                            /* all is NaN by the scale; what NaN rounds to is no number to add up */
        memset(to, 0, depth);
        *scale = NAN;
        return 0;
    }
    float most = r.high > -r.low ? r.high : -r.low, pair = largest_pair(weights, depth);
    steps s = steps_of((pair > most ? pair : most) / 127.0f, true);
    integers sum = {0};
    for (size_t p = 0; p < depth; p += LANES) {
        integers w = nearest(load(weights + p, LANES) * s.inverse);
        store_bytes(to + p, w, LANES);
        sum += w;
    }
    int32_t total = 0;
    for (int l = 0; l < LANES; l++) total += sum[l];
    *scale = s.scale;
    return total;
}

static void pack_b(int8_t *panel, const float *b, size_t ldb, bool transposed, size_t columns, size_t k, size_t depth) {
    _Alignas(64) float weights[GEMM_INT8_DEPTH + LANES];
    int8_t column[GEMM_INT8_DEPTH];
    gemm_int8_scales scales = {0};
    memset(weights + k, 0, (depth + LANES - k) * sizeof *weights);
    if (columns < GEMM_INT8_COLUMNS) memset(panel, 0, depth * GEMM_INT8_COLUMNS);
    for (size_t j = 0; j < columns; j++) {
        if (transposed) memcpy(weights, b + j * ldb, k * sizeof *weights);
        else
            for (size_t p = 0; p < k; p++) weights[p] = b[p * ldb + j];
        scales.sum[j] = round_column(column, &scales.scale[j], weights, depth);
        for (size_t p = 0; p < depth; p += 4) memcpy(panel + p * GEMM_INT8_COLUMNS + j * 4, column + p, 4);
    }
    memcpy(panel + depth * GEMM_INT8_COLUMNS, &scales, sizeof scales);
}

INLINE const gemm_int8_scales *scales_of(const int8_t *panel, size_t depth) {
    return (const gemm_int8_scales *)(const void *)(panel + depth * GEMM_INT8_COLUMNS);
}

/* What turns a row's sums into floats. */
typedef struct row_steps { integers zero; floats scale; } row_steps;
INLINE row_steps row_steps_of(const gemm_int8_rows *a, size_t row) {
    return (row_steps){(integers){0} + a->zero[row], floats_all(a->scale[row])};
}
/* n sums of one row from column j of the panel on, as floats to c. */
INLINE void put(float *c, bool accumulate, integers sum, row_steps row, const gemm_int8_scales *s, size_t j, size_t n) {
    integers exact = sum - *(const integers *)(s->sum + j) * row.zero;
    floats value = __builtin_convertvector(exact, floats) * row.scale * *(const floats *)(s->scale + j);
    if (accumulate) value = load(c, n) + value;
    store(c, value, n);
}
/* All sums of one row, [32]. */
INLINE void put_row(float *c, bool accumulate, const int32_t *sums, row_steps row, const gemm_int8_scales *s,
                    size_t columns) {
    EACH_GROUP(g, size, columns, {
        EACH_PART(v, j, n, size, { put(c + g + j, accumulate, *(const integers *)(sums + g + j), row, s, g + j, n); });
    });
}

/* The block's frame: the body for each panel with its columns j..j+n-1 of c; next: the panel behind it, NULL: none. */
#define EACH_PANEL(panel, next, j, n, columns, depth, ...)                                      \
    for (size_t j = 0; j < (columns); j += GEMM_INT8_COLUMNS) {                                 \
        const size_t n = (columns) - j < GEMM_INT8_COLUMNS ? (columns) - j : GEMM_INT8_COLUMNS; \
        const size_t bytes_ = gemm_int8_panel_bytes(depth);                                     \
        const int8_t *next = j + n < (columns) ? (panel) + bytes_ : NULL;                       \
        __VA_ARGS__                                                                             \
        (panel) += bytes_;                                                                      \
    }
