/* tokenizer/tokenizer_legacy.c: vocab.json with merges.txt, a lone vocab.json, vocab.txt: a model without its pipeline.
 *
 * What stands around the model is told by the entries themselves:
 *   U+0120 (byte-level's space)   ByteLevel, as GPT-2 and RoBERTa
 *   U+2581                        Metaspace
 *   entries ending in </w>        BertPreTokenizer and that suffix, as GPT-1 and CharBPETokenizer
 *   nothing of these              words between white space
 * and by tokenizer_config.json and special_tokens_map.json beside them, where there are such. vocab.txt is BERT's. */
#include "tokenizer/tokenizer_read.h"
#include "tokenizer/unicode.h"
#include "base/log.h"
#include "base/number.h"

#include <stdlib.h>

/* ----------------------------------------------------------------------------------------------- special tokens --- */

static const char *const usual[MASKE_SPECIAL_COUNT][2] = {
    {"[PAD]", "<pad>"}, {"[UNK]", "<unk>"}, {"[CLS]", "<s>"}, {"[SEP]", "</s>"}, {"[MASK]", "<mask>"}
};

/* The token of a role: what the configuration says, else the usual name that is an entry; NULL: none. GPT-2's class has its
 * own names for what it has. */
static const char *role_token(const tokenizer_config *config, const vocab *entries, int role) {
    if (config->roles[role] != NULL && config->roles[role][0] != '\0') return config->roles[role];
    for (int i = 0; i < 2 && config->class != CLASS_GPT2; i++)
        if (vocab_find(entries, usual[role][i], strlen(usual[role][i])) >= 0) return usual[role][i];
    return NULL;
}

static maske_status add_token(maske_tokenizer *t, const char *content, bool lstrip, bool special) {
    added_token token = {.content = (char *)content,
                         .length = strlen(content),
                         .lstrip = lstrip,
                         .special = special,
                         .normalized = !special};
    return added_tokens_add(&t->added, &token, tokenizer_vocab(t), t->normalizer, NULL);
}

/* {"content": "[MASK]", "lstrip": true, ...}, as tokenizer_config.json has it. */
static maske_status add_described(maske_tokenizer *t, const json_t *value) {
    const json_t *content = json_object_get(value, "content");
    if (!json_is_string(content)) return MASKE_OK;
    added_token token = {.content = (char *)json_string_value(content), .length = json_string_length(content)};
    token.single_word = json_is_true(json_object_get(value, "single_word"));
    token.lstrip = json_is_true(json_object_get(value, "lstrip"));
    token.rstrip = json_is_true(json_object_get(value, "rstrip"));
    token.normalized = json_is_true(json_object_get(value, "normalized"));
    token.special = json_is_true(json_object_get(value, "special"));
    return added_tokens_add(&t->added, &token, tokenizer_vocab(t), t->normalizer, NULL);
}

static bool is_added(const maske_tokenizer *t, const char *content) {
    return added_tokens_find(&t->added, content, strlen(content)) != NULL;
}

/* Special tokens of no role. */
static maske_status add_others(maske_tokenizer *t, const json_t *list) {
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *token = json_array_get(list, i);
        const char *text = tokenizer_config_token(token);
        if (!is_added(t, text)) TRY(add_token(t, text, json_is_true(json_object_get(token, "lstrip")), true));
    }
    return MASKE_OK;
}

/* Those listed, then all special ones in transformers' order; and the post-processor, if there is something to put around a
 * text. */
