/* tests of train/saver: what is saved is what was there when saving began; what fails is told, and costs nothing
 * else. */
#include "train/saver.h"
#include "train/settings.h"

#include "training.h"

static masked_lm *model;
static maske_tokenizer *tokenizer;
static optimizer moments;
static maske_train_options settings;
static run_identity identity = {.threads = 1, .cpu = "plain", .version = "0"};

/* A run's folder with its metrics, and a saver for it. */
typedef struct bench { run_folder folder; metrics metrics; saver *saver; } bench;

static int set_up(void **state) {
    (void)state;
    assert_ok(maske_tokenizer_open(&tokenizer, training_tokenizer()));
    bert_config config = bert_config_defaults();
    config.vocab_size = maske_tokenizer_vocab_size(tokenizer);
    config.hidden_size = 64, config.num_hidden_layers = 2, config.num_attention_heads = 2;
    config.intermediate_size = 128;
    assert_ok(masked_lm_new(&model, &config, 3));
    assert_ok(optimizer_new(&moments, &model->table, 0));
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

static void open_bench(bench *b, const char *name) {
    *b = (bench){.folder.path = (char *)(uintptr_t)scratch_path(name)};
    assert_ok(folder_remove(b->folder.path));
    assert_ok(folder_make(b->folder.path));
    assert_ok(path_join(&b->folder.checkpoints, b->folder.path, "checkpoints"));
    assert_ok(metrics_open(&b->metrics, b->folder.path, 0));
    const checkpoint_parts parts = {model, &moments, tokenizer, NULL, &settings, &identity};
    assert_ok(saver_start(&b->saver, &b->folder, &b->metrics, &parts, 100));
}

static void close_bench(bench *b) {
    saver_stop(b->saver);
    metrics_close(&b->metrics);
    free(b->folder.checkpoints);
}

static void fill(float value) {
    for (size_t i = 0; i < model->table.count; i++) {
        const parameter *row = &model->table.rows[i];
        for (size_t j = 0; j < row->elements; j++)
            model->weights[row->place + j] = moments.first_moment[row->place + j] =
                moments.second_moment[row->place + j] = value;
    }
}

static void expect_filled(const char *folder, float value) {
    checkpoint c = {0};
    masked_lm *read = NULL;
    optimizer o = {0};
    assert_ok(checkpoint_newest(&c, folder));
    assert_int_equal(c.state.step, (int64_t)value);
    assert_ok(checkpoint_load(&c, &read, &o, 0));
    for (size_t i = 0; i < read->table.count; i++) {
        const parameter *row = &read->table.rows[i];
        for (size_t j = 0; j < row->elements; j++)
            assert_true(read->weights[row->place + j] == value && o.first_moment[row->place + j] == value &&
                        o.second_moment[row->place + j] == value);
    }
    optimizer_free(&o);
    masked_lm_free(read);
    checkpoint_free(&c);
}

/* Weights and moments are changed as soon as the saver says that they may be. */
static void a_checkpoint_is_of_one_moment(void **state) {
    (void)state;
    bench b;
    open_bench(&b, "moment");
    save_outcome o = {0};
    assert_false(saver_collect(b.saver, true, &o));
    saver_wait_values(b.saver);         /* nothing is saved: nothing to wait for */
    for (int step = 1; step <= 30; step++) {
        fill((float)step);
        saver_begin(b.saver, &(save_request){.checkpoint = true, .model = step % 3 == 0, .state.step = step});
        saver_wait_values(b.saver);
        fill(-1.0f);
        while (step % 2 == 0 && !saver_collect(b.saver, false, &o)) usleep(100);
        if (step % 2 == 1) assert_true(saver_collect(b.saver, true, &o));
        assert_false(o.checkpoint_failed || o.model_failed);
        assert_int_equal(o.request.state.step, step);
        assert_false(saver_collect(b.saver, true, &o));
        expect_filled(b.folder.checkpoints, (float)step);
    }
    masked_lm *saved = NULL;
    assert_ok(masked_lm_open(&saved, b.folder.path));
    assert_true(saved->weights[0] == 30.0f);
    masked_lm_free(saved);
    close_bench(&b);
}

/* Nobody asks, and the saver is stopped: what was begun is there all the same. */
static void stopping_waits_for_what_was_begun(void **state) {
    (void)state;
    bench b;
    open_bench(&b, "stopping");
    fill(7.0f);
    saver_begin(b.saver, &(save_request){.checkpoint = true, .state.step = 7});
    close_bench(&b);
    expect_filled(scratch_path("stopping/checkpoints"), 7.0f);
}

static void a_checkpoint_that_cannot_be_written_is_told(void **state) {
    (void)state;
    bench b;
    open_bench(&b, "no-room");
    scratch_text("no-room/checkpoints", "a file where the folder should be");
    save_outcome o = {0};
    saver_begin(b.saver, &(save_request){.checkpoint = true, .model = true, .state.step = 3});
    assert_true(saver_collect(b.saver, true, &o));
    assert_true(o.checkpoint_failed && !o.model_failed);
    assert_non_null(strstr(o.error.text, "checkpoints: cannot make the folder"));
    assert_true(has_file(b.folder.path, "model.safetensors"));
    /* Once there is room, the next one is written. */
    assert_ok(folder_remove(b.folder.checkpoints));
    fill(4.0f);
    saver_begin(b.saver, &(save_request){.checkpoint = true, .state.step = 4});
    assert_true(saver_collect(b.saver, true, &o));
    assert_false(o.checkpoint_failed);
    expect_filled(b.folder.checkpoints, 4.0f);
    close_bench(&b);
}

/* A checkpoint must not speak of a best model that is not there. */
static void a_model_that_cannot_be_written_is_not_the_best(void **state) {
    (void)state;
    bench b;
    open_bench(&b, "no-model");
    assert_ok(folder_make(scratch_path("no-model/model.safetensors")));
    save_outcome o = {0};
    saver_begin(b.saver, &(save_request){.checkpoint = true, .model = true, .best_step = 2, .best_loss = 5,
                                         .state = {.step = 3, .best_step = 3, .best_loss = 4}});
    assert_true(saver_collect(b.saver, true, &o));
    assert_true(o.model_failed && !o.checkpoint_failed);
    assert_non_null(strstr(o.error.text, "model.safetensors: is a folder"));
    checkpoint c = {0};
    assert_ok(checkpoint_newest(&c, b.folder.checkpoints));
    assert_int_equal(c.state.step, 3);
    assert_true(c.state.best_step == 2 && c.state.best_loss == 5);
    checkpoint_free(&c);
    close_bench(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_checkpoint_is_of_one_moment),
        cmocka_unit_test(stopping_waits_for_what_was_begun),
        cmocka_unit_test(a_checkpoint_that_cannot_be_written_is_told),
        cmocka_unit_test(a_model_that_cannot_be_written_is_not_the_best),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
