/* nn/gemm.c: cuts a product into blocks that fit the caches and hands them to the CPU's kernel.
 *
 *   for each block of GEMM_DEPTH of k         (sums go into C block after block, always in this order)
 *     for each block of GEMM_ROWS of m        pack A
 *       for each panel of columns of B        (packed before, or GEMM_COLUMNS at a time now)
 *         for each panel of rows of A         one tile of C in registers
 *
 * After "Anatomy of high-performance matrix multiplication" (Goto and van de Geijn, 2008). */
#include "nn/gemm_int8.h"
#include "nn/gemm_kernel.h"
#include "base/cpu.h"
#include "base/memory.h"

#include <string.h>

static const gemm_kernel *choose_kernel(void) {
#ifdef MASKE_X86
    unsigned flags = cpu_flags();
    if (flags & CPU_AVX512) return &gemm_kernel_avx512;
    if (flags & CPU_AVX2) return &gemm_kernel_avx2;
#elif defined(MASKE_ARM64)
    if (cpu_flags() & CPU_NEON) return &gemm_kernel_neon;
#endif
    return &gemm_kernel_plain;
}

static const gemm_bf16_kernel *choose_bf16_kernel(void) {
#ifdef MASKE_X86
    unsigned flags = cpu_flags();
    if (flags & CPU_AMX) return &gemm_kernel_amx;
    if (flags & CPU_AVX512BF16) return &gemm_kernel_avx512bf16;
#endif
    return cpu_flags() & CPU_PLAINBF16 ? &gemm_kernel_plain_bf16 : NULL;
}

const char *gemm_precision_name(gemm_precision precision) {
    return precision == GEMM_INT8 ? "int8" : precision == GEMM_BF16 ? "bf16" : "f32";
}

bool gemm_has_bf16(void) { return choose_bf16_kernel() != NULL; }

static size_t bf16_depth(size_t k) { return round_up(k, 32); }

/* Where row k0, column j0 of op(B) lies. */
static const float *element(const float *b, size_t ldb, bool transposed, size_t k0, size_t j0) {
    return transposed ? b + j0 * ldb + k0 : b + k0 * ldb + j0;
}

/* The same of a matrix of either kind. */
static gemm_source source_at(gemm_source s, bool transposed, size_t k0, size_t j0) {
    size_t place = transposed ? j0 * s.stride + k0 : k0 * s.stride + j0;
    if (s.at == NULL) return s;
    s.at = s.rounded ? (const void *)((const uint16_t *)s.at + place) : (const void *)((const float *)s.at + place);
    return s;
}
static gemm_source source_float(const float *m, size_t stride) { return (gemm_source){m, false, stride}; }
static gemm_source source_rounded(const uint16_t *m, size_t stride) { return (gemm_source){m, true, stride}; }

/* ----------------------------------------------------------------------------------------------------- packed B --- */

size_t gemm_packed_bytes(gemm_precision precision, size_t n, size_t k) {
    size_t columns = round_up(n, GEMM_PACK_COLUMNS);
    if (precision == GEMM_INT8) return gemm_int8_packed_bytes(n, k);
    return precision == GEMM_F32 ? columns * k * sizeof(float) : columns * bf16_depth(k) * sizeof(uint16_t);
}

static void pack_bf16(uint16_t *packed, gemm_source b, bool b_transposed, size_t n, size_t k, size_t first, size_t columns) {
    size_t padded = round_up(n, GEMM_PACK_COLUMNS);
    for (size_t k0 = 0; k0 < k; k0 += GEMM_BF16_DEPTH) {
        size_t depth = smaller(GEMM_BF16_DEPTH, k - k0), even = bf16_depth(depth);
        choose_bf16_kernel()->pack_b(packed + k0 * padded + first * even, source_at(b, b_transposed, k0, first), b_transposed,
                                     columns, depth, even);
    }
}

