/* tests/tokenizer/test_inspect.c: the figures of an inspection, and that what is said of decoding is true: random texts
 * that keep to the conditions come back, and what is said to be lost is lost. */
#include "base/buffer.h"
#include "base/json.h"
#include "base/random.h"
#include "tokenizer/tokenizer.h"
#include "scratch.h"

static const char corpus_text[] =
    "Merhaba dünya, İstanbul'da 12 güzel gün\nmerhaba merhaba  dünya\n\nbir iki üç dört beş\n";

static maske_tokenizer *train(const char *cutter) {
    const char *path = scratch_text("corpus.txt", corpus_text);
    maske_tokenizer_train_options options;
    maske_tokenizer *tokenizer = NULL;
    maske_tokenizer_train_options_defaults(&options);
    options.pre_tokenizer = cutter;
    options.vocab_size = 330;
    assert_ok(maske_tokenizer_train(&tokenizer, &(maske_text){&path, 1, NULL}, &options, NULL, NULL));
    return tokenizer;
}

/* ------------------------------------------------------------------------------------------------------- lossless ---
 */

/* A trained tokenizer with some members of its file replaced, and what must be said of it. */
typedef struct variant {
    const char *base, *change;      /* change: members of tokenizer.json; "model" is merged into the model */
    bool lossless;
    const char *reason;
    const char *lost;               /* not lossless: a text that does not come back */
} variant;

#define BYTELEVEL(prefix)                                                                                              \
    "{\"type\": \"ByteLevel\", \"add_prefix_space\": " prefix ", \"trim_offsets\": true, \"use_regex\": true}"
#define METASPACE(scheme)                                                                                              \
    "{\"type\": \"Metaspace\", \"replacement\": \"▁\", \"prepend_scheme\": \"" scheme "\", \"split\": true}"
#define TO_SPACE "{\"type\": \"Replace\", \"pattern\": {\"String\": \"▁\"}, \"content\": \" \"}"
#define FROM_SPACE "{\"type\": \"Replace\", \"pattern\": {\"String\": \" \"}, \"content\": \"▁\"}"

