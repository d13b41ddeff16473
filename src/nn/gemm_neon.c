/* nn/gemm_neon.c: the float kernel for 64-bit ARM, whose every CPU has NEON with fused multiply-add. */
#include "nn/gemm_f32_body.h"

const gemm_kernel gemm_kernel_neon = {TILE_ROWS, TILE_COLUMNS, tile, straight, pack_a, pack_b};
