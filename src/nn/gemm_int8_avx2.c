/* nn/gemm_int8_avx2.c: the int8 kernel for AVX2. */
#include "nn/gemm_int8_body.h"

const gemm_int8_kernel gemm_int8_avx2 = {pack_a, pack_b, block};
