/* tokenizer/word_table.c: adding words, and growing. */
#include "tokenizer/word_table.h"

#include <stdlib.h>

enum { FIRST_CHUNK = 16 << 10, LARGEST_CHUNK = 1 << 20, FIRST_SLOTS = 256 };

/* ------------------------------------------------------------------------------------------------------- texts --- */

static maske_status add_chunk(word_arena *arena, size_t needed) {
    size_t size = arena->size == 0 ? FIRST_CHUNK : arena->size < LARGEST_CHUNK ? arena->size * 2 : LARGEST_CHUNK;
    if (size > LARGEST_CHUNK) size = LARGEST_CHUNK;
    if (size < needed) size = needed;
    TRY(memory_reserve(&arena->chunks, &arena->chunk_capacity, arena->chunk_count + 1, sizeof *arena->chunks, "words"));
    char *chunk = malloc(size);
    if (chunk == NULL) return error_memory(size, "words");
    arena->chunks[arena->chunk_count++] = chunk;
    arena->used = 0;
    arena->size = size;
    arena->bytes += size;
    return MASKE_OK;
}

maske_status word_arena_copy(word_arena *arena, const char **out, const char *text, size_t length) {
    if (arena->size - arena->used < length) TRY(add_chunk(arena, length));
    char *place = arena->chunks[arena->chunk_count - 1] + arena->used;
    memcpy(place, text, length);
    arena->used += length;
    *out = place;
    return MASKE_OK;
}

void word_arena_free(word_arena *arena) {
    for (size_t i = 0; i < arena->chunk_count; i++) free(arena->chunks[i]);
    free(arena->chunks);
    *arena = (word_arena){0};
}

/* ------------------------------------------------------------------------------------------------- short words --- */

maske_status word_table_grow_shorts(word_table *table) {
    size_t room = table->short_room == 0 ? FIRST_SLOTS : table->short_room * 2;
    short_word *shorts = NULL;
    TRY(memory_new(&shorts, room, sizeof *shorts, "words"));
    for (size_t i = 0; i < table->short_room; i++) {
        if (table->shorts[i].count == 0) continue;
        size_t at = short_key_hash(table->shorts[i].key) & (room - 1);
        while (shorts[at].count != 0) at = (at + 1) & (room - 1);
        shorts[at] = table->shorts[i];
    }
    free(table->shorts);
    table->shorts = shorts;
    table->short_room = room;
    return MASKE_OK;
}

/* -------------------------------------------------------------------------------------------------- long words --- */

static void put(word_table *table, size_t index) {
    uint32_t hash = table->words[index].hash;
    size_t i = hash & (table->slot_count - 1);
    while (table->slots[i].index != 0) i = (i + 1) & (table->slot_count - 1);
    table->slots[i] = (word_table_slot){hash, (uint32_t)index + 1};
}

static maske_status grow(word_table *table) {
    size_t slot_count = table->slot_count == 0 ? FIRST_SLOTS : table->slot_count * 2;
    word_table_slot *slots = NULL;
    if (table->count >= UINT32_MAX / 2)
        return error_set(MASKE_UNSUPPORTED, "the corpus has more than 2^31 different words");
    TRY(memory_new(&slots, slot_count, sizeof *slots, "words"));
    free(table->slots);
    table->slots = slots;
    table->slot_count = slot_count;
    for (size_t i = 0; i < table->count; i++) put(table, i);
    return MASKE_OK;
}

static counted_word *find_long(const word_table *table, uint32_t hash, const char *text, size_t length) {
    if (table->slot_count == 0) return NULL;
    for (size_t i = hash & (table->slot_count - 1);; i = (i + 1) & (table->slot_count - 1)) {
        word_table_slot slot = table->slots[i];
        if (slot.index == 0) return NULL;
        if (slot.tag != hash) continue;
        counted_word *word = &table->words[slot.index - 1];
        if (word->length == length && memcmp(word->text, text, length) == 0) return word;
    }
}

maske_status word_table_count_long(word_table *table, word_arena *arena, uint64_t hash, const char *text, size_t length,
                                   int64_t count) {
    counted_word *known = find_long(table, (uint32_t)hash, text, length);
    if (known != NULL) {
        known->count += count;
        return MASKE_OK;
    }
    counted_word word = {.text = text, .count = count, .length = (uint32_t)length, .hash = (uint32_t)hash};
    if (table->count * 2 >= table->slot_count) TRY(grow(table));
    TRY(memory_reserve(&table->words, &table->capacity, table->count + 1, sizeof *table->words, "words"));
    if (arena != NULL) TRY(word_arena_copy(arena, &word.text, text, length));
    table->words[table->count] = word;
    put(table, table->count++);
    return MASKE_OK;
}

/* -------------------------------------------------------------------------------------------------- both kinds --- */

maske_status word_table_add(word_table *table, const word_table *from) {
    for (size_t i = 0; i < from->short_room; i++)
        if (from->shorts[i].count != 0) TRY(word_table_count_short(table, &from->shorts[i], short_key_hash(from->shorts[i].key)));
    for (size_t i = 0; i < from->count; i++) {
        counted_word word = from->words[i];
        TRY(word_table_count_long(table, NULL, word.hash, word.text, word.length, word.count));
    }
    return MASKE_OK;
}

size_t word_table_bytes(const word_table *table) {
    return table->short_room * sizeof *table->shorts + table->slot_count * sizeof *table->slots + table->capacity * sizeof *table->words;
}

void word_table_free(word_table *table) {
    free(table->shorts);
    free(table->slots);
    free(table->words);
    *table = (word_table){0};
}
