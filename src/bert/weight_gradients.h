/* bert/weight_gradients.h: gradients of matrices: d_weight [out, in] += dy^T x, or = where the mode says so (set_gradients), a
 * sum over all rows in their order.
 *
 * Each x is packed for the kernels once, then tiles of all the matrices given are tasks, so that they fill the threads
 * together; where they are few, of fewer rows. Every element of a gradient is summed in the same order whatever the tiles are. */
#ifndef MASKE_BERT_WEIGHT_GRADIENTS_H
#define MASKE_BERT_WEIGHT_GRADIENTS_H

#include "bert/context.h"

typedef struct weight_gradient {
    float *d_weight;            /* [out, in] added to, or set */
    const void *dy;             /* [rows, out], dy_stride apart; float, or bfloat16 where rounded */
    const void *x;              /* [rows, in] */
    bool rounded;
    size_t dy_stride, rows, out, in;
} weight_gradient;

/* At most those of attention, or of the feed-forward, at once. */
enum { WEIGHT_GRADIENTS = 3 };
void bert_weight_gradients(const masked_lm_context *c, const weight_gradient *list, size_t count);

/* Bytes of context->packed_inputs: for the matrices of a layer, or of the head. SIZE_MAX on overflow. */
size_t bert_weight_gradients_bytes(const masked_lm_context *c);

#endif
