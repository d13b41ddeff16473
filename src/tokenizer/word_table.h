/* tokenizer/word_table.h: words and their counts, in two hash tables.
 *
 * Nearly every word has at most SHORT_WORD bytes. Such a word is its own record: its bytes, zeros behind them and its
 * length in the last byte are two numbers, compared at once, and the count stands beside them, so that counting a word
 * costs one fetch from memory and no other place needs to be looked at.
 *
 *   shorts  [power of two]  (16 bytes of word, count)      open addressing, count 0: free
 *
 *   slots   [power of two]  (tag, index + 1)               the longer ones: open addressing, at most half full
 *   words   [count]         text, count, length            in the order in which they were first met
 *   arena                   their texts                    in chunks that never move
 *
 * Zeroed structures are empty. One thread at a time. */
#ifndef MASKE_TOKENIZER_WORD_TABLE_H
#define MASKE_TOKENIZER_WORD_TABLE_H

#include "tokenizer/short_word.h"
#include "tokenizer/word_count.h"

typedef struct word_arena {
    char **chunks;                  /* [chunk_count] */
    size_t chunk_count, chunk_capacity;
    size_t used, size;              /* of the last chunk */
    size_t bytes;                   /* of all chunks */
} word_arena;
/* A copy of the text that stays where it is. */
MASKE_MUST_USE maske_status word_arena_copy(word_arena *arena, const char **out, const char *text, size_t length);
void word_arena_free(word_arena *arena);

typedef struct short_word { short_key key; int64_t count; } short_word;
typedef struct word_table_slot { uint32_t tag, index; } word_table_slot;        /* index 0: free */
typedef struct word_table {
    short_word *shorts;
    size_t short_room, short_count;
    word_table_slot *slots;
    size_t slot_count;
    counted_word *words;            /* [count] */
    size_t count, capacity;
} word_table;

/* Counts a word `word->count` times more; hash: short_key_hash. */
MASKE_MUST_USE maske_status word_table_grow_shorts(word_table *table);
static inline MASKE_MUST_USE maske_status word_table_count_short(word_table *table, const short_word *word, uint64_t hash) {
    if (table->short_count * 8 >= table->short_room * 5) TRY(word_table_grow_shorts(table));
    size_t mask = table->short_room - 1, i = hash & mask;
    while (table->shorts[i].count != 0 && !short_key_equal(table->shorts[i].key, word->key)) i = (i + 1) & mask;
    short_word *known = &table->shorts[i];
    table->short_count += known->count == 0;
    known->key = word->key;
    known->count += word->count;
    return MASKE_OK;
}
/* The same for a word of more than SHORT_WORD bytes; hash: hash_bytes. A new word's text is copied into the arena, or,
 * where that is NULL, borrowed. */
MASKE_MUST_USE maske_status word_table_count_long(word_table *table, word_arena *arena, uint64_t hash, const char *text,
    size_t length, int64_t count);

/* Adds another table's words to this one; their texts are borrowed. */
MASKE_MUST_USE maske_status word_table_add(word_table *table, const word_table *from);
static inline size_t word_table_words(const word_table *table) { return table->short_count + table->count; }
/* Memory that the tables take, arenas not counted. */
size_t word_table_bytes(const word_table *table);
void word_table_free(word_table *table);

#endif
