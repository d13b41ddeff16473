/* tokenizer/post_processor_types.h: what a post-processor is inside. For post_processor*.c. */
#ifndef MASKE_TOKENIZER_POST_PROCESSOR_TYPES_H
#define MASKE_TOKENIZER_POST_PROCESSOR_TYPES_H

#include "tokenizer/component.h"
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

struct post_processor {
    component base;
    template_special cls, sep;                          /* Bert, Roberta */
    byte_level_settings trimming;                       /* Roberta, ByteLevel */
    template single, pair;                              /* Template */
    template_special *specials;                         /* [special_count] by name */
    size_t special_count;
};

typedef enum post_kind { POST_BERT, POST_ROBERTA, POST_BYTE_LEVEL, POST_TEMPLATE, POST_SEQUENCE } post_kind;
typedef struct post_processor_type { component_type base; post_kind kind; } post_processor_type;

static inline post_kind post_kind_of(const post_processor *self) {
    return ((const post_processor_type *)self->base.type)->kind;
}
/* Of a Sequence. */
static inline const post_processor *post_processor_item(const post_processor *self, size_t i) {
    return (const post_processor *)self->base.items[i];
}

#endif
