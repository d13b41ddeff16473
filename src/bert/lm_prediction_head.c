/* bert/lm_prediction_head.c */
#include "bert/lm_prediction_head.h"
#include "base/parallel.h"
#include "bert/encoder.h"
#include "bert/weight_gradients.h"
#include "nn/layer_norm.h"
#include "nn/rows.h"

#include <string.h>

/* -------------------------------------------------------------------------------------------------- transform --- */

static void transform_block(void *user, size_t block, int thread) {
    masked_lm_context *c = user;
    (void)thread;
    const parameters *table = &c->model->table;
    size_t first = block * BERT_BLOCK, rows = bert_block_rows(c->batch->predictions, block), hidden = c->hidden,
           at = first * hidden;
    float *pre = c->transform_pre + at, *act = c->transform_act + at;
    rows_gather(c->head_input + at, bert_encoder_output(c), c->prediction_row + first, rows, hidden);
    bert_product(c, pre, hidden, c->head_input + at, &c->model->packed.transform, rows);
    bias_activation_forward(act, pre, pre, bert_weight(c, table->transform.bias), bert_config_head_act(&c->config), rows,
                            hidden);
    bool kept = c->capacity.backward;
    layer_norm_forward(c->transformed + at, kept ? c->transform_norm.mean + first : NULL,
                       kept ? c->transform_norm.rstd + first : NULL, act, bert_weight(c, table->transform_norm.weight),
                       bert_weight(c, table->transform_norm.bias), (float)c->config.layer_norm_eps, rows, hidden);
    if (c->rounds) gemm_round(c->rounded_transformed + at, hidden, c->transformed + at, hidden, rows, hidden);
}

/* Partial sums: LayerNorm's weight, its bias, the linear layer's bias. */
static void transform_block_backward(void *user, size_t block, int thread) {
    masked_lm_context *c = user;
    (void)thread;
    size_t first = block * BERT_BLOCK, rows = bert_block_rows(c->batch->predictions, block), hidden = c->hidden,
           at = first * hidden;
    float *d = c->d_transformed + at, *sums = bert_partials(c, block);
    memset(sums, 0, 3 * hidden * sizeof *sums);
    layer_norm_backward(d, sums, sums + hidden, d, c->transform_act + at, c->transform_norm.mean + first,
                        c->transform_norm.rstd + first, bert_weight(c, c->model->table.transform_norm.weight), rows,
                        hidden);
    bias_activation_backward(d, sums + 2 * hidden, NULL, d, c->transform_pre + at,
                             bert_config_head_act(&c->config), rows, hidden);
    /* the place of the transformed rows, which are used up, takes the gradient by the head's input */
    bert_linear_backward(c->transformed + at, false, d, hidden, &c->model->packed.transform, bert_precision(c), rows);
}

/* ---------------------------------------------------------------------------------------- decoder and the loss --- */

typedef struct chunk { masked_lm_context *c; cross_entropy loss; } chunk;

static void logits_task(void *user, size_t i, int thread) {
    chunk *k = user;
    cross_entropy_logits(&k->loss, i, k->c->thread_scratch[thread]);
}
static void gradient_task(void *user, size_t i, int thread) {
    chunk *k = user;
    cross_entropy_gradient(&k->loss, i, k->c->thread_scratch[thread]);
}

/* Predictions first..first+rows-1. */
static chunk make_chunk(masked_lm_context *c, size_t first, size_t rows) {
    const parameters *table = &c->model->table;
    bool training = c->gradients != NULL;
    return (chunk){.c = c, .loss = {
        .rows = rows, .hidden = c->hidden, .vocab = c->vocab,
        .input = c->transformed + first * c->hidden,
        .rounded = c->rounds ? c->rounded_transformed + first * c->hidden : NULL,
        .packed = c->model->packed.decoder.forward,
        .weight = bert_tensor(c, table->decoder), .bias = bert_weight(c, table->decoder_bias),
        .labels = c->batch->labels != NULL ? c->batch->labels + first : NULL,
        .training = training, .precision = bert_precision(c), .scale = c->scale,
        .smoothing = training ? c->mode->label_smoothing : 0,
        .logits = c->capacity.logits ? c->logits + first * c->vocab : c->logits, .blocked = !c->capacity.logits,
        .d_input = training ? c->d_transformed + first * c->hidden : NULL,
        .d_weight = training ? bert_gradient(c, table->decoder) : NULL,
        .set_d_weight = c->mode->set_gradients && first == 0,
        .d_bias = training ? bert_gradient(c, table->decoder_bias) : NULL,
        .scratch = c->cross_entropy_scratch}};
}

static void decode_chunk(masked_lm_context *c, size_t first, size_t rows, masked_lm_result *result) {
    size_t tasks = cross_entropy_tasks(c->vocab);
    chunk k = make_chunk(c, first, rows);
    parallel_for(c->capacity.threads, tasks, logits_task, &k);
    if (k.loss.labels == NULL) return;
    cross_entropy_loss(&k.loss);
    parallel_for(c->capacity.threads, tasks, gradient_task, &k);
    cross_entropy_finish(&k.loss, 0, rows);
    result->loss_sum += k.loss.loss_sum;
    result->predicted += k.loss.predicted;
    result->correct += k.loss.correct;
    result->correct_top5 += k.loss.correct_top5;
}

void bert_lm_prediction_head_forward(masked_lm_context *c, masked_lm_result *result) {
    size_t predictions = c->batch->predictions;
    bert_for_blocks(c, predictions, transform_block, c);
    /* as few chunks as there is room for, of even sizes: each packs all the word embeddings */
    size_t chunks = (predictions + c->chunk_rows - 1) / c->chunk_rows, done = 0;
    for (size_t i = 1; i <= chunks; i++) {
        size_t end = predictions * i / chunks;
        decode_chunk(c, done, end - done, result);
        done = end;
    }
    bert_phase_end(c, PHASE_HEAD);
}

void bert_lm_prediction_head_backward(masked_lm_context *c, float *d_output) {
    const parameters *table = &c->model->table;
    size_t predictions = c->batch->predictions, hidden = c->hidden;
    bert_for_blocks(c, predictions, transform_block_backward, c);
    bert_partials_add(c, bert_gradient(c, table->transform_norm.weight), 0, predictions, hidden);
    bert_partials_add(c, bert_gradient(c, table->transform_norm.bias), hidden, predictions, hidden);
    bert_partials_add(c, bert_gradient(c, table->transform.bias), 2 * hidden, predictions, hidden);
    weight_gradient weight = {bert_gradient(c, table->transform.weight), c->d_transformed, c->head_input, false, hidden,
                              predictions, hidden, hidden};
    bert_weight_gradients(c, &weight, 1);
    memset(d_output, 0, c->row_count * hidden * sizeof *d_output);
    rows_scatter_add(d_output, c->transformed, c->prediction_row, predictions, hidden);
    bert_phase_end(c, PHASE_HEAD);
}
