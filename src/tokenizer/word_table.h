/* tokenizer/word_table.h: words and their counts, in a hash table.
 *
 *   slots  [power of two]  (tag, index + 1)        open addressing, at most half full
 *   words  [count]         text, count, length     in the order in which they were first met
 *   arena                  the texts               in chunks that never move
 *
 * Zeroed structures are empty. One thread at a time. */
#ifndef MASKE_TOKENIZER_WORD_TABLE_H
#define MASKE_TOKENIZER_WORD_TABLE_H

#include "base/hash.h"
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

typedef struct word_table_slot { uint32_t tag, index; } word_table_slot;        /* index 0: free */
typedef struct word_table {
    word_table_slot *slots;
    size_t slot_count;
    counted_word *words;            /* [count] */
    size_t count, capacity;
} word_table;

/* Adds a word that is not there; the text is borrowed. */
MASKE_MUST_USE maske_status word_table_insert(word_table *table, counted_word word);
void word_table_free(word_table *table);

/* The word of this hash, or NULL. Hashes are of 32 bits: a table is one part of many (word_reader.c), chosen by others.
 */
static inline counted_word *word_table_find(const word_table *table, uint32_t hash, const char *text, size_t length) {
    if (table->slot_count == 0) return NULL;
    for (size_t i = hash & (table->slot_count - 1);; i = (i + 1) & (table->slot_count - 1)) {
        word_table_slot slot = table->slots[i];
        if (slot.index == 0) return NULL;
        if (slot.tag != hash) continue;
        counted_word *word = &table->words[slot.index - 1];
        if (word->length == length && memcmp(word->text, text, length) == 0) return word;
    }
}

#endif
