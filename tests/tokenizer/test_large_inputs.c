/* tests/tokenizer/test_large_inputs.c: megabytes of what could cost more than their size: one word, one letter, spaces,
 * marks, special tokens, words that are all different, patterns that go back, tens of thousands of added tokens.
 * Nothing is timed: the test has a limit (tests/CMakeLists.txt; a long one with ten megabytes), which work in
 * proportion to the square of a text's length cannot keep. */
#include "maske.h"
#include "base/random.h"
#include "scratch.h"

static size_t largest = 1 << 18; /* bytes of a text; megabytes as argument */

#define METASPACE  "{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"first\",\"split\":true}"
#define BYTE_LEVEL "{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true,\"use_regex\":true}"
#define NFC_NFD    "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFD\"},{\"type\":\"NFKC\"}]}"
#define BERT                                                                                                           \
    "{\"type\":\"BertNormalizer\","                                                                                    \
    "\"clean_text\":true,\"handle_chinese_chars\":true,\"strip_accents\":null,\"lowercase\":true}"
#define REPLACE                                                                                                        \
    "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"\\\\s+\"},\"content\":\" " \
    "\"},"                                                                                                             \
    "{\"type\":\"Strip\",\"strip_left\":true,\"strip_right\":true}]}"
#define GPT4                                                                                                           \
    "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}" \
    "+|\\\\p{N}{1,3}"                                                                                                  \
    "| "                                                                                                               \
    "?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+\"},\"behavior\":\"Isolated\"," \
    "\"invert\":false}"
#define BPE                                                                                                            \
    "{\"type\":\"BPE\",\"unk_token\":\"u\",\"fuse_unk\":true,\"vocab\":{\"u\":0,\"a\":1,\"aa\":2,\"aaaa\":3,\"b\":4,"  \
    "\"ab\":5,\"_\":6,\"_a\":7},"                                                                                      \
    "\"merges\":[[\"a\",\"a\"],[\"aa\",\"aa\"],[\"a\",\"b\"],[\"_\",\"a\"]]}"
#define WORDPIECE                                                                                                      \
    "{\"type\":\"WordPiece\",\"unk_token\":\"u\",\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":"   \
    "100000000,"                                                                                                       \
    "\"vocab\":{\"u\":0,\"a\":1,\"##a\":2,\"##aa\":3,\"b\":4,\"##b\":5}}"

static const struct {
    const char *normalizer, *pre_tokenizer, *model, *added;
} files[] = {
    {"null", METASPACE, BPE,
     "[{\"id\":0,\"content\":\"[M]\",\"lstrip\":true,\"special\":true},{\"id\":0,\"content\":\"aab\",\"single_word\":"
     "true}]"},
    {NFC_NFD, BYTE_LEVEL, BPE, "[]"},
    {BERT, "{\"type\":\"BertPreTokenizer\"}", WORDPIECE,
     "[{\"id\":0,\"content\":\"[M]\",\"rstrip\":true,\"normalized\":true}]"},
    {REPLACE, GPT4, BPE, "[{\"id\":0,\"content\":\" \",\"lstrip\":true,\"rstrip\":true,\"single_word\":true}]"},
    {"{\"type\":\"Lowercase\"}", "{\"type\":\"UnicodeScripts\"}", BPE, "[]"},
    {"{\"type\":\"NFC\"}", "null", BPE, "[]"},
};

static maske_tokenizer *open_text(const char *text) {
    maske_tokenizer *t = NULL;
    assert_ok(maske_tokenizer_open(&t, scratch_text("tokenizer.json", text)));
    return t;
}

static maske_tokenizer *open_file(size_t i) {
    buffer text = {0};
    assert_ok(buffer_add_format(
        &text, "{\"version\":\"1.0\",\"added_tokens\":%s,\"normalizer\":%s,\"pre_tokenizer\":%s,\"model\":%s}",
        files[i].added, files[i].normalizer, files[i].pre_tokenizer, files[i].model));
    maske_tokenizer *t = open_text(text.data);
    buffer_free(&text);
    return t;
}

