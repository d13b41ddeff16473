/* tokenizer/word_tally.h: one thread's counts: WORD_PARTS tables, a word's hash choosing among them.
 *
 * A part is a part in every thread's tally, on disk, and in the sum: so threads can add up different parts at the same
 * time, and what does not fit in memory is put aside and added up part by part. */
#ifndef MASKE_TOKENIZER_WORD_TALLY_H
#define MASKE_TOKENIZER_WORD_TALLY_H

#include "tokenizer/word_table.h"

enum { WORD_PART_BITS = 5, WORD_PARTS = 1 << WORD_PART_BITS };

typedef struct word_tally {
    word_table parts[WORD_PARTS];
    word_arena arena;
    int64_t total;                  /* words counted, with repeats */
} word_tally;

/* Counts the words of a text once each. */
MASKE_MUST_USE maske_status word_tally_add(word_tally *tally, const char *text, const text_range *words, size_t count);
/* Memory that it takes. */
size_t word_tally_bytes(const word_tally *tally);
/* Forgets the words, not the total. */
void word_tally_clear(word_tally *tally);

#endif
