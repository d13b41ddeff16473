/* tasks/prompt.h: a prompt with masks, as text and as ids.
 *
 *     Mert Akçay [MASK] üniversite [MASK].
 *     segment 0  gap 0  segment 1   gap 1 segment 2
 *     ids   [CLS] ▁Mert ▁Akçay [MASK] ▁üniversite [MASK] . [SEP]
 *
 * The ids are those of the whole prompt: the mask is an added token, so the tokenizer itself cuts there and encodes the
 * text between apart, each piece as it would be in its place. That is what the network saw in training. */
#ifndef MASKE_TASKS_PROMPT_H
#define MASKE_TASKS_PROMPT_H

#include "tasks/model.h"
#include "tasks/splice.h"

/* Zeroed: empty. Used again and again. */
typedef struct masked_prompt {
    const char *text;               /* borrowed */
    size_t length;
    size_t count;                   /* masks */
    splice_gap *gaps;               /* [count] where the masks are written */
    size_t *places;                 /* [count] where they are in encoding.ids */
    size_t gap_capacity, place_capacity;
    size_t lead, trail;             /* special tokens around the text: [CLS] and [SEP] */
    maske_encoding encoding;
} masked_prompt;

/* Fails with MASKE_BAD_ARGUMENT if the prompt is not UTF-8 or has no mask. `text` is borrowed until the next use. */
MASKE_MUST_USE maske_status prompt_read(masked_prompt *out, const maske_model *model, const char *text);
void prompt_free(masked_prompt *p);
/* Whether the mask stands where a word begins: white space or nothing before it. */
bool prompt_at_word_start(const masked_prompt *p, size_t mask);

/* What fits into the network: tokens begin..end-1 of the text (special tokens around them not counted). */
typedef struct prompt_window { size_t begin, end; } prompt_window;
/* The window for filling mask number `mask`: all of the text if it fits; else a stretch around every mask, or, where
 * the masks lie too far apart for that, around this one. */
prompt_window prompt_window_for(const masked_prompt *p, size_t mask, size_t max_length);

#endif
