/* data/masking.c: choosing by selection sampling, then 80/10/10. */
#include "data/masking.h"
#include "base/random.h"

#include <stdlib.h>

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

/* Chooses token i: notes it and puts something in its place. */
static void choose(int32_t *ids, size_t i, const vocabulary *v, random_bits bits, size_t chosen, uint32_t *index,
                   int32_t *labels) {
    index[chosen] = (uint32_t)i;
    labels[chosen] = ids[i];
    ids[i] = replacement(ids[i], v, bits.word[1], bits.word[2]);
}

static random_bits draw(const masking_key *key, size_t i) {
    return random_philox(key->seed, RANDOM_MASK, key->epoch, key->sequence << 16 | i);
}

static size_t word_end(const int32_t *ids, size_t length, const vocabulary *v, size_t begin) {
    size_t end = begin + 1;
    while (end < length && !v->special[ids[end]] && vocabulary_same_word(v, ids[end - 1], ids[end])) end++;
    return end;
}

static int ascending(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* The words' first tokens behind random numbers, sorted by these; how many. */
static size_t shuffle_words(const int32_t *ids, size_t length, const vocabulary *v, const masking_key *key) {
    size_t words = 0;
    for (size_t i = 0; i < length;) {
        if (v->special[ids[i]]) {
            i++;
            continue;
        }
        key->words[words++] = (uint64_t)draw(key, i).word[0] << 32 | i;
        i = word_end(ids, length, v, i);
    }
    qsort(key->words, words, sizeof *key->words, ascending);
    return words;
}

/* key->words then holds the chosen tokens' places, ascending. */
static size_t choose_words(const int32_t *ids, size_t length, const vocabulary *v, const masking_key *key,
                           size_t count) {
    size_t words = shuffle_words(ids, length, v, key), taken = 0, chosen = 0;
    for (size_t w = 0; w < words; w++) {
        size_t begin = (uint32_t)key->words[w], size = word_end(ids, length, v, begin) - begin;
        if (size > count - chosen) {
            if (w + 1 < words || chosen > 0) continue;
            /* No word is short enough: the first gives as many of its tokens as are wanted. */
            begin = (uint32_t)key->words[0];
            size = count;
        }
        /* Taken words are kept in front: at most as many as were looked at. */
        key->words[taken++] = (uint64_t)begin << 32 | size;
        chosen += size;
    }
    qsort(key->words, taken, sizeof *key->words, ascending);
    /* From the last to the first, so that no word is written over before it is read. */
    for (size_t at = chosen; taken > 0;) {
        uint64_t word = key->words[--taken];
        for (size_t size = (uint32_t)word; size > 0; size--) key->words[--at] = (word >> 32) + size - 1;
    }
    return chosen;
}

size_t mask_sequence(int32_t *ids, size_t length, const vocabulary *v, const masking_key *key, uint32_t *index,
                     int32_t *labels) {
    size_t left = 0, chosen = 0;        /* maskable tokens from here to the end */
    for (size_t i = 0; i < length; i++) left += !v->special[ids[i]];
    size_t count = chosen_count(left, key);
    if (key->words != NULL) {
        count = choose_words(ids, length, v, key, count);
        for (; chosen < count; chosen++) {
            size_t i = key->words[chosen];
            choose(ids, i, v, draw(key, i), chosen, index, labels);
        }
        return chosen;
    }
    /* Knuth's algorithm S: of the `left` tokens, count - chosen are still to be taken, each with the same chance. */
    for (size_t i = 0; chosen < count; i++) {
        if (v->special[ids[i]]) continue;
        random_bits bits = draw(key, i);
        if (random_below((uint32_t)left--, bits.word[0]) >= count - chosen) continue;
        choose(ids, i, v, bits, chosen++, index, labels);
    }
    return chosen;
}
