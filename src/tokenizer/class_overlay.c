/* tokenizer/class_overlay.c: see class_overlay.h. The file is changed before it is read, so that one reader reads both. */
#include "tokenizer/class_overlay.h"
#include "tokenizer/class_pipeline.h"
#include "base/log.h"

#include <stdlib.h>

static bool is_type(const json_t *component, const char *type) {
    const char *found = json_string_value(json_object_get(component, "type"));
    return found != NULL && strcmp(found, type) == 0;
}

static bool is_byte_level(const json_t *component) {
    const json_t *items = json_object_get(component, "pretokenizers");
    for (size_t i = 0; i < json_array_size(items); i++)
        if (is_type(json_array_get(items, i), "ByteLevel")) return true;
    return is_type(component, "ByteLevel");
}

/* A member that is missing in the file is what the class has. */
static bool agrees(const json_t *said, const json_t *wanted, const char *const *keys) {
    if (!json_is_object(wanted)) return said == NULL || json_is_null(said);
    if (!json_is_object(said)) return false;
    for (; *keys != NULL; keys++) {
        const json_t *value = json_object_get(said, *keys), *want = json_object_get(wanted, *keys);
        if (value != NULL && want != NULL && !json_equal(value, want)) return false;
    }
    return json_object_get(said, "type") != NULL;
}

static const char *const type_key[] = {"type", NULL}, *const bytes_keys[] = {"type", "add_prefix_space", "use_regex", NULL},
                  *const normalizer_keys[] = {"type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase", NULL};

static json_t *bert_cutter(void) { return json_pack("{s:s}", "type", "BertPreTokenizer"); }

static json_t *byte_cutter(const tokenizer_config *config) {
    return json_pack("{s:s, s:b, s:b, s:b}", "type", "ByteLevel", "add_prefix_space", (int)config->add_prefix_space, "trim_offsets", 1,
                     "use_regex", 1);
}

/* Takes wanted. Without memory for it nothing is known: no warning. */
static bool agrees_with(const json_t *said, json_t *wanted, const char *const *keys) {
    bool same = wanted == NULL || agrees(said, wanted, keys);
    json_decref(wanted);
    return same;
}

static bool cuts_as_class(const json_t *root, const tokenizer_config *config) {
    const json_t *normal = json_object_get(root, "normalizer"), *cutter = json_object_get(root, "pre_tokenizer");
    if (config->class == CLASS_BERT)
        return agrees_with(normal, class_bert_normalizer(config), normalizer_keys) &&
               agrees_with(cutter, bert_cutter(), type_key);
    return agrees_with(normal, json_null(), type_key) &&
           agrees_with(cutter, byte_cutter(config), bytes_keys);
}

tokenizer_class class_of_file(const json_t *root, const char *model_type, const tokenizer_config *config,
                              const char *name) {
    if (!tokenizer_class_has_pipeline(config->class) || model_type[0] == '\0') return CLASS_FILES;
    /* It builds nothing of its own, so that transformers lets it load the file. */
    if (strcmp(config->class_name, "ConvBertTokenizer") == 0) return CLASS_FILES;
    bool bert = config->class == CLASS_BERT;
    bool same = bert ? strcmp(model_type, "WordPiece") == 0
                     : strcmp(model_type, "BPE") == 0 && is_byte_level(json_object_get(root, "pre_tokenizer"));
    if (same && config->class_is_named) return config->class;
    if (!same)
        log_say(MASKE_LOG_WARNING, "%s: the tokenizer's class is %s, and the model is no %s: the file is read as it is, "
                "AutoTokenizer gives other ids", name, config->class_name, bert ? "WordPiece" : "byte-level BPE");
    else if (!cuts_as_class(root, config))
        log_say(MASKE_LOG_WARNING, "%s: is read as it is, since no tokenizer_class is named; AutoTokenizer takes %s by the model's "
                "type, which cuts otherwise", name, config->class_name);
    return CLASS_FILES;
}

static void warn(const char *member, const tokenizer_config *config, const char *name) {
    log_say(MASKE_LOG_WARNING, "%s: \"%s\" is not used: the folder's class is %s, which has its own, by "
            "tokenizer_config.json, for AutoTokenizer as well", name, member, config->class_name);
}

static maske_status replace(json_t *root, const char *member, json_t *wanted, const char *const *keys,
                            const tokenizer_config *config, const char *name) {
    if (wanted == NULL) return error_memory(0, "tokenizer.json");
    if (!agrees(json_object_get(root, member), wanted, keys)) warn(member, config, name);
    return json_object_set_new(root, member, wanted) == 0 ? MASKE_OK : error_memory(0, "tokenizer.json");
}

