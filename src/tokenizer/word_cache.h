/* tokenizer/word_cache.h: words met before, and their ids.
 *
 * Text is mostly the same few thousand words, so most words need one hash and one comparison. Records lie in the order
 * in which words were first met, so that the frequent ones share cache lines:
 *
 *     slots  [power of two]  (tag, offset of the record + 1)        open addressing, at most half full
 *     arena  length, count, word[length], lengths[count], ids[4 * count], length, ...
 *
 * A full cache is emptied and starts again: the frequent words are back at once. One thread; no tokenizer of its own:
 * word_cache_use names the one that the records are of. A zeroed structure is empty. */
#ifndef MASKE_TOKENIZER_WORD_CACHE_H
#define MASKE_TOKENIZER_WORD_CACHE_H

#include "base/hash.h"
#include "base/memory.h"

#define WORD_CACHE_WORD 255                         /* longer words, or words of more ids, are not kept */
#define WORD_CACHE_SLOTS ((size_t)1 << 19)          /* 4 MiB: some 260,000 words */
#define WORD_CACHE_ARENA ((size_t)16 << 20)

typedef struct word_slot { uint32_t tag, offset; } word_slot;
typedef struct word_cache {
    uint64_t owner;                                 /* serial of the tokenizer, 0: none */
    word_slot *slots;                               /* [slot_count] */
    size_t slot_count, count;
    unsigned char *arena;
    size_t used, capacity;
} word_cache;

/* One word's record. ids are not aligned: read them with memcpy. */
typedef struct word_record { size_t count; const unsigned char *lengths, *ids; } word_record;

/* Empties the cache unless it is of this tokenizer already. */
void word_cache_use(word_cache *cache, uint64_t serial);
/* Adds a word that is not there. Quietly does nothing if it is too long or memory is short. */
void word_cache_add(word_cache *cache, uint64_t hash, const char *word, size_t length, const int32_t *ids,
    const uint32_t *lengths, size_t count);
void word_cache_free(word_cache *cache);

static inline uint64_t word_cache_hash(const char *word, size_t length) { return hash_bytes(word, length); }
/* Borrowed until the next word_cache_add. */
static inline bool word_cache_find(const word_cache *cache, uint64_t hash, const char *word, size_t length,
                                   word_record *out) {
    if (cache->slot_count == 0) return false;
    for (size_t i = hash & (cache->slot_count - 1);; i = (i + 1) & (cache->slot_count - 1)) {
        word_slot slot = cache->slots[i];
        if (slot.offset == 0) return false;
        if (slot.tag != (uint32_t)(hash >> 32)) continue;
        const unsigned char *record = cache->arena + slot.offset - 1;
        if (record[0] != length || memcmp(record + 2, word, length) != 0) continue;
        *out = (word_record){record[1], record + 2 + length, record + 2 + length + record[1]};
        return true;
    }
}

#endif
