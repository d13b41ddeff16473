/* tasks/report_history.h: a run's metrics.jsonl as arrays. */
#ifndef MASKE_TASKS_REPORT_HISTORY_H
#define MASKE_TASKS_REPORT_HISTORY_H

#include "base/json.h"

typedef struct report_step {
    double step, loss, accuracy, learning_rate, gradient_norm, skipped, tokens, tokens_per_second, seconds;
} report_step;
typedef struct report_evaluation {
    double step, loss, accuracy, unigram_loss, unigram_accuracy;
    double average_loss, average_accuracy;      /* of the averaged weights: NaN but at the end of a run with --average */
    double old_loss, old_accuracy, average_old_loss, average_old_accuracy;     /* of the old text: NaN but with --mix */
    json_t *examples;               /* [{"text", "expected", "filled"}, ...], NULL: none were kept */
} report_evaluation;

/* Zeroed: empty. */
typedef struct report_history {
    report_step *steps;             /* [step_count] */
    report_evaluation *evaluations; /* [evaluation_count] */
    size_t step_count, step_capacity, evaluation_count, evaluation_capacity;
} report_history;

/* A last line that is cut short (the run is at work, or was killed) is left out. A number that is missing or null is
 * NaN. */
MASKE_MUST_USE maske_status report_history_read(report_history *out, const char *path);
/* Whether the averaged weights filled the text better than those of the last step. */
bool report_average_is_better(const report_evaluation *e);
/* The evaluation with the lowest loss, of either weights; NULL: none. */
const report_evaluation *report_history_best(const report_history *h);
void report_history_free(report_history *h);

#endif
