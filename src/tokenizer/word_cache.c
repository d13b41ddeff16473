/* tokenizer/word_cache.c: growing, adding, starting again. */
#include "tokenizer/word_cache.h"

#include <stdlib.h>

static void empty(word_cache *cache) {
    if (cache->slot_count > 0) memset(cache->slots, 0, cache->slot_count * sizeof *cache->slots);
    cache->count = cache->used = 0;
}

void word_cache_use(word_cache *cache, uint64_t serial) {
    if (cache->owner == serial) return;
    empty(cache);
    cache->owner = serial;
}

static void place(word_slot *slots, size_t slot_count, uint64_t hash, uint32_t offset) {
    size_t i = hash & (slot_count - 1);
    while (slots[i].offset != 0) i = (i + 1) & (slot_count - 1);
    slots[i] = (word_slot){(uint32_t)(hash >> 32), offset};
}

/* Twice the slots, from small beginnings: an encoding that is used once costs little. */
static bool grow_slots(word_cache *cache) {
    size_t slot_count = cache->slot_count == 0 ? 256 : cache->slot_count * 2;
    word_slot *slots = calloc(slot_count, sizeof *slots);
    if (slots == NULL) return false;
    for (size_t at = 0; at < cache->used;) {
        const unsigned char *record = cache->arena + at;
        place(slots, slot_count, word_cache_hash((const char *)record + 2, record[0]), (uint32_t)at + 1);
        at += 2 + (size_t)record[0] + 5 * (size_t)record[1];
    }
    free(cache->slots);
    cache->slots = slots;
    cache->slot_count = slot_count;
    return true;
}

static bool grow_arena(word_cache *cache, size_t needed) {
    size_t capacity = cache->capacity == 0 ? 4096 : cache->capacity;
    while (capacity < needed) capacity *= 2;
    unsigned char *arena = realloc(cache->arena, capacity);
    if (arena == NULL) return false;
    cache->arena = arena;
    cache->capacity = capacity;
    return true;
}

void word_cache_add(word_cache *cache, uint64_t hash, const char *word, size_t length, const int32_t *ids,
                    const uint32_t *lengths, size_t count) {
    if (length > WORD_CACHE_WORD || count > WORD_CACHE_WORD) return;
    size_t size = 2 + length + 5 * count;
    if (cache->used + size > WORD_CACHE_ARENA || (cache->count + 1) * 2 > WORD_CACHE_SLOTS) empty(cache);
    if (cache->used + size > cache->capacity && !grow_arena(cache, cache->used + size)) return;
    if ((cache->count + 1) * 2 > cache->slot_count && !grow_slots(cache)) return;
    unsigned char *record = cache->arena + cache->used;
    record[0] = (unsigned char)length;
    record[1] = (unsigned char)count;
    memcpy(record + 2, word, length);
    for (size_t i = 0; i < count; i++) record[2 + length + i] = (unsigned char)lengths[i];
    if (count > 0) memcpy(record + 2 + length + count, ids, count * sizeof *ids);
    place(cache->slots, cache->slot_count, hash, (uint32_t)cache->used + 1);
    cache->used += size;
    cache->count++;
}

void word_cache_free(word_cache *cache) {
    free(cache->slots);
    free(cache->arena);
    *cache = (word_cache){0};
}
