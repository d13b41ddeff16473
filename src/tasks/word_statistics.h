/* tasks/word_statistics.h: how often a text's words stand in it and follow each other, and what guessing by that alone
 * gives: what any model of words must beat.
 *
 * A word is guessed from the rest of the text: its own occurrence is taken out of the counts first. Words that the rest
 * does not have are spelled by the frequency of characters; frequencies and spelling, and pairs and single words, are
 * weighted after Witten and Bell ("The zero-frequency problem", 1991): of n words seen, t of them different, n parts in
 * n + t go to what was seen and t parts to what was not. */
#ifndef MASKE_TASKS_WORD_STATISTICS_H
#define MASKE_TASKS_WORD_STATISTICS_H

#include "tokenizer/word_table.h"

enum { WORD_LINE_START = 0 };       /* stands before the first word of a line */

typedef struct counted_follower { uint32_t previous, word, next; int64_t count; } counted_follower;
typedef struct counted_text_word {
    const char *text;
    size_t length;
    int64_t count;
    int64_t followed, followers;    /* words behind it: all, and different ones */
    uint32_t first_follower;        /* index + 1 into followers, 0: none; they are linked by `next` */
} counted_text_word;

/* Zeroed: empty. */
typedef struct word_statistics {
    counted_text_word *words;       /* [count]; word 0 is WORD_LINE_START */
    counted_follower *followers;    /* [follower_count] */
    uint32_t *word_slots, *follower_slots;      /* [power of two]: index + 1, 0: free */
    size_t count, word_capacity, word_slot_count;
    size_t follower_count, follower_capacity, follower_slot_count;
    int64_t total;                  /* words of the text */
    int64_t *characters;            /* [characters of Unicode + 1], the last: ends of words */
    int64_t character_total, character_kinds;
    uint32_t most_frequent, second; /* words */
    word_arena arena;
} word_statistics;

/* Counts a word (valid UTF-8, not empty) that stands behind `previous`; *word is its number, for the next. */
MASKE_MUST_USE maske_status word_statistics_add(word_statistics *s, uint32_t previous, const char *text, size_t length,
                                                uint32_t *word);
/* Once everything is added: finds the most frequent words. */
void word_statistics_finish(word_statistics *s);

typedef struct word_guess {
    double bits;                    /* -log2 of the probability */
    bool right;                     /* the likeliest word is the word */
} word_guess;
word_guess word_statistics_guess(const word_statistics *s, uint32_t word);
word_guess word_statistics_guess_after(const word_statistics *s, uint32_t previous, uint32_t word);
void word_statistics_free(word_statistics *s);

#endif
