/* nn/cross_entropy.h: the decoder, softmax and cross entropy of BertForMaskedLM and their gradients, in one.
 *
 * Only the logits of one chunk of rows exist. A chunk goes through four steps; tasks are ranges of the vocabulary, and
 * their number depends on the vocabulary alone, so that the result does not depend on the number of threads:
 *
 *     for each task, in parallel    cross_entropy_logits      logits of its range; each row's maximum and sum there
 *     once                          cross_entropy_loss        joins them: log of the sum, loss
 *     for each task, in parallel    cross_entropy_gradient    counts; d_weight and d_bias of its range; its share of d_hidden
 *     once, or by rows in parallel  cross_entropy_finish      d_hidden and counts: the tasks' shares, in order
 *
 * With training false the gradient step only counts. The loss is summed in double. A block's gradient of the logits
 * lives in the thread's scratch while both products with it are made: it never goes to memory.
 * CPU levels agree to a tolerance. Nothing allocates. */
#ifndef MASKE_NN_CROSS_ENTROPY_H
#define MASKE_NN_CROSS_ENTROPY_H

#include "nn/gemm.h"

typedef struct cross_entropy {
    size_t rows, hidden, vocab;         /* rows: at most what the scratch was sized for */
    const float *input;                 /* [rows, hidden] the head's transformed rows */
    const uint16_t *rounded;            /* the same by gemm_round, where the precision is GEMM_BF16 and they were rounded; or NULL */
    const float *weight, *bias;         /* [vocab, hidden], [vocab] (or NULL): the decoder's */
    const void *packed;                 /* weight by gemm_pack, transposed, where that is done already; NULL: it is packed
                                         * block by block. Needed for GEMM_INT8, which cannot train */
    const int32_t *labels;              /* [rows]: 0..vocab-1, or -100: no loss, no gradient. NULL: logits are all that is wanted */
    bool training;
    gemm_precision precision;           /* of the three products; logits and gradients are f32 all the same */
    float scale;                        /* gradients are those of scale * loss_sum */
    double smoothing;                   /* 0 to below 1: so much of a row's target is shared evenly by the whole vocabulary, the
                                         * label's own entry too; the loss is that by this target. 0: the label is all of it */
    float *logits;                      /* [rows, vocab] set by cross_entropy_logits and left as they are: the caller may keep them */
    bool blocked;                       /* nobody else reads the logits: they lie block by block, in the order they are gone through */
    float *d_input;                     /* [rows, hidden] set */
    float *d_weight, *d_bias;           /* [vocab, hidden], [vocab] (or NULL): added to */
    bool set_d_weight;                  /* d_weight is set, whatever stands there */
    float *scratch;                     /* cross_entropy_scratch floats, shared by the tasks */
    /* results, of this chunk */
    double loss_sum;                    /* nats */
    int64_t predicted, correct, correct_top5;   /* rows with a label; whose likeliest token (ties: the lowest id) is the
                                                 * label; whose label is among the five likeliest */
} cross_entropy;

/* Rows of a chunk that pay best. The decoder's weight and its gradient pass through the cache once a chunk, a row's
 * logits twice: with as many rows as hidden elements the two weigh the same. So up to 320 rows, and no more than keep
 * the logits below 20 MiB, but at least 32. */
size_t cross_entropy_rows(size_t vocab);
/* Tasks that the vocabulary is cut into (at most 32). */
size_t cross_entropy_tasks(size_t vocab);
/* Floats of shared scratch, and of scratch for each thread (64-byte aligned), for chunks of up to `rows` rows. */
size_t cross_entropy_scratch(size_t rows, size_t hidden, size_t vocab, bool training);
size_t cross_entropy_thread_scratch(size_t rows, size_t hidden, bool training);

void cross_entropy_logits(const cross_entropy *c, size_t task, float *thread_scratch);
void cross_entropy_loss(cross_entropy *c);
void cross_entropy_gradient(const cross_entropy *c, size_t task, float *thread_scratch);
/* d_input rows first..last-1; the call with first 0 also sets the counts. */
void cross_entropy_finish(cross_entropy *c, size_t first, size_t last);

#endif
