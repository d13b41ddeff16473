/* tasks/report.c: maske report: a page of HTML about a run, with nothing to load from anywhere. */
#include "base/model_files.h"
#include "base/number.h"
#include "tasks/model.h"
#include "tasks/report_chart.h"
#include "tasks/report_history.h"
#include "tasks/report_page.h"

#include <math.h>
#include <stdlib.h>

/* Rows of the log's table at most: the whole log is in metrics.jsonl. */
enum { LOG_ROWS = 200, MOST_SETTINGS = 1 << 20 };

typedef struct report {
    const char *folder;
    report_history history;
    json_t *settings;               /* train.json */
    buffer page;
} report;

/* ------------------------------------------------------------------------------------------------------- pieces --- */

static maske_status add(report *r, const char *html) { return buffer_add_text(&r->page, html); }
static maske_status add_text(report *r, const char *text) { return html_add_text(&r->page, text); }

static maske_status add_cell(report *r, double value, int decimals) {
    TRY(add(r, "<td class=\"n\">"));
    TRY(html_add_number(&r->page, value, decimals));
    return add(r, "</td>");
}

static maske_status add_row(report *r, const char *name, const char *value) {
    TRY(add(r, "<tr><th>"));
    TRY(add_text(r, name));
    TRY(add(r, "</th><td>"));
    TRY(add_text(r, value));
    return add(r, "</td></tr>\n");
}

static maske_status add_count_row(report *r, const char *name, int64_t value) {
    char text[32];
    number_print(text, sizeof text, "%lld", (long long)value);
    return add_row(r, name, text);
}

static maske_status add_card(report *r, const char *value, const char *label) {
    TRY(add(r, "<div class=\"card\"><b>"));
    TRY(add_text(r, value));
    TRY(add(r, "</b><span>"));
    TRY(add_text(r, label));
    return add(r, "</span></div>\n");
}

static maske_status add_number_card(report *r, double value, int decimals, const char *label) {
    char text[64];
    if (!isfinite(value)) return MASKE_OK;
    number_print(text, sizeof text, "%.*f", decimals, value);
    return add_card(r, text, label);
}

/* ----------------------------------------------------------------------------------------------------- the head --- */

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

static maske_status add_head(report *r) {
    TRY(add(r, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
               "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>"));
    TRY(add_text(r, base_name(r->folder)));
    TRY(add(r, "</title><style>"));
    TRY(add(r, report_style));
    TRY(add(r, "</style></head><body>\n<h1>"));
    TRY(add_text(r, base_name(r->folder)));
    return add(r, "</h1>\n");
}

static maske_status add_cards(report *r) {
    const report_history *h = &r->history;
    const report_evaluation *best = report_history_best(h);
    char label[128];
    TRY(add(r, "<div class=\"cards\">\n"));
    if (best != NULL) {
        bool average = report_average_is_better(best);
        number_print(label, sizeof label, "held-out loss, best, at step %.0f%s (by frequency %.3f)", best->step,
                     average ? ", averaged weights" : "", best->unigram_loss);
        TRY(add_number_card(r, average ? best->average_loss : best->loss, 4, label));
        number_print(label, sizeof label, "held-out accuracy there (by frequency %.4f)", best->unigram_accuracy);
        TRY(add_number_card(r, average ? best->average_accuracy : best->accuracy, 4, label));
        number_print(label, sizeof label, "accuracy there on what is held out of the old text (loss %.3f)",
                     average ? best->average_old_loss : best->old_loss);
        TRY(add_number_card(r, average ? best->average_old_accuracy : best->old_accuracy, 4, label));
    }
    if (h->step_count > 0) {
        const report_step *last = &h->steps[h->step_count - 1];
        TRY(add_number_card(r, last->step, 0, "steps"));
        TRY(add_number_card(r, last->tokens / 1e6, 2, "million tokens trained on"));
        TRY(add_number_card(r, last->seconds / 60, 1, "minutes of training"));
        TRY(add_number_card(r, last->tokens / last->seconds, 0, "tokens a second, all in all"));
        if (last->skipped > 0)
            TRY(add_number_card(r, last->skipped, 0, "steps skipped: not finite, or exploded; they changed nothing"));
    }
    return add(r, "</div>\n");
}

/* ------------------------------------------------------------------------------------------------------- curves --- */

/* The members of the history as columns: offset of the member, one array for each line that is drawn. */
typedef struct columns { double *step, *value; } columns;

