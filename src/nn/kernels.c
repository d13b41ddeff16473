/* nn/kernels.c */
#include "nn/kernels.h"
#include "base/cpu.h"

const kernels *kernels_of_cpu(void) {
#ifdef MASKE_X86
    unsigned flags = cpu_flags();
    if (flags & CPU_AVX512BF16) return &kernels_avx512bf16;
    if (flags & CPU_AVX512) return &kernels_avx512;
    if (flags & CPU_AVX2) return &kernels_avx2;
#endif
    return &kernels_plain;
}
