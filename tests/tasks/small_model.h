/* tests/tasks/small_model.h: a small random model with one of the tokenizers of tests/data/tasks, in the scratch
 * folder. */
#ifndef MASKE_TESTS_TASKS_SMALL_MODEL_H
#define MASKE_TESTS_TASKS_SMALL_MODEL_H

#include "bert/masked_lm.h"
#include "tasks/model.h"
#include "scratch.h"

enum { SMALL_POSITIONS = 32 };

/* Writes config.json, model.safetensors and tokenizer.json into the scratch folder's `name`, and returns its path.
 * scale 0: every weight is 0, so that every entry is equally likely; else the deviation of the weights. extra_rows:
 * beside the tokenizer's. */
static inline const char *small_model_write(const char *name, const char *kind, double scale, int64_t extra_rows) {
    char from[512];
    snprintf(from, sizeof from, "%s/tasks/%s", TEST_DATA, kind);
    const char *folder = scratch_path(name);
    maske_tokenizer *tokenizer = NULL;
    masked_lm *model = NULL;
    bert_config config = bert_config_defaults();
    assert_ok(maske_tokenizer_open(&tokenizer, from));
    config.vocab_size = maske_tokenizer_vocab_size(tokenizer) + extra_rows;
    config.hidden_size = 24, config.num_hidden_layers = 2, config.num_attention_heads = 3,
    config.intermediate_size = 40;
    config.max_position_embeddings = SMALL_POSITIONS;
    config.initializer_range = scale;
    assert_ok(masked_lm_new(&model, &config, 5));
    if (scale == 0) memset(model->weights, 0, model->table.total * sizeof *model->weights);
    assert_ok(folder_make(folder));
    assert_ok(masked_lm_save(model, folder, SAFETENSORS_F32));
    assert_ok(folder_copy_file(from, folder, "tokenizer.json", NULL));
    masked_lm_free(model);
    maske_tokenizer_free(tokenizer);
    return folder;
}

static inline maske_model *small_model_open(const char *folder) {
    maske_model *model = NULL;
    assert_ok(maske_model_open(&model, folder, &(maske_model_options){.threads = 2}));
    return model;
}
/* The same with every weight in network->weights. */
static inline maske_model *small_model_read(const char *folder) {
    maske_model *model = NULL;
    assert_ok(maske_model_open(&model, folder, &(maske_model_options){.threads = 2, .read_weights = true}));
    return model;
}

/* The logits of the whole vocabulary at one place of some ids, computed the plain way. Yours. */
static inline float *small_model_logits(const maske_model *model, const int32_t *ids, size_t count, size_t place) {
    size_t vocab = (size_t)model->network->config.vocab_size;
    const masked_lm_capacity capacity = {
        .tokens = count, .sequences = 1, .sequence_length = count, .predictions = 1, .logits = true, .threads = 1};
    masked_lm_context *context = NULL;
    masked_lm_result result;
    assert_ok(masked_lm_context_new(&context, model->network, &capacity));
    const batch b = {.tokens = count,
                     .sequences = 1,
                     .predictions = 1,
                     .input_ids = ids,
                     .sequence_start = (uint32_t[]){0, (uint32_t)count},
                     .prediction_index = (uint32_t[]){(uint32_t)place}};
    assert_ok(masked_lm_forward(model->network, context, &b, &(masked_lm_mode){0}, &result));
    float *logits = malloc(vocab * sizeof *logits);
    assert_non_null(logits);
    memcpy(logits, result.logits, vocab * sizeof *logits);
    masked_lm_context_free(context);
    return logits;
}

#endif
