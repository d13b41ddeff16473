/* tokenizer/tokenizer_read.c: tokenizer.json. tokenizer_open.c decides which file a path means. */
#include "tokenizer/tokenizer_read.h"
#include "tokenizer/class_overlay.h"
#include "base/log.h"
#include "base/number.h"

#include <stdlib.h>

/* "NAME: PLACE" for the errors of a member. */
enum { NAME_SIZE = 1024 };
static void place_name(char out[NAME_SIZE], const char *name, const char *place) {
    number_print(out, NAME_SIZE, "%s: %s", name, place);
}

/* A failure of the vocabulary or added tokens, with the file in front. */
static maske_status in_file(maske_status status, const char *name) {
    if (status != MASKE_BAD_ARGUMENT) return status;
    return error_set(MASKE_BAD_FILE, "%s: %s", name, maske_error());
}

/* --------------------------------------------------------------------------------------------------- vocabulary --- */

static maske_status vocab_read_json(vocab *out, const json_t *object, const char *name) {
    if (!json_is_object(object))
        return error_set(MASKE_BAD_FILE, "%s: found %s, expected an object", name, json_kind(object));
    int64_t limit = VOCAB_ID_REACH(json_object_size(object));
    if (limit > VOCAB_ID_LIMIT) limit = VOCAB_ID_LIMIT;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value) {
        if (!json_is_integer(value))
            return error_set(MASKE_BAD_FILE, "%s: \"%.64s\": found %s, expected an integer", name, key,
                             json_kind(value));
        int64_t id = json_integer_value(value);
        if (id < 0 || id >= limit)
            return error_set(MASKE_BAD_FILE, "%s: \"%.64s\" has the id %lld, expected 0 to %lld, with %zu entries in all",
                             name, key, (long long)id, (long long)limit - 1, json_object_size(object));
        TRY(in_file(vocab_add(out, key, strlen(key), (int32_t)id), name));
    }
    return MASKE_OK;
}

/* The same from a plain member. *good: nothing is wrong with it. */
static maske_status read_plain_vocab(vocab *out, const json_plain *plain, bool *good) {
    int64_t limit = VOCAB_ID_REACH(plain->count);
    if (limit > VOCAB_ID_LIMIT) limit = VOCAB_ID_LIMIT;
    *good = plain->count <= VOCAB_COUNT_LIMIT;
    if (*good) TRY(vocab_reserve(out, plain->count, plain->texts.length));
    for (size_t i = 0; i < plain->count && *good; i++) {
        const json_plain_item *item = &plain->items[i];
        *good = item->integer >= 0 && item->integer < limit;
        if (!*good) return MASKE_OK;
        maske_status status = vocab_add(out, plain->texts.data + item->offset, item->length, (int32_t)item->integer);
        if (status == MASKE_OUT_OF_MEMORY) return status;
        *good = status == MASKE_OK;
    }
    return MASKE_OK;
}

/* Where anything is wrong with the plain vocabulary (a key that stands twice, too) all is read again in the usual way,
 * which says it. */
maske_status tokenizer_json_parse(tokenizer_json *out, const char *text, size_t length, const char *name, bool entries) {
    tokenizer_json json = {.plain = {[PLAIN_VOCAB] = {.key = "vocab"}, [PLAIN_MERGES] = {.key = "merges"}}};
    json_plain *plain = &json.plain[PLAIN_VOCAB];
    bool good = true;
    maske_status status = json_parse_object_plain(&json.root, text, length, name, entries ? "" : "model", json.plain, PLAIN_COUNT);
    if (status == MASKE_OK && plain->kind == JSON_PLAIN_INTEGERS) status = read_plain_vocab(&json.entries, plain, &good);
    /* What is wrong is said by the usual way: of two faults it may be another that comes first there. */
    if ((status == MASKE_OK && !good) || status == MASKE_BAD_FILE) {
        tokenizer_json_free(&json);
        status = json_parse_object(&json.root, text, length, name);
    }
    if (status == MASKE_OK) *out = json;
    else tokenizer_json_free(&json);
    return status;
}

void tokenizer_json_free(tokenizer_json *json) {
    json_decref(json->root);
    for (int i = 0; i < PLAIN_COUNT; i++) json_plain_free(&json->plain[i]);
    vocab_free(&json->entries);
    *json = (tokenizer_json){0};
}

