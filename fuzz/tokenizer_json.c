/* fuzz/tokenizer_json.c: a tokenizer.json: if it loads it encodes, decodes, and is the same when saved and read again. With
 * all its members as values it loads as well, or is refused by the same sentence. */
#include "tokenizer_checks.h"

/* The status and, of a failure, the sentence. */
static maske_status load(maske_tokenizer **out, fuzz_part text, bool plain, char sentence[1024]) {
    tokenizer_json json = {0};
    maske_status status = plain ? tokenizer_json_parse(&json, text.at, text.length, "tokenizer.json", false)
                                : json_parse_object(&json.root, text.at, text.length, "tokenizer.json");
    if (status == MASKE_OK) status = tokenizer_read_json(out, &json, "tokenizer.json", NULL);
    tokenizer_json_free(&json);
    snprintf(sentence, 1024, "%s", status == MASKE_OK ? "" : maske_error());
    fuzz_ok(status);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    maske_tokenizer *t = NULL, *same = NULL;
    char sentence[2][1024];
    fuzz_input in = fuzz_start(data, size);
    fuzz_part text = fuzz_rest(&in);
    maske_status status = load(&t, text, true, sentence[0]);
    CHECK(load(&same, text, false, sentence[1]) == status && strcmp(sentence[0], sentence[1]) == 0);
    if (status == MASKE_OK) {
        buffer texts[2] = {0};
        MUST(tokenizer_write_json(t, &texts[0]));
        MUST(tokenizer_write_json(same, &texts[1]));
        CHECK(texts[0].length == texts[1].length && memcmp(texts[0].data, texts[1].data, texts[0].length) == 0);
        buffer_free(&texts[0]);
        buffer_free(&texts[1]);
        check_tokenizer(t);
    }
    maske_tokenizer_free(t);
    maske_tokenizer_free(same);
    return 0;
}
