/* tests/tokenizer/test_encode.c: the fast way gives the slow way's ids; offsets point into the text; decoding gives the
 * text back; a warm encoding allocates nothing. (test_large_inputs.c: no text makes it slow.) */
#include "maske.h"
#include "base/json.h"
#include "base/random.h"
#include "base/utf8.h"
#include "scratch.h"

#define GOLDEN TEST_DATA "/tokenizer/golden/"

/* Allocations are counted by standing in front of the C library's. The sanitizers stand there themselves. */
#define COUNTS_ALLOCATIONS (!UNDER_SANITIZER)
static size_t allocations;
#if COUNTS_ALLOCATIONS
extern void *__libc_malloc(size_t), *__libc_realloc(void *, size_t), *__libc_calloc(size_t, size_t),
    *__libc_memalign(size_t, size_t);
void *malloc(size_t size) { allocations++; return __libc_malloc(size); }
void *realloc(void *block, size_t size) { allocations++; return __libc_realloc(block, size); }
void *calloc(size_t count, size_t size) { allocations++; return __libc_calloc(count, size); }
void *aligned_alloc(size_t alignment, size_t size) { allocations++; return __libc_memalign(alignment, size); }
int posix_memalign(void **out, size_t alignment, size_t size) {
    allocations++;
    *out = __libc_memalign(alignment, size);
    return *out == NULL ? 12 : 0;
}
#endif

/* Random text of pieces that matter: letters of several scripts, spaces, marks, special tokens. */
static size_t random_text(char *out, size_t pieces, random_stream *r) {
    static const char *const parts[] = {
        "a", "b", "merhaba", "ı", "İ", "ş", " ", "  ", "\t", "\n", "'", "da", ",", ".", "-", "1", "23", "_",
        "é", "e\xCC\x81", "日", "😀", "я", "ß", "\xC2\xA0", "\xE2\x80\x8D", "[MASK]", "[CLS]", "hello", "é",
        "ve", " ve ", "\xEF\xBF\xBD", "A", "B", "Z", "ﬁ", "\xCC\x87"
    };
    size_t length = 0;
    for (size_t i = 0; i < pieces; i++) {
        const char *part = parts[random_below(sizeof parts / sizeof *parts, random_stream_next(r))];
        memcpy(out + length, part, strlen(part));
        length += strlen(part);
    }
    return length;
}

static json_t *variants(void) {
    json_t *root = json_load_file(GOLDEN "cases.json", JSON_ALLOW_NUL, NULL);
    assert_non_null(root);
    return root;
}

static maske_tokenizer *open_variant(const json_t *variant) {
    char path[512];
    snprintf(path, sizeof path, GOLDEN "%s.json", json_string_value(json_object_get(variant, "base")));
    json_t *root = json_load_file(path, 0, NULL);
    json_object_update(root, json_object_get(variant, "components"));
    char *text = json_dumps(root, 0);
    maske_tokenizer *tokenizer = NULL;
    assert_ok(maske_tokenizer_open(&tokenizer, scratch_text("tokenizer.json", text)));
    free(text);
    json_decref(root);
    return tokenizer;
}

static void both_ways_give_the_same_ids(void **state) {
    (void)state;
    json_t *root = variants(), *variant;
    size_t number;
    maske_encoding all = {0}, ids = {0};
    json_array_foreach(json_object_get(root, "variants"), number, variant) {
        maske_tokenizer *t = open_variant(variant);
        random_stream r = random_stream_start(number, RANDOM_TEST, 0, 0);
        for (int i = 0; i < 60; i++) {
            char text[2048], pair[2048];
            size_t length = random_text(text, random_below(40, random_stream_next(&r)), &r),
                   pair_length = random_text(pair, random_below(20, random_stream_next(&r)), &r);
            maske_encode_options options = {
                .no_special = i % 3 == 0, .no_truncation = i % 4 == 0, .no_padding = i % 5 == 0};
            const char *second = i % 2 == 0 ? pair : NULL;
            maske_status status = maske_tokenizer_encode(t, text, length, second, pair_length, &options, &all);
            options.ids_only = true;
            assert_int_equal(maske_tokenizer_encode(t, text, length, second, pair_length, &options, &ids), status);
            if (status != MASKE_OK) continue;
            assert_int_equal(ids.count, all.count);
            if (all.count > 0) assert_memory_equal(ids.ids, all.ids, all.count * sizeof *all.ids);
            for (size_t j = 0; j < all.count; j++) {
                assert_in_range(all.ids[j], 0, maske_tokenizer_vocab_size(t) - 1);
                assert_true(all.byte_begin[j] <= all.byte_end[j]);
            }
        }
        maske_tokenizer_free(t);
    }
    maske_encoding_free(&all);
    maske_encoding_free(&ids);
    json_decref(root);
}

