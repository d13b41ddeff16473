/* tokenizer/class_overlay.h: a tokenizer.json in a folder of BERT's, RoBERTa's or GPT-2's class: of the file transformers 5.23
 * takes the vocabulary, merges, added tokens, truncation and padding (GPT-2: the post-processor, too), the rest is the class's. */
#ifndef MASKE_TOKENIZER_CLASS_OVERLAY_H
#define MASKE_TOKENIZER_CLASS_OVERLAY_H

#include "tokenizer/named_tokens.h"

/* The class to read by: CLASS_FILES where no class is named, but only the model's type, which says nothing of this file, and
 * where the file's model is of another kind than the class's; with a warning where AutoTokenizer reads it otherwise. model_type:
 * "BPE", "WordPiece", ..., "" where it is none. */
tokenizer_class class_of_file(const json_t *root, const char *model_type, const tokenizer_config *config, const char *name);
/* Puts the class's members in the place of the file's (not CLASS_FILES); a warning for each that differed. */
MASKE_MUST_USE maske_status class_overlay(json_t *root, tokenizer_class class, const tokenizer_config *config,
                                          const named_tokens *named, const char *name);
/* The class's post-processor, once the tokens are added; said: the file's, for the warning. */
MASKE_MUST_USE maske_status class_overlay_processor(maske_tokenizer *t, tokenizer_class class, const tokenizer_config *config,
                                                    const named_tokens *named, const json_t *said, const char *name);

#endif
