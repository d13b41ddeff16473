/* tests of train/recipe: what the rule chooses, what it leaves alone; nothing is trained. */
#include "train/recipe.h"
#include "train/settings.h"

#include "scratch.h"

/* What mini reaches in f32 on two cores of a small computer, and with matrix units. */
static const double slow = 60e9, fast = 500e9;

static maske_train_options defaults(void) {
    maske_train_options o;
    maske_train_options_defaults(&o);
    return o;
}

/* The rule for `minutes` with these settings as the user gave them, and these beside (names). */
static recipe_choice choose(maske_train_options *o, double minutes, double text_bytes, double speed, const char *names) {
    recipe_inputs in = {.minutes = minutes, .text_bytes = text_bytes, .operations = speed};
    recipe_choice c;
    o->minutes = minutes;
    assert_ok(recipe_find_given(in.given, o, names));
    assert_ok(recipe_choose(&c, o, &in));
    assert_true(c.count > 0 && c.count <= RECIPE_LINES);
    for (size_t i = 0; i < c.count; i++) assert_true(c.lines[i].value[0] != '\0' && c.lines[i].why[0] != '\0');
    maske_train_options whole = *o;
    assert_ok(settings_check(&whole));
    assert_ok(settings_complete(&whole));
    return c;
}

static int64_t hidden(const maske_train_options *o) {
    maske_train_options whole = *o;
    assert_ok(settings_complete(&whole));
    return whole.hidden_size * whole.num_hidden_layers;
}

/* Whatever the text, the time and the machine: settings that are allowed, and that make sense together. */
static void every_choice_can_be_trained(void **state) {
    (void)state;
    for (double minutes = 0.01; minutes < 1e4; minutes *= 3)
        for (double bytes = 10; bytes < 1e12; bytes *= 20)
            for (double speed = 1e8; speed < 1e14; speed *= 30) {
                maske_train_options o = defaults();
                recipe_choice c = choose(&o, minutes, bytes, speed, NULL);
                assert_true(c.minutes > 0 && c.minutes <= minutes);
                assert_true(c.passes <= 50 && c.steps >= 1);
                assert_true(o.batch_size >= 1 && o.batch_size <= 64);
                assert_true(o.valid_fraction > 0 && o.valid_fraction <= 0.02);
            }
}

static void more_time_takes_a_larger_model(void **state) {
    (void)state;
    int64_t before = 0;
    for (double minutes = 0.1; minutes < 1e5; minutes *= 2) {
        maske_train_options o = defaults();
        choose(&o, minutes, 1e10, fast, NULL);
        assert_true(hidden(&o) >= before);
        before = hidden(&o);
    }
    assert_int_equal(before, 768 * 12);
}

static void a_slower_machine_takes_a_smaller_model(void **state) {
    (void)state;
    maske_train_options on_slow = defaults(), on_fast = defaults();
    choose(&on_slow, 1, 2e6, slow, NULL);
    choose(&on_fast, 10, 2e6, fast, NULL);
    assert_string_equal(on_slow.size, "tiny");
    assert_string_equal(on_fast.size, "mini");
}

/* Ten minutes of a small computer: of a short text tiny would have seen everything; a longer one is still new to it. */
static void a_text_that_is_still_new_takes_a_smaller_model(void **state) {
    (void)state;
    maske_train_options on_short = defaults(), on_long = defaults(), with_time = defaults();
    assert_true(choose(&on_short, 10, 1.2e6, slow * 1.5, NULL).passes > 8);
    choose(&on_long, 10, 2.4e6, slow * 1.5, NULL);
    assert_true(choose(&with_time, 60, 2.4e6, slow * 1.5, NULL).passes > 8);
    assert_string_equal(on_short.size, "mini");
    assert_string_equal(on_long.size, "tiny");
    assert_string_equal(with_time.size, "mini");
}

/* Little text for the minutes: dropout, a small model, and an end before the time is over. */
static void little_text_is_not_learned_by_heart(void **state) {
    (void)state;
    maske_train_options o = defaults();
    recipe_choice c = choose(&o, 10, 2e6, fast, NULL);
    assert_true(c.passes > 8 && c.minutes <= 10);
    assert_true(o.dropout >= 0.1 && o.attention_dropout >= 0.1);
    o = defaults();
    c = choose(&o, 600, 1e5, fast, NULL);
    assert_true(c.minutes < 60);
    assert_true(hidden(&o) <= 256 * 4);
    o = defaults();
    c = choose(&o, 10, 1e9, fast, NULL);
    assert_true(c.passes < 1 && o.dropout == 0 && o.attention_dropout == 0);
}

