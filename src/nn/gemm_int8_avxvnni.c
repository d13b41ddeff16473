/* nn/gemm_int8_avxvnni.c: the int8 kernel for AVX2 with VNNI. */
#include "nn/gemm_int8_body.h"

const gemm_int8_kernel gemm_int8_avxvnni = {pack_a, pack_b, block};
