/* tokenizer/unproducible.h: entries with characters that no normalized text has. */
#ifndef MASKE_TOKENIZER_UNPRODUCIBLE_H
#define MASKE_TOKENIZER_UNPRODUCIBLE_H

#include "tokenizer/tokenizer.h"

/* *entries: how many entries of the model hold a character that the normalizer changes, whatever text it stands in, so
 * that they can never be used: "İ" beside a normalizer that lowers, "ş" beside one that strips marks. `letters` gets
 * some of those characters, apart by spaces. */
MASKE_MUST_USE maske_status unproducible_count(const maske_tokenizer *tokenizer, int64_t *entries, char *letters,
                                               size_t size);

#endif
