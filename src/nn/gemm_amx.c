/* nn/gemm_amx.c: the bfloat16 kernel for AMX: four tiles of 16 x 16 sums, fed by two tiles of A and two of B.
 *
 * A tile multiplication takes 16 cycles and needs one tile load at this blocking; with one tile of sums it would need two.
 * The second level cache supplies two thirds of that. So a panel of B, which all rows of A are multiplied by, has to stay in
 * the first level, and A has to pass it by: it is loaded as data that is not needed again (TILELOADDT1), from tiles of its
 * own, one behind another. Measured on Emerald Rapids: of rows where they lie 1,000 to 1,100 GFLOP/s a core, of tiles 1,100 to
 * 1,200, of tiles that pass by 1,250 to 1,450; loads that pass by of rows where they lie gain nothing. */
#include "nn/gemm_amx_tiles.h"
#include "nn/gemm_bf16_pack.h"

/* Rows of 32 sums that will be added to next; each step of the multiplication before asks for some. They lie a row of C
 * apart, which no prefetcher of the CPU's follows. */
typedef struct coming_sums { const float *at; size_t ldc, rows, share; } coming_sums;

static inline coming_sums coming_sums_ask(coming_sums s) {
    for (size_t i = 0; i < s.share && s.rows > 0; i++, s.rows--, s.at += s.ldc) {
        __builtin_prefetch(s.at, 1, 3);
        __builtin_prefetch(s.at + 16, 1, 3);
    }
    return s;
}
/* Behind rows i.. of a block of `rows`: those below, or behind the last of them the first of the next 32 columns. */
static inline coming_sums coming_sums_start(const float *c, size_t ldc, size_t i, size_t rows, size_t steps) {
    bool below = i + 32 < rows;
    size_t left = below ? rows - i - 32 : rows, count = left < 32 ? left : 32;
    return (coming_sums){below ? c + (i + 32) * ldc : c + 32, ldc, count, (count + steps - 1) / steps};
}

static void release(void) { _tile_release(); }

/* Elements of a tile, a factor. */
enum { TILE = 16 * 32 };

/* Sums of 32 rows and 32 columns into tiles 0..3; tiles 2 and 3 stay as they are with one row tile. Asks on its way for a
 * share of the next panel and for the sums that come next. */
static inline __attribute__((always_inline)) gemm_lines multiply(const uint16_t *a, const uint16_t *b, size_t depth, const bool two,
                                                                 gemm_lines ahead, coming_sums coming) {
    for (size_t p = 0; p < depth; p += 32, a += two ? 2 * TILE : TILE) {
        ahead = gemm_lines_ask(ahead);
        coming = coming_sums_ask(coming);
        _tile_loadd(6, b + p * 32, 128);
        _tile_loadd(7, b + p * 32 + 32, 128);
        _tile_stream_loadd(4, a, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        if (two) {
            _tile_stream_loadd(5, a + TILE, 64);
            _tile_dpbf16ps(2, 5, 6);
            _tile_dpbf16ps(3, 5, 7);
        }
    }
    return ahead;
}

/* The sums of an edge lie in memory of their own, [32][32]. */
static void read_edge(float *sums, const float *c, size_t ldc, size_t rows, size_t columns) {
    __mmask16 left = column_mask(columns), right = columns > 16 ? column_mask(columns - 16) : 0;
    for (size_t i = 0; i < rows; i++, c += ldc, sums += 32) {
        _mm512_store_ps(sums, _mm512_maskz_loadu_ps(left, c));
        _mm512_store_ps(sums + 16, _mm512_maskz_loadu_ps(right, c + 16));
    }
}
static void write_edge(float *c, size_t ldc, const float *sums, size_t rows, size_t columns) {
    __mmask16 left = column_mask(columns), right = columns > 16 ? column_mask(columns - 16) : 0;
    for (size_t i = 0; i < rows; i++, c += ldc, sums += 32) {
        _mm512_mask_storeu_ps(c, left, _mm512_load_ps(sums));
        _mm512_mask_storeu_ps(c + 16, right, _mm512_load_ps(sums + 16));
    }
}

static void sums_load(const float *c, size_t ldc) {
    _tile_loadd(0, c, ldc * sizeof(float));
    _tile_loadd(1, c + 16, ldc * sizeof(float));
    _tile_loadd(2, c + 16 * ldc, ldc * sizeof(float));
    _tile_loadd(3, c + 16 * ldc + 16, ldc * sizeof(float));
}
static void sums_store(float *c, size_t ldc) {
    _tile_stored(0, c, ldc * sizeof(float));
    _tile_stored(1, c + 16, ldc * sizeof(float));
    _tile_stored(2, c + 16 * ldc, ldc * sizeof(float));
    _tile_stored(3, c + 16 * ldc + 16, ldc * sizeof(float));
}
static void sums_clear(void) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
}

