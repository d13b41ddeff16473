/* fuzz/pre_tokenize.c: a "pre_tokenizer" of JSON, and a text: the pieces lie one behind the other in valid text, their
 * origins in the original; and the words found alone are the same pieces. */
#include "fuzz.h"
#include "tokenizer/byte_level.h"
#include "tokenizer/pre_tokenizer.h"

static void check_pieces(const pieces *list, size_t length) {
    uint32_t last = 0;
    CHECK(utf8_valid_prefix(list->text.bytes, list->text.length) == list->text.length);
    for (size_t i = 0; i < list->count; i++) {
        const piece *p = &list->items[i];
        CHECK(p->begin < p->end && p->end <= list->text.length && p->begin >= last && p->token == PIECE_IS_TEXT);
        CHECK(p->origin_begin <= p->origin_end && p->origin_end <= length);
        for (size_t k = p->begin; k < p->end; k++)
            CHECK(list->text.origins[k].begin <= list->text.origins[k].end && list->text.origins[k].end <= length);
        last = p->end;
    }
}

/* A word in its model's form. */
static void add_form(const pre_tokenizer *self, const char *text, size_t length, buffer *out) {
    word_form form = pre_tokenizer_word_form(self);
    for (size_t i = 0; i < length; i++) {
        char character[4];
        if (form == WORD_BYTES)
            MUST(buffer_add(out, character, utf8_put(character, byte_level_character((unsigned char)text[i]))));
        else if (form == WORD_SPACES && text[i] == ' ') MUST(buffer_add_text(out, pre_tokenizer_replacement(self)));
        else MUST(buffer_add(out, text + i, 1));
    }
}

static void check_text(const pre_tokenizer *self, fuzz_part text) {
    aligned_text whole = {0};
    pieces list = {0};
    word_list words = {0};
    buffer form = {0};
    MUST(aligned_text_set(&whole, text.at, text.length, 0, true));
    pieces_start(&list, true);
    MUST(pieces_add(&list, &whole, 0, text.length, PIECE_IS_TEXT));
    maske_status status = pre_tokenizer_split(self, &list);
    CHECK(pre_tokenizer_words(self, text.at, text.length, text.length > 0 ? utf8_size(text.at[0]) : 0, &words) == status);
    if (fuzz_ok(status)) {
        check_pieces(&list, text.length);
        CHECK(list.count == words.ranges.count);
        for (size_t i = 0; i < list.count; i++) {
            const piece *p = &list.items[i];
            text_range word = words.ranges.items[i];
            buffer_clear(&form);
            add_form(self, words.text + word.begin, word.end - word.begin, &form);
            CHECK(form.length == p->end - p->begin);
            CHECK(memcmp(form.data, list.text.bytes + p->begin, form.length) == 0);
        }
    }
    aligned_text_free(&whole);
    pieces_free(&list);
    word_list_free(&words);
    buffer_free(&form);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const names[] = {"metaspace", "bytelevel", "bert", "whitespace"};
    fuzz_input in = fuzz_start(data, size);
    fuzz_part first = fuzz_text(&in), text = fuzz_valid(fuzz_rest(&in));
    pre_tokenizer *self = NULL;
    json_t *json = NULL;
    maske_status status = MASKE_BAD_FILE;
    if (first.length == 1) status = pre_tokenizer_new_named(&self, names[(unsigned char)first.at[0] % 4]);
    else {
        json = json_loadb(first.at, first.length, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
        if (json != NULL) status = pre_tokenizer_read(&self, json, "pre_tokenizer");
    }
    if (status == MASKE_OK) check_text(self, text);
    pre_tokenizer_free(self);
    json_decref(json);
    free((char *)(uintptr_t)text.at);
    return 0;
}
