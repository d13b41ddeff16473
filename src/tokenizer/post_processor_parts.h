/* tokenizer/post_processor_parts.h: the inside of a post_processor, for its two source files. */
#ifndef MASKE_TOKENIZER_POST_PROCESSOR_PARTS_H
#define MASKE_TOKENIZER_POST_PROCESSOR_PARTS_H

#include "tokenizer/post_processor.h"

/* A name in a template, and the tokens it stands for (one, nearly always). */
typedef struct template_special {
    char *name, *id;                /* its key, and the "id" beside its tokens: the same, nearly always */
    size_t count;
    int32_t *ids;                   /* [count] */
    char **tokens;                  /* [count] */
} template_special;
typedef struct template_piece {
    bool is_special;                /* else a sequence */
    bool is_second;                 /* sequence B */
    size_t special;                 /* index in specials */
    int32_t type_id;
} template_piece;
typedef struct template { template_piece *pieces; size_t count; } template;

typedef enum post_kind { POST_BERT, POST_ROBERTA, POST_BYTE_LEVEL, POST_TEMPLATE, POST_SEQUENCE } post_kind;
struct post_processor {
    post_kind kind;
    template_special cls, sep;                          /* Bert, Roberta */
    bool trim_offsets, add_prefix_space, use_regex;     /* Roberta, ByteLevel */
    template single, pair;                              /* Template */
    template_special *specials;                         /* [special_count] by name */
    size_t special_count;
    post_processor **steps;                             /* [count] Sequence */
    size_t count;
};

#endif