static const variant variants[] = {
    {"bytelevel", "{}", true, "every text without white space beside [MASK]", NULL},
    {"bytelevel", "{\"normalizer\": {\"type\": \"NFC\"}}", true, "every text in NFC without white space beside [MASK]",
     NULL},
    {"bytelevel", "{\"normalizer\": {\"type\": \"Lowercase\"}}", false, "the normalizer Lowercase changes text", "A"},
    {"bytelevel", "{\"pre_tokenizer\": " BYTELEVEL("true") "}", false,
     "a space is put in front of a text that has none, which the decoder leaves there", "a"},
    {"bytelevel", "{\"decoder\": null}", false, "without a decoder, tokens are joined by spaces", "xyz"},
    {"bytelevel", "{\"decoder\": {\"type\": \"Fuse\"}}", false,
     "the decoder Fuse does not undo what the pre-tokenizer does", "ü"},
    {"bytelevel", "{\"added_tokens\": []}", true, "every text", NULL},
    {"bytelevel",
     "{\"truncation\": {\"direction\": \"Right\", \"max_length\": 5, \"strategy\": \"LongestFirst\", \"stride\": 0}}",
     true, "every text without white space beside [MASK]; what is over 5 tokens is cut", NULL},
    {"bytelevel",
     "{\"pre_tokenizer\": {\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Digits\", \"individual_digits\": "
     "true}, " BYTELEVEL("false") "]}}",
     true, "every text without white space beside [MASK]", NULL},
    {"bytelevel",
     "{\"pre_tokenizer\": {\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"WhitespaceSplit\"}, " BYTELEVEL(
         "false") "]}}",
     false, "the pre-tokenizer WhitespaceSplit drops white space", "a b"},
    {"bytelevel",
     "{\"pre_tokenizer\": {\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Split\", \"pattern\": {\"String\": "
     "\"a\"}, "
     "\"behavior\": \"Removed\", \"invert\": false}, " BYTELEVEL("false") "]}}",
     false, "the pre-tokenizer Split drops what it matches", "bab"},
    {"bytelevel",
     "{\"pre_tokenizer\": {\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"UnicodeScripts\"}, " BYTELEVEL(
         "false") "]}}",
     false, "the pre-tokenizer UnicodeScripts drops spaces in front", " a"},
    {"bytelevel", "{\"normalizer\": {\"type\": \"ByteLevel\"}, \"pre_tokenizer\": {\"type\": \"BertPreTokenizer\"}}", true,
     "every text without white space beside [MASK]", NULL},
    {"bytelevel", "{\"normalizer\": {\"type\": \"Sequence\", \"normalizers\": [{\"type\": \"ByteLevel\"}, {\"type\": \"NFKD\"}]}, "
     "\"pre_tokenizer\": null}", false, "the normalizer NFKD changes text", "a b"},
    {"bytelevel", "{\"normalizer\": {\"type\": \"Sequence\", \"normalizers\": [{\"type\": \"ByteLevel\"}, {\"type\": \"NFC\"}]}, "
     "\"pre_tokenizer\": null}", true, "every text without white space beside [MASK]", NULL},
    {"metaspace", "{}", true, "every text without U+2581 or a space in front or white space beside [MASK]", NULL},
    {"metaspace", "{\"pre_tokenizer\": " METASPACE("never") "}", true,
     "every text without U+2581 or a space in front or white space beside [MASK]", NULL},
    {"metaspace", "{\"pre_tokenizer\": " METASPACE("always") "}", true,
     "every text without U+2581 or added tokens in it or a space in front or white space beside [MASK]", NULL},
    {"metaspace", "{\"decoder\": " METASPACE("first") "}", true,
     "every text without characters that are not in the vocabulary or U+2581 or a space in front or white space beside "
     "[MASK]",
     NULL},
    {"metaspace", "{\"model\": {\"byte_fallback\": false}}", true,
     "every text without characters that are not in the vocabulary or U+2581 or a space in front or white space beside "
     "[MASK]",
     NULL},
    {"metaspace", "{\"model\": {\"ignore_merges\": true}}", true,
     "every text without <0xHH> written out or U+2581 or a space in front or white space beside [MASK]", NULL},
    {"metaspace",
     "{\"decoder\": {\"type\": \"Sequence\", \"decoders\": [" TO_SPACE
     ", {\"type\": \"ByteFallback\"}, {\"type\": \"Fuse\"}]}}",
     false, "a space is put in front of a text that has none, which the decoder leaves there", "a"},
    {"metaspace",
     "{\"pre_tokenizer\": null, \"normalizer\": {\"type\": \"Sequence\", \"normalizers\": [{\"type\": \"Prepend\", "
     "\"prepend\": \"▁\"}, " FROM_SPACE "]}}",
     true, "every text without U+2581 or added tokens in it or white space beside [MASK]", NULL},
    {"metaspace", "{\"pre_tokenizer\": null, \"normalizer\": " FROM_SPACE "}", true,
     "every text without U+2581 or a space in front or white space beside [MASK]", NULL},
    {"metaspace", "{\"model\": {\"end_of_word_suffix\": \"x\"}}", false, "the pieces have a suffix", "ab"},
    {"bert", "{}", false, "the pre-tokenizer BertPreTokenizer drops white space", "a b"},
    {"whitespace", "{\"pre_tokenizer\": null}", true,
     "every text without white space beside [MASK]", NULL},
};