void gemm_pack_columns(void *packed, gemm_precision precision, const float *b, size_t ldb, bool b_transposed, size_t n,
                       size_t k, size_t first, size_t count) {
    if (precision == GEMM_INT8) {
        gemm_int8_pack_columns(packed, b, ldb, b_transposed, n, k, first, count);
        return;
    }
    size_t padded = round_up(n, GEMM_PACK_COLUMNS), columns = smaller(first + count, n) - first;
    if (precision == GEMM_BF16) pack_bf16(packed, source_float(b, ldb), b_transposed, n, k, first, columns);
    for (size_t k0 = 0; k0 < k && precision == GEMM_F32; k0 += GEMM_DEPTH) {
        size_t depth = smaller(GEMM_DEPTH, k - k0);
        choose_kernel()->pack_b((float *)packed + k0 * padded + first * depth, element(b, ldb, b_transposed, k0, first), ldb,
                                b_transposed, columns, depth);
    }
}

void gemm_pack(void *packed, gemm_precision precision, const float *b, size_t ldb, bool b_transposed, size_t n, size_t k) {
    gemm_pack_columns(packed, precision, b, ldb, b_transposed, n, k, 0, n);
}
void gemm_pack_rounded(void *packed, const uint16_t *b, size_t ldb, bool b_transposed, size_t n, size_t k) {
    pack_bf16(packed, source_rounded(b, ldb), b_transposed, n, k, 0, n);
}
void gemm_round(uint16_t *out, size_t out_stride, const float *in, size_t in_stride, size_t rows, size_t columns) {
    const gemm_bf16_kernel *kernel = choose_bf16_kernel();
    for (size_t r = 0; r < rows; r++) kernel->round(out + r * out_stride, in + r * in_stride, columns);
}

/* ------------------------------------------------------------------------------------------------------- float --- */

/* One panel of B against every row of a block; the next panel lies right behind it, and each tile asks for its share. */
static void multiply_panel(const gemm_kernel *kernel, float *c, size_t ldc, bool accumulate, const float *packed_a, row_split split,
                           const float *panel, size_t columns, size_t depth, bool fetch) {
    size_t row = 0, width = kernel->tile_columns, row_bytes = width * sizeof *panel;
    gemm_ahead ahead = gemm_ahead_start(panel, fetch ? panel + depth * width : NULL, row_bytes, split.panels);
    for (size_t p = 0; p < split.panels; p++, ahead = gemm_ahead_pass(ahead, depth)) {
        size_t rows = split.rows + (p < split.longer);
        float *target = c + row * ldc;
        const float *panel_a = packed_a + row * depth;
        row += rows;
        if (columns == width) {
            kernel->tile(target, ldc, accumulate, panel_a, panel, rows, depth, ahead);
            continue;
        }
        _Alignas(64) float edge[16 * 64];           /* the last columns: computed whole, written in part */
        kernel->tile(edge, width, false, panel_a, panel, rows, depth, ahead);
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < columns; j++) target[i * ldc + j] = (accumulate ? target[i * ldc + j] : 0.0f) + edge[i * width + j];
    }
}

/* Columns range.begin..end - 1 of the product; all n are there in a packed B. */
typedef struct column_range { size_t begin, end; } column_range;

