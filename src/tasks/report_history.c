/* tasks/report_history.c */
#include "tasks/report_history.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_BYTES = 1 << 30 };

static double number(const json_t *line, const char *key) {
    const json_t *value = json_object_get(line, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static maske_status add_evaluation(report_history *h, const json_t *line) {
    TRY(memory_reserve(&h->evaluations, &h->evaluation_capacity, h->evaluation_count + 1, sizeof *h->evaluations,
                       "metrics"));
    json_t *examples = json_object_get(line, "examples");
    h->evaluations[h->evaluation_count++] = (report_evaluation){
        .step = number(line, "step"),
        .loss = number(line, "valid_loss"),
        .accuracy = number(line, "valid_accuracy"),
        .unigram_loss = number(line, "unigram_loss"),
        .unigram_accuracy = number(line, "unigram_accuracy"),
        .average_loss = number(line, "average_valid_loss"),
        .average_accuracy = number(line, "average_valid_accuracy"),
        .old_loss = number(line, "valid_old_loss"),
        .old_accuracy = number(line, "valid_old_accuracy"),
        .average_old_loss = number(line, "average_valid_old_loss"),
        .average_old_accuracy = number(line, "average_valid_old_accuracy"),
        .examples = json_is_array(examples) ? json_incref(examples) : NULL,
    };
    return MASKE_OK;
}

static maske_status add_step(report_history *h, const json_t *line) {
    TRY(memory_reserve(&h->steps, &h->step_capacity, h->step_count + 1, sizeof *h->steps, "metrics"));
    h->steps[h->step_count++] = (report_step){
        .step = number(line, "step"),
        .loss = number(line, "loss"),
        .accuracy = number(line, "accuracy"),
        .learning_rate = number(line, "learning_rate"),
        .gradient_norm = number(line, "gradient_norm"),
        .skipped = number(line, "skipped"),
        .tokens = number(line, "tokens"),
        .tokens_per_second = number(line, "tokens_per_second"),
        .seconds = number(line, "seconds"),
    };
    return MASKE_OK;
}

static maske_status add_line(report_history *h, const char *text, size_t length, const char *place) {
    json_t *line = NULL;
    TRY(json_parse_object(&line, text, length, place));
    maske_status status = json_object_get(line, "valid_loss") != NULL ? add_evaluation(h, line) : add_step(h, line);
    json_decref(line);
    return status;
}

static maske_status read_lines(report_history *h, const char *bytes, size_t size, const char *path) {
    size_t number_of_line = 0;
    for (const char *line = bytes, *end; line < bytes + size; line = end + 1) {
        end = memchr(line, '\n', (size_t)(bytes + size - line));
        if (end == NULL) break;
        char place[512];
        snprintf(place, sizeof place, "%.400s: line %zu", path, ++number_of_line);
        TRY(add_line(h, line, (size_t)(end - line), place));
    }
    return MASKE_OK;
}

maske_status report_history_read(report_history *out, const char *path) {
    report_history h = {0};
    char *bytes = NULL;
    size_t size = 0;
    /* Not mapped: a run that is resumed may cut it. */
    TRY(file_read(&bytes, &size, path, MOST_BYTES));
    maske_status status = read_lines(&h, bytes, size, path);
    free(bytes);
    if (status != MASKE_OK) report_history_free(&h);
    else *out = h;
    return status;
}

bool report_average_is_better(const report_evaluation *e) { return e->average_loss < e->loss; }

const report_evaluation *report_history_best(const report_history *h) {
    const report_evaluation *best = NULL;
    double lowest = INFINITY;
    for (size_t i = 0; i < h->evaluation_count; i++) {
        const report_evaluation *e = &h->evaluations[i];
        double loss = report_average_is_better(e) ? e->average_loss : e->loss;
        if (best == NULL || loss < lowest) best = e, lowest = loss;
    }
    return best;
}

void report_history_free(report_history *h) {
    for (size_t i = 0; i < h->evaluation_count; i++) json_decref(h->evaluations[i].examples);
    free(h->steps);
    free(h->evaluations);
    *h = (report_history){0};
}
