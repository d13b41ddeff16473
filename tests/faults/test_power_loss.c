/* tests/faults/test_power_loss.c: the power goes after each operation on the disk, and what was not synced is lost in
 * several ways (journal.h). A checkpoint that was promised is there and whole; no name stands for half a thing (P1, P2,
 * P3). */
#include "base/output_folder.h"
#include "train/checkpoint.h"

#include "small_world.h"

#include "journal.h"

static masked_lm *model;
static maske_tokenizer *tokenizer;
static optimizer moments;
static maske_train_options settings;
static run_identity identity = {.corpus = 1, .tokenizer = 2, .threads = 1, .cpu = "plain", .version = "0"};

static int make_world(void **state) {
    (void)state;
    world_make();
    assert_ok(maske_tokenizer_open(&tokenizer, world_tokenizer));
    assert_ok(masked_lm_open(&model, world_model));
    assert_ok(optimizer_new(&moments, &model->table, 0));
    maske_train_options_defaults(&settings);
    return 0;
}
static int free_world(void **state) {
    (void)state;
    optimizer_free(&moments);
    masked_lm_free(model);
    maske_tokenizer_free(tokenizer);
    return 0;
}

static void save_step(const char *folder, int64_t step) {
    trainer_state state = {.step = step, .updates = step};
    checkpoint_parts parts = {model, &moments, tokenizer, &state, &settings, &identity};
    assert_ok(checkpoint_save(folder, &parts));
    journal_promise = step;
    assert_ok(checkpoint_prune(folder, 2));
}

static void a_promised_checkpoint_survives(void **state) {
    (void)state;
    const char *folder = scratch_path("checkpoints"), *after = scratch_path("after");
    assert_ok(folder_make(folder));
    journal_begin(folder);
    for (int64_t step = 1; step <= 4; step++) save_step(folder, step);
    save_step(folder, 4); /* the same step again: its state alone is written */
    journal_end();
    assert_true(journal_count > 100);
    int64_t newest = 0;
    for (size_t cut = 0; cut <= journal_count; cut++)
        for (int loss = 0; loss < JOURNAL_LOSSES; loss++) {
            int64_t promised = journal_cut(cut, (journal_loss)loss, after);
            checkpoint c = {0};
            listen();
            assert_ok(checkpoint_newest(&c, after));
            int64_t found = c.path != NULL ? c.state.step : 0;
            checkpoint_free(&c);
            if (found < promised)
                fail_msg("after %zu of %zu operations, lost: %s: step %lld was promised, %lld is left: %s", cut,
                         journal_count, journal_loss_names[loss], (long long)promised, (long long)found, said);
            /* Removing a folder is not one operation: an old one may be half gone. Half made is never seen. */
            if (found < newest && strstr(said, "damaged") != NULL)
                fail_msg("after %zu operations, lost: %s: %s", cut, journal_loss_names[loss], said);
            if (loss == LOST_NOTHING) newest = found;
        }
    assert_int_equal(newest, 4);
}

static maske_status write_tokenizer(void *user, const char *folder) {
    (void)user;
    return maske_tokenizer_save(tokenizer, folder);
}

static void a_folder_is_whole_or_not_there(void **state) {
    (void)state;
    const char *root = scratch_path("outputs"), *after = scratch_path("after");
    const char *out = scratch_path("outputs/tokenizer"), *found = scratch_path("after/tokenizer");
    static const char *const names[] = {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
                                        "vocab.json", "merges.txt"};
    assert_ok(folder_make(root));
    journal_begin(root);
    assert_ok(output_folder_write(out, false, write_tokenizer, NULL, NULL));
    journal_promise = 1;
    journal_end();
    for (size_t cut = 0; cut <= journal_count; cut++)
        for (int loss = 0; loss < JOURNAL_LOSSES; loss++) {
            int64_t promised = journal_cut(cut, (journal_loss)loss, after);
            if (!path_exists(found)) {
                if (promised > 0) fail_msg("done, and lost with the %s", journal_loss_names[loss]);
                continue;
            }
            for (size_t i = 0; i < sizeof names / sizeof *names; i++) assert_same_file(out, found, names[i]);
        }
}

