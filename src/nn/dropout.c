/* nn/dropout.c: the mask's function, and dropout by itself. */
#include "nn/dropout_draw.h"
#include "nn/kernels.h"

#include "base/random.h"

dropout_mask dropout_mask_new(double probability, uint64_t seed, uint64_t step, uint64_t place) {
    if (!(probability > 0)) return (dropout_mask){.scale = 1};
    random_bits bits = random_philox(seed, RANDOM_DROPOUT, step, place);
    dropout_mask mask = {.key = (uint64_t)bits.word[0] << 32 | bits.word[1], .scale = 1};
    if (probability >= 1) {
        mask.threshold = 1 << 16;
        mask.scale = 0;
        return mask;
    }
    mask.threshold = (uint32_t)(probability * 65536 + 0.5);
    if (mask.threshold > 0) mask.scale = (float)(1 / (1 - probability));
    return mask;
}

bool dropout_keeps(const dropout_mask *mask, uint64_t row, uint32_t column) {
    dropout_row keys = dropout_row_keys(mask->key, row);
    uint32_t draws = dropout_hash(dropout_counter(column), keys);
    return (dropout_high(column) ? draws >> 16 : draws & 0xFFFF) >= mask->threshold;
}

void dropout_forward(float *out, const float *in, const dropout_mask *mask, uint64_t first_row, size_t rows, size_t columns) {
    kernels_of_cpu()->dropout_forward(out, in, mask, first_row, rows, columns);
}

/* The same mask and scale, applied to the gradient. */
void dropout_backward(float *d_in, const float *d_out, const dropout_mask *mask, uint64_t first_row, size_t rows, size_t columns) {
    kernels_of_cpu()->dropout_forward(d_in, d_out, mask, first_row, rows, columns);
}
