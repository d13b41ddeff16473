/* tasks/onnx.h: a model as an ONNX file: operator set 17, batch and sequence of any size.
 *
 *   inputs    input_ids, attention_mask, token_type_ids   int64 [batch, sequence]; token_type_ids only where the model
 *             has token types
 *   outputs   logits [batch, sequence, vocab], or without a prediction head last_hidden_state [batch, sequence, hidden];
 *             float32
 * Weights keep their names; stored as F16 or BF16 they are cast where they are used, so that everything is computed in
 * float32. A pooler is left out. */
#ifndef MASKE_TASKS_ONNX_H
#define MASKE_TASKS_ONNX_H

#include "bert/masked_lm.h"

/* Replaces the file. MASKE_UNSUPPORTED if it would pass the 2 GiB that a protocol buffer may have. */
MASKE_MUST_USE maske_status onnx_write(const char *path, const masked_lm *network, safetensors_type type);

#endif
