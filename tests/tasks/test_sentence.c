/* Folders of sentence-transformers: what is said of pooling is done, in files of every age; what cannot be done
 * is named. */
#include <math.h>

#include "tasks/small_model.h"

static void write_text(const char *folder, const char *name, const char *text) {
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_ok(file_write_atomic(path, text, strlen(text), true));
}

static const char *new_model(const char *name) { return small_model_write(name, "metaspace", 0.3, 0); }

static const char *const texts[] = {"Ankara bir şehirdir", "kitap", ""};
enum { TEXTS = 3, HIDDEN_MOST = 64 };

typedef struct vectors { float of[TEXTS][HIDDEN_MOST]; } vectors;
static size_t embed(vectors *out, const char *folder, maske_embed_options how) {
    maske_model *model = NULL;
    maske_model_info info;
    const size_t lengths[] = {strlen(texts[0]), strlen(texts[1]), 0};
    static float room[TEXTS * HIDDEN_MOST];
    assert_ok(maske_model_open(&model, folder, NULL));
    maske_model_describe(model, &info);
    assert_ok(maske_embed(model, texts, lengths, TEXTS, &how, room, NULL));
    size_t hidden = (size_t)info.hidden_size;
    for (size_t i = 0; i < TEXTS; i++) memcpy(out->of[i], room + i * hidden, hidden * sizeof(float));
    maske_model_close(model);
    return hidden;
}

static double length_of(const float *v, size_t size) {
    double sum = 0;
    for (size_t i = 0; i < size; i++) sum += (double)v[i] * (double)v[i];
    return sqrt(sum);
}

static const char modules[] = "[{\"idx\":0,\"path\":\"\",\"type\":\"sentence_transformers.models.Transformer\"},"
                              "{\"path\":\"1_Pooling\",\"type\":\"sentence_transformers.models.Pooling\"}%s]";

static void write_modules(const char *folder, const char *more) {
    char text[1024], pooling[600];
    snprintf(text, sizeof text, modules, more);
    write_text(folder, "modules.json", text);
    snprintf(pooling, sizeof pooling, "%s/1_Pooling", folder);
    assert_ok(folder_make(pooling));
}

static void each_pooling_of_the_folder_is_that_of_the_option(void **state) {
    (void)state;
    static const struct { const char *config; maske_pooling pooling; } cases[] = {
        {"{\"pooling_mode_cls_token\": true, \"pooling_mode_mean_tokens\": false}", MASKE_POOLING_CLS},
        {"{\"pooling_mode_mean_tokens\": true}", MASKE_POOLING_MEAN},
        {"{\"pooling_mode_max_tokens\": true}", MASKE_POOLING_MAX},
        {"{\"pooling_mode_mean_sqrt_len_tokens\": true}", MASKE_POOLING_MEAN_SQRT_LEN},
        {"{\"pooling_mode_weightedmean_tokens\": true}", MASKE_POOLING_WEIGHTED_MEAN},
        {"{\"pooling_mode_lasttoken\": true}", MASKE_POOLING_LAST},
        {"{\"pooling_mode\": \"max\"}", MASKE_POOLING_MAX}};
    const char *folder = new_model("poolings");
    write_modules(folder, "");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vectors said, chosen, other;
        write_text(folder, "1_Pooling/config.json", cases[i].config);
        size_t size = embed(&said, folder, (maske_embed_options){0});
        embed(&chosen, folder, (maske_embed_options){.pooling = cases[i].pooling});
        bool cls = cases[i].pooling == MASKE_POOLING_CLS;
        embed(&other, folder, (maske_embed_options){.pooling = cls ? MASKE_POOLING_LAST : MASKE_POOLING_CLS});
        for (size_t t = 0; t < TEXTS; t++) assert_memory_equal(said.of[t], chosen.of[t], size * sizeof(float));
        assert_memory_not_equal(said.of[0], other.of[0], size * sizeof(float));
    }
}

