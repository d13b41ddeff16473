/* tokenizer/post_processor.h: what stands around and between the sequences: [CLS] A [SEP] B [SEP].
 *
 *     BertProcessing  RobertaProcessing  ByteLevel (offsets only)  TemplateProcessing  Sequence */
#ifndef MASKE_TOKENIZER_POST_PROCESSOR_H
#define MASKE_TOKENIZER_POST_PROCESSOR_H

#include "base/json.h"

typedef struct post_processor post_processor;

/* A token on its way out. Offsets count characters of the original text. */
typedef struct output_token {
    int32_t id, type_id;
    uint32_t char_begin, char_end;
    uint32_t leading, trailing;     /* white space, byte-level's too, at its string's ends; 0 unless trimming */
    bool special, pad;
    bool second;                    /* of the second text, for its offsets */
} output_token;
typedef struct output_tokens { output_token *items; size_t count, capacity; } output_tokens;
MASKE_MUST_USE maske_status output_tokens_reserve(output_tokens *tokens, size_t more);
void output_tokens_free(output_tokens *tokens);

/* json null or NULL: *out is NULL, which every function here takes. */
MASKE_MUST_USE maske_status post_processor_read(post_processor **out, const json_t *json, const char *name);
void post_processor_write(json_writer *w, const post_processor *processor);
void post_processor_free(post_processor *processor);
/* A TemplateProcessing: "[CLS]:0 $A:0 [SEP]:0", and for pairs "... $B:1 [SEP]:1". */
MASKE_MUST_USE maske_status post_processor_new_standard(post_processor **out, const char *cls, int32_t cls_id,
                                                        const char *sep, int32_t sep_id);

/* Tokens that it adds. */
size_t post_processor_added(const post_processor *processor, bool pair);
/* Whether it trims offsets, so that leading and trailing must be filled. */
bool post_processor_trims(const post_processor *processor);
/* Calls visit with every id it may put out, with the token's name; stops at a failure. */
MASKE_MUST_USE maske_status post_processor_each_id(const post_processor *processor,
    maske_status (*visit)(void *user, int32_t id, const char *token), void *user);

/* What applying needs; used again and again. A zeroed structure is fresh. */
typedef struct post_process {
    output_tokens tokens, next;                         /* parts, one behind the other */
    size_t *ends, *next_ends;                           /* [part_count] where each part ends */
    size_t part_count, next_count, part_capacity, next_capacity;
    bool window[2];         /* a text is a window of what truncation cut off: the library leaves its type ids alone */
} post_process;
/* first and second (NULL: no pair), with what belongs around them: process->tokens. Their type ids are set here. */
MASKE_MUST_USE maske_status post_processor_apply(const post_processor *processor, const output_tokens *first,
    const output_tokens *second, bool add_special, post_process *process);
void post_process_free(post_process *process);

#endif
