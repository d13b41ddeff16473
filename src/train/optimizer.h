/* train/optimizer.h: AdamW over the parameter table: gradients and moments as flat buffers of the weights' layout.
 *
 * The work is cut into fixed blocks, so no result depends on the number of threads. */
#ifndef MASKE_TRAIN_OPTIMIZER_H
#define MASKE_TRAIN_OPTIMIZER_H

#include "bert/parameters.h"

typedef struct optimizer_block { size_t place, count; bool decay; } optimizer_block;

typedef struct optimizer {
    size_t total;               /* floats of each buffer */
    float *gradients, *first_moment, *second_moment;    /* [total], zero at first */
    optimizer_block *blocks;    /* [block_count]: every parameter once */
    size_t block_count;
    double *square_sums;        /* [ceil(total / GRADIENT_NORM_BLOCK)] */
} optimizer;

/* Yours: optimizer_free. */
MASKE_MUST_USE maske_status optimizer_new(optimizer *out, const parameters *table);
void optimizer_free(optimizer *o);
/* Bytes it takes. */
size_t optimizer_bytes(const parameters *table);

/* The norm of all gradients; not finite if one of them is not. */
double optimizer_gradient_norm(const optimizer *o, int threads);
/* Update number `update` (from 1) with the gradients, whose norm is given, clipped to max_grad_norm. Gradients are
 * zero afterwards. */
void optimizer_step(optimizer *o, float *weights, const maske_train_options *settings, double learning_rate,
                    double norm, uint64_t update, int threads);
/* Forgets the gradients of a step that is skipped. */
void optimizer_drop_gradients(optimizer *o);

#endif