static maske_status add_special_tokens(maske_tokenizer *t, const tokenizer_config *config) {
    static const maske_special order[] = {MASKE_UNK, MASKE_SEP, MASKE_PAD, MASKE_CLS, MASKE_MASK};
    const char *token[MASKE_SPECIAL_COUNT], *key;
    json_t *value;
    json_object_foreach(config->added_tokens_decoder, key, value) TRY(add_described(t, value));
    TRY(add_others(t, config->ends));
    for (size_t i = 0; i < MASKE_SPECIAL_COUNT; i++) {
        int role = (int)order[i];
        token[role] = role_token(config, tokenizer_vocab(t), role);
        if (token[role] == NULL || is_added(t, token[role])) continue;
        TRY(add_token(t, token[role], config->lstrip[role], true));
    }
    TRY(add_others(t, config->additional));
    bool wrapped = token[MASKE_CLS] != NULL && token[MASKE_SEP] != NULL && config->class != CLASS_GPT2;
    if (!wrapped || t->post_processor != NULL) return MASKE_OK;
    int32_t cls = maske_tokenizer_id(t, token[MASKE_CLS], strlen(token[MASKE_CLS])),
            sep = maske_tokenizer_id(t, token[MASKE_SEP], strlen(token[MASKE_SEP]));
    if (strcmp(token[MASKE_CLS], "<s>") != 0)
        return post_processor_new_standard(&t->post_processor, token[MASKE_CLS], cls, token[MASKE_SEP], sep);
    json_t *roberta = json_pack("{s:s, s:[s,i], s:[s,i], s:b, s:b}", "type", "RobertaProcessing", "sep",
                                token[MASKE_SEP], (int)sep, "cls", token[MASKE_CLS], (int)cls, "trim_offsets", 1,
                                "add_prefix_space", (int)config->add_prefix_space);
    if (roberta == NULL) return error_memory(0, "post-processor");
    maske_status status = post_processor_read(&t->post_processor, roberta, "RobertaProcessing");
    json_decref(roberta);
    return status;
}

static maske_status finish(maske_tokenizer *t, const tokenizer_config *config) {
    TRY(add_special_tokens(t, config));
    tokenizer_config_apply(config, t);
    return tokenizer_finish(t);
}

/* ------------------------------------------------------------------------------------------- vocab.json, merges --- */

/* What the entries show. */
typedef struct signs { bool byte_level, metaspace, all_bytes; const char *suffix, *prefix; } signs;

static bool ends_in(const char *text, size_t length, const char *end) {
    size_t size = strlen(end);
    return length > size && memcmp(text + length - size, end, size) == 0;
}

static signs look_at(const vocab *entries) {
    signs s = {.all_bytes = true};
    size_t suffixed = 0, prefixed = 0;
    for (int32_t id = 0; id < entries->limit; id++) {
        size_t length = 0;
        const char *text = vocab_text(entries, id, &length);
        if (text == NULL) continue;
        if (strncmp(text, "\xC4\xA0", 2) == 0) s.byte_level = true;
        if (strncmp(text, "\xE2\x96\x81", 3) == 0) s.metaspace = true;
        suffixed += ends_in(text, length, "</w>");
        prefixed += length > 2 && memcmp(text, "##", 2) == 0;
    }
    for (int byte = 0; byte < 256; byte++) {
        char name[8];
        int length = number_print(name, sizeof name, "<0x%02X>", (unsigned)byte);
        s.all_bytes = s.all_bytes && vocab_find(entries, name, (size_t)length) >= 0;
    }
    /* A handful may be there by chance; a tenth is a habit. */
    if (suffixed * 10 > entries->count) s.suffix = "</w>";
    if (prefixed * 10 > entries->count) s.prefix = "##";
    return s;
}

