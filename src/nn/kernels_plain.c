/* nn/kernels_plain.c: the bodies for any CPU: 4 lanes. */
#define KERNELS kernels_plain
#include "nn/kernels_body.h"
