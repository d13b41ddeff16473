/* tokenizer/decoder_types.h: what a decoder is inside. For decoder.c and decoder_steps.c. */
#ifndef MASKE_TOKENIZER_DECODER_TYPES_H
#define MASKE_TOKENIZER_DECODER_TYPES_H

#include "tokenizer/component.h"
#include "tokenizer/decoder.h"
#include "tokenizer/pattern.h"

struct decoder {
    component base;
    union {
        byte_level_settings byte_level;                     /* kept for writing */
        metaspace_settings metaspace;                       /* split: kept for writing */
        struct { char *prefix; bool cleanup; } wordpiece;
        struct { char *suffix; } bpe;
        struct { char *pad_token, *word_delimiter_token; bool cleanup; } ctc;
        struct { char *content; int64_t start, stop; } strip;       /* how many characters at most */
        struct { pattern pattern; char *content; } replace;
    };
};

typedef struct decoder_type {
    component_type base;
    /* Reads strings->now and adds to strings->next, which is empty. NULL: Sequence. */
    maske_status (*apply)(const decoder *self, decoder_strings *strings);
} decoder_type;

extern const decoder_type decoder_byte_level, decoder_wordpiece, decoder_bpe, decoder_metaspace, decoder_ctc,
    decoder_byte_fallback, decoder_fuse, decoder_strip, decoder_replace;

/* Ends the string whose bytes were added to list->text. */
MASKE_MUST_USE maske_status decoder_end_string(string_list *list);

/* The i-th string. Borrowed until the list changes. */
typedef struct string { const char *text; size_t length; } string;
static inline string string_at(const string_list *list, size_t i) {
    size_t begin = i == 0 ? 0 : list->ends[i - 1];
    return (string){list->text.data + begin, list->ends[i] - begin};
}

#endif