/* What asks whether a piece begins the text, behind what makes several characters of the first and cuts between them;
 * and templates that find other parts where special tokens stay out. */
static void ids_alone_know_the_start_of_the_text(void **state) {
    (void)state;
#define FIRST "{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"first\",\"split\":true}"
#define BYTES "{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true,\"use_regex\":true}"
#define BERT "{\"type\":\"BertNormalizer\",\"clean_text\":true,\"handle_chinese_chars\":true,\"strip_accents\":null,\"lowercase\":true}"
    static const char *const normalizers[] = {
        "null", "{\"type\":\"NFKC\"}", "{\"type\":\"NFD\"}", "{\"type\":\"Lowercase\"}", BERT, "{\"type\":\"ByteLevel\"}",
        "{\"type\":\"Prepend\",\"prepend\":\"1a\"}", "{\"type\":\"Strip\",\"strip_left\":true,\"strip_right\":true}",
        "{\"type\":\"Replace\",\"pattern\":{\"String\":\"a\"},\"content\":\"1 b\"}",
        "{\"type\":\"Sequence\",\"normalizers\":[" BERT ",{\"type\":\"NFKD\"},{\"type\":\"StripAccents\"}]}"};
    static const char *const cutters[] = {
        "{\"type\":\"Whitespace\"}", "{\"type\":\"BertPreTokenizer\"}", "{\"type\":\"Digits\",\"individual_digits\":true}",
        "{\"type\":\"FixedLength\",\"length\":1}", "{\"type\":\"UnicodeScripts\"}", "{\"type\":\"Punctuation\"}", BYTES, FIRST,
        "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"[^a]\"},\"behavior\":\"Isolated\",\"invert\":false}",
        "{\"type\":\"Split\",\"pattern\":{\"String\":\"_\"},\"behavior\":\"Removed\",\"invert\":false}"};
    static const char *const texts[] = {"½ a", "½,", "ﬁ1", "Éa", "İa", "日a", "a1 a", " ,a", ", a", "\n½", ("\xC2\xAD" "1a"), "[M]½a", "a[M]½"};
    enum { NORMALIZERS = sizeof normalizers / sizeof *normalizers, CUTTERS = sizeof cutters / sizeof *cutters };
    static const char pair_of_templates[] =
        "{\"type\":\"Sequence\",\"processors\":["
        "{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"a\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}],"
        "\"pair\":[{\"SpecialToken\":{\"id\":\"a\",\"type_id\":0}},{\"Sequence\":{\"id\":\"B\",\"type_id\":0}}],"
        "\"special_tokens\":{\"a\":{\"id\":\"a\",\"ids\":[1],\"tokens\":[\"a\"]}}},"
        "{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"A\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}],"
        "\"pair\":[{\"Sequence\":{\"id\":\"B\",\"type_id\":0}}],\"special_tokens\":{}}]}";
    maske_encoding all = {0}, ids = {0};
    maske_batch_encoding batch = {0};
    for (size_t i = 0; i < NORMALIZERS * CUTTERS; i++) {
        char file[4096];
        maske_tokenizer *t = NULL;
        snprintf(file, sizeof file,
                 "{\"added_tokens\":[{\"id\":8,\"content\":\"[M]\",\"normalized\":%s}],\"normalizer\":%s,"
                 "\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[%s," FIRST "]},\"post_processor\":%s,"
                 "\"model\":{\"type\":\"BPE\",\"unk_token\":\"u\",\"vocab\":{\"u\":0,\"a\":1,\"_\":2,\"1\":3,\"2\":4,\",\":5,\"f\":6,\"b\":7},\"merges\":[]}}",
                 i % 2 == 0 ? "true" : "false", normalizers[i / CUTTERS], cutters[i % CUTTERS], i % 3 == 0 ? pair_of_templates : "null");
        assert_ok(maske_tokenizer_open(&t, scratch_text("tokenizer.json", file)));
        for (size_t n = 0; n < sizeof texts / sizeof *texts; n++) {
            for (int way = 0; way < 4; way++) {
                maske_encode_options options = {.no_special = way / 2 == 1};
                size_t length = strlen(texts[n]);
                const char *second = way % 2 == 1 ? "1 a" : NULL;
                assert_ok(maske_tokenizer_encode(t, texts[n], length, second, 3, &options, &all));
                options.ids_only = true;
                assert_ok(maske_tokenizer_encode(t, texts[n], length, second, 3, &options, &ids));
                assert_int_equal(ids.count, all.count);
                if (all.count > 0) assert_memory_equal(ids.ids, all.ids, all.count * sizeof *all.ids);
                if (second != NULL) continue;
                assert_ok(maske_tokenizer_encode_batch(t, &texts[n], &length, 1, &options, &batch));
                assert_int_equal(batch.ends[0], all.count);
                if (all.count > 0) assert_memory_equal(batch.ids, all.ids, all.count * sizeof *all.ids);
            }
        }
        maske_tokenizer_free(t);
    }
    maske_encoding_free(&all);
    maske_encoding_free(&ids);
    maske_batch_encoding_free(&batch);
}

