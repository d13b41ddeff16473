/* tests/faults/test_allocation.c: each allocation in turn fails, once and from then on, while every part of the library
 * is used: a status and a sentence come back, nothing is lost, what was opened can be closed, and nothing half-made is
 * left in the place of the output (P10, P3). */
#include "base/output_folder.h"
#include "corpus/corpus.h"
#include "train/checkpoint.h"

#include "small_world.h"

/* ---- everything once; each gives back the first failure, and has freed whatever it got ---- */

static maske_status use_tokenizer_training(const char *out) {
    maske_tokenizer *t = NULL;
    maske_tokenizer_train_options o = world_tokenizer_options();
    maske_text text = world_source();
    maske_status status = maske_tokenizer_train(&t, &text, &o, &(maske_control){.threads = 1}, NULL);
    if (status == MASKE_OK) status = folder_make(out);
    if (status == MASKE_OK) status = maske_tokenizer_save(t, out);
    maske_tokenizer_free(t);
    return status;
}

static maske_status use_tokenizer(const char *out) {
    (void)out;
    static const char line[] = "ela bal xyz lale [MASK] al";
    maske_tokenizer *t = NULL;
    maske_encoding e = {0};
    char *back = NULL;
    maske_tokenizer_report report;
    maske_text text = world_source();
    maske_status status = maske_tokenizer_open(&t, world_tokenizer);
    if (status == MASKE_OK)
        status = maske_tokenizer_encode(t, line, sizeof line - 1, line, 5, &(maske_encode_options){0}, &e);
    if (status == MASKE_OK) status = maske_tokenizer_decode(t, e.ids, e.count, true, &back, NULL);
    if (status == MASKE_OK) status = maske_tokenizer_inspect(t, &text, &(maske_control){.threads = 1}, &report);
    free(back);
    maske_encoding_free(&e);
    maske_tokenizer_free(t);
    return status;
}

static maske_status use_model(const char *out) {
    (void)out;
    static const char *const texts[] = {"ela bal", "lale"};
    static const size_t lengths[] = {7, 4};
    maske_model *m = NULL;
    maske_fill_result filled = {0};
    maske_fill_options fill;
    maske_evaluate_options evaluate;
    maske_evaluation evaluation;
    maske_score_result scores[2];
    float vectors[2 * 8];
    maske_text text = world_source();
    maske_fill_options_defaults(&fill);
    maske_evaluate_options_defaults(&evaluate);
    maske_status status = maske_model_open(&m, world_model, &(maske_model_options){.threads = 1});
    if (status == MASKE_OK) status = maske_fill(m, "ela [MASK] lale", &fill, &filled);
    if (status == MASKE_OK) status = maske_evaluate(m, &text, &evaluate, &(maske_control){.threads = 1}, &evaluation);
    if (status == MASKE_OK) status = maske_score(m, texts, lengths, 2, NULL, scores);
    if (status == MASKE_OK)
        status = maske_embed(m, texts, lengths, 2, &(maske_embed_options){.pooling = MASKE_POOLING_MEAN, .normalize = true}, vectors, NULL);
    maske_fill_result_free(&filled);
    maske_model_close(m);
    return status;
}

static maske_status use_int8(const char *out) {
    (void)out;
    maske_model *m = NULL;
    maske_fill_result filled = {0};
    maske_fill_options fill;
    maske_fill_options_defaults(&fill);
    maske_status status = maske_model_open(&m, world_model, &(maske_model_options){.precision = "int8", .threads = 1});
    if (status == MASKE_OK) status = maske_fill(m, "ela [MASK] lale", &fill, &filled);
    maske_fill_result_free(&filled);
    maske_model_close(m);
    return status;
}

static maske_status use_data(const char *out) {
    maske_tokenizer *t = NULL;
    maske_data_options options;
    maske_data_options_defaults(&options);
    maske_text text = world_source();
    maske_status status = maske_tokenizer_open(&t, world_tokenizer);
    if (status == MASKE_OK)
        status = maske_data_write(t, &text, &options, out, true, &(maske_control){.threads = 1}, NULL);
    maske_tokenizer_free(t);
    return status;
}

