/* nn/kernels_avx2.c: the bodies for AVX2 with FMA: 8 lanes. */
#define KERNELS kernels_avx2
#include "nn/kernels_body.h"
