/* nn/gemm_int8_pack.h: rounding to bytes, and sums back to floats, over vectors (nn/vector.h); included by each kernel's
 * file. Every level does the same operations in the same order, so that all give the same bytes and the same floats. */
#include "nn/gemm_int8.h"
#include "nn/vector.h"

#include <float.h>
#include <math.h>

typedef uint8_t narrow __attribute__((vector_size(LANES), may_alias));

/* The nearest integers, ties to even, of |x| < 2^22: added to this number a float has no room for a fraction. */
#define ROUNDING 12582912.0f
INLINE integers nearest(floats x) { return (integers)(x + floats_all(ROUNDING)) - (integers)floats_all(ROUNDING); }

/* Least and largest value (0 is always between them), and 0, or NaN where one is not finite. */
typedef struct range { float low, high, odd; } range;
INLINE range range_of(const float *x, size_t count) {
    floats low = floats_all(0), high = low, odd = low;
    EACH_VECTOR(i, n, count, {
        floats v = load(x + i, n);
        low = smaller(v, low);      /* the second where the first is NaN */
        high = larger(v, high);
        odd += v - v;
    });
    range r = {0};
    for (int l = 0; l < LANES; l++) {
        r.low = low[l] < r.low ? low[l] : r.low;
        r.high = high[l] > r.high ? high[l] : r.high;
        r.odd += odd[l];
    }
    return r;
}

/* How a row or column is rounded: a step, and what to multiply by. */
typedef struct steps { float scale, inverse; } steps;
INLINE steps steps_of(float scale, float odd) {
    if (!(odd == 0)) return (steps){NAN, 0};
    if (scale < FLT_MIN) return (steps){0, 0};
    return (steps){scale, 1.0f / scale};
}

static void pack_a(gemm_int8_rows *rows, const float *a, size_t lda, size_t count, size_t k, size_t depth) {
    for (size_t i = 0; i < count; i++, a += lda) {
        uint8_t *to = rows->values + i * depth;
        range r = range_of(a, k);
        steps s = steps_of(r.high / 255.0f - r.low / 255.0f, r.odd);
        int32_t zero = nearest(floats_all(-r.low * s.inverse))[0];
        floats inverse = floats_all(s.inverse), top = floats_all((float)(255 - zero));
        integers shift = (integers){0} + zero;
        EACH_VECTOR(p, n, k, {
            narrow bytes = __builtin_convertvector((words)(nearest(smaller(load(a + p, n) * inverse, top)) + shift), narrow);
            memcpy(to + p, &bytes, n);
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
    float most = r.high > -r.low ? r.high : -r.low, pair = largest_pair(weights, depth);
    steps s = steps_of((pair > most ? pair : most) / 127.0f, r.odd);
    integers sum = {0};
    for (size_t p = 0; p < depth; p += LANES) {
        integers w = nearest(load(weights + p, LANES) * s.inverse);
        narrow bytes = __builtin_convertvector((words)w, narrow);
        memcpy(to + p, &bytes, LANES);
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

/* n sums of one row from column j on, as floats to c. */
INLINE void put(float *c, bool accumulate, integers sum, const gemm_int8_rows *a, size_t row, const gemm_int8_scales *s,
                size_t j, size_t n) {
    integers exact = sum - *(const integers *)(s->sum + j) * ((integers){0} + a->zero[row]);
    floats value = __builtin_convertvector(exact, floats) * floats_all(a->scale[row]) * *(const floats *)(s->scale + j);
    if (accumulate) value = load(c, n) + value;
    store(c, value, n);
}
/* The same of sums in memory, [32]. */
INLINE void put_row(float *c, bool accumulate, const int32_t *sums, const gemm_int8_rows *a, size_t row,
                    const gemm_int8_scales *s, size_t columns) {
    EACH_VECTOR(j, n, columns, { put(c + j, accumulate, *(const integers *)(sums + j), a, row, s, j, n); });
}
