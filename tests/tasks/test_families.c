/* Every family from end to end: filling, scoring, embedding, training on, growing, exporting, under its own names. */
#include <math.h>

#include "tasks/small_model.h"

static const char *const text = "Kitap okumak güzel bir alışkanlıktır.";

/* A random model of the family with the tokenizer of tests/data/tasks/metaspace. */
static const char *new_model(model_family family, bool tied) {
    bert_config config = bert_config_family_defaults(family);
    maske_tokenizer *tokenizer = NULL;
    masked_lm *model = NULL;
    char name[40];
    snprintf(name, sizeof name, "%s-%d", family_of(family)->model_type, tied);
    const char *folder = scratch_path(name);
    assert_ok(folder_make(folder));
    assert_ok(maske_tokenizer_open(&tokenizer, TEST_DATA "/tasks/metaspace"));
    config.vocab_size = maske_tokenizer_vocab_size(tokenizer);
    config.hidden_size = 24;
    config.num_attention_heads = 3;
    config.num_hidden_layers = 2;
    config.intermediate_size = 40;
    config.max_position_embeddings = 40;
    config.pad_token_id = 0;
    config.initializer_range = 0.2;
    config.tied = tied;
    assert_ok(masked_lm_new(&model, &config, 5));
    assert_ok(masked_lm_save(model, folder, SAFETENSORS_F32));
    assert_ok(folder_copy_file(TEST_DATA "/tasks/metaspace", folder, "tokenizer.json", NULL));
    masked_lm_free(model);
    maske_tokenizer_free(tokenizer);
    return folder;
}

/* The score of a text, by a model whose description is as expected. */
static double use(const char *folder, model_family family) {
    maske_model *model = NULL;
    maske_model_info info;
    maske_fill_result r = {0};
    maske_score_result score;
    float vector[24];
    const size_t length = strlen(text);
    assert_ok(maske_model_open(&model, folder, NULL));
    maske_model_describe(model, &info);
    assert_string_equal(info.architecture, family_of(family)->masked_lm);
    assert_int_equal(info.max_length, family == FAMILY_ROBERTA ? 39 : 40);
    assert_int_equal(info.type_vocab_size, family == FAMILY_DISTILBERT ? 0 : 2);
    assert_int_equal(info.parameters, info.parameters_embeddings + info.parameters_encoder + info.parameters_head);
    assert_int_equal(info.parameters_encoder, 2 * (4 * (24 * 24 + 24) + 2 * 24 * 40 + 40 + 24 + 4 * 24));
    assert_ok(maske_fill(model, "Kitap [MASK] güzel [MASK].", NULL, &r));
    assert_int_equal(r.mask_count, 2);
    assert_ok(maske_score(model, &text, &length, 1, NULL, &score));
    assert_ok(maske_embed(model, &text, &length, 1, NULL, vector, NULL));
    double size = 0;
    for (int i = 0; i < 24; i++) size += (double)vector[i] * (double)vector[i];
    assert_true(isfinite(size) && size > 0 && isfinite(score.log_likelihood));
    maske_fill_result_free(&r);
    maske_model_close(model);
    return score.log_likelihood;
}

static void train_on(const char *folder, model_family family, bool tied, double before) {
    maske_train_options options;
    buffer lines = {0};
    for (int i = 0; i < 60; i++) assert_ok(buffer_add_format(&lines, "%s\n%s", text, i % 7 == 0 ? "\n" : ""));
    char name[40];
    snprintf(name, sizeof name, "%s-%d-on", family_of(family)->model_type, tied);
    const char *out = scratch_path(name), *path = scratch_text("lines", lines.data);
    maske_train_options_defaults(&options);
    options.steps = 12;
    options.batch_size = 4;
    options.max_length = 24;
    options.valid_fraction = 0;
    options.learning_rate = 3e-3;
    options.dropout = options.attention_dropout = 0;
    const maske_control control = {.threads = 2};
    assert_ok(maske_train(out, folder, NULL, &(maske_text){&path, 1, NULL}, &options, &control, NULL));
    assert_true(use(out, family) > before + 1);     /* the text is likelier now */
    masked_lm *model = NULL;
    assert_ok(masked_lm_open(&model, out));
    assert_int_equal(model->config.family, family);
    assert_int_equal(model->config.tied, tied);
    masked_lm_free(model);
    buffer_free(&lines);
}

static void every_family_goes_all_the_way(void **state) {
    (void)state;
    for (int family = 0; family < FAMILY_COUNT; family++)
        for (int tied = 0; tied < 2; tied++) {
            const char *folder = new_model((model_family)family, tied);
            char name[40];
            double score = use(folder, (model_family)family);
            snprintf(name, sizeof name, "exported-%d-%d", family, tied);
            const char *out = scratch_path(name);
            assert_ok(maske_export(folder, out, &(maske_export_options){.onnx = true}));
            assert_true(use(out, (model_family)family) == score);
            train_on(folder, (model_family)family, tied, score);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_family_goes_all_the_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