static maske_tokenizer *open_variant(const variant *v) {
    maske_tokenizer *base = train(v->base), *opened = NULL;
    buffer text = {0};
    json_t *root = NULL, *change = NULL;
    assert_ok(tokenizer_write_json(base, &text));
    assert_ok(json_parse_object(&root, text.data, text.length, "base"));
    assert_ok(json_parse_object(&change, v->change, strlen(v->change), "change"));
    if (json_object_get(change, "model") != NULL) {
        assert_int_equal(json_object_update(json_object_get(root, "model"), json_object_get(change, "model")), 0);
        json_object_del(change, "model");
    }
    assert_int_equal(json_object_update(root, change), 0);
    char *written = json_dumps(root, 0);
    assert_ok(maske_tokenizer_open(&opened, scratch_text("tokenizer.json", written)));
    free(written);
    json_decref(root);
    json_decref(change);
    buffer_free(&text);
    maske_tokenizer_free(base);
    return opened;
}

static bool comes_back(const maske_tokenizer *t, const char *text, size_t length) {
    maske_encoding e = {0};
    char *decoded = NULL;
    size_t decoded_length = 0;
    const maske_encode_options plain = {.no_special = true, .no_truncation = true};
    assert_ok(maske_tokenizer_encode(t, text, length, NULL, 0, &plain, &e));
    assert_ok(maske_tokenizer_decode(t, e.ids, e.count, false, &decoded, &decoded_length));
    bool same = decoded_length == length && memcmp(decoded, text, length) == 0;
    free(decoded);
    maske_encoding_free(&e);
    return same;
}

/* A random text that keeps to the conditions. */
static void make_text(random_stream *r, const char *reason, buffer *text) {
    static const struct { const char *morsel, *condition; } morsels[] = {
        {"a", ""}, {"merhaba", ""}, {"dün", ""}, {" ", ""}, {"  ", ""}, {"g", ""}, {",", ""}, {"12", ""}, {"'da", ""},
        {"Q", "characters that"}, {"日本", "characters that"}, {"🙂", "characters that"}, {"\t", "characters that"},
        {"e\u0301", "in NFC"}, {"\u212B", "in NFC"}, {"\u2581", "U+2581"}, {"<0x41>", "characters that"},
        {"[MASK]", "beside [MASK]"}, {"[SEP]", "added tokens"}, {"\u00A0", "characters that"}, {"\r", "characters that"}
    };
    buffer_clear(text);
    for (uint32_t i = 0, parts = 1 + random_below(12, random_stream_next(r)); i < parts; i++) {
        size_t which = random_below(sizeof morsels / sizeof *morsels, random_stream_next(r));
        const char *morsel = morsels[which].morsel;
        if (morsels[which].condition[0] != '\0' && strstr(reason, morsels[which].condition) != NULL) continue;
        if (strcmp(morsel, "<0x41>") == 0 && strstr(reason, "<0xHH>") != NULL) continue;
        bool composable = strcmp(morsel, "e\u0301") == 0 || strcmp(morsel, "\u212B") == 0;
        if (composable && strstr(reason, "characters that") != NULL) continue;         /* unknown as well */
        if (strcmp(morsel, "[SEP]") == 0 && strstr(reason, "characters that") != NULL) continue;
        if (text->length == 0 && morsel[0] == ' ' && strstr(reason, "space in front") != NULL) continue;
        assert_ok(buffer_add_text(text, morsel));
    }
}

static void what_is_said_of_decoding_is_true(void **state) {
    (void)state;
    buffer text = {0};
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        const variant *v = &variants[i];
        maske_tokenizer *t = open_variant(v);
        maske_tokenizer_report report = {0};
        assert_ok(maske_tokenizer_inspect(t, NULL, NULL, &report));
        if (strcmp(report.lossless_reason, v->reason) != 0 || report.lossless != v->lossless)
            fail_msg("%s with %s: found %d, \"%s\", expected \"%s\"", v->base, v->change, report.lossless,
                     report.lossless_reason, v->reason);
        if (!v->lossless && comes_back(t, v->lost, strlen(v->lost)))
            fail_msg("%s with %s: \"%s\" comes back", v->base, v->change, v->lost);
        if (!v->lossless && (report.counterexample[0] == '\0' ||
                             comes_back(t, report.counterexample, strlen(report.counterexample))))
            fail_msg("%s with %s: \"%s\" is said to be lost", v->base, v->change, report.counterexample);
        if (v->lossless) assert_string_equal(report.counterexample, "");
        random_stream r = random_stream_start(i, RANDOM_TEST, 0, 0);
        for (int round = 0; round < 500 && v->lossless; round++) {
            make_text(&r, v->reason, &text);
            if (text.length > 0 && !comes_back(t, text.data, text.length))
                fail_msg("%s with %s: \"%s\" does not come back", v->base, v->change, text.data);
        }
        maske_tokenizer_free(t);
    }
    buffer_free(&text);
}

