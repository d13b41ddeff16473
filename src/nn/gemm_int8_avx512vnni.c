/* nn/gemm_int8_avx512vnni.c: the int8 kernel for AVX-512 with VNNI. */
#include "nn/gemm_int8_body.h"

const gemm_int8_kernel gemm_int8_avx512vnni = {pack_a, pack_b, block};
