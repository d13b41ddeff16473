/* base/memory.h: sizes, sums of them that cannot wrap, allocations that say what they were for.
 *
 * Every size that comes from a file or a user goes through size_multiply and size_add: both return false on
 * overflow and leave *out alone. */
#ifndef MASKE_BASE_MEMORY_H
#define MASKE_BASE_MEMORY_H

#include "base/status.h"

static inline MASKE_MUST_USE bool size_multiply(size_t *out, size_t a, size_t b) { return !__builtin_mul_overflow(a, b, out); }
static inline MASKE_MUST_USE bool size_add(size_t *out, size_t a, size_t b) { return !__builtin_add_overflow(a, b, out); }

static inline size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static inline size_t larger(size_t a, size_t b) { return a > b ? a : b; }
/* To the next multiple of `step`. */
static inline size_t round_up(size_t value, size_t step) { return (value + step - 1) / step * step; }

/* count * size bytes, zeroed, aligned to 64 bytes. *out is yours: free(). count * size 0 gives a valid pointer. */
MASKE_MUST_USE maske_status memory_new(void *out, size_t count, size_t size, const char *what);
/* As realloc to count * size bytes (not aligned beyond malloc's rule); on failure *block stays as it was. */
MASKE_MUST_USE maske_status memory_resize(void *block, size_t count, size_t size, const char *what);
/* Makes room for `needed` elements, growing by half at least; *capacity is in elements. */
MASKE_MUST_USE maske_status memory_reserve(void *block, size_t *capacity, size_t needed, size_t size, const char *what);
/* A copy of length bytes of text with a NUL behind. Yours: free(). */
MASKE_MUST_USE maske_status memory_copy_text(char **out, const char *text, size_t length);

/* Large zeroed buffers (weights, activations): page-aligned, huge pages asked for. Free with memory_pages_free. */
MASKE_MUST_USE maske_status memory_pages_new(void *out, size_t bytes, const char *what);
/* The same for a buffer of which only a little will be touched: the rest takes no memory. */
MASKE_MUST_USE maske_status memory_sparse_new(void *out, size_t bytes, const char *what);
void memory_pages_free(void *block, size_t bytes);
/* Of a mapped file: the pages that lie whole in these bytes need not stay in memory; they come back when touched. */
void memory_give_back(const void *begin, size_t bytes);

/* What was freed goes back to the system, where the C library can do that. Takes some milliseconds. */
void memory_trim(void);

/* Of a mapped file: touching these bytes brings their neighbourhood into memory, not the 2 MiB of a huge page. */
void memory_small_pages(const void *begin, size_t bytes);

/* Bytes this process may still take: the least of free memory, the control group's limit and the address-space
 * limit; SIZE_MAX where nothing can be known. */
size_t memory_available(void);
/* What a control group (of either version) and those above it leave: `group` is "" or "/name/name" below the folder `mount`.
 * SIZE_MAX: no limit. For memory_available. */
size_t memory_group_available(const char *mount, const char *group);
/* The most memory this process has had resident, in bytes. */
size_t memory_peak(void);
/* What it has resident now; the most it has had where that cannot be known. */
size_t memory_resident(void);

#endif
