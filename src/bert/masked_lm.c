/* bert/masked_lm.c: making, packing, and the two passes. */
#include "bert/masked_lm.h"
#include "bert/context.h"
#include "bert/encoder.h"
#include "bert/lm_prediction_head.h"
#include "bert/mapped.h"
#include "bert/model.h"

#include <stdlib.h>

/* ----------------------------------------------------------------------------------------------------- making --- */

static maske_status make(masked_lm **out, const bert_config *config, bool head, bool pooler, bool sparse) {
    masked_lm *model = NULL;
    TRY(memory_new(&model, 1, sizeof *model, "a model"));
    model->config = *config;
    model->stored = SAFETENSORS_F32;
    model->finite = true;
    maske_status status = parameters_build(&model->table, config, head, pooler);
    model->weights_bytes = model->table.total * sizeof(float);
    if (status == MASKE_OK)
        status = (sparse ? memory_sparse_new : memory_pages_new)(&model->weights, model->weights_bytes, "a model's weights");
    if (status == MASKE_OK) *out = model;
    else masked_lm_free(model);
    return status;
}

maske_status masked_lm_make(masked_lm **out, const bert_config *config, bool head, bool pooler) {
    return make(out, config, head, pooler, false);
}
maske_status masked_lm_make_sparse(masked_lm **out, const bert_config *config, bool head, bool pooler) {
    return make(out, config, head, pooler, true);
}

const float *masked_lm_tensor(const masked_lm *model, size_t place) {
    for (size_t i = 0; model->mapped != NULL && i < model->table.count; i++)
        if (model->table.rows[i].place == place && model->mapped->tensors[i] != NULL)
            return mapped_floats(model->mapped->tensors[i]);
    return model->weights + place;
}

maske_status masked_lm_new(masked_lm **out, const bert_config *config, uint64_t seed) {
    masked_lm *model = NULL;
    TRY(bert_config_check(config, "the model's configuration"));
    TRY(masked_lm_make(&model, config, true, false));
    parameters_initialise(model->weights, &model->table, config, seed);
    *out = model;
    return MASKE_OK;
}

void masked_lm_free(masked_lm *model) {
    if (model == NULL) return;
    packed_weights_free(&model->packed);
    mapped_weights_free(model->mapped);
    memory_pages_free(model->weights, model->weights_bytes);
    parameters_free(&model->table);
    free(model);
}

maske_status masked_lm_resize(masked_lm **out, const masked_lm *model, int64_t vocab_size, uint64_t seed) {
    bert_config config = model->config;
    config.vocab_size = vocab_size;
    TRY(bert_config_check(&config, "the model's configuration"));
    masked_lm *resized = NULL;
    TRY(masked_lm_make(&resized, &config, model->table.head, model->table.pooler));
    parameters_initialise(resized->weights, &resized->table, &config, seed);
    for (size_t i = 0; i < model->table.count; i++) {
        const parameter *from = &model->table.rows[i], *to = &resized->table.rows[i];
        size_t elements = from->elements < to->elements ? from->elements : to->elements;
        memcpy(resized->weights + to->place, model->weights + from->place, elements * sizeof(float));
    }
    resized->finite = model->finite;
    *out = resized;
    return MASKE_OK;
}

static maske_status check_precision(gemm_precision precision, bool backward) {
    if (precision == GEMM_INT8 && backward)
        return error_set(MASKE_UNSUPPORTED, "precision int8 has no gradients: expected f32 or bf16");
    if (precision == GEMM_BF16 && !gemm_has_bf16())
        return error_set(MASKE_UNSUPPORTED, "this CPU does not multiply bfloat16 (or was told not to)");
    return MASKE_OK;
}

maske_status masked_lm_plan_mapped(masked_lm *model, gemm_precision precision) {
    TRY(check_precision(precision, false));
    TRY(packed_weights_plan(&model->packed, &model->table, &model->config, precision, false));
    /* Once the decoder is packed, the word embeddings are looked up alone: a few rows of many. */
    for (size_t i = 0; precision == GEMM_INT8 && i < model->table.count; i++) {
        const safetensors_tensor *t = model->mapped->tensors[i];
        if (t != NULL && model->table.rows[i].place == model->table.word_embeddings) memory_small_pages(t->data, t->bytes);
    }
    model->mapped->direct = precision != GEMM_INT8 && packed_weights_read_mapped(&model->packed, &model->table, model->mapped->tensors);
    return MASKE_OK;
}

