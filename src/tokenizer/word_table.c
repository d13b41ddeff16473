/* tokenizer/word_table.c: adding words, and growing. */
#include "tokenizer/word_table.h"

#include <stdlib.h>

enum { FIRST_CHUNK = 16 << 10, LARGEST_CHUNK = 1 << 20, FIRST_SLOTS = 256 };

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

maske_status word_table_insert(word_table *table, counted_word word) {
    if (table->count * 2 >= table->slot_count) TRY(grow(table));
    TRY(memory_reserve(&table->words, &table->capacity, table->count + 1, sizeof *table->words, "words"));
    table->words[table->count] = word;
    put(table, table->count++);
    return MASKE_OK;
}

void word_table_free(word_table *table) {
    free(table->slots);
    free(table->words);
    *table = (word_table){0};
}
