/* nn/gemm_int8.h: int8 products behind nn/gemm.h: what a CPU level supplies, and the numbers that all levels share.
 *
 *   row i of A       a = (q - zero_i) * scale_i       q in 0..255, from the row's least and largest value, made on the fly
 *   column j of B    b = w * scale_j                  w in -127..127, packed once
 *   C                (sum of q w - zero_i * (sum of w)) * scale_i * scale_j
 *
 * The sum of q w is exact on every level, so that all give the same bits. AVX2 without VNNI adds q w of k and k + 1 (k
 * even) in 16 bits: a column's scale is chosen so that two weights of one sign there come to 128 at most, which is
 * 255 * 128 < 2^15. For most columns this makes the steps of the weights a third coarser; one product in 16 bits instead
 * of two in 32 makes AVX2 twice as fast as in float.
 *
 * A NaN or an infinity makes its row or its column of C NaN. A row or column whose steps would be below the smallest
 * normal float is 0. */
#ifndef MASKE_NN_GEMM_INT8_H
#define MASKE_NN_GEMM_INT8_H

#include "nn/gemm.h"

enum {
    GEMM_INT8_DEPTH   = 512,        /* k of one block at most, with scales of its own: an outlier costs its block alone */
    GEMM_INT8_NARROW  = 256,        /* the same where k is up to ... */
    GEMM_INT8_HIDDEN  = 1024,       /* ... this: a hidden state has outliers, what GELU gives has none that matter */
    GEMM_INT8_STEP    = 64,         /* a block's k is filled up to a multiple of this: what AMX takes at once */
    GEMM_INT8_ROWS    = 64,         /* m of one block */
    GEMM_INT8_COLUMNS = 32          /* n of a panel */
};

/* k of one block of a product: as even as can be. Of MiniLM-L6's 384 two blocks instead of one take the least cosine of 3,000
 * sentences from 0.9965 to 0.9978; smaller blocks of its 1,536 change nothing. */
static inline size_t gemm_int8_depth(size_t k) {
    size_t blocks = (k + GEMM_INT8_NARROW - 1) / GEMM_INT8_NARROW;
    if (k > GEMM_INT8_HIDDEN || blocks < 2) return GEMM_INT8_DEPTH;
    return ((k + blocks - 1) / blocks + GEMM_INT8_STEP - 1) / GEMM_INT8_STEP * GEMM_INT8_STEP;
}

/* Rows of A: values[rows, up to a multiple of 16][depth]; what is behind k is 0. */
typedef struct gemm_int8_rows {
    _Alignas(64) uint8_t values[GEMM_INT8_ROWS * GEMM_INT8_DEPTH];
    float scale[GEMM_INT8_ROWS];
    int32_t zero[GEMM_INT8_ROWS];
} gemm_int8_rows;

/* A panel of B: depth * 32 weights [depth / 4][32][4], then this. What is behind k, and missing columns, are 0. */
typedef struct gemm_int8_scales { float scale[GEMM_INT8_COLUMNS]; int32_t sum[GEMM_INT8_COLUMNS]; } gemm_int8_scales;

static inline size_t gemm_int8_panel_bytes(size_t depth) { return depth * GEMM_INT8_COLUMNS + sizeof(gemm_int8_scales); }

typedef struct gemm_int8_kernel {
    void (*pack_a)(gemm_int8_rows *rows, const float *a, size_t lda, size_t count, size_t k, size_t depth);
    /* One panel of op(B) [k, columns]. */
    void (*pack_b)(int8_t *panel, const float *b, size_t ldb, bool transposed, size_t columns, size_t k, size_t depth);
    /* c[count, columns] (+)= A * B, from this panel on. */
    void (*block)(float *c, size_t ldc, bool accumulate, const gemm_int8_rows *a, const int8_t *panel, size_t count,
                  size_t columns, size_t depth);
} gemm_int8_kernel;

extern const gemm_int8_kernel gemm_int8_plain, gemm_int8_avx2, gemm_int8_avxvnni, gemm_int8_avx512, gemm_int8_avx512vnni,
    gemm_int8_amx;

/* What gemm.c hands on: as gemm_packed_bytes, gemm_pack_columns, gemm_packed_columns. */
size_t gemm_int8_packed_bytes(size_t n, size_t k);
void gemm_int8_pack_columns(void *packed, const float *b, size_t ldb, bool b_transposed, size_t n, size_t k, size_t first,
                            size_t count);
void gemm_int8_packed(float *c, size_t ldc, bool accumulate, const float *a, size_t lda, const void *packed, size_t m,
                      size_t n, size_t k, size_t first, size_t columns);

#endif
