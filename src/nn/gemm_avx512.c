/* nn/gemm_avx512.c: the float kernel for AVX-512. */
#include "nn/gemm_f32_body.h"

const gemm_kernel gemm_kernel_avx512 = {TILE_ROWS, TILE_COLUMNS, tile, straight, pack_a, pack_b};