/* Without a normalizer, byte offsets cut the text at characters and the character offsets say the same. */
static void a_batch_gives_what_its_texts_give_singly(void **state) {
    (void)state;
    enum { TEXTS = 40 };
    json_t *root = variants(), *variant;
    size_t number;
    maske_encoding single = {0};
    maske_batch_encoding batch = {0};
    char *room = malloc(TEXTS * 2048);
    assert_non_null(room);
    json_array_foreach(json_object_get(root, "variants"), number, variant) {
        maske_tokenizer *t = open_variant(variant);
        random_stream r = random_stream_start(number, RANDOM_TEST, 5, 0);
        for (int round = 0; round < 4; round++) {
            const char *texts[TEXTS];
            size_t lengths[TEXTS], at = 0;
            for (size_t i = 0; i < TEXTS; i++) {        /* one of them is larger than a block of the batch */
                texts[i] = room + i * 2048;
                lengths[i] = random_text(room + i * 2048, random_below(i == 7 ? 250 : 30, random_stream_next(&r)), &r);
            }
            maske_encode_options options = {.no_special = round % 2 == 0, .no_truncation = round >= 2, .no_padding = round >= 2};
            maske_status status = maske_tokenizer_encode_batch(t, texts, lengths, TEXTS, &options, &batch), one = MASKE_OK;
            options.ids_only = true;
            for (size_t i = 0; i < TEXTS && one == MASKE_OK; i++) {
                one = maske_tokenizer_encode(t, texts[i], lengths[i], NULL, 0, &options, &single);
                if (status != MASKE_OK || one != MASKE_OK) continue;
                assert_int_equal(batch.ends[i] - at, single.count);
                if (single.count > 0) assert_memory_equal(batch.ids + at, single.ids, single.count * sizeof *single.ids);
                at = batch.ends[i];
            }
            assert_int_equal(status, one);
            if (status == MASKE_OK) assert_int_equal(batch.count, TEXTS);
        }
        maske_tokenizer_free(t);
    }
    free(room);
    maske_encoding_free(&single);
    maske_batch_encoding_free(&batch);
    json_decref(root);
}

