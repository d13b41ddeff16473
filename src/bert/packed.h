/* bert/packed.h: every matrix of the model as the product kernels want it, copied from the weights; and the linear
 * layers that multiply by these copies. For forward passes all of them are copied once. Where training goes on (backward)
 * weights change with every step, and the layers' copies would be as large as two more models: a context copies those of
 * a layer when it comes to it (packed_layer_fill), into one room, from which they are still near when they are read.
 *
 *   forward    y  = x W^T            W [out, in] packed as [in, out]
 *   backward   dx = dy W             the same W packed as [out, in]
 *
 * The decoder has a copy here in int8 alone: in f32 and bf16 nn/cross_entropy reads its matrix (or the word embeddings)
 * itself. */
#ifndef MASKE_BERT_PACKED_H
#define MASKE_BERT_PACKED_H

#include "base/safetensors.h"
#include "bert/parameters.h"
#include "nn/gemm.h"

enum { LINEAR_PARTS = 3 };
typedef struct bert_linear {
    linear_places places;
    size_t out, in;             /* out 0: the model has no such layer */
    void *forward, *backward;   /* packed copies; backward NULL: not asked for */
    const float *parts[LINEAR_PARTS];   /* W where it lies, part_rows of its rows each; NULL: not to be read there */
    size_t part_rows;
} bert_linear;

typedef struct packed_layer {
    bert_linear query_key_value;        /* of every layer but the last */
    bert_linear query, key_value;       /* of the last, where queries are needed for some tokens only */
    bert_linear self_output, intermediate, output;
} packed_layer;

struct pack_task;
typedef struct packed_weights {
    gemm_precision precision;
    bool backward;
    packed_layer *layers;       /* [layer_count], without copies where backward; NULL: nothing is packed */
    size_t layer_count;
    bert_linear transform, pooler;
    bert_linear decoder;        /* in int8 alone */
    void *memory;
    size_t bytes;
    struct pack_task *tasks;    /* [task_count] those of a layer side by side */
    size_t task_count;
} packed_weights;

/* Plans the copies and takes their memory; packs nothing yet. Yours: packed_weights_free. */
MASKE_MUST_USE maske_status packed_weights_plan(packed_weights *out, const parameters *table, const bert_config *config,
                                                gemm_precision precision, bool backward);
/* Copies the weights as they are now; with backward all matrices can be read where they lie, too. Allocates nothing. */
void packed_weights_fill(packed_weights *packed, const float *weights, int threads);
void packed_weights_free(packed_weights *packed);
/* The same of a model whose matrices lie in mapped files (bert/mapped.h): tensors[table->count], NULL where a tensor lies
 * in weights. Layer by layer; the pages of what is packed are given back. *broken: the name of a tensor that holds
 * values which are not finite, else NULL. */
MASKE_MUST_USE maske_status packed_weights_fill_mapped(const packed_weights *packed, const parameters *table,
                                                       const float *weights, const safetensors *file,
                                                       const safetensors_tensor *const *tensors, int threads,
                                                       const char **broken);
/* What that takes at its peak: the copies made and the rows at hand. *left: what of it stays. */
size_t packed_weights_fill_bytes(const packed_weights *packed, int threads, size_t *left);
/* Lets products read the matrices where they lie. False: some are no floats there. */
MASKE_MUST_USE bool packed_weights_read_mapped(packed_weights *packed, const parameters *table,
                                               const safetensors_tensor *const *tensors);
/* The bytes of the copies of a model with head that is to be trained, without making them. */
size_t packed_weights_bytes(const bert_config *config, gemm_precision precision);

/* *out: a layer with the copies for one direction, made now of weights, in the room of packed_layer_bytes. */
void packed_layer_fill(packed_layer *out, void *room, const packed_weights *packed, size_t layer, bool backward,
                       const float *weights, int threads);
size_t packed_layer_bytes(const bert_config *config, gemm_precision precision);

/* Columns first..first+count-1 of y [rows, out], y_stride apart = x [rows, in] W^T; the bias is the caller's to add.
 * first: a multiple of GEMM_PACK_COLUMNS. packed false: W is read where it lies. */
void bert_linear_forward(float *y, size_t y_stride, const float *x, const bert_linear *l, gemm_precision precision,
                         bool packed, size_t rows, size_t first, size_t count);
/* In bf16 of an x kept rounded, all columns; with x given it is rounded here first. */
void bert_linear_forward_rounded(float *y, size_t y_stride, uint16_t *rounded, const float *x, const bert_linear *l,
                                 size_t rows);
/* Columns first..first+count-1 of that alone, into y [rows, count], of an x rounded before. */
void bert_linear_forward_rounded_columns(float *y, const uint16_t *rounded, const bert_linear *l, size_t rows, size_t first,
                                         size_t count);
/* dx [rows, in] = dy W, or += with accumulate. dy [rows, out], dy_stride apart. */
void bert_linear_backward(float *dx, bool accumulate, const float *dy, size_t dy_stride, const bert_linear *l,
                          gemm_precision precision, size_t rows);
void bert_linear_backward_rounded(float *dx, bool accumulate, const uint16_t *dy, size_t dy_stride, const bert_linear *l,
                                  size_t rows);
void bert_linear_backward_rounded_columns(float *dx, const uint16_t *dy, const bert_linear *l, size_t rows, size_t first,
                                          size_t count);

#endif