/* What the texts repeat; NULL: letters by chance; "": words that are all different. */
static const char *const parts[] = {"a",
                                    NULL,
                                    "",
                                    " ",
                                    "'",
                                    "[M]",
                                    "[",
                                    "\xCC\x81",
                                    "\xCC\x87\xCC\xA3",
                                    "\xE1\x84\x80",
                                    "\xF0\x9F\x91\xA9\xE2\x80\x8D",
                                    "1",
                                    ".",
                                    "\n",
                                    " \n",
                                    "ab",
                                    "\xC4\xB0",
                                    "\xE6\x97\xA5",
                                    "aab "};

static void fill_text(char *text, size_t length, const char *part) {
    random_stream r = random_stream_start(1, RANDOM_TEST, 0, 0);
    size_t at = 0, size = part == NULL ? 1 : strlen(part);
    for (unsigned number = 0; size == 0 && at + 8 <= length; number++, at += 8) { /* 7 letters of a number, a space */
        for (int i = 0; i < 7; i++) text[at + (size_t)i] = (char)('a' + (number >> (3 * i) & 7));
        text[at + 7] = ' ';
    }
    for (; size > 0 && at + size <= length; at += size) {
        if (part != NULL) memcpy(text + at, part, size);
        else text[at] = (char)('a' + random_below(26, random_stream_next(&r)));
    }
    memset(text + at, 'a', length - at);
}

static void no_text_costs_more_than_its_size(void **state) {
    (void)state;
    char *text = malloc(largest);
    maske_encoding e = {0};
    for (size_t file = 0; file < sizeof files / sizeof *files; file++) {
        maske_tokenizer *t = open_file(file);
        for (size_t part = 0; part < sizeof parts / sizeof *parts; part++) {
            size_t length = largest >> part % 3;
            fill_text(text, length, parts[part]);
            for (int ids_only = 0; ids_only < 2; ids_only++) {
                maske_encode_options options = {.ids_only = ids_only == 1};
                assert_ok(maske_tokenizer_encode(t, text, length, NULL, 0, &options, &e));
            }
        }
        maske_tokenizer_free(t);
    }
    maske_encoding_free(&e);
    free(text);
}

static void decoding_costs_what_its_tokens_cost(void **state) {
    (void)state;
    static const char *const decoders[] = {
        "null",
        "{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true}",
        "{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true}",
        "{\"type\":\"BPEDecoder\",\"suffix\":\"a\"}",
        "{\"type\":\"CTC\",\"pad_token\":\"b\",\"word_delimiter_token\":\"_\",\"cleanup\":true}",
        "{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"},{\"type\":\"Strip\","
        "\"content\":\"a\",\"start\":9999999,\"stop\":9999999},"
        "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"a*b\"},\"content\":\"-\"}]}"};
    enum { TOKENS = 1 << 20 };
    int32_t *ids = malloc(TOKENS * sizeof *ids);
    for (size_t i = 0; i < TOKENS; i++) ids[i] = (int32_t)(i % 3 == 0 ? 4 : 1 + i % 4 % 3);
    for (size_t i = 0; i < sizeof decoders / sizeof *decoders; i++) {
        buffer file = {0};
        char *text = NULL;
        assert_ok(buffer_add_format(&file, "{\"version\":\"1.0\",\"decoder\":%s,\"model\":" BPE "}", decoders[i]));
        maske_tokenizer *t = open_text(file.data);
        assert_ok(maske_tokenizer_decode(t, ids, TOKENS, false, &text, NULL));
        free(text);
        buffer_free(&file);
        maske_tokenizer_free(t);
    }
    free(ids);
}