/* An entry that a merge makes and the decoder takes for a byte, in any spelling of the digits. */
static void bytes_that_are_spelled_out(void **state) {
    (void)state;
    static const struct { const char *digits; bool byte; } cases[] = {{"ff", true}, {"FF", true}, {"fg", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buffer text = {0};
        maske_tokenizer *t = NULL;
        maske_tokenizer_report report = {0};
        char whole[8];
        const char *digits = cases[i].digits;
        snprintf(whole, sizeof whole, "<0x%s>", digits);
        assert_ok(buffer_add_format(&text,
            "{\"version\": \"1.0\", \"decoder\": {\"type\": \"Sequence\", \"decoders\": [{\"type\": \"ByteFallback\"}, {\"type\": \"Fuse\"}]}, "
            "\"model\": {\"type\": \"BPE\", \"vocab\": {\"<0x%s\": 0, \">\": 1, \"%s\": 2, \"<\": 3, \"0\": 4, \"x\": 5, \"f\": 6, \"F\": 7, \"g\": 8, "
            "\"<0\": 9, \"<0x\": 10, \"<0x%c\": 11}, \"merges\": [[\"<\", \"0\"], [\"<0\", \"x\"], [\"<0x\", \"%c\"], [\"<0x%c\", \"%c\"], "
            "[\"<0x%s\", \">\"]]}}", digits, whole, digits[0], digits[0], digits[0], digits[1], digits));
        assert_ok(maske_tokenizer_open(&t, scratch_text("spelled.json", text.data)));
        assert_ok(maske_tokenizer_inspect(t, NULL, NULL, &report));
        assert_true(report.lossless);
        assert_int_equal(comes_back(t, whole, strlen(whole)), !cases[i].byte);
        assert_int_equal(strstr(report.lossless_reason, "<0xHH> written out") != NULL, cases[i].byte);
        maske_tokenizer_free(t);
        buffer_free(&text);
    }
}

/* Entries with letters that the normalizer lets through from no text, of characters and of bytes. */
static void letters_that_no_text_has(void **state) {
    (void)state;
    static const struct { const char *normalizer, *pre_tokenizer, *entries; int64_t count; const char *letters; } cases[] = {
        {"{\"type\": \"Lowercase\"}", "null", "\"a\": 0, \"A\": 1, \"\u0130b\": 2, \"\u0131\": 3, \"bA\": 4", 3, "A İ"},
        {"{\"type\": \"BertNormalizer\", \"clean_text\": true, \"handle_chinese_chars\": true, \"strip_accents\": null, "
         "\"lowercase\": true}", "null", "\"\u015F\": 0, \"s\": 1, \"\u65E5\": 2, \"\u0131\": 3", 1, "ş"},
        {"null", "null", "\"A\": 0, \"\u015F\": 1", 0, ""},
        {"{\"type\": \"Lowercase\"}", BYTELEVEL("false"), "\"a\": 0, \"\u0120A\": 1, \"\u00C4\u00B1\": 2, \"\u00C4\": 3, \"B\": 4", 1, "A"},
        {"{\"type\": \"Sequence\", \"normalizers\": [{\"type\": \"Prepend\", \"prepend\": \"\u2581\"}, {\"type\": \"NFC\"}]}",
         "null", "\"\u2581a\": 0, \"\u212B\": 1", 1, "\u212B"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buffer text = {0};
        maske_tokenizer *t = NULL;
        maske_tokenizer_report report = {0};
        assert_ok(buffer_add_format(&text,
            "{\"version\": \"1.0\", \"added_tokens\": [], \"normalizer\": %s, \"pre_tokenizer\": %s, "
            "\"model\": {\"type\": \"BPE\", \"vocab\": {%s}, \"merges\": []}}",
            cases[i].normalizer, cases[i].pre_tokenizer, cases[i].entries));
        assert_ok(maske_tokenizer_open(&t, scratch_text("letters.json", text.data)));
        assert_ok(maske_tokenizer_inspect(t, NULL, NULL, &report));
        assert_int_equal(report.unproducible, cases[i].count);
        assert_string_equal(report.unproducible_letters, cases[i].letters);
        maske_tokenizer_free(t);
        buffer_free(&text);
    }
}

/* -------------------------------------------------------------------------------------------------------- figures ---
 */

static void figures_of_a_text(void **state) {
    (void)state;
    static const char file[] =
        "{\"version\": \"1.0\", \"truncation\": {\"direction\": \"Right\", \"max_length\": 3, \"strategy\": "
        "\"LongestFirst\", \"stride\": 0},"
        "\"added_tokens\": [{\"id\": 0, \"content\": \"[S]\", \"single_word\": false, \"lstrip\": false, \"rstrip\": "
        "false, "
        "\"normalized\": false, \"special\": true}], \"pre_tokenizer\": {\"type\": \"WhitespaceSplit\"}, "
        "\"model\": {\"type\": \"BPE\", \"unk_token\": \"?\", \"vocab\": {\"[S]\": 0, \"?\": 1, \"a\": 2, \"b\": 3, "
        "\"c\": 4, \"ab\": 5, "
        "\"abc\": 6, \"bc\": 7}, \"merges\": [[\"a\", \"b\"], [\"a\", \"bc\"]]}}";
    maske_tokenizer *t = NULL;
    maske_tokenizer_report report = {0};
    assert_ok(maske_tokenizer_open(&t, scratch_text("small.json", file)));
    assert_ok(maske_tokenizer_inspect(t, NULL, NULL, &report));
    assert_int_equal(report.vocab_size, 8);
    assert_int_equal(report.merges, 2);
    assert_int_equal(report.special_tokens, 1);
    assert_int_equal(report.unreachable, 2);            /* abc is cut ab c, bc is cut b c */
    assert_int_equal(report.lines + report.tokens + report.unused, 0);
    /* ab | ab ? ab c | a [S] | (blank) | ab */
    const char *path = scratch_text("text", "ab\nab x abc\na[S]\n\nab");
    for (int threads = 1; threads <= 3; threads += 2) {
        assert_ok(
            maske_tokenizer_inspect(t, &(maske_text){&path, 1, NULL}, &(maske_control){.threads = threads}, &report));
        assert_int_equal(report.lines, 5);
        assert_int_equal(report.bytes, 2 + 8 + 4 + 2);
        assert_int_equal(report.words, 6);
        assert_int_equal(report.tokens, 8);
        assert_int_equal(report.unknown_tokens, 1);
        assert_int_equal(report.single_token_words, 4);
        assert_int_equal(report.unused, 3);             /* b, abc, bc */
        assert_int_equal(report.truncated, 1);
        assert_int_equal(report.round_trip_failures, 2);        /* a decoder is lacking: tokens are joined by spaces */
    }
    assert_fails(
        maske_tokenizer_inspect(t, &(maske_text){(const char *const[]){scratch_path("none")}, 1, NULL}, NULL, &report),
        MASKE_IO, "none");
    maske_tokenizer_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_of_decoding_is_true),
        cmocka_unit_test(bytes_that_are_spelled_out),
        cmocka_unit_test(letters_that_no_text_has),
        cmocka_unit_test(figures_of_a_text),
    };
    return cmocka_run_group_tests_name("tokenizer/inspect", tests, NULL, NULL);
}
