/* tokenizer/named_tokens.c: see named_tokens.h. A token is a JSON string, or an object with a member for each flag; the two
 * differ, as str and AddedToken do, even with the same content. */
#include "tokenizer/named_tokens.h"
#include "base/number.h"

#include <stdlib.h>

static const char *const names[] = {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token",
                                    "mask_token"};
enum { NAMES = sizeof names / sizeof *names };
static const char extra_key[] = "extra_special_tokens", additional_key[] = "additional_special_tokens";

typedef struct numbered_token { double id; size_t order; json_t *token; } numbered_token;
typedef struct gathering {
    const tokenizer_config *config;
    json_t *said;                       /* tokenizer_config.json, with what the other files say laid over it */
    json_t *specific;                   /* other "..._token" members */
    json_t *by_name;                    /* the numbered ones by content */
    json_t *present;                    /* {content: true}: no other is added beside it */
    json_t *strings, *objects;          /* of what is added by name: strings; the last object by content */
    json_t *contents;                   /* {content: true} of all that is named */
    numbered_token *numbered;
    size_t count, capacity;
} gathering;

/* ----------------------------------------------------------------------------------------------- small helpers --- */

static maske_status set(json_t *object, const char *key, json_t *value) {
    return json_object_set(object, key, value) == 0 ? MASKE_OK : error_memory(0, "special tokens");
}

static maske_status set_new(json_t *object, const char *key, json_t *value) {
    return json_object_set_new(object, key, value) == 0 ? MASKE_OK : error_memory(0, "special tokens");
}

static maske_status append(json_t *array, json_t *value) {
    return json_array_append(array, value) == 0 ? MASKE_OK : error_memory(0, "special tokens");
}

static bool is_name(const char *key) {
    for (size_t i = 0; i < NAMES; i++)
        if (strcmp(names[i], key) == 0) return true;
    return false;
}

static bool is_other_token(const char *key) {
    size_t length = strlen(key);
    return length >= 6 && strcmp(key + length - 6, "_token") == 0 && !is_name(key);
}

/* As Python has it. */
static bool says_something(const json_t *value) {
    if (json_is_string(value)) return json_string_length(value) > 0;
    if (json_is_array(value)) return json_array_size(value) > 0;
    return json_is_object(value) && json_object_size(value) > 0;
}

/* AddedToken(**value). special: what it is where the value says nothing of it. Yours; *out is NULL if it is no token. */
static maske_status whole_token(json_t **out, const json_t *value, bool special) {
    const char *content = tokenizer_config_token(value);
    const json_t *said = json_object_get(value, "special"), *normalized = json_object_get(value, "normalized");
    *out = NULL;
    if (content == NULL) return MASKE_OK;
    if (json_is_boolean(said)) special = json_is_true(said);
    int normal = json_is_boolean(normalized) ? json_is_true(normalized) : !special;
    *out = json_pack("{s:s, s:b, s:b, s:b, s:b, s:b}", "content", content, "single_word",
                     (int)json_is_true(json_object_get(value, "single_word")), "lstrip",
                     (int)json_is_true(json_object_get(value, "lstrip")), "rstrip",
                     (int)json_is_true(json_object_get(value, "rstrip")), "normalized", normal, "special", (int)special);
    return *out != NULL ? MASKE_OK : error_memory(0, "special tokens");
}

/* Objects become whole tokens, strings stay. */
static maske_status set_token(json_t *object, const char *key, json_t *value, bool special) {
    json_t *token = NULL;
    if (!json_is_object(value)) return set(object, key, value);
    TRY(whole_token(&token, value, special));
    return token == NULL ? MASKE_OK : set_new(object, key, token);
}

/* ------------------------------------------------------------------------------------------- what the files say --- */

/* A dictionary of extra_special_tokens names tokens as "..._token" members do. */
static maske_status move_extra_dictionary(gathering *g) {
    const char *key;
    json_t *value, *extra = json_object_get(g->said, extra_key);
    if (!json_is_object(extra)) return MASKE_OK;
    json_object_foreach(extra, key, value) TRY(set_token(g->specific, key, value, false));
    json_object_del(g->said, extra_key);
    return MASKE_OK;
}

