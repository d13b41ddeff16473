/* tokenizer/post_processor.h: what stands around and between the sequences: [CLS] A [SEP] B [SEP].
 *
 * BertProcessing, RobertaProcessing, ByteLevel (offsets only), TemplateProcessing, Sequence. */
#ifndef MASKE_TOKENIZER_POST_PROCESSOR_H
#define MASKE_TOKENIZER_POST_PROCESSOR_H

#include "tokenizer/vocab.h"
#include "base/json.h"

typedef struct post_processor post_processor;

/* A token on its way out. Offsets are characters of the original text; text is what it stood for in the normalised one,
 * read for the trimming of offsets. */
typedef struct output_token {
    int32_t id, type_id;
    uint32_t char_begin, char_end;
    uint32_t leading, trailing;     /* white space characters (G-dot included) at the ends of the token's string */
    uint8_t special;
} output_token;
typedef struct output_tokens { output_token *items; size_t count, capacity; } output_tokens;

/* *out NULL where the value is null or missing. */
MASKE_MUST_USE maske_status post_processor_read(post_processor **out, const json_t *value, const char *name);
void post_processor_write(json_writer *w, const post_processor *p);        /* NULL: null */
void post_processor_free(post_processor *p);
/* "[CLS] $A [SEP]" and its pair, as a TemplateProcessing. */
MASKE_MUST_USE maske_status post_processor_new_standard(post_processor **out, const char *cls, int32_t cls_id, const char *sep, int32_t sep_id);

/* Tokens that it adds. p may be NULL: 0. */
size_t post_processor_added(const post_processor *p, bool pair);
/* Whether it reads or changes offsets (so that leading and trailing must be filled). */
bool post_processor_trims(const post_processor *p);
/* Calls with each special id it names; for checks against the vocabulary. */
MASKE_MUST_USE maske_status post_processor_check_ids(const post_processor *p, int64_t limit, const char *name);

/* out: first and second (NULL: no pair) with what belongs around them; their type ids are set here. first and second are
 * changed (offsets). spare: memory for the steps between; it and out are cleared first. */
MASKE_MUST_USE maske_status post_processor_apply(const post_processor *p, output_tokens *first, output_tokens *second,
    bool add_special, output_tokens *out, output_tokens *spare);

#endif
