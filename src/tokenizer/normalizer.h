/* tokenizer/normalizer.h: the "normalizer" of a tokenizer.json.
 *
 *     BertNormalizer  NFC NFD NFKC NFKD  Lowercase  StripAccents  Strip  Prepend  Replace  ByteLevel  Nmt  Sequence
 *
 * with the results, and the origins, of Hugging Face's library (wheel 0.23.3), old Unicode versions included.
 * "Precompiled" (sentencepiece's table) is refused by name. Read-only once made; threads may share it. */
#ifndef MASKE_TOKENIZER_NORMALIZER_H
#define MASKE_TOKENIZER_NORMALIZER_H

#include "base/json.h"
#include "tokenizer/aligned_text.h"

typedef struct normalizer normalizer;

/* `name` is the place for errors ("x/tokenizer.json: normalizer"). json null, or NULL: *out is NULL, which every
 * function here takes and which changes nothing. Yours: normalizer_free. */
MASKE_MUST_USE maske_status normalizer_read(normalizer **out, const json_t *json, const char *name);
/* none | nfc | nfkc | bert-cased | bert-uncased | lower-tr. *out is NULL for none. Yours. */
MASKE_MUST_USE maske_status normalizer_new_named(normalizer **out, const char *name);
/* The object as the library saves it; null for NULL. */
void normalizer_write(json_writer *w, const normalizer *self);
void normalizer_free(normalizer *self);

MASKE_MUST_USE maske_status normalizer_apply(const normalizer *self, aligned_text *text);
/* Without origins, and without a copy where nothing changes: *out is the input or bytes of `scratch` (valid until its
 * next use). *start (may be NULL): how many of its first bytes come from the input's first character. */
MASKE_MUST_USE maske_status normalizer_apply_plain(const normalizer *self, const char *text, size_t length,
    aligned_text *scratch, const char **out, size_t *out_length, size_t *start);

#endif