static maske_status read_config(gathering *g) {
    const char *key;
    json_t *value;
    json_object_foreach(g->config->config, key, value) {
        if (is_other_token(key) && json_is_string(value)) TRY(set(g->specific, key, value));
        else TRY(set(g->said, key, value));
    }
    json_t *additional = json_object_get(g->said, additional_key);
    if (additional != NULL && !says_something(json_object_get(g->said, extra_key))) {
        TRY(set(g->said, extra_key, additional));
        json_object_del(g->said, additional_key);
    }
    return move_extra_dictionary(g);
}

/* The list of special_tokens_map.json goes behind the one that is there. */
static maske_status join_extra(gathering *g, const json_t *list) {
    const json_t *before = json_object_get(g->said, extra_key);
    json_t *all = json_is_array(before) ? json_copy((json_t *)before) : json_array();
    maske_status status = all != NULL ? MASKE_OK : error_memory(0, "special tokens");
    for (size_t i = 0; i < json_array_size(list) && status == MASKE_OK; i++) status = append(all, json_array_get(list, i));
    if (status == MASKE_OK) status = set(g->said, extra_key, all);
    json_decref(all);
    return status;
}

static maske_status read_map(gathering *g) {
    const char *key;
    json_t *value;
    json_object_foreach(g->config->token_map, key, value) {
        bool extra = strcmp(key, extra_key) == 0;
        if (extra && json_is_array(value)) TRY(join_extra(g, value));
        else if (json_is_object(value) && !extra) {
            json_t *token = NULL;
            TRY(whole_token(&token, value, true));
            if (token == NULL) continue;
            maske_status status = set_new(token, "special", json_true());
            if (status == MASKE_OK) status = set(g->said, key, token);
            json_decref(token);
            TRY(status);
        } else {
            TRY(set(g->said, key, value));
        }
    }
    return move_extra_dictionary(g);
}

/* ----------------------------------------------------------------------------------------------- tokens with ids --- */

static maske_status number_token(gathering *g, double id, const json_t *value, bool special) {
    json_t *token = NULL;
    TRY(memory_reserve(&g->numbered, &g->capacity, g->count + 1, sizeof *g->numbered, "added tokens"));
    TRY(whole_token(&token, value, special));
    if (token == NULL) return MASKE_OK;
    g->numbered[g->count] = (numbered_token){id, g->count, token};
    g->count++;
    const char *content = tokenizer_config_token(token);
    TRY(set(g->present, content, json_true()));
    return set(g->by_name, content, token);
}

static maske_status number_decoder(gathering *g, const json_t *list) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)list, key, value) {
        int64_t id;
        if (number_parse_integer(&id, key)) TRY(number_token(g, (double)id, value, false));
    }
    return MASKE_OK;
}

/* {"token": id, ...} of added_tokens.json; those that are named as special are so. */
static maske_status number_given(gathering *g) {
    const char *text;
    json_t *id, *special = json_object(), *extra = json_object_get(g->said, extra_key);
    maske_status status = special != NULL ? MASKE_OK : error_memory(0, "special tokens");
    for (size_t i = 0; i < NAMES + json_array_size(extra) && status == MASKE_OK; i++) {
        const json_t *token = i < NAMES ? json_object_get(g->said, names[i]) : json_array_get(extra, i - NAMES);
        const char *content = tokenizer_config_token(token);
        if (content != NULL) status = set(special, content, json_true());
    }
    json_object_foreach(g->config->added, text, id) {
        json_t *token = json_is_number(id) ? json_string(text) : NULL;
        if (status != MASKE_OK || !json_is_number(id)) { json_decref(token); continue; }
        status = token == NULL ? error_memory(0, "added tokens")
                               : number_token(g, json_number_value(id), token, json_object_get(special, text) != NULL);
        json_decref(token);
    }
    json_decref(special);
    return status;
}