static void a_batch_takes_large_texts_and_none(void **state) {
    (void)state;
    enum { LARGE = 50000 };
    maske_tokenizer *t = NULL;
    maske_encoding single = {0};
    maske_batch_encoding batch = {0};
    char *large = malloc(LARGE);
    assert_non_null(large);
    for (size_t i = 0; i < LARGE; i++) large[i] = i % 7 == 0 ? ' ' : (char)('a' + i % 11);
    assert_ok(maske_tokenizer_open(&t, GOLDEN "metaspace.json"));
    assert_ok(maske_tokenizer_encode_batch(t, NULL, NULL, 0, NULL, &batch));
    assert_int_equal(batch.count, 0);
    const char *texts[] = {"a", large, "", large};
    const size_t lengths[] = {1, LARGE, 0, LARGE - 1};
    assert_ok(maske_tokenizer_encode_batch(t, texts, lengths, 4, NULL, &batch));
    assert_int_equal(batch.count, 4);
    for (size_t i = 0; i < 4; i++) {
        size_t begin = i == 0 ? 0 : batch.ends[i - 1];
        assert_ok(maske_tokenizer_encode(t, texts[i], lengths[i], NULL, 0, NULL, &single));
        assert_int_equal(batch.ends[i] - begin, single.count);
        assert_memory_equal(batch.ids + begin, single.ids, single.count * sizeof *single.ids);
    }
    const char *bad[] = {"a", "b\xFF"};
    int32_t first = batch.ids[0];
    assert_fails(maske_tokenizer_encode_batch(t, bad, (const size_t[]){1, 2}, 2, NULL, &batch), MASKE_BAD_ARGUMENT,
                 "text 1 is not UTF-8 at byte 1");
    assert_true(batch.count == 4 && batch.ids[0] == first);         /* as it was */
    free(large);
    maske_encoding_free(&single);
    maske_batch_encoding_free(&batch);
    maske_tokenizer_free(t);
}

static void offsets_in_bytes_and_characters_agree(void **state) {
    (void)state;
    static const char *const bases[] = { GOLDEN "metaspace.json", GOLDEN "words.json", GOLDEN "bytelevel.json" };
    maske_encoding e = {0};
    for (size_t b = 0; b < 3; b++) {
        maske_tokenizer *t = NULL;
        random_stream r = random_stream_start(b, RANDOM_TEST, 1, 0);
        assert_ok(maske_tokenizer_open(&t, bases[b]));
        for (int i = 0; i < 200; i++) {
            char text[2048];
            size_t length = random_text(text, random_below(40, random_stream_next(&r)), &r);
            assert_ok(maske_tokenizer_encode(t, text, length, NULL, 0, NULL, &e));
            for (size_t j = 0; j < e.count; j++) {
                assert_true(e.byte_end[j] <= length);
                assert_int_equal(utf8_count(text, e.byte_begin[j]), e.char_begin[j]);
                assert_int_equal(utf8_count(text, e.byte_end[j]), e.char_end[j]);
            }
        }
        maske_tokenizer_free(t);
    }
    maske_encoding_free(&e);
}

/* The round trip that the standard tokenizers promise. */
static void decoding_gives_the_text_back(void **state) {
    (void)state;
    maske_encode_options options = {.no_special = true, .ids_only = true};
    maske_encoding e = {0};
    for (int kind = 0; kind < 2; kind++) {
        maske_tokenizer *t = NULL;
        assert_ok(maske_tokenizer_open(&t, kind == 0 ? GOLDEN "metaspace.json" : GOLDEN "bytelevel.json"));
        random_stream r = random_stream_start((uint64_t)kind, RANDOM_TEST, 2, 0);
        for (int i = 0; i < 2000; i++) {
            char text[4096], *back = NULL;
            size_t length = 0, back_length = 0, points = random_below(30, random_stream_next(&r));
            for (size_t j = 0; j < points; j++) {
                uint32_t c = random_below(j % 3 == 0 ? 0x110000 : j % 3 == 1 ? 0x80 : 0x800, random_stream_next(&r));
                if ((c >= 0xD800 && c < 0xE000) || c == 0x2581) c = ' ';
                if (c == ' ' && length == 0) c = 'x';
                length += utf8_put(text + length, c);
            }
            assert_ok(maske_tokenizer_encode(t, text, length, NULL, 0, &options, &e));
            assert_ok(maske_tokenizer_decode(t, e.ids, e.count, false, &back, &back_length));
            if (kind == 1 && back_length > 0 && length > 0 && text[0] != ' ') { /* this one adds a space in front */
                memmove(back, back + 1, back_length--);
            }
            assert_int_equal(back_length, length);
            assert_memory_equal(back, text, length);
            free(back);
        }
        maske_tokenizer_free(t);
    }
    maske_encoding_free(&e);
}

