/* fuzz/models.h: the configuration of the models that files are read for: as small as models can be. */
#ifndef MASKE_FUZZ_MODELS_H
#define MASKE_FUZZ_MODELS_H

#include "bert/config.h"
#include "fuzz.h"

/* As CONFIG in make_seeds.py. */
static inline bert_config fuzz_config(void) {
    bert_config c = bert_config_defaults();
    c.vocab_size = 20;
    c.hidden_size = 8;
    c.num_hidden_layers = 1;
    c.num_attention_heads = 2;
    c.intermediate_size = 12;
    c.max_position_embeddings = 16;
    return c;
}

#endif
