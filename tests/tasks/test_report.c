/* tests of tasks/report and its parts: a whole page of what a run left, curves of any numbers, nothing unescaped. */
#include "tasks/report_chart.h"
#include "tasks/report_history.h"

#include "small_model.h"

#include <math.h>

static size_t count_of(const char *text, const char *words) {
    size_t count = 0;
    while ((text = strstr(text, words)) != NULL) count++, text += strlen(words);
    return count;
}

static void charts_hold_their_points(void **state) {
    (void)state;
    const double x[] = {1, 2, 3, 4}, y[] = {5, NAN, -2, 5e-8}, flat[] = {7, 7, 7, 7}, none[] = {NAN, NAN, NAN, INFINITY};
    buffer out = {0};
    const chart_line lines[] = {{"a <b>", "held", x, y, 4, true}, {"c", "training", x, flat, 4, false}};
    assert_ok(chart_draw(&out, &(chart){"x & y", "step", lines, 2, false}));
    assert_int_equal(count_of(out.data, "<circle"), 3);
    assert_int_equal(count_of(out.data, "<polyline"), 2);
    assert_non_null(strstr(out.data, "x &amp; y"));
    assert_non_null(strstr(out.data, "a &lt;b&gt;"));
    assert_null(strstr(out.data, "nan"));
    assert_null(strstr(out.data, "inf"));
    buffer_clear(&out);
    assert_ok(chart_draw(&out, &(chart){"one point", "step", &(chart_line){"", "held", x, flat, 1, true}, 1, true}));
    assert_int_equal(count_of(out.data, "<circle"), 1);
    assert_null(strstr(out.data, "nan"));
    /* Losses one unit in the last place apart, for which no step between two of them is a number. */
    const double near[] = {1, 1 + 0x1p-52, 1, 1};
    buffer_clear(&out);
    assert_ok(chart_draw(&out, &(chart){"near", "step", &(chart_line){"", "held", x, near, 4, true}, 1, false}));
    assert_int_equal(count_of(out.data, "<circle"), 4);
    assert_true(count_of(out.data, "class=\"grid\"") < 12);
    buffer_clear(&out);
    assert_ok(chart_draw(&out, &(chart){"nothing", "step", &(chart_line){"", "held", x, none, 4, true}, 1, true}));
    assert_int_equal(out.length, 0);
    buffer_free(&out);
}

/* Ten thousand points are drawn as few; the curve's ends stay where they are, the axes round. */
static void long_curves_are_thinned(void **state) {
    (void)state;
    enum { POINTS = 10000 };
    double *x = calloc(POINTS, sizeof *x), *y = calloc(POINTS, sizeof *y);
    assert_true(x != NULL && y != NULL);
    for (int i = 0; i < POINTS; i++) x[i] = i + 1, y[i] = 9.7 - 3e-4 * i;
    buffer out = {0};
    assert_ok(chart_draw(&out, &(chart){"loss", "step", &(chart_line){"", "training", x, y, POINTS, false}, 1, false}));
    const char *points = strstr(out.data, "points=\"");
    assert_non_null(points);
    size_t commas = 0;
    for (points += 8; *points != '"'; points++) commas += *points == ',';
    assert_true(commas > CHART_POINTS / 2 && commas <= CHART_POINTS);
    assert_non_null(strstr(out.data, ">10k</text>"));
    buffer_free(&out);
    free(x);
    free(y);
}

static const char metrics[] =
    "{\"step\":10,\"loss\":7.5,\"accuracy\":0.01,\"learning_rate\":0.001,\"tokens\":9000,\"tokens_per_second\":1234.5,\"seconds\":4.5}\n"
    "{\"step\":10,\"valid_loss\":7.25,\"valid_accuracy\":0.125,\"unigram_loss\":7.5,\"unigram_accuracy\":0.0625,"
    "\"examples\":[{\"text\":\"<b>su</b> [MASK]\",\"filled\":\"a\",\"expected\":\"b\"}]}\n"
    "{\"step\":20,\"loss\":null,\"accuracy\":0.02,\"learning_rate\":0.0005,\"gradient_norm\":3.75,\"skipped\":2,\"tokens\":18000,\"tokens_per_second\":1000,\"seconds\":9}\n"
    "{\"step\":20,\"valid_loss\":7.25,\"valid_accuracy\":0.24,\"unigram_loss\":7.5,\"unigram_accuracy\":0.0625,"
    "\"average_valid_loss\":7.125,\"average_valid_accuracy\":0.25,\"valid_old_loss\":6.75,\"average_valid_old_loss\":6.875}\n"
    "{\"step\":30,\"lo";