/* Opened, found in a text that is nothing but them, and in one that nearly is. */
static void many_added_tokens_cost_what_one_costs(void **state) {
    (void)state;
    enum { TOKENS = 100000 };
    buffer file = {0}, text = {0};
    assert_ok(buffer_add_text(&file, "{\"version\":\"1.0\",\"model\":" BPE ",\"added_tokens\":["));
    for (int i = 0; i < TOKENS; i++) {
        assert_ok(buffer_add_format(&file, "%s{\"id\":0,\"content\":\"<%d>\",\"normalized\":%s}", i == 0 ? "" : ",", i,
                                    i % 2 == 0 ? "true" : "false"));
        assert_ok(buffer_add_format(&text, "<%d><%dx", i, i));
    }
    assert_ok(buffer_add_text(&file, "]}"));
    maske_tokenizer *t = open_text(file.data);
    maske_encoding e = {0};
    assert_int_equal(maske_tokenizer_vocab_size(t), 8 + TOKENS);
    assert_ok(maske_tokenizer_encode(t, text.data, text.length, NULL, 0, NULL, &e));
    size_t found = 0;
    for (size_t i = 0; i < e.count; i++) found += e.ids[i] >= 8;
    assert_int_equal(found, TOKENS);
    maske_encoding_free(&e);
    maske_tokenizer_free(t);
    buffer_free(&file);
    buffer_free(&text);
}

/* A pattern is the file's to choose. What goes back without end is given up, with a sentence; so is what goes back a
 * little at every place of a long text. */
static void patterns_that_go_back_too_far_are_given_up(void **state) {
    (void)state;
    const struct {
        const char *pattern;
        size_t length, times;
        bool fails;
    } cases[] = {
        {"(a+)+b", 60, 1, true},          {"(a|aa)+$x", 60, 1, true},
        {"a*?b|a", largest / 2, 1, true}, {"a(?=a*?b)|a", largest / 2, 1, true},
        {"(a+)+b", 25, 20000, true},      {"a*", largest, 1, false},
        {"a|b", largest, 1, false},       {"a(?=a*?b)|a", 100, 1000, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buffer file = {0}, text = {0};
        assert_ok(buffer_add_format(&file,
                                    "{\"version\":\"1.0\",\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{"
                                    "\"type\":\"WhitespaceSplit\"},"
                                    "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"%s\"},\"behavior\":\"Isolated\","
                                    "\"invert\":false}]},\"model\":" BPE "}",
                                    cases[i].pattern));
        maske_tokenizer *t = open_text(file.data);
        for (size_t k = 0; k < cases[i].times; k++) {
            assert_ok(buffer_reserve(&text, cases[i].length + 1));
            memset(text.data + text.length, 'a', cases[i].length);
            text.length += cases[i].length;
            text.data[text.length++] = ' ';
        }
        maske_encoding e = {0};
        for (size_t way = 0; way < 2; way++) {
            if (cases[i].fails && way != i % 2) continue; /* giving up takes its time */
            maske_encode_options options = {.ids_only = way == 1};
            maske_status status = maske_tokenizer_encode(t, text.data, text.length, NULL, 0, &options, &e);
            if ((status != MASKE_OK) != cases[i].fails)
                fail_msg("%s on %zu letters: %s", cases[i].pattern, cases[i].length, maske_status_name(status));
            if (cases[i].fails) assert_non_null(strstr(maske_error(), "gave up"));
            /* What one text cost is not the next one's fault. */
            assert_ok(maske_tokenizer_encode(t, "ab", 2, NULL, 0, &options, &e));
        }
        maske_encoding_free(&e);
        maske_tokenizer_free(t);
        buffer_free(&file);
        buffer_free(&text);
    }
}

int main(int count, char **arguments) {
    if (count > 1) largest = strtoull(arguments[1], NULL, 10) << 20;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_text_costs_more_than_its_size),
        cmocka_unit_test(decoding_costs_what_its_tokens_cost),
        cmocka_unit_test(many_added_tokens_cost_what_one_costs),
        cmocka_unit_test(patterns_that_go_back_too_far_are_given_up),
    };
    return cmocka_run_group_tests_name("tokenizer/large_inputs", tests, NULL, NULL);
}
