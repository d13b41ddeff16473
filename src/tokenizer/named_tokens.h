/* tokenizer/named_tokens.h: the tokens that the files beside a model name, as transformers 5.23 gathers them
 * (tokenization_utils_base.py, _from_pretrained; tokenization_utils_tokenizers.py, __init__):
 *
 *   1. added_tokens_decoder of tokenizer_config.json, by id; where there is none, added_tokens.json and the added tokens of
 *      tokenizer.json, and what special_tokens_map.json says counts before tokenizer_config.json
 *   2. bos, eos, unk, sep, pad, cls, mask: as named, else as the class has them
 *   3. other "..._token" members, then extra_special_tokens (additional_special_tokens)
 *
 * Of 2 and 3 only what is not there by its string. Ids come from the order. */
#ifndef MASKE_TOKENIZER_NAMED_TOKENS_H
#define MASKE_TOKENIZER_NAMED_TOKENS_H

#include "tokenizer/tokenizer_config.h"

typedef struct named_tokens {
    json_t *added;      /* [{"content": ..., and all flags}, ...] in the order in which they are added */
    bool split_special; /* split_special_tokens: they are not looked for in a text */
    json_t *named;      /* {"cls_token": a string, or an object as above, ...} */
} named_tokens;

/* file_tokens: "added_tokens" of a tokenizer.json, or NULL. kept: those are in the tokenizer already. entries: for folders
 * without a class, where the usual names count that are entries; else NULL. */
MASKE_MUST_USE maske_status named_tokens_collect(named_tokens *out, const tokenizer_config *config,
                                                 const json_t *file_tokens, bool kept, const vocab *entries);
void named_tokens_free(named_tokens *tokens);

/* What is named "cls_token", ...; NULL: nothing. Borrowed. */
const char *named_tokens_text(const named_tokens *tokens, const char *key);
/* Adds the tokens to a tokenizer that has its model and its normalizer, and sets its roles
 * and whether special tokens are looked for. */
MASKE_MUST_USE maske_status named_tokens_add(const named_tokens *tokens, maske_tokenizer *t);

#endif
