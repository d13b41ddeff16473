/* tokenizer/class_pipeline.c: as models/bert, models/roberta and models/gpt2 of transformers 5.23 have it. */
#include "tokenizer/class_pipeline.h"
#include "base/number.h"

#include <stdlib.h>

maske_status class_read_components(maske_tokenizer *t, const char *pre, const char *decode, const char *post) {
    const char *const texts[3] = { pre, decode, post };
    for (int i = 0; i < 3; i++) {
        json_t *json = NULL;
        if (texts[i] == NULL) continue;
        TRY(json_parse_object(&json, texts[i], strlen(texts[i]), "component"));
        maske_status status = i == 0 ? pre_tokenizer_read(&t->pre_tokenizer, json, "pre_tokenizer")
                            : i == 1 ? decoder_read(&t->decoder, json, "decoder")
                                     : post_processor_read(&t->post_processor, json, "post_processor");
        json_decref(json);
        TRY(status);
    }
    return MASKE_OK;
}

json_t *class_bert_normalizer(const tokenizer_config *config) {
    return json_pack("{s:s, s:b, s:b, s:o, s:b}", "type", "BertNormalizer", "clean_text", 1, "handle_chinese_chars",
                     (int)config->tokenize_chinese_chars, "strip_accents",
                     config->strip_accents < 0 ? json_null() : json_boolean(config->strip_accents), "lowercase",
                     (int)config->do_lower_case);
}

maske_status class_bert_components(maske_tokenizer *t, const tokenizer_config *config) {
    json_t *json = class_bert_normalizer(config);
    if (json == NULL) return error_memory(0, "normalizer");
    maske_status status = normalizer_read(&t->normalizer, json, "BertNormalizer");
    json_decref(json);
    TRY(status);
    return class_read_components(t, "{\"type\":\"BertPreTokenizer\"}",
                                 "{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true}", NULL);
}

maske_status class_byte_components(maske_tokenizer *t, const tokenizer_config *config) {
    char text[128];
    number_print(text, sizeof text, "{\"type\":\"ByteLevel\",\"add_prefix_space\":%s,\"trim_offsets\":false}",
                 config->add_prefix_space ? "true" : "false");
    return class_read_components(t, text, text, NULL);
}

/* ---------------------------------------------------------------------------------------------- post-processors --- */

static int32_t id_of(const maske_tokenizer *t, const char *token) { return maske_tokenizer_id(t, token, strlen(token)); }

static maske_status replace_processor(maske_tokenizer *t, json_t *json, const char *name) {
    post_processor *made = NULL;
    if (json == NULL) return error_memory(0, "post-processor");
    maske_status status = post_processor_read(&made, json, name);
    json_decref(json);
    TRY(status);
    post_processor_free(t->post_processor);
    t->post_processor = made;
    return MASKE_OK;
}

maske_status class_bert_processor(maske_tokenizer *t, const named_tokens *named) {
    const char *cls = named_tokens_text(named, "cls_token"), *sep = named_tokens_text(named, "sep_token");
    post_processor *made = NULL;
    if (cls == NULL || sep == NULL) return MASKE_OK;
    TRY(post_processor_new_standard(&made, cls, id_of(t, cls), sep, id_of(t, sep)));
    post_processor_free(t->post_processor);
    t->post_processor = made;
    return MASKE_OK;
}

maske_status class_roberta_processor(maske_tokenizer *t, const tokenizer_config *config, const named_tokens *named) {
    const char *cls = named_tokens_text(named, "cls_token"), *sep = named_tokens_text(named, "sep_token");
    if (cls == NULL || sep == NULL) return MASKE_OK;
    int trim = !json_is_false(json_object_get(config->config, "trim_offsets"));
    return replace_processor(t, json_pack("{s:s, s:[s,i], s:[s,i], s:b, s:b}", "type", "RobertaProcessing", "sep", sep,
                                          (int)id_of(t, sep), "cls", cls, (int)id_of(t, cls), "trim_offsets", trim,
                                          "add_prefix_space", (int)config->add_prefix_space), "RobertaProcessing");
}

/* [{"SpecialToken": bos}, {"Sequence": "A"}, {"SpecialToken": eos}], added to the list; bos and eos may be NULL. */
static maske_status add_pieces(json_t *list, const char *bos, const char *sequence, const char *eos, int type_id) {
    const char *const ids[3] = {bos, sequence, eos};
    for (int i = 0; i < 3; i++) {
        if (ids[i] == NULL) continue;
        json_t *item = json_pack("{s:{s:s, s:i}}", i == 1 ? "Sequence" : "SpecialToken", "id", ids[i], "type_id", type_id);
        if (json_array_append_new(list, item) != 0) return error_memory(0, "post-processor");
    }
    return MASKE_OK;
}

static maske_status add_special(json_t *specials, const char *token, int32_t id) {
    if (token == NULL) return MASKE_OK;
    json_t *value = json_pack("{s:s, s:[i], s:[s]}", "id", token, "ids", (int)id, "tokens", token);
    return json_object_set_new(specials, token, value) == 0 ? MASKE_OK : error_memory(0, "post-processor");
}

static const char *token_asked_for(const tokenizer_config *config, const named_tokens *named, const char *ask, const char *key) {
    return json_is_true(json_object_get(config->config, ask)) ? named_tokens_text(named, key) : NULL;
}

maske_status class_gpt2_processor(maske_tokenizer *t, const tokenizer_config *config, const named_tokens *named) {
    const char *bos = token_asked_for(config, named, "add_bos_token", "bos_token"),
               *eos = token_asked_for(config, named, "add_eos_token", "eos_token");
    if (bos == NULL && eos == NULL) return MASKE_OK;
    json_t *json = json_pack("{s:s, s:[], s:[], s:{}}", "type", "TemplateProcessing", "single", "pair", "special_tokens");
    json_t *single = json_object_get(json, "single"), *pair = json_object_get(json, "pair"),
           *specials = json_object_get(json, "special_tokens");
    maske_status status = add_pieces(single, bos, "A", eos, 0);
    if (status == MASKE_OK) status = add_pieces(pair, bos, "A", eos, 0);
    if (status == MASKE_OK) status = add_pieces(pair, bos, "B", eos, 1);
    if (status == MASKE_OK) status = add_special(specials, bos, bos == NULL ? -1 : id_of(t, bos));
    if (status == MASKE_OK) status = add_special(specials, eos, eos == NULL ? -1 : id_of(t, eos));
    if (status != MASKE_OK) { json_decref(json); return status; }
    return replace_processor(t, json, "TemplateProcessing");
}