/* The more often over the text, the more dropout; of attention's few places never much. */
static void dropout_grows_with_the_passes(void **state) {
    (void)state;
    double before = 0, most = 0;
    for (double minutes = 0.5; minutes < 100; minutes *= 1.2) {
        maske_train_options o = defaults();
        o.hidden_size = 256, o.num_hidden_layers = 4;
        recipe_choice c = choose(&o, minutes, 2e6, slow, NULL);
        assert_true(o.dropout >= before && o.attention_dropout <= 0.1 && o.attention_dropout <= o.dropout);
        assert_true(c.passes >= 4 || o.dropout == 0);
        assert_true(c.passes < 20 || o.dropout >= 0.2);
        before = o.dropout;
        most = c.passes > most ? c.passes : most;
    }
    assert_true(most > 20);
    maske_train_options narrow = defaults();
    narrow.size = "tiny";
    recipe_choice c = choose(&narrow, 60, 2e6, slow, "size");
    assert_true(c.passes > 20 && narrow.dropout == 0.1);
}

/* Every flag alone: kept, though it is at its default or far from what the rule would take. */
static void what_was_given_is_kept(void **state) {
    (void)state;
    maske_train_options o = defaults(), usual = defaults();
    recipe_choice c = choose(&o, 10, 2e6, fast,
                             "size,batch-size,optimizer,learning-rate,schedule,mask-probability,dropout,"
                             "attention-dropout,weight-decay,warmup-ratio,valid-fraction,vocab-size,");
    assert_string_equal(o.size, usual.size);
    assert_string_equal(o.optimizer, usual.optimizer);
    assert_string_equal(o.schedule, usual.schedule);
    assert_int_equal(o.batch_size, usual.batch_size);
    assert_int_equal(o.vocab_size, usual.vocab_size);
    assert_true(o.learning_rate == usual.learning_rate && o.mask_probability == usual.mask_probability);
    assert_true(o.dropout == usual.dropout && o.weight_decay == usual.weight_decay);
    assert_true(o.valid_fraction == usual.valid_fraction && o.warmup_ratio == usual.warmup_ratio);
    size_t given = 0;
    for (size_t i = 0; i < c.count; i++) given += c.lines[i].given;
    assert_true(given >= 7);

    o = defaults();
    o.hidden_size = 192;
    o.num_hidden_layers = 3;
    o.mask_probability = 0.2;
    choose(&o, 10, 2e6, fast, NULL);
    assert_true(hidden(&o) == 192 * 3 && o.mask_probability == 0.2);
    assert_string_equal(o.optimizer, "muon");
    bool rows[RECIPE_ROWS];
    assert_fails(recipe_find_given(rows, &o, "dropout,drop"), MASKE_BAD_ARGUMENT, "found \"drop\", which is no setting");
}

/* On from a model: gentler rates, no other shape. */
static void a_model_is_trained_on_gently(void **state) {
    (void)state;
    maske_train_options new = defaults(), on = defaults();
    choose(&new, 10, 2e6, fast, NULL);
    recipe_inputs in = {.minutes = 10, .text_bytes = 2e6, .operations = fast, .vocab_size = 8000, .has_model = true};
    recipe_choice c;
    on.hidden_size = 256, on.num_hidden_layers = 4;
    assert_ok(recipe_find_given(in.given, &on, NULL));
    assert_ok(recipe_choose(&c, &on, &in));
    assert_int_equal(hidden(&on), 256 * 4);
    assert_true(on.muon_learning_rate < new.muon_learning_rate && on.vocab_size == 0);
    assert_true(on.learning_rate < new.learning_rate);
    assert_true(new.neighbour_heads && new.word_vectors > 0 && !on.neighbour_heads && on.word_vectors == 0);
}

/* Whatever the width: what the table shows can be typed. */
static void rates_have_two_figures(void **state) {
    (void)state;
    static const int64_t widths[] = {64, 128, 192, 256, 320, 512, 768, 1024};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        for (int adamw = 0; adamw < 2; adamw++) {
            maske_train_options o = defaults();
            char text[32];
            o.hidden_size = widths[i];
            if (adamw) o.optimizer = "adamw";
            choose(&o, 10, 2e6, fast, adamw ? "optimizer" : NULL);
            for (int rate = 0; rate < 2; rate++) {
                double value = rate ? o.muon_learning_rate : o.learning_rate;
                snprintf(text, sizeof text, "%.2g", value);
                assert_true(value > 0 && value == strtod(text, NULL));
            }
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_choice_can_be_trained),
        cmocka_unit_test(more_time_takes_a_larger_model),
        cmocka_unit_test(a_slower_machine_takes_a_smaller_model),
        cmocka_unit_test(a_text_that_is_still_new_takes_a_smaller_model),
        cmocka_unit_test(dropout_grows_with_the_passes),
        cmocka_unit_test(little_text_is_not_learned_by_heart),
        cmocka_unit_test(what_was_given_is_kept),
        cmocka_unit_test(a_model_is_trained_on_gently),
        cmocka_unit_test(rates_have_two_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
