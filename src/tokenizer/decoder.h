/* tokenizer/decoder.h: token strings back to text.
 *
 *     ByteLevel  WordPiece  BPEDecoder  Metaspace  CTC  ByteFallback  Fuse  Strip  Replace  Sequence */
#ifndef MASKE_TOKENIZER_DECODER_H
#define MASKE_TOKENIZER_DECODER_H

#include "base/json.h"

typedef struct decoder decoder;

/* Strings one behind the other, and what changing them needs. A zeroed structure is empty. */
typedef struct string_list { buffer text; size_t *ends; size_t count, capacity; } string_list;
typedef struct decoder_strings { string_list now, next; } decoder_strings;
/* Adds a token's string; valid UTF-8. */
MASKE_MUST_USE maske_status decoder_strings_add(decoder_strings *strings, const char *text, size_t length);
void decoder_strings_free(decoder_strings *strings);

/* json null or NULL: *out is NULL, which every function here takes. */
MASKE_MUST_USE maske_status decoder_read(decoder **out, const json_t *json, const char *name);
void decoder_write(json_writer *w, const decoder *decoder);
void decoder_free(decoder *decoder);

/* Decodes: the text is strings->now.text afterwards. No decoder: the strings joined by one space. */
MASKE_MUST_USE maske_status decoder_apply(const decoder *decoder, decoder_strings *strings);

#endif