maske_status masked_lm_pack(masked_lm *model, gemm_precision precision, bool backward, int threads) {
    TRY(check_precision(precision, backward));
    packed_weights *packed = &model->packed;
    if (packed->layers == NULL || packed->precision != precision || packed->backward != backward) {
        packed_weights_free(packed);
        TRY(packed_weights_plan(packed, &model->table, &model->config, precision, backward));
    }
    packed_weights_fill(packed, model->weights, threads);
    return MASKE_OK;
}

/* --------------------------------------------------------------------------------------------------- checking --- */

static bool same_shape(const bert_config *a, const bert_config *b) {
    return a->family == b->family && a->vocab_size == b->vocab_size && a->hidden_size == b->hidden_size &&
           a->num_hidden_layers == b->num_hidden_layers && a->num_attention_heads == b->num_attention_heads &&
           a->intermediate_size == b->intermediate_size && a->max_position_embeddings == b->max_position_embeddings &&
           a->type_vocab_size == b->type_vocab_size;
}

static maske_status check_room(const masked_lm *model, const masked_lm_context *c, const batch *b) {
    const masked_lm_capacity *capacity = &c->capacity;
    if (!same_shape(&model->config, &c->config))
        return error_set(MASKE_BAD_ARGUMENT, "the context was made for a model of another shape");
    if (model->packed.layers == NULL) return error_set(MASKE_BAD_ARGUMENT, "the model's weights are not packed");
    if (b->tokens > capacity->tokens || b->sequences > capacity->sequences || b->predictions > capacity->predictions)
        return error_set(
            MASKE_BAD_ARGUMENT,
            "a batch of %zu tokens, %zu sequences, %zu predictions: the context has room for %zu, %zu, %zu", b->tokens,
            b->sequences, b->predictions, capacity->tokens, capacity->sequences, capacity->predictions);
    if (b->sequences == 0 || b->sequence_start[0] != 0 || b->sequence_start[b->sequences] != b->tokens)
        return error_set(MASKE_BAD_ARGUMENT, "a batch whose sequences are not its %zu tokens", b->tokens);
    if (b->input_ids == NULL && b->inputs_embeds == NULL)
        return error_set(MASKE_BAD_ARGUMENT, "a batch without input_ids and inputs_embeds");
    return MASKE_OK;
}

static maske_status check_sequences(const masked_lm_context *c, const batch *b) {
    size_t longest = c->capacity.sequence_length;
    if (longest > bert_config_positions(&c->config)) longest = bert_config_positions(&c->config);
    for (size_t i = 0; i < b->sequences; i++) {
        uint32_t first = b->sequence_start[i], end = b->sequence_start[i + 1];
        if (end <= first || end - first > longest)
            return error_set(MASKE_BAD_ARGUMENT, "sequence %zu has %lld tokens, expected 1 to %zu", i,
                             (long long)end - first, longest);
    }
    return MASKE_OK;
}

static maske_status check_numbers(const masked_lm_context *c, const batch *b) {
    for (size_t i = 0; i < b->tokens && b->inputs_embeds == NULL; i++)
        if (b->input_ids[i] < 0 || b->input_ids[i] >= c->config.vocab_size)
            return error_set(MASKE_BAD_ARGUMENT, "token %zu has the id %d, the vocabulary has %lld", i,
                             (int)b->input_ids[i], (long long)c->config.vocab_size);
    for (size_t i = 0; i < b->tokens && b->token_type_ids != NULL; i++)
        if (b->token_type_ids[i] < 0 || b->token_type_ids[i] >= c->config.type_vocab_size)
            return error_set(MASKE_BAD_ARGUMENT, "token %zu has the type %d, the model has %lld types", i,
                             (int)b->token_type_ids[i], (long long)c->config.type_vocab_size);
    for (size_t i = 0; i < b->predictions; i++) {
        if (b->prediction_index[i] >= b->tokens || (i > 0 && b->prediction_index[i] <= b->prediction_index[i - 1]))
            return error_set(MASKE_BAD_ARGUMENT,
                             "prediction %zu is of token %u: expected tokens of the batch in ascending order", i,
                             (unsigned)b->prediction_index[i]);
        if (b->labels != NULL && b->labels[i] != -100 && (b->labels[i] < 0 || b->labels[i] >= c->config.vocab_size))
            return error_set(MASKE_BAD_ARGUMENT, "prediction %zu has the label %d, the vocabulary has %lld", i,
                             (int)b->labels[i], (long long)c->config.vocab_size);
    }
    return MASKE_OK;
}

