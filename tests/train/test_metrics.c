/* tests of train/metrics: lines as documented, cut and gone on with at a checkpoint's length, kept while the disk is
 * full. */
#include "train/metrics.h"

#include "training.h"

#include <sys/resource.h>
#include <signal.h>

static const maske_train_step step = {
    .step = 7, .epoch = 2, .loss = 0.5, .average_loss = 0.75, .accuracy = 0.25, .average_accuracy = 0.125,
    .learning_rate = 1e-4, .tokens = 900, .tokens_per_second = 12.5, .seconds = 1.5,
    .gradient_norm = 0.5, .skipped = 1};
static const maske_train_evaluation evaluation = {.step = 7, .valid_loss = 2.5, .valid_accuracy = 0.5,
                                                  .unigram_loss = 3.5, .unigram_accuracy = 0.25};
static char around[] = "su [MASK]", words[] = "akar", guess[] = "\"yok\"";
static const examples filled = {.count = 1, .items = {{.text = around, .expected = words, .filled = guess}}};
static const char step_line[] =
    "{\"step\":7,\"epoch\":2,\"loss\":0.5,\"average_loss\":0.75,\"accuracy\":0.25,\"average_accuracy\":0.125,"
    "\"learning_rate\":0.0001,\"tokens\":900,\"tokens_per_second\":12.5,\"seconds\":1.5,\"gradient_norm\":0.5,\"skipped\":1}\n";
static const char evaluation_line[] =
    "{\"step\":7,\"valid_loss\":2.5,\"valid_accuracy\":0.5,\"unigram_loss\":3.5,\"unigram_accuracy\":0.25,"
    "\"examples\":[{\"text\":\"su [MASK]\",\"filled\":\"\\\"yok\\\"\",\"expected\":\"akar\"}]}\n";

static void expect_text(const char *expected) {
    char *found = read_whole(scratch(), "metrics.jsonl", &(size_t){0});
    assert_string_equal(found, expected);
    free(found);
}

static void lines_are_as_documented(void **state) {
    (void)state;
    metrics m = {.descriptor = -1};
    assert_ok(metrics_open(&m, scratch(), 0));
    assert_ok(metrics_add_step(&m, &step));
    assert_ok(metrics_add_evaluation(&m, &evaluation, &filled));
    assert_ok(metrics_write(&m));
    assert_ok(metrics_sync(&m));
    assert_int_equal(m.length, strlen(step_line) + strlen(evaluation_line));
    metrics_close(&m);
    char both[1024];
    snprintf(both, sizeof both, "%s%s", step_line, evaluation_line);
    expect_text(both);
}

static void averaged_weights_and_old_text_have_their_figures(void **state) {
    (void)state;
    metrics m = {.descriptor = -1};
    maske_train_evaluation e = evaluation;
    e.averaged = e.old = true;
    e.average_valid_loss = 2, e.average_valid_accuracy = 0.75;
    e.valid_old_loss = 4, e.valid_old_accuracy = 0.125;
    e.average_valid_old_loss = 5, e.average_valid_old_accuracy = 0.0625;
    assert_ok(metrics_open(&m, scratch(), 0));
    assert_ok(metrics_add_evaluation(&m, &e, &(examples){0}));
    metrics_close(&m);
    expect_text("{\"step\":7,\"valid_loss\":2.5,\"valid_accuracy\":0.5,\"unigram_loss\":3.5,\"unigram_accuracy\":0.25,"
                "\"average_valid_loss\":2.0,\"average_valid_accuracy\":0.75,\"valid_old_loss\":4.0,"
                "\"valid_old_accuracy\":0.125,\"average_valid_old_loss\":5.0,\"average_valid_old_accuracy\":0.0625,"
                "\"examples\":[]}\n");
}

static void a_resumed_run_cuts_what_came_later(void **state) {
    (void)state;
    metrics m = {.descriptor = -1};
    char text[1024];
    snprintf(text, sizeof text, "%s%s{\"step\":8,\"epo", step_line, step_line);
    scratch_text("metrics.jsonl", text);
    assert_ok(metrics_open(&m, scratch(), strlen(step_line)));
    expect_text(step_line);
    assert_ok(metrics_add_evaluation(&m, &evaluation, &filled));
    metrics_close(&m);
    snprintf(text, sizeof text, "%s%s", step_line, evaluation_line);
    expect_text(text);
}

static void lost_lines_are_said(void **state) {
    (void)state;
    metrics m = {.descriptor = -1};
    scratch_text("metrics.jsonl", step_line);
    listen();
    assert_ok(metrics_open(&m, scratch(), 5000));
    assert_non_null(strstr(said, "warning: "));
    assert_non_null(strstr(said, "expected 5000: lines of this run were lost"));
    assert_int_equal(m.length, strlen(step_line));
    metrics_close(&m);
}

/* A limit on file sizes stands for a full disk: the write fails half-way, and goes on once there is room. */
static void lines_wait_for_a_full_disk(void **state) {
    (void)state;
    metrics m = {.descriptor = -1};
    struct rlimit before, small;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_ok(metrics_open(&m, scratch(), 0));
    assert_ok(metrics_add_step(&m, &step));
    small = before;
    small.rlim_cur = strlen(step_line) + 20;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    listen();
    assert_ok(metrics_add_evaluation(&m, &evaluation, &filled));
    assert_ok(metrics_add_step(&m, &step));
    maske_status while_full = metrics_write(&m);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(while_full, MASKE_IO);
    const char *first = strstr(said, "it is tried again with the next line");
    assert_non_null(first);
    assert_null(strstr(first + 1, "it is tried again"));
    assert_ok(metrics_write(&m));
    assert_ok(metrics_sync(&m));
    metrics_close(&m);
    char text[1024];
    snprintf(text, sizeof text, "%s%s%s", step_line, evaluation_line, step_line);
    expect_text(text);
}

static void only_a_file_is_written_to(void **state) {
    (void)state;
    metrics m = {.descriptor = -1};
    const char *folder = scratch_path("other");
    assert_ok(folder_make(scratch_path("other/metrics.jsonl")));
    assert_fails(metrics_open(&m, folder, 0), MASKE_IO, "metrics.jsonl");
    assert_ok(folder_remove(folder));
    assert_ok(folder_make(folder));
    assert_int_equal(symlink("/dev/null", scratch_path("other/metrics.jsonl")), 0);
    assert_fails(metrics_open(&m, folder, 0), MASKE_IO, "metrics.jsonl");
    metrics_close(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_as_documented),   cmocka_unit_test(averaged_weights_and_old_text_have_their_figures),
        cmocka_unit_test(a_resumed_run_cuts_what_came_later),
        cmocka_unit_test(lost_lines_are_said),       cmocka_unit_test(lines_wait_for_a_full_disk),
        cmocka_unit_test(only_a_file_is_written_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
