/* nn/cross_entropy.c: the decoder's products over ranges of the vocabulary, and what stands between them.
 *
 * After Liger's order (chunks of rows; gradients made right after the loss, nothing computed twice), with the vocabulary
 * cut into tasks so that threads share one chunk. A task goes through its range in blocks of BLOCK tokens, whose
 * weights, logits and gradients are in the second level cache together; weights are packed once for all rows. */
#include "nn/cross_entropy.h"
#include "nn/kernels.h"

#include <math.h>
#include <string.h>

enum { IGNORED = -100, TASK_WIDTH = 1024, TASKS = 32, BLOCK = 256 };

size_t cross_entropy_rows(size_t vocab) {
    size_t rows = ((size_t)5 << 20) / (vocab > 0 ? vocab : 1) / 16 * 16;
    return rows < 32 ? 32 : rows > 320 ? 320 : rows;
}
size_t cross_entropy_tasks(size_t vocab) {
    size_t tasks = (vocab + TASK_WIDTH - 1) / TASK_WIDTH;
    return tasks < 1 ? 1 : tasks > TASKS ? TASKS : tasks;
}
size_t cross_entropy_scratch(size_t rows, size_t hidden, size_t vocab, bool training) {
    return cross_entropy_tasks(vocab) * rows * (4 + (training ? hidden : 0)) + 2 * rows;
}

/* Floats of a packed right factor of n columns and k rows, in whole cache lines. */
static size_t packed_floats(size_t n, size_t k) {
    size_t f32 = gemm_packed_bytes(GEMM_F32, n, k), bf16 = gemm_packed_bytes(GEMM_BF16, n, k);
    return ((f32 > bf16 ? f32 : bf16) + 63) / 64 * 16;
}
/* A thread's scratch: one block's packed weights from 0; then, where they are needed, the packed input and one block's
 * d_logits. */
typedef struct thread_places { size_t packed_input, d_logits, end; } thread_places;
static thread_places thread_place(size_t rows, size_t hidden, bool training) {
    size_t transposed = packed_floats(BLOCK, hidden), straight = packed_floats(hidden, BLOCK);
    thread_places p = {.packed_input = transposed > straight ? transposed : straight};
    p.d_logits = p.packed_input + (training ? packed_floats(hidden, rows) : 0);
    p.end = p.d_logits + (training ? rows * BLOCK : 0);
    return p;
}
size_t cross_entropy_thread_scratch(size_t rows, size_t hidden, bool training) {
    return thread_place(rows, hidden, training).end;
}

/* The scratch: per task and row: maximum, sum, sum of the logits, tokens likelier than the label; then per row the logarithm of the sum
 * and the label's logit; then each task's share of d_input. */
typedef struct places { float *most, *sum, *total, *above, *log_sum, *label, *share; } places;
static places place(const cross_entropy *c) {
    size_t each = cross_entropy_tasks(c->vocab) * c->rows;
    float *s = c->scratch;
    float *rows = s + 4 * each;
    return (places){s, s + each, s + 2 * each, s + 3 * each, rows, rows + c->rows, rows + 2 * c->rows};
}
/* A packed decoder is cut where some of its panels begin. */
static size_t task_begin(const cross_entropy *c, size_t task) {
    size_t tasks = cross_entropy_tasks(c->vocab), at = task * c->vocab / tasks;
    return c->packed == NULL || task == tasks ? at : at / GEMM_PACK_COLUMNS * GEMM_PACK_COLUMNS;
}
/* Columns of the block that begins there, in a task's range that ends there. */
static size_t block_width(const cross_entropy *c, size_t begin, size_t end) {
    return end - begin < BLOCK || c->packed != NULL ? end - begin : BLOCK;
}
/* A block's logits, and how far apart its rows lie. */
typedef struct block_logits { float *at; size_t stride; } block_logits;
static block_logits logits_of(const cross_entropy *c, size_t begin, size_t width) {
    return c->blocked ? (block_logits){c->logits + begin * c->rows, width} : (block_logits){c->logits + begin, c->vocab};
}
static float logit_at(const cross_entropy *c, size_t row, size_t token) {
    if (!c->blocked) return c->logits[row * c->vocab + token];
    size_t task = 0;
    while (task_begin(c, task + 1) <= token) task++;
    size_t first = task_begin(c, task), end = task_begin(c, task + 1), width = block_width(c, first, end);
    size_t begin = first + (token - first) / width * width;
    block_logits block = logits_of(c, begin, block_width(c, begin, end));
    return block.at[row * block.stride + token - begin];
}
static bool counts(const cross_entropy *c, size_t row) { return c->labels != NULL && c->labels[row] != IGNORED; }