/* Sums of a whole 32 by 32 begin with what C has; so do those at an edge, which go through memory. */
static void block(float *c, size_t ldc, bool accumulate, const uint16_t *a, size_t a_stride, bool a_transposed,
                  const uint16_t *b, const uint16_t *next, size_t rows, size_t columns, size_t depth) {
    (void)a_stride;
    (void)a_transposed;         /* tiles of A are the same, however it lay in memory */
    _Alignas(64) float edge[32 * 32];
    gemm_lines ahead = gemm_lines_start(next, depth * 32 * sizeof *next, (rows + 31) / 32 * (depth / 32));
    for (size_t i = 0; i < rows; i += 32) {
        size_t here = rows - i < 32 ? rows - i : 32;
        bool two = here > 16, whole = here == 32 && columns == 32;
        float *target = c + i * ldc, *sums = whole ? target : edge;
        size_t sums_row = whole ? ldc : 32;
        if (accumulate && !whole) read_edge(edge, target, ldc, here, columns);
        if (accumulate) sums_load(sums, sums_row);
        else sums_clear();
        coming_sums coming = {0};
        if (accumulate) coming = coming_sums_start(c, ldc, i, rows, depth / 32);
        if (two) ahead = multiply(a + i * depth, b, depth, true, ahead, coming);
        else ahead = multiply(a + i * depth, b, depth, false, ahead, coming);
        sums_store(sums, sums_row);
        if (!whole) write_edge(target, ldc, edge, here, columns);
    }
}

/* Packed A: 32 rows behind 32 rows, each [depth / 32][2][16][32]: the two tiles of a step side by side; one tile where no more
 * than 16 rows are left. Where the tile of row i, a multiple of 16, and of p, one of 32, begins. */
static inline uint16_t *tile_at(uint16_t *packed, size_t rows, size_t i, size_t p, size_t depth) {
    size_t first = i / 32 * 32, tiles = rows - first > 16 ? 2 : 1;
    return packed + first * depth + p / 32 * tiles * TILE + (i - first) / 16 * TILE;
}
static inline void pack_straight(uint16_t *packed, gemm_source a, size_t rows, size_t k, size_t depth) {
    enum { TOGETHER = 128 };    /* k: of each row some lines on end */
    for (size_t i0 = 0; i0 < rows; i0 += 16)
        for (size_t p0 = 0; p0 < depth; p0 += TOGETHER)
            for (size_t i = i0; i < i0 + 16; i++)
                for (size_t p = p0; p < depth && p < p0 + TOGETHER; p += 32) {
                    uint16_t *to = tile_at(packed, rows, i0, p, depth) + (i - i0) * 32;
                    if (i >= rows || p >= k) _mm512_storeu_si512(to, _mm512_setzero_si512());
                    else if (p + 32 <= k) _mm512_storeu_si512(to, row_bf16(a, i * a.stride + p, 32));
                    else _mm512_storeu_si512(to, row_bf16(a, i * a.stride + p, k - p));
                }
}
/* 16 rows of memory are read along all columns before the next 16 (nn/gemm_pack.h says why). */
static inline void pack_transposed(uint16_t *packed, gemm_source a, size_t rows, size_t k, size_t depth) {
    for (size_t p = 0; p < depth; p += 32)
        for (size_t i0 = 0; i0 < rows; i0 += 16) {
            __m512 r[16];       /* of pairs: two k of a row are one number to transpose */
            for (size_t q = 0; q < 16; q++)
                r[q] = _mm512_castsi512_ps(pair_at(a, p + 2 * q, k, i0, column_mask(rows - i0)));
            transpose_16(r);
            uint16_t *to = tile_at(packed, rows, i0, p, depth);
            for (size_t i = 0; i < 16; i++) _mm512_storeu_ps(to + i * 32, r[i]);
        }
}
static inline void pack_a_of(uint16_t *packed, gemm_source a, bool transposed, size_t rows, size_t k, size_t depth) {
    if (transposed) pack_transposed(packed, a, rows, k, depth);
    else pack_straight(packed, a, rows, k, depth);
}
static void pack_a(uint16_t *packed, gemm_source a, bool transposed, size_t rows, size_t k, size_t depth) {
    if (a.rounded) pack_a_of(packed, (gemm_source){a.at, true, a.stride}, transposed, rows, k, depth);
    else pack_a_of(packed, (gemm_source){a.at, false, a.stride}, transposed, rows, k, depth);
}

const gemm_bf16_kernel gemm_kernel_amx = {32, GEMM_BF16_ROWS, false, 2 * GEMM_SUMS, block, pack_a, pack_b_bf16, round_row_bf16, tiles_configure, release};