/* Three ways of adding the same vectors up differ by known factors, for a text of one length. */
static void sums_have_their_divisors(void **state) {
    (void)state;
    const char *folder = new_model("sums");
    vectors mean, root, first, last, weighted;
    size_t size = embed(&mean, folder, (maske_embed_options){.pooling = MASKE_POOLING_MEAN});
    embed(&root, folder, (maske_embed_options){.pooling = MASKE_POOLING_MEAN_SQRT_LEN});
    embed(&first, folder, (maske_embed_options){.pooling = MASKE_POOLING_CLS});
    embed(&last, folder, (maske_embed_options){.pooling = MASKE_POOLING_LAST});
    embed(&weighted, folder, (maske_embed_options){.pooling = MASKE_POOLING_WEIGHTED_MEAN});
    for (size_t i = 0; i < size; i++) {     /* the empty text is two tokens: [CLS] and [SEP] */
        float a = first.of[2][i], b = last.of[2][i];
        assert_true(fabsf(mean.of[2][i] - (a + b) / 2) < 1e-5f);
        assert_true(fabsf(root.of[2][i] - (a + b) / sqrtf(2)) < 1e-5f);
        assert_true(fabsf(weighted.of[2][i] - (a + 2 * b) / 3) < 1e-5f);
    }
}

static void a_normalize_module_normalizes(void **state) {
    (void)state;
    const char *folder = new_model("normalize");
    write_modules(folder, ",{\"path\":\"2_Normalize\",\"type\":\"sentence_transformers.models.Normalize\"}");
    write_text(folder, "1_Pooling/config.json", "{\"pooling_mode_mean_tokens\": true}");
    vectors said, plain;
    size_t size = embed(&said, folder, (maske_embed_options){0});
    embed(&plain, folder, (maske_embed_options){.pooling = MASKE_POOLING_MEAN});
    for (size_t t = 0; t < TEXTS; t++) {
        assert_true(fabs(length_of(said.of[t], size) - 1) < 1e-6);
        assert_true(fabs(length_of(plain.of[t], size) - 1) > 1e-3);
    }
}

static void expect_text(const char *folder, const char *name, const char *expected) {
    char path[700], *text = NULL;
    size_t length = 0;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_ok(file_read(&text, &length, path, 1 << 20));
    assert_string_equal(text, expected);
    free(text);
}

/* A pooling folder by another name, a module with weights, a length, a prompt that is not used. */
static const char pooling_of_last[] = "{\"pooling_mode_lasttoken\": true}", length_of_nine[] = "{\"max_seq_length\": 9}",
                  no_prompts[] = "{\"prompts\": {}}", dense_settings[] = "{\"in_features\": 24}";
static const char *complete_folder(const char *name) {
    const char *folder = new_model(name);
    char path[600];
    write_text(folder, "modules.json",
               "[{\"path\":\"\",\"type\":\"x.Transformer\"},{\"path\":\"9_Pool\",\"type\":\"x.Pooling\"},"
               "{\"path\":\"2_Normalize\",\"type\":\"x.Normalize\"},{\"path\":\"3_Dense\",\"type\":\"x.Dense\"}]");
    snprintf(path, sizeof path, "%s/9_Pool", folder);
    assert_ok(folder_make(path));
    snprintf(path, sizeof path, "%s/3_Dense", folder);
    assert_ok(folder_make(path));
    write_text(folder, "9_Pool/config.json", pooling_of_last);
    write_text(folder, "3_Dense/config.json", dense_settings);
    write_text(folder, "3_Dense/model.safetensors", "weights");
    write_text(folder, "sentence_bert_config.json", length_of_nine);
    write_text(folder, "config_sentence_transformers.json", no_prompts);
    return folder;
}

static void expect_complete(const char *folder) {
    expect_text(folder, "9_Pool/config.json", pooling_of_last);
    expect_text(folder, "3_Dense/config.json", dense_settings);
    expect_text(folder, "3_Dense/model.safetensors", "weights");
    expect_text(folder, "sentence_bert_config.json", length_of_nine);
    expect_text(folder, "config_sentence_transformers.json", no_prompts);
    maske_model *model = small_model_open(folder);
    assert_int_equal(model->max_length, 9);
    assert_int_equal(model->sentence.pooling, MASKE_POOLING_LAST);
    assert_true(model->sentence.normalize);
    maske_model_close(model);
}

static void extend_folder(const char *folder, const char *out) {
    maske_tokenizer *tokenizer = NULL;
    assert_ok(maske_tokenizer_open(&tokenizer, folder));
    assert_ok(maske_model_extend(folder, tokenizer, out, false));
    maske_tokenizer_free(tokenizer);
}

