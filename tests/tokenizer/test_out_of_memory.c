/* tests/tokenizer/test_out_of_memory.c: each allocation in turn fails while a tokenizer is opened, used and saved: a
 * sentence comes back, nothing crashes, nothing is lost. */
#include "maske.h"
#include "faults/shim.h"
#include "scratch.h"

#define ADDED "\"added_tokens\":[{\"id\":3,\"content\":\"[M]\",\"special\":true,\"lstrip\":true,\"normalized\":false}," \
    "{\"id\":9,\"content\":\"HI\",\"normalized\":true}],"
#define AROUND "\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"a\",\"type_id\":0}}," \
    "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}],\"pair\":[{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}," \
    "{\"Sequence\":{\"id\":\"B\",\"type_id\":1}}],\"special_tokens\":{\"a\":{\"id\":\"a\",\"ids\":[0],\"tokens\":[\"a\"]}}},"
static const char *const files[] = {
    "{\"version\":\"1.0\",\"truncation\":null,\"padding\":{\"strategy\":{\"Fixed\":9},\"direction\":\"Left\",\"pad_to_multiple_of\":4,"
    "\"pad_id\":0,\"pad_type_id\":0,\"pad_token\":\"a\"}," ADDED AROUND "\"normalizer\":{\"type\":\"Lowercase\"},"
    "\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"first\",\"split\":true},"
    "\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":{\"String\":\"_\"},\"content\":\" \"},"
    "{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"},{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}]},"
    "\"model\":{\"type\":\"BPE\",\"unk_token\":\"a\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2,\"_\":4},\"merges\":[[\"a\",\"b\"]]}}",
    "{\"version\":\"1.0\"," ADDED "\"normalizer\":{\"type\":\"BertNormalizer\",\"clean_text\":true,\"handle_chinese_chars\":true,"
    "\"strip_accents\":null,\"lowercase\":true},\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},"
    "\"post_processor\":{\"type\":\"BertProcessing\",\"sep\":[\"a\",0],\"cls\":[\"b\",1]},"
    "\"decoder\":{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true},\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"a\","
    "\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":100,\"vocab\":{\"a\":0,\"b\":1,\"##b\":2,\"ab\":4}}}",
    "{\"version\":\"1.0\",\"truncation\":{\"max_length\":12,\"strategy\":\"LongestFirst\",\"stride\":0}," ADDED
    "\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFD\"},{\"type\":\"StripAccents\"},{\"type\":\"Strip\","
    "\"strip_left\":true,\"strip_right\":true},{\"type\":\"Prepend\",\"prepend\":\"a\"},{\"type\":\"NFC\"}]},"
    "\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"Regex\":\"b+|\\\\s\"},"
    "\"behavior\":\"MergedWithNext\",\"invert\":false},{\"type\":\"Digits\",\"individual_digits\":true},"
    "{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true,\"use_regex\":true}]},"
    "\"post_processor\":{\"type\":\"RobertaProcessing\",\"sep\":[\"a\",0],\"cls\":[\"b\",1],\"trim_offsets\":true,\"add_prefix_space\":true},"
    "\"decoder\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true},"
    "\"model\":{\"type\":\"BPE\",\"end_of_word_suffix\":\"b\",\"fuse_unk\":true,\"unk_token\":\"a\","
    "\"vocab\":{\"a\":0,\"b\":1,\"ab\":2,\"bb\":4},\"merges\":[\"a b\"]}}",
};

/* Everything once. */
static maske_status use(const char *path, const char *folder) {
    static const char text[] = "ab [M] abba hi \xC3\xA9, a ab aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab";
    maske_tokenizer *t = NULL;
    maske_encoding e = {0};
    maske_encodings windows = {0};
    char *back = NULL;
    maske_status status = maske_tokenizer_open(&t, path);
    for (int ids_only = 0; ids_only < 2 && status == MASKE_OK; ids_only++) {
        maske_encode_options options = {.ids_only = ids_only == 1};
        status = maske_tokenizer_encode(t, text, sizeof text - 1, text, 6, &options, &e);
    }
    const char *texts[] = {text, "ab", text};
    const size_t lengths[] = {sizeof text - 1, 2, 6};
    maske_batch_encoding batch = {0};
    if (status == MASKE_OK) status = maske_tokenizer_encode_batch(t, texts, lengths, 3, NULL, &batch);
    maske_batch_encoding_free(&batch);
    if (status == MASKE_OK) status = maske_tokenizer_encode_windows(t, text, 40, text, 6, NULL, &windows);
    if (status == MASKE_OK) status = maske_tokenizer_decode(t, e.ids, e.count, true, &back, NULL);
    if (status == MASKE_OK) status = maske_tokenizer_save(t, folder);
    free(back);
    maske_encoding_free(&e);
    maske_encodings_free(&windows);
    maske_tokenizer_free(t);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    if (!shim_sees_allocations()) skip();
    const char *folder = scratch_path("saved");
    assert_ok(folder_make(folder));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *path = scratch_text("tokenizer.json", files[i]);
        shim->plan(NULL);
        assert_ok(use(path, folder));
        size_t total = shim->calls("allocate");
        assert_true(total > 100);
        for (size_t n = 1; n <= total; n++) {
            char plan[64];
            snprintf(plan, sizeof plan, "allocate:%zu:ENOMEM", n);
            long before = shim->blocks();
            shim->plan(plan);
            maske_status status = use(path, folder);
            shim->plan(NULL);
            /* A cache that cannot grow is no failure. */
            if (status != MASKE_OK && maske_error()[0] == '\0') fail_msg("allocation %zu: no sentence", n);
            if (shim->blocks() != before)
                fail_msg("allocation %zu of %zu fails: %ld blocks are lost", n, total, shim->blocks() - before);
        }
    }
}

int main(int argc, char **argv) {
    (void)argc;
    shim_load(argv);
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_allocation_may_fail) };
    return cmocka_run_group_tests_name("tokenizer/out_of_memory", tests, NULL, NULL);
}