static void multiply_f32(float *c, size_t ldc, bool accumulate, const float *a, size_t lda, bool a_transposed, const float *packed,
                         const float *b, size_t ldb, bool b_transposed, size_t m, size_t n, size_t k, column_range range) {
    const gemm_kernel *kernel = choose_kernel();
    _Alignas(64) float block_a[GEMM_A_SIZE], block_b[GEMM_COLUMNS * GEMM_DEPTH];
    size_t padded = round_up(n, GEMM_PACK_COLUMNS), width = kernel->tile_columns;
    for (size_t k0 = 0; k0 < k; k0 += GEMM_DEPTH) {
        size_t depth = smaller(GEMM_DEPTH, k - k0);
        for (size_t i0 = 0; i0 < m; i0 += GEMM_ROWS) {
            row_split split = split_rows(smaller(GEMM_ROWS, m - i0), kernel->tile_rows);
            kernel->pack_a(block_a, element(a, lda, !a_transposed, k0, i0), lda, a_transposed, split, depth);
            for (size_t j = range.begin; j < range.end; j += width) {
                const float *panel = block_b;
                size_t columns = smaller(width, range.end - j);
                if (packed != NULL) panel = packed + k0 * padded + j * depth;
                else kernel->pack_b(block_b, element(b, ldb, b_transposed, k0, j), ldb, b_transposed, columns, depth);
                bool fetch = packed != NULL && j + width < range.end;
                multiply_panel(kernel, c + i0 * ldc + j, ldc, accumulate || k0 > 0, block_a, split, panel, columns, depth, fetch);
            }
        }
    }
}

/* Rows of A whose panels are packed at a time. */
static size_t few_rows_together(const gemm_kernel *kernel, size_t k) {
    return GEMM_FEW_SIZE / (k * kernel->tile_columns) * kernel->tile_columns;
}
/* Whether B is read as it lies, once or twice: so few rows of A that packing it would cost more. */
static bool are_few(const gemm_kernel *kernel, size_t m, size_t k) {
    return kernel->straight != NULL && k > 0 && m <= GEMM_FEW_ROWS && m <= 2 * few_rows_together(kernel, k);
}

/* C (+)= A B^T. */
static void multiply_few(float *c, size_t ldc, bool accumulate, const float *a, size_t lda, const float *b, size_t ldb, size_t m,
                         size_t n, size_t k) {
    enum { TOGETHER = 84 }; /* rows of B, whole tiles on every level: they stay in the second level cache for all panels of A */
    const gemm_kernel *kernel = choose_kernel();
    _Alignas(64) float panels[GEMM_FEW_SIZE];
    size_t most = few_rows_together(kernel, k), width = kernel->tile_columns;
    for (size_t i0 = 0; i0 < m; i0 += most) {
        size_t rows = smaller(most, m - i0);
        kernel->pack_b(panels, a + i0 * lda, lda, true, rows, k);
        for (size_t j = 0; j < n; j += TOGETHER)
            for (size_t i = 0; i < rows; i += width)
                kernel->straight(c + (i0 + i) * ldc + j, ldc, accumulate, panels + i * k, smaller(width, rows - i), b + j * ldb, ldb,
                                 smaller(TOGETHER, n - j), k);
    }
}

/* ---------------------------------------------------------------------------------------------------- bfloat16 --- */

/* The panel of columns j.. in the block of k0 of a packed B of n columns, rounded up to `padded`. */
static const uint16_t *panel_at(const uint16_t *packed, size_t padded, size_t k, size_t k0, size_t j) {
    return packed + k0 * padded + j * bf16_depth(smaller(GEMM_BF16_DEPTH, k - k0));
}

/* A product of bfloat16; c: the first of range's columns. */
typedef struct bf16_product {
    float *c;
    size_t ldc;
    bool accumulate;
    gemm_source a;
    bool a_transposed;
    const uint16_t *packed;             /* B, or NULL: */
    gemm_source b;
    bool b_transposed;
    size_t m, n, k;
    column_range range;
} bf16_product;

/* Columns first..end-1 of all of m. A in place: its rows go together through each block of k, so that panels of B which
 * have come from far are read for all of them. room_a: of a block of A, not needed in place; block_b: of columns of an unpacked
 * B. */