static maske_status columns_new(columns *out, const void *rows, size_t count, size_t row_size, size_t step,
                                size_t value) {
    columns c = {0};
    TRY(memory_new(&c.step, count, sizeof *c.step, "a curve"));
    maske_status status = memory_new(&c.value, count, sizeof *c.value, "a curve");
    for (size_t i = 0; status == MASKE_OK && i < count; i++) {
        const char *row = (const char *)rows + i * row_size;
        memcpy(&c.step[i], row + step, sizeof(double));
        memcpy(&c.value[i], row + value, sizeof(double));
    }
    if (status == MASKE_OK) *out = c;
    else free(c.step);
    return status;
}
static void columns_free(columns *c) { free(c->step), free(c->value); }

static maske_status step_columns(columns *out, const report_history *h, size_t member) {
    return columns_new(out, h->steps, h->step_count, sizeof *h->steps, offsetof(report_step, step), member);
}
static maske_status evaluation_columns(columns *out, const report_history *h, size_t member) {
    return columns_new(out, h->evaluations, h->evaluation_count, sizeof *h->evaluations,
                       offsetof(report_evaluation, step), member);
}

/* A figure as it is while training, and what it is called at an evaluation: offsets of members. */
typedef struct quality { size_t training, unigram, old, held, average; } quality;

/* Of training, of guessing by frequency, of what is held out of the old text and of the new one, and there of the
 * averaged weights. */
static maske_status add_quality_chart(report *r, const char *title, const quality *q, bool from_zero) {
    static const char *const labels[] = {"training", "by frequency", "held out of the old text", "held out",
                                         "held out, averaged weights"};
    static const char *const styles[] = {"training", "unigram", "old", "held", "average"};
    const size_t members[] = {q->training, q->unigram, q->old, q->held, q->average};
    enum { LINES = 5 };
    const report_history *h = &r->history;
    columns c[LINES] = {0};
    chart_line lines[LINES];
    size_t count = 0;
    maske_status status = MASKE_OK;
    for (size_t i = 0; i < LINES && status == MASKE_OK; i++) {
        size_t points = i == 0 ? h->step_count : h->evaluation_count;
        status = i == 0 ? step_columns(&c[i], h, members[i]) : evaluation_columns(&c[i], h, members[i]);
        bool any = false;
        for (size_t j = 0; status == MASKE_OK && j < points; j++) any = any || isfinite(c[i].value[j]);
        /* The legend names what is there. */
        if (any) lines[count++] = (chart_line){labels[i], styles[i], c[i].step, c[i].value, points, i >= 2};
    }
    if (status == MASKE_OK) status = chart_draw(&r->page, &(chart){title, "step", lines, count, from_zero});
    for (size_t i = 0; i < LINES; i++) columns_free(&c[i]);
    return status;
}

static maske_status add_step_chart(report *r, const char *title, size_t member) {
    const report_history *h = &r->history;
    columns c = {0};
    TRY(step_columns(&c, h, member));
    const chart_line line = {title, "training", c.step, c.value, h->step_count, false};
    maske_status status = chart_draw(&r->page, &(chart){title, "step", &line, 1, true});
    columns_free(&c);
    return status;
}

static maske_status add_charts(report *r) {
    const quality loss = {offsetof(report_step, loss), offsetof(report_evaluation, unigram_loss),
                          offsetof(report_evaluation, old_loss), offsetof(report_evaluation, loss), 
                          offsetof(report_evaluation, average_loss)};
    const quality accuracy = {offsetof(report_step, accuracy), offsetof(report_evaluation, unigram_accuracy),
                              offsetof(report_evaluation, old_accuracy), offsetof(report_evaluation, accuracy), 
                              offsetof(report_evaluation, average_accuracy)};
    TRY(add_quality_chart(r, "Loss, nats a predicted token", &loss, false));
    TRY(add_quality_chart(r, "Accuracy", &accuracy, true));
    TRY(add_step_chart(r, "Learning rate", offsetof(report_step, learning_rate)));
    TRY(add_step_chart(r, "Norm of the gradients, before clipping", offsetof(report_step, gradient_norm)));
    return add_step_chart(r, "Tokens a second", offsetof(report_step, tokens_per_second));
}

/* ------------------------------------------------------------------------------------------------------- tables --- */

/* Of the step's weights, or of the averaged ones. */
static maske_status add_evaluation_row(report *r, const report_evaluation *e, bool average, bool old) {
    double loss = average ? e->average_loss : e->loss, accuracy = average ? e->average_accuracy : e->accuracy;
    TRY(add(r, "<tr>"));
    TRY(add_cell(r, e->step, 0));
    TRY(add(r, average ? "<td>averaged</td>" : "<td>last</td>"));
    TRY(add_cell(r, loss, 4));
    TRY(add_cell(r, exp(loss), 1));
    TRY(add_cell(r, e->unigram_loss, 4));
    TRY(add_cell(r, accuracy, 4));
    TRY(add_cell(r, e->unigram_accuracy, 4));
    if (old) TRY(add_cell(r, average ? e->average_old_loss : e->old_loss, 4));
    if (old) TRY(add_cell(r, average ? e->average_old_accuracy : e->old_accuracy, 4));
    return add(r, "</tr>\n");
}

