/* nn/cross_entropy.c: the decoder's products over ranges of the vocabulary, and what stands between them.
 *
 * After Liger's order (chunks of rows; gradients made right after the loss, nothing computed twice), with the vocabulary
 * cut into tasks so that threads share one chunk whose logits stay in the outer caches. */
#include "nn/cross_entropy.h"
#include "nn/kernels.h"

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
    return cross_entropy_tasks(vocab) * rows * (3 + (training ? hidden : 0)) + 2 * rows;
}
/* A task's d_logits. */
size_t cross_entropy_thread_scratch(size_t rows, size_t hidden, size_t vocab, bool training) {
    (void)hidden;
    return training ? rows * (vocab / cross_entropy_tasks(vocab) + 1) : 16;
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
static bool counts(const cross_entropy *c, size_t row) { return c->labels != NULL && c->labels[row] != IGNORED; }

void cross_entropy_logits(const cross_entropy *c, size_t task) {
    places p = place(c);
    const kernels *k = kernels_of_cpu();
    size_t begin = task_begin(c, task), width = task_begin(c, task + 1) - begin;
    gemm(c->logits + begin, c->vocab, false, c->input, c->hidden, false, c->weight + begin * c->hidden, c->hidden, true,
         c->precision, c->rows, width, c->hidden);
    for (size_t r = 0; r < c->rows; r++) {
        float *logits = c->logits + r * c->vocab + begin;
        float most = k->logits_finish(logits, c->bias != NULL ? c->bias + begin : NULL, width);
        p.most[task * c->rows + r] = most;
        if (c->labels != NULL) p.sum[task * c->rows + r] = k->logits_sum(logits, most, width);
    }
}

void cross_entropy_loss(cross_entropy *c) {
    places p = place(c);
    size_t tasks = cross_entropy_tasks(c->vocab);
    c->loss_sum = 0;
    c->predicted = 0;
    for (size_t r = 0; r < c->rows; r++) {
        if (!counts(c, r)) continue;
        float most = -INFINITY;
        double sum = 0;
        for (size_t t = 0; t < tasks; t++) most = fmaxf(most, p.most[t * c->rows + r]);
        for (size_t t = 0; t < tasks; t++) sum += (double)p.sum[t * c->rows + r] * exp((double)p.most[t * c->rows + r] - (double)most);
        double log_sum = (double)most + log(sum);
        p.log_sum[r] = (float)log_sum;
        p.label[r] = c->logits[r * c->vocab + (size_t)c->labels[r]];
        c->loss_sum += log_sum - (double)p.label[r];
        c->predicted++;
    }
}

/* Tokens of the range that come before the label when all are ordered by logit, then by id. */
static size_t count_above(const kernels *k, const float *logits, float bound, size_t begin, size_t end, size_t label) {
    size_t middle = label < begin ? begin : label > end ? end : label;
    return k->logits_above(logits + begin, bound, true, middle - begin) + k->logits_above(logits + middle, bound, false, end - middle);
}

void cross_entropy_gradient(const cross_entropy *c, size_t task, float *thread_scratch) {
    places p = place(c);
    const kernels *k = kernels_of_cpu();
    size_t begin = task_begin(c, task), end = task_begin(c, task + 1), width = end - begin;
    for (size_t r = 0; r < c->rows; r++) {
        const float *logits = c->logits + r * c->vocab;
        float *d = thread_scratch + r * width;
        if (!counts(c, r)) {
            if (c->training) memset(d, 0, width * sizeof *d);
            continue;
        }
        size_t label = (size_t)c->labels[r];
        p.above[task * c->rows + r] = (float)count_above(k, logits, p.label[r], begin, end, label);
        if (!c->training) continue;
        k->logits_gradient(d, logits + begin, p.log_sum[r], c->scale, width);
        if (label >= begin && label < end) d[label - begin] -= c->scale;
    }
    if (!c->training) return;
    if (c->d_bias != NULL) bias_backward(c->d_bias + begin, thread_scratch, width, c->rows, width);
    gemm(c->d_weight + begin * c->hidden, c->hidden, true, thread_scratch, width, true, c->input, c->hidden, false,
         c->precision, width, c->hidden, c->rows);
    gemm(p.share + task * c->rows * c->hidden, c->hidden, false, thread_scratch, width, false, c->weight + begin * c->hidden,
         c->hidden, false, c->precision, c->rows, c->hidden, width);
}

void cross_entropy_finish(cross_entropy *c, size_t first, size_t last) {
    places p = place(c);
    size_t tasks = cross_entropy_tasks(c->vocab), row = c->hidden;
    if (first == 0) c->correct = c->correct_top5 = 0;
    for (size_t r = 0; r < c->rows && first == 0; r++) {
        if (!counts(c, r)) continue;
        float above = 0;
        for (size_t t = 0; t < tasks; t++) above += p.above[t * c->rows + r];
        c->correct += above < 1;
        c->correct_top5 += above < 5;
    }
    if (!c->training) return;
    memcpy(c->d_input + first * row, p.share + first * row, (last - first) * row * sizeof(float));
    if (tasks > 1)
        partials_add(c->d_input + first * row, p.share + (c->rows + first) * row, c->rows * row, tasks - 1, (last - first) * row);
}
