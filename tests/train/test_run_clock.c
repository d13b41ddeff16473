/* tests of train/run_clock: what is due when, by steps and by the clock (whose time the tests name themselves). */
#include "train/run_clock.h"

#include "scratch.h"

#include <math.h>

static maske_train_options settings;
static trainer_state state_of_run;

static run_clock clock_by_steps(int64_t steps) {
    maske_train_options_defaults(&settings);
    settings.save_minutes = 1e6;
    state_of_run = (trainer_state){0};
    run_clock c = {.settings = &settings, .steps = steps, .state = &state_of_run, .evaluates = true};
    run_clock_start(&c);
    return c;
}

/* A minute in all, of which the last evaluation and saving are guessed to take 4 seconds. */
static run_clock clock_by_time(void) {
    run_clock c = clock_by_steps(0);
    state_of_run.time_budget = 60;
    c.evaluation_guess = 3;
    c.save_guess = 1;
    c.step_seconds = 2;
    return c;
}

static void ten_evaluations_by_steps(void **state) {
    (void)state;
    const int64_t lengths[] = {1, 3, 10, 37, 1000};
    for (size_t i = 0; i < 5; i++) {
        run_clock c = clock_by_steps(lengths[i]);
        int64_t evaluations = 0;
        for (int64_t step = 1; step <= lengths[i]; step++) {
            bool last = run_clock_is_last(&c, step, 0);
            assert_int_equal(last, step == lengths[i]);
            evaluations += run_clock_evaluation_is_due(&c, step, 0, last);
        }
        assert_int_equal(evaluations, lengths[i] < 10 ? lengths[i] : 10);
    }
    run_clock c = clock_by_steps(20);
    c.evaluates = false;
    for (int64_t step = 1; step <= 20; step++) assert_false(run_clock_evaluation_is_due(&c, step, 0, step == 20));
}

static void given_steps_are_kept(void **state) {
    (void)state;
    run_clock c = clock_by_steps(20);
    settings.eval_steps = 6;
    settings.save_steps = 5;
    for (int64_t step = 1; step <= 20; step++) {
        assert_int_equal(run_clock_evaluation_is_due(&c, step, 0, step == 20), step % 6 == 0 || step == 20);
        assert_int_equal(run_clock_save_is_due(&c, step), step % 5 == 0);
    }
    settings.save_minutes = 1e-9;
    assert_true(run_clock_save_is_due(&c, 1));
}

/* It ends so that with the last evaluation and saving the time is over, to half a step. */
static void the_clock_ends_a_run(void **state) {
    (void)state;
    run_clock c = clock_by_time();
    assert_false(run_clock_is_last(&c, 10, 54.9));
    assert_true(run_clock_is_last(&c, 10, 55.1));
    /* What was measured counts more than the guess. */
    state_of_run.evaluation_seconds = 9;
    state_of_run.save_seconds = 1;
    assert_false(run_clock_is_last(&c, 10, 48.9));
    assert_true(run_clock_is_last(&c, 10, 49.1));
    /* However long it takes, half of the time is for training. */
    state_of_run.evaluation_seconds = 500;
    assert_false(run_clock_is_last(&c, 10, 28.9));
    assert_true(run_clock_is_last(&c, 10, 29.1));
}

/* The model is saved beside the checkpoint; what was spent before the first step is not there any more. */
static void the_model_and_the_beginning_count(void **state) {
    (void)state;
    run_clock c = clock_by_time();
    c.model_seconds = 2;            /* so a checkpoint takes 6: the end 3 + 6 + 2, and half a step */
    assert_false(run_clock_is_last(&c, 10, 47.9));
    assert_true(run_clock_is_last(&c, 10, 48.1));
    state_of_run.save_seconds = 1;
    assert_false(run_clock_is_last(&c, 10, 52.9));
    assert_true(run_clock_is_last(&c, 10, 53.1));
    run_clock_spend(&c, 10);
    assert_true(state_of_run.time_budget == 50);
    run_clock_spend(&c, 40);
    assert_true(state_of_run.time_budget == 25);
}

static void the_learning_rate_ends_with_the_time(void **state) {
    (void)state;
    run_clock c = clock_by_time();
    settings.warmup_ratio = 0.25;
    assert_true(run_clock_learning_rate(&c, 0, 0) == 0);
    assert_true(fabs(run_clock_learning_rate(&c, 3, 7) - 0.5e-3) < 1e-12);
    assert_true(fabs(run_clock_learning_rate(&c, 3, 14) - 1e-3) < 1e-12);
    assert_true(fabs(run_clock_learning_rate(&c, 3, 35) - 0.5e-3) < 1e-12);
    assert_true(run_clock_learning_rate(&c, 3, 56) == 0);
}

/* Ten evaluations, each once, also where a step jumps over two of them; what was done is kept in the state. */
static void ten_evaluations_by_the_clock(void **state) {
    (void)state;
    run_clock c = clock_by_time();
    int64_t evaluations = 0, step = 0;
    for (double elapsed = 0.4; elapsed < 56; elapsed += 0.4)
        evaluations += run_clock_evaluation_is_due(&c, ++step, elapsed, false);
    evaluations += run_clock_evaluation_is_due(&c, ++step, 56, true);
    assert_int_equal(evaluations, 10);
    c = clock_by_time();
    assert_true(run_clock_evaluation_is_due(&c, 1, 17, false));
    assert_false(run_clock_evaluation_is_due(&c, 2, 18, false));
    assert_int_equal(state_of_run.evaluations_by_clock, 3);
}

/* Evaluations that take long are not due one behind the other: a tenth of the training lies between two. */
static void evaluating_is_no_training(void **state) {
    (void)state;
    run_clock c = clock_by_time();
    double elapsed = 0, last = 0;
    for (int64_t step = 1; elapsed < 56; step++) {
        elapsed += 0.4;
        if (!run_clock_evaluation_is_due(&c, step, elapsed, false)) continue;
        assert_true(elapsed - last >= 5.2);
        elapsed += 9;
        state_of_run.evaluating_seconds += 9;
        last = elapsed;
    }
    assert_int_equal(state_of_run.evaluations_by_clock, 4);
    assert_true(fabs(run_clock_evaluation_seconds(60) - 0.6) < 1e-12);
}

static void time_left_is_told(void **state) {
    (void)state;
    run_clock c = clock_by_steps(100);
    assert_true(run_clock_seconds_left(&c, 0, 0) < 0);
    run_clock_add_step(&c, 2);
    assert_true(fabs(run_clock_seconds_left(&c, 90, 1000) - 20) < 1e-9);
    c = clock_by_time();
    assert_true(fabs(run_clock_seconds_left(&c, 90, 10) - 50) < 1e-9);
    assert_true(run_clock_seconds_left(&c, 90, 61) == 0);
}

static void time_spent_counts_on(void **state) {
    (void)state;
    run_clock c = clock_by_steps(100);
    state_of_run.seconds = 1000;
    run_clock_start(&c);
    double elapsed = run_clock_elapsed(&c);
    assert_true(elapsed >= 1000 && elapsed < 1010);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_evaluations_by_steps),
        cmocka_unit_test(given_steps_are_kept),
        cmocka_unit_test(the_clock_ends_a_run),
        cmocka_unit_test(the_model_and_the_beginning_count),
        cmocka_unit_test(the_learning_rate_ends_with_the_time),
        cmocka_unit_test(ten_evaluations_by_the_clock),
        cmocka_unit_test(evaluating_is_no_training),
        cmocka_unit_test(time_left_is_told),
        cmocka_unit_test(time_spent_counts_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
