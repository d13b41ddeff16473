/* tokenizer/pre_tokenizer.h: the "pre_tokenizer" of a tokenizer.json: cuts text into the words a model sees.
 *
 *     BertPreTokenizer  ByteLevel  Metaspace  Whitespace  WhitespaceSplit  Punctuation  Digits  CharDelimiterSplit
 *     Split  UnicodeScripts  FixedLength  Sequence
 *
 * with the results and origins of Hugging Face's library (wheel 0.23.3). Read-only once made; threads may share it. */
#ifndef MASKE_TOKENIZER_PRE_TOKENIZER_H
#define MASKE_TOKENIZER_PRE_TOKENIZER_H

#include "base/json.h"
#include "tokenizer/pieces.h"

typedef struct pre_tokenizer pre_tokenizer;

/* As in normalizer.h: json null or NULL gives NULL, which every function here takes: one piece stays one word. */
MASKE_MUST_USE maske_status pre_tokenizer_read(pre_tokenizer **out, const json_t *json, const char *name);
/* metaspace (prepend_scheme first, split) | bytelevel (no prefix space, suffixes whole) | bert | whitespace. Yours. */
MASKE_MUST_USE maske_status pre_tokenizer_new_named(pre_tokenizer **out, const char *name);
void pre_tokenizer_write(json_writer *w, const pre_tokenizer *self);
void pre_tokenizer_free(pre_tokenizer *self);

/* Cuts every piece that is text. */
MASKE_MUST_USE maske_status pre_tokenizer_split(const pre_tokenizer *self, pieces *list);

/* ---- words alone ----
 * For training, and for ids without offsets: the words of normalized text as ranges of bytes, where the text itself
 * need not be rewritten. What the bytes of a word stand for is its form, the same for every text: */
typedef enum word_form {
    WORD_AS_IS,         /* the word is what the model sees */
    WORD_BYTES,         /* each byte stands for its byte-level character (tokenizer/byte_level.h) */
    WORD_SPACES         /* each U+0020 stands for pre_tokenizer_replacement() */
} word_form;
word_form pre_tokenizer_word_form(const pre_tokenizer *self);
/* Metaspace's character in UTF-8, "" where the form is not WORD_SPACES. Borrowed. */
const char *pre_tokenizer_replacement(const pre_tokenizer *self);

/* A zeroed structure is empty. Memory is kept from text to text. */
typedef struct word_list {
    const char *text;           /* what the ranges count in: the text given, or a copy of the list's own */
    range_list ranges;          /* ranges.items[ranges.count] */
    range_list next;            /* scratch */
    buffer prefixed;            /* the copy, where a space had to be put in front */
    pieces pieces;              /* the long way, for what changes text in another manner */
} word_list;
/* The words of one piece of normalized text (what lies between added tokens). start: how many of its first bytes come
 * from the first character of the original text. out->text is borrowed from the caller's text or from `out`. */
MASKE_MUST_USE maske_status pre_tokenizer_words(const pre_tokenizer *self, const char *text, size_t length,
    size_t start, word_list *out);
void word_list_free(word_list *words);

#endif
