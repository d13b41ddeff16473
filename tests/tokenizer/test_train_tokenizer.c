/* tests/tokenizer/test_train_tokenizer.c: from raw text to a tokenizer: what is counted, what every tokenizer has, the
 * smallest texts, any number of threads, refusals. What is learned is compared in test_bpe_training.c. */
#include "base/buffer.h"
#include "base/random.h"
#include "tokenizer/tokenizer.h"
#include "scratch.h"

static maske_tokenizer_train_options defaults(void) {
    maske_tokenizer_train_options options;
    maske_tokenizer_train_options_defaults(&options);
    return options;
}

static maske_status train(maske_tokenizer **out, const char *path, const maske_tokenizer_train_options *options,
                          int threads, maske_tokenizer_train_report *report) {
    return maske_tokenizer_train(out, &(maske_text){&path, 1, NULL}, options, &(maske_control){.threads = threads},
                                 report);
}

static void assert_text(const maske_tokenizer *t, const char *text, const char *const *tokens, size_t count) {
    maske_encoding e = {0};
    assert_ok(maske_tokenizer_encode(t, text, strlen(text), NULL, 0, NULL, &e));
    assert_int_equal(e.count, count);
    for (size_t i = 0; i < count; i++) assert_string_equal(maske_tokenizer_token(t, e.ids[i]), tokens[i]);
    maske_encoding_free(&e);
}

static void one_line_is_enough(void **state) {
    (void)state;
    static const char *const tokens[] = {"[CLS]", "▁aba", "▁ab", "c", "[SEP]"};
    const char *path = scratch_text("one", "aba aba ab\n");
    maske_tokenizer *t = NULL;
    maske_tokenizer_train_report report = {0};
    assert_ok(train(&t, path, NULL, 1, &report));
    assert_int_equal(report.lines, 1);
    assert_int_equal(report.bytes, 11);
    assert_int_equal(report.words, 3);
    assert_int_equal(report.unique_words, 2);
    assert_int_equal(report.merges, 3);
    assert_int_equal(report.vocab_size, 5 + 256 + 3 + 3);
    static const char *const special[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "<0x00>"};
    for (int32_t id = 0; id < 6; id++) assert_string_equal(maske_tokenizer_token(t, id), special[id]);
    for (int role = 0; role < MASKE_SPECIAL_COUNT; role++) assert_int_equal(maske_tokenizer_special(t, role), role);
    assert_string_equal(maske_tokenizer_token(t, 260), "<0xFF>");
    assert_false(maske_tokenizer_is_special(t, 5));
    assert_text(t, "aba ab", (const char *const[]){"[CLS]", "▁aba", "▁ab", "[SEP]"}, 4);
    assert_text(t, "aba abc", (const char *const[]){tokens[0], tokens[1], tokens[2], "<0x63>", tokens[4]}, 5);
    maske_tokenizer_free(t);
}

/* "b<0xff>c": were "<0xff>" an entry, it would come back as a byte. Everything else is merged as ever. */
static void bytes_written_out_come_back(void **state) {
    (void)state;
    static const char *const hexadecimal[] = {"<0xff>", "<0xFF>", "<0x4a>"};
    static const int64_t first[] = {320, 320, 295};         /* so few that extending has them to learn */
    maske_tokenizer_train_options options = defaults();
    for (size_t i = 0; i < 3; i++) {
        buffer text = {0};
        maske_tokenizer *t = NULL, *larger = NULL;
        maske_tokenizer_report said = {0};
        for (int c = 'a'; c <= 'z'; c++) assert_ok(buffer_add_format(&text, "%c%s%c x%s %s\n", c, hexadecimal[i], c, hexadecimal[i], hexadecimal[i]));
        const char *path = scratch_text("bytes", text.data);
        for (int extended = 0; extended < 2; extended++) {
            options.vocab_size = extended ? 400 : first[i];
            if (extended) assert_ok(maske_tokenizer_extend(&larger, t, &(maske_text){&path, 1, NULL}, &options, NULL, NULL));
            else assert_ok(train(&t, path, &options, 1, NULL));
            maske_tokenizer *made = extended ? larger : t;
            assert_ok(maske_tokenizer_inspect(made, &(maske_text){&path, 1, NULL}, NULL, &said));
            assert_true(said.lossless);
            assert_null(strstr(said.lossless_reason, "<0x"));
            assert_int_equal(said.round_trip_failures, 0);
        }
        maske_tokenizer_free(t);
        maske_tokenizer_free(larger);
        buffer_free(&text);
    }
}

static void blank_lines_and_line_ends_are_no_words(void **state) {
    (void)state;
    const char *path = scratch_text("ends", "\n\nab ab\r\n\nab\r\n\n");
    maske_tokenizer_train_options options = defaults();
    maske_tokenizer *t = NULL;
    maske_tokenizer_train_report report = {0};
    options.pre_tokenizer = "bytelevel";
    assert_ok(train(&t, path, &options, 1, &report));
    assert_int_equal(report.words, 3);
    assert_int_equal(report.vocab_size, 5 + 256 + 1 + 0);          /* ab; " ab" is there only once */
    assert_int_equal(maske_tokenizer_id(t, "<0x00>", 6), -1);
    maske_tokenizer_free(t);
}

