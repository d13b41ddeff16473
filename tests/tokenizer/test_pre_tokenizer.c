/* tests/tokenizer/test_pre_tokenizer.c: each pre-tokenizer by itself: its pieces and where they come from, as the
 * library has them; the words alone, and so in every place of a block of 64 bytes; what it writes. */
#include "tokenizer/pre_tokenizer.h"

#include "tokenizer/byte_level.h"

#include "component_golden.h"

static pre_tokenizer *read_component(const json_t *component) {
    pre_tokenizer *p = NULL;
    assert_ok(pre_tokenizer_read(&p, component, "test"));
    return p;
}

static void split_text(const pre_tokenizer *p, const char *bytes, size_t length, bool aligned, pieces *out) {
    aligned_text text = {0};
    pieces_start(out, aligned);
    if (aligned) {
        assert_ok(aligned_text_set(&text, bytes, length, 0, true));
        assert_ok(pieces_add(out, &text, 0, text.now.length, PIECE_IS_TEXT));
    } else {
        assert_ok(pieces_add_plain(out, bytes, length, utf8_size(bytes[0])));
    }
    assert_ok(pre_tokenizer_split(p, out));
    aligned_text_free(&text);
}

static void check_pieces(const char *saved, const json_t *item, const pieces *found, bool origins) {
    const json_t *given = json_array_get(item, 0);
    if (3 * found->count + 1 != json_array_size(item))
        fail_msg("%s: \"%s\": %zu pieces, expected %zu", saved, json_string_value(given), found->count,
                 json_array_size(item) / 3);
    for (size_t i = 0; i < found->count; i++) {
        const piece *one = &found->items[i];
        expect_bytes("piece", saved, given, json_array_get(item, 3 * i + 1), found->text.bytes + one->begin,
                     one->end - one->begin);
        long begin = (long)json_integer_value(json_array_get(item, 3 * i + 2)),
             end = (long)json_integer_value(json_array_get(item, 3 * i + 3));
        if (origins && (one->origin_begin != begin || one->origin_end != end))
            fail_msg("%s: \"%s\": piece %zu is at %u-%u, expected %ld-%ld", saved, json_string_value(given), i,
                     one->origin_begin, one->origin_end, begin, end);
    }
}

/* A word as the model sees it. */
static void add_in_form(buffer *out, const pre_tokenizer *p, const char *word, size_t length) {
    for (size_t i = 0; i < length; i++) {
        char bytes[4] = {word[i]};
        size_t size = 1;
        if (pre_tokenizer_word_form(p) == WORD_BYTES)
            size = utf8_put(bytes, byte_level_character((unsigned char)word[i]));
        if (pre_tokenizer_word_form(p) == WORD_SPACES && word[i] == ' ')
            assert_ok(buffer_add_text(out, pre_tokenizer_replacement(p)));
        else assert_ok(buffer_add(out, bytes, size));
    }
}

static void check_words(const char *saved, const json_t *item, const pre_tokenizer *p, word_list *words) {
    const json_t *given = json_array_get(item, 0);
    assert_ok(pre_tokenizer_words(p, json_string_value(given), json_string_length(given),
                                  utf8_size(json_string_value(given)[0]), words));
    if (3 * words->ranges.count + 1 != json_array_size(item))
        fail_msg("%s: \"%s\": %zu words, expected %zu", saved, json_string_value(given), words->ranges.count,
                 json_array_size(item) / 3);
    buffer form = {0};
    for (size_t i = 0; i < words->ranges.count; i++) {
        text_range range = words->ranges.items[i];
        buffer_clear(&form);
        add_in_form(&form, p, words->text + range.begin, range.end - range.begin);
        expect_bytes("word", saved, given, json_array_get(item, 3 * i + 1), form.data, form.length);
    }
    buffer_free(&form);
}