maske_status tokenizer_json_vocab(vocab *out, tokenizer_json *whole, const json_t *object, const char *name) {
    if (whole->plain[PLAIN_VOCAB].kind != JSON_PLAIN_INTEGERS) return vocab_read_json(out, object, name);
    *out = whole->entries;
    whole->entries = (vocab){0};
    return MASKE_OK;
}

/* The model's vocabulary. */
static maske_status read_vocab(vocab *out, tokenizer_json *whole, const json_t *model, const char *name) {
    char place[NAME_SIZE];
    place_name(place, name, "vocab");
    return tokenizer_json_vocab(out, whole, json_object_get(model, "vocab"), place);
}

/* ------------------------------------------------------------------------------------------------------- merges --- */

maske_status merge_list_add(merge_list *merges, const vocab *entries, const char *left, size_t left_length,
                            const char *right, size_t right_length, size_t number) {
    bpe_merge merge = {vocab_find(entries, left, left_length), vocab_find(entries, right, right_length), -1};
    if (merge.left < 0 || merge.right < 0)
        return error_set(MASKE_BAD_FILE, "%s: %s %zu: \"%.*s\" is not in the vocabulary", merges->name, merges->unit,
                         number, (int)(merge.left < 0 ? left_length : right_length), merge.left < 0 ? left : right);
    if (right_length < merges->prefix_length)
        return error_set(MASKE_BAD_FILE, "%s: %s %zu: \"%.*s\" is shorter than the continuing_subword_prefix",
                         merges->name, merges->unit, number, (int)right_length, right);
    buffer_clear(&merges->joined);
    TRY(buffer_add(&merges->joined, left, left_length));
    TRY(buffer_add(&merges->joined, right + merges->prefix_length, right_length - merges->prefix_length));
    merge.id = vocab_find(entries, merges->joined.data, merges->joined.length);
    if (merge.id < 0)
        return error_set(MASKE_BAD_FILE, "%s: %s %zu: the joined token \"%s\" is not in the vocabulary", merges->name,
                         merges->unit, number, merges->joined.data);
    if (merges->count >= BPE_MERGE_LIMIT)
        return error_set(MASKE_BAD_FILE, "%s: more than %d merges", merges->name, BPE_MERGE_LIMIT);
    TRY(memory_reserve(&merges->items, &merges->capacity, merges->count + 1, sizeof *merges->items, "merges"));
    merges->items[merges->count++] = merge;
    return MASKE_OK;
}

maske_status merge_list_add_line(merge_list *merges, const vocab *entries, const char *line, size_t length,
                                 size_t number) {
    const char *space = memchr(line, ' ', length);
    if (space == NULL || memchr(space + 1, ' ', length - (size_t)(space + 1 - line)) != NULL)
        return error_set(MASKE_BAD_FILE,
                         "%s: %s %zu: \"%.*s\": found %s, expected exactly one between the two halves of a merge",
                         merges->name, merges->unit, number, (int)(length < 64 ? length : 64), line,
                         space == NULL ? "no space" : "several spaces");
    size_t left = (size_t)(space - line);
    return merge_list_add(merges, entries, line, left, space + 1, length - left - 1, number);
}

void merge_list_free(merge_list *merges) {
    free(merges->items);
    buffer_free(&merges->joined);
    *merges = (merge_list){0};
}

static maske_status read_merge_text(merge_list *merges, const vocab *entries, const char *text, size_t length,
                                    size_t number) {
    if (strncmp(text, "#version", 8) == 0) return MASKE_OK;
    return merge_list_add_line(merges, entries, text, length, number);
}

static maske_status read_merge(merge_list *merges, const vocab *entries, const json_t *value, bool pair,
                               size_t number) {
    const json_t *left = json_array_get(value, 0), *right = json_array_get(value, 1);
    if (pair && json_array_size(value) == 2 && json_is_string(left) && json_is_string(right))
        return merge_list_add(merges, entries, json_string_value(left), json_string_length(left),
                              json_string_value(right), json_string_length(right), number);
    if (!pair && json_is_string(value))
        return read_merge_text(merges, entries, json_string_value(value), json_string_length(value), number);
    return error_set(MASKE_BAD_FILE, "%s: merge %zu: found %s, expected %s", merges->name, number, json_kind(value),
                     pair ? "a pair of strings, as the first is" : "a string of two halves");
}

