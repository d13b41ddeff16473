/* train/micro_batch.h: a batch trained on in parts, for less memory.
 *
 * A part is some sequences of the batch, one behind the other. Gradients are added up over the parts, dropout is the
 * whole batch's (masked_lm_mode's first_token and first_prediction), so the step is the one that the whole batch gives,
 * to the rounding of the sums. */
#ifndef MASKE_TRAIN_MICRO_BATCH_H
#define MASKE_TRAIN_MICRO_BATCH_H

#include "base/status.h"
#include "data/batch.h"

typedef struct micro_batches {
    size_t sequences, tokens;   /* of a part, at most */
    uint32_t *start;            /* [sequences + 1]  sequence_start of the part that was made last */
    uint32_t *index;            /* [tokens]         its prediction_index */
} micro_batches;

/* Parts of up to so many sequences and tokens, of which any sequence has fewer. Yours: micro_batches_free. */
MASKE_MUST_USE maske_status micro_batches_new(micro_batches *out, size_t sequences, size_t tokens);
void micro_batches_free(micro_batches *m);
/* The part of `whole` that begins with its sequence `first` and its prediction `first_prediction` (where the part
 * before ended). Borrowed from the batch and from *m, until the next call. */
batch micro_batch(const micro_batches *m, const batch *whole, size_t first, size_t first_prediction);

#endif
