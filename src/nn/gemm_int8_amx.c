/* nn/gemm_int8_amx.c: the int8 kernel for AMX: four tiles of 16 x 16 sums, as nn/gemm_amx.c; 64 k a step. */
#include "nn/gemm_amx_tiles.h"
#include "nn/gemm_int8_pack.h"
#include "nn/gemm_kernel.h"

/* Sums of 32 rows and 32 columns into tiles 0..3, and from there to memory, [32 or 16, 32]. */
INLINE gemm_lines sums_of(int32_t *sums, const uint8_t *a, const int8_t *b, size_t depth, const bool two, gemm_lines ahead) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (size_t p = 0; p < depth; p += 64) {
        ahead = gemm_lines_ask(ahead);
        _tile_loadd(6, b + p * 32, 128);
        _tile_loadd(7, b + p * 32 + 64, 128);
        _tile_loadd(4, a + p, depth);
        _tile_dpbusd(0, 4, 6);
        _tile_dpbusd(1, 4, 7);
        if (two) {
            _tile_loadd(5, a + 16 * depth + p, depth);
            _tile_dpbusd(2, 5, 6);
            _tile_dpbusd(3, 5, 7);
        }
    }
    _tile_stored(0, sums, 128);
    _tile_stored(1, sums + 16, 128);
    if (!two) return ahead;
    _tile_stored(2, sums + 16 * 32, 128);
    _tile_stored(3, sums + 16 * 32 + 16, 128);
    return ahead;
}

static void multiply(float *c, size_t ldc, bool accumulate, const gemm_int8_rows *a, const int8_t *panel, const int8_t *next,
                     size_t count, size_t columns, size_t depth) {
    const gemm_int8_scales *scales = scales_of(panel, depth);
    _Alignas(64) int32_t sums[32 * 32];
    gemm_lines ahead = gemm_lines_start(next, gemm_int8_panel_bytes(depth), (count + 31) / 32 * (depth / 64));
    for (size_t i = 0; i < count; i += 32) {
        size_t here = count - i < 32 ? count - i : 32;
        if (here > 16) ahead = sums_of(sums, a->values + i * depth, panel, depth, true, ahead);
        else ahead = sums_of(sums, a->values + i * depth, panel, depth, false, ahead);
        for (size_t r = 0; r < here; r++)
            put_row(c + (i + r) * ldc, accumulate, sums + r * 32, row_steps_of(a, i + r), scales, columns);
    }
}

static void block(float *c, size_t ldc, bool accumulate, const gemm_int8_rows *a, const int8_t *panel, size_t count,
                  size_t columns, size_t depth) {
    tiles_configure();
    EACH_PANEL(panel, next, j, n, columns, depth, {
        multiply(c + j, ldc, accumulate, a, panel, next, count, n, depth);
    });
    _tile_release();
}

const gemm_int8_kernel gemm_int8_amx = {pack_a, pack_b, block};
