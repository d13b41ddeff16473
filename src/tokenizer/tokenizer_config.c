/* tokenizer/tokenizer_config.c: the files are read with a forgiving eye (many tools write them, members come and go)
 * and written as they were read; for a tokenizer that was made, with no more than the tools need. */
#include "tokenizer/tokenizer_config.h"
#include "base/json_parse.h"
#include "base/number.h"

#include <stdlib.h>

#define CONFIG_LIMIT ((size_t)16 << 20)
#define MODEL_LENGTH_LIMIT 1e9          /* transformers writes 1e30 for "no limit" */

const char *const tokenizer_role_keys[MASKE_SPECIAL_COUNT] = {"pad_token", "unk_token", "cls_token", "sep_token",
                                                           "mask_token"};

/* ------------------------------------------------------------------------------------------------------ reading --- */

/* NULL if there is no such file. Integers are read as reals: the 1e30 above is written out in digits, which no integer
 * type holds. */
static maske_status read_file(json_t **out, const char *folder, const char *file) {
    char *path = NULL, *text = NULL;
    size_t length = 0;
    json_fault fault;
    *out = NULL;
    TRY(path_join(&path, folder, file));
    if (!path_exists(path)) { free(path); return MASKE_OK; }
    maske_status status = file_read(&text, &length, path, CONFIG_LIMIT);
    if (status == MASKE_OK) {
        *out = json_parse(text, length, JSON_DECODE_INT_AS_REAL, &fault);
        if (*out == NULL && fault.out_of_memory) status = error_memory(length, path);
        else if (*out == NULL)
            status = error_set(MASKE_BAD_FILE, "%s: line %d, column %d: not JSON: %s", path, fault.line, fault.column,
                               fault.text);
        else if (!json_is_object(*out))
            status = error_set(MASKE_BAD_FILE, "%s: found %s, expected an object", path, json_kind(*out));
    }
    if (status != MASKE_OK) { json_decref(*out); *out = NULL; }
    free(text);
    free(path);
    return status;
}

const char *tokenizer_config_token(const json_t *token) {
    return json_string_value(json_is_object(token) ? json_object_get(token, "content") : token);
}

static maske_status read_roles(tokenizer_config *out, const json_t *json) {
    for (int role = 0; role < MASKE_SPECIAL_COUNT; role++) {
        const char *text = tokenizer_config_token(json_object_get(json, tokenizer_role_keys[role]));
        if (text != NULL && out->roles[role] == NULL) TRY(memory_copy_text(&out->roles[role], text, strlen(text)));
    }
    return MASKE_OK;
}

static maske_status read_settings(tokenizer_config *out, json_t *json) {
    TRY(read_roles(out, json));
    double length = json_number_value(json_object_get(json, "model_max_length"));
    if (length >= 1 && length <= MODEL_LENGTH_LIMIT) out->model_max_length = (int64_t)length;
    if (json_is_false(json_object_get(json, "do_lower_case"))) out->do_lower_case = false;
    if (json_is_false(json_object_get(json, "tokenize_chinese_chars"))) out->tokenize_chinese_chars = false;
    if (json_is_true(json_object_get(json, "add_prefix_space"))) out->add_prefix_space = true;
    const json_t *accents = json_object_get(json, "strip_accents");
    if (json_is_boolean(accents)) out->strip_accents = json_is_true(accents);
    return MASKE_OK;
}

/* tokenizer_config.json is read; what kind of tokenizer it is may be told by the model's config.json alone. */
static maske_status read_class(tokenizer_config *out, const char *folder) {
    json_t *model = NULL;
    TRY(read_file(&model, folder, "config.json"));
    out->class = tokenizer_class_of(out->config, model, &out->class_name);
    out->class_is_named = json_is_string(json_object_get(out->config, "tokenizer_class")) ||
                          json_is_string(json_object_get(model, "tokenizer_class"));
    json_decref(model);
    return MASKE_OK;
}

maske_status tokenizer_config_read(tokenizer_config *out, const char *folder) {
    tokenizer_config config = {.do_lower_case = true, .tokenize_chinese_chars = true, .strip_accents = -1};
    json_t *json = NULL;
    maske_status status = read_file(&json, folder, "tokenizer_config.json");
    if (status == MASKE_OK && json != NULL) status = read_settings(&config, json);
    config.config = json;
    json = NULL;
    if (status == MASKE_OK) status = read_file(&json, folder, "special_tokens_map.json");
    if (status == MASKE_OK && json != NULL) status = read_roles(&config, json);
    config.token_map = json;
    json = NULL;
    if (status == MASKE_OK) status = read_class(&config, folder);
    bool listed = json_is_object(json_object_get(config.config, "added_tokens_decoder"));
    if (status == MASKE_OK && !listed) status = read_file(&config.added, folder, "added_tokens.json");
    if (status != MASKE_OK) tokenizer_config_free(&config);
    else *out = config;
    return status;
}

void tokenizer_config_free(tokenizer_config *config) {
    for (int role = 0; role < MASKE_SPECIAL_COUNT; role++) free(config->roles[role]);
    json_decref(config->added);
    json_decref(config->config);
    json_decref(config->token_map);
    *config = (tokenizer_config){0};
}

void tokenizer_config_apply(const tokenizer_config *config, maske_tokenizer *t) {
    for (int role = 0; role < MASKE_SPECIAL_COUNT; role++)
        if (config->roles[role] != NULL && t->special[role] < 0)
            t->special[role] = maske_tokenizer_id(t, config->roles[role], strlen(config->roles[role]));
    t->model_max_length = config->model_max_length;
    t->class_name = tokenizer_class_has_pipeline(config->class) && !config->file_alone ? config->class_name : NULL;
    t->config = json_incref(config->config);
    t->token_map = json_incref(config->token_map);
}

