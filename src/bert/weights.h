/* bert/weights.h: a model's tensors from its files (bert/weight_files.h) and to model.safetensors.
 *
 * Read: the family's names (bert/family.h), with and without its prefix, LayerNorm's "gamma" and "beta" of old files;
 * F32, F16, BF16 or F64. Buffers (position_ids) and the next-sentence head are passed over; so is a copy of the tied
 * decoder, but one that differs from what it is tied to is a decoder of its own. Any other tensor that the configuration has no place for is refused where it belongs to the encoder,
 * the embeddings or the prediction head, and warned of where it belongs to another task's head. A tensor that is
 * missing or of another shape is refused by name, before the weights' memory is taken. */
#ifndef MASKE_BERT_WEIGHTS_H
#define MASKE_BERT_WEIGHTS_H

#include "bert/masked_lm.h"

/* A model of this configuration with the weights of the file (model.safetensors, a .bin, or an index of either). Yours: masked_lm_free. */
MASKE_MUST_USE maske_status bert_weights_read(masked_lm **out, const bert_config *config, const char *path);
/* The values of a flat buffer of the model's layout, as `type` (F32, F16, BF16). Replaces the file. */
MASKE_MUST_USE maske_status bert_weights_write(const char *path, const parameters *table, const float *values,
                                               safetensors_type type);

#endif
