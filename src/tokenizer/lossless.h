/* tokenizer/lossless.h: whether every text comes back from its ids, found out from the components alone. */
#ifndef MASKE_TOKENIZER_LOSSLESS_H
#define MASKE_TOKENIZER_LOSSLESS_H

#include "tokenizer/tokenizer.h"

/* *lossless: decoding the ids of a text (without those that the post-processor adds, none skipped) gives the text, for
 * the texts that `reason` names ("every text in NFC without U+2581"); else `reason` says what loses what. What is not
 * understood counts as losing. */
MASKE_MUST_USE maske_status lossless_prove(const maske_tokenizer *tokenizer, bool *lossless, char *reason, size_t size);

#endif
