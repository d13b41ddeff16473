/* base/random.c: Philox4x32-10. */
#include "base/random.h"

#include <math.h>

static inline void philox_round(uint32_t c[4], uint32_t k0, uint32_t k1) {
    uint64_t p0 = (uint64_t)0xD2511F53u * c[0], p1 = (uint64_t)0xCD9E8D57u * c[2];
    uint32_t c0 = (uint32_t)(p1 >> 32) ^ c[1] ^ k0, c2 = (uint32_t)(p0 >> 32) ^ c[3] ^ k1;
    c[1] = (uint32_t)p1;
    c[3] = (uint32_t)p0;
    c[0] = c0;
    c[2] = c2;
}

random_bits random_philox(uint64_t seed, random_purpose purpose, uint64_t step, uint64_t index) {
    /* 56 bits of step and 64 of index are kept apart: no two askers share a counter. */
    uint32_t c[4] = {(uint32_t)index, (uint32_t)(index >> 32), (uint32_t)step, ((uint32_t)(step >> 32) & 0xFFFFFFu) | (uint32_t)purpose << 24};
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        philox_round(c, k0, k1);
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return (random_bits){{c[0], c[1], c[2], c[3]}};
}

uint32_t random_stream_next(random_stream *stream) {
    if (!stream->filled || stream->used == 4) {
        stream->bits = random_philox(stream->seed, stream->purpose, stream->step, stream->index++);
        stream->used = 0;
        stream->filled = true;
    }
    return stream->bits.word[stream->used++];
}

void random_normal(float *out, size_t count, float deviation, uint64_t seed, uint64_t step) {
    for (size_t i = 0; i < count; i += 4) {
        random_bits bits = random_philox(seed, RANDOM_INITIAL, step, i / 4);
        double normal[4];
        for (int pair = 0; pair < 2; pair++) {
            /* (0, 1]: the logarithm stays finite */
            double radius = sqrt(-2.0 * log(((double)bits.word[2 * pair] + 1.0) * 0x1p-32));
            double angle = 6.283185307179586 * ((double)bits.word[2 * pair + 1] * 0x1p-32);
            normal[2 * pair] = radius * cos(angle);
            normal[2 * pair + 1] = radius * sin(angle);
        }
        for (size_t j = 0; j < 4 && i + j < count; j++) out[i + j] = deviation * (float)normal[j];
    }
}

void random_order(uint32_t *out, size_t count, uint64_t seed, uint64_t epoch) {
    random_stream stream = random_stream_start(seed, RANDOM_ORDER, epoch, 0);
    for (size_t i = 0; i < count; i++) {
        size_t j = random_below((uint32_t)(i + 1), random_stream_next(&stream));
        out[i] = out[j];
        out[j] = (uint32_t)i;
    }
}
