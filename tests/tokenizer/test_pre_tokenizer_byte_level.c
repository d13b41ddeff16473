/* tests/tokenizer/test_pre_tokenizer_byte_level.c: the pattern that keeps suffixes behind an apostrophe together: what it
 * cuts, and that the cut by hand is what Oniguruma makes of the expression, whatever the text. */
#include "base/random.h"
#include "tokenizer/pre_tokenizer_types.h"
#include "scratch.h"

/* The preset's first part: scanned by hand, or, in a group that changes nothing but the text, by Oniguruma. */
static pre_tokenizer *make(bool by_hand) {
    pre_tokenizer *made = NULL;
    json_t *json = json_pack("{s:s,s:{s:s+},s:s,s:b}", "type", "Split", "pattern", "Regex", by_hand ? "" : "(?:)",
                             BYTE_LEVEL_SUFFIXES, "behavior", "Isolated", "invert", 0);
    assert_non_null(json);
    assert_ok(pre_tokenizer_read(&made, json, "test"));
    assert_true(made->split.suffixes == by_hand);
    json_decref(json);
    return made;
}

static void words_of(const pre_tokenizer *self, const char *text, size_t length, word_list *out) {
    assert_ok(pre_tokenizer_words(self, text, length, utf8_size(text[0]), out));
}

static void suffixes_stay_whole(void **state) {
    (void)state;
    static const struct { const char *text, *words; } cases[] = {
        {"Ankara'da Kemal'den", "Ankara|'da| Kemal|'den"},
        {"Ahmet’in 1923’te 5'inci", "Ahmet|’in| 1923|’te| 5|'inci"},
        {"'tırnak' ''iki''", "'|tırnak|'| ''|iki|''"},
        {"a''b a' b 1'5 a'b'c", "a|''|b| a|'| b| 1|'|5| a|'b|'c"},
        {"don't they're we'll", "don|'t| they|'re| we|'ll"},
        {"ALİ'NİN  x ", "ALİ|'NİN| | x| "},
    };
    pre_tokenizer *preset = NULL;
    assert_ok(pre_tokenizer_new_named(&preset, "bytelevel"));
    assert_true(pre_tokenizer_item(preset, 0)->split.suffixes);
    assert_int_equal(pre_tokenizer_word_form(preset), WORD_BYTES);
    word_list words = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char found[200] = "";
        words_of(preset, cases[i].text, strlen(cases[i].text), &words);
        for (size_t w = 0, at = 0; w < words.ranges.count; w++)
            at += (size_t)snprintf(found + at, sizeof found - at, "%s%.*s", w > 0 ? "|" : "",
                                   (int)(words.ranges.items[w].end - words.ranges.items[w].begin),
                                   words.text + words.ranges.items[w].begin);
        assert_string_equal(found, cases[i].words);
    }
    word_list_free(&words);
    pre_tokenizer_free(preset);
}

static void the_cut_by_hand_is_the_expressions(void **state) {
    (void)state;
    static const char *const morsels[] = {"a", "ş", "日", "’", "'", "'", "’", " ", "  ", "\n", "1", "½", ".", "“", "\xE2\x80\x98",
                                          "\u0301", "\u00A0", "\u3000", "🙂", "kelime", "\t", "'s", "’da", "\u2019\u2019"};
    pre_tokenizer *by_hand = make(true), *by_engine = make(false);
    word_list found = {0}, expected = {0};
    random_stream r = random_stream_start(11, RANDOM_TEST, 6, 0);
    buffer text = {0};
    for (int round = 0; round < 20000; round++) {
        buffer_clear(&text);
        uint32_t few = 2 + random_below(23, random_stream_next(&r));
        for (uint32_t i = 0, parts = 1 + random_below(round % 8 == 0 ? 120 : 12, random_stream_next(&r)); i < parts; i++)
            assert_ok(buffer_add_text(&text, morsels[random_below(few, random_stream_next(&r))]));
        words_of(by_hand, text.data, text.length, &found);
        words_of(by_engine, text.data, text.length, &expected);
        bool same = found.ranges.count == expected.ranges.count &&
                    memcmp(found.ranges.items, expected.ranges.items, found.ranges.count * sizeof *found.ranges.items) == 0;
        if (!same) fail_msg("\"%.*s\" is cut otherwise by hand", (int)text.length, text.data);
    }
    buffer_free(&text);
    word_list_free(&found);
    word_list_free(&expected);
    pre_tokenizer_free(by_hand);
    pre_tokenizer_free(by_engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suffixes_stay_whole),
        cmocka_unit_test(the_cut_by_hand_is_the_expressions),
    };
    return cmocka_run_group_tests_name("tokenizer/pre_tokenizer_byte_level", tests, NULL, NULL);
}
