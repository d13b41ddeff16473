/* train/optimizer.h: AdamW or Muon over the parameter table: gradients and moments as flat buffers of the weights' layout.
 *
 * AdamW's work is cut into fixed blocks. Muon takes the matrices of the layers and of the head's transform, each whole by
 * one thread; its momentum lies in the first moment's buffer, and AdamW has the rest of the table. So no result depends
 * on the number of threads. */
#ifndef MASKE_TRAIN_OPTIMIZER_H
#define MASKE_TRAIN_OPTIMIZER_H

#include "bert/parameters.h"
#include "nn/gemm.h"

typedef struct optimizer_block { size_t place, count; bool decay; } optimizer_block;

typedef struct optimizer_matrix { size_t place, rows, columns; bool decay; } optimizer_matrix;

typedef struct optimizer {
    size_t total;               /* floats of each buffer */
    float *gradients, *first_moment, *second_moment;    /* [total], zero at first */
    optimizer_block *blocks;    /* [block_count]: every parameter once that AdamW steps */
    size_t block_count;
    optimizer_matrix *matrices; /* [matrix_count]: those that Muon steps, the largest first */
    size_t matrix_count;
    float *scratch;             /* [muon_threads, scratch_floats]: for the products of Muon */
    size_t scratch_floats;
    int muon_threads;
    double *square_sums;        /* [ceil(total / GRADIENT_NORM_BLOCK)] */
    float *average;             /* [total] mean of the weights after `averaged` steps; NULL: none is kept */
    int64_t averaged;
} optimizer;

/* muon_threads: 0, AdamW steps every parameter; else Muon has its matrices, on up to so many threads.
 * Yours: optimizer_free. */
MASKE_MUST_USE maske_status optimizer_new(optimizer *out, const parameters *table, int muon_threads);
void optimizer_free(optimizer *o);
/* Bytes it takes. */
size_t optimizer_bytes(const parameters *table, int muon_threads);
/* The argument of both that the settings ask for. */
int optimizer_muon_threads(const maske_train_options *settings, int threads);

/* The norm of all gradients; not finite if one of them is not. */
double optimizer_gradient_norm(const optimizer *o, int threads);
/* Update number `update` (from 1) with the gradients, whose norm is given, clipped to max_grad_norm. learning_rate is
 * AdamW's, Muon's is in proportion to it; precision is that of Muon's products. Gradients stay as they
 * are: the next step's first batch sets them. */
void optimizer_step(optimizer *o, float *weights, const maske_train_options *settings, double learning_rate,
                    double norm, uint64_t update, gemm_precision precision, int threads);
/* Makes room for the average of the weights, where there is none yet. */
MASKE_MUST_USE maske_status optimizer_keep_average(optimizer *o);
/* The weights after another step go into the average. */
void optimizer_add_average(optimizer *o, const float *weights, int threads);

#endif
