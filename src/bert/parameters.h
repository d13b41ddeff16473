/* bert/parameters.h: the one table of a model's tensors: name in the file, shape, place in the flat buffer, initial
 * values, weight decay. Initialising, loading, saving, the optimizer, the gradients and growing a vocabulary walk it;
 * the modules find their tensors by the places below. Weights, gradients and moments are flat buffers of one layout:
 *
 *   embeddings | layer 0 | layer 1 | ... | prediction head | pooler
 *
 * Every tensor starts on 64 bytes, but for key and value, which lie right behind query: the three are one matrix
 * [3 * hidden, hidden] in memory, and their biases one vector. What lies between tensors is zero and stays zero. A tied
 * decoder's matrix is not here: it is the word embeddings. The rows below have BERT's names; the table has those of the
 * configuration's family. */
#ifndef MASKE_BERT_PARAMETERS_H
#define MASKE_BERT_PARAMETERS_H

#include "bert/config.h"

typedef enum parameter_initial { INITIAL_NORMAL, INITIAL_ZERO, INITIAL_ONE } parameter_initial;

typedef enum parameter_part { PART_EMBEDDINGS, PART_ENCODER, PART_HEAD, PART_POOLER } parameter_part;
typedef struct parameter {
    char name[FAMILY_NAME];     /* "bert.encoder.layer.0.attention.self.query.weight" */
    parameter_part part;
    size_t rank, shape[2];
    size_t elements, place;     /* place: in floats from the start of a flat buffer */
    parameter_initial initial;
    bool decay;
} parameter;

/* Places of the tensors, by module. */
typedef struct linear_places { size_t weight, bias; } linear_places;            /* [out, in], [out] */
typedef struct norm_places { size_t weight, bias; } norm_places;                /* [hidden] each */
typedef struct layer_places {
    linear_places query_key_value;          /* attention.self.query, key, value as one */
    linear_places self_output;              /* attention.output.dense */
    norm_places self_output_norm;
    linear_places intermediate, output;
    norm_places output_norm;
} layer_places;

typedef struct parameters {
    parameter *rows;            /* [count] */
    size_t count;
    size_t total;               /* floats of a flat buffer */
    bool head, pooler;          /* which parts there are */
    model_family family;
    size_t word_embeddings, position_embeddings;
    size_t token_type_embeddings;           /* families without token types: NO_PLACE */
    norm_places embeddings_norm;
    layer_places *layers;       /* [num_hidden_layers] */
    linear_places transform;    /* cls.predictions.transform.dense */
    norm_places transform_norm;
    size_t decoder;             /* cls.predictions.decoder.weight; tied: word_embeddings */
    size_t decoder_bias;        /* cls.predictions.bias */
    linear_places pooler_dense;
} parameters;

#define NO_PLACE SIZE_MAX

/* The table of a checked configuration. Yours: parameters_free. */
MASKE_MUST_USE maske_status parameters_build(parameters *out, const bert_config *config, bool head, bool pooler);
void parameters_free(parameters *table);
/* NULL: no such tensor. */
const parameter *parameters_find(const parameters *table, const char *name);
/* weights[total], as the reference implementation starts: normal(0, initializer_range), biases 0, LayerNorm 1 and 0,
 * the padding row of the word embeddings 0. A value depends on the seed, its tensor's row and its place there alone. */
void parameters_initialise(float *weights, const parameters *table, const bert_config *config, uint64_t seed);

#endif
