/* bert/config.c: config.json in and out. */
#include "bert/config.h"


enum { CONFIG_FILE_LIMIT = 1 << 20 };

/* One list: the integers, the value where a file has none, the range. */
typedef struct integer_row { const char *key; size_t offset; int64_t fallback, minimum, maximum; } integer_row;
static const integer_row integers[] = {
    {"vocab_size",              offsetof(bert_config, vocab_size),              30522, 1, 1 << 22},
    {"hidden_size",             offsetof(bert_config, hidden_size),             768,   1, 1 << 16},
    {"num_hidden_layers",       offsetof(bert_config, num_hidden_layers),       12,    1, 1024},
    {"num_attention_heads",     offsetof(bert_config, num_attention_heads),     12,    1, 1024},
    {"intermediate_size",       offsetof(bert_config, intermediate_size),       3072,  1, 1 << 20},
    {"max_position_embeddings", offsetof(bert_config, max_position_embeddings), 512,   1, 1 << 20},
    {"type_vocab_size",         offsetof(bert_config, type_vocab_size),         2,     1, 1024},
};
enum { INTEGER_COUNT = sizeof integers / sizeof integers[0] };

#define BELOW_ONE (1.0 - 0x1p-53)
typedef struct number_row { const char *key; size_t offset; double fallback, minimum, maximum; } number_row;
static const number_row numbers[] = {
    {"hidden_dropout_prob",          offsetof(bert_config, hidden_dropout_prob),          0.1,   0.0,    BELOW_ONE},
    {"attention_probs_dropout_prob", offsetof(bert_config, attention_probs_dropout_prob), 0.1,   0.0,    BELOW_ONE},
    {"initializer_range",            offsetof(bert_config, initializer_range),            0.02,  0.0,    1e6},
    {"layer_norm_eps",               offsetof(bert_config, layer_norm_eps),               1e-12, 1e-300, 1e6},
};
enum { NUMBER_COUNT = sizeof numbers / sizeof numbers[0] };

static int64_t *integer_member(bert_config *config, const integer_row *row) {
    return (int64_t *)(void *)((char *)config + row->offset);
}
static double *number_member(bert_config *config, const number_row *row) {
    return (double *)(void *)((char *)config + row->offset);
}

bert_config bert_config_defaults(void) {
    bert_config config = {.pad_token_id = 0, .hidden_act = ACTIVATION_GELU};
    for (int i = 0; i < INTEGER_COUNT; i++) *integer_member(&config, &integers[i]) = integers[i].fallback;
    for (int i = 0; i < NUMBER_COUNT; i++) *number_member(&config, &numbers[i]) = numbers[i].fallback;
    return config;
}

maske_status bert_config_check(const bert_config *config, const char *name) {
    bert_config copy = *config;
    for (int i = 0; i < INTEGER_COUNT; i++) {
        int64_t value = *integer_member(&copy, &integers[i]);
        if (value < integers[i].minimum || value > integers[i].maximum)
            return error_set(MASKE_BAD_ARGUMENT, "%s: \"%s\" is %lld, expected %lld to %lld", name, integers[i].key,
                             (long long)value, (long long)integers[i].minimum, (long long)integers[i].maximum);
    }
    for (int i = 0; i < NUMBER_COUNT; i++) {
        double value = *number_member(&copy, &numbers[i]);
        if (!(value >= numbers[i].minimum && value <= numbers[i].maximum))
            return error_set(MASKE_BAD_ARGUMENT, "%s: \"%s\" is out of its range", name, numbers[i].key);
    }
    if (config->hidden_size % config->num_attention_heads != 0)
        return error_set(MASKE_BAD_ARGUMENT,
                         "%s: \"hidden_size\" is %lld, which %lld heads (\"num_attention_heads\") do not divide", name,
                         (long long)config->hidden_size, (long long)config->num_attention_heads);
    if (config->pad_token_id < -1 || config->pad_token_id >= config->vocab_size)
        return error_set(MASKE_BAD_ARGUMENT, "%s: \"pad_token_id\" is %lld, expected 0 to %lld or null", name,
                         (long long)config->pad_token_id, (long long)config->vocab_size - 1);
    return MASKE_OK;
}

/* ---------------------------------------------------------------------------------------------------- reading --- */

/* A key that must have one value (or be absent), since another would be another model. */
static maske_status expect_text(const json_t *object, const char *key, const char *expected, bool required,
                                const char *name) {
    const char *found = NULL;
    if (required) TRY(json_get_text(&found, object, key, name));
    else TRY(json_get_text_or(&found, expected, object, key, name));
    if (strcmp(found, expected) == 0) return MASKE_OK;
    return error_set(MASKE_UNSUPPORTED, "%s: \"%s\" is \"%.100s\", only \"%s\" is supported", name, key, found,
                     expected);
}
static maske_status expect_boolean(const json_t *object, const char *key, bool expected, const char *name) {
    bool found = expected;
    TRY(json_get_boolean_or(&found, expected, object, key, name));
    if (found == expected) return MASKE_OK;
    return error_set(MASKE_UNSUPPORTED, "%s: \"%s\" is %s, only %s is supported", name, key, found ? "true" : "false",
                     expected ? "true" : "false");
}