static void multiply_columns(const gemm_bf16_kernel *kernel, const bf16_product *p, bool in_place, size_t first, size_t end,
                             uint16_t *room_a, uint16_t *block_b) {
    size_t padded = round_up(p->n, GEMM_PACK_COLUMNS), width = kernel->tile_columns;
    size_t together = in_place ? GEMM_BF16_ROWS : kernel->rows;
    bool far = p->packed != NULL && padded * p->k * sizeof *p->packed > GEMM_NEAR_BYTES;
    for (size_t k0 = 0; k0 < p->k; k0 += GEMM_BF16_DEPTH) {
        size_t depth = smaller(GEMM_BF16_DEPTH, p->k - k0), even = bf16_depth(depth);
        /* what is read behind the last of these panels */
        size_t later_k = k0 + depth < p->k ? k0 + depth : 0, later_j = later_k > 0 ? first : end;
        for (size_t i0 = 0; i0 < p->m; i0 += together) {
            size_t rows = smaller(together, p->m - i0), a_stride = even;
            gemm_source from = source_at(p->a, !p->a_transposed, k0, i0);
            const uint16_t *block_a = room_a;
            if (in_place) {
                block_a = from.at;
                a_stride = p->a.stride;
            } else kernel->pack_a(room_a, from, p->a_transposed, rows, depth, even);
            for (size_t j = first; j < end; j += width) {
                const uint16_t *panel = block_b, *next = NULL;
                size_t columns = smaller(width, end - j);
                if (p->packed != NULL) panel = panel_at(p->packed, padded, p->k, k0, j);
                else kernel->pack_b(block_b, source_at(p->b, p->b_transposed, k0, j), p->b_transposed, columns, depth, even);
                if (far && j + width < end) next = panel_at(p->packed, padded, p->k, k0, j + width);
                else if (far && later_j < p->range.end) next = panel_at(p->packed, padded, p->k, later_k, later_j);
                kernel->block(p->c + i0 * p->ldc + j - p->range.begin, p->ldc, p->accumulate || k0 > 0, block_a, a_stride,
                              p->a_transposed, panel, next, rows, columns, even);
            }
        }
    }
}

/* With room on the stack for any product, and for one of few numbers: where the compiler has each page of a large room touched
 * (-fstack-clash-protection), that takes as long as half of a product of attention. */
enum { FEW_NUMBERS = 128 * 128 };
__attribute__((noinline)) static void multiply_large(const gemm_bf16_kernel *kernel, const bf16_product *p, bool in_place, size_t first,
                                                     size_t end) {
    _Alignas(64) uint16_t room_a[GEMM_BF16_ROWS * GEMM_BF16_DEPTH + 32], block_b[GEMM_COLUMNS * GEMM_BF16_DEPTH];
    multiply_columns(kernel, p, in_place, first, end, room_a, block_b);
}
__attribute__((noinline)) static void multiply_small(const gemm_bf16_kernel *kernel, const bf16_product *p, bool in_place, size_t first,
                                                     size_t end) {
    _Alignas(64) uint16_t room_a[FEW_NUMBERS + 32];
    multiply_columns(kernel, p, in_place, first, end, room_a, NULL);
}
static bool is_small(const gemm_bf16_kernel *kernel, const bf16_product *p, bool in_place) {
    size_t rows = round_up(smaller(p->m, kernel->rows), 16), depth = bf16_depth(smaller(p->k, GEMM_BF16_DEPTH));
    return p->packed != NULL && (in_place || rows * depth <= FEW_NUMBERS);
}

/* Only so many columns at a time as have room in the second level cache until the next block of k adds to them. */
static void multiply_bf16(bf16_product p) {
    const gemm_bf16_kernel *kernel = choose_bf16_kernel();
    bool in_place = kernel->in_place && p.a.rounded && !p.a_transposed && p.k == bf16_depth(p.k);
    gemm_source a = p.a;
    float *c = p.c;
    size_t m = p.m, together = in_place ? m : kernel->rows;
    kernel->begin();
    for (size_t i = 0; i < m; i += together) {
        p.a = source_at(a, !p.a_transposed, 0, i);
        p.c = c + i * p.ldc;
        p.m = smaller(together, m - i);
        bool again = in_place || p.k > GEMM_BF16_DEPTH;         /* columns, or panels, are come back to */
        size_t wide = again ? larger(kernel->sums / p.m, GEMM_COLUMNS) / GEMM_COLUMNS * GEMM_COLUMNS : p.n;
        for (size_t first = p.range.begin, end; first < p.range.end; first = end) {
            end = smaller(first + wide, p.range.end);
            if (is_small(kernel, &p, in_place)) multiply_small(kernel, &p, in_place, first, end);
            else multiply_large(kernel, &p, in_place, first, end);
        }
    }
    kernel->end();
}

