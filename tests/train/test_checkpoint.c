/* tests of train/checkpoint and train/trainer_state: what is written is read back; what is wrong is named. */
#include "train/checkpoint.h"
#include "train/fingerprint.h"
#include "train/settings.h"

#include "training.h"

#include <math.h>

static masked_lm *model;
static maske_tokenizer *tokenizer;
static optimizer moments;
static maske_train_options settings;
static run_identity identity = {.corpus = 1, .tokenizer = UINT64_MAX, .threads = 3, .cpu = "plain", .version = "0"};

static int set_up(void **state) {
    (void)state;
    assert_ok(maske_tokenizer_open(&tokenizer, training_tokenizer()));
    bert_config config = bert_config_defaults();
    config.vocab_size = maske_tokenizer_vocab_size(tokenizer);
    config.hidden_size = 16, config.num_hidden_layers = 1, config.num_attention_heads = 2,
    config.intermediate_size = 24;
    config.max_position_embeddings = 32;
    assert_ok(masked_lm_new(&model, &config, 3));
    assert_ok(optimizer_new(&moments, &model->table, 0));
    for (size_t i = 0; i < model->table.count; i++)
        for (size_t j = 0; j < model->table.rows[i].elements; j++) {
            size_t place = model->table.rows[i].place + j;
            moments.first_moment[place] = 0.25f - (float)(place % 7);
            moments.second_moment[place] = (float)(place % 5) * 1e-30f;
        }
    maske_train_options_defaults(&settings);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    optimizer_free(&moments);
    masked_lm_free(model);
    maske_tokenizer_free(tokenizer);
    return 0;
}

/* A folder of checkpoints, one of them at `step`. */
static const char *saved(const char *name, int64_t step, const trainer_state *given) {
    const char *folder = scratch_path(name);
    trainer_state state = given != NULL ? *given : (trainer_state){0};
    state.step = step;
    checkpoint_parts parts = {model, &moments, tokenizer, &state, &settings, &identity};
    assert_ok(checkpoint_save(folder, &parts));
    return folder;
}

/* The state is written once more into its folder, where one that was killed while doing so left its part. */
static void what_a_kill_left_is_not_listed(void **state) {
    (void)state;
    const char *folder = saved("killed", 3, NULL);
    scratch_write("killed/step-3/trainer_state.json.maske-part", "{", 1);
    saved("killed", 3, NULL);
    checkpoint c = {0};
    assert_ok(checkpoint_newest(&c, folder));
    assert_int_equal(c.state.step, 3);
    checkpoint_free(&c);
}

static void what_is_written_is_read_back(void **state) {
    (void)state;
    const trainer_state written = {
        .updates = 6, .skipped_in_a_row = 1, .tokens = 1234567890123, .seconds = 0.1, .epoch_loss_sum = 1.0 / 3,
        .epoch_predicted = 11, .epoch_correct = 5, .over = true, .evaluation_due = true, .best_step = 4,
        .best_loss = 2.0 / 3, .best_accuracy = 1e-17, .time_budget = 60, .evaluations_by_clock = 2,
        .evaluation_seconds = 1e-9, .save_seconds = 3, .metrics_bytes = 77};
    const char *folder = saved("back", 7, &written);
    checkpoint c = {0};
    masked_lm *read = NULL;
    optimizer o = {0};
    assert_ok(checkpoint_newest(&c, folder));
    assert_int_equal(c.state.step, 7);
    trainer_state expected = written;
    expected.step = 7;
    buffer a = {0}, b = {0};
    json_writer wa = json_writer_start(&a, false), wb = json_writer_start(&b, false);
    trainer_state_write(&wa, &c.state);
    trainer_state_write(&wb, &expected);
    assert_string_equal(a.data, b.data);
    buffer_free(&a);
    buffer_free(&b);
    assert_true(c.state.epoch_loss_sum == 1.0 / 3 && c.state.best_loss == 2.0 / 3 && c.state.over && !c.state.finished);
    assert_true(c.identity.corpus == 1 && c.identity.tokenizer == UINT64_MAX && c.identity.threads == 3);
    assert_ok(settings_expect_equal(&c.settings, "a", &settings, "b"));
    assert_ok(checkpoint_load(&c, &read, &o, 0));
    assert_memory_equal(read->weights, model->weights, model->table.total * sizeof(float));
    assert_memory_equal(o.first_moment, moments.first_moment, model->table.total * sizeof(float));
    assert_memory_equal(o.second_moment, moments.second_moment, model->table.total * sizeof(float));
    optimizer_free(&o);
    masked_lm_free(read);
    checkpoint_free(&c);
}