static maske_status read_activation(bert_config *config, const json_t *object, const char *name) {
    const char *text = NULL;
    TRY(json_get_text_or(&text, "gelu", object, "hidden_act", name));
    if (strcmp(text, "gelu_pytorch_tanh") == 0) text = "gelu_new";      /* another name for the same function */
    if (activation_from_name(&config->hidden_act, text)) return MASKE_OK;
    return error_set(MASKE_UNSUPPORTED,
                     "%s: \"hidden_act\" is \"%.100s\", expected gelu, gelu_new, gelu_pytorch_tanh or relu", name,
                     text);
}

maske_status bert_config_from_json(bert_config *out, const json_t *object, const char *name) {
    bert_config config = bert_config_defaults();
    TRY(expect_text(object, "model_type", "bert", true, name));
    TRY(expect_text(object, "position_embedding_type", "absolute", false, name));
    TRY(expect_boolean(object, "is_decoder", false, name));
    TRY(expect_boolean(object, "add_cross_attention", false, name));
    TRY(expect_boolean(object, "tie_word_embeddings", true, name));
    for (int i = 0; i < INTEGER_COUNT; i++)
        TRY(json_get_integer_or(integer_member(&config, &integers[i]), integers[i].fallback, object, integers[i].key,
                                integers[i].minimum, integers[i].maximum, name));
    for (int i = 0; i < NUMBER_COUNT; i++)
        TRY(json_get_number_or(number_member(&config, &numbers[i]), numbers[i].fallback, object, numbers[i].key,
                               numbers[i].minimum, numbers[i].maximum, name));
    const json_t *pad = json_object_get(object, "pad_token_id");
    if (json_is_null(pad)) config.pad_token_id = -1;
    else TRY(json_get_integer_or(&config.pad_token_id, 0, object, "pad_token_id", 0, config.vocab_size - 1, name));
    TRY(read_activation(&config, object, name));
    maske_status status = bert_config_check(&config, name);
    if (status != MASKE_OK) return error_set(MASKE_BAD_FILE, "%s", maske_error());
    *out = config;
    return MASKE_OK;
}

maske_status bert_config_read(bert_config *out, const char *path) {
    json_t *object = NULL;
    TRY(json_read_object(&object, path, CONFIG_FILE_LIMIT));
    maske_status status = bert_config_from_json(out, object, path);
    json_decref(object);
    return status;
}

/* ---------------------------------------------------------------------------------------------------- writing --- */

static void write_integer(json_writer *json, const char *key, int64_t value) {
    json_key(json, key);
    json_int(json, value);
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

/* In byte order of the keys, as transformers writes them. */
maske_status bert_config_write_typed(buffer *out, const bert_config *config, bool head, const char *dtype) {
    json_writer json = json_writer_start(out, true);
    json_begin_object(&json);
    write_boolean(&json, "add_cross_attention", false);
    json_key(&json, "architectures");
    json_begin_array(&json);
    json_text(&json, head ? "BertForMaskedLM" : "BertModel");
    json_end_array(&json);
    write_number(&json, "attention_probs_dropout_prob", config->attention_probs_dropout_prob);
    write_text(&json, "bos_token_id", NULL);
    write_text(&json, "classifier_dropout", NULL);
    write_text(&json, "dtype", dtype);
    write_text(&json, "eos_token_id", NULL);
    write_text(&json, "hidden_act", activation_name(config->hidden_act));
    write_number(&json, "hidden_dropout_prob", config->hidden_dropout_prob);
    write_integer(&json, "hidden_size", config->hidden_size);
    write_number(&json, "initializer_range", config->initializer_range);
    write_integer(&json, "intermediate_size", config->intermediate_size);
    write_boolean(&json, "is_decoder", false);
    write_number(&json, "layer_norm_eps", config->layer_norm_eps);
    write_integer(&json, "max_position_embeddings", config->max_position_embeddings);
    write_text(&json, "model_type", "bert");
    write_integer(&json, "num_attention_heads", config->num_attention_heads);
    write_integer(&json, "num_hidden_layers", config->num_hidden_layers);
    if (config->pad_token_id < 0) write_text(&json, "pad_token_id", NULL);
    else write_integer(&json, "pad_token_id", config->pad_token_id);
    write_boolean(&json, "tie_word_embeddings", true);
    write_integer(&json, "type_vocab_size", config->type_vocab_size);
    write_boolean(&json, "use_cache", true);
    write_integer(&json, "vocab_size", config->vocab_size);
    json_end_object(&json);
    TRY(json_writer_end(&json));
    return buffer_add(out, "\n", 1);
}

maske_status bert_config_write(buffer *out, const bert_config *config, bool head) {
    return bert_config_write_typed(out, config, head, "float32");
}
