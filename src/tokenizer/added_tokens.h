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
    bool single_word;               /* only where no word character stands on either side */
    bool lstrip, rstrip;            /* takes the white space on its left, on its right, along */
    bool normalized;                /* looked for in the normalised text */
    bool special;                   /* left out when decoding with skip_special */
} added_token;

typedef struct added_tokens {
    added_token *tokens;            /* [count] as they were added */
    size_t count, capacity, bytes;
    vocab contents;                 /* content to its index in tokens */
    int32_t next_id;                /* for the next token that the model does not know; 0: not settled yet */
    int32_t limit;                  /* 1 + the largest id, 0 when there are none */
    int32_t *by_id;                 /* [limit] index in tokens, or -1 */
    struct added_matcher *raw, *normalized;     /* NULL: no such token */
    bool split_special;             /* special tokens are not looked for: in a text they are text */
} added_tokens;

/* Adds a token as the library does: the id is that of the same string among the added tokens, else in the model's
 * vocabulary, else the next free one (from the COUNT of the model's entries on). The flags of a token that is there
 * already are replaced. An empty content is ignored. *id (may be NULL) is -1 then. `token` is copied; its id and
 * normalized_content are not read. Followed by added_tokens_finish. */
MASKE_MUST_USE maske_status added_tokens_add(added_tokens *added, const added_token *token, const vocab *model,
    const normalizer *normal, int32_t *id);
/* Builds the matchers and by_id; call once all are added. */
MASKE_MUST_USE maske_status added_tokens_finish(added_tokens *added);
void added_tokens_free(added_tokens *added);

/* The token of an id, or of a content; NULL: none. */
static inline const added_token *added_tokens_get(const added_tokens *added, int32_t id) {
    if (id < 0 || id >= added->limit || added->by_id[id] < 0) return NULL;
    return &added->tokens[added->by_id[id]];
}
const added_token *added_tokens_find(const added_tokens *added, const char *content, size_t length);

/* A stretch of text: a token's match (whitespace it swallowed included), or what lies between. */
typedef struct added_split { size_t begin, end; int32_t id; } added_split;      /* id -1: no token */
typedef struct added_splits { added_split *items; size_t count, capacity; } added_splits;
/* Cuts the text by the raw matcher, or by the normalised one; *out is cleared first. No stretch is empty. */
MASKE_MUST_USE maske_status added_tokens_split(const added_tokens *added, bool normalized, const char *text,
                                               size_t length, added_splits *out);
/* Whether any stretch is a token's. */
static inline bool added_splits_any(const added_splits *splits) {
    return splits->count > 1 || (splits->count == 1 && splits->items[0].id >= 0);
}
/* Whether there is anything to look for: if not, the text is one stretch. */
static inline bool added_tokens_has(const added_tokens *added, bool normalized) {
    return (normalized ? added->normalized : added->raw) != NULL;
}
void added_splits_free(added_splits *splits);

#endif
