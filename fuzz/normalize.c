/* fuzz/normalize.c: a "normalizer" of JSON, and a text: the result is valid, its origins lie in the text and never run
 * backwards, it is the same without origins; and a normalization form changes nothing the second time. */
#include "fuzz.h"
#include "tokenizer/normalizer.h"

static void check_origins(const aligned_text *text, size_t length) {
    uint32_t last = 0;
    for (size_t i = 0; i < text->now.length; i++) {
        text_range origin = text->now.origins[i];
        CHECK(origin.begin <= origin.end && origin.end <= length && origin.begin >= last);
        last = origin.begin;
    }
}

static void check_text(const normalizer *self, fuzz_part text, bool form) {
    aligned_text aligned = {0}, plain = {0}, again = {0};
    const char *out = NULL;
    size_t length = 0;
    size_t start = 0;
    MUST(aligned_text_set(&aligned, text.at, text.length, 0, true));
    maske_status status = normalizer_apply(self, &aligned);
    CHECK(normalizer_apply_plain(self, text.at, text.length, &plain, &out, &length, &start) == status);
    if (fuzz_ok(status)) {
        CHECK(utf8_valid_prefix(out, length) == length && length == aligned.now.length);
        CHECK(length == 0 || memcmp(out, aligned.now.bytes, length) == 0);
        check_origins(&aligned, text.length);
        for (size_t i = 0; i < length; i++) CHECK((aligned.now.origins[i].begin == 0) == (i < start));
        if (form) {
            const char *same = NULL;
            size_t same_length = 0;
            MUST(normalizer_apply_plain(self, out, length, &again, &same, &same_length, NULL));
            CHECK(same_length == length && (length == 0 || memcmp(same, out, length) == 0));
        }
    }
    aligned_text_free(&aligned);
    aligned_text_free(&plain);
    aligned_text_free(&again);
}

static void check_written(const normalizer *self) {
    buffer text = {0}, same = {0};
    normalizer *again = NULL;
    json_writer w = json_writer_start(&text, false), v = json_writer_start(&same, false);
    normalizer_write(&w, self);
    MUST(json_writer_end(&w));
    json_t *json = json_loadb(text.data, text.length, JSON_DECODE_ANY, NULL);
    CHECK(json != NULL);
    MUST(normalizer_read(&again, json, "again"));
    normalizer_write(&v, again);
    MUST(json_writer_end(&v));
    CHECK(strcmp(text.data, same.data) == 0);
    normalizer_free(again);
    json_decref(json);
    buffer_free(&text);
    buffer_free(&same);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const names[] = {"nfc", "nfkc", "none", "bert-cased", "bert-uncased", "lower-tr"};
    fuzz_input in = fuzz_start(data, size);
    fuzz_part first = fuzz_text(&in), text = fuzz_valid(fuzz_rest(&in));
    normalizer *self = NULL;
    if (first.length == 1) {
        unsigned which = (unsigned char)first.at[0] % 6;
        MUST(normalizer_new_named(&self, names[which]));
        check_text(self, text, which < 3);
    } else {
        json_t *json = json_loadb(first.at, first.length, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
        if (json != NULL && fuzz_ok(normalizer_read(&self, json, "normalizer"))) {
            check_text(self, text, false);
            check_written(self);
        }
        json_decref(json);
    }
    normalizer_free(self);
    free((char *)(uintptr_t)text.at);
    return 0;
}
