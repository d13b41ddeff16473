/* tokenizer/alphabet.h: the characters of a corpus' words, and which of them a BPE starts from. */
#ifndef MASKE_TOKENIZER_ALPHABET_H
#define MASKE_TOKENIZER_ALPHABET_H

#include "tokenizer/word_count.h"

#define CHARACTER_LIMIT 0x110000

/* A number for each character, 0 where nothing was set, in pages that are made as they are needed. Zeroed: empty. */
typedef struct character_table { int64_t *pages[CHARACTER_LIMIT >> 8]; } character_table;
/* The place of a character's number; NULL: out of memory (only if the page is not there yet). */
int64_t *character_table_at(character_table *table, uint32_t character);
static inline int64_t character_table_get(const character_table *table, uint32_t character) {
    const int64_t *page = table->pages[character >> 8];
    return page == NULL ? 0 : page[character & 0xFF];
}
void character_table_free(character_table *table);

/* The characters that words are made of, ascending: those of `initial` and of the words; if they are more than `limit`
 * (0: none) the rarest are left out, of equals the larger, those of `initial` last. *out is yours: free(). *dropped:
 * how many were left out. */
MASKE_MUST_USE maske_status alphabet_choose(uint32_t **out, size_t *count, size_t *dropped, const word_counts *words,
    const uint32_t *initial, size_t initial_count, int64_t limit, int threads);

#endif