static maske_status use_run(const char *out) {
    maske_run_options options = {.hidden_states = true, .attentions = true, .grad = true, .force = true, .threads = 1};
    return maske_run(world_model, world_tensors, out, &options);
}

static maske_status use_export(const char *out) {
    return maske_export(world_model, out, &(maske_export_options){.dtype = "f16"});
}

static maske_status use_extend(const char *out) {
    maske_tokenizer *base = NULL, *longer = NULL;
    maske_tokenizer_train_options o = world_tokenizer_options();
    o.vocab_size += 4;
    o.min_frequency = 1;
    maske_text text = world_source();
    maske_status status = maske_tokenizer_open(&base, world_model);
    if (status == MASKE_OK)
        status = maske_tokenizer_extend(&longer, base, &text, &o, &(maske_control){.threads = 1}, NULL);
    if (status == MASKE_OK) status = maske_model_extend(world_model, longer, out, false);
    maske_tokenizer_free(longer);
    maske_tokenizer_free(base);
    return status;
}

static maske_status use_checkpoint(const char *out) {
    (void)out;
    char folder[600];
    snprintf(folder, sizeof folder, "%s/checkpoints", world_model);
    checkpoint c = {0};
    masked_lm *model = NULL;
    optimizer o = {0};
    maske_status status = checkpoint_newest(&c, folder);
    if (status == MASKE_OK && c.path != NULL) status = checkpoint_load(&c, &model, &o, 0);
    masked_lm_free(model);
    optimizer_free(&o);
    checkpoint_free(&c);
    return status;
}

/* Text, set-up, two steps, an evaluation, two checkpoints. */
static maske_status use_training(const char *out) {
    maske_train_options options = world_options();
    training t = {.text = world_text, .tokenizer = world_tokenizer, .threads = 1};
    return training_start(&t, out, &options);
}

/* ---- files that others make ---- */

/* "ela bal\nal lale\n", in three ways. */
static const char text_gz[] =
    "\037\213\010\000\000\000\000\000\002\003K\315ITHJ\314\341J\314Q\310I\314I\345\002\000v\31230\020\000\000"
    "\000";
static const char text_bz2[] =
    "BZh11AY&SY\342\036\277f\000\000\005Q\000\000\020@\0002\004 \0000\300\006\215<\242\226%v\221/\213\271\042"
    "\234(Hq\017_\263\000";
static const char text_xz[] =
    "\xFD" "7zXZ\x00\x00\x04\xE6\xD6\xB4" "F\x02\x00!\x01\x0C\x00\x00\x00\x8F\x98" "A\x9C\x01\x00"
    "\x0F" "ela bal\x0A" "al lale\x0A\x00\xD8\xFE\xB6\xDD\xCE\xB2l\x95\x00\x01(\x10\xE5\x0Bl`\x1F"
    "\xB6\xF3}\x01\x00\x00\x00\x00\x04YZ";

static struct others {
    const char *texts[4], *tokenizers[5], *out;
} others;

/* Compressed text, JSON lines. No zstd: libarchive's opener uses what it did not get. */
static maske_status use_text(const char *out) {
    (void)out;
    corpus *c = NULL;
    const char *block = NULL;
    size_t length = 1;
    TRY(corpus_open(&c, &(maske_text){others.texts, 4, NULL}, NULL));
    maske_status status = MASKE_OK;
    while (status == MASKE_OK && length > 0) status = corpus_next_block(c, &block, &length);
    corpus_close(c);
    return status;
}

/* Weights by PyTorch and in several files. */
static maske_status use_weight_files(const char *out) {
    (void)out;
    static const char *const forms[] = {"bin", "bin_old", "bin_sharded", "sharded"};
    maske_status status = MASKE_OK;
    for (size_t i = 0; i < sizeof forms / sizeof *forms && status == MASKE_OK; i++) {
        char path[512];
        masked_lm *model = NULL;
        snprintf(path, sizeof path, "%s/weight_files/%s", TEST_DATA, forms[i]);
        status = masked_lm_open(&model, path);
        masked_lm_free(model);
    }
    return status;
}

