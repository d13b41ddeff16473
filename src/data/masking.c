/* data/masking.c: choosing by selection sampling, then 80/10/10. */
#include "data/masking.h"
#include "base/random.h"

/* How many of `maskable` tokens are chosen. */
static size_t chosen_count(size_t maskable, const masking_key *key) {
    random_bits bits = random_philox(key->seed, RANDOM_MASK, key->epoch, key->sequence << 16 | MASKING_LONGEST);
    double wanted = key->probability * (double)maskable + random_unit(bits.word[0], bits.word[1]);
    size_t count = wanted < (double)maskable ? (size_t)wanted : maskable;
    return count > 0 || maskable == 0 ? count : 1;
}

static int32_t replacement(int32_t original, const vocabulary *v, uint32_t kind, uint32_t draw) {
    double share = random_unit_float(kind);
    if (share < 0.8) return v->mask;
    return share < 0.9 ? v->ordinary[random_below((uint32_t)v->ordinary_count, draw)] : original;
}

size_t mask_sequence(int32_t *ids, size_t length, const vocabulary *v, const masking_key *key, uint32_t *index,
                     int32_t *labels) {
    size_t left = 0, chosen = 0;        /* maskable tokens from here to the end */
    for (size_t i = 0; i < length; i++) left += !v->special[ids[i]];
    size_t count = chosen_count(left, key);
    /* Knuth's algorithm S: of the `left` tokens, count - chosen are still to be taken, each with the same chance. */
    for (size_t i = 0; chosen < count; i++) {
        if (v->special[ids[i]]) continue;
        random_bits bits = random_philox(key->seed, RANDOM_MASK, key->epoch, key->sequence << 16 | i);
        if (random_below((uint32_t)left--, bits.word[0]) >= count - chosen) continue;
        index[chosen] = (uint32_t)i;
        labels[chosen++] = ids[i];
        ids[i] = replacement(ids[i], v, bits.word[1], bits.word[2]);
    }
    return chosen;
}
