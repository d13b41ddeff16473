/* tests/tokenizer/test_split_scan.c: the scanners' pieces are the regular expression's, which is asked by putting the
 * same pattern into a group. */
#include "tokenizer/split_scan.h"
#include "base/random.h"
#include "tokenizer/pre_tokenizer.h"
#include "scratch.h"

#define WITH(digits)                                                                                                   \
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}" digits                                         \
    "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
static const char *const patterns[] = {WITH("{1,3}"), WITH("")};

static pre_tokenizer *open_split(const char *pattern, const char *behavior, bool invert) {
    pre_tokenizer *made = NULL;
    json_t *json = json_pack("{s:s,s:{s:s},s:s,s:b}", "type", "Split", "pattern", "Regex", pattern, "behavior",
                             behavior, "invert", invert);
    assert_non_null(json);
    assert_ok(pre_tokenizer_read(&made, json, "test"));
    json_decref(json);
    return made;
}

static size_t random_text(char *out, size_t count, random_stream *r) {
    static const char *const parts[] = {"a",
                                        "B",
                                        "hello",
                                        "ı",
                                        "ſ",
                                        "ß",
                                        "日本",
                                        "я",
                                        "é",
                                        "e\xCC\x81",
                                        "\xCC\x88",
                                        " ",
                                        " ",
                                        "  ",
                                        "\t",
                                        "\n",
                                        "\r",
                                        "\r\n",
                                        "\n\n",
                                        "\xC2\xA0",
                                        "\xE2\x80\x83",
                                        "\xC2\x85",
                                        "\x0B",
                                        "'",
                                        "'s",
                                        "'S",
                                        "'ſ",
                                        "'t",
                                        "'re",
                                        "'VE",
                                        "'lL",
                                        "'l",
                                        "'d",
                                        "'m",
                                        "'x",
                                        "’s",
                                        ",",
                                        ".",
                                        "!?",
                                        "-",
                                        "1",
                                        "22",
                                        "333",
                                        "4444",
                                        "५",
                                        "Ⅷ",
                                        "½",
                                        "😀",
                                        "\xEF\xBF\xBD",
                                        "_",
                                        "\x01",
                                        "\xE2\x80\x8D",
                                        "$",
                                        "K",
                                        "İ",
                                        "ʼn",
                                        "ﬆ",
                                        "́"};
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        const char *part = parts[random_below(sizeof parts / sizeof *parts, random_stream_next(r))];
        memcpy(out + length, part, strlen(part));
        length += strlen(part);
    }
    return length;
}

static void compare(const pre_tokenizer *fast, const pre_tokenizer *plain, const char *text, size_t length,
                    word_list *a, word_list *b) {
    assert_ok(pre_tokenizer_words(fast, text, length, utf8_size(text[0]), a));
    assert_ok(pre_tokenizer_words(plain, text, length, utf8_size(text[0]), b));
    for (size_t i = 0; i < a->ranges.count && i < b->ranges.count; i++)
        if (a->ranges.items[i].begin != b->ranges.items[i].begin || a->ranges.items[i].end != b->ranges.items[i].end)
            fail_msg("\"%.*s\": piece %zu is %u-%u, expected %u-%u", (int)length, text, i, a->ranges.items[i].begin,
                     a->ranges.items[i].end, b->ranges.items[i].begin, b->ranges.items[i].end);
    assert_int_equal(a->ranges.count, b->ranges.count);
}

static void pieces_are_the_regular_expressions(void **state) {
    (void)state;
    static const struct {
        const char *behavior;
        bool invert;
    } ways[] = {{"Isolated", false}, {"Removed", true}};
    word_list a = {0}, b = {0};
    char text[1024], grouped[512];
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        assert_int_equal(split_scan_digits(patterns[i]), i == 0 ? 3 : 1);
        snprintf(grouped, sizeof grouped, "(?:%s)", patterns[i]);
        assert_int_equal(split_scan_digits(grouped), 0);
        for (size_t way = 0; way < 2; way++) {
            pre_tokenizer *fast = open_split(patterns[i], ways[way].behavior, ways[way].invert),
                          *plain = open_split(grouped, ways[way].behavior, ways[way].invert);
            random_stream r = random_stream_start(i, RANDOM_TEST, way, 0);
            for (int round = 0; round < 4000; round++)
                compare(fast, plain, text,
                        random_text(text, random_below(round % 10 == 0 ? 60 : 8, random_stream_next(&r)), &r), &a, &b);
            pre_tokenizer_free(fast);
            pre_tokenizer_free(plain);
        }
    }
    word_list_free(&a);
    word_list_free(&b);
}

/* Each character before a letter, a space and the end. */
static void every_character_is_of_its_class(void **state) {
    (void)state;
    word_list a = {0}, b = {0};
    char grouped[512], text[16];
    snprintf(grouped, sizeof grouped, "(?:%s)", patterns[0]);
    pre_tokenizer *fast = open_split(patterns[0], "Isolated", false), *plain = open_split(grouped, "Isolated", false);
    for (uint32_t c = 1; c < 0x30000; c++) {
        if (c >= 0xD800 && c < 0xE000) continue;
        size_t length = 0;
        text[length++] = '\'';
        length += utf8_put(text + length, c);
        length += utf8_put(text + length, c);
        memcpy(text + length, "a  1", 4);
        compare(fast, plain, text, length + 4, &a, &b);
    }
    pre_tokenizer_free(fast);
    pre_tokenizer_free(plain);
    word_list_free(&a);
    word_list_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_the_regular_expressions),
        cmocka_unit_test(every_character_is_of_its_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
