/* Whole runs: what is refused before anything is touched, what is learned, what the clock decides. */
#include "train/settings.h"
#include "toy.h"

#include "bert/masked_lm.h"

#include <math.h>

/* The value behind the last `"key":` of metrics.jsonl. */
static double last_metric(const char *folder, const char *key) {
    size_t length = 0;
    char *text = toy_read(folder, "metrics.jsonl", &length), name[64];
    double value = NAN;
    snprintf(name, sizeof name, "\"%s\":", key);
    for (const char *at = text; (at = strstr(at, name)) != NULL; at += strlen(name)) value = atof(at + strlen(name));
    free(text);
    return value;
}

static void learns_what_frequency_cannot(void **state) {
    (void)state;
    const char *out = scratch_path("learns");
    maske_train_options options = toy_options();
    options.steps = 2500;
    options.learning_rate = 3e-3;
    options.dropout = options.attention_dropout = 0;
    options.eval_steps = 0;
    assert_ok(toy_train(out, toy_text("learn.txt", 120), &options, 2, 0));
    double loss = last_metric(out, "valid_loss"), unigram = last_metric(out, "unigram_loss");
    if (!(loss < 0.6 * unigram)) fail_msg("held-out loss %g, unigram %g", loss, unigram);
    assert_true(last_metric(out, "valid_accuracy") > 1.5 * last_metric(out, "unigram_accuracy"));
}

static void accumulated_batches_are_one_batch(void **state) {
    (void)state;
    const char *text = toy_text("text.txt", 40), *out[2] = {scratch_path("batch-8"), scratch_path("batch-2-by-4")};
    masked_lm *model[2] = {NULL, NULL};
    for (int i = 0; i < 2; i++) {
        maske_train_options options = toy_options();
        options.dropout = options.attention_dropout = 0;    /* each batch draws its own */
        options.steps = 3;
        options.batch_size = i == 0 ? 8 : 2;
        options.accumulate = i == 0 ? 1 : 4;
        assert_ok(toy_train(out[i], text, &options, 2, 0));
        assert_ok(masked_lm_open(&model[i], out[i]));
    }
    for (size_t i = 0; i < model[0]->table.total; i++) assert_true(fabsf(model[0]->weights[i] - model[1]->weights[i]) < 2e-4f);
    masked_lm_free(model[0]);
    masked_lm_free(model[1]);
}

static void an_output_that_holds_something(void **state) {
    (void)state;
    const char *text = toy_text("text.txt", 40), *out = scratch_path("holds");
    assert_ok(folder_make(out));
    char *mine = NULL;
    assert_ok(path_join(&mine, out, "my-notes.txt"));
    assert_ok(file_write_atomic(mine, "mine", 4, false));
    maske_train_options options = toy_options();
    options.steps = 2;
    assert_fails(toy_train(out, text, &options, 2, 0), MASKE_EXISTS, "holds");
    options.force = true;
    assert_ok(toy_train(out, text, &options, 2, 0));
    assert_true(path_exists(mine));                 /* force replaces a run, not what it does not know */
    assert_ok(toy_train(out, text, &options, 2, 0));
    free(mine);
}

static void bad_text_leaves_nothing(void **state) {
    (void)state;
    maske_train_options options = toy_options();
    const char *out = scratch_path("never"), *binary = scratch_write("binary.txt", "\0\1\2\3\0\1\2\3", 8), *empty = scratch_write("empty.txt", "", 0);
    assert_fails(toy_train(out, scratch_path("missing.txt"), &options, 2, 0), MASKE_IO, "missing.txt");
    assert_fails(toy_train(out, binary, &options, 2, 0), MASKE_BAD_FILE, "binary.txt");
    assert_fails(toy_train(out, empty, &options, 2, 0), MASKE_BAD_FILE, "empty");
    assert_false(path_exists(out));
}

