/* tasks/text.h: a text as the network takes it: [CLS] pieces [SEP], no longer than the model allows. */
#ifndef MASKE_TASKS_TEXT_H
#define MASKE_TASKS_TEXT_H

#include "tasks/model.h"

/* Texts end to end. Zeroed: empty. Used again and again. */
typedef struct text_tokens {
    size_t count, tokens;           /* texts; tokens in all */
    int32_t *ids;                   /* [tokens] */
    uint8_t *special;               /* [tokens] 1: around the text, not of it */
    uint8_t *continues;             /* [tokens] 1: goes on with the word of the token before */
    size_t *starts;                 /* [count + 1] */
    bool *cut;                      /* [count] whether the text was too long */
    size_t token_capacity, special_capacity, continue_capacity, start_capacity, cut_capacity;
    maske_encoding encoding;
    const char *prompt;             /* stands before each text, borrowed; NULL: none */
    buffer prompted;                /* a text behind it */
} text_tokens;

/* Encodes them all, each cut at its end to model->max_length tokens; what tokenizer.json says of truncation and padding
 * is not obeyed. Fails with MASKE_BAD_ARGUMENT for a text that is not UTF-8. */
MASKE_MUST_USE maske_status text_tokens_read(text_tokens *out, const maske_model *model, const char *const *texts,
                                             const size_t *lengths, size_t count);
void text_tokens_free(text_tokens *t);

#endif
