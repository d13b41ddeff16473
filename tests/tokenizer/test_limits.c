/* tests/tokenizer/test_limits.c: what a tokenizer's files may ask for, each at its limit and one above: a sentence, and
 * before memory is taken for it. */
#include "tokenizer/tokenizer.h"
#include "bert/config.h"

#include "scratch.h"

/* A file of this length that takes no room on the disk. */
static const char *sparse(const char *folder, const char *name, size_t length) {
    char path[64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_ok(folder_make(scratch_path(folder)));
    const char *made = scratch_text(path, "{");
    assert_int_equal(truncate(made, (off_t)length), 0);
    return made;
}

static void files_too_long_are_not_read(void **state) {
    (void)state;
    maske_tokenizer *t = NULL;
    bert_config config;
    assert_fails(maske_tokenizer_open(&t, sparse("a", "tokenizer.json", TOKENIZER_JSON_LIMIT + 1)), MASKE_BAD_FILE,
                 "tokenizer.json: 268435457 bytes, at most 268435456 are read");
    assert_fails(maske_tokenizer_open(&t, sparse("b", "vocab.json", TOKENIZER_VOCAB_LIMIT + 1)), MASKE_BAD_FILE,
                 "vocab.json: 67108865 bytes, at most 67108864 are read");
    assert_fails(maske_tokenizer_open(&t, sparse("c", "vocab.txt", TOKENIZER_VOCAB_LIMIT + 1)), MASKE_BAD_FILE,
                 "vocab.txt: 67108865 bytes, at most 67108864 are read");
    assert_ok(folder_make(scratch_path("d")));
    scratch_text("d/vocab.json", "{\"a\":0}");
    sparse("d", "merges.txt", TOKENIZER_VOCAB_LIMIT + 1);
    assert_fails(maske_tokenizer_open(&t, scratch_path("d")), MASKE_BAD_FILE, "merges.txt: 67108865 bytes, at most");
    sparse("d", "tokenizer_config.json", (16 << 20) + 1);
    assert_fails(maske_tokenizer_open(&t, scratch_path("d")), MASKE_BAD_FILE,
                 "tokenizer_config.json: 16777217 bytes, at most");
    assert_fails(bert_config_read(&config, sparse("e", "config.json", (1 << 20) + 1)), MASKE_BAD_FILE,
                 "config.json: 1048577 bytes, at most 1048576 are read");
}

static void lines_of_vocab_txt_are_counted_first(void **state) {
    (void)state;
    maske_tokenizer *t = NULL;
    size_t lines = VOCAB_COUNT_LIMIT + 1;
    char *text = malloc(lines);
    assert_non_null(text);
    memset(text, '\n', lines);
    assert_ok(folder_make(scratch_path("many")));
    assert_fails(maske_tokenizer_open(&t, scratch_write("many/vocab.txt", text, lines)), MASKE_BAD_FILE,
                 "4194305 lines, expected at most 4194304");
    free(text);
}

static void added_tokens_are_counted(void **state) {
    (void)state;
    maske_tokenizer *t = NULL;
    buffer text = {0};
    assert_ok(buffer_add_text(&text, "{\"version\":\"1.0\",\"model\":{\"type\":\"BPE\",\"vocab\":{},\"merges\":[]},\"added_tokens\":["));
    for (int i = 0; i <= ADDED_TOKENS_LIMIT; i++)
        assert_ok(buffer_add_format(&text, "%s{\"id\":%d,\"content\":\"t%d\"}", i > 0 ? "," : "", i, i));
    assert_ok(buffer_add_text(&text, "]}"));
    assert_fails(maske_tokenizer_open(&t, scratch_write("tokenizer.json", text.data, text.length)), MASKE_BAD_FILE,
                 "more than 100000 added tokens");
    buffer_free(&text);
}

/* A tokenizer.json that splits by this expression. */
static maske_status open_split(maske_tokenizer **out, const char *expression) {
    buffer text = {0};
    assert_ok(buffer_add_format(&text, "{\"version\":\"1.0\",\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1},\"merges\":[]},"
                                "\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"%s\"},\"behavior\":\"Isolated\",\"invert\":false}}",
                                expression));
    maske_status status = maske_tokenizer_open(out, scratch_write("tokenizer.json", text.data, text.length));
    buffer_free(&text);
    return status;
}

static void expressions_are_bounded(void **state) {
    (void)state;
    char expression[4098];
    maske_tokenizer *t = NULL;
    memset(expression, 'a', sizeof expression);
    expression[4096] = '\0';
    assert_ok(open_split(&t, expression));
    maske_tokenizer_free(t);
    expression[4096] = 'a';
    expression[4097] = '\0';
    assert_fails(open_split(&t, expression), MASKE_BAD_FILE, "the pattern has 4097 bytes, expected at most 4096");
}

/* Exponential in the text: ended by its limits, and that is a failure, never "no match". */
static void a_search_that_runs_away_is_ended(void **state) {
    (void)state;
    maske_tokenizer *t = NULL;
    maske_encoding e = {0};
    char text[65];
    memset(text, 'a', 64);
    text[63] = 'b';
    text[64] = '\0';
    assert_ok(open_split(&t, "^(a|a)*$"));
    assert_fails(maske_tokenizer_encode(t, text, 64, NULL, 0, NULL, &e), MASKE_BAD_ARGUMENT, "gave up on a text of");
    assert_ok(maske_tokenizer_encode(t, "aaa", 3, NULL, 0, NULL, &e));
    maske_encoding_free(&e);
    maske_tokenizer_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_too_long_are_not_read), cmocka_unit_test(lines_of_vocab_txt_are_counted_first),
        cmocka_unit_test(added_tokens_are_counted), cmocka_unit_test(expressions_are_bounded),
        cmocka_unit_test(a_search_that_runs_away_is_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
