/* A run that was stopped, killed or damaged and goes on is the run that was never stopped, byte for byte. */
#include "toy.h"

#include <signal.h>
#include <sys/wait.h>

enum { STEPS = 12 };

static const char *whole(void) {
    static char path[512];
    if (path[0] != '\0') return path;
    maske_train_options options = toy_options();
    snprintf(path, sizeof path, "%s", scratch_path("whole"));
    assert_ok(toy_train(path, toy_text("text.txt", 40), &options, 2, 0));
    return path;
}

static void stopped_after_any_step(void **state) {
    (void)state;
    const char *expected = whole(), *text = scratch_path("text.txt");
    for (int64_t after = 1; after < STEPS; after++) {
        char name[32];
        snprintf(name, sizeof name, "stopped-%d", (int)after);
        const char *out = scratch_path(name);
        maske_train_options options = toy_options();
        bool finished = true;
        assert_fails(toy_train(out, text, &options, 2, after), MASKE_STOPPED, "checkpoint written");
        assert_ok(toy_resume(out, 2, 0, &finished));
        assert_false(finished);
        assert_same_run(expected, out);
    }
}

static void stopped_again_and_again(void **state) {
    (void)state;
    const char *expected = whole(), *text = scratch_path("text.txt"), *out = scratch_path("again");
    maske_train_options options = toy_options();
    assert_fails(toy_train(out, text, &options, 2, 1), MASKE_STOPPED, "step 1");
    for (int64_t after = 2; after < STEPS; after++) assert_fails(toy_resume(out, 2, after, NULL), MASKE_STOPPED, "stopped after step");
    assert_ok(toy_resume(out, 2, 0, NULL));
    assert_same_run(expected, out);
}

static void threads_do_not_show(void **state) {
    (void)state;
    const char *expected = whole(), *text = scratch_path("text.txt");
    for (int threads = 1; threads <= 3; threads += 2) {
        const char *out = scratch_path(threads == 1 ? "one-thread" : "three-threads");
        maske_train_options options = toy_options();
        assert_ok(toy_train(out, text, &options, threads, 0));
        assert_same_run(expected, out);
    }
}

static void killed_at_any_moment(void **state) {
    (void)state;
    const char *expected = whole(), *text = scratch_path("text.txt");
    for (int round = 0; round < 5; round++) {
        char name[32];
        snprintf(name, sizeof name, "killed-%d", round);
        const char *out = scratch_path(name);
        pid_t child = fork();
        if (child == 0) {
            maske_train_options options = toy_options();
            options.save_steps = 3;
            _exit((int)toy_train(out, text, &options, 2, 0));
        }
        usleep(20000 + random_philox(7, RANDOM_TEST, 0, (uint64_t)round).word[0] % 150000);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        char *settings = NULL;
        assert_ok(path_join(&settings, out, "train.json"));
        if (path_exists(settings)) {
            assert_ok(toy_resume(out, 2, 0, NULL));
        } else {        /* it had not begun: the same command starts it */
            maske_train_options options = toy_options();
            assert_ok(toy_train(out, text, &options, 2, 0));
        }
        free(settings);
        assert_same_run(expected, out);
    }
}

static void a_finished_run_says_so(void **state) {
    (void)state;
    bool finished = false;
    assert_ok(toy_resume(whole(), 2, 0, &finished));
    assert_true(finished);
}

static char warnings[4096];
static void keep_warnings(void *user, maske_log_level level, const char *sentence) {
    (void)user;
    if (level == MASKE_LOG_WARNING) snprintf(warnings + strlen(warnings), sizeof warnings - strlen(warnings), "%s\n", sentence);
}

static void a_damaged_checkpoint_is_passed_over(void **state) {
    (void)state;
    const char *expected = whole(), *text = scratch_path("text.txt");
    static const char *const names[] = {"model.safetensors", "optimizer.safetensors", "trainer_state.json"};
    for (int n = 0; n < 3; n++)
        for (int cut = 0; cut < 2; cut++) {
            char name[64], inside[128];
            snprintf(name, sizeof name, "damaged-%d-%d", n, cut);
            const char *out = scratch_path(name);
            maske_train_options options = toy_options();
            options.save_steps = 3;
            assert_fails(toy_train(out, text, &options, 2, 8), MASKE_STOPPED, "step 8");
            size_t length = 0;
            snprintf(inside, sizeof inside, "checkpoints/step-8/%s", names[n]);
            char *data = toy_read(out, inside, &length), *path = NULL;
            if (!cut) data[length / 2] ^= 1;
            assert_ok(path_join(&path, out, inside));
            assert_ok(file_write_atomic(path, data, cut ? length - 3 : length, true));
            warnings[0] = '\0';
            maske_set_log(keep_warnings, NULL);
            assert_ok(toy_resume(out, 2, 0, NULL));
            maske_set_log(NULL, NULL);
            if (strstr(warnings, "step-8") == NULL) fail_msg("%s, cut %d: the warnings name no checkpoint: %s", names[n], cut, warnings);
            assert_same_file(expected, out, "model.safetensors");
            free(data);
            free(path);
        }
}

static void another_text_is_refused(void **state) {
    (void)state;
    const char *text = toy_text("other.txt", 30), *out = scratch_path("other");
    maske_train_options options = toy_options();
    assert_fails(toy_train(out, text, &options, 2, 5), MASKE_STOPPED, "step 5");
    toy_text("other.txt", 31);
    assert_fails(toy_resume(out, 2, 0, NULL), MASKE_BAD_ARGUMENT, "text has changed");
    toy_text("other.txt", 30);
    size_t length = 0;
    char *settings = toy_read(out, "train.json", &length);
    static const char before[] = "\"learning-rate\": 0.00";
    size_t digit = 0;
    while (digit + sizeof before < length && memcmp(settings + digit, before, sizeof before - 1) != 0) digit++;
    digit += sizeof before - 1;
    assert_int_equal(settings[digit], '1');
    settings[digit] = '2';
    char *path = NULL;
    assert_ok(path_join(&path, out, "train.json"));
    assert_ok(file_write_atomic(path, settings, length, true));
    assert_fails(toy_resume(out, 2, 0, NULL), MASKE_BAD_ARGUMENT, "learning-rate");
    settings[digit] = '1';
    assert_ok(file_write_atomic(path, settings, length, true));
    assert_ok(toy_resume(out, 2, 0, NULL));
    free(settings);
    free(path);
}

static void a_folder_that_is_no_run(void **state) {
    (void)state;
    assert_fails(toy_resume(scratch_path("nowhere"), 2, 0, NULL), MASKE_IO, "nowhere");
    assert_fails(toy_resume(scratch(), 2, 0, NULL), MASKE_IO, "train.json");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stopped_after_any_step),   cmocka_unit_test(stopped_again_and_again),
        cmocka_unit_test(threads_do_not_show),      cmocka_unit_test(killed_at_any_moment),
        cmocka_unit_test(a_finished_run_says_so),   cmocka_unit_test(a_damaged_checkpoint_is_passed_over),
        cmocka_unit_test(another_text_is_refused),  cmocka_unit_test(a_folder_that_is_no_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