/* vocab.txt beside its settings; vocab.json with merges.txt; a tokenizer.json of which a class takes only a part. */
static maske_status use_old_tokenizers(const char *out) {
    (void)out;
    maske_status status = MASKE_OK;
    for (size_t i = 0; i < sizeof others.tokenizers / sizeof *others.tokenizers && status == MASKE_OK; i++) {
        maske_tokenizer *t = NULL;
        status = maske_tokenizer_open(&t, others.tokenizers[i]);
        maske_tokenizer_free(t);
    }
    return status;
}

static maske_status use_onnx(const char *out) {
    return maske_export(world_model, out, &(maske_export_options){.onnx = true});
}

static maske_status use_report(const char *out) { return maske_report(world_model, out, true); }

static void make_other_files(void) {
    others = (struct others){
        .texts = {scratch_write("text.xz", text_xz, sizeof text_xz - 1),
                  scratch_write("text.gz", text_gz, sizeof text_gz - 1),
                  scratch_write("text.bz2", text_bz2, sizeof text_bz2 - 1),
                  scratch_text("text.jsonl",
                               "{\"text\": \"ela\\nbal\"}\n{\"id\": [1, {}], \"text\": \"\\u00e7\"}\n")},
        .tokenizers = {scratch_path("old-wordpiece"), scratch_path("old-bpe"), scratch_path("old-gpt2"),
                       scratch_path("class-bert"), scratch_path("class-roberta")},
        .out = scratch_path("out"),
    };
    for (int i = 0; i < 5; i++) assert_ok(folder_make(others.tokenizers[i]));
    (void)scratch_text("old-wordpiece/vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ne\n##l\n##a\nel\n");
    (void)scratch_text("old-wordpiece/tokenizer_config.json",
                       "{\"do_lower_case\": true, \"model_max_length\": 16, \"tokenizer_class\": \"BertTokenizer\", "
                       "\"x_token\": \"<x>\", \"additional_special_tokens\": [\"<y>\"]}");
    (void)scratch_text("old-wordpiece/special_tokens_map.json",
                       "{\"extra_special_tokens\": [{\"content\": \"<z>\"}], \"u_token\": {\"content\": \"<u>\"}}");
    (void)scratch_text("old-wordpiece/added_tokens.json", "{\"<y>\": 9, \"ela\": 10}");
    (void)scratch_text("old-bpe/vocab.json", "{\"<s>\": 0, \"<pad>\": 1, \"</s>\": 2, \"<unk>\": 3, \"<mask>\": 4, "
                                             "\"a\": 5, \"l\": 6, \"al\": 7}");
    (void)scratch_text("old-bpe/merges.txt", "#version: 0.2\na l\n");
    (void)scratch_text("class-bert/config.json", "{\"model_type\": \"bert\"}");
    (void)scratch_text("class-bert/tokenizer.json",
                       "{\"added_tokens\": [{\"id\": 5, \"content\": \"<x>\", \"special\": true}], \"normalizer\": null, "
                       "\"pre_tokenizer\": null, \"post_processor\": {\"type\": \"BertProcessing\", \"sep\": [\"[SEP]\", 3], "
                       "\"cls\": [\"[CLS]\", 2]}, \"decoder\": null, \"model\": {\"type\": \"WordPiece\", \"unk_token\": \"[UNK]\", "
                       "\"continuing_subword_prefix\": \"##\", \"max_input_chars_per_word\": 9, \"vocab\": {\"[PAD]\": 0, \"[UNK]\": 1, "
                       "\"[CLS]\": 2, \"[SEP]\": 3, \"a\": 4}}}");
    (void)scratch_text("class-roberta/tokenizer_config.json", "{\"tokenizer_class\": \"RobertaTokenizer\"}");
    (void)scratch_text("class-roberta/tokenizer.json",
                       "{\"added_tokens\": [], \"normalizer\": {\"type\": \"NFC\"}, \"pre_tokenizer\": {\"type\": \"ByteLevel\", "
                       "\"add_prefix_space\": true, \"trim_offsets\": true}, \"model\": {\"type\": \"BPE\", \"fuse_unk\": true, "
                       "\"vocab\": {\"a\": 0, \"l\": 1, \"al\": 2}, \"merges\": [[\"a\", \"l\"]]}}");
    (void)scratch_text("old-gpt2/vocab.json", "{\"a\": 0, \"l\": 1, \"al\": 2}");
    (void)scratch_text("old-gpt2/merges.txt", "#version: 0.2\na l\n");
    (void)scratch_text("old-gpt2/config.json", "{\"model_type\": \"gpt2\"}");
    (void)scratch_text("old-gpt2/tokenizer_config.json",
                       "{\"add_bos_token\": true, \"add_eos_token\": true, \"extra_special_tokens\": {\"v_token\": \"<v>\"}, "
                       "\"added_tokens_decoder\": {\"3\": {\"content\": \"<|endoftext|>\", \"special\": false}}}");
}