/* ------------------------------------------------------------------------------------------------------ public --- */

static void clear(float *c, size_t ldc, size_t m, size_t n) {
    for (size_t i = 0; i < m; i++) memset(c + i * ldc, 0, n * sizeof *c);
}

void gemm_packed_columns(float *c, size_t ldc, bool accumulate, const float *a, size_t lda, bool a_transposed,
                         const void *packed, gemm_precision precision, size_t m, size_t n, size_t k, size_t first,
                         size_t count) {
    column_range range = {first, smaller(first + count, n)};
    if (k == 0 && !accumulate) clear(c + first, ldc, m, range.end - first);
    if (precision == GEMM_INT8) gemm_int8_packed(c, ldc, accumulate, a, lda, packed, m, n, k, first, range.end - first);
    else if (precision == GEMM_F32)
        multiply_f32(c, ldc, accumulate, a, lda, a_transposed, packed, NULL, 0, false, m, n, k, range);
    else
        multiply_bf16((bf16_product){.c = c + first, .ldc = ldc, .accumulate = accumulate, .a = source_float(a, lda),
                                     .a_transposed = a_transposed, .packed = packed, .m = m, .n = n, .k = k, .range = range});
}

void gemm_packed(float *c, size_t ldc, bool accumulate, const float *a, size_t lda, bool a_transposed,
                 const void *packed, gemm_precision precision, size_t m, size_t n, size_t k) {
    gemm_packed_columns(c, ldc, accumulate, a, lda, a_transposed, packed, precision, m, n, k, 0, n);
}

void gemm_packed_rounded_columns(float *c, size_t ldc, bool accumulate, const uint16_t *a, size_t lda, bool a_transposed,
                                 const void *packed, size_t m, size_t n, size_t k, size_t first, size_t count) {
    column_range range = {first, smaller(first + count, n)};
    if (k == 0 && !accumulate) clear(c, ldc, m, range.end - first);
    multiply_bf16((bf16_product){.c = c, .ldc = ldc, .accumulate = accumulate, .a = source_rounded(a, lda),
                                 .a_transposed = a_transposed, .packed = packed, .m = m, .n = n, .k = k, .range = range});
}

void gemm_packed_rounded(float *c, size_t ldc, bool accumulate, const uint16_t *a, size_t lda, bool a_transposed,
                         const void *packed, size_t m, size_t n, size_t k) {
    gemm_packed_rounded_columns(c, ldc, accumulate, a, lda, a_transposed, packed, m, n, k, 0, n);
}

void gemm(float *c, size_t ldc, bool accumulate, const float *a, size_t lda, bool a_transposed,
          const float *b, size_t ldb, bool b_transposed, gemm_precision precision, size_t m, size_t n, size_t k) {
    column_range all = {0, n};
    if (k == 0 && !accumulate) clear(c, ldc, m, n);
    if (precision == GEMM_F32 && b_transposed && !a_transposed && are_few(choose_kernel(), m, k))
        multiply_few(c, ldc, accumulate, a, lda, b, ldb, m, n, k);
    else if (precision == GEMM_F32) multiply_f32(c, ldc, accumulate, a, lda, a_transposed, NULL, b, ldb, b_transposed, m, n, k, all);
    else
        multiply_bf16((bf16_product){.c = c, .ldc = ldc, .accumulate = accumulate, .a = source_float(a, lda), .a_transposed = a_transposed,
                                     .b = source_float(b, ldb), .b_transposed = b_transposed, .m = m, .n = n, .k = k, .range = all});
}