static maske_status read_plain_merges(merge_list *merges, const vocab *entries, const json_plain *plain) {
    bool pairs = plain->kind == JSON_PLAIN_PAIRS;
    const char *texts = plain->texts.data;
    for (size_t i = 0; i + pairs < plain->count; i += 1 + pairs) {
        const json_plain_item *item = &plain->items[i];
        if (!pairs) TRY(read_merge_text(merges, entries, texts + item->offset, item->length, i));
        else TRY(merge_list_add(merges, entries, texts + item[0].offset, item[0].length, texts + item[1].offset,
                                item[1].length, i / 2));
    }
    return MASKE_OK;
}

/* [["a", "b"], ...], or as older versions wrote them ["a b", ...], where "#version" lines are passed over. */
static maske_status read_merges(merge_list *merges, const vocab *entries, const tokenizer_json *whole,
                                const json_t *list) {
    const json_plain *plain = &whole->plain[PLAIN_MERGES];
    if (plain->kind == JSON_PLAIN_STRINGS || plain->kind == JSON_PLAIN_PAIRS)
        return read_plain_merges(merges, entries, plain);
    if (!json_is_array(list))
        return error_set(MASKE_BAD_FILE, "%s: \"merges\": found %s, expected an array", merges->name, json_kind(list));
    bool pairs = json_is_array(json_array_get(list, 0));
    for (size_t i = 0; i < json_array_size(list); i++)
        TRY(read_merge(merges, entries, json_array_get(list, i), pairs, i));
    return MASKE_OK;
}

/* ------------------------------------------------------------------------------------------------------- models --- */

static maske_status read_bpe_parts(bpe *out, tokenizer_json *whole, const json_t *json, vocab *entries,
                                   merge_list *merges, const char *name) {
    bpe_options options = {0};
    TRY(json_get_number_or(&options.dropout, -1, json, "dropout", 0, 1, name));
    TRY(json_get_text_or(&options.unk_token, NULL, json, "unk_token", name));
    TRY(json_get_text_or(&options.continuing_subword_prefix, NULL, json, "continuing_subword_prefix", name));
    TRY(json_get_text_or(&options.end_of_word_suffix, NULL, json, "end_of_word_suffix", name));
    TRY(json_get_boolean_or(&options.fuse_unk, false, json, "fuse_unk", name));
    TRY(json_get_boolean_or(&options.byte_fallback, false, json, "byte_fallback", name));
    TRY(json_get_boolean_or(&options.ignore_merges, false, json, "ignore_merges", name));
    if (options.continuing_subword_prefix != NULL) merges->prefix_length = strlen(options.continuing_subword_prefix);
    TRY(read_vocab(entries, whole, json, name));
    TRY(read_merges(merges, entries, whole, json_object_get(json, "merges")));
    if (options.dropout > 0) log_say(MASKE_LOG_NOTE, "%s: has a \"dropout\"; texts are encoded without it", name);
    return bpe_build(out, entries, merges->items, merges->count, &options, name);
}

static maske_status read_bpe(bpe *out, tokenizer_json *whole, const json_t *json, const char *name) {
    vocab entries = {0};
    merge_list merges = {.name = name, .unit = "merge"};
    maske_status status = read_bpe_parts(out, whole, json, &entries, &merges, name);
    vocab_free(&entries);
    merge_list_free(&merges);
    return status;
}

static maske_status read_wordpiece(wordpiece *out, tokenizer_json *whole, const json_t *json, const char *name) {
    const char *unk_token = NULL, *prefix = NULL;
    int64_t longest = 0;
    vocab entries = {0};
    TRY(json_get_text(&unk_token, json, "unk_token", name));
    TRY(json_get_text(&prefix, json, "continuing_subword_prefix", name));
    TRY(json_get_integer(&longest, json, "max_input_chars_per_word", 0, INT64_MAX, name));
    maske_status status = read_vocab(&entries, whole, json, name);
    if (status == MASKE_OK) status = wordpiece_build(out, &entries, unk_token, prefix, longest);
    vocab_free(&entries);
    return status;
}

/* Files of old versions lack "type": what it is shows in its members. */
static const char *model_type(const json_t *json) {
    const json_t *type = json_object_get(json, "type");
    if (type != NULL) return json_is_string(type) ? json_string_value(type) : "";
    if (json_object_get(json, "merges") != NULL) return "BPE";
    if (json_object_get(json, "max_input_chars_per_word") != NULL) return "WordPiece";
    return json_is_array(json_object_get(json, "vocab")) ? "Unigram" : "WordLevel";
}

