/* tokenizer/merge_learner.h: learns merges on words of symbols, by the rules of Hugging Face's BpeTrainer: the pair
 * that occurs most often, of equals the one with the smaller (left id, right id), becomes one symbol, again and again.
 *
 * The one thing left out is what no_bytes says. A merge whose string is an entry already (a special token's, say) uses
 * that entry's id; the vocabulary then does not grow. The result depends on words and weights alone, not on their order,
 * nor on the number of threads. */
#ifndef MASKE_TOKENIZER_MERGE_LEARNER_H
#define MASKE_TOKENIZER_MERGE_LEARNER_H

#include "tokenizer/bpe.h"
#include "tokenizer/symbol_words.h"

typedef struct merge_learner_options {
    int64_t vocab_size;             /* stops at this many entries */
    int64_t min_frequency; /* stops at a pair that occurs less often; never merges what does not occur at all */
    uint32_t max_token_length;      /* 0: none. In characters; a merged entry is shorter than this, as in the library */
    const char *prefix;             /* continuing_subword_prefix or NULL: the right half loses it */
    const uint8_t *apart; /* NULL, or [entries->limit] 1: never merged with anything, as it stands for unknown text */
    bool no_bytes; /* what would read "<0xHH>" is not merged: a ByteFallback decoder takes such an entry for a byte */
    /* For going on where an older BPE ended; NULL: there is none. Where a merge makes an entry that is half of an older
     * merge, an encoder would go straight on with that one: then the words are spelled anew. */
    const uint8_t *halves;          /* [entries->limit] 1: left or right of an older merge */
    maske_status (*respell)(void *user, symbol_words *words, const bpe_merge *merges, size_t count);
    void *user;
} merge_learner_options;

/* entries grows by what is learned; words change. lengths: [entries->limit] characters of each symbol that occurs in
 * the words. *merges is yours: free(); in the order learned. */
MASKE_MUST_USE maske_status merges_learn(vocab *entries, symbol_words *words, const uint32_t *lengths,
    const merge_learner_options *options, const maske_control *control, bpe_merge **merges, size_t *merge_count);

#endif
