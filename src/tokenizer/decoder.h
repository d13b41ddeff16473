/* tokenizer/decoder.h: token strings back to text.
 *
 * ByteLevel, WordPiece, BPEDecoder, Metaspace, CTC, ByteFallback, Fuse, Strip, Replace, Sequence. */
#ifndef MASKE_TOKENIZER_DECODER_H
#define MASKE_TOKENIZER_DECODER_H

#include "base/json.h"

typedef struct decoder decoder;

/* A list of strings: one text, cut at ends. A zeroed structure is empty. */
typedef struct decoder_strings { buffer text; size_t *ends; size_t count, capacity; } decoder_strings;
MASKE_MUST_USE maske_status decoder_strings_add(decoder_strings *strings, const char *text, size_t length);
void decoder_strings_clear(decoder_strings *strings);
void decoder_strings_free(decoder_strings *strings);

/* *out NULL where the value is null or missing. */
MASKE_MUST_USE maske_status decoder_read(decoder **out, const json_t *value, const char *name);
void decoder_write(json_writer *w, const decoder *d);      /* NULL: null */
void decoder_free(decoder *d);

/* Changes the strings in place. The decoded text is strings->text afterwards. d NULL: joined with one space. */
MASKE_MUST_USE maske_status decoder_apply(const decoder *d, decoder_strings *strings);

#endif