/* ---- */

static long blocks_lost(long before) { return shim->blocks() - before; }

static void fail_each(maske_status (*use)(const char *out), const char *what, const char *mode, bool output) {
    const char *out = others.out;
    assert_ok(use(out)); /* what is made once for the whole process is made now */
    assert_ok(folder_remove(out));
    size_t failed = 0, n = 1;
    for (bool fired = true; fired; n++) {
        char plan[64];
        snprintf(plan, sizeof plan, "allocate:%zu:ENOMEM:%s", n, mode);
        long before = shim->blocks();
        (void)error_set(MASKE_IO, "nothing");
        shim->plan(plan);
        maske_status status = use(out);
        fired = shim->fired();
        shim->plan(NULL);
        if (blocks_lost(before) != 0)
            fail_msg("%s: allocation %zu fails %s: %ld blocks are lost", what, n, mode, blocks_lost(before));
        if (status == MASKE_OK && output) assert_true(path_exists(out));
        if (status != MASKE_OK) {
            failed++;
            if (!fired) fail_msg("%s: fails by itself: %s", what, maske_error());
            if (maske_error()[0] == '\0' || strcmp(maske_error(), "nothing") == 0)
                fail_msg("%s: allocation %zu fails %s: no sentence", what, n, mode);
        }
        assert_ok(folder_remove(out));
    }
    if (failed < 10) fail_msg("%s: only %zu failures in %zu allocations: is the shim there?", what, failed, n);
}

#define EACH_ALLOCATION(part, output)                                                                                  \
    static void part##_may_lack_memory(void **state) {                                                                 \
        (void)state;                                                                                                   \
        if (!shim_sees_allocations()) skip();                                                                          \
        fail_each(use_##part, #part, "once", output);                                                                  \
        fail_each(use_##part, #part, "forever", output);                                                               \
    }
EACH_ALLOCATION(tokenizer_training, true)
EACH_ALLOCATION(tokenizer, false)
EACH_ALLOCATION(model, false)
EACH_ALLOCATION(int8, false)
EACH_ALLOCATION(data, true)
EACH_ALLOCATION(run, true)
EACH_ALLOCATION(export, true)
EACH_ALLOCATION(extend, true)
EACH_ALLOCATION(checkpoint, false)
EACH_ALLOCATION(training, true)
EACH_ALLOCATION(text, false)
EACH_ALLOCATION(weight_files, false)
EACH_ALLOCATION(old_tokenizers, false)
EACH_ALLOCATION(onnx, true)
EACH_ALLOCATION(report, true)

static int make_world(void **state) {
    (void)state;
    world_make();
    make_other_files();
    return 0;
}

int main(int argc, char **argv) {
    shim_load(argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokenizer_training_may_lack_memory),
        cmocka_unit_test(tokenizer_may_lack_memory),
        cmocka_unit_test(model_may_lack_memory),
        cmocka_unit_test(int8_may_lack_memory),
        cmocka_unit_test(data_may_lack_memory),
        cmocka_unit_test(run_may_lack_memory),
        cmocka_unit_test(export_may_lack_memory),
        cmocka_unit_test(extend_may_lack_memory),
        cmocka_unit_test(checkpoint_may_lack_memory),
        cmocka_unit_test(training_may_lack_memory),
        cmocka_unit_test(text_may_lack_memory),
        cmocka_unit_test(weight_files_may_lack_memory),
        cmocka_unit_test(old_tokenizers_may_lack_memory),
        cmocka_unit_test(onnx_may_lack_memory),
        cmocka_unit_test(report_may_lack_memory),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests_name("faults/allocation", tests, make_world, NULL);
}