static int by_id(const void *x, const void *y) {
    const numbered_token *a = x, *b = y;
    if (a->id != b->id) return a->id < b->id ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static maske_status gather_numbered(gathering *g, const json_t *file_tokens) {
    const json_t *list = json_object_get(g->said, "added_tokens_decoder");
    if (json_is_object(list)) TRY(number_decoder(g, list));
    else {
        TRY(read_map(g));
        TRY(number_given(g));
        for (size_t i = 0; i < json_array_size(file_tokens); i++) {
            const json_t *token = json_array_get(file_tokens, i), *id = json_object_get(token, "id");
            if (json_is_number(id) && json_is_object(token)) TRY(number_token(g, json_number_value(id), token, false));
        }
    }
    if (g->count > 0) qsort(g->numbered, g->count, sizeof *g->numbered, by_id);
    return MASKE_OK;
}

/* -------------------------------------------------------------------------------------------------- named tokens --- */

static const char *class_token(tokenizer_class class, size_t name) {
    static const char *const bert[NAMES] = {NULL, NULL, "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"},
                      *const roberta[NAMES] = {"<s>", "</s>", "<unk>", "</s>", "<pad>", "<s>", "<mask>"},
                      *const gpt2[NAMES] = {"<|endoftext|>", "<|endoftext|>", "<|endoftext|>"};
    return class == CLASS_BERT ? bert[name] : class == CLASS_ROBERTA ? roberta[name] : class == CLASS_GPT2 ? gpt2[name] : NULL;
}

/* Where there is no class. */
static const char *usual_token(const vocab *entries, size_t name) {
    static const char *const usual[NAMES][2] = {{0}, {0}, {"[UNK]", "<unk>"}, {"[SEP]", "</s>"}, {"[PAD]", "<pad>"},
                                                {"[CLS]", "<s>"}, {"[MASK]", "<mask>"}};
    for (int i = 0; i < 2 && entries != NULL && usual[name][i] != NULL; i++)
        if (vocab_find(entries, usual[name][i], strlen(usual[name][i])) >= 0) return usual[name][i];
    return NULL;
}

static maske_status name_token(named_tokens *out, const gathering *g, size_t name, const vocab *entries) {
    json_t *said = json_object_get(g->said, names[name]);
    const char *text = tokenizer_config_token(said);
    if (text != NULL && text[0] != '\0') {
        json_t *numbered = json_object_get(g->by_name, text);
        return set_token(out->named, names[name], numbered != NULL ? numbered : said, false);
    }
    text = said == NULL ? class_token(g->config->class, name) : NULL;
    if (text == NULL) text = usual_token(entries, name);
    return text == NULL ? MASKE_OK : set_new(out->named, names[name], json_string(text));
}

/* Those of special_tokens_map.json, and objects, go before the strings of tokenizer_config.json, the last one first. */
static maske_status name_others(named_tokens *out, const gathering *g) {
    json_t *order = json_array(), *value;
    const char *key;
    maske_status status = order != NULL ? MASKE_OK : error_memory(0, "special tokens");
    json_object_foreach(g->said, key, value) {
        if (status != MASKE_OK || !is_other_token(key) || tokenizer_config_token(value) == NULL) continue;
        if (json_array_append_new(order, json_string(key)) != 0) status = error_memory(0, "special tokens");
    }
    for (size_t i = json_array_size(order); i-- > 0 && status == MASKE_OK;) {
        key = json_string_value(json_array_get(order, i));
        value = json_object_get(g->specific, key);
        status = set_token(out->named, key, value != NULL ? value : json_object_get(g->said, key), false);
    }
    json_decref(order);
    json_object_foreach(g->specific, key, value)
        if (status == MASKE_OK) status = set(out->named, key, value);
    return status;
}

/* ---------------------------------------------------------------------------------------------------- all in order --- */

/* Unless its string is there, or the same token was added before. */
static maske_status add_named(named_tokens *out, gathering *g, json_t *token) {
    const char *content = tokenizer_config_token(token);
    if (content == NULL || json_object_get(g->present, content) != NULL) return MASKE_OK;
    json_t *seen = json_is_object(token) ? g->objects : g->strings;
    if (json_equal(json_object_get(seen, content), token)) return MASKE_OK;
    TRY(set(seen, content, token));
    return append(out->added, token);
}

static maske_status add_extra(named_tokens *out, gathering *g) {
    const json_t *list = json_object_get(g->said, extra_key);
    if (list == NULL) list = json_object_get(g->said, additional_key);
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *value = json_array_get(list, i), *token = NULL;
        if (json_is_string(value)) { TRY(add_named(out, g, value)); continue; }
        TRY(whole_token(&token, value, true));
        maske_status status = add_named(out, g, token);
        json_decref(token);
        TRY(status);
    }
    return MASKE_OK;
}

static maske_status set_special(json_t *list, size_t at) {
    json_t *token = NULL;
    TRY(whole_token(&token, json_array_get(list, at), true));
    maske_status status = set(token, "special", json_true());
    if (status == MASKE_OK && json_array_set(list, at, token) != 0) status = error_memory(0, "special tokens");
    json_decref(token);
    return status;
}

