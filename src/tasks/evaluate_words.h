/* tasks/evaluate_words.h: how well a model guesses whole words, in figures that do not depend on its tokenizer.
 *
 * Of a drawn word every piece is guessed in turn, left to right, from the line without that piece and those behind it
 * (the within-word left-to-right pseudo-log-likelihood of Kauf and Ivanova, "A better way to do masked language model
 * scoring", 2023). The word's bits are the sum over its pieces. It is right if every piece is the likeliest one, which
 * is what filling greedily, piece after piece, would write. Bytes that the tokenizer has no piece for cost 8 bits each. */
#ifndef MASKE_TASKS_EVALUATE_WORDS_H
#define MASKE_TASKS_EVALUATE_WORDS_H

#include "tasks/model.h"

/* Sets the members of *out whose names have "word". */
MASKE_MUST_USE maske_status evaluate_words(const maske_model *model, const maske_text *text,
                                           const maske_evaluate_options *options, const maske_control *control,
                                           maske_evaluation *out);

#endif