static maske_status add_evaluations(report *r) {
    const report_history *h = &r->history;
    if (h->evaluation_count == 0) return MASKE_OK;
    bool old = false;
    for (size_t i = 0; i < h->evaluation_count; i++) old = old || isfinite(h->evaluations[i].old_loss);
    TRY(add(r, "<h2>Evaluations</h2>\n<div class=\"wide\"><table><tr><th class=\"n\">step</th><th>weights</th>"
               "<th class=\"n\">held-out loss</th><th class=\"n\">perplexity</th><th class=\"n\">loss by frequency</th>"
               "<th class=\"n\">accuracy</th><th class=\"n\">accuracy by frequency</th>"));
    if (old) TRY(add(r, "<th class=\"n\">old text's loss</th><th class=\"n\">old text's accuracy</th>"));
    TRY(add(r, "</tr>\n"));
    for (size_t i = 0; i < h->evaluation_count; i++) {
        const report_evaluation *e = &h->evaluations[i];
        TRY(add_evaluation_row(r, e, false, old));
        if (isfinite(e->average_loss)) TRY(add_evaluation_row(r, e, true, old));
    }
    return add(r, "</table></div>\n");
}

static maske_status add_log_row(report *r, const report_step *s) {
    TRY(add(r, "<tr>"));
    TRY(add_cell(r, s->step, 0));
    TRY(add_cell(r, s->loss, 4));
    TRY(add_cell(r, s->accuracy, 4));
    TRY(add_cell(r, s->learning_rate, 7));
    TRY(add_cell(r, s->gradient_norm, 3));
    TRY(add_cell(r, s->skipped, 0));
    TRY(add_cell(r, s->tokens, 0));
    TRY(add_cell(r, s->tokens_per_second, 0));
    TRY(add_cell(r, s->seconds, 1));
    return add(r, "</tr>\n");
}

/* Every so many lines of the log, and the last one. */
static maske_status add_log(report *r) {
    const report_history *h = &r->history;
    size_t stride = (h->step_count + LOG_ROWS - 1) / LOG_ROWS;
    if (h->step_count == 0) return MASKE_OK;
    TRY(add(r, "<details><summary>The training as a table</summary>\n<div class=\"wide\"><table><tr><th class=\"n\">"
               "step</th><th class=\"n\">loss</th><th class=\"n\">accuracy</th><th class=\"n\">learning rate</th>"
               "<th class=\"n\">gradient norm</th><th class=\"n\">skipped</th><th class=\"n\">tokens</th>"
               "<th class=\"n\">tokens a second</th><th class=\"n\">seconds</th></tr>\n"));
    for (size_t i = 0; i < h->step_count; i++)
        if (i % stride == 0 || i + 1 == h->step_count) TRY(add_log_row(r, &h->steps[i]));
    return add(r, "</table></div></details>\n");
}

static maske_status add_settings(report *r) {
    const char *key;
    json_t *value;
    TRY(add(r, "<details><summary>The settings</summary>\n<div class=\"wide\"><table>\n"));
    json_object_foreach(r->settings, key, value) {
        buffer text = {0};
        json_writer w = json_writer_start(&text, false);
        if (!json_is_string(value) && !json_is_null(value)) json_value(&w, value);
        maske_status status = json_writer_end(&w);
        const char *shown = json_is_string(value) ? json_string_value(value) : json_is_null(value) ? "–" : text.data;
        if (status == MASKE_OK) status = add_row(r, key, shown);
        buffer_free(&text);
        TRY(status);
    }
    return add(r, "</table></div></details>\n");
}

/* ---------------------------------------------------------------------------------------------------- examples --- */

static maske_status add_example(report *r, const json_t *example) {
    const char *text = json_string_value(json_object_get(example, "text"));
    const char *filled = json_string_value(json_object_get(example, "filled"));
    const char *expected = json_string_value(json_object_get(example, "expected"));
    if (text == NULL || filled == NULL || expected == NULL) return MASKE_OK;
    TRY(add(r, "<tr><td>"));
    TRY(add_text(r, text));
    TRY(add(r, strcmp(filled, expected) == 0 ? "</td><td><mark>" : "</td><td><mark class=\"off\">"));
    TRY(add_text(r, filled));
    TRY(add(r, "</mark></td><td>"));
    TRY(add_text(r, expected));
    return add(r, "</td></tr>\n");
}

