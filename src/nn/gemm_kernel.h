/* nn/gemm_kernel.h: what a CPU level supplies to gemm.c, and the layouts that they share.
 *
 * float:    A panel  [k][rows]            rows: 1..tile_rows, all of one panel
 *           B panel  [k][tile_columns]    the last panel is filled up with zeros
 * bfloat16: A        the kernel's own matter (a_transposed says how it lay in memory); depth: k rounded up to 32
 *           B panel  [depth / 2][tile_columns][2]   two consecutive k side by side, as the dot product wants them
 *
 * A packed B holds blocks of GEMM_DEPTH (GEMM_BF16_DEPTH) rows of k, each with all its panels. */
#ifndef MASKE_NN_GEMM_KERNEL_H
#define MASKE_NN_GEMM_KERNEL_H

#include "nn/gemm.h"

enum {
    GEMM_DEPTH   = 256,     /* k of one block: a panel of B stays in the first level cache */
    GEMM_ROWS    = 128,     /* m of one block: its packed A stays in the second */
    GEMM_SUMS    = 1 << 17, /* of C, where it comes back to columns: they stay in a second level cache of a megabyte, beside A and B */
    GEMM_BF16_ROWS = 256,   /* the most of bfloat16: each panel of B is read for twice as many */
    GEMM_NEAR_BYTES = 1 << 19,  /* a packed B of this size lies in the second level cache: nothing to ask for ahead */
    GEMM_COLUMNS = 64,      /* n of one block of an unpacked B */
    GEMM_FEW_SIZE = 16 * 3072,  /* numbers of A packed at a time for GEMM_FEW_ROWS: they stay in the second level cache */
    GEMM_A_SIZE  = GEMM_ROWS * GEMM_DEPTH + 32, /* elements of a block's packed A; packing may write 32 behind it */
    GEMM_BF16_DEPTH = 512   /* k of one block of bfloat16: half as much of C is read and written as at 256 */
};

/* How rows are shared among panels: evenly, for a thin last one would starve the units. The first `longer` panels have
 * rows + 1 rows, the others rows. */
typedef struct row_split { size_t panels, rows, longer; } row_split;
static inline row_split split_rows(size_t m, size_t tile_rows) {
    size_t panels = (m + tile_rows - 1) / tile_rows;
    return (row_split){panels, m / panels, m % panels};
}

/* What a tile asks for on its way, `step` bytes further with each step of its sums: the panel that the next tiles will read
 * comes from the third level or memory. Asked for all at once it would fill the few places that wait for memory, and the
 * tile would wait with them. */
typedef struct gemm_ahead { const char *at; size_t step; } gemm_ahead;

/* The first of a panel's tiles: its share of the `next` panel (NULL: there is none), of which a step of the sums reads `row`
 * bytes. The tiles behind it begin where it ends: gemm_ahead_pass. */
static inline gemm_ahead gemm_ahead_start(const void *panel, const void *next, size_t row, size_t tiles) {
    return next == NULL ? (gemm_ahead){panel, 0} : (gemm_ahead){next, (row + tiles - 1) / tiles};
}
static inline gemm_ahead gemm_ahead_pass(gemm_ahead ahead, size_t times) {
    return (gemm_ahead){ahead.at + times * ahead.step, ahead.step};
}
/* One step's share, of a row of that many bytes. */
static inline __attribute__((always_inline)) void gemm_ahead_ask(gemm_ahead ahead, const size_t row) {
#pragma GCC unroll 2
    for (size_t at = 0; at < row; at += 64) __builtin_prefetch(ahead.at + at, 0, 2);
}

/* The same for AMX, whose steps are long: `lines` cache lines with each of them. */
typedef struct gemm_lines { const char *at; size_t lines; } gemm_lines;

/* times: how often will be asked before `bytes` of `next` (NULL: nothing) have to be there. */
static inline gemm_lines gemm_lines_start(const void *next, size_t bytes, size_t times) {
    return (gemm_lines){next, next == NULL ? 0 : (bytes / 64 + times - 1) / times};
}
static inline gemm_lines gemm_lines_ask(gemm_lines ahead) {
    for (size_t i = 0; i < ahead.lines; i++, ahead.at += 64) __builtin_prefetch(ahead.at, 0, 2);
    return ahead;
}

