/* tokenizer/word_tally.c: the loop over every word of the corpus.
 *
 * A rare word's record is in no cache, and waiting for one after the other would take longer than all the rest. So
 * words are taken in groups: all are hashed and their records asked for, then all are counted. */
#include "tokenizer/word_tally.h"

enum { GROUP = 32 };

typedef struct hashed_word { short_word key; uint64_t hash; } hashed_word;

static inline word_table *part_of(word_tally *tally, uint64_t hash) { return &tally->parts[hash >> (64 - WORD_PART_BITS)]; }

static inline void look_up(word_tally *tally, hashed_word *out, const char *word, size_t length, const char *begin,
                           const char *end) {
    if (length > SHORT_WORD) {
        out->hash = hash_bytes(word, length);
        word_table *part = part_of(tally, out->hash);
        if (part->slot_count > 0) __builtin_prefetch(&part->slots[(uint32_t)out->hash & (part->slot_count - 1)]);
        return;
    }
    out->key = (short_word){short_key_load(word, length, begin, end), 1};
    out->hash = short_key_hash(out->key.key);
    word_table *part = part_of(tally, out->hash);
    if (part->short_room > 0) __builtin_prefetch(&part->shorts[out->hash & (part->short_room - 1)], 1);
}

maske_status word_tally_add(word_tally *tally, const char *text, const text_range *words, size_t count) {
    hashed_word group[GROUP];
    const char *end = count > 0 ? text + words[count - 1].end : text;
    for (size_t first = 0; first < count; first += GROUP) {
        size_t size = count - first < GROUP ? count - first : GROUP;
        const text_range *range = words + first;
        for (size_t i = 0; i < size; i++) look_up(tally, &group[i], text + range[i].begin, range[i].end - range[i].begin, text, end);
        for (size_t i = 0; i < size; i++) {
            size_t length = range[i].end - range[i].begin;
            word_table *part = part_of(tally, group[i].hash);
            if (length <= SHORT_WORD) TRY(word_table_count_short(part, &group[i].key, group[i].hash));
            else TRY(word_table_count_long(part, &tally->arena, group[i].hash, text + range[i].begin, length, 1));
        }
    }
    tally->total += (int64_t)count;
    return MASKE_OK;
}

size_t word_tally_bytes(const word_tally *tally) {
    size_t bytes = tally->arena.bytes;
    for (int i = 0; i < WORD_PARTS; i++) bytes += word_table_bytes(&tally->parts[i]);
    return bytes;
}

void word_tally_clear(word_tally *tally) {
    for (int i = 0; i < WORD_PARTS; i++) word_table_free(&tally->parts[i]);
    word_arena_free(&tally->arena);
}
