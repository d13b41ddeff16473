/* nn/kernels_avx512.c: the bodies for AVX-512: 16 lanes. */
#define KERNELS kernels_avx512
#include "nn/kernels_body.h"
