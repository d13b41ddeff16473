/* data/batch.h: a ragged batch: sequences laid end to end, no padding anywhere.
 *
 *   tokens           7
 *   sequence_start   0       3               7         [sequences + 1]
 *   input_ids        CLS a SEP  CLS [MASK] c SEP       [tokens]
 *   prediction_index 4                                 [predictions], ascending
 *   labels           b                                 [predictions] */
#ifndef MASKE_DATA_BATCH_H
#define MASKE_DATA_BATCH_H

#include "maske.h"

typedef struct batch {
    size_t tokens, sequences, predictions;
    const int32_t *input_ids;           /* [tokens]; NULL where inputs_embeds is given */
    const float *inputs_embeds;         /* [tokens, hidden] or NULL */
    const int32_t *token_type_ids;      /* [tokens]; NULL: all 0 */
    const uint8_t *attention_mask;      /* [tokens]; NULL: all 1. 0: nobody attends to this token (only `maske run`) */
    const uint32_t *sequence_start;     /* [sequences + 1]; a token's position is its place in its sequence */
    const uint32_t *prediction_index;   /* [predictions]: the tokens whose original is predicted */
    const int32_t *labels;              /* [predictions]; -100: gives logits, counts in no loss. NULL: no loss */
} batch;

#endif