static maske_status train_on(const char *folder, const char *out, bool force) {
    const char *path = TEST_DATA "/train/kasaba.txt";
    maske_train_options o;
    maske_train_options_defaults(&o);
    o.hidden_size = o.num_hidden_layers = o.num_attention_heads = o.intermediate_size = 0;
    o.max_length = 16;
    o.batch_size = 2;
    o.steps = 1;
    o.learning_rate = 0;
    o.force = force;
    return maske_train(out, folder, NULL, &(maske_text){&path, 1, NULL}, &o, NULL, NULL);
}

static void what_makes_vectors_goes_with_the_model(void **state) {
    (void)state;
    const char *folder = complete_folder("complete"), *run = scratch_path("trained"), *plain = new_model("plain");
    assert_ok(maske_export(folder, scratch_path("exported"), NULL));
    expect_complete(scratch_path("exported"));
    extend_folder(folder, scratch_path("extended"));
    expect_complete(scratch_path("extended"));
    assert_ok(train_on(folder, run, false));
    expect_complete(run);
    /* A new run in its place keeps none of it, but what is not of a run. */
    write_text(run, "9_Pool/notes", "mine");
    assert_ok(train_on(plain, run, true));
    static const char *const gone[] = {"modules.json", "9_Pool/config.json", "3_Dense", "sentence_bert_config.json",
                                       "config_sentence_transformers.json"};
    char path[700];
    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", run, gone[i]);
        assert_false(path_exists(path));
    }
    expect_text(run, "9_Pool/notes", "mine");
}

static size_t max_length_of(const char *folder) {
    maske_model *model = small_model_open(folder);
    size_t length = model->max_length;
    maske_model_close(model);
    return length;
}

static void the_length_is_that_of_the_library(void **state) {
    (void)state;
    const char *folder = new_model("lengths");
    write_text(folder, "tokenizer_config.json", "{\"model_max_length\": 20}");
    write_text(folder, "sentence_roberta_config.json", "{\"max_seq_length\": 11}");
    assert_int_equal(max_length_of(folder), SMALL_POSITIONS);      /* no folder of sentence-transformers */
    write_modules(folder, "");
    write_text(folder, "1_Pooling/config.json", "{\"pooling_mode_mean_tokens\": true}");
    assert_int_equal(max_length_of(folder), 11);
    write_text(folder, "sentence_bert_config.json", "{}");              /* says nothing at all: the next one counts */
    assert_int_equal(max_length_of(folder), 11);
    write_text(folder, "sentence_bert_config.json", "{\"do_lower_case\": false}");
    assert_int_equal(max_length_of(folder), 20);
    write_text(folder, "tokenizer_config.json", "{\"model_max_length\": 1000000000000000019884624838656}");
    assert_int_equal(max_length_of(folder), SMALL_POSITIONS);
    write_text(folder, "sentence_bert_config.json", "{\"max_seq_length\": 9}");
    assert_int_equal(max_length_of(folder), 9);
}

/* Moves the network and its tokenizer to a folder of their own, as older folders have it. */
static void nest(const char *folder) {
    static const char *const names[] = {"config.json", "model.safetensors", "tokenizer.json"};
    char inner[600], from[700], to[700];
    snprintf(inner, sizeof inner, "%s/0_Transformer", folder);
    assert_ok(folder_make(inner));
    for (size_t i = 0; i < 3; i++) {
        snprintf(from, sizeof from, "%s/%s", folder, names[i]);
        snprintf(to, sizeof to, "%s/%s", inner, names[i]);
        assert_int_equal(rename(from, to), 0);
    }
    write_text(folder, "modules.json", "[{\"path\": \"0_Transformer\", \"type\": \"x.Transformer\"},"
                                       "{\"path\": \"1_Pooling\", \"type\": \"x.Pooling\"}]");
    write_text(folder, "0_Transformer/sentence_bert_config.json", length_of_nine);
}

