/* nn/kernels_avx512bf16.c: the bodies for AVX-512 where it has BF16, which rounds to bfloat16 in one instruction. */
#define KERNELS kernels_avx512bf16
#include "nn/kernels_body.h"