/* Runs the statements with n = rows, a constant in each place, for up to 14 rows of a tile. */
#define GEMM_CASE(count, n, ...) \
    case count: { \
        const size_t n = (count) <= TILE_ROWS ? (count) : 1; \
        __VA_ARGS__ \
    } break;
#define GEMM_CONSTANT_ROWS(rows, n, ...) \
    switch (rows) { \
        GEMM_CASE(1, n, __VA_ARGS__) GEMM_CASE(2, n, __VA_ARGS__) GEMM_CASE(3, n, __VA_ARGS__) GEMM_CASE(4, n, __VA_ARGS__) \
        GEMM_CASE(5, n, __VA_ARGS__) GEMM_CASE(6, n, __VA_ARGS__) GEMM_CASE(7, n, __VA_ARGS__) GEMM_CASE(8, n, __VA_ARGS__) \
        GEMM_CASE(9, n, __VA_ARGS__) GEMM_CASE(10, n, __VA_ARGS__) GEMM_CASE(11, n, __VA_ARGS__) GEMM_CASE(12, n, __VA_ARGS__) \
        GEMM_CASE(13, n, __VA_ARGS__) GEMM_CASE(14, n, __VA_ARGS__) \
    default: break; \
    }

typedef struct gemm_kernel {
    size_t tile_rows, tile_columns;     /* tile_columns divides GEMM_PACK_COLUMNS */
    /* c[rows, tile_columns] (+)= A panel * B panel over k; c may be a full tile only. */
    void (*tile)(float *c, size_t ldc, bool accumulate, const float *a, const float *b, size_t rows, size_t k, gemm_ahead ahead);
    /* c[columns, rows] (+)= X W^T for rows of W as it lies in memory, which is read once, and few columns (rows of X): a
     * packed W would cost more than the product. x: a panel of X^T, [k][tile_columns]. columns: up to tile_columns. The
     * numbers are those of the tile. NULL: not on this level. */
    void (*straight)(float *c, size_t ldc, bool accumulate, const float *x, size_t columns, const float *w, size_t ldw, size_t rows,
                     size_t k);
    /* Packs the block op(A) [split's rows, k] into its panels, one behind another. */
    void (*pack_a)(float *panels, const float *a, size_t lda, bool transposed, row_split split, size_t k);
    /* Packs op(B) [k, columns] into its panels, one behind another. */
    void (*pack_b)(float *panels, const float *b, size_t ldb, bool transposed, size_t columns, size_t k);
} gemm_kernel;

/* A matrix whose elements are float, to be rounded, or bfloat16. */
typedef struct gemm_source { const void *at; bool rounded; size_t stride; } gemm_source;

typedef struct gemm_bf16_kernel {
    size_t tile_columns;                /* of a panel: 32 */
    size_t rows;                        /* m of one block: its packed A stays in the second level cache */
    bool in_place;                      /* a straight A of bfloat16 is read where it lies, GEMM_BF16_ROWS at a time */
    size_t sums;                        /* of C, likewise: GEMM_SUMS, or what the cache of its CPUs holds */
    /* c[rows, columns] (+)= A * B panel; columns: up to 32, depth: a multiple of 32.
     *   a      packed, or in place: rows of bfloat16, a_stride elements apart
     *   next   the panel that will be read then, to be asked for on the way; NULL: it is near, or there is none */
    void (*block)(float *c, size_t ldc, bool accumulate, const uint16_t *a, size_t a_stride, bool a_transposed,
                  const uint16_t *b, const uint16_t *next, size_t rows, size_t columns, size_t depth);
    void (*pack_a)(uint16_t *packed, gemm_source a, bool transposed, size_t rows, size_t k, size_t depth);
    /* Packs op(B) [k, columns] into its panels, one behind another. */
    void (*pack_b)(uint16_t *panels, gemm_source b, bool transposed, size_t columns, size_t k, size_t depth);
    void (*round)(uint16_t *out, const float *in, size_t count);
    void (*begin)(void), (*end)(void);  /* around a product's blocks */
} gemm_bf16_kernel;

/* Defined where the compiler was given the instructions (cmake/rooms.cmake). */
extern const gemm_kernel gemm_kernel_plain, gemm_kernel_neon, gemm_kernel_avx2, gemm_kernel_avx512;
extern const gemm_bf16_kernel gemm_kernel_plain_bf16, gemm_kernel_avx512bf16, gemm_kernel_amx;

#endif
