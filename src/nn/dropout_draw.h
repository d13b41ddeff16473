/* nn/dropout_draw.h: the random draws of dropout, one hash for two elements.
 *
 * A row has two 32-bit keys, mixed from (mask key, row) by SplitMix64's finaliser. Columns go in groups of 32: the
 * 32-bit hash of counter 16 g + l gives column 32 g + l its low 16 bits and column 32 g + 16 + l its high 16 bits, so
 * that vectors of 4, 8 or 16 lanes all draw the same. The hash is Wellons' lowbias32 with the second key put in
 * between its multiplications, so that two rows whose first keys lie close do not share draws. */
#ifndef MASKE_NN_DROPOUT_DRAW_H
#define MASKE_NN_DROPOUT_DRAW_H

#include <stdint.h>

#define DROPOUT_MULTIPLY_1 0x7FEB352Du
#define DROPOUT_MULTIPLY_2 0x846CA68Bu

typedef struct dropout_row { uint32_t first, second; } dropout_row;

static inline dropout_row dropout_row_keys(uint64_t key, uint64_t row) {
    uint64_t z = key + (row + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return (dropout_row){(uint32_t)z, (uint32_t)(z >> 32)};
}
static inline uint32_t dropout_counter(uint32_t column) { return column / 32 * 16 + column % 16; }
static inline int dropout_high(uint32_t column) { return column / 16 % 2; }
/* Two draws of 16 bits. */
static inline uint32_t dropout_hash(uint32_t counter, dropout_row keys) {
    uint32_t h = counter + keys.first;
    h = (h ^ h >> 16) * DROPOUT_MULTIPLY_1;
    h = ((h ^ h >> 15) + keys.second) * DROPOUT_MULTIPLY_2;
    return h ^ h >> 16;
}

#endif
