/* train/progression.h: what changes over a run beside the learning rate: the share of masks, the batch, the sequences'
 * length. Each a function of the settings and of how much of the run is behind, from 0 to 1. */
#ifndef MASKE_TRAIN_PROGRESSION_H
#define MASKE_TRAIN_PROGRESSION_H

#include "base/status.h"

/* From mask_probability evenly to mask_probability_end. */
double progression_mask_probability(const maske_train_options *settings, double done);
/* Sequences of a batch: grows evenly from a quarter of batch_size in the first batch_warmup_ratio of the run. */
int64_t progression_batch_size(const maske_train_options *settings, double done);
/* Tokens that a sequence may have, [CLS] and [SEP] included: the same with max_length and length_warmup_ratio. */
int64_t progression_length(const maske_train_options *settings, double done);
/* Steps in which as many sequences are trained on as in `steps` steps of whole batches. */
double progression_steps(const maske_train_options *settings, double steps);

#endif