/* Strings become special tokens; a token that is named is special whatever its list says. */
static maske_status settle(named_tokens *out, gathering *g) {
    const char *key;
    json_t *value;
    json_object_foreach(out->named, key, value) TRY(set(g->contents, tokenizer_config_token(value), json_true()));
    for (size_t i = 0; i < json_array_size(out->added); i++) {
        value = json_array_get(out->added, i);
        bool special = json_is_true(json_object_get(value, "special")),
             named = json_object_get(g->contents, tokenizer_config_token(value)) != NULL;
        if (json_is_string(value) || (named && !special)) TRY(set_special(out->added, i));
    }
    return MASKE_OK;
}

static maske_status fill(named_tokens *out, gathering *g, const json_t *file_tokens, bool kept, const vocab *entries) {
    json_t **const made[] = {&out->added, &g->strings, &g->objects, &g->said, &g->specific, &g->by_name, &g->present,
                             &g->contents, &out->named};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        *made[i] = i == 0 ? json_array() : json_object();
        if (*made[i] == NULL) return error_memory(0, "special tokens");
    }
    TRY(read_config(g));
    TRY(gather_numbered(g, file_tokens));
    out->split_special = json_is_true(json_object_get(g->said, "split_special_tokens"));
    for (size_t i = 0; i < json_array_size(file_tokens) && kept; i++) {
        const char *content = tokenizer_config_token(json_array_get(file_tokens, i));
        if (content != NULL) TRY(set(g->present, content, json_true()));
    }
    for (size_t i = 0; i < NAMES; i++) TRY(name_token(out, g, i, entries));
    TRY(name_others(out, g));
    /* Of two with the same id the later one. */
    for (size_t i = 0; i < g->count; i++)
        if (i + 1 == g->count || g->numbered[i + 1].id != g->numbered[i].id) TRY(append(out->added, g->numbered[i].token));
    const char *key;
    json_t *value;
    json_object_foreach(out->named, key, value) TRY(add_named(out, g, value));
    TRY(add_extra(out, g));
    return settle(out, g);
}

maske_status named_tokens_collect(named_tokens *out, const tokenizer_config *config, const json_t *file_tokens, bool kept,
                                  const vocab *entries) {
    named_tokens tokens = {0};
    gathering g = {.config = config};
    maske_status status = fill(&tokens, &g, file_tokens, kept, entries);
    for (size_t i = 0; i < g.count; i++) json_decref(g.numbered[i].token);
    free(g.numbered);
    json_t *const made[] = {g.strings, g.objects, g.said, g.specific, g.by_name, g.present, g.contents};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) json_decref(made[i]);
    if (status != MASKE_OK) named_tokens_free(&tokens);
    else *out = tokens;
    return status;
}

void named_tokens_free(named_tokens *tokens) {
    json_decref(tokens->added);
    json_decref(tokens->named);
    *tokens = (named_tokens){0};
}

/* -------------------------------------------------------------------------------------------------------- using --- */

const char *named_tokens_text(const named_tokens *tokens, const char *key) {
    return tokenizer_config_token(json_object_get(tokens->named, key));
}

maske_status named_tokens_add(const named_tokens *tokens, maske_tokenizer *t) {
    for (size_t i = 0; i < json_array_size(tokens->added); i++) {
        const json_t *value = json_array_get(tokens->added, i), *content = json_object_get(value, "content");
        added_token token = {.content = (char *)json_string_value(content), .length = json_string_length(content)};
        token.single_word = json_is_true(json_object_get(value, "single_word"));
        token.lstrip = json_is_true(json_object_get(value, "lstrip"));
        token.rstrip = json_is_true(json_object_get(value, "rstrip"));
        token.normalized = json_is_true(json_object_get(value, "normalized"));
        token.special = json_is_true(json_object_get(value, "special"));
        TRY(added_tokens_add(&t->added, &token, tokenizer_vocab(t), t->normalizer, NULL));
    }
    t->added.split_special = tokens->split_special;
    for (int role = 0; role < MASKE_SPECIAL_COUNT; role++) {
        const char *text = named_tokens_text(tokens, tokenizer_role_keys[role]);
        if (text != NULL) t->special[role] = maske_tokenizer_id(t, text, strlen(text));
    }
    return MASKE_OK;
}
