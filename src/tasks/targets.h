/* tasks/targets.h: the entries that a caller wants considered for a mask, given as words.
 *
 * A word is looked for as an entry of the vocabulary, spelled as there ("▁pizza", "##lar"), and as the piece that
 * begins a word ("pizza" means "▁pizza" where white space was typed before the mask). Of a word that is no entry the
 * first piece stands for it, and a warning says so, as in the fill-mask pipeline of transformers. */
#ifndef MASKE_TASKS_TARGETS_H
#define MASKE_TASKS_TARGETS_H

#include "tasks/prompt.h"

/* Zeroed: every entry is considered. */
typedef struct targets {
    int32_t *ids;               /* [masks, count] each once in its row */
    size_t *counts;             /* [masks] */
    size_t count, masks, fewest;    /* words; rows; the shortest row */
} targets;

/* count 0: leaves `out` empty. */
MASKE_MUST_USE maske_status targets_read(targets *out, const token_texts *p, const masked_prompt *where,
                                         const char *const *words, size_t count);
void targets_free(targets *t);
/* The entries for a mask; NULL: all. */
const int32_t *targets_for(const targets *t, size_t mask, size_t *count);

#endif
