/* bert/family.h: the families of models that are one network under several names: BERT, RoBERTa, DistilBERT.
 *
 * A family is a row of options and a list of renamings; everything else (operations, parameter table, training) is
 * shared. A tensor is known here by BERT's name and lies in the file under its family's:
 *
 *   bert.encoder.layer.0.attention.self.query.weight
 *   roberta.encoder.layer.0.attention.self.query.weight
 *   distilbert.transformer.layer.0.attention.q_lin.weight
 *
 * Source: the modelling files of transformers, which give each family its own. */
#ifndef MASKE_BERT_FAMILY_H
#define MASKE_BERT_FAMILY_H

#include "maske.h"

typedef enum model_family { FAMILY_BERT, FAMILY_ROBERTA, FAMILY_DISTILBERT, FAMILY_COUNT } model_family;

typedef struct family_options {
    const char *model_type;             /* of config.json */
    const char *masked_lm, *model;      /* the architectures: with a prediction head, without */
    const char *prefix;                 /* of the encoder's tensors: "bert."; files without a head leave it out */
    bool token_types;                   /* there are embeddings of token types */
    bool pooler;                        /* there may be a pooler */
    bool positions_behind_padding;      /* the first token's position is the padding id + 1; padding's is its id */
    bool head_is_gelu;                  /* the prediction head's activation is gelu, whatever hidden_act is */
    bool self_output_dropout;           /* dropout on what attention adds to its input */
    bool decoder_bias_has_copy;         /* the head has a bias of its own beside its decoder's: one vector, two names */
} family_options;

const family_options *family_of(model_family family);
/* By the model_type of config.json; false: no such family. */
bool family_from_model_type(model_family *out, const char *model_type);
/* "bert, roberta or distilbert", for sentences. */
const char *family_names(void);

enum { FAMILY_NAME = 80 };
/* The family's name of a tensor that BERT calls `name`; returns out. */
const char *family_tensor(char out[FAMILY_NAME], model_family family, const char *name);

#endif
