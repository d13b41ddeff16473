/* bert/model.c */
#include "bert/model.h"
#include "bert/embeddings.h"
#include "bert/encoder.h"
#include "bert/pooler.h"

/* Places in the sequence; or, where the family counts them from its padding id on, passing over padding among the
 * tokens, which has that id itself. */
static void set_positions(masked_lm_context *c, uint32_t first, uint32_t end) {
    const batch *b = c->batch;
    bool counted = family_of(c->config.family)->positions_behind_padding;
    uint32_t padding = (uint32_t)c->config.pad_token_id, next = counted ? padding + 1 : 0;
    for (uint32_t t = first; t < end; t++) {
        bool pads = counted && b->input_ids != NULL && b->inputs_embeds == NULL && b->input_ids[t] == (int32_t)padding;
        c->positions[t] = pads ? padding : next++;
    }
}

/* The tokens that something reads of the last layer: predicted ones and, for the pooler, each sequence's first. Both
 * lists ascend; they are merged. With every position each token is its own row. */
static void choose_rows(masked_lm_context *c) {
    const batch *b = c->batch;
    size_t prediction = 0, rows = 0;
    for (size_t s = 0; s < b->sequences; s++) {
        uint32_t first = b->sequence_start[s], end = b->sequence_start[s + 1];
        c->row_start[s] = (uint32_t)rows;
        set_positions(c, first, end);
        if (c->every_position) {
            c->pooled_row[s] = first;
            continue;
        }
        bool first_is_predicted = prediction < b->predictions && b->prediction_index[prediction] == first;
        if (c->mode->pooler) {
            c->pooled_row[s] = (uint32_t)rows;
            if (!first_is_predicted) {
                c->row_index[rows] = first;
                c->row_place[rows++] = 0;
            }
        }
        for (; prediction < b->predictions && b->prediction_index[prediction] < end; prediction++) {
            c->prediction_row[prediction] = (uint32_t)rows;
            c->row_index[rows] = b->prediction_index[prediction];
            c->row_place[rows++] = b->prediction_index[prediction] - first;
        }
    }
    c->row_start[b->sequences] = (uint32_t)rows;
    c->row_count = c->every_position ? b->tokens : rows;
    for (size_t i = 0; c->every_position && i < b->predictions; i++) c->prediction_row[i] = b->prediction_index[i];
}

void bert_model_forward(masked_lm_context *c) {
    choose_rows(c);
    bert_embeddings_forward(c);
    bert_encoder_forward(c);
    if (c->mode->pooler) bert_pooler_forward(c);
}

float *bert_model_d_output(masked_lm_context *c) { return c->every_position ? c->d_hidden : c->d_rows; }

void bert_model_backward(masked_lm_context *c) {
    if (c->mode->pooler && c->mode->d_pooled != NULL)
        bert_pooler_backward(c, bert_model_d_output(c), c->mode->d_pooled);
    bert_encoder_backward(c);
    bert_embeddings_backward(c);
}