static void check_pre_tokenizer(const json_t *component, const char *saved, const json_t *cases) {
    pre_tokenizer *p = read_component(component);
    pieces found = {0};
    word_list words = {0};
    json_t *item;
    size_t i;
    json_array_foreach(cases, i, item) {
        const json_t *given = json_array_get(item, 0);
        split_text(p, json_string_value(given), json_string_length(given), true, &found);
        check_pieces(saved, item, &found, true);
        split_text(p, json_string_value(given), json_string_length(given), false, &found);
        check_pieces(saved, item, &found, false);
        check_words(saved, item, p, &words);
    }
    word_list_free(&words);
    pieces_free(&found);
    pre_tokenizer_free(p);
}

static void check_writing(const json_t *component, const char *saved, const json_t *cases) {
    (void)cases;
    pre_tokenizer *p = read_component(component);
    buffer out = {0};
    json_writer w = json_writer_start(&out, false);
    pre_tokenizer_write(&w, p);
    assert_ok(json_writer_end(&w));
    assert_string_equal(out.data, saved);
    buffer_free(&out);
    pre_tokenizer_free(p);
}

static void each_pre_tokenizer_is_the_librarys(void **state) {
    (void)state;
    each_component("pre_tokenizers", check_pre_tokenizer);
}

static void each_pre_tokenizer_is_written_as_it_was_read(void **state) {
    (void)state;
    each_component("pre_tokenizers", check_writing);
}

/* Classes that an option leaves ASCII alone in are not brought to the newer Unicode version. */
static void ascii_options_hold(void **state) {
    (void)state;
    static const struct { const char *regex, *text; size_t words; } cases[] = {
        {"\\\\w+", "a½\u1C89b", 1}, {"(?W)\\\\w+", "a½\u1C89b", 3}, {"(?W:\\\\w+)", "a½b", 3}, {"(?:(?W)\\\\w+)|\\\\w+", "½a", 1},
        {"(?iW)[\\\\w]+", "A\u1C89b", 3}, {"(?W)\\\\p{Word}+", "a\u1C89b", 3}, {"(?W-W)\\\\w+", "a\u1C89b", 1}, {"(?W)\\\\b", "a\u1C89", 2},
        {"(?D)\\\\d+", "1\U00010D402", 3}, {"(?D)\\\\p{Nd}+", "1\U00010D402", 1}, {"(?D)[[:digit:]]+", "1\U00010D402", 3},
        {"(?P)[[:alpha:]]+", "a\u1C89b", 3}, {"(?P)\\\\p{L}+", "a\u1C89b", 1}, {"(?P-W)\\\\w+", "a\u1C89b", 3}};
    word_list words = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        json_fault fault;
        snprintf(text, sizeof text, "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"%s\"},\"behavior\":\"Isolated\",\"invert\":false}", cases[i].regex);
        json_t *json = json_parse(text, strlen(text), 0, &fault);
        assert_non_null(json);
        pre_tokenizer *p = read_component(json);
        assert_ok(pre_tokenizer_words(p, cases[i].text, strlen(cases[i].text), 1, &words));
        if (words.ranges.count != cases[i].words)
            fail_msg("%s: \"%s\": %zu words, expected %zu", cases[i].regex, cases[i].text, words.ranges.count, cases[i].words);
        pre_tokenizer_free(p);
        json_decref(json);
    }
    word_list_free(&words);
}

static void names_give_pre_tokenizers(void **state) {
    (void)state;
    static const char *const names[] = {"metaspace", "bytelevel", "bert", "whitespace"};
    pre_tokenizer *p = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_ok(pre_tokenizer_new_named(&p, names[i]));
        assert_non_null(p);
        pre_tokenizer_free(p);
    }
    p = NULL;
    assert_fails(pre_tokenizer_new_named(&p, "words"), MASKE_BAD_ARGUMENT,
                 "found pre-tokenizer \"words\", expected metaspace, bytelevel, bert or whitespace");
    assert_null(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_pre_tokenizer_is_the_librarys),
        cmocka_unit_test(each_pre_tokenizer_is_written_as_it_was_read),
        cmocka_unit_test(ascii_options_hold),
        cmocka_unit_test(names_give_pre_tokenizers),
    };
    return cmocka_run_group_tests_name("tokenizer/pre_tokenizer", tests, NULL, NULL);
}
