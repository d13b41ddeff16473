/* bert/config_write.c: config.json as transformers writes it: the keys in byte order, those of each family. */
#include "bert/config.h"

static void write_integer(json_writer *json, const char *key, int64_t value) {
    json_key(json, key);
    json_int(json, value);
}
static void write_id(json_writer *json, const char *key, int64_t value) {
    json_key(json, key);
    if (value < 0) json_nothing(json);
    else json_int(json, value);
}
static void write_number(json_writer *json, const char *key, double value) {
    json_key(json, key);
    json_double(json, value);
}
static void write_boolean(json_writer *json, const char *key, bool value) {
    json_key(json, key);
    json_bool(json, value);
}
static void write_text(json_writer *json, const char *key, const char *value) {
    json_key(json, key);
    json_text(json, value);
}
static void write_trained_length(json_writer *json, const bert_config *config) {
    if (config->trained_length > 0) write_integer(json, "trained_length", config->trained_length);
}
static void write_architecture(json_writer *json, const bert_config *config, bool head) {
    json_key(json, "architectures");
    json_begin_array(json);
    json_text(json, head ? family_of(config->family)->masked_lm : family_of(config->family)->model);
    json_end_array(json);
}

/* BERT and RoBERTa. */
static void write_keys(json_writer *json, const bert_config *config, bool head, const char *dtype) {
    write_boolean(json, "add_cross_attention", false);
    write_architecture(json, config, head);
    write_number(json, "attention_probs_dropout_prob", config->attention_probs_dropout_prob);
    write_id(json, "bos_token_id", config->bos_token_id);
    write_text(json, "classifier_dropout", NULL);
    write_text(json, "dtype", dtype);
    write_id(json, "eos_token_id", config->eos_token_id);
    write_text(json, "hidden_act", activation_name(config->hidden_act));
    write_number(json, "hidden_dropout_prob", config->hidden_dropout_prob);
    write_integer(json, "hidden_size", config->hidden_size);
    write_number(json, "initializer_range", config->initializer_range);
    write_integer(json, "intermediate_size", config->intermediate_size);
    write_boolean(json, "is_decoder", false);
    write_number(json, "layer_norm_eps", config->layer_norm_eps);
    write_integer(json, "max_position_embeddings", config->max_position_embeddings);
    write_text(json, "model_type", family_of(config->family)->model_type);
    write_integer(json, "num_attention_heads", config->num_attention_heads);
    write_integer(json, "num_hidden_layers", config->num_hidden_layers);
    write_id(json, "pad_token_id", config->pad_token_id);
    write_boolean(json, "tie_word_embeddings", config->tied);
    write_trained_length(json, config);
    write_integer(json, "type_vocab_size", config->type_vocab_size);
    write_boolean(json, "use_cache", true);
    write_integer(json, "vocab_size", config->vocab_size);
}

/* Three keys are of other tasks, and stand here with their usual values. */
static void write_distilbert_keys(json_writer *json, const bert_config *config, bool head, const char *dtype) {
    write_text(json, "activation", activation_name(config->hidden_act));
    write_architecture(json, config, head);
    write_number(json, "attention_dropout", config->attention_probs_dropout_prob);
    write_id(json, "bos_token_id", config->bos_token_id);
    write_integer(json, "dim", config->hidden_size);
    write_number(json, "dropout", config->hidden_dropout_prob);
    write_text(json, "dtype", dtype);
    write_id(json, "eos_token_id", config->eos_token_id);
    write_integer(json, "hidden_dim", config->intermediate_size);
    write_number(json, "initializer_range", config->initializer_range);
    write_integer(json, "max_position_embeddings", config->max_position_embeddings);
    write_text(json, "model_type", family_of(config->family)->model_type);
    write_integer(json, "n_heads", config->num_attention_heads);
    write_integer(json, "n_layers", config->num_hidden_layers);
    write_id(json, "pad_token_id", config->pad_token_id);
    write_number(json, "qa_dropout", 0.1);
    write_number(json, "seq_classif_dropout", 0.2);
    write_boolean(json, "sinusoidal_pos_embds", false);
    write_boolean(json, "tie_word_embeddings", config->tied);
    write_trained_length(json, config);
    write_integer(json, "vocab_size", config->vocab_size);
}

maske_status bert_config_write_typed(buffer *out, const bert_config *config, bool head, const char *dtype) {
    json_writer json = json_writer_start(out, true);
    json_begin_object(&json);
    if (config->family == FAMILY_DISTILBERT) write_distilbert_keys(&json, config, head, dtype);
    else write_keys(&json, config, head, dtype);
    json_end_object(&json);
    TRY(json_writer_end(&json));
    return buffer_add(out, "\n", 1);
}

maske_status bert_config_write(buffer *out, const bert_config *config, bool head) {
    return bert_config_write_typed(out, config, head, "float32");
}