static void the_newest_is_found(void **state) {
    (void)state;
    checkpoint c = {0};
    assert_ok(checkpoint_newest(&c, scratch_path("none")));
    assert_null(c.path);
    const int64_t steps[] = {9, 100, 10};
    for (size_t i = 0; i < 3; i++) saved("many", steps[i], NULL);
    const char *folder = scratch_path("many");
    /* names that are no checkpoints */
    assert_ok(folder_make(scratch_path("many/step-200.maske-part")));
    assert_ok(folder_make(scratch_path("many/step-x")));
    assert_ok(folder_make(scratch_path("many/notes")));
    assert_ok(checkpoint_newest(&c, folder));
    assert_int_equal(c.state.step, 100);
    checkpoint_free(&c);
    assert_ok(checkpoint_remove_after(folder, 10));
    assert_ok(checkpoint_newest(&c, folder));
    assert_int_equal(c.state.step, 10);
    checkpoint_free(&c);
    assert_ok(checkpoint_prune(folder, 1));
    assert_false(has_file(folder, "step-9"));
    assert_true(has_file(folder, "step-10") && has_file(folder, "notes"));
}

/* The same step again: only the state is new, and at no time is the checkpoint gone. */
static void a_state_can_be_written_anew(void **state) {
    (void)state;
    const char *folder = saved("anew", 5, NULL);
    saved("anew", 5, &(trainer_state){.finished = true});
    checkpoint c = {0};
    masked_lm *read = NULL;
    optimizer o = {0};
    assert_ok(checkpoint_newest(&c, folder));
    assert_true(c.state.finished);
    assert_ok(checkpoint_load(&c, &read, &o, 0));
    optimizer_free(&o);
    masked_lm_free(read);
    checkpoint_free(&c);
}

/* Makes the state's own fingerprint fit again, as somebody would who wants to be believed. */
static void fit_fingerprint(const char *folder) {
    size_t length;
    char *text = read_whole(folder, "trainer_state.json", &length), *last = NULL, old[17], new[17];
    for (char *at = text; (at = strstr(at, ",\n  \"fingerprint\": \"")) != NULL; at++) last = at;
    assert_non_null(last);
    fingerprint_print(new, fingerprint_bytes(text, (size_t)(last - text)));
    snprintf(old, sizeof old, "%.16s", last + strlen(",\n  \"fingerprint\": \""));
    free(text);
    char from[64], to[64];
    snprintf(from, sizeof from, ",\n  \"fingerprint\": \"%s\"", old);
    snprintf(to, sizeof to, ",\n  \"fingerprint\": \"%s\"", new);
    replace_in(folder, "trainer_state.json", from, to);
}

/* Changes a checkpoint's state, and expects these words in the warning. */
static void expect_damage(const char *from, const char *to, const char *words) {
    const char *folder = saved("damaged", 5, NULL), *step = scratch_path("damaged/step-5");
    replace_in(step, "trainer_state.json", from, to);
    checkpoint c = {0};
    /* Changed by accident: the fingerprint tells. */
    listen();
    assert_ok(checkpoint_newest(&c, folder));
    assert_null(c.path);
    /* On purpose. */
    fit_fingerprint(step);
    listen();
    assert_ok(checkpoint_newest(&c, folder));
    if (c.path != NULL || strstr(said, words) == NULL)
        fail_msg("%s -> %s: said \"%s\", expected \"%s\"", from, to, said, words);
    assert_ok(folder_remove(folder));
}

/* Every bit of trainer_state.json counts. */
static void no_bit_of_the_state_may_change(void **state) {
    (void)state;
    const char *folder = saved("bits", 5, NULL), *path = scratch_path("bits/step-5/trainer_state.json");
    size_t length;
    char *text = read_whole(scratch_path("bits/step-5"), "trainer_state.json", &length);
    for (size_t i = 0; i + 2 < length; i++) {
        text[i] ^= (char)(1 << (i % 7));
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(text, 1, length, file), length);
        fclose(file);
        text[i] ^= (char)(1 << (i % 7));
        checkpoint c = {0};
        maske_status status = checkpoint_newest(&c, folder);
        /* "format": 1 may become that of a newer version. */
        if (c.path != NULL || (status != MASKE_OK && status != MASKE_UNSUPPORTED))
            fail_msg("byte %zu of %zu: %s", i, length, status == MASKE_OK ? "taken for whole" : maske_error());
    }
    free(text);
    assert_ok(folder_remove(folder));
}