static maske_status check(const masked_lm *model, const masked_lm_context *c, const batch *b,
                          const masked_lm_mode *mode, bool train) {
    TRY(check_room(model, c, b));
    TRY(check_sequences(c, b));
    TRY(check_numbers(c, b));
    if (mode->every_position && !c->capacity.every_position)
        return error_set(MASKE_BAD_ARGUMENT, "the context has no room for every position of the last layer");
    if (mode->pooler && !model->table.pooler) return error_set(MASKE_UNSUPPORTED, "the model has no pooler");
    if (b->predictions > 0 && !model->table.head)
        return error_set(MASKE_UNSUPPORTED, "the model has no prediction head");
    if (train && (!c->capacity.backward || !model->packed.backward))
        return error_set(MASKE_BAD_ARGUMENT, "the context or the packed weights were not made for a backward pass");
    if (c->rounds && model->packed.precision != GEMM_BF16)
        return error_set(MASKE_BAD_ARGUMENT, "the context was made for products in bf16");
    if (train && b->predictions > 0 && b->labels == NULL)
        return error_set(MASKE_BAD_ARGUMENT, "a batch without labels teaches nothing");
    return MASKE_OK;
}

/* ----------------------------------------------------------------------------------------------------- passes --- */

static maske_status forward(masked_lm_context *c, const masked_lm *model, const batch *b, const masked_lm_mode *mode,
                    masked_lm_result *result) {
    c->model = model;
    c->config = model->config;
    c->batch = b;
    c->mode = mode;
    c->every_position = mode->every_position || c->capacity.hidden_states || c->capacity.attentions;
    *result = (masked_lm_result){0};
    c->packs_layers = c->packed = model->packed.backward && c->capacity.backward;
    if (!model->packed.backward) TRY(mapped_weights_ready(model, b->tokens, c->capacity.threads, &c->packed));
    bert_phases_begin(c);
    bert_model_forward(c);
    if (b->predictions > 0) bert_lm_prediction_head_forward(c, result);
    if (b->predictions > 0 && c->capacity.logits) result->logits = c->logits;
    if (c->every_position) result->last_hidden_state = bert_encoder_output(c);
    if (c->capacity.hidden_states) result->hidden_states = c->hidden_states_list;
    if (c->capacity.attentions) result->attentions = c->attentions_list;
    if (mode->pooler) result->pooled = c->pooled;
    return MASKE_OK;
}

maske_status masked_lm_forward(const masked_lm *model, masked_lm_context *context, const batch *b,
                               const masked_lm_mode *mode, masked_lm_result *result) {
    masked_lm_mode plain = {0};
    if (mode == NULL) mode = &plain;
    TRY(check(model, context, b, mode, false));
    context->gradients = NULL;
    return forward(context, model, b, mode, result);
}

/* Whether this pass writes every element of the tensor as the gradient of a matrix, which weight_gradients.c and
 * cross_entropy.c then set. */
static bool is_written(const masked_lm_context *c, size_t place) {
    const parameters *table = &c->model->table;
    if (c->batch->predictions > 0 && (place == table->transform.weight || place == table->decoder)) return true;
    for (size_t i = 0; i < c->layer_count; i++) {
        const layer_places *l = &table->layers[i];
        size_t query_key_value = 3 * c->hidden * c->hidden;
        if (place >= l->query_key_value.weight && place < l->query_key_value.weight + query_key_value) return true;
        if (place == l->self_output.weight || place == l->intermediate.weight || place == l->output.weight) return true;
    }
    return false;
}
static void clear_gradients(const masked_lm_context *c) {
    const parameters *table = &c->model->table;
    for (size_t i = 0; i < table->count; i++) {
        const parameter *p = &table->rows[i];
        if (!is_written(c, p->place)) memset(c->gradients + p->place, 0, p->elements * sizeof(float));
    }
}

maske_status masked_lm_train(const masked_lm *model, masked_lm_context *context, const batch *b,
                             const masked_lm_mode *mode, float scale, float *gradients, float *d_inputs_embeds,
                             masked_lm_result *result) {
    masked_lm_mode plain = {0};
    if (mode == NULL) mode = &plain;
    TRY(check(model, context, b, mode, true));
    masked_lm_context *c = context;
    c->gradients = gradients;
    c->scale = scale;
    c->model = model;
    c->batch = b;
    if (mode->set_gradients) clear_gradients(c);
    TRY(forward(c, model, b, mode, result));
    float *d_output = bert_model_d_output(c);
    if (b->predictions > 0) bert_lm_prediction_head_backward(c, d_output);
    else memset(d_output, 0, c->row_count * c->hidden * sizeof *d_output);
    bert_model_backward(c);
    if (d_inputs_embeds != NULL) memcpy(d_inputs_embeds, c->d_hidden, b->tokens * c->hidden * sizeof *d_inputs_embeds);
    return MASKE_OK;
}
