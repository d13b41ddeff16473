/* The learning rate over a run, against the formulas of transformers' get_linear_schedule_with_warmup,
 * get_cosine_schedule_with_warmup and get_constant_schedule_with_warmup written out. */
#include "train/schedule.h"

#include <math.h>

#include "scratch.h"

static double reference(const char *kind, double step, double warmup, double total) {
    if (step < warmup) return step / fmax(1, warmup);
    double progress = (step - warmup) / fmax(1, total - warmup);
    if (kind[0] == 'l') return fmax(0, (total - step) / fmax(1, total - warmup));
    if (kind[1] == 'o' && kind[2] == 's') return fmax(0, 0.5 * (1 + cos(M_PI * progress)));
    return 1;
}

static void values_are_those_of_transformers(void **state) {
    (void)state;
    static const char *const kinds[] = {"linear", "cosine", "constant"};
    for (int k = 0; k < 3; k++)
        for (int64_t total = 10; total <= 1000; total *= 10) {
            maske_train_options o;
            maske_train_options_defaults(&o);
            o.schedule = kinds[k];
            o.learning_rate = 0.002;
            schedule s = schedule_by_steps(&o, total);
            double warmup = ceil(0.06 * (double)total);
            for (int64_t step = 0; step < total; step++) {
                double expected = 0.002 * reference(kinds[k], (double)step, warmup, (double)total), got = schedule_learning_rate(&s, (double)step);
                if (!(fabs(got - expected) < 1e-12)) fail_msg("%s, step %d of %d: %g, expected %g", kinds[k], (int)step, (int)total, got, expected);
            }
        }
}

static void by_the_clock_it_ends_at_nothing(void **state) {
    (void)state;
    maske_train_options o;
    maske_train_options_defaults(&o);
    schedule s = schedule_by_seconds(&o, 100);
    assert_true(fabs(schedule_learning_rate(&s, 6) - 1e-3) < 1e-9);
    assert_true(schedule_learning_rate(&s, 3) < 6e-4 && schedule_learning_rate(&s, 3) > 4e-4);
    assert_true(schedule_learning_rate(&s, 100) == 0 && schedule_learning_rate(&s, 150) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_of_transformers),
        cmocka_unit_test(by_the_clock_it_ends_at_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
