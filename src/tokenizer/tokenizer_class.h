/* tokenizer/tokenizer_class.h: which class transformers' AutoTokenizer (5.23) reads a folder by: the class, not only the
 * tokenizer.json, decides what stands around the model. */
#ifndef MASKE_TOKENIZER_TOKENIZER_CLASS_H
#define MASKE_TOKENIZER_TOKENIZER_CLASS_H

#include <jansson.h>
#include <stdbool.h>

typedef enum tokenizer_class {
    CLASS_FILES,        /* none, or one that takes a tokenizer.json as it is */
    CLASS_BERT,
    CLASS_ROBERTA,
    CLASS_GPT2,
    CLASS_OTHER         /* reads vocab.txt or vocab.json by rules of its own, which are not here */
} tokenizer_class;

/* Whether the class decides what stands around the model, by rules that are here. */
static inline bool tokenizer_class_has_pipeline(tokenizer_class class) { return class != CLASS_FILES && class != CLASS_OTHER; }

/* By "tokenizer_class" of tokenizer_config.json, else of config.json, else config.json's "model_type". Either file may be
 * NULL. *name: the class, static text; NULL for CLASS_FILES. */
tokenizer_class tokenizer_class_of(const json_t *tokenizer_config, const json_t *config, const char **name);

#endif
