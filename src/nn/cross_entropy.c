/* nn/cross_entropy.c */
#include "nn/cross_entropy.h"

#include <math.h>
#include <string.h>

enum { IGNORED = -100, TASK_WIDTH = 1024, TASKS = 32 };

size_t cross_entropy_rows(size_t vocab) {
    size_t rows = ((size_t)4 << 20) / (vocab > 0 ? vocab : 1) / 16 * 16;
    return rows < 32 ? 32 : rows > 256 ? 256 : rows;
}
size_t cross_entropy_tasks(size_t vocab) {
    size_t tasks = (vocab + TASK_WIDTH - 1) / TASK_WIDTH;
    return tasks < 1 ? 1 : tasks > TASKS ? TASKS : tasks;
}
size_t cross_entropy_scratch(size_t rows, size_t hidden, size_t vocab, bool training) {
    return cross_entropy_tasks(vocab) * rows * (4 + (training ? hidden : 0)) + 2 * rows;
}
size_t cross_entropy_thread_scratch(size_t rows, size_t hidden, size_t vocab, bool training) {
    (void)hidden;
    return training ? rows * vocab / cross_entropy_tasks(vocab) + rows : 16;
}

/* The scratch: per task and row: maximum, sum, tokens likelier than the label; then per row the logarithm of the sum
 * and the label's logit; then each task's share of d_input. */
typedef struct places { float *most, *sum, *above, *log_sum, *label, *share; } places;
static places place(const cross_entropy *c) {
    size_t each = cross_entropy_tasks(c->vocab) * c->rows;
    float *s = c->scratch;
    return (places){s, s + each, s + 2 * each, s + 3 * each, s + 3 * each + c->rows, s + 3 * each + 2 * c->rows};
}
static size_t task_begin(const cross_entropy *c, size_t task) { return task * c->vocab / cross_entropy_tasks(c->vocab); }

void cross_entropy_logits(const cross_entropy *c, size_t task) {
    places p = place(c);
    size_t begin = task_begin(c, task), end = task_begin(c, task + 1);
    for (size_t r = 0; r < c->rows; r++) {
        float *logits = c->logits + r * c->vocab, most = -INFINITY;
        double sum = 0;
        for (size_t j = begin; j < end; j++) {
            float dot = 0;
            for (size_t i = 0; i < c->hidden; i++) dot += c->input[r * c->hidden + i] * c->weight[j * c->hidden + i];
            logits[j] = dot + (c->bias != NULL ? c->bias[j] : 0);
            most = logits[j] > most ? logits[j] : most;
        }
        for (size_t j = begin; j < end; j++) sum += expf(logits[j] - most);
        p.most[task * c->rows + r] = most;
        p.sum[task * c->rows + r] = (float)sum;
    }
}

void cross_entropy_loss(cross_entropy *c) {
    places p = place(c);
    c->loss_sum = 0;
    c->predicted = 0;
    for (size_t r = 0; r < c->rows; r++) {
        double sum = 0;
        float most = -INFINITY;
        for (size_t t = 0; t < cross_entropy_tasks(c->vocab); t++) most = fmaxf(most, p.most[t * c->rows + r]);
        for (size_t t = 0; t < cross_entropy_tasks(c->vocab); t++)
            sum += p.sum[t * c->rows + r] * exp((double)p.most[t * c->rows + r] - most);
        p.log_sum[r] = (float)(most + log(sum));
        if (c->labels == NULL || c->labels[r] == IGNORED) continue;
        p.label[r] = c->logits[r * c->vocab + (size_t)c->labels[r]];
        c->loss_sum += most + log(sum) - p.label[r];
        c->predicted++;
    }
}

void cross_entropy_gradient(const cross_entropy *c, size_t task, float *thread_scratch) {
    places p = place(c);
    size_t begin = task_begin(c, task), end = task_begin(c, task + 1);
    (void)thread_scratch;
    float *share = p.share + task * c->rows * c->hidden;
    if (c->training) memset(share, 0, c->rows * c->hidden * sizeof *share);
    for (size_t r = 0; r < c->rows; r++) {
        const float *logits = c->logits + r * c->vocab;
        bool counted = c->labels != NULL && c->labels[r] != IGNORED;
        size_t label = counted ? (size_t)c->labels[r] : 0, above = 0;
        for (size_t j = begin; j < end && counted; j++) {
            above += logits[j] > p.label[r] || (logits[j] == p.label[r] && j < label);
            if (!c->training) continue;
            float d = (expf(logits[j] - p.log_sum[r]) - (j == label ? 1.0f : 0.0f)) * c->scale;
            if (c->d_bias != NULL) c->d_bias[j] += d;
            for (size_t i = 0; i < c->hidden; i++) {
                share[r * c->hidden + i] += d * c->weight[j * c->hidden + i];
                c->d_weight[j * c->hidden + i] += d * c->input[r * c->hidden + i];
            }
        }
        p.above[task * c->rows + r] = (float)above;
    }
}

void cross_entropy_finish(cross_entropy *c, size_t first, size_t last) {
    places p = place(c);
    size_t tasks = cross_entropy_tasks(c->vocab);
    if (first == 0) c->correct = c->correct_top5 = 0;
    for (size_t r = 0; r < c->rows && first == 0; r++) {
        float above = 0;
        if (c->labels == NULL || c->labels[r] == IGNORED) continue;
        for (size_t t = 0; t < tasks; t++) above += p.above[t * c->rows + r];
        c->correct += above == 0;
        c->correct_top5 += above < 5;
    }
    for (size_t i = first * c->hidden; i < last * c->hidden && c->training; i++) {
        float sum = 0;
        for (size_t t = 0; t < tasks; t++) sum += p.share[t * c->rows * c->hidden + i];
        c->d_input[i] = sum;
    }
}