/* Options of the model; null is as good as missing. */
static maske_status replace_options(json_t *model, json_t *wanted, const tokenizer_config *config, const char *name) {
    const char *key;
    json_t *value;
    bool same = true;
    if (wanted == NULL) return error_memory(0, "tokenizer.json");
    json_object_foreach(wanted, key, value) {
        const json_t *said = json_object_get(model, key);
        bool nothing = said == NULL || json_is_null(said) || json_is_false(said) ||
                       (json_is_string(said) && json_string_length(said) == 0);
        same = same && (json_equal(said, value) || (nothing && (json_is_null(value) || json_is_false(value))));
    }
    if (!same)
        log_say(MASKE_LOG_WARNING, "%s: options of \"model\" are not used: the folder's class is %s, which has its own, for "
                "AutoTokenizer as well", name, config->class_name);
    maske_status status = json_object_update(model, wanted) == 0 ? MASKE_OK : error_memory(0, "tokenizer.json");
    json_decref(wanted);
    return status;
}

static maske_status overlay_bert(json_t *root, const tokenizer_config *config, const named_tokens *named,
                                 const char *name) {
    static const char *const decoder_keys[] = {"type", "prefix", "cleanup", NULL};
    const char *unk = named_tokens_text(named, "unk_token");
    json_t *model = json_object_get(root, "model");
    if (unk == NULL) unk = json_string_value(json_object_get(model, "unk_token"));
    if (unk == NULL) unk = "[UNK]";
    TRY(replace(root, "normalizer", class_bert_normalizer(config), normalizer_keys, config, name));
    TRY(replace(root, "pre_tokenizer", bert_cutter(), type_key, config, name));
    TRY(replace(root, "decoder", json_pack("{s:s, s:s, s:b}", "type", "WordPiece", "prefix", "##", "cleanup", 1),
                decoder_keys, config, name));
    return replace_options(model, json_pack("{s:s, s:s, s:i}", "unk_token", unk, "continuing_subword_prefix", "##",
                                            "max_input_chars_per_word", 100), config, name);
}

static maske_status overlay_bytes(json_t *root, const tokenizer_config *config, const char *name) {
    TRY(replace(root, "normalizer", json_null(), type_key, config, name));
    TRY(replace(root, "pre_tokenizer", byte_cutter(config), bytes_keys, config, name));
    TRY(replace(root, "decoder", json_pack("{s:s, s:b, s:b, s:b}", "type", "ByteLevel", "add_prefix_space", 1, "trim_offsets", 1,
                                           "use_regex", 1), type_key, config, name));
    return replace_options(json_object_get(root, "model"),
                           json_pack("{s:n, s:n, s:n, s:b, s:b, s:b}", "unk_token", "continuing_subword_prefix",
                                     "end_of_word_suffix", "fuse_unk", 0, "byte_fallback", 0, "ignore_merges", 0),
                           config, name);
}

maske_status class_overlay(json_t *root, tokenizer_class class, const tokenizer_config *config, const named_tokens *named,
                           const char *name) {
    TRY(class == CLASS_BERT ? overlay_bert(root, config, named, name) : overlay_bytes(root, config, name));
    if (class == CLASS_GPT2) return MASKE_OK;
    return json_object_set_new(root, "post_processor", json_null()) == 0 ? MASKE_OK : error_memory(0, "tokenizer.json");
}

/* What is written is what the library writes; BertProcessing puts the same around a text. */
static maske_status compare_processor(const maske_tokenizer *t, const json_t *said, bool *same) {
    static const char *const keys[] = {"sep", "cls", NULL};
    buffer text = {0};
    json_t *made = NULL;
    json_writer w = json_writer_start(&text, false);
    post_processor_write(&w, t->post_processor);
    maske_status status = json_writer_end(&w);
    if (status == MASKE_OK) status = json_parse_object(&made, text.data, text.length, "post-processor");
    *same = json_equal(made, said);
    if (status == MASKE_OK && is_type(said, "BertProcessing") && is_type(made, "TemplateProcessing")) {
        const json_t *specials = json_object_get(made, "special_tokens");
        *same = true;
        for (int i = 0; keys[i] != NULL; i++) {
            const char *token = json_string_value(json_array_get(json_object_get(said, keys[i]), 0));
            *same = *same && token != NULL && json_object_get(specials, token) != NULL;
        }
    }
    json_decref(made);
    buffer_free(&text);
    return status;
}

maske_status class_overlay_processor(maske_tokenizer *t, tokenizer_class class, const tokenizer_config *config,
                                     const named_tokens *named, const json_t *said, const char *name) {
    bool same = false;
    if (class == CLASS_GPT2) return MASKE_OK;
    TRY(class == CLASS_BERT ? class_bert_processor(t, named) : class_roberta_processor(t, config, named));
    if (t->post_processor == NULL) return MASKE_OK;
    TRY(compare_processor(t, said, &same));
    if (!same) warn("post_processor", config, name);
    return MASKE_OK;
}
