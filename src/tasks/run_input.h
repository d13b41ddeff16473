/* tasks/run_input.h: the tensors that `maske run` is given, checked against the model. */
#ifndef MASKE_TASKS_RUN_INPUT_H
#define MASKE_TASKS_RUN_INPUT_H

#include "base/safetensors.h"
#include "bert/config.h"

/* Each is yours through run_input_free, NULL where the file has none. tokens = batch * length. */
typedef struct run_input {
    size_t batch, length, tokens;
    int32_t *input_ids;             /* [batch, length]; or: */
    float *inputs_embeds;           /* [batch, length, hidden] */
    uint8_t *attention_mask;        /* [batch, length] 0 or 1 */
    int32_t *token_type_ids;        /* [batch, length] */
    int32_t *labels;                /* [batch, length] -100: nothing to predict */
    size_t labelled;                /* labels that are not -100 */
    float *head_mask;               /* [layers, heads] */
} run_input;

/* Fails, naming tensor, found and expected, for missing, unknown or ill-fitting tensors and values out of range. */
MASKE_MUST_USE maske_status run_input_read(run_input *out, const char *file, const bert_config *config);
void run_input_free(run_input *in);

#endif
