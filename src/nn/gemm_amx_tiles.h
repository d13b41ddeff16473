/* nn/gemm_amx_tiles.h: the shape of AMX's tiles, for the kernels of both precisions.
 *
 * All eight are 16 rows of 64 bytes: sums of 16 x 16, factors of 32 bfloat16 or 64 bytes of k. Loading the configuration
 * clears the tiles and waits for all that goes on: once a product, not once a block. */
#ifndef MASKE_NN_GEMM_AMX_TILES_H
#define MASKE_NN_GEMM_AMX_TILES_H

#include <immintrin.h>
#include <stdint.h>

typedef struct tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t bytes_per_row[16];
    uint8_t rows[16];
} tile_config;

static inline void tiles_configure(void) {
    static const tile_config config = {
        .palette = 1,
        .bytes_per_row = {64, 64, 64, 64, 64, 64, 64, 64},
        .rows = {16, 16, 16, 16, 16, 16, 16, 16},
    };
    _tile_loadconfig(&config);
}

#endif
