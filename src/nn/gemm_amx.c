/* nn/gemm_amx.c: the bfloat16 kernel for AMX: four tiles of 16 x 16 sums, fed by two tiles of A and two of B.
 *
 * A tile multiplication takes 16 cycles and needs one tile load at this blocking, which the first level cache just
 * supplies; with one tile of sums it would need two. */
#include "nn/gemm_bf16_pack.h"

typedef struct tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t bytes_per_row[16];
    uint8_t rows[16];
} tile_config;

/* All eight tiles are 16 rows of 64 bytes. Loading the configuration clears the tiles and costs some tens of cycles:
 * once a block, not once a tile. */
static void configure(void) {
    static const tile_config config = {
        .palette = 1,
        .bytes_per_row = {64, 64, 64, 64, 64, 64, 64, 64},
        .rows = {16, 16, 16, 16, 16, 16, 16, 16},
    };
    _tile_loadconfig(&config);
}

/* Sums of 32 rows and 32 columns into tiles 0..3; tiles 2 and 3 stay as they are with one row tile. */
static inline __attribute__((always_inline)) void multiply(const uint16_t *a, const uint16_t *b, size_t depth, const bool two) {
    size_t stride = depth * sizeof *a;
    for (size_t p = 0; p < depth; p += 32) {
        _tile_loadd(6, b + p * 32, 128);
        _tile_loadd(7, b + p * 32 + 32, 128);
        _tile_loadd(4, a + p, stride);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        if (two) {
            _tile_loadd(5, a + 16 * depth + p, stride);
            _tile_dpbf16ps(2, 5, 6);
            _tile_dpbf16ps(3, 5, 7);
        }
    }
}

/* The sums through memory, for edges: c[rows, columns] (+)= sums[.., 32]. */
static void add_edge(float *c, size_t ldc, bool accumulate, const float *sums, size_t rows, size_t columns) {
    __mmask16 left = column_mask(columns), right = columns > 16 ? column_mask(columns - 16) : 0;
    for (size_t i = 0; i < rows; i++, c += ldc, sums += 32) {
        __m512 low = _mm512_load_ps(sums), high = _mm512_load_ps(sums + 16);
        if (accumulate) {
            low = _mm512_add_ps(low, _mm512_maskz_loadu_ps(left, c));
            high = _mm512_add_ps(high, _mm512_maskz_loadu_ps(right, c + 16));
        }
        _mm512_mask_storeu_ps(c, left, low);
        _mm512_mask_storeu_ps(c + 16, right, high);
    }
}

static void block(float *c, size_t ldc, bool accumulate, const uint16_t *a, bool a_transposed, const uint16_t *b,
                  size_t rows, size_t columns, size_t depth) {
    (void)a_transposed;         /* tiles of A are rows of k, however it lay in memory */
    configure();
    _Alignas(64) float edge[32 * 32];
    for (size_t i = 0; i < rows; i += 32) {
        size_t here = rows - i < 32 ? rows - i : 32;
        bool two = here > 16, whole = here == 32 && columns == 32;
        float *target = c + i * ldc;
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
        if (two) multiply(a + i * depth, b, depth, true);
        else multiply(a + i * depth, b, depth, false);
        /* With accumulate C is added after the sums, as at the other levels: the order of k's blocks is the same. */
        if (whole && !accumulate) {
            _tile_stored(0, target, ldc * sizeof(float));
            _tile_stored(1, target + 16, ldc * sizeof(float));
            _tile_stored(2, target + 16 * ldc, ldc * sizeof(float));
            _tile_stored(3, target + 16 * ldc + 16, ldc * sizeof(float));
            continue;
        }
        _tile_stored(0, edge, 128);
        _tile_stored(1, edge + 16, 128);
        _tile_stored(2, edge + 16 * 32, 128);
        _tile_stored(3, edge + 16 * 32 + 16, 128);
        add_edge(target, ldc, accumulate, edge, here, columns);
    }
    _tile_release();
}

/* packed[rows, up to a multiple of 16][depth]; what is missing is 0. Of a transposed A 16 rows of memory are read along
 * all columns before the next 16 (nn/gemm_pack.h says why). */
static void pack_a(uint16_t *packed, const float *a, size_t lda, bool transposed, size_t rows, size_t k, size_t depth) {
    size_t padded = (rows + 15) / 16 * 16;
    if (!transposed) {
        pack_rows_bf16(packed, a, lda, rows, k, depth);
        memset(packed + rows * depth, 0, (padded - rows) * depth * sizeof *packed);
        return;
    }
    for (size_t p = 0; p < depth; p += 32)
        for (size_t i0 = 0; i0 < rows; i0 += 16) {
            __mmask16 columns = column_mask(rows - i0);
            __m512 r[16];       /* of pairs: two k of a row are one number to transpose */
            for (size_t q = 0; q < 16; q++) {
                const float *from = a + (p + 2 * q) * lda + i0;
                __m512 low = p + 2 * q < k ? _mm512_maskz_loadu_ps(columns, from) : _mm512_setzero_ps();
                __m512 high = p + 2 * q + 1 < k ? _mm512_maskz_loadu_ps(columns, from + lda) : _mm512_setzero_ps();
                r[q] = _mm512_castsi512_ps(pair_bf16(low, high));
            }
            transpose_16(r);
            for (size_t i = 0; i < 16; i++) _mm512_storeu_ps(packed + (i0 + i) * depth + p, r[i]);
        }
}

const gemm_bf16_kernel gemm_kernel_amx = {32, block, pack_a, pack_b_bf16};
