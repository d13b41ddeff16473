/* tokenizer/bpe_trainer.h: a BPE from counted words, merge for merge the one of Hugging Face's BpeTrainer (but for
 * no_bytes).
 *
 * The vocabulary: special tokens in their order, then the alphabet by code point, then, where there is a prefix, those of
 * its characters that stand inside words, with the prefix and again by code point (in the library in an order that
 * changes from run to run), then what is merged. */
#ifndef MASKE_TOKENIZER_BPE_TRAINER_H
#define MASKE_TOKENIZER_BPE_TRAINER_H

#include "tokenizer/bpe.h"
#include "tokenizer/word_count.h"

typedef struct bpe_trainer_options {
    int64_t vocab_size;             /* a ceiling; the special tokens and the alphabet are kept even above it */
    int64_t min_frequency;          /* of a pair, to be merged */
    int64_t alphabet_limit; /* characters kept, the most frequent; 0: all. Others vanish from the words. Of equally
                             * frequent ones the smaller code points stay (in the library: any) */
    uint32_t max_token_length;      /* 0: none; characters, a merged entry is shorter than this */
    const char *const *special_tokens;      /* [special_count]; repeats are skipped */
    size_t special_count;
    bool no_bytes;                          /* as merge_learner_options */
    const char *prefix;                     /* of symbols inside a word ("##"), which WordPiece has; NULL: none */
    const uint32_t *initial_alphabet;       /* [initial_count] characters that are entries even if no word has them */
    size_t initial_count;
    word_counts *spent;             /* the words, if nobody needs them any more: freed once they are spelled; or NULL */
} bpe_trainer_options;

/* entries: an empty vocabulary, yours. *merges is yours: free(). */
MASKE_MUST_USE maske_status bpe_train(vocab *entries, bpe_merge **merges, size_t *merge_count, const word_counts *words,
    const bpe_trainer_options *options, const maske_control *control);

#endif
