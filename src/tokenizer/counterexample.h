/* tokenizer/counterexample.h: a text that does not come back from its ids, found by trying. */
#ifndef MASKE_TOKENIZER_COUNTEREXAMPLE_H
#define MASKE_TOKENIZER_COUNTEREXAMPLE_H

#include "tokenizer/tokenizer.h"

/* Whether decoding the ids of the text (without those that the post-processor adds, none skipped, nothing truncated)
 * gives the text. */
MASKE_MUST_USE maske_status comes_back(const maske_tokenizer *tokenizer, const char *text, size_t length, bool *same);
/* A short text that does not come back; "" if none was found. The same for the same tokenizer. */
MASKE_MUST_USE maske_status counterexample_find(const maske_tokenizer *tokenizer, char *out, size_t size);

#endif
