/* nn/attention.h: softmax(q k^T / sqrt(d) + mask) v for one head of one sequence.
 *
 * The scores of all queries never exist at once: a block of ATTENTION_QUERIES queries goes through scores, softmax,
 * dropout and the product with v while its scores are in the cache. Forward keeps one number a query (the logarithm of
 * the row's sum of exponentials); backward makes the probabilities again from it.
 *
 *     P  = softmax(q k^T / sqrt(d))        over the keys that the mask allows
 *     W  = dropout(P) * head_factor        what the values are weighted with
 *     out = W v
 *
 * What `attentions` holds. transformers returns W, not P: eager attention rebinds attn_weights to the result of dropout
 * before it multiplies and returns it (5.x, modeling_bert.py: eager_attention_forward), and in 4.x the head mask was
 * multiplied into the same variable ahead of that (attention_probs = attention_probs * head_mask). In evaluation
 * without a head mask W is P. `weights` here is W, so it equals both.
 *
 * A key whose mask is 0 gets the lowest float added to its score, there and here: its probability is exactly 0 beside
 * any allowed key. In a row where no key is allowed the lowest float swallows every score: the probabilities are
 * uniform over all keys, and gradients still flow through the scores, as they do in PyTorch.
 *
 * In f32 AVX2 and AVX-512 agree bit for bit, plain C to rounding; dropout draws the same mask on all. Nothing allocates. */
#ifndef MASKE_NN_ATTENTION_H
#define MASKE_NN_ATTENTION_H

#include "nn/dropout.h"
#include "nn/gemm.h"

enum { ATTENTION_QUERIES = 64 };

typedef struct attention_shape {
    size_t queries, keys, head_size;
    size_t q_stride, kv_stride, out_stride;     /* elements from one row to the next; inside [tokens, 3 * hidden]: 3 * hidden */
    const uint8_t *key_mask;                    /* [keys], 0: nobody attends to this key; NULL: all allowed */
    float head_factor;                          /* of the head mask, 1 without one */
    dropout_mask dropout;                       /* zeroed: none */
    uint64_t dropout_row;                       /* number of the sequence's row 0 for this head, e.g. head << 32 | first token */
    const uint32_t *query_index;                /* [queries] each query's place in the sequence, where q holds only some
                                                 * of its rows (the last layer); it names the row of the dropout mask.
                                                 * NULL: query i is row i */
    gemm_precision precision;                   /* of the products; all else is float */
} attention_shape;

/* Floats of scratch that a call needs: for backward true what attention_backward takes (forward needs no more). */
size_t attention_scratch(size_t keys, size_t head_size, bool backward);

/*   out              [queries, head_size]  set; rows out_stride apart
 *   log_sum          [queries]             kept for backward; NULL if none follows
 *   weights          [queries, keys]       set to W, or NULL
 *   q                [queries, head_size]  rows q_stride apart
 *   k, v             [keys, head_size]     rows kv_stride apart
 *   scratch          attention_scratch floats, 64-byte aligned */
void attention_forward(float *out, float *log_sum, float *weights, const float *q, const float *k, const float *v,
                       const attention_shape *shape, float *scratch);
/* d_q, d_k, d_v are set, with the strides of q, k, v. d_out, out: rows out_stride apart. */
void attention_backward(float *d_q, float *d_k, float *d_v, const float *d_out, const float *out, const float *log_sum,
                        const float *q, const float *k, const float *v, const attention_shape *shape, float *scratch);

/* The same of q, k and v kept in bfloat16 (nn/gemm.h) and precision GEMM_BF16: out and log_sum are those of the float calls
 * on the same numbers; the gradients are rounded when they are complete. */
void attention_forward_rounded(float *out, float *log_sum, float *weights, const uint16_t *q, const uint16_t *k, const uint16_t *v,
                               const attention_shape *shape, float *scratch);
void attention_backward_rounded(uint16_t *d_q, uint16_t *d_k, uint16_t *d_v, const float *d_out, const float *out,
                                const float *log_sum, const uint16_t *q, const uint16_t *k, const uint16_t *v,
                                const attention_shape *shape, float *scratch);

#endif
