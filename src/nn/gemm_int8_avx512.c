/* nn/gemm_int8_avx512.c: the int8 kernel for AVX-512 without VNNI. */
#include "nn/gemm_int8_body.h"

const gemm_int8_kernel gemm_int8_avx512 = {pack_a, pack_b, block};