/* A whole run, cut anywhere, goes on to the model of the run that nobody disturbed. */
static void a_run_goes_on_after_a_cut(void **state) {
    (void)state;
    const char *root = scratch_path("runs"), *after = scratch_path("after"), *found = scratch_path("after/run");
    const char *whole = scratch_path("runs/run");
    maske_train_options o = world_options();
    assert_ok(folder_make(root));
    training t = {.text = world_text, .tokenizer = world_tokenizer, .threads = 1};
    journal_begin(root);
    assert_ok(training_start(&t, whole, &o));
    journal_promise = 1;
    journal_end();
    size_t resumed = 0;
    for (size_t cut = 0; cut <= journal_count; cut += cut < journal_count - 3 ? 5 : 1)
        for (int loss = 0; loss < JOURNAL_LOSSES; loss++) {
            int64_t promised = journal_cut(cut, (journal_loss)loss, after);
            bool begun = has_file(found, "train.json"), finished = false;
            maske_status status = begun ? training_resume(&t, found, &finished) : training_start(&t, found, &o);
            if (status != MASKE_OK)
                fail_msg("after %zu of %zu operations, lost: %s: %s: %s", cut, journal_count, journal_loss_names[loss],
                         begun ? "resuming" : "starting anew", maske_error());
            if (promised > 0 && !finished) fail_msg("a finished run is not finished any more");
            resumed += begun;
            assert_same_file(whole, found, "model.safetensors");
        }
    assert_true(resumed > 20);
}

static bool same_model(const char *a, const char *b) {
    size_t a_length, b_length;
    char *a_bytes = read_whole(a, "model.safetensors", &a_length), *b_bytes = read_whole(b, "model.safetensors", &b_length);
    bool same = a_length == b_length && memcmp(a_bytes, b_bytes, a_length) == 0;
    free(a_bytes);
    free(b_bytes);
    return same;
}

/* A run takes the place of another. Cut anywhere, one of the two is there and goes on to its model. */
static void a_run_replaces_another_or_not(void **state) {
    (void)state;
    const char *root = scratch_path("replaced"), *after = scratch_path("after"), *found = scratch_path("after/run");
    const char *out = scratch_path("replaced/run"), *first = scratch_path("first");
    maske_train_options o = world_options();
    assert_ok(folder_make(root));
    training t = {.text = world_text, .tokenizer = world_tokenizer, .threads = 1};
    assert_ok(training_start(&t, first, &o));
    journal_begin(root);
    assert_ok(training_start(&t, out, &o));
    journal_promise = 1;
    size_t begun = journal_count;
    o.force = true;
    o.seed++;
    assert_ok(training_start(&t, out, &o));
    journal_end();
    size_t old = 0, new = 0;
    for (size_t cut = begun; cut <= journal_count; cut++)
        for (int loss = 0; loss < JOURNAL_LOSSES; loss++) {
            int64_t promised = journal_cut(cut, (journal_loss)loss, after);
            assert_int_equal(promised, 1);
            if (training_resume(&t, found, NULL) != MASKE_OK)
                fail_msg("after %zu of %zu operations, lost: %s: %s", cut - begun, journal_count - begun,
                         journal_loss_names[loss], maske_error());
            bool is_old = same_model(first, found);
            if (!is_old) assert_same_file(out, found, "model.safetensors");
            old += is_old;
            new += !is_old;
        }
    assert_true(old > 20 && new > 20);
}

int main(int argc, char **argv) {
    (void)argc;
    shim_load(argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_promised_checkpoint_survives),
        cmocka_unit_test(a_folder_is_whole_or_not_there),
        cmocka_unit_test(a_run_goes_on_after_a_cut),
        cmocka_unit_test(a_run_replaces_another_or_not),
    };
    return cmocka_run_group_tests_name("faults/power_loss", tests, make_world, free_world);
}