static void bad_settings_are_named(void **state) {
    (void)state;
    const char *text = toy_text("text.txt", 40), *out = scratch_path("settings");
    maske_train_options options = toy_options();
    options.num_attention_heads = 3;
    assert_fails(toy_train(out, text, &options, 2, 0), MASKE_BAD_ARGUMENT, "heads");
    options = toy_options();
    options.epochs = 2;
    assert_fails(toy_train(out, text, &options, 2, 0), MASKE_BAD_ARGUMENT, "steps");
    options = toy_options();
    options.max_length = 100;
    assert_fails(toy_train(out, text, &options, 2, 0), MASKE_BAD_ARGUMENT, "max-length");
    assert_false(path_exists(out));
}

static void a_second_run_in_the_folder_is_refused(void **state) {
    (void)state;
    const char *text = toy_text("text.txt", 40), *out = scratch_path("locked");
    maske_train_options options = toy_options();
    assert_fails(toy_train(out, text, &options, 2, 2), MASKE_STOPPED, "step 2");
    int lock = -1;
    assert_ok(file_lock(&lock, out));
    assert_fails(toy_resume(out, 2, 0, NULL), MASKE_EXISTS, "another maske");
    file_unlock(lock);
    assert_ok(toy_resume(out, 2, 0, NULL));
}

static void an_absurd_learning_rate_saves_no_infinity(void **state) {
    (void)state;
    const char *text = toy_text("text.txt", 40), *out = scratch_path("absurd");
    maske_train_options options = toy_options();
    options.learning_rate = 1000;
    options.max_grad_norm = 0;
    options.steps = 60;
    options.save_steps = 5;
    maske_status status = toy_train(out, text, &options, 2, 0);
    if (status == MASKE_DIVERGED) assert_non_null(strstr(maske_error(), "learning-rate"));
    else assert_int_equal(status, MASKE_OK);
    masked_lm *model = NULL;
    assert_ok(masked_lm_open(&model, out));
    assert_true(model->finite);
    masked_lm_free(model);
}

static void goes_on_from_a_model(void **state) {
    (void)state;
    const char *text = toy_text("text.txt", 40), *first = scratch_path("first"), *second = scratch_path("second");
    maske_train_options options = toy_options();
    assert_ok(toy_train(first, text, &options, 2, 0));
    maske_train_options defaults;
    maske_train_options_defaults(&defaults);
    defaults.steps = 2;
    defaults.max_length = 16;
    defaults.precision = "f32";
    assert_ok(maske_train(second, first, NULL, &(maske_text){&text, 1, NULL}, &defaults, NULL, NULL));
    assert_same_file(first, second, "tokenizer.json");
    defaults.hidden_size = 64;
    assert_fails(maske_train(scratch_path("third"), first, NULL, &(maske_text){&text, 1, NULL}, &defaults, NULL, NULL), MASKE_BAD_ARGUMENT, "hidden-size");
}

static void settings_come_back_from_json(void **state) {
    (void)state;
    maske_train_options given = toy_options(), back = {0};
    buffer text = {0};
    json_writer w = json_writer_start(&text, true);
    settings_write(&w, &given);
    assert_ok(json_writer_end(&w));
    json_t *object = NULL;
    assert_ok(json_parse_object(&object, text.data, text.length, "test"));
    assert_ok(settings_read(&back, object, "test"));
    assert_ok(settings_expect_equal(&given, "given", &back, "back"));
    json_object_set_new(object, "batch-size", json_integer(-1));
    maske_train_options bad = {0};
    assert_fails(settings_read(&bad, object, "place"), MASKE_BAD_ARGUMENT, "batch-size");
    json_decref(object);
    settings_free(&back);
    buffer_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(learns_what_frequency_cannot),
        cmocka_unit_test(accumulated_batches_are_one_batch),
        cmocka_unit_test(an_output_that_holds_something),
        cmocka_unit_test(bad_text_leaves_nothing),
        cmocka_unit_test(bad_settings_are_named),
        cmocka_unit_test(a_second_run_in_the_folder_is_refused),
        cmocka_unit_test(an_absurd_learning_rate_saves_no_infinity),
        cmocka_unit_test(goes_on_from_a_model),
        cmocka_unit_test(settings_come_back_from_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