static void a_warm_encoding_allocates_nothing(void **state) {
    (void)state;
    if (!COUNTS_ALLOCATIONS) skip();
    static const char *const bases[] = {GOLDEN "metaspace.json", GOLDEN "words.json", GOLDEN "bytelevel.json",
                                        GOLDEN "wordpiece.json"};
    char text[1 << 15];
    random_stream r = random_stream_start(1, RANDOM_TEST, 3, 0);
    size_t length = random_text(text, 3000, &r);
    for (size_t b = 0; b < 4; b++) {
        for (int ids_only = 0; ids_only < 2; ids_only++) {
            maske_tokenizer *t = NULL;
            maske_encoding e = {0};
            maske_encode_options options = {.ids_only = ids_only == 1};
            assert_ok(maske_tokenizer_open(&t, bases[b]));
            for (int i = 0; i < 3; i++) assert_ok(maske_tokenizer_encode(t, text, length, text, 100, &options, &e));
            size_t before = allocations;
            for (int i = 0; i < 5; i++) assert_ok(maske_tokenizer_encode(t, text, length, text, 100, &options, &e));
            if (allocations != before)
                fail_msg("%s, ids_only %d: %zu allocations", bases[b], ids_only, allocations - before);
            maske_encoding_free(&e);
            maske_tokenizer_free(t);
        }
    }
}

static void an_encoding_serves_several_tokenizers(void **state) {
    (void)state;
    maske_tokenizer *a = NULL, *b = NULL;
    maske_encoding shared = {0}, own = {0};
    maske_encode_options options = {.ids_only = true};
    static const char text[] = "Merhaba ve merhaba, Merhaba!";
    assert_ok(maske_tokenizer_open(&a, GOLDEN "metaspace.json"));
    assert_ok(maske_tokenizer_open(&b, GOLDEN "wordpiece.json"));
    for (int i = 0; i < 6; i++) {
        const maske_tokenizer *t = i % 2 == 0 ? a : b;
        options.ids_only = i < 4;
        assert_ok(maske_tokenizer_encode(t, text, sizeof text - 1, NULL, 0, &options, &shared));
        maske_encoding_free(&own);
        assert_ok(maske_tokenizer_encode(t, text, sizeof text - 1, NULL, 0, &options, &own));
        assert_int_equal(shared.count, own.count);
        assert_memory_equal(shared.ids, own.ids, own.count * sizeof *own.ids);
    }
    maske_encoding_free(&shared);
    maske_encoding_free(&own);
    maske_tokenizer_free(a);
    maske_tokenizer_free(b);
}

static void bad_text_is_refused(void **state) {
    (void)state;
    maske_tokenizer *t = NULL;
    maske_encoding e = {0};
    assert_ok(maske_tokenizer_open(&t, GOLDEN "metaspace.json"));
    assert_fails(maske_tokenizer_encode(t, "ab\xFF", 3, NULL, 0, NULL, &e), MASKE_BAD_ARGUMENT, "not UTF-8 at byte 2");
    assert_fails(maske_tokenizer_encode(t, "ab", 2, "\xC3", 1, NULL, &e), MASKE_BAD_ARGUMENT, "not UTF-8 at byte 0");
    assert_int_equal(e.count, 0);
    maske_encoding_free(&e);
    maske_tokenizer_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways_give_the_same_ids),
        cmocka_unit_test(ids_alone_know_the_start_of_the_text),
        cmocka_unit_test(a_batch_gives_what_its_texts_give_singly),
        cmocka_unit_test(a_batch_takes_large_texts_and_none),
        cmocka_unit_test(offsets_in_bytes_and_characters_agree),
        cmocka_unit_test(decoding_gives_the_text_back),
        cmocka_unit_test(a_warm_encoding_allocates_nothing),
        cmocka_unit_test(an_encoding_serves_several_tokenizers),
        cmocka_unit_test(bad_text_is_refused),
    };
    return cmocka_run_group_tests_name("tokenizer/encode", tests, NULL, NULL);
}