/* The newest first; the older ones folded away. */
static maske_status add_examples(report *r) {
    const report_history *h = &r->history;
    bool first = true;
    for (size_t i = h->evaluation_count; i-- > 0;) {
        const report_evaluation *e = &h->evaluations[i];
        if (json_array_size(e->examples) == 0) continue;
        if (first) TRY(add(r, "<h2>Masks filled</h2>\n<p class=\"soft\">Held-out text, one piece masked.</p>\n"));
        TRY(buffer_add_format(&r->page, "<details%s><summary>At step %.0f</summary>\n<div class=\"wide\"><table><tr><th>"
                              "text</th><th>filled</th><th>was</th></tr>\n", first ? " open" : "", e->step));
        first = false;
        for (size_t j = 0; j < json_array_size(e->examples); j++) TRY(add_example(r, json_array_get(e->examples, j)));
        TRY(add(r, "</table></div></details>\n"));
    }
    return MASKE_OK;
}

/* -------------------------------------------------------------------------------------------- model, tokenizer --- */

static maske_status add_tokenizer(report *r, const maske_tokenizer *tokenizer) {
    maske_tokenizer_report figures;
    TRY(maske_tokenizer_inspect(tokenizer, NULL, NULL, &figures));
    TRY(add(r, "<h2>Tokenizer</h2>\n<table>\n"));
    TRY(add_count_row(r, "entries", figures.vocab_size));
    TRY(add_count_row(r, "merges", figures.merges));
    TRY(add_count_row(r, "special tokens", figures.special_tokens));
    TRY(add_count_row(r, "unreachable entries", figures.unreachable));
    TRY(add_row(r, figures.lossless ? "decoding gives back" : "decoding may lose", figures.lossless_reason));
    return add(r, "</table>\n");
}

static maske_status add_model(report *r) {
    char *weights = NULL;
    TRY(path_join(&weights, r->folder, "model.safetensors"));
    bool there = path_exists(weights);
    free(weights);
    if (!there) return add(r, "<p class=\"soft\">No model was saved yet.</p>\n");
    maske_model *model = NULL;
    maske_model_info m;
    TRY(maske_model_open(&model, r->folder, NULL));
    maske_model_describe(model, &m);
    maske_status status = add(r, "<h2>Model</h2>\n<table>\n");
    if (status == MASKE_OK) status = add_row(r, "architecture", m.architecture);
    if (status == MASKE_OK) status = add_count_row(r, "parameters", m.parameters);
    if (status == MASKE_OK) status = add_count_row(r, "hidden size", m.hidden_size);
    if (status == MASKE_OK) status = add_count_row(r, "layers", m.num_hidden_layers);
    if (status == MASKE_OK) status = add_count_row(r, "attention heads", m.num_attention_heads);
    if (status == MASKE_OK) status = add_count_row(r, "vocabulary", m.vocab_size);
    if (status == MASKE_OK) status = add(r, "</table>\n");
    if (status == MASKE_OK) status = add_tokenizer(r, maske_model_tokenizer(model));
    maske_model_close(model);
    return status;
}

/* ------------------------------------------------------------------------------------------------------ writing --- */

static maske_status read_run(report *r) {
    char *metrics = NULL, *settings = NULL;
    TRY(path_join(&metrics, r->folder, "metrics.jsonl"));
    maske_status status = path_join(&settings, r->folder, "train.json");
    if (status == MASKE_OK && (!path_exists(metrics) || !path_exists(settings)))
        status = error_set(MASKE_BAD_FILE,
                           "%s: not the folder of a run: expected metrics.jsonl and train.json, as maske train leaves",
                           r->folder);
    if (status == MASKE_OK) status = report_history_read(&r->history, metrics);
    if (status == MASKE_OK) status = json_read_object(&r->settings, settings, MOST_SETTINGS);
    free(metrics);
    free(settings);
    return status;
}

static maske_status make_page(report *r) {
    TRY(read_run(r));
    TRY(add_head(r));
    TRY(add_cards(r));
    TRY(add_charts(r));
    TRY(add_examples(r));
    TRY(add_evaluations(r));
    TRY(add_log(r));
    TRY(add_settings(r));
    TRY(add_model(r));
    return add(r, "</body></html>\n");
}

maske_status maske_report(const char *run_folder, const char *out_file, bool force) {
    report r = {.folder = run_folder};
    if (!force && path_exists(out_file))
        return error_set(MASKE_EXISTS, "%s: exists already; --force replaces it", out_file);
    TRY(model_files_expect_apart(out_file, run_folder));
    maske_status status = make_page(&r);
    if (status == MASKE_OK) status = file_write_atomic(out_file, r.page.data, r.page.length, force);
    report_history_free(&r.history);
    json_decref(r.settings);
    buffer_free(&r.page);
    return status;
}