static void a_state_that_lies_is_seen(void **state) {
    (void)state;
    expect_damage("\"step\": 5", "\"step\": 6", "\"step\" is 6, expected 5");
    expect_damage("\"step\": 5", "\"step\": -5", "\"step\" is -5, expected 0 to");
    expect_damage("\"step\": 5", "\"step\": 5.0", "\"step\"");
    expect_damage("\"updates\": 0", "\"updates\": 6",
                  "\"updates\", \"skipped_in_a_row\" or \"best_step\" is above \"step\"");
    expect_damage("\"seconds\": 0.0", "\"seconds\": \"0\"", "\"seconds\" is a string, expected a number");
    expect_damage("\"seconds\": 0.0", "\"seconds\": -1", "\"seconds\"");
    expect_damage("\"finished\": false", "\"finished\": 0", "\"finished\" is an integer, expected true or false");
    expect_damage("\"tokens\": 0,", "", "\"tokens\"");
    expect_damage("\"format\": 1", "\"format\": 0", "\"format\"");
    expect_damage("\"corpus\": \"0000000000000001\"", "\"corpus\": \"1\"", "expected 16 hexadecimal digits");
    expect_damage("\"corpus\": \"0000000000000001\"", "\"corpus\": \"000000000000000G\"",
                  "expected 16 hexadecimal digits");
    expect_damage("\"corpus\": \"0000000000000001\"", "\"corpus\": \"00000000000000001\"",
                  "expected 16 hexadecimal digits");
    expect_damage("\"identity\"", "\"entity\"", "\"corpus\"");
    expect_damage("\"batch-size\": 16", "\"batch-size\": 0", "batch-size");
    expect_damage("\"name\": \"config.json\"", "\"name\": \"../../../etc/passwd\"", "expected one in this folder");
    expect_damage("\"name\": \"config.json\"", "\"name\": \"..\"", "expected one in this folder");
    expect_damage("\"name\": \"config.json\"", "\"name\": \"gone.json\"", "gone.json");
    expect_damage("\"files\": [", "\"files\": [], \"others\": [", "\"files\": config.json is not listed");
    expect_damage("\"files\": [", "\"files\": 3, \"others\": [", "\"files\" is an integer, expected an array");
}

static void a_link_is_no_file_of_a_checkpoint(void **state) {
    (void)state;
    const char *folder = saved("linked", 5, NULL), *file = scratch_path("linked/step-5/vocab.json");
    assert_int_equal(rename(file, scratch_path("vocab.json")), 0);
    assert_int_equal(symlink(scratch_path("vocab.json"), file), 0);
    checkpoint c = {0};
    listen();
    assert_ok(checkpoint_newest(&c, folder));
    assert_null(c.path);
    assert_non_null(strstr(said, "vocab.json: not a regular file"));
}

static void moments_are_checked(void **state) {
    (void)state;
    size_t place = model->table.rows[model->table.count - 1].place;
    float first = moments.first_moment[place], second = moments.second_moment[place];
    static const struct { float first, second; const char *words;
    } cases[] = {{NAN, 0, "exp_avg."},
                 {INFINITY, 0, "not finite, expected a finite number"},
                 {0, -1e-20f, "exp_avg_sq."},
                 {0, NAN, "is not finite"}};
    for (size_t i = 0; i < 4; i++) {
        checkpoint c = {0};
        masked_lm *read = NULL;
        optimizer o = {0};
        moments.first_moment[place] = cases[i].first;
        moments.second_moment[place] = cases[i].second;
        const char *folder = saved("moments", 5, NULL);
        assert_ok(checkpoint_newest(&c, folder));
        assert_fails(checkpoint_load(&c, &read, &o, 0), MASKE_BAD_FILE, cases[i].words);
        assert_null(read);
        checkpoint_free(&c);
        assert_ok(folder_remove(folder));
    }
    moments.first_moment[place] = first;
    moments.second_moment[place] = second;
}

/* Another model's moments, with their length and fingerprint in the state. */
static void moments_of_another_model_are_refused(void **state) {
    (void)state;
    const char *folder = saved("other", 5, NULL), *path = scratch_path("other/step-5/optimizer.safetensors");
    uint64_t before, after;
    int64_t bytes_before, bytes_after;
    assert_ok(fingerprint_file(&before, &bytes_before, path, NULL));
    /* The sizes of a row's shape change places: [24, 16] becomes [16, 24]. */
    size_t length;
    char *bytes = read_whole(scratch_path("other/step-5"), "optimizer.safetensors", &length);
    char *shape = memmem(bytes, length, "\"shape\":[24,16]", 15);
    assert_non_null(shape);
    memcpy(shape, "\"shape\":[16,24]", 15);
    assert_ok(file_write_atomic(path, bytes, length, true));
    free(bytes);
    assert_ok(fingerprint_file(&after, &bytes_after, path, NULL));
    char old[17], new[17];
    fingerprint_print(old, before);
    fingerprint_print(new, after);
    replace_in(scratch_path("other/step-5"), "trainer_state.json", old, new);
    fit_fingerprint(scratch_path("other/step-5"));
    checkpoint c = {0};
    masked_lm *read = NULL;
    optimizer o = {0};
    assert_ok(checkpoint_newest(&c, folder));
    assert_fails(checkpoint_load(&c, &read, &o, 0), MASKE_BAD_SHAPE, "[16, 24]");
    checkpoint_free(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(what_a_kill_left_is_not_listed),      cmocka_unit_test(the_newest_is_found),
        cmocka_unit_test(a_state_can_be_written_anew),       cmocka_unit_test(a_state_that_lies_is_seen),
        cmocka_unit_test(no_bit_of_the_state_may_change),
        cmocka_unit_test(a_link_is_no_file_of_a_checkpoint), cmocka_unit_test(moments_are_checked),
        cmocka_unit_test(moments_of_another_model_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