/* One block: its logits; each row's maximum so far, and the sum of exp(logit - maximum); for smoothing, of the logits. */
static void logits_block(const cross_entropy *c, const kernels *k, float *most, float *sum, float *total, size_t begin, size_t width,
                         void *packed) {
    block_logits out = logits_of(c, begin, width);
    const float *weight = c->weight + begin * c->hidden;
    if (c->packed != NULL)              /* of all columns */
        gemm_packed_columns(out.at - begin, out.stride, false, c->input, c->hidden, false, c->packed, c->precision, c->rows, c->vocab,
                            c->hidden, begin, width);
    else if (c->precision == GEMM_F32 && c->rows <= GEMM_FEW_ROWS)
        gemm(out.at, out.stride, false, c->input, c->hidden, false, weight, c->hidden, true, GEMM_F32, c->rows, width, c->hidden);
    else {
        gemm_pack(packed, c->precision, weight, c->hidden, true, width, c->hidden);
        if (c->rounded != NULL)
            gemm_packed_rounded(out.at, out.stride, false, c->rounded, c->hidden, false, packed, c->rows, width, c->hidden);
        else
            gemm_packed(out.at, out.stride, false, c->input, c->hidden, false, packed, c->precision, c->rows, width, c->hidden);
    }
    for (size_t r = 0; r < c->rows; r++) {
        float *logits = out.at + r * out.stride;
        float largest = k->logits_finish(logits, c->bias != NULL ? c->bias + begin : NULL, width);
        if (!counts(c, r)) continue;
        if (largest > most[r]) {        /* what was summed so far stands to the old maximum */
            sum[r] *= expf(most[r] - largest);
            most[r] = largest;
        }
        sum[r] += k->logits_sum(logits, most[r], width);
        if (c->smoothing > 0) total[r] += k->logits_total(logits, width);
    }
}

void cross_entropy_logits(const cross_entropy *c, size_t task, float *thread_scratch) {
    places p = place(c);
    const kernels *k = kernels_of_cpu();
    size_t end = task_begin(c, task + 1), width = 0;
    for (size_t r = 0; r < c->rows; r++) {
        p.most[task * c->rows + r] = -INFINITY;
        p.sum[task * c->rows + r] = p.total[task * c->rows + r] = 0;
    }
    for (size_t begin = task_begin(c, task); begin < end; begin += width) {
        width = block_width(c, begin, end);
        logits_block(c, k, p.most + task * c->rows, p.sum + task * c->rows, p.total + task * c->rows, begin, width, thread_scratch);
    }
}

/* The mean of a target's logits: the label's, and by the part that is smoothed the mean of all. */
static double target_logit(const cross_entropy *c, const float *total, size_t tasks, double label) {
    if (c->smoothing <= 0) return label;
    double all = 0;
    for (size_t t = 0; t < tasks; t++) all += (double)total[t * c->rows];
    return (1 - c->smoothing) * label + c->smoothing * all / (double)c->vocab;
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
        p.label[r] = logit_at(c, r, (size_t)c->labels[r]);
        c->loss_sum += log_sum - target_logit(c, p.total + r, tasks, (double)p.label[r]);
        c->predicted++;
    }
}

