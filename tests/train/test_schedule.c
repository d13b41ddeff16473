/* tests of train/schedule: the values of transformers' schedules (5.x, AdamW at 1e-3, total and ceil(total * ratio)
 * warm-up steps), printed by get_last_lr() before each step and once after the last. */
#include "train/schedule.h"

#include "scratch.h"

#include <math.h>

static const struct {
    const char *name;
    int64_t steps;
    double ratio, values[21];
} cases[] = {
    {"linear", 20, 0.06,
     {0.0, 0.0005, 0.001, 0.0009444444444444445, 0.0008888888888888888, 0.0008333333333333334, 0.0007777777777777778,
      0.0007222222222222222, 0.0006666666666666666, 0.0006111111111111112, 0.0005555555555555556, 0.0005,
      0.0004444444444444444, 0.0003888888888888889, 0.0003333333333333333, 0.0002777777777777778, 0.0002222222222222222,
      0.00016666666666666666, 0.0001111111111111111, 5.555555555555555e-05, 0.0}},
    {"linear", 7, 0.5, {0.0, 0.00025, 0.0005, 0.00075, 0.001, 0.0006666666666666666, 0.0003333333333333333, 0.0}},
    {"linear", 5, 0.0, {0.001, 0.0008, 0.0006, 0.0004, 0.0002, 0.0}},
    {"linear", 3, 1.0, {0.0, 0.0003333333333333333, 0.0006666666666666666, 0.0}},
    {"cosine", 20, 0.06,
     {0.0, 0.0005, 0.001, 0.000992403876506104, 0.0009698463103929542, 0.0009330127018922195, 0.000883022221559489,
      0.0008213938048432696, 0.00075, 0.0006710100716628344, 0.0005868240888334653, 0.0005, 0.00041317591116653486,
      0.0003289899283371657, 0.0002500000000000001, 0.0001786061951567303, 0.00011697777844051105,
      6.698729810778065e-05, 3.0153689607045842e-05, 7.59612349389599e-06, 0.0}},
    {"cosine", 7, 0.5, {0.0, 0.00025, 0.0005, 0.00075, 0.001, 0.00075, 0.0002500000000000001, 0.0}},
    {"cosine", 5, 0.0, {0.001, 0.0009045084971874737, 0.0006545084971874737, 0.00034549150281252633,
                        9.549150281252633e-05, 0.0}},
    {"wsd", 20, 0.06,
     {0.0, 0.0005, 0.001, 0.001, 0.001, 0.001, 0.001, 0.001, 0.001, 0.001, 0.001, 0.001, 0.001, 0.000875, 0.00075,
      0.000625, 0.0005, 0.000375, 0.00025, 0.000125, 0.0}},
    {"wsd", 7, 0.5, {0.0, 0.00025, 0.0005, 0.00075, 0.001, 0.0006666666666666668, 0.0003333333333333334, 0.0}},
    {"wsd", 5, 0.0, {0.001, 0.001, 0.001, 0.001, 0.0005, 0.0}},
    {"constant", 7, 0.5, {0.0, 0.00025, 0.0005, 0.00075, 0.001, 0.001, 0.001, 0.001}},
    {"constant", 5, 0.0, {0.001, 0.001, 0.001, 0.001, 0.001, 0.001}},
};

static maske_train_options settings_of(const char *name, double ratio) {
    maske_train_options settings;
    maske_train_options_defaults(&settings);
    settings.schedule = name;
    settings.warmup_ratio = ratio;
    return settings;
}

static void steps_match_transformers(void **state) {
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        maske_train_options settings = settings_of(cases[c].name, cases[c].ratio);
        schedule s = schedule_by_steps(&settings, cases[c].steps);
        for (int64_t step = 0; step <= cases[c].steps; step++) {
            double found = schedule_learning_rate(&s, (double)step);
            if (fabs(found - cases[c].values[step]) > 1e-15)
                fail_msg("%s, %lld steps, warm-up %g: step %lld gives %.17g, expected %.17g", cases[c].name,
                         (long long)cases[c].steps, cases[c].ratio, (long long)step, found, cases[c].values[step]);
        }
    }
}

/* By the clock it is the same curve, stretched over the seconds. */
static void seconds_are_the_same_curve(void **state) {
    (void)state;
    const char *const names[] = {"linear", "cosine", "wsd", "constant"};
    for (size_t i = 0; i < 4; i++) {
        maske_train_options settings = settings_of(names[i], 0.25);
        schedule steps = schedule_by_steps(&settings, 40), seconds = schedule_by_seconds(&settings, 60);
        for (int step = 0; step <= 40; step++)
            assert_true(fabs(schedule_learning_rate(&steps, step) - schedule_learning_rate(&seconds, 1.5 * step)) <
                        1e-15);
        /* Past the end, as a run may be by a fraction of a step. */
        assert_true(schedule_learning_rate(&seconds, 61) == (i == 3 ? settings.learning_rate : 0.0));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_match_transformers),
        cmocka_unit_test(seconds_are_the_same_curve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
