/* data/tokenize.h: a block of lines into tokens, by all threads; the result does not depend on how many there are. */
#ifndef MASKE_DATA_TOKENIZE_H
#define MASKE_DATA_TOKENIZE_H

#include "base/status.h"

typedef struct tokenize tokenize;
typedef struct token_line {
    const int32_t *ids;         /* [count]; borrowed for the call */
    size_t count;               /* 0 also where a line's text gives no token */
    bool blank;                 /* nothing, or spaces and tabs: documents end here */
} token_line;

/* *out is yours: tokenize_free. The tokenizer must outlive it. */
MASKE_MUST_USE maske_status tokenize_new(tokenize **out, const maske_tokenizer *tokenizer, int threads);
/* Tokenizes a block of whole lines (each ended by \n) without special tokens, truncation or padding, then gives each
 * line in order to add(). */
MASKE_MUST_USE maske_status tokenize_block(tokenize *t, const char *block, size_t length,
    maske_status (*add)(void *user, const token_line *line), void *user);
void tokenize_free(tokenize *t);

#endif
