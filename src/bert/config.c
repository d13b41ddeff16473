/* bert/config.c: config.json in and out. */
#include "bert/config.h"


enum { CONFIG_FILE_LIMIT = 1 << 20 };

/* One list: the integers, their keys (BERT's and RoBERTa's, DistilBERT's; NULL: it has none, and the value is fixed),
 * the value of each family where a file has none, the range. */
typedef struct integer_row {
    const char *key, *distilbert;
    size_t offset;
    int64_t fallback[FAMILY_COUNT], minimum, maximum;
} integer_row;
#define AT(member) offsetof(bert_config, member)
static const integer_row integers[] = {
    {"vocab_size",          "vocab_size", AT(vocab_size),          {30522, 50265, 30522}, 1, 1 << 22},
    {"hidden_size",         "dim",        AT(hidden_size),         {768, 768, 768},       1, 1 << 16},
    {"num_hidden_layers",   "n_layers",   AT(num_hidden_layers),   {12, 12, 6},           1, 1024},
    {"num_attention_heads", "n_heads",    AT(num_attention_heads), {12, 12, 12},          1, 1024},
    {"intermediate_size",   "hidden_dim", AT(intermediate_size),   {3072, 3072, 3072},    1, 1 << 20},
    {"max_position_embeddings", "max_position_embeddings", AT(max_position_embeddings), {512, 512, 512}, 1, 1 << 20},
    {"type_vocab_size",     NULL,         AT(type_vocab_size),     {2, 2, 0},             1, 1024},
};
enum { INTEGER_COUNT = sizeof integers / sizeof integers[0] };

#define BELOW_ONE (1.0 - 0x1p-53)
typedef struct number_row {
    const char *key, *distilbert;
    size_t offset;
    double fallback, minimum, maximum;
} number_row;
static const number_row numbers[] = {
    {"hidden_dropout_prob",          "dropout",           AT(hidden_dropout_prob),          0.1,   0.0, BELOW_ONE},
    {"attention_probs_dropout_prob", "attention_dropout", AT(attention_probs_dropout_prob), 0.1,   0.0, BELOW_ONE},
    {"initializer_range",            "initializer_range", AT(initializer_range),            0.02,  0.0, 1e6},
    {"layer_norm_eps",               NULL,                AT(layer_norm_eps),               1e-12, 1e-300, 1e6},
};
enum { NUMBER_COUNT = sizeof numbers / sizeof numbers[0] };

/* The key of a row in this family's files, NULL: it has none. */
#define KEY(row, family) ((family) == FAMILY_DISTILBERT ? (row)->distilbert : (row)->key)

static int64_t *integer_member(bert_config *config, const integer_row *row) {
    return (int64_t *)(void *)((char *)config + row->offset);
}
static double *number_member(bert_config *config, const number_row *row) {
    return (double *)(void *)((char *)config + row->offset);
}

bert_config bert_config_family_defaults(model_family family) {
    bool roberta = family == FAMILY_ROBERTA;
    bert_config config = {.family = family, .hidden_act = ACTIVATION_GELU, .tied = true,
                          .pad_token_id = roberta ? 1 : 0, .bos_token_id = roberta ? 0 : -1,
                          .eos_token_id = roberta ? 2 : -1};
    for (int i = 0; i < INTEGER_COUNT; i++) *integer_member(&config, &integers[i]) = integers[i].fallback[family];
    for (int i = 0; i < NUMBER_COUNT; i++) *number_member(&config, &numbers[i]) = numbers[i].fallback;
    return config;
}
bert_config bert_config_defaults(void) { return bert_config_family_defaults(FAMILY_BERT); }

static int64_t first_position(const bert_config *config) {
    return family_of(config->family)->positions_behind_padding ? config->pad_token_id + 1 : 0;
}
size_t bert_config_positions(const bert_config *config) {
    int64_t positions = config->max_position_embeddings - first_position(config);
    return positions > 0 ? (size_t)positions : 0;
}

activation bert_config_head_act(const bert_config *config) {
    return family_of(config->family)->head_is_gelu ? ACTIVATION_GELU : config->hidden_act;
}