static maske_status read_model(maske_tokenizer *t, tokenizer_json *whole, const char *name) {
    const json_t *json = json_object_get(whole->root, "model");
    if (!json_is_object(json))
        return error_set(MASKE_BAD_FILE, "%s: found %s, expected an object", name, json_kind(json));
    const char *type = model_type(json);
    if (strcmp(type, "BPE") == 0) { t->kind = MODEL_BPE; return read_bpe(&t->model.bpe, whole, json, name); }
    if (strcmp(type, "WordPiece") == 0) {
        t->kind = MODEL_WORDPIECE;
        return read_wordpiece(&t->model.wordpiece, whole, json, name);
    }
    return error_set(MASKE_UNSUPPORTED,
                     "%s: the model's type is \"%.64s\", which maske does not read; BPE and WordPiece are read", name,
                     type);
}

/* ------------------------------------------------------------------------------------------------- added tokens --- */

static maske_status read_added_token(maske_tokenizer *t, const json_t *json, const char *name, bool add) {
    const char *content = NULL;
    int64_t id = 0;
    int32_t given = -1;
    added_token token = {0};
    TRY(json_get_text(&content, json, "content", name));
    TRY(json_get_integer(&id, json, "id", 0, INT32_MAX, name));
    TRY(json_get_boolean_or(&token.single_word, false, json, "single_word", name));
    TRY(json_get_boolean_or(&token.lstrip, false, json, "lstrip", name));
    TRY(json_get_boolean_or(&token.rstrip, false, json, "rstrip", name));
    TRY(json_get_boolean_or(&token.normalized, true, json, "normalized", name));
    TRY(json_get_boolean_or(&token.special, false, json, "special", name));
    token.content = (char *)content;
    token.length = strlen(content);
    if (token.length == 0) return error_set(MASKE_BAD_FILE, "%s: an added token is empty", name);
    if (!add) return MASKE_OK;
    TRY(in_file(added_tokens_add(&t->added, &token, tokenizer_vocab(t), t->normalizer, &given), name));
    if (given != id)
        log_say(
            MASKE_LOG_WARNING,
            "%s: the added token \"%s\" has the id %lld in the file, but %d by the rules, as in the tokenizers library",
            name, content, (long long)id, given);
    return MASKE_OK;
}

/* add false: they are looked at, no more: the folder's class adds them in an order of its own. */
static maske_status read_added_tokens(maske_tokenizer *t, const json_t *list, const char *name, bool add) {
    if (list == NULL) return MASKE_OK;
    if (!json_is_array(list))
        return error_set(MASKE_BAD_FILE, "%s: found %s, expected an array", name, json_kind(list));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *value = json_array_get(list, i);
        if (!json_is_object(value))
            return error_set(MASKE_BAD_FILE, "%s: found %s, expected an object", name, json_kind(value));
        TRY(read_added_token(t, value, name, add));
    }
    return MASKE_OK;
}

/* ------------------------------------------------------------------------------------------------------- checks --- */

typedef struct id_check { const maske_tokenizer *t; const char *name; } id_check;
static maske_status check_id(void *user, int32_t id, const char *token) {
    const id_check *check = user;
    if (maske_tokenizer_token(check->t, id) != NULL) return MASKE_OK;
    return error_set(MASKE_BAD_FILE, "%s: post_processor: the token \"%s\" has the id %d, which no token has",
                     check->name, token, id);
}

/* Names and ids that point somewhere. */
static maske_status check(const maske_tokenizer *t, const char *name) {
    id_check user = {t, name};
    TRY(post_processor_each_id(t->post_processor, check_id, &user));
    const char *unk = t->kind == MODEL_BPE ? t->model.bpe.options.unk_token : t->model.wordpiece.unk_token;
    /* An empty WordPiece is what the library's trainers start from: nothing to check there. */
    if (unk != NULL && tokenizer_vocab(t)->count > 0 && maske_tokenizer_id(t, unk, strlen(unk)) < 0)
        return error_set(MASKE_BAD_FILE, "%s: model: the unk_token \"%s\" is not in the vocabulary", name, unk);
    if (t->padding.set && maske_tokenizer_token(t, t->padding.pad_id) == NULL)
        return error_set(MASKE_BAD_FILE, "%s: padding: the pad_id is %d, which no token has", name, t->padding.pad_id);
    return MASKE_OK;
}

/* -------------------------------------------------------------------------------------------------------- whole --- */

