/* tokenizer/train_options.h: what training and extending a tokenizer share. */
#ifndef MASKE_TOKENIZER_TRAIN_OPTIONS_H
#define MASKE_TOKENIZER_TRAIN_OPTIONS_H

#include "tokenizer/tokenizer.h"
#include "tokenizer/word_count.h"

#include <string.h>

/* Whether a WordPiece is asked for; no type is a BPE. */
static inline bool train_is_wordpiece(const maske_tokenizer_train_options *options) {
    return options->type != NULL && strcmp(options->type, "wordpiece") == 0;
}
/* Fails if a number is out of its range; texts are checked by who uses them. */
MASKE_MUST_USE maske_status train_options_check(const maske_tokenizer_train_options *options);
/* Reads and counts; fills the report's figures of the text. *out is yours: word_counts_free. */
MASKE_MUST_USE maske_status train_count_words(word_counts *out, maske_tokenizer_train_report *report,
                                              const maske_text *text, const maske_tokenizer *tokenizer,
                                              const maske_tokenizer_train_options *options,
                                              const maske_control *control);

#endif