maske_status bert_config_check(const bert_config *config, const char *name) {
    bert_config copy = *config;
    for (int i = 0; i < INTEGER_COUNT; i++) {
        int64_t value = *integer_member(&copy, &integers[i]);
        if (KEY(&integers[i], config->family) == NULL && value == integers[i].fallback[config->family]) continue;
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
    if (!family_of(config->family)->positions_behind_padding) return MASKE_OK;
    if (config->pad_token_id < 0)
        return error_set(MASKE_BAD_ARGUMENT, "%s: \"pad_token_id\" is null, but positions are counted from it on",
                         name);
    if (bert_config_positions(config) == 0)
        return error_set(MASKE_BAD_ARGUMENT,
                         "%s: \"max_position_embeddings\" is %lld, of which the padding id (%lld) leaves none", name,
                         (long long)config->max_position_embeddings, (long long)config->pad_token_id);
    return MASKE_OK;
}

/* ---------------------------------------------------------------------------------------------------- reading --- */

/* A key that must have one value (or be absent), since another would be another model. */
static maske_status expect_text(const json_t *object, const char *key, const char *expected, const char *name) {
    const char *found = NULL;
    TRY(json_get_text_or(&found, expected, object, key, name));
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
    static const struct { const char *other, *name; } aliases[] = {
        {"gelu_pytorch_tanh", "gelu_new"}, {"gelu_python", "gelu"}, {"swish", "silu"}};
    const char *key = config->family == FAMILY_DISTILBERT ? "activation" : "hidden_act", *text = NULL;
    TRY(json_get_text_or(&text, "gelu", object, key, name));
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
        if (strcmp(text, aliases[i].other) == 0) text = aliases[i].name;
    if (activation_from_name(&config->hidden_act, text)) return MASKE_OK;
    return error_set(MASKE_UNSUPPORTED,
                     "%s: \"%s\" is \"%.100s\", expected gelu, gelu_new, gelu_pytorch_tanh, relu, silu or tanh", name,
                     key, text);
}

static maske_status read_family(bert_config *config, const json_t *object, const char *name) {
    const char *type = NULL;
    model_family family = FAMILY_BERT;
    TRY(json_get_text(&type, object, "model_type", name));
    if (!family_from_model_type(&family, type))
        return error_set(MASKE_UNSUPPORTED, "%s: \"model_type\" is \"%.100s\", expected %s", name, type,
                         family_names());
    *config = bert_config_family_defaults(family);
    return MASKE_OK;
}

static maske_status read_token_ids(bert_config *config, const json_t *object, const char *name) {
    const json_t *pad = json_object_get(object, "pad_token_id");
    if (json_is_null(pad)) config->pad_token_id = -1;
    else
        TRY(json_get_integer_or(&config->pad_token_id, config->pad_token_id, object, "pad_token_id", 0,
                                config->vocab_size - 1, name));
    if (json_is_integer(json_object_get(object, "bos_token_id")))
        config->bos_token_id = json_integer_value(json_object_get(object, "bos_token_id"));
    if (json_is_integer(json_object_get(object, "eos_token_id")))
        config->eos_token_id = json_integer_value(json_object_get(object, "eos_token_id"));
    return MASKE_OK;
}

maske_status bert_config_from_json(bert_config *out, const json_t *object, const char *name) {
    bert_config config;
    TRY(read_family(&config, object, name));
    TRY(expect_text(object, "position_embedding_type", "absolute", name));
    TRY(expect_boolean(object, "is_decoder", false, name));
    TRY(expect_boolean(object, "add_cross_attention", false, name));
    TRY(json_get_boolean_or(&config.tied, true, object, "tie_word_embeddings", name));
    for (int i = 0; i < INTEGER_COUNT; i++) {
        const integer_row *row = &integers[i];
        const char *key = KEY(row, config.family);
        if (key == NULL) continue;
        TRY(json_get_integer_or(integer_member(&config, row), row->fallback[config.family], object, key, row->minimum,
                                row->maximum, name));
    }
    for (int i = 0; i < NUMBER_COUNT; i++) {
        const number_row *row = &numbers[i];
        const char *key = KEY(row, config.family);
        if (key == NULL) continue;
        TRY(json_get_number_or(number_member(&config, row), row->fallback, object, key, row->minimum, row->maximum,
                               name));
    }
    TRY(read_token_ids(&config, object, name));
    const json_t *trained = json_object_get(object, "trained_length");
    if (json_is_integer(trained) && json_integer_value(trained) > 0) config.trained_length = json_integer_value(trained);
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
