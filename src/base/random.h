/* base/random.h: random numbers as a function, not a state: value = f(seed, purpose, step, index).
 *
 * Philox4x32-10 (Salmon and others, "Parallel random numbers: as easy as 1, 2, 3", 2011) turns a 64-bit key and a
 * 128-bit counter into 128 random bits. Here the key is the seed; the counter is (purpose, step, index), so that any
 * value can be had again at any time by any thread: masks, order, initial weights, draws. */
#ifndef MASKE_BASE_RANDOM_H
#define MASKE_BASE_RANDOM_H

#include "maske.h"

/* Who asks. A value's number is part of every saved run: never change one, only add. */
typedef enum random_purpose {
    RANDOM_INITIAL = 1,     /* step: parameter's row in the table; index: four elements each */
    RANDOM_ORDER   = 2,     /* step: epoch; index: sequence */
    RANDOM_MASK    = 3,     /* step: epoch; index: sequence << 16 | draw */
    RANDOM_DROPOUT = 4,     /* step, index: the step and the place that dropout_mask_new is given */
    RANDOM_DRAW    = 5,     /* filling with a temperature: index: iteration */
    RANDOM_SAMPLE  = 6,     /* choosing documents, words */
    RANDOM_TEST    = 7,
    RANDOM_MIX     = 8      /* step: optimizer step; index: batch of it */
} random_purpose;

typedef struct random_bits { uint32_t word[4]; } random_bits;

random_bits random_philox(uint64_t seed, random_purpose purpose, uint64_t step, uint64_t index);

/* [0, 1), from one word: 24 bits, or two words: 53 bits. */
static inline float random_unit_float(uint32_t word) { return (float)(word >> 8) * 0x1p-24f; }
static inline double random_unit(uint32_t high, uint32_t low) { return (double)((((uint64_t)high << 32 | low)) >> 11) * 0x1p-53; }
/* 0..bound-1 without bias that matters (a 64-bit product: bias below 2^-32). bound > 0. */
static inline uint32_t random_below(uint32_t bound, uint32_t word) { return (uint32_t)(((uint64_t)word * bound) >> 32); }

/* A stream on top of it, for code that draws an unknown number of times: a zeroed `used` starts it. */
typedef struct random_stream { uint64_t seed, step, index; random_purpose purpose; random_bits bits; unsigned used; bool filled; } random_stream;
static inline random_stream random_stream_start(uint64_t seed, random_purpose purpose, uint64_t step, uint64_t first_index) {
    return (random_stream){.seed = seed, .step = step, .index = first_index, .purpose = purpose};
}
uint32_t random_stream_next(random_stream *stream);

/* out[count]: normal numbers of mean 0 and this deviation (Box-Muller on Philox words), element i a function of
 * (seed, step, i) alone. */
void random_normal(float *out, size_t count, float deviation, uint64_t seed, uint64_t step);

/* Order of 0..count-1 for (seed, epoch): Fisher-Yates with Philox. out[count]. */
void random_order(uint32_t *out, size_t count, uint64_t seed, uint64_t epoch);

#endif