static maske_status check_version(const json_t *root, const char *name) {
    const json_t *version = json_object_get(root, "version");
    if (version == NULL || (json_is_string(version) && strcmp(json_string_value(version), "1.0") == 0)) return MASKE_OK;
    return error_set(MASKE_UNSUPPORTED, "%s: \"version\" is %s%s, expected \"1.0\"", name,
                     json_is_string(version) ? "" : json_kind(version),
                     json_is_string(version) ? json_string_value(version) : "");
}

/* All but the added tokens. */
static maske_status read_parts(maske_tokenizer *t, tokenizer_json *json, const char *name) {
    const json_t *root = json->root;
    char place[NAME_SIZE];
    place_name(place, name, "truncation");
    TRY(truncation_read(&t->truncation, json_object_get(root, "truncation"), place));
    place_name(place, name, "padding");
    TRY(padding_read(&t->padding, json_object_get(root, "padding"), place));
    place_name(place, name, "normalizer");
    TRY(normalizer_read(&t->normalizer, json_object_get(root, "normalizer"), place));
    place_name(place, name, "pre_tokenizer");
    TRY(pre_tokenizer_read(&t->pre_tokenizer, json_object_get(root, "pre_tokenizer"), place));
    place_name(place, name, "post_processor");
    TRY(post_processor_read(&t->post_processor, json_object_get(root, "post_processor"), place));
    place_name(place, name, "decoder");
    TRY(decoder_read(&t->decoder, json_object_get(root, "decoder"), place));
    place_name(place, name, "model");
    return read_model(t, json, place);
}

static maske_status read_tokens(maske_tokenizer *t, const json_t *root, const char *name, bool add) {
    char place[NAME_SIZE];
    place_name(place, name, "added_tokens");
    return read_added_tokens(t, json_object_get(root, "added_tokens"), place, add);
}

/* A file by itself. config may be NULL. */
static maske_status read_file_alone(maske_tokenizer *t, tokenizer_json *json, const char *name, const tokenizer_config *config) {
    TRY(read_parts(t, json, name));
    TRY(read_tokens(t, json->root, name, true));
    if (config != NULL) tokenizer_config_apply(config, t);
    return MASKE_OK;
}

/* A file in its folder, as the folder's class has it. processor: the file's own. */
static maske_status read_by_class(maske_tokenizer *t, tokenizer_json *json, const char *name, const tokenizer_config *config,
                                  const named_tokens *named, const json_t *processor) {
    tokenizer_class class = config->class;
    if (class != CLASS_FILES) TRY(class_overlay(json->root, class, config, named, name));
    TRY(read_parts(t, json, name));
    TRY(read_tokens(t, json->root, name, class == CLASS_FILES));
    TRY(in_file(named_tokens_add(named, t), name));
    if (class != CLASS_FILES) TRY(class_overlay_processor(t, class, config, named, processor, name));
    tokenizer_config_apply(config, t);
    return MASKE_OK;
}

static maske_status read_in_folder(maske_tokenizer *t, tokenizer_json *json, const char *name, const tokenizer_config *given) {
    tokenizer_config config = *given;
    named_tokens named = {0};
    const json_t *model = json_object_get(json->root, "model");
    config.class = class_of_file(json->root, json_is_object(model) ? model_type(model) : "", given, name);
    TRY(named_tokens_collect(&named, &config, json_object_get(json->root, "added_tokens"), config.class == CLASS_FILES, NULL));
    json_t *processor = json_incref(json_object_get(json->root, "post_processor"));
    maske_status status = read_by_class(t, json, name, &config, &named, processor);
    json_decref(processor);
    named_tokens_free(&named);
    return status;
}

static maske_status read_members(maske_tokenizer *t, tokenizer_json *json, const char *name, const tokenizer_config *config) {
    TRY(check_version(json->root, name));
    TRY(config == NULL || config->file_alone ? read_file_alone(t, json, name, config) : read_in_folder(t, json, name, config));
    TRY(tokenizer_finish(t));
    return check(t, name);
}

maske_status tokenizer_read_json(maske_tokenizer **out, tokenizer_json *json, const char *name,
                                 const tokenizer_config *config) {
    maske_tokenizer *t = NULL;
    TRY(tokenizer_new(&t));
    maske_status status = read_members(t, json, name, config);
    if (status != MASKE_OK) maske_tokenizer_free(t);
    else *out = t;
    return status;
}