static void a_network_may_lie_in_a_folder_of_its_own(void **state) {
    (void)state;
    const char *folder = new_model("nested"), *in = TEST_DATA "/bert/gelu/golden.safetensors";
    vectors before, after;
    write_modules(folder, "");
    write_text(folder, "1_Pooling/config.json", pooling_of_last);
    write_text(folder, "sentence_bert_config.json", length_of_nine);
    size_t size = embed(&before, folder, (maske_embed_options){0});
    (void)unlink(scratch_path("nested/sentence_bert_config.json"));
    nest(folder);
    embed(&after, folder, (maske_embed_options){0});
    for (size_t t = 0; t < TEXTS; t++) assert_memory_equal(before.of[t], after.of[t], size * sizeof(float));
    /* What is made of it has the network in the folder itself, and says so. */
    const char *outs[] = {scratch_path("nested-exported"), scratch_path("nested-extended"), scratch_path("nested-trained")};
    assert_ok(maske_export(folder, outs[0], NULL));
    extend_folder(folder, outs[1]);
    assert_ok(train_on(folder, outs[2], false));
    for (size_t i = 0; i < 3; i++) {
        embed(&after, outs[i], (maske_embed_options){0});
        for (size_t t = 0; t < TEXTS; t++) assert_memory_equal(before.of[t], after.of[t], size * sizeof(float));
        expect_text(outs[i], "sentence_bert_config.json", length_of_nine);
    }
    assert_ok(maske_run(folder, in, scratch_path("run.safetensors"), NULL));
}

static void the_default_prompt_stands_before_each_text(void **state) {
    (void)state;
    static const char *const prompted[] = {"kitap: Ankara bir şehirdir", "kitap: kitap", "kitap: "};
    const char *folder = new_model("prompts");
    vectors plain, said;
    float direct[TEXTS * HIDDEN_MOST];
    size_t lengths[TEXTS];
    write_modules(folder, "");
    write_text(folder, "1_Pooling/config.json", "{\"pooling_mode_mean_tokens\": true}");
    size_t size = embed(&plain, folder, (maske_embed_options){0});
    for (size_t i = 0; i < TEXTS; i++) lengths[i] = strlen(prompted[i]);
    maske_model *model = small_model_open(folder);
    assert_ok(maske_embed(model, prompted, lengths, TEXTS, NULL, direct, NULL));
    maske_model_close(model);
    write_text(folder, "config_sentence_transformers.json",
               "{\"prompts\": {\"q\": \"kitap: \", \"none\": \"\"}, \"default_prompt_name\": \"q\"}");
    embed(&said, folder, (maske_embed_options){0});
    for (size_t t = 0; t < TEXTS; t++) assert_memory_equal(said.of[t], direct + t * size, size * sizeof(float));
    embed(&said, folder, (maske_embed_options){.pooling = MASKE_POOLING_MEAN});
    for (size_t t = 0; t < TEXTS; t++) assert_memory_equal(said.of[t], plain.of[t], size * sizeof(float));
    write_text(folder, "config_sentence_transformers.json",
               "{\"prompts\": {\"q\": \"kitap: \", \"none\": \"\"}, \"default_prompt_name\": \"none\"}");
    embed(&said, folder, (maske_embed_options){0});
    for (size_t t = 0; t < TEXTS; t++) assert_memory_equal(said.of[t], plain.of[t], size * sizeof(float));
}

static void expect_refused(const char *folder, const char *words) {
    float room[HIDDEN_MOST];
    const size_t length = 5;
    maske_model *model = small_model_open(folder);
    assert_fails(maske_embed(model, &texts[1], &length, 1, NULL, room, NULL), MASKE_UNSUPPORTED, words);
    maske_model_close(model);
}

static void prompts_and_cases_that_cannot_be_are_named(void **state) {
    (void)state;
    const char *folder = new_model("cases");
    vectors any;
    write_modules(folder, "");
    write_text(folder, "1_Pooling/config.json", "{\"pooling_mode_mean_tokens\": true, \"include_prompt\": false}");
    embed(&any, folder, (maske_embed_options){0});      /* without a prompt nothing is left out */
    write_text(folder, "config_sentence_transformers.json",
               "{\"prompts\": {\"q\": \"kitap: \"}, \"default_prompt_name\": \"q\"}");
    expect_refused(folder, "need pooling without the tokens of a prompt, which is not supported");
    write_text(folder, "config_sentence_transformers.json", "{\"prompts\": {}, \"default_prompt_name\": \"q\"}");
    expect_refused(folder, "need the prompt q, which is not among the folder's prompts");
    write_text(folder, "config_sentence_transformers.json", "{}");
    write_text(folder, "sentence_bert_config.json", "{\"do_lower_case\": true}");
    expect_refused(folder, "need texts in lower case (do_lower_case), which is not supported");
    /* A tokenizer that makes lower case itself does what is asked. */
    char path[700], *text = NULL;
    size_t length = 0;
    snprintf(path, sizeof path, "%s/tokenizer.json", folder);
    assert_ok(file_read(&text, &length, path, 16 << 20));
    json_t *json = NULL;
    assert_ok(json_parse_object(&json, text, length, path));
    free(text);
    assert_int_equal(json_object_set_new(json, "normalizer", json_pack("{s:s}", "type", "Lowercase")), 0);
    text = json_dumps(json, 0);
    write_text(folder, "tokenizer.json", text);
    free(text);
    json_decref(json);
    embed(&any, folder, (maske_embed_options){0});
}