/* Tokens of a block that come before the label when all are ordered by logit, then by id. */
static size_t count_above(const kernels *k, const float *logits, float bound, size_t begin, size_t width, size_t label) {
    size_t middle = label < begin ? 0 : label > begin + width ? width : label - begin;
    return k->logits_above(logits, bound, true, middle) + k->logits_above(logits + middle, bound, false, width - middle);
}

/* One block's d_logits [rows, width], times scale, rounded where d_rounded is there; 0 in rows without a label. d_bias grows
 * by their sums before they are rounded. Counts, too. */
static void gradient_block(float *d, uint16_t *d_rounded, float *above, const cross_entropy *c, const kernels *k, const places *p,
                           size_t begin, size_t width) {
    block_logits in = logits_of(c, begin, width);
    logits_share of = {.scale = c->scale, .own = (float)((1 - c->smoothing) * (double)c->scale),
                       .every = (float)(c->smoothing * (double)c->scale / (double)c->vocab)};
    float *d_bias = c->d_bias != NULL ? c->d_bias + begin : NULL;
    for (size_t r = 0; r < c->rows; r++) {
        const float *logits = in.at + r * in.stride;
        if (!counts(c, r)) {
            if (d_rounded != NULL) memset(d_rounded + r * width, 0, width * sizeof *d_rounded);
            else if (c->training) memset(d + r * width, 0, width * sizeof *d);
            continue;
        }
        size_t label = (size_t)c->labels[r];
        above[r] += (float)count_above(k, logits, p->label[r], begin, width, label);
        of.log_sum = p->log_sum[r];
        of.label = label >= begin && label < begin + width ? label - begin : width;
        if (d_rounded != NULL) k->logits_gradient_rounded(d_rounded + r * width, d_bias, logits, of, width);
        else if (c->training) k->logits_gradient(d + r * width, d_bias, logits, of, width);
    }
}

/* What follows from a block's d_logits: its rows of d_weight, its part of the task's share of d_input. */
static void block_backward(const cross_entropy *c, const float *d, const uint16_t *d_rounded, const float *packed_input, float *share,
                           bool first, size_t begin, size_t width, float *packed) {
    size_t hidden = c->hidden;
    float *d_weight = c->d_weight + begin * hidden;
    if (d_rounded != NULL)
        gemm_packed_rounded(d_weight, hidden, !c->set_d_weight, d_rounded, width, true, packed_input, width, hidden, c->rows);
    else
        gemm_packed(d_weight, hidden, !c->set_d_weight, d, width, true, packed_input, c->precision, width, hidden, c->rows);
    gemm_pack(packed, c->precision, c->weight + begin * hidden, hidden, false, hidden, width);
    if (d_rounded != NULL) gemm_packed_rounded(share, hidden, !first, d_rounded, width, false, packed, c->rows, hidden, width);
    else gemm_packed(share, hidden, !first, d, width, false, packed, c->precision, c->rows, hidden, width);
}

void cross_entropy_gradient(const cross_entropy *c, size_t task, float *thread_scratch) {
    places p = place(c);
    thread_places t = thread_place(c->rows, c->hidden, c->training);
    const kernels *k = kernels_of_cpu();
    float *d = thread_scratch + t.d_logits, *packed_input = thread_scratch + t.packed_input;
    uint16_t *d_rounded = c->training && c->rounded != NULL ? (void *)d : NULL;
    size_t first = task_begin(c, task), end = task_begin(c, task + 1), width = 0, hidden = c->hidden;
    float *above = p.above + task * c->rows, *share = p.share + task * c->rows * hidden;
    for (size_t r = 0; r < c->rows; r++) above[r] = 0;
    if (c->training && c->rounded != NULL) gemm_pack_rounded(packed_input, c->rounded, hidden, false, hidden, c->rows);
    else if (c->training) gemm_pack(packed_input, c->precision, c->input, hidden, false, hidden, c->rows);
    for (size_t begin = first; begin < end; begin += width) {
        width = block_width(c, begin, end);
        gradient_block(d, d_rounded, above, c, k, &p, begin, width);
        if (c->training) block_backward(c, d, d_rounded, packed_input, share, begin == first, begin, width, thread_scratch);
    }
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
