/* tests of train/run_folder: what may be trained into, what a failed start leaves, what a new run removes. */
#include "train/run_folder.h"

#include "training.h"

#include <sys/wait.h>

static const char *fresh(const char *name) {
    const char *path = scratch_path(name);
    assert_ok(folder_remove(path));
    return path;
}

static void put(const char *folder, const char *name, const char *text) {
    char *path;
    assert_ok(path_join(&path, folder, name));
    assert_ok(file_write_atomic(path, text, strlen(text), true));
    free(path);
}

/* What a start makes: files in the preparing folder, then in their places. */
static void begin(run_folder *f) {
    put(f->preparing, RUN_TOKENS, "tokens");
    put(f->preparing, "tokenizer.json", "{}");
    put(f->preparing, RUN_SETTINGS, "{}");
    assert_ok(run_folder_begin(f));
}

static void a_start_that_fails_leaves_nothing(void **state) {
    (void)state;
    const char *path = fresh("new");
    run_folder f = {.lock = -1};
    assert_ok(run_folder_create(&f, path, false));
    put(f.preparing, RUN_TOKENS, "tokens");
    run_folder_close(&f);
    assert_false(path_exists(path));
    /* An empty folder that was there stays. */
    assert_ok(folder_make(path));
    assert_ok(run_folder_create(&f, path, false));
    put(f.preparing, RUN_TOKENS, "tokens");
    assert_ok(run_folder_begin(&f));        /* without a train.json it is no run */
    run_folder_close(&f);
    assert_true(path_is_folder(path));
    assert_false(has_file(path, "tokenizer.json"));
    assert_false(has_file(path, RUN_TOKENS));
    assert_false(has_file(path, "preparing.maske-part") || has_file(path, "replaced.maske-part"));
}

static void a_run_has_its_files(void **state) {
    (void)state;
    const char *path = fresh("run");
    run_folder f = {.lock = -1};
    assert_ok(run_folder_create(&f, path, false));
    begin(&f);
    run_folder_close(&f);
    assert_true(has_file(path, RUN_TOKENS) && has_file(path, RUN_SETTINGS) && has_file(path, "checkpoints"));
    assert_false(has_file(path, "preparing.maske-part") || has_file(path, "replaced.maske-part"));
    assert_ok(run_folder_open(&f, path));
    assert_ok(run_folder_finish(&f));
    run_folder_close(&f);
    assert_false(has_file(path, RUN_TOKENS));
    assert_true(has_file(path, "tokenizer.json"));
}

static void what_holds_something_is_refused(void **state) {
    (void)state;
    const char *path = fresh("full");
    run_folder f = {.lock = -1};
    assert_ok(folder_make(path));
    put(path, "tokenizer.json", "somebody's");
    assert_fails(run_folder_create(&f, path, false), MASKE_EXISTS,
                 "holds tokenizer.json, expected an empty or new folder");
    assert_true(has_file(path, "tokenizer.json"));
    assert_false(has_file(path, ".maske-lock"));
    put(path, RUN_SETTINGS, "{}");
    assert_fails(run_folder_create(&f, path, false), MASKE_EXISTS,
                 "a run is there: resume it, or replace it with force");
    const char *file = scratch_text("file", "text");
    assert_fails(run_folder_create(&f, file, true), MASKE_EXISTS, "is a file, expected the name of a folder");
}

static void force_replaces_a_run_and_nothing_else(void **state) {
    (void)state;
    const char *path = fresh("forced");
    run_folder f = {.lock = -1};
    assert_ok(run_folder_create(&f, path, false));
    begin(&f);
    put(f.path, "metrics.jsonl", "{}");
    put(f.checkpoints, "step-3", "of the old run");
    run_folder_close(&f);
    put(path, "notes.txt", "mine");
    /* Until it begins, the old run is as it was. */
    assert_ok(run_folder_create(&f, path, true));
    put(f.preparing, RUN_TOKENS, "new tokens");
    run_folder_close(&f);
    assert_true(has_file(path, "metrics.jsonl") && has_file(path, "checkpoints/step-3"));
    assert_ok(run_folder_create(&f, path, true));
    begin(&f);
    run_folder_close(&f);
    assert_false(has_file(path, "metrics.jsonl") || has_file(path, "checkpoints/step-3"));
    assert_true(has_file(path, "notes.txt") && has_file(path, RUN_SETTINGS));
}

/* In a child that ends without cleaning up, as if it was killed. */
static void killed_start(const char *path, bool begun) {
    pid_t child = fork();
    if (child == 0) {
        run_folder f = {.lock = -1};
        if (run_folder_create(&f, path, false) != MASKE_OK) _exit(1);
        put(f.preparing, RUN_TOKENS, "tokens");
        if (begun) put(f.preparing, "begin", "");
        if (begun) put(f.path, "tokenizer.json", "{}");
        _exit(0);
    }
    int ended = -1;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_int_equal(ended, 0);
}

static void a_killed_start_is_no_obstacle(void **state) {
    (void)state;
    const char *path = fresh("killed");
    run_folder f = {.lock = -1};
    for (int begun = 0; begun < 2; begun++) {
        killed_start(path, begun == 1);
        assert_fails(run_folder_open(&f, path), MASKE_IO, "found no train.json, expected the folder of a run");
        assert_ok(run_folder_create(&f, path, false));
        assert_false(has_file(path, "tokenizer.json"));
        run_folder_close(&f);
    }
}

static void two_runs_do_not_share_a_folder(void **state) {
    (void)state;
    const char *path = fresh("shared");
    run_folder first = {.lock = -1}, second = {.lock = -1};
    assert_ok(run_folder_create(&first, path, false));
    assert_fails(run_folder_create(&second, path, false), MASKE_EXISTS, "another maske is at work in this folder");
    begin(&first);
    assert_fails(run_folder_create(&second, path, true), MASKE_EXISTS, "another maske is at work in this folder");
    assert_fails(run_folder_open(&second, path), MASKE_EXISTS, "another maske is at work in this folder");
    run_folder_close(&first);
    assert_ok(run_folder_open(&second, path));
    run_folder_close(&second);
    assert_true(has_file(path, RUN_SETTINGS));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_that_fails_leaves_nothing), cmocka_unit_test(a_run_has_its_files),
        cmocka_unit_test(what_holds_something_is_refused),   cmocka_unit_test(force_replaces_a_run_and_nothing_else),
        cmocka_unit_test(a_killed_start_is_no_obstacle),     cmocka_unit_test(two_runs_do_not_share_a_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