/* ------------------------------------------------------------------------------------------------------ writing --- */

static maske_status write_json(buffer *text, json_writer *w, const char *folder, const char *file) {
    char *path = NULL;
    TRY(json_writer_end(w));
    TRY(buffer_add(text, "\n", 1));
    TRY(path_join(&path, folder, file));
    maske_status status = file_write_atomic(path, text->data, text->length, true);
    free(path);
    return status;
}

/* In the order in which transformers sorts its own keys. */
static const maske_special role_order[] = {MASKE_CLS, MASKE_MASK, MASKE_PAD, MASKE_SEP, MASKE_UNK};

/* The token of a role, NULL: none. Where no token of that string is added, naming it would add one when it is read again; the
 * role is found by the usual name. */
static const char *role_text(const maske_tokenizer *t, maske_special role) {
    const added_token *token = added_tokens_get(&t->added, t->special[role]);
    return token == NULL ? NULL : token->content;
}

static void write_roles(json_writer *w, const maske_tokenizer *t) {
    for (size_t i = 0; i < MASKE_SPECIAL_COUNT; i++) {
        const char *token = role_text(t, role_order[i]);
        if (token == NULL) continue;
        json_key(w, tokenizer_role_keys[role_order[i]]);
        json_text(w, token);
    }
}

static const char file_class[] = "PreTrainedTokenizerFast";     /* which takes a tokenizer.json as it is */

static void write_new_config(json_writer *w, const maske_tokenizer *t) {
    json_begin_object(w);
    json_key(w, "clean_up_tokenization_spaces"); json_bool(w, false);
    if (t->model_max_length > 0) {
        json_key(w, "model_max_length");
        json_int(w, t->model_max_length);
    }
    /* BERT wants to know which of a pair's texts a token is of. */
    json_key(w, "model_input_names");
    json_begin_array(w);
    json_text(w, "input_ids");
    json_text(w, "token_type_ids");
    json_text(w, "attention_mask");
    json_end_array(w);
    write_roles(w, t);
    json_key(w, "tokenizer_class"); json_text(w, file_class);
    json_end_object(w);
}

static void write_new_map(json_writer *w, const maske_tokenizer *t) {
    json_begin_object(w);
    write_roles(w, t);
    json_end_object(w);
}

static bool says(const json_t *token, const char *text) {
    const char *found = tokenizer_config_token(token);
    return found != NULL && strcmp(found, text) == 0;
}

/* Sets the roles. A token that a file has as an object, with how it is found, stays that. */
static maske_status lay_roles(json_t *object, const json_t *other, const maske_tokenizer *t) {
    for (size_t i = 0; i < MASKE_SPECIAL_COUNT; i++) {
        const char *key = tokenizer_role_keys[role_order[i]], *token = role_text(t, role_order[i]);
        if (token == NULL || says(json_object_get(object, key), token)) continue;
        json_t *said = json_object_get(other, key);
        json_t *value = says(said, token) ? json_incref(said) : json_string(token);
        if (json_object_set_new(object, key, value) != 0) return error_memory(0, "special tokens");
    }
    return MASKE_OK;
}

/* The class that the tokenizer was read by: beside another config.json AutoTokenizer, and we, would find another one. */
static maske_status lay_class(json_t *object, const maske_tokenizer *t) {
    const char *said = NULL;
    tokenizer_class class = tokenizer_class_of(object, NULL, &said);
    if (!tokenizer_class_has_pipeline(class)) said = NULL;
    if (json_is_string(json_object_get(object, "tokenizer_class")) && said == t->class_name) return MASKE_OK;
    json_t *value = json_string(t->class_name != NULL ? t->class_name : file_class);
    return json_object_set_new(object, "tokenizer_class", value) == 0 ? MASKE_OK : error_memory(0, "the tokenizer's settings");
}

/* What a file said, with what is known now laid over it. */
static maske_status write_kept(json_writer *w, const maske_tokenizer *t, json_t *said, const json_t *other,
                               bool settings) {
    json_t *object = said != NULL ? json_copy(said) : json_object();
    if (object == NULL) return error_memory(0, "the tokenizer's settings");
    maske_status status = lay_roles(object, other, t);
    if (status == MASKE_OK && settings) status = lay_class(object, t);
    if (status == MASKE_OK && settings && t->model_max_length > 0 &&
        json_object_set_new(object, "model_max_length", json_integer(t->model_max_length)) != 0)
        status = error_memory(0, "the tokenizer's settings");
    if (status == MASKE_OK) json_value(w, object);
    json_decref(object);
    return status;
}

maske_status tokenizer_config_write(const maske_tokenizer *t, const char *folder) {
    buffer text = {0};
    json_writer w = json_writer_start(&text, true);
    maske_status status = MASKE_OK;
    if (t->config == NULL) write_new_config(&w, t);
    else status = write_kept(&w, t, t->config, t->token_map, true);
    if (status == MASKE_OK) status = write_json(&text, &w, folder, "tokenizer_config.json");
    buffer_clear(&text);
    w = json_writer_start(&text, true);
    if (t->config == NULL && t->token_map == NULL) write_new_map(&w, t);
    else if (status == MASKE_OK) status = write_kept(&w, t, t->token_map, t->config, false);
    if (status == MASKE_OK) status = write_json(&text, &w, folder, "special_tokens_map.json");
    buffer_free(&text);
    return status;
}
