/* tokenizer/word_count.h: the different words of a corpus, and how often each occurs. All that learning a BPE needs. */
#ifndef MASKE_TOKENIZER_WORD_COUNT_H
#define MASKE_TOKENIZER_WORD_COUNT_H

#include "tokenizer/byte_level.h"
#include "tokenizer/pre_tokenizer.h"

typedef struct counted_word {
    const char *text;               /* in the counts' form; borrowed from the counts */
    int64_t count;
    uint32_t length;
    uint32_t hash;                  /* the counting's own */
} counted_word;

/* What counting may take, and what is done when the different words are too many to learn from. */
typedef struct word_limits {
    int64_t memory;                 /* bytes */
    bool prune;                     /* the rarest words are dropped; else the text is refused */
} word_limits;

typedef struct word_counts {
    counted_word *words;            /* [count] each word once, in no particular order */
    size_t count;
    word_form form;                 /* what the bytes of a word stand for */
    uint32_t replacement;           /* WORD_SPACES: the character that a space stands for */
    int64_t total;                  /* words with repeats, those dropped included */
    int64_t pruned_words, pruned_total; /* different words dropped since they were rare; and with their repeats */
    int64_t least;                  /* occurrences of the rarest words that were not dropped, at least */
    uint64_t spilled;               /* bytes put aside on disk */
    struct word_arena *arenas;      /* [arena_count] what the texts lie in; NULL: the caller's own memory */
    size_t arena_count;
} word_counts;

void word_counts_free(word_counts *counts);

/* The character that the next byte or bytes of a word stand for; *size: how many. */
static inline uint32_t word_character(const word_counts *words, const char *text, size_t *size) {
    if (words->form == WORD_BYTES) { *size = 1; return byte_level_character((unsigned char)*text); }
    uint32_t character = utf8_next(text, size);
    return character == ' ' && words->form == WORD_SPACES ? words->replacement : character;
}
/* A word as the model gets it, in place of what `out` held. */
MASKE_MUST_USE maske_status word_spell(const word_counts *words, counted_word word, buffer *out);

#endif