/* Components by their JSON. */
static maske_status read_components(maske_tokenizer *t, const char *pre, const char *decode, const char *post) {
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

static maske_status surround(maske_tokenizer *t, signs s, const tokenizer_config *config) {
    char byte_level[128];
    if (s.byte_level) {
        number_print(byte_level, sizeof byte_level,
                     "{\"type\":\"ByteLevel\",\"add_prefix_space\":%s,\"trim_offsets\":false}",
                     config->add_prefix_space ? "true" : "false");
        bool wrapped = role_token(config, tokenizer_vocab(t), MASKE_CLS) != NULL &&
                       role_token(config, tokenizer_vocab(t), MASKE_SEP) != NULL && config->class != CLASS_GPT2;
        return read_components(t, byte_level, byte_level, wrapped ? NULL : byte_level);
    }
    if (s.metaspace)
        return read_components(
            t, "{\"type\":\"Metaspace\",\"replacement\":\"\xE2\x96\x81\",\"prepend_scheme\":\"first\",\"split\":true}",
            tokenizer_metaspace_decoder, NULL);
    if (s.suffix != NULL)
        return read_components(t, "{\"type\":\"BertPreTokenizer\"}", "{\"type\":\"BPEDecoder\",\"suffix\":\"</w>\"}",
                               NULL);
    if (s.prefix != NULL)
        return read_components(t, "{\"type\":\"BertPreTokenizer\"}",
                               "{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":false}", NULL);
    return read_components(t, "{\"type\":\"WhitespaceSplit\"}", NULL, NULL);
}

static maske_status read_merges_txt(merge_list *merges, const vocab *entries, const char *path) {
    char *text = NULL;
    size_t length = 0, number = 1;
    TRY(file_read(&text, &length, path, TOKENIZER_VOCAB_LIMIT));
    maske_status status = MASKE_OK;
    for (size_t at = 0; at < length && status == MASKE_OK; number++) {
        const char *end = memchr(text + at, '\n', length - at);
        size_t next = end == NULL ? length : (size_t)(end - text) + 1, size = end == NULL ? length - at : next - 1 - at;
        if (end != NULL && size > 0 && text[at + size - 1] == '\r') size--;
        bool comment = size >= 8 && memcmp(text + at, "#version", 8) == 0;
        if (!comment) status = merge_list_add_line(merges, entries, text + at, size, number);
        at = next;
    }
    free(text);
    return status;
}

/* Entries that come from no merge: special tokens, and whatever was put in by hand. */
static maske_status rebuild_merges(merge_list *merges, const vocab *entries, const bpe_options *options,
                                   const char *path) {
    size_t unreached = 0;
    TRY(bpe_rebuild_merges(entries, options, &merges->items, &merges->count, &unreached));
    if (merges->count == 0 && unreached > MASKE_SPECIAL_COUNT)
        return error_set(MASKE_BAD_FILE,
                         "%s: no merges.txt beside it, and none of its %zu entries is made of two earlier ones, so "
                         "the merges cannot be rebuilt; give merges.txt, or train anew",
                         path, entries->count);
    log_say(MASKE_LOG_WARNING,
            "%s: no merges.txt beside it: %zu merges rebuilt from the order of the entries, %zu entries of several "
            "characters (special tokens among them) come from no merge",
            path, merges->count, unreached);
    return MASKE_OK;
}

static maske_status fill_vocab_json(maske_tokenizer *t, vocab *entries, merge_list *merges, tokenizer_json *json,
                                    const char *path, const char *merges_path, const tokenizer_config *config) {
    TRY(tokenizer_json_vocab(entries, json, json->root, path));
    /* RoBERTa's and GPT-2's unk is a special token and no more: their models know every byte. */
    bool bytes = config->class == CLASS_ROBERTA || config->class == CLASS_GPT2;
    signs s = bytes ? (signs){.byte_level = true} : look_at(entries);
    bpe_options options = {.unk_token = bytes ? NULL : role_token(config, entries, MASKE_UNK),
                           .continuing_subword_prefix = s.prefix,
                           .end_of_word_suffix = s.suffix,
                           .byte_fallback = s.all_bytes,
                           .dropout = -1};
    if (options.unk_token != NULL && vocab_find(entries, options.unk_token, strlen(options.unk_token)) < 0)
        options.unk_token = NULL;
    if (s.prefix != NULL) merges->prefix_length = strlen(s.prefix);
    if (merges_path != NULL) TRY(read_merges_txt(merges, entries, merges_path));
    else TRY(rebuild_merges(merges, entries, &options, path));
    TRY(bpe_build(&t->model.bpe, entries, merges->items, merges->count, &options, path));
    TRY(surround(t, s, config));
    return finish(t, config);
}

maske_status tokenizer_read_vocab_json(maske_tokenizer **out, tokenizer_json *json, const char *path,
                                       const char *merges_path, const tokenizer_config *config) {
    maske_tokenizer *t = NULL;
    vocab entries = {0};
    merge_list merges = {.name = merges_path, .unit = "line"};
    TRY(tokenizer_new(&t));
    maske_status status = fill_vocab_json(t, &entries, &merges, json, path, merges_path, config);
    vocab_free(&entries);
    merge_list_free(&merges);
    if (status != MASKE_OK) maske_tokenizer_free(t);
    else *out = t;
    return status;
}

/* ---------------------------------------------------------------------------------------------------- vocab.txt --- */

/* A line without the white space at its end. */
static size_t trimmed(const char *line, size_t length) {
    while (length > 0) {
        size_t before = length, size;
        do before--; while (before > 0 && utf8_is_continuation(line[before]));
        if (!unicode_is_space(utf8_next(line + before, &size))) break;
        length = before;
    }
    return length;
}

/* The file's lines from its end: of equal lines the last one counts, so what is there already is passed over. */
static maske_status read_lines(vocab *out, const char *text, size_t length, size_t lines, const char *path) {
    size_t end = length > 0 && text[length - 1] == '\n' ? length - 1 : length, line = lines;
    while (line-- > 0) {
        size_t begin = end;
        while (begin > 0 && text[begin - 1] != '\n') begin--;
        size_t size = trimmed(text + begin, end - begin);
        if (size == 0) log_say(MASKE_LOG_WARNING, "%s: line %zu is empty", path, line + 1);
        int32_t known = vocab_find(out, text + begin, size);
        if (known >= 0)
            log_say(MASKE_LOG_WARNING, "%s: lines %zu and %d are the same, \"%.*s\": the last one counts", path,
                    line + 1, known + 1, (int)size, text + begin);
        else {
            maske_status status = vocab_add(out, text + begin, size, (int32_t)line);
            if (status == MASKE_BAD_ARGUMENT)
                return error_set(MASKE_BAD_FILE, "%s: line %zu: %s", path, line + 1, maske_error());
            TRY(status);
        }
        end = begin > 0 ? begin - 1 : 0;
    }
    return MASKE_OK;
}

static maske_status read_vocab_txt(vocab *out, const char *path) {
    char *text = NULL;
    size_t length = 0, lines = 0;
    TRY(file_read(&text, &length, path, TOKENIZER_VOCAB_LIMIT));
    size_t valid = utf8_valid_prefix(text, length);
    for (size_t i = 0; i < valid; i++) lines += text[i] == '\n';
    maske_status status = MASKE_OK;
    if (valid < length) status = error_set(MASKE_BAD_FILE, "%s: line %zu is not UTF-8", path, lines + 1);
    else if (length == 0) status = error_set(MASKE_BAD_FILE, "%s: the file is empty", path);
    else if (lines > VOCAB_COUNT_LIMIT)
        status = error_set(MASKE_BAD_FILE, "%s: %zu lines, expected at most %d", path, lines, VOCAB_COUNT_LIMIT);
    else status = read_lines(out, text, length, lines + (text[length - 1] != '\n'), path);
    free(text);
    return status;
}

static maske_status fill_vocab_txt(maske_tokenizer *t, vocab *entries, const char *path,
                                   const tokenizer_config *config) {
    static const char pre[] = "{\"type\":\"BertPreTokenizer\"}",
                      decode[] = "{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true}";
    TRY(read_vocab_txt(entries, path));
    const char *unk = role_token(config, entries, MASKE_UNK);
    if (unk == NULL || vocab_find(entries, unk, strlen(unk)) < 0)
        return error_set(MASKE_BAD_FILE, "%s: the unknown token \"%s\" is not in the vocabulary", path,
                         unk == NULL ? "[UNK]" : unk);
    t->kind = MODEL_WORDPIECE;
    TRY(wordpiece_build(&t->model.wordpiece, entries, unk, "##", 100));
    json_t *json = json_pack("{s:s, s:b, s:b, s:o, s:b}", "type", "BertNormalizer", "clean_text", 1,
                             "handle_chinese_chars", (int)config->tokenize_chinese_chars, "strip_accents",
                             config->strip_accents < 0 ? json_null() : json_boolean(config->strip_accents), "lowercase",
                             (int)config->do_lower_case);
    if (json == NULL) return error_memory(0, "normalizer");
    maske_status status = normalizer_read(&t->normalizer, json, "BertNormalizer");
    json_decref(json);
    TRY(status);
    TRY(read_components(t, pre, decode, NULL));
    return finish(t, config);
}

maske_status tokenizer_read_vocab_txt(maske_tokenizer **out, const char *path, const tokenizer_config *config) {
    maske_tokenizer *t = NULL;
    vocab entries = {0};
    TRY(tokenizer_new(&t));
    maske_status status = fill_vocab_txt(t, &entries, path, config);
    vocab_free(&entries);
    if (status != MASKE_OK) maske_tokenizer_free(t);
    else *out = t;
    return status;
}
