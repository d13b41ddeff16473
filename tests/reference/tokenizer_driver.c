/* tests/reference/tokenizer_driver.c: the tokenizer as a process, for compare_tokenizers.py: a JSON object a line in, one
 * a line out. One process answers thousands of cases.
 *
 *     {"open": "x/tokenizer.json"}                          {"vocab_size": 32000}
 *     {"text": "a", "pair": "b", "no_special": false, "no_truncation": false, "no_padding": false}
 *                                                           {"ids", "type_ids", "special", "attention", "chars", "bytes", "fast"}
 *     {"decode": [1, 2], "skip_special": true}              {"text": "a"}
 *     {"save": "folder"}                                    {}
 *
 * A failure is {"error": "the sentence"}. "fast" are the ids of the ids_only way. */
#include "maske.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static maske_tokenizer *tokenizer;
static maske_encoding encoding, fast;

static json_t *failure(void) { return json_pack("{s:s}", "error", maske_error()); }

static json_t *numbers(const void *items, size_t size, size_t count) {
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list,
                              json_integer(size == 1 ? ((const uint8_t *)items)[i] : ((const int32_t *)items)[i]));
    return list;
}

static json_t *ranges(const uint32_t *begin, const uint32_t *end, size_t count) {
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) json_array_append_new(list, json_pack("[i,i]", (int)begin[i], (int)end[i]));
    return list;
}

static json_t *do_encode(const json_t *request) {
    const json_t *text = json_object_get(request, "text"), *pair = json_object_get(request, "pair");
    maske_encode_options options = {
        .no_special = json_is_true(json_object_get(request, "no_special")),
        .no_truncation = json_is_true(json_object_get(request, "no_truncation")),
        .no_padding = json_is_true(json_object_get(request, "no_padding"))
    };
    const char *second = json_is_string(pair) ? json_string_value(pair) : NULL;
    size_t second_length = json_string_length(pair);
    for (int ids_only = 0; ids_only < 2; ids_only++) {
        options.ids_only = ids_only == 1;
        if (maske_tokenizer_encode(tokenizer, json_string_value(text), json_string_length(text), second, second_length,
                                   &options, ids_only ? &fast : &encoding) != MASKE_OK)
            return failure();
    }
    return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "ids", numbers(encoding.ids, 4, encoding.count), "type_ids",
                     numbers(encoding.type_ids, 4, encoding.count), "special",
                     numbers(encoding.special_tokens_mask, 1, encoding.count), "attention",
                     numbers(encoding.attention_mask, 1, encoding.count), "chars",
                     ranges(encoding.char_begin, encoding.char_end, encoding.count), "bytes",
                     ranges(encoding.byte_begin, encoding.byte_end, encoding.count), "fast",
                     numbers(fast.ids, 4, fast.count));
}

static json_t *do_decode(const json_t *request) {
    const json_t *list = json_object_get(request, "decode");
    size_t count = json_array_size(list), length = 0;
    int32_t *ids = calloc(count + 1, sizeof *ids);
    char *text = NULL;
    for (size_t i = 0; i < count; i++) ids[i] = (int32_t)json_integer_value(json_array_get(list, i));
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
    maske_tokenizer_free(tokenizer);
    return 0;
}
