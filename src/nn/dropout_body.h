/* nn/dropout_body.h: dropout over vectors (nn/vector.h). */
#ifndef MASKE_NN_DROPOUT_BODY_H
#define MASKE_NN_DROPOUT_BODY_H

#include "nn/dropout.h"
#include "nn/dropout_draw.h"
#include "nn/vector.h"

/* Which of the columns first..first+31 the row keeps; first is a multiple of 32. One hash serves two vectors. */
INLINE void dropout_group(lanes kept[VECTORS], size_t first, dropout_row keys, uint32_t threshold) {
    for (int v = 0; v < VECTORS / 2; v++) {
        words h = words_count() + words_all((uint32_t)(first / 2) + (uint32_t)v * LANES + keys.first);
        h = (h ^ h >> 16) * words_all(DROPOUT_MULTIPLY_1);
        h = ((h ^ h >> 15) + words_all(keys.second)) * words_all(DROPOUT_MULTIPLY_2);
        h = h ^ h >> 16;
        kept[v] = words_at_least(h & words_all(0xFFFF), threshold);
        kept[v + VECTORS / 2] = words_at_least(h >> 16, threshold);
    }
}

static void dropout_forward_body(float *out, const float *in, const dropout_mask *mask, uint64_t first_row, size_t rows, size_t columns) {
    if (mask->threshold == 0) {
        if (out != in) memmove(out, in, rows * columns * sizeof *out);
        return;
    }
    floats scale = floats_all(mask->scale);
    for (size_t r = 0; r < rows; r++, in += columns, out += columns) {
        dropout_row keys = dropout_row_keys(mask->key, first_row + r);
        EACH_GROUP(g, size, columns, {
            lanes kept[VECTORS];
            dropout_group(kept, g, keys, mask->threshold);
            EACH_PART(v, i, n, size, store(out + g + i, keep(kept[v], load(in + g + i, n) * scale), n);)
        });
    }
}

#endif
