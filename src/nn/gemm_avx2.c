/* nn/gemm_avx2.c: the float kernel for AVX2 with FMA. */
#include "nn/gemm_f32_body.h"

const gemm_kernel gemm_kernel_avx2 = {TILE_ROWS, TILE_COLUMNS, tile, straight, pack_a, pack_b};
