/* nn/muon.h: Muon (Jordan and others, 2024) with the arithmetic of torch.optim.Muon and the step size of "Muon is
 * scalable for LLM training" (Liu and others, 2025), for one weight matrix:
 *
 *     g  = gradient * gradient_scale
 *     m += (g - m) (1 - momentum)
 *     u  = g + (m - g) momentum                          Nesterov's look ahead
 *     u  = orthogonalised u: U V^T of its singular value decomposition U S V^T, nearly
 *     w -= learning_rate * weight_decay * w
 *     w -= learning_rate * 0.2 sqrt(max(rows, columns)) * u
 *
 * The factor makes the step's root mean square 0.2 times the learning rate, which is about AdamW's, so both can share
 * a learning rate. Orthogonalising is five times x = a x + (b A + c A A) x with A = x x^T (Newton and Schulz), on the
 * smaller side; its cost is that of matrix products, in f32 or bf16. Serial: matrices are shared among threads. */
#ifndef MASKE_NN_MUON_H
#define MASKE_NN_MUON_H

#include "nn/gemm.h"

typedef struct muon {
    double learning_rate, momentum, weight_decay;
    float gradient_scale;       /* the clipping factor, 1 without clipping */
    gemm_precision precision;   /* of the products */
} muon;

/* Floats of scratch that a matrix needs; 64-byte alignment is welcome. */
size_t muon_scratch(size_t rows, size_t columns);

/* One step; the gradient is read alone.
 *   weight, gradient, momentum  [rows, columns]
 *   scratch                     [muon_scratch(rows, columns)] */
void muon_step(float *weight, const float *gradient, float *momentum, float *scratch, const muon *settings, size_t rows,
               size_t columns);

#endif
