/* tests/reference/tokenizer_driver.c: the tokenizer as a process, for compare_tokenizers.py: a JSON object a line in, one
 * a line out. One process answers thousands of cases.
 *
 *     {"open": "x/tokenizer.json"}                          {"vocab_size": 32000}
 *     {"text": "a", "pair": "b", "no_special": false, "no_truncation": false, "no_padding": false, "brief": false,
 *      "windows": false}                                    {"ids", "type_ids", "special", "attention", "chars", "bytes", "fast"}
 *     {"decode": [1, 2], "skip_special": true}              {"text": "a"}
 *     {"save": "folder"}                                    {}
 *
 * Lists are strings, as Python shows them: "[1, 2]". A failure is {"error": "the sentence"}. "fast" are the ids of the
 * ids_only way. brief: ids, chars and fast alone. windows: the encodings of maske_tokenizer_encode_windows, too. */
#include "maske.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static maske_tokenizer *tokenizer;
static maske_encoding encoding, fast;
static maske_encodings windows;

static json_t *failure(void) { return json_pack("{s:s}", "error", maske_error()); }

/* A list as Python shows it: "[1, 2]", or of pairs "[(0, 1), (1, 2)]". Far quicker for both sides than JSON's lists. */
typedef enum list_kind { LIST_INT32, LIST_UINT8, LIST_PAIRS } list_kind;
static json_t *list(list_kind kind, const void *items, const uint32_t *ends, size_t count) {
    char *text = malloc(count * 28 + 3), *at = text;
    *at++ = '[';
    for (size_t i = 0; i < count; i++) {
        if (i > 0) at = stpcpy(at, ", ");
        if (kind == LIST_PAIRS) at += sprintf(at, "(%u, %u)", ((const uint32_t *)items)[i], ends[i]);
        else at += sprintf(at, "%d", kind == LIST_UINT8 ? ((const uint8_t *)items)[i] : ((const int32_t *)items)[i]);
    }
    *at++ = ']';
    json_t *value = json_stringn_nocheck(text, (size_t)(at - text));
    free(text);
    return value;
}

static json_t *encoding_json(const maske_encoding *e, bool brief) {
    json_t *answer = json_pack("{s:o,s:o}", "ids", list(LIST_INT32, e->ids, NULL, e->count), "chars",
                               list(LIST_PAIRS, e->char_begin, e->char_end, e->count));
    if (brief) return answer;
    json_object_set_new(answer, "type_ids", list(LIST_INT32, e->type_ids, NULL, e->count));
    json_object_set_new(answer, "special", list(LIST_UINT8, e->special_tokens_mask, NULL, e->count));
    json_object_set_new(answer, "attention", list(LIST_UINT8, e->attention_mask, NULL, e->count));
    json_object_set_new(answer, "bytes", list(LIST_PAIRS, e->byte_begin, e->byte_end, e->count));
    return answer;
}

static json_t *do_encode(const json_t *request) {
    const json_t *text = json_object_get(request, "text"), *pair = json_object_get(request, "pair");
    maske_encode_options options = {
        .no_special = json_is_true(json_object_get(request, "no_special")),
        .no_truncation = json_is_true(json_object_get(request, "no_truncation")),
        .no_padding = json_is_true(json_object_get(request, "no_padding"))
    };
    const char *first = json_string_value(text), *second = json_is_string(pair) ? json_string_value(pair) : NULL;
    size_t length = json_string_length(text), second_length = json_string_length(pair);
    for (int ids_only = 0; ids_only < 2; ids_only++) {
        options.ids_only = ids_only == 1;
        if (maske_tokenizer_encode(tokenizer, first, length, second, second_length, &options,
                                   ids_only ? &fast : &encoding) != MASKE_OK)
            return failure();
    }
    json_t *answer = encoding_json(&encoding, json_is_true(json_object_get(request, "brief")));
    json_object_set_new(answer, "fast", list(LIST_INT32, fast.ids, NULL, fast.count));
    if (!json_is_true(json_object_get(request, "windows"))) return answer;
    if (maske_tokenizer_encode_windows(tokenizer, first, length, second, second_length, &options, &windows) != MASKE_OK) {
        json_decref(answer);
        return failure();
    }
    json_t *others = json_array();
    for (size_t i = 0; i < windows.count; i++) json_array_append_new(others, encoding_json(&windows.items[i], false));
    json_object_set_new(answer, "windows", others);
    return answer;
}

static json_t *do_decode(const json_t *request) {
    const json_t *ids_json = json_object_get(request, "decode");
    size_t count = json_array_size(ids_json), length = 0;
    int32_t *ids = calloc(count + 1, sizeof *ids);
    char *text = NULL;
    for (size_t i = 0; i < count; i++) ids[i] = (int32_t)json_integer_value(json_array_get(ids_json, i));
    maske_status status = maske_tokenizer_decode(
        tokenizer, ids, count, json_is_true(json_object_get(request, "skip_special")), &text, &length);
    free(ids);
    if (status != MASKE_OK) return failure();
    json_t *answer = json_pack("{s:s%}", "text", text, length);
    free(text);
    return answer;
}

static json_t *answer_to(const json_t *request) {
    const json_t *path;
    if ((path = json_object_get(request, "open")) != NULL) {
        maske_tokenizer *opened = NULL;
        if (maske_tokenizer_open(&opened, json_string_value(path)) != MASKE_OK) return failure();
        maske_tokenizer_free(tokenizer);
        tokenizer = opened;
        return json_pack("{s:I}", "vocab_size", (json_int_t)maske_tokenizer_vocab_size(tokenizer));
    }
    if (tokenizer == NULL) return json_pack("{s:s}", "error", "no tokenizer is open");
    if ((path = json_object_get(request, "save")) != NULL)
        return maske_tokenizer_save(tokenizer, json_string_value(path)) == MASKE_OK ? json_object() : failure();
    return json_object_get(request, "decode") != NULL ? do_decode(request) : do_encode(request);
}

int main(void) {
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    while ((length = getline(&line, &capacity, stdin)) > 0) {
        json_t *request = json_loadb(line, (size_t)length, JSON_ALLOW_NUL, NULL);
        json_t *answer = request == NULL ? json_pack("{s:s}", "error", "the request is not JSON") : answer_to(request);
        char *text = json_dumps(answer, JSON_COMPACT | JSON_ENCODE_ANY);
        puts(text == NULL ? "{\"error\":\"the answer is not JSON\"}" : text);
        fflush(stdout);
        free(text);
        json_decref(answer);
        json_decref(request);
    }
    free(line);
    maske_encoding_free(&encoding);
    maske_encoding_free(&fast);
    maske_encodings_free(&windows);
    maske_tokenizer_free(tokenizer);
    return 0;
}
