/* fuzz/tokenizer_json.c: a tokenizer.json: if it loads it encodes, decodes, and is the same when saved and read again. */
#include "tokenizer_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    json_t *json = NULL;
    maske_tokenizer *t = NULL;
    fuzz_input in = fuzz_start(data, size);
    fuzz_part text = fuzz_rest(&in);
    if (!fuzz_ok(json_parse_object(&json, text.at, text.length, "tokenizer.json"))) return 0;
    if (fuzz_ok(tokenizer_read_json(&t, json, "tokenizer.json", NULL))) check_tokenizer(t);
    maske_tokenizer_free(t);
    json_decref(json);
    return 0;
}
