/* nn/gemm.h: the matrix product, C (+)= op(A) op(B): the one seam behind which every product of the network runs.
 *
 * Matrices are row-major with a leading dimension (elements from one row to the next). A call is serial; callers run
 * many of them at once over fixed blocks, so that a result never depends on the number of threads. Sums run over k in
 * a fixed order, the same for any m and n, so the rows of a result do not depend on which block they were computed in.
 *
 * B, in a network nearly always a weight, can be packed once for many products: panels of columns in the order in
 * which the kernel reads them. A (and an unpacked B) is packed block by block on the stack; nothing allocates.
 *
 * Precision belongs to the packed matrix. GEMM_F32: float products and sums. GEMM_BF16: both factors rounded to
 * bfloat16 (nearest, ties to even), products and sums in float; where the CPU cannot (gemm_has_bf16), it may not be
 * asked for. The levels of these two agree to rounding, not bit for bit: they sum in vectors of other widths.
 * GEMM_INT8 (nn/gemm_int8.h): B in bytes with a scale a column, packed; rows of A rounded to bytes on the fly, each with
 * a scale and a zero of its own; the products' sums are exact, and all levels give the same bits. For inference: A may
 * not be transposed, B must be packed.
 *
 * A factor that several products read may be kept as bfloat16 (uint16_t: the high half of a float): gemm_round once,
 * then the calls whose names end in _rounded. Their numbers are those of the float calls. */
#ifndef MASKE_NN_GEMM_H
#define MASKE_NN_GEMM_H

#include "base/status.h"

typedef enum gemm_precision { GEMM_F32, GEMM_BF16, GEMM_INT8 } gemm_precision;
/* "f32", "bf16", "int8". */
const char *gemm_precision_name(gemm_precision precision);

/* Whether this CPU multiplies bfloat16 (AVX-512 BF16 or AMX) and is allowed to; or does as if, for tests. */
bool gemm_has_bf16(void);

/* Bytes of a packed B of n columns and k rows; 64-byte alignment is expected of the memory. */
size_t gemm_packed_bytes(gemm_precision precision, size_t n, size_t k);
/* Packs B for the kernels of this CPU, so a packed matrix is never saved.
 *   b   [k, n], or [n, k] with b_transposed (a weight [out, in] used as x W^T) */
void gemm_pack(void *packed, gemm_precision precision, const float *b, size_t ldb, bool b_transposed, size_t n, size_t k);
/* The same for columns first..first+count-1 only, so that threads can share the work; first is a multiple of
 * GEMM_PACK_COLUMNS. */
enum { GEMM_PACK_COLUMNS = 64 };
void gemm_pack_columns(void *packed, gemm_precision precision, const float *b, size_t ldb, bool b_transposed, size_t n,
                       size_t k, size_t first, size_t count);

/* C = A B, or C += A B with accumulate.
 *   c        [m, n]
 *   a        [m, k], or [k, m] with a_transposed (not with GEMM_INT8)
 *   packed   by gemm_pack with the same precision, n, k */
void gemm_packed(float *c, size_t ldc, bool accumulate, const float *a, size_t lda, bool a_transposed,
                 const void *packed, gemm_precision precision, size_t m, size_t n, size_t k);

/* The same for columns first..first+count-1 of C alone (c is the whole matrix), so that threads can share a product of
 * few rows; first is a multiple of GEMM_PACK_COLUMNS. The numbers are those of the whole product. */
void gemm_packed_columns(float *c, size_t ldc, bool accumulate, const float *a, size_t lda, bool a_transposed,
                         const void *packed, gemm_precision precision, size_t m, size_t n, size_t k, size_t first,
                         size_t count);

/* out [rows, columns] = in rounded to bfloat16; strides: elements from one row to the next. */
void gemm_round(uint16_t *out, size_t out_stride, const float *in, size_t in_stride, size_t rows, size_t columns);
/* gemm_pack and gemm_packed, at GEMM_BF16, of factors rounded before. */
void gemm_pack_rounded(void *packed, const uint16_t *b, size_t ldb, bool b_transposed, size_t n, size_t k);
void gemm_packed_rounded(float *c, size_t ldc, bool accumulate, const uint16_t *a, size_t lda, bool a_transposed,
                         const void *packed, size_t m, size_t n, size_t k);
/* Columns first..first+count-1 of the product alone, into c [m, count]; first is a multiple of GEMM_PACK_COLUMNS. */
void gemm_packed_rounded_columns(float *c, size_t ldc, bool accumulate, const uint16_t *a, size_t lda, bool a_transposed,
                                 const void *packed, size_t m, size_t n, size_t k, size_t first, size_t count);

/* gemm_packed with B as it lies in memory: [k, n], or [n, k] with b_transposed. Not with GEMM_INT8. In GEMM_F32 up to
 * GEMM_FEW_ROWS rows of A are multiplied by a transposed B without packing it, where the kernel and k allow. */
enum { GEMM_FEW_ROWS = 64 };
void gemm(float *c, size_t ldc, bool accumulate, const float *a, size_t lda, bool a_transposed,
          const float *b, size_t ldb, bool b_transposed, gemm_precision precision, size_t m, size_t n, size_t k);

#endif