/* Some 3 MB of words, so that many parts are counted by several threads. */
static const char *write_large(void) {
    random_stream r = random_stream_start(1, RANDOM_TEST, 0, 0);
    buffer text = {0};
    while (text.length < 3000000) {
        for (uint32_t i = 0, parts = 1 + random_below(7, random_stream_next(&r)); i < parts; i++) {
            uint32_t bits = random_stream_next(&r);
            assert_ok(
                buffer_add_format(&text, "%c%c", 'a' + (int)(bits % (1 + bits / 256 % 20)), "aeiou"[bits >> 24 & 3]));
        }
        assert_ok(buffer_add_text(&text, random_below(9, random_stream_next(&r)) == 0 ? "\n" : " "));
    }
    const char *path = scratch_write("large", text.data, text.length);
    buffer_free(&text);
    return path;
}

static void threads_change_nothing(void **state) {
    (void)state;
    static const char *const kinds[] = {"metaspace", "bytelevel"};
    const char *path = write_large();
    for (size_t i = 0; i < 2; i++) {
        maske_tokenizer_train_options options = defaults();
        maske_tokenizer *one = NULL, *three = NULL;
        maske_tokenizer_train_report first = {0}, second = {0};
        buffer a = {0}, b = {0};
        options.pre_tokenizer = kinds[i];
        options.vocab_size = 2000;
        assert_ok(train(&one, path, &options, 1, &first));
        assert_ok(train(&three, path, &options, 3, &second));
        assert_ok(tokenizer_write_json(one, &a));
        assert_ok(tokenizer_write_json(three, &b));
        assert_int_equal(first.vocab_size, 2000);
        assert_int_equal(first.unique_words, second.unique_words);
        assert_int_equal(first.words, second.words);
        assert_int_equal(a.length, b.length);
        assert_memory_equal(a.data, b.data, a.length);
        buffer_free(&a);
        buffer_free(&b);
        maske_tokenizer_free(one);
        maske_tokenizer_free(three);
    }
}

/* Specials, characters, the same inside words, what was merged: always in this order. */
static void a_wordpiece_is_learned(void **state) {
    (void)state;
    static const char *const entries[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "a", "b", "c", "##a", "##b", "ab", "aba"};
    const char *path = scratch_text("pieces", "aba aba ab. c\n");
    for (int threads = 1; threads <= 2; threads++) {
        maske_tokenizer_train_options options = defaults();
        maske_tokenizer *t = NULL;
        options.type = "wordpiece";
        options.pre_tokenizer = "bert";
        assert_ok(train(&t, path, &options, threads, NULL));
        assert_int_equal(t->kind, MODEL_WORDPIECE);
        assert_int_equal(maske_tokenizer_vocab_size(t), sizeof entries / sizeof *entries);
        for (int32_t id = 0; id < (int32_t)(sizeof entries / sizeof *entries); id++)
            assert_string_equal(maske_tokenizer_token(t, id), entries[id]);
        assert_text(t, "abab cx", (const char *const[]){"[CLS]", "aba", "##b", "[UNK]", "[SEP]"}, 5);
        maske_tokenizer_free(t);
        options.pre_tokenizer = "metaspace";
        assert_fails(train(&t, path, &options, 1, NULL), MASKE_BAD_ARGUMENT, "expected bert or whitespace");
        options.type = "unigram";
        assert_fails(train(&t, path, &options, 1, NULL), MASKE_BAD_ARGUMENT, "\"unigram\"");
    }
}

static void refusals_name_what_is_wrong(void **state) {
    (void)state;
    const char *path = scratch_text("one", "aba aba ab");
    maske_tokenizer *t = NULL;
    maske_tokenizer_train_options options = defaults();
    options.vocab_size = 0;
    assert_fails(train(&t, path, &options, 1, NULL), MASKE_BAD_ARGUMENT, "vocab_size is 0");
    options = defaults();
    options.pre_tokenizer = "words";
    assert_fails(train(&t, path, &options, 1, NULL), MASKE_BAD_ARGUMENT, "\"words\"");
    options = defaults();
    options.normalizer = "upper";
    assert_fails(train(&t, path, &options, 1, NULL), MASKE_BAD_ARGUMENT, "\"upper\"");
    options = defaults();
    options.memory = 100;
    assert_fails(train(&t, path, &options, 1, NULL), MASKE_OUT_OF_MEMORY, "allow more memory");
    assert_fails(train(&t, scratch_path("none"), NULL, 1, NULL), MASKE_IO, "none");
    const volatile sig_atomic_t stop = 1;
    const maske_text text = {&path, 1, NULL};
    assert_fails(maske_tokenizer_train(&t, &text, NULL, &(maske_control){.stop = &stop}, NULL), MASKE_STOPPED,
                 "stopped");
    assert_null(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line_is_enough),
        cmocka_unit_test(bytes_written_out_come_back),
        cmocka_unit_test(blank_lines_and_line_ends_are_no_words),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(a_wordpiece_is_learned),
        cmocka_unit_test(refusals_name_what_is_wrong),
    };
    return cmocka_run_group_tests_name("tokenizer/train_tokenizer", tests, NULL, NULL);
}
