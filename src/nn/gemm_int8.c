/* nn/gemm_int8.c: cuts an int8 product into blocks and hands them to the CPU's kernel.
 *
 *   for each block of gemm_int8_depth of k       (sums go into C block after block)
 *     for each block of rows of A                measured and rounded to bytes
 *       for each panel of columns of B           (the kernel's loop) exact sums over k, then floats */
#include "nn/gemm_int8.h"
#include "base/memory.h"
#include "base/cpu.h"

static const gemm_int8_kernel *choose_kernel(void) {
#ifdef MASKE_X86
    unsigned flags = cpu_flags();
    if (flags & CPU_AMX) return &gemm_int8_amx;
    if (flags & CPU_AVX512VNNI) return &gemm_int8_avx512vnni;
    if (flags & CPU_AVX512) return &gemm_int8_avx512;
    if (flags & CPU_AVXVNNI) return &gemm_int8_avxvnni;
    if (flags & CPU_AVX2) return &gemm_int8_avx2;
#endif
    return &gemm_int8_plain;
}


/* The bytes of all panels of one block of k. */
static size_t block_bytes(size_t n, size_t depth) {
    return round_up(n, GEMM_PACK_COLUMNS) / GEMM_INT8_COLUMNS * gemm_int8_panel_bytes(depth);
}
static size_t filled(size_t k) { return round_up(k, GEMM_INT8_STEP); }

size_t gemm_int8_packed_bytes(size_t n, size_t k) {
    size_t depth = gemm_int8_depth(k);
    return k / depth * block_bytes(n, depth) + (k % depth > 0 ? block_bytes(n, filled(k % depth)) : 0);
}

void gemm_int8_pack_columns(void *packed, const float *b, size_t ldb, bool b_transposed, size_t n, size_t k, size_t first,
                            size_t count) {
    const gemm_int8_kernel *kernel = choose_kernel();
    int8_t *block = packed;
    size_t end = smaller(first + count, n), most = gemm_int8_depth(k);
    for (size_t k0 = 0; k0 < k; k0 += most) {
        size_t here = smaller(most, k - k0), depth = filled(here);
        for (size_t j = first; j < end; j += GEMM_INT8_COLUMNS)
            kernel->pack_b(block + j / GEMM_INT8_COLUMNS * gemm_int8_panel_bytes(depth), b_transposed ? b + j * ldb + k0 : b + k0 * ldb + j,
                           ldb, b_transposed, smaller(GEMM_INT8_COLUMNS, end - j), here, depth);
        block += block_bytes(n, depth);
    }
}

void gemm_int8_packed(float *c, size_t ldc, bool accumulate, const float *a, size_t lda, const void *packed, size_t m,
                      size_t n, size_t k, size_t first, size_t columns) {
    const gemm_int8_kernel *kernel = choose_kernel();
    const int8_t *block = packed;
    gemm_int8_rows rows;
    const size_t most = gemm_int8_depth(k);
    for (size_t k0 = 0; k0 < k; k0 += most) {
        size_t here = smaller(most, k - k0), depth = filled(here);
        for (size_t i0 = 0; i0 < m; i0 += GEMM_INT8_ROWS) {
            size_t count = smaller(GEMM_INT8_ROWS, m - i0);
            kernel->pack_a(&rows, a + i0 * lda + k0, lda, count, here, depth);
            kernel->block(c + i0 * ldc + first, ldc, accumulate || k0 > 0, &rows, block + first / GEMM_INT8_COLUMNS * gemm_int8_panel_bytes(depth),
                          count, columns, depth);
        }
        block += block_bytes(n, depth);
    }
}
