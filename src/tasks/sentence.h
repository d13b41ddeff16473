/* tasks/sentence.h: what sentence-transformers says of a model's folder.
 *
 *   modules.json                  a list: Transformer (the network, perhaps in a folder of its own), Pooling, Normalize
 *   1_Pooling/config.json         which pooling: "pooling_mode_mean_tokens": true, ..., or "pooling_mode": "mean"
 *   sentence_bert_config.json     max_seq_length, beside the network; or another of its names (base/modules.h)
 *                                 do_lower_case as well
 *   config_sentence_transformers.json     default_prompt_name, and prompts that has it
 *
 * A module of another kind (Dense, ...) does not keep the folder from being opened: filling masks does not need it; but
 * texts are not embedded without it. */
#ifndef MASKE_TASKS_SENTENCE_H
#define MASKE_TASKS_SENTENCE_H

#include "base/json.h"

enum { SENTENCE_LENGTH_LEAST = 3 };     /* tokens: [CLS], one of the text, [SEP] */

/* Zeroed: nothing. */
typedef struct sentence_modules {
    char *network;              /* yours: the folder of the network and its tokenizer */
    maske_pooling pooling;      /* mean where nothing is said */
    bool normalize;
    bool listed;                /* there is a modules.json */
    int64_t max_length;         /* tokens of a text; 0: nothing is said */
    char *prompt;               /* stands before each text; NULL: none */
    bool without_prompt;        /* its tokens are no part of the vector */
    bool lower_case;            /* texts are to be made lower case, whatever the tokenizer does */
    char obstacle[160];         /* what keeps texts from being embedded, and why; "" nothing */
} sentence_modules;

MASKE_MUST_USE maske_status sentence_modules_read(sentence_modules *out, const char *folder);
/* Notes an obstacle, if it is the first: what is needed, its name, and why that is one. */
void sentence_modules_refuse(sentence_modules *m, const char *what, const char *name, const char *why);
void sentence_modules_free(sentence_modules *m);

#endif
