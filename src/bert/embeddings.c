/* bert/embeddings.c */
#include "bert/embeddings.h"
#include "base/parallel.h"
#include "nn/embedding.h"
#include "nn/layer_norm.h"

#include <string.h>

static dropout_mask mask(const masked_lm_context *c) {
    return bert_dropout(c, c->config.hidden_dropout_prob, 0, DROPOUT_EMBEDDINGS);
}

static void forward_block(void *user, size_t block, int thread) {
    const masked_lm_context *c = user;
    (void)thread;
    const parameters *table = &c->model->table;
    const batch *b = c->batch;
    size_t first = block * BERT_BLOCK, rows = bert_block_rows(b->tokens, block), hidden = c->hidden;
    float *out = c->embeddings + first * hidden;
    bool kept = c->capacity.backward;
    float *sum = kept ? c->embeddings_norm.sum + first * hidden : out;
    const float *types =
        table->token_type_embeddings != NO_PLACE ? bert_weight(c, table->token_type_embeddings) : NULL;
    embedding_forward(sum, b->input_ids != NULL ? b->input_ids + first : NULL,
                      b->inputs_embeds != NULL ? b->inputs_embeds + first * hidden : NULL, c->positions + first,
                      b->token_type_ids != NULL ? b->token_type_ids + first : NULL,
                      bert_tensor(c, table->word_embeddings), bert_weight(c, table->position_embeddings),
                      types, rows, hidden);
    layer_norm_forward(out, kept ? c->embeddings_norm.mean + first : NULL,
                       kept ? c->embeddings_norm.rstd + first : NULL, sum,
                       bert_weight(c, table->embeddings_norm.weight), bert_weight(c, table->embeddings_norm.bias),
                       (float)c->config.layer_norm_eps, rows, hidden);
    dropout_mask dropout = mask(c);
    if (dropout.threshold > 0) dropout_forward(out, out, &dropout, c->mode->first_token + first, rows, hidden);
    if (bert_rounds_inputs(c)) gemm_round(c->layers[0].rounded.input + first * hidden, hidden, out, hidden, rows, hidden);
}

void bert_embeddings_forward(masked_lm_context *c) {
    bert_for_blocks(c, c->batch->tokens, forward_block, c);
    bert_phase_end(c, PHASE_EMBEDDINGS);
}

/* Partial sums: LayerNorm's weight, its bias, the token types. */
static void backward_block(void *user, size_t block, int thread) {
    const masked_lm_context *c = user;
    (void)thread;
    const batch *b = c->batch;
    size_t first = block * BERT_BLOCK, rows = bert_block_rows(b->tokens, block), hidden = c->hidden;
    size_t types = (size_t)c->config.type_vocab_size;
    float *d = c->d_hidden + first * hidden, *sums = bert_partials(c, block);
    memset(sums, 0, (2 + types) * hidden * sizeof *sums);
    dropout_mask dropout = mask(c);
    if (dropout.threshold > 0) dropout_backward(d, d, &dropout, c->mode->first_token + first, rows, hidden);
    layer_norm_backward(d, sums, sums + hidden, d, c->embeddings_norm.sum + first * hidden,
                        c->embeddings_norm.mean + first, c->embeddings_norm.rstd + first,
                        bert_weight(c, c->model->table.embeddings_norm.weight), rows, hidden);
    if (types > 0)
        embedding_backward_token_type(sums + 2 * hidden, d,
                                      b->token_type_ids != NULL ? b->token_type_ids + first : NULL, rows, hidden);
}

/* The tables' rows are shared out among this many tasks. */
enum { TABLE_TASKS = 64 };
static size_t task_row(size_t rows, size_t task) { return rows * task / TABLE_TASKS; }

static void word_task(void *user, size_t i, int thread) {
    const masked_lm_context *c = user;
    (void)thread;
    embedding_backward_word(bert_gradient(c, c->model->table.word_embeddings), c->d_hidden, c->word_order,
                            c->word_start, (int32_t)c->config.pad_token_id, task_row(c->vocab, i),
                            task_row(c->vocab, i + 1), c->hidden);
}

/* Positions that are no places in a sequence: as words, sorted; the padding's teaches nothing either. */
static void counted_position_task(void *user, size_t i, int thread) {
    const masked_lm_context *c = user;
    (void)thread;
    size_t positions = (size_t)c->config.max_position_embeddings;
    embedding_backward_word(bert_gradient(c, c->model->table.position_embeddings), c->d_hidden, c->word_order,
                            c->word_start, (int32_t)c->config.pad_token_id, task_row(positions, i),
                            task_row(positions, i + 1), c->hidden);
}

static void position_task(void *user, size_t i, int thread) {
    const masked_lm_context *c = user;
    (void)thread;
    size_t positions = c->capacity.sequence_length;
    embedding_backward_position(bert_gradient(c, c->model->table.position_embeddings), c->d_hidden,
                                c->batch->sequence_start, c->batch->sequences, task_row(positions, i),
                                task_row(positions, i + 1), c->hidden);
}

void bert_embeddings_backward(masked_lm_context *c) {
    const parameters *table = &c->model->table;
    const batch *b = c->batch;
    size_t hidden = c->hidden, tokens = b->tokens;
    bert_for_blocks(c, tokens, backward_block, c);
    bert_partials_add(c, bert_gradient(c, table->embeddings_norm.weight), 0, tokens, hidden);
    bert_partials_add(c, bert_gradient(c, table->embeddings_norm.bias), hidden, tokens, hidden);
    if (table->token_type_embeddings != NO_PLACE)
        bert_partials_add(c, bert_gradient(c, table->token_type_embeddings), 2 * hidden, tokens,
                          (size_t)c->config.type_vocab_size * hidden);
    if (family_of(c->config.family)->positions_behind_padding) {
        embedding_order(c->word_order, c->word_start, (const int32_t *)c->positions, tokens,
                        (size_t)c->config.max_position_embeddings);
        parallel_for(c->capacity.threads, TABLE_TASKS, counted_position_task, c);
    } else parallel_for(c->capacity.threads, TABLE_TASKS, position_task, c);
    if (b->inputs_embeds == NULL) {
        embedding_order(c->word_order, c->word_start, b->input_ids, tokens, c->vocab);
        parallel_for(c->capacity.threads, TABLE_TASKS, word_task, c);
    }
    bert_phase_end(c, PHASE_EMBEDDINGS);
}