static void a_pooling_without_its_settings_is_no_mean(void **state) {
    (void)state;
    const char *folder = new_model("unsettled"), *text = "kitap";
    const size_t length = 5;
    float room[HIDDEN_MOST];
    write_modules(folder, "");
    maske_model *model = small_model_open(folder);
    assert_fails(maske_embed(model, &text, &length, 1, NULL, room, NULL), MASKE_UNSUPPORTED,
                 "need the config.json of its module 1_Pooling, which is not there");
    assert_ok(maske_embed(model, &text, &length, 1, &(maske_embed_options){.pooling = MASKE_POOLING_MEAN}, room, NULL));
    maske_model_close(model);
}

static void what_is_not_supported_is_named(void **state) {
    (void)state;
    const char *folder = new_model("refused");
    maske_model *model = NULL;
    float room[HIDDEN_MOST];
    const char *text = "kitap";
    const size_t length = 5;
    write_modules(folder, ",{\"path\":\"2_Dense\",\"type\":\"sentence_transformers.models.Dense\"}");
    write_text(folder, "1_Pooling/config.json", "{\"pooling_mode_mean_tokens\": true}");
    assert_ok(maske_model_open(&model, folder, NULL));
    assert_fails(maske_embed(model, &text, &length, 1, NULL, room, NULL), MASKE_UNSUPPORTED,
                 "need a module of the kind Dense, which is not supported");
    assert_ok(maske_embed(model, &text, &length, 1, &(maske_embed_options){.pooling = MASKE_POOLING_CLS}, room, NULL));
    maske_model_close(model);
    write_modules(folder, "");
    write_text(folder, "1_Pooling/config.json",
               "{\"pooling_mode_mean_tokens\": true, \"pooling_mode_max_tokens\": true}");
    assert_ok(maske_model_open(&model, folder, NULL));
    assert_fails(maske_embed(model, &text, &length, 1, NULL, room, NULL), MASKE_UNSUPPORTED,
                 "several kinds of pooling");
    maske_model_close(model);
    write_text(folder, "modules.json", "{}");
    assert_fails(maske_model_open(&model, folder, NULL), MASKE_BAD_FILE, "found an object, expected a list of modules");
    write_text(folder, "modules.json", "[3]");
    assert_fails(maske_model_open(&model, folder, NULL), MASKE_BAD_FILE, "module 0: found an integer");
    write_text(folder, "modules.json", "[{\"path\": \"../x\", \"type\": \"Transformer\"}]");
    assert_fails(maske_model_open(&model, folder, NULL), MASKE_BAD_FILE, "expected a folder beside this file");
    static const char *const elsewhere[] = {".", "..", "/tmp", "a/b", ".hidden"};
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
        char list[200];
        snprintf(list, sizeof list, "[{\"path\": \"%s\", \"type\": \"Pooling\"}]", elsewhere[i]);
        write_text(folder, "modules.json", list);
        assert_fails(maske_export(folder, scratch_path("never"), NULL), MASKE_BAD_FILE,
                     "expected a folder beside this file");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_pooling_of_the_folder_is_that_of_the_option),
        cmocka_unit_test(sums_have_their_divisors),
        cmocka_unit_test(a_normalize_module_normalizes),
        cmocka_unit_test(a_network_may_lie_in_a_folder_of_its_own),
        cmocka_unit_test(what_makes_vectors_goes_with_the_model),
        cmocka_unit_test(the_length_is_that_of_the_library),
        cmocka_unit_test(the_default_prompt_stands_before_each_text),
        cmocka_unit_test(prompts_and_cases_that_cannot_be_are_named),
        cmocka_unit_test(a_pooling_without_its_settings_is_no_mean),
        cmocka_unit_test(what_is_not_supported_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
