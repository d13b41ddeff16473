/* tokenizer/symbol_words.h: the different words of a corpus as runs of symbols, on which a BPE is learned.
 *
 * All words lie in one array of 32-bit cells, so that a place in it is 32 bits as well. A word is one record:
 *
 *     cell 0    count (8 bits), room (8 bits), flags
 *     cell 1-2  weight: how often the word occurs in the corpus
 *     cell 3..  symbols [room], of which the first `count` are in use
 *
 * A word of more than SYMBOL_CHUNK symbols is a chain of records, all full at first but the last, so that changing one
 * place of a very long word costs no more than changing a short word. A pair belongs to the record of its left symbol.
 * Records are grouped in blocks for threads; a chain never crosses a block's end. */
#ifndef MASKE_TOKENIZER_SYMBOL_WORDS_H
#define MASKE_TOKENIZER_SYMBOL_WORDS_H

#include "base/parallel.h"
#include "base/memory.h"

#include <string.h>

enum { SYMBOL_HEADER = 3, SYMBOL_CHUNK = 64 };
enum { SYMBOL_JOINS_PREVIOUS = 1 << 16, SYMBOL_JOINS_NEXT = 1 << 17 };

typedef struct symbol_block { size_t begin, end; } symbol_block;        /* cells */
typedef struct symbol_words {
    uint32_t *cells;
    size_t cell_bytes;              /* allocated */
    symbol_block *blocks;
    size_t block_count;
    uint64_t symbols;               /* when built, or packed last */
} symbol_words;

/* Where symbols come from: word i of `count` has at most room(user, i) symbols; fill writes them and returns how many,
 * or fails. Called from several threads (thread: 0..threads-1), room and fill for the same word from different ones. */
typedef struct symbol_source {
    size_t count;
    size_t (*room)(const void *user, size_t i);
    int64_t (*weight)(const void *user, size_t i);
    maske_status (*fill)(void *user, int thread, size_t i, uint32_t *symbols, size_t *count);
    void *user;
} symbol_source;

/* Words of less than two symbols are left out. *out is yours: symbol_words_free. */
MASKE_MUST_USE maske_status symbol_words_build(symbol_words *out, const symbol_source *source, int threads);
/* Moves the records together, dropping words that have become one symbol; places change. */
void symbol_words_pack(symbol_words *words, int threads);
void symbol_words_free(symbol_words *words);

static inline uint32_t symbol_count(const uint32_t *record) { return record[0] & 0xFF; }
static inline uint32_t symbol_room(const uint32_t *record) { return record[0] >> 8 & 0xFF; }
static inline void symbol_set_count(uint32_t *record, uint32_t count) { record[0] = (record[0] & ~0xFFu) | count; }
static inline int64_t symbol_weight(const uint32_t *record) {
    int64_t weight;
    memcpy(&weight, record + 1, sizeof weight);
    return weight;
}
/* The nearest record of the same word behind or before this one that holds a symbol; NULL: none. */
static inline uint32_t *symbol_next_record(uint32_t *record) {
    while (record[0] & SYMBOL_JOINS_NEXT) {
        record += SYMBOL_HEADER + symbol_room(record);
        if (symbol_count(record) > 0) return record;
    }
    return NULL;
}
static inline uint32_t *symbol_previous_record(uint32_t *record) {
    while (record[0] & SYMBOL_JOINS_PREVIOUS) {
        record -= SYMBOL_HEADER + SYMBOL_CHUNK;
        if (symbol_count(record) > 0) return record;
    }
    return NULL;
}

#endif
