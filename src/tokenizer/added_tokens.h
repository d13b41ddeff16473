/* tokenizer/added_tokens.h: tokens that are found in the text before the model sees it: [MASK] and its like.
 *
 * Two matchers, each leftmost-longest and non-overlapping: tokens with normalized=false are looked for in the raw text,
 * the others, in their normalised form, in the normalised text of what is left. */
#ifndef MASKE_TOKENIZER_ADDED_TOKENS_H
#define MASKE_TOKENIZER_ADDED_TOKENS_H

#include "tokenizer/normalizer.h"
#include "tokenizer/vocab.h"

#define ADDED_TOKENS_LIMIT 100000

typedef struct added_token {
    char *content;
    size_t length;
    char *normalized_content;       /* what the normalizer makes of it, NULL: the same, or not asked for */
    size_t normalized_length;
    int32_t id;
    bool single_word, lstrip, rstrip, normalized, special;
} added_token;

typedef struct added_matcher added_matcher;
typedef struct added_tokens {
    added_token *tokens;            /* [count] by id */
    size_t count, capacity;
    int32_t limit;                  /* 1 + the largest id, 0 when there are none */
    vocab contents;                 /* content to its index in tokens */
    added_matcher *raw, *normalized;    /* NULL: no such token */
} added_tokens;

/* Adds a token as the library does: the id is that of the same string among the added tokens, else in the model's
 * vocabulary, else the next free one. The flags of a token that is there already are replaced. An empty content is
 * ignored. *id (may be NULL). `token` is copied; its id and normalized_content are not read. */
MASKE_MUST_USE maske_status added_tokens_add(added_tokens *added, const added_token *token, const vocab *model,
    const normalizer *normalizer, int32_t *id);
/* Builds the matchers; call once all are added. `name`: the file, for errors. */
MASKE_MUST_USE maske_status added_tokens_finish(added_tokens *added, const char *name);
void added_tokens_free(added_tokens *added);

/* The token of an id, or of a content; NULL: none. */
const added_token *added_tokens_get(const added_tokens *added, int32_t id);
const added_token *added_tokens_find(const added_tokens *added, const char *content, size_t length);

/* A stretch of text: a token's match (whitespace it swallowed included), or what lies between. */
typedef struct added_split { size_t begin, end; int32_t id; } added_split;      /* id -1: no token */
typedef struct added_splits { added_split *items; size_t count, capacity; } added_splits;
/* Cuts the text; *out is cleared first. matcher NULL: one stretch. Empty text: none. */
MASKE_MUST_USE maske_status added_tokens_split(const added_tokens *added, const added_matcher *matcher, const char *text,
    size_t length, added_splits *out);

#endif
