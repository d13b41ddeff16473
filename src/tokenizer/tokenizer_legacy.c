/* tokenizer/tokenizer_legacy.c: vocab.json with merges.txt, a lone vocab.json, vocab.txt: a model without its pipeline.
 *
 * What stands around the model is told by the entries themselves:
 *   U+0120 (byte-level's space)   ByteLevel, as GPT-2 and RoBERTa
 *   U+2581                        Metaspace
 *   entries ending in </w>        BertPreTokenizer and that suffix, as GPT-1 and CharBPETokenizer
 *   nothing of these              words between white space
 * and by tokenizer_config.json and special_tokens_map.json beside them, where there are such. vocab.txt is BERT's. */
#include "tokenizer/tokenizer_read.h"
#include "tokenizer/class_pipeline.h"
#include "tokenizer/unicode.h"
#include "base/log.h"
#include "base/number.h"

#include <stdlib.h>

/* ----------------------------------------------------------------------------------------------- special tokens --- */

/* [CLS] and [SEP] around a text, or RoBERTa's, told by their names. GPT-2's class puts nothing around one. */
static bool is_wrapped(const named_tokens *named, const tokenizer_config *config) {
    return config->class != CLASS_GPT2 && named_tokens_text(named, "cls_token") != NULL &&
           named_tokens_text(named, "sep_token") != NULL;
}

static maske_status finish(maske_tokenizer *t, const tokenizer_config *config, const named_tokens *named) {
    TRY(named_tokens_add(named, t));
    bool roberta = config->class == CLASS_ROBERTA;
    if (is_wrapped(named, config) && t->post_processor == NULL) {
        if (config->class == CLASS_FILES) roberta = strcmp(named_tokens_text(named, "cls_token"), "<s>") == 0;
        TRY(roberta ? class_roberta_processor(t, config, named) : class_bert_processor(t, named));
    }
    if (config->class == CLASS_GPT2) TRY(class_gpt2_processor(t, config, named));
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

static maske_status surround(maske_tokenizer *t, signs s, const tokenizer_config *config, const named_tokens *named) {
    if (s.byte_level) {
        TRY(class_byte_components(t, config));
        if (is_wrapped(named, config)) return MASKE_OK;
        return class_read_components(t, NULL, NULL, "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":false}");
    }
    if (s.metaspace)
        return class_read_components(
            t, "{\"type\":\"Metaspace\",\"replacement\":\"\xE2\x96\x81\",\"prepend_scheme\":\"first\",\"split\":true}",
            tokenizer_metaspace_decoder, NULL);
    if (s.suffix != NULL)
        return class_read_components(t, "{\"type\":\"BertPreTokenizer\"}", "{\"type\":\"BPEDecoder\",\"suffix\":\"</w>\"}",
                               NULL);
    if (s.prefix != NULL)
        return class_read_components(t, "{\"type\":\"BertPreTokenizer\"}",
                               "{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":false}", NULL);
    return class_read_components(t, "{\"type\":\"WhitespaceSplit\"}", NULL, NULL);
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

/* What is being read: yours to free whatever came of it. */
typedef struct older_files { vocab entries; merge_list merges; named_tokens named; } older_files;

static void older_files_free(older_files *files) {
    vocab_free(&files->entries);
    merge_list_free(&files->merges);
    named_tokens_free(&files->named);
}

static maske_status collect_named(older_files *files, const tokenizer_config *config) {
    return named_tokens_collect(&files->named, config, NULL, false, config->class == CLASS_FILES ? &files->entries : NULL);
}

static maske_status fill_vocab_json(maske_tokenizer *t, older_files *files, tokenizer_json *json, const char *path,
                                    const char *merges_path, const tokenizer_config *config) {
    vocab *entries = &files->entries;
    merge_list *merges = &files->merges;
    TRY(tokenizer_json_vocab(entries, json, json->root, path));
    TRY(collect_named(files, config));
    /* RoBERTa's and GPT-2's unk is a special token and no more: their models know every byte. */
    bool bytes = config->class == CLASS_ROBERTA || config->class == CLASS_GPT2;
    signs s = {.byte_level = true};
    if (!bytes) s = look_at(entries);
    bpe_options options = {.unk_token = bytes ? NULL : named_tokens_text(&files->named, "unk_token"),
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
    TRY(surround(t, s, config, &files->named));
    return finish(t, config, &files->named);
}

maske_status tokenizer_read_vocab_json(maske_tokenizer **out, tokenizer_json *json, const char *path,
                                       const char *merges_path, const tokenizer_config *config) {
    maske_tokenizer *t = NULL;
    older_files files = {.merges = {.name = merges_path, .unit = "line"}};
    TRY(tokenizer_new(&t));
    maske_status status = fill_vocab_json(t, &files, json, path, merges_path, config);
    older_files_free(&files);
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

static maske_status fill_vocab_txt(maske_tokenizer *t, older_files *files, const char *path,
                                   const tokenizer_config *config) {
    vocab *entries = &files->entries;
    TRY(read_vocab_txt(entries, path));
    TRY(collect_named(files, config));
    const char *unk = named_tokens_text(&files->named, "unk_token");
    if (unk == NULL || vocab_find(entries, unk, strlen(unk)) < 0)
        return error_set(MASKE_BAD_FILE, "%s: the unknown token \"%s\" is not in the vocabulary", path,
                         unk == NULL ? "[UNK]" : unk);
    t->kind = MODEL_WORDPIECE;
    TRY(wordpiece_build(&t->model.wordpiece, entries, unk, "##", 100));
    TRY(class_bert_components(t, config));
    return finish(t, config, &files->named);
}

maske_status tokenizer_read_vocab_txt(maske_tokenizer **out, const char *path, const tokenizer_config *config) {
    maske_tokenizer *t = NULL;
    older_files files = {0};
    TRY(tokenizer_new(&t));
    maske_status status = fill_vocab_txt(t, &files, path, config);
    older_files_free(&files);
    if (status != MASKE_OK) maske_tokenizer_free(t);
    else *out = t;
    return status;
}
