/* bert/config.h: what a model is made of: config.json, as transformers writes and reads it, of any family
 * (bert/family.h). */
#ifndef MASKE_BERT_CONFIG_H
#define MASKE_BERT_CONFIG_H

#include "base/json.h"
#include "bert/family.h"
#include "nn/activation.h"

/* The file's keys, by BERT's names. Ranges: bert_config_check. */
typedef struct bert_config {
    model_family family;
    int64_t vocab_size, hidden_size, num_hidden_layers, num_attention_heads, intermediate_size;
    int64_t max_position_embeddings, type_vocab_size;   /* type_vocab_size 0: a family without token types */
    int64_t pad_token_id;           /* its word embedding learns nothing from the look-up; -1: none */
    int64_t bos_token_id, eos_token_id;     /* passed on; -1: none */
    activation hidden_act;
    bool tied;                      /* the decoder's matrix is that of the word embeddings */
    double hidden_dropout_prob, attention_probs_dropout_prob;       /* 0..1, 1 excluded */
    double initializer_range, layer_norm_eps;
    /* A key of our own: the longest sequence that the model was trained on, in tokens; 0: not known. Its position embeddings
     * beyond that have learned nothing. */
    int64_t trained_length;
} bert_config;

/* What transformers takes for keys that a file lacks: BERT base; of another family, its. */
bert_config bert_config_defaults(void);
bert_config bert_config_family_defaults(model_family family);
/* The longest sequence in tokens: the positions, less those that the family keeps for padding. */
size_t bert_config_positions(const bert_config *config);
/* Of the prediction head. */
activation bert_config_head_act(const bert_config *config);
/* Fails, naming the key, unless every value is in its range and the heads divide the hidden size. `name` stands for
 * the file in sentences. */
MASKE_MUST_USE maske_status bert_config_check(const bert_config *config, const char *name);

/* Keys unknown here are ignored; what would change the model's results (a causal decoder, relative positions,
 * another activation) is refused by name. */
MASKE_MUST_USE maske_status bert_config_read(bert_config *out, const char *path);
/* The same from a JSON object that was read already. */
MASKE_MUST_USE maske_status bert_config_from_json(bert_config *out, const json_t *object, const char *name);
/* Adds the file's text to out. head: the model has a prediction head (BertForMaskedLM), else a BertModel. */
MASKE_MUST_USE maske_status bert_config_write(buffer *out, const bert_config *config, bool head);
/* The same beside weights that are stored in another type: "float16", "bfloat16". */
MASKE_MUST_USE maske_status bert_config_write_typed(buffer *out, const bert_config *config, bool head,
                                                    const char *dtype);

#endif