static void histories_are_read(void **state) {
    (void)state;
    report_history h = {0};
    assert_ok(report_history_read(&h, scratch_write("metrics.jsonl", metrics, sizeof metrics - 1)));
    assert_true(h.step_count == 2 && h.evaluation_count == 2);
    assert_true(h.steps[0].loss == 7.5 && isnan(h.steps[1].loss) && h.steps[1].tokens == 18000);
    assert_int_equal(json_array_size(h.evaluations[0].examples), 1);
    assert_null(h.evaluations[1].examples);
    assert_true(isnan(h.steps[0].gradient_norm) && h.steps[1].gradient_norm == 3.75 && h.steps[1].skipped == 2);
    assert_true(isnan(h.evaluations[0].average_loss) && h.evaluations[1].average_accuracy == 0.25);
    assert_true(isnan(h.evaluations[0].old_loss) && h.evaluations[1].old_loss == 6.75);
    assert_true(h.evaluations[1].average_old_loss == 6.875 && isnan(h.evaluations[1].average_old_accuracy));
    /* Of the averaged weights: those of the last step are no better than those before. */
    assert_true(report_history_best(&h)->step == 20 && report_average_is_better(report_history_best(&h)));
    report_history_free(&h);
    static const char broken[] = "{\"step\":1}\n{]\n";
    assert_fails(report_history_read(&h, scratch_write("broken.jsonl", broken, sizeof broken - 1)), MASKE_BAD_FILE,
                 "broken.jsonl: line 2");
}

static const char *write_run(const char *name) {
    char path[600];
    const char *folder = small_model_write(name, "metaspace", 0.1, 0);
    snprintf(path, sizeof path, "%s/metrics.jsonl", folder);
    assert_ok(file_write_atomic(path, metrics, sizeof metrics - 1, false));
    snprintf(path, sizeof path, "%s/train.json", folder);
    static const char settings[] = "{\"size\":\"<tiny>\",\"learning-rate\":0.001,\"steps\":null}";
    assert_ok(file_write_atomic(path, settings, sizeof settings - 1, false));
    return folder;
}

static void a_page_holds_it_all(void **state) {
    (void)state;
    const char *folder = write_run("run"), *out = scratch_path("report.html");
    char *page;
    assert_ok(maske_report(folder, out, false));
    assert_ok(file_read(&page, &(size_t){0}, out, 1 << 20));
    assert_int_equal(count_of(page, "<svg"), 5);
    assert_int_equal(count_of(page, "<html"), 1);
    assert_int_equal(count_of(page, "</html>"), 1);
    const char *const held[] = {"7.1250", "0.2500", "averaged", "3.750", "steps skipped", "6.7500", "6.8750", "of the old text", "&lt;b&gt;su&lt;/b&gt; [MASK]", "&lt;tiny&gt;", "<th>learning-rate</th><td>0.001</td>", "merges", "parameters"};
    for (size_t i = 0; i < sizeof held / sizeof held[0]; i++)
        if (strstr(page, held[i]) == NULL) fail_msg("the page has no %s", held[i]);
    /* Self-contained: nothing is loaded, nothing runs. */
    const char *const absent[] = {"http://", "https://", "<script", "src=", "href=", "<b>su", "nan"};
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
        if (strstr(page, absent[i]) != NULL) fail_msg("the page has %s", absent[i]);
    free(page);
    assert_fails(maske_report(folder, out, false), MASKE_EXISTS, "--force");
    assert_ok(maske_report(folder, out, true));
    assert_fails(maske_report(scratch(), scratch_path("other.html"), false), MASKE_BAD_FILE, "not the folder of a run");
}

/* A run that has saved nothing yet has a report as well. */
static void a_run_that_has_just_begun(void **state) {
    (void)state;
    static const char settings[] = "{}";
    const char *folder = scratch_path("young");
    char path[600], *page;
    assert_ok(folder_make(folder));
    snprintf(path, sizeof path, "%s/metrics.jsonl", folder);
    assert_ok(file_write_atomic(path, "", 0, false));
    snprintf(path, sizeof path, "%s/train.json", folder);
    assert_ok(file_write_atomic(path, settings, sizeof settings - 1, false));
    assert_ok(maske_report(folder, scratch_path("young.html"), false));
    assert_ok(file_read(&page, &(size_t){0}, scratch_path("young.html"), 1 << 20));
    assert_non_null(strstr(page, "No model was saved yet"));
    assert_null(strstr(page, "<svg"));
    free(page);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(charts_hold_their_points),
        cmocka_unit_test(long_curves_are_thinned),
        cmocka_unit_test(histories_are_read),
        cmocka_unit_test(a_page_holds_it_all),
        cmocka_unit_test(a_run_that_has_just_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
