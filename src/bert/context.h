/* bert/context.h: one caller's room, shared by the modules of src/bert: what a pass computes and keeps.
 *
 * Rows. The token-wise parts of a layer run over rows: in every layer but the last each token is a row. The last layer
 * has rows only for the tokens that something reads (predicted ones, pooled ones), unless every position is asked for;
 * its keys and values are still those of all tokens.
 *
 * Blocks. Token-wise work is cut into blocks of BERT_BLOCK rows, a task each; a block goes through several modules
 * while it is in the cache. Sums over tokens (gradients of biases and of LayerNorm) are made apart for each block and
 * joined in the order of the blocks; products over tokens (gradients of matrices) are cut by their output. So nothing
 * depends on which thread did what.
 *
 * In bf16 a matrix comes from the third level cache or from memory more slowly than AMX multiplies by it, so a task may
 * take a group of blocks, as many as leave all threads their share, and read it once for all of them (bert_for_groups).
 * What is summed by block stays so; only how far the matrices' panels are used again differs.
 *
 * Few rows (less than a block for each thread, and nothing kept for backward) are no blocks: a task is some columns of a
 * product over all of them, so that each thread reads its part of the weights; operations follow one another.
 *
 * Without backward nothing is kept: layers share their buffers, and what lives within a block has a block's size.
 * With recompute layers share them too, but for their outputs: the backward pass fills them again, layer by layer.
 * Dropout is a function of (seed, step, place), so the second time gives the numbers of the first.
 * Else a layer keeps for backward, of each factor of its matrices' gradients, what the factor is made from, which other
 * gradients need: what a LayerNorm normalised, what goes into the activation, the floats that are rounded. The factor
 * itself, the same bits, is made again (factors_again) in the room that all layers share, so that nothing is in memory twice. */
#ifndef MASKE_BERT_CONTEXT_H
#define MASKE_BERT_CONTEXT_H

#include "bert/masked_lm.h"
#include "nn/cross_entropy.h"
#include "nn/dropout.h"

enum { BERT_BLOCK = 64, BERT_GROUP = 4 };

/* Dropouts of a layer; the embeddings' is the eighth of layer 0. */
enum { DROPOUT_ATTENTION, DROPOUT_SELF_OUTPUT, DROPOUT_OUTPUT, DROPOUT_EMBEDDINGS = 7, DROPOUT_SITES = 8 };

/* What a LayerNorm keeps for backward. NULL: nothing is kept. */
typedef struct norm_state {
    float *sum;                 /* [rows, hidden] what was normalised */
    float *mean, *rstd;         /* [rows] */
} norm_state;

/* In bf16 training the factors of the products are rounded once (gemm_round): for the product itself and for the gradient
 * of its matrix. In one room for all layers, but for what is picked, what goes into the activation, and query, key and
 * value, which are kept so alone. NULL: there are floats alone. */
typedef struct rounded_state {
    const uint16_t *query, *key_value;  /* as the floats of layer_state, which are not there then */
    uint16_t *query_key_value;  /* [tokens, 3 * hidden], or picked: keys and values [tokens, 2 * hidden] */
    uint16_t *picked_query;     /* [rows, hidden] */
    uint16_t *input;            /* [tokens, hidden] */
    uint16_t *picked;           /* [rows, hidden] */
    uint16_t *context;          /* [rows, hidden] */
    uint16_t *attention_output; /* [rows, hidden] */
    uint16_t *intermediate_pre; /* [rows, intermediate]; read back by the activation's backward */
    uint16_t *intermediate;     /* [rows, intermediate] */
} rounded_state;
/* The same of gradients; in one room for all layers. */
typedef struct rounded_gradients {
    uint16_t *output_product, *self_output_product;     /* [rows, hidden] */
    uint16_t *intermediate;     /* [rows, intermediate] */
    uint16_t *query_key_value;  /* [tokens, 3 * hidden], or of the last layer's keys and values [tokens, 2 * hidden] */
    uint16_t *picked_query;     /* [row_capacity, hidden] */
    uint16_t *query, *key_value;        /* as the floats of layer_gradients, which are not there then */
} rounded_gradients;

/* One layer: whole, or from the first row of a block on. */
typedef struct layer_state {
    const float *input;         /* [tokens, hidden] */
    const float *residual;      /* [rows, hidden]   input's rows */
    const float *query;         /* [rows, ...]      query_stride apart */
    const float *key_value;     /* [tokens, ...]    key_value_stride apart; values hidden elements behind keys */
    size_t query_stride, key_value_stride;
    float *picked;              /* [rows, hidden]   residual where rows are picked */
    float *query_key_value;     /* [tokens, 3 * hidden], or picked: keys and values [tokens, 2 * hidden] */
    float *picked_query;        /* [rows, hidden]   query where rows are picked */
    float *context;             /* [rows, hidden]   heads side by side */
    float *log_sum;             /* [heads, rows]    NULL: not kept */
    float *attentions;          /* per sequence [heads, length, length]; NULL: not kept */
    float *attention_output;    /* [rows, hidden]   of BertAttention */
    norm_state attention_norm;
    float *intermediate_pre;    /* [rows, intermediate] before the activation; backward puts intermediate in its place */
    float *intermediate;        /* [rows, intermediate]; lives within a block */
    norm_state output_norm;
    float *output;              /* [rows, hidden] */
    rounded_state rounded;
    float *work;                /* a block's products before they are rounded; NULL where nothing is */
    uint64_t dropout_row;       /* the number by which dropout knows the first row of all */
    bool restricted;            /* rows are picked */
    size_t rows;
    const uint32_t *row_start;  /* [sequences + 1] rows of each sequence */
    const uint32_t *row_place;  /* [rows] each row's place in its sequence; NULL: in order */
} layer_state;

/* Gradients on their way, of one layer at a time: whole, or from the first row of a block on. */
typedef struct layer_gradients {
    float *hidden;              /* [rows, hidden]   by the layer's output; becomes the one by the residual */
    float *output_product;      /* [rows, hidden]   by BertOutput's product */
    float *intermediate;        /* [rows, intermediate] by BertIntermediate's product */
    float *self_output_product; /* [rows, hidden] */
    float *context;             /* [rows, hidden] */
    float *query;               /* [rows, ...], strides as those of the state */
    float *key_value;           /* [tokens, ...] */
    rounded_gradients rounded;
} layer_gradients;

struct masked_lm_context {
    masked_lm_capacity capacity;
    bert_config config;
    size_t hidden, heads, head_size, intermediate, vocab, layer_count;
    size_t row_capacity;        /* of the last layer */
    bool rounds;                /* factors are rounded, once for all that read them */
    bool factors_again;         /* backward makes factors of the matrices' gradients again, in the room shared by layers */
    char *memory;
    size_t bytes;

    /* activations */
    float *embeddings;          /* [tokens, hidden] */
    norm_state embeddings_norm;
    layer_state *layers;        /* [layer_count] */
    float **thread_blocks;      /* [threads] of [BERT_BLOCK, intermediate or hidden, the larger, in whole panels] */
    float **thread_scratch;     /* [threads] of attention and cross entropy */
    float *few_intermediate;    /* [few rows, intermediate], without backward */
    float *pooler_input, *pooled;               /* [sequences, hidden] */
    float *head_input;          /* [predictions, hidden] rows of the last layer's output */
    float *transform_pre, *transform_act;       /* [predictions, hidden] */
    norm_state transform_norm;  /* mean and rstd; what is normalised is transform_act */
    float *transformed;         /* [predictions, hidden] */
    uint16_t *rounded_transformed;      /* the same, where factors are rounded */
    float *logits;              /* [predictions or a chunk, vocab] */
    size_t chunk_rows;
    float *cross_entropy_scratch;
    const float **hidden_states_list, **attentions_list;

    /* gradients */
    float *d_hidden;            /* [tokens, hidden] */
    float *d_rows;              /* [row_capacity, hidden] the last layer's, where its rows are picked */
    layer_gradients d_layer;    /* room for any layer */
    float *d_query_key_value;   /* [tokens, 3 * hidden] */
    float *d_picked_query;      /* [row_capacity, hidden] */
    float *d_transformed;       /* [predictions, hidden] */
    float *d_pooler;            /* [sequences, hidden] */
    float *partials;            /* [blocks, partial_width] */
    size_t partial_width;
    void *packed_inputs;        /* bert/weight_gradients.h */
    void *layer_room;           /* bert/packed.h */
    packed_layer at_hand;       /* the layer whose copies are there, where packs_layers */

    /* the batch's numbers */
    uint32_t *positions;        /* [tokens] */
    uint32_t *row_index;        /* [row_capacity] the token of each row of the last layer */
    uint32_t *row_place;        /* [row_capacity] */
    uint32_t *row_start;        /* [sequences + 1] */
    uint32_t *prediction_row;   /* [predictions] rows of the last layer */
    uint32_t *pooled_row;       /* [sequences] */
    uint32_t *word_order;       /* [tokens] */
    uint32_t *word_start;       /* [vocab + 1], or as many as there are positions */
    size_t row_count;

    /* the call */
    const masked_lm *model;
    const batch *batch;
    const masked_lm_mode *mode;
    float *gradients;           /* NULL: forward only */
    float scale;
    bool every_position;
    bool packed;                /* products read packed copies of the matrices, not where they lie */
    bool packs_layers;          /* copies of a layer's matrices are made when it comes to it (bert/packed.h) */
    double phase_seconds[MASKED_LM_PHASES], phase_begun;
};

/* What the modules ask. */
static inline size_t bert_blocks(size_t rows) { return (rows + BERT_BLOCK - 1) / BERT_BLOCK; }
static inline size_t bert_block_rows(size_t rows, size_t block) {
    size_t left = rows - block * BERT_BLOCK;
    return left < BERT_BLOCK ? left : BERT_BLOCK;
}
static inline const float *bert_weight(const masked_lm_context *c, size_t place) { return c->model->weights + place; }
/* A matrix that may lie in a mapped file. */
static inline const float *bert_tensor(const masked_lm_context *c, size_t place) { return masked_lm_tensor(c->model, place); }
static inline float *bert_gradient(const masked_lm_context *c, size_t place) { return c->gradients + place; }
static inline float *bert_partials(const masked_lm_context *c, size_t block) {
    return c->partials + block * c->partial_width;
}
/* Those of the blocks of a group, their first `count` cleared. */
float *bert_partials_clear(const masked_lm_context *c, size_t first, size_t rows, size_t count);
static inline gemm_precision bert_precision(const masked_lm_context *c) { return c->model->packed.precision; }
/* Of attention's products, which have no weights: int8 is for those alone. */
static inline gemm_precision bert_attention_precision(const masked_lm_context *c) {
    gemm_precision precision = bert_precision(c);
    return precision != GEMM_INT8 ? precision : gemm_has_bf16() ? GEMM_BF16 : GEMM_F32;
}
/* Whether a layer's input is rounded where it is made, with what makes it; else where it is read: with recompute layers are
 * gone through again, one by one, and share the room. */
static inline bool bert_rounds_inputs(const masked_lm_context *c) { return c->rounds && !c->capacity.recompute; }
/* The layer's matrices. Where the context packs them, bert_layer_pack has come before, for the direction of the pass. */
static inline const packed_layer *bert_packed_layer(const masked_lm_context *c, size_t layer) {
    return c->packs_layers ? &c->at_hand : &c->model->packed.layers[layer];
}
void bert_layer_pack(masked_lm_context *c, size_t layer, bool backward);
/* The dropout of a place in this pass; the identity where dropout is off. */
dropout_mask bert_dropout(const masked_lm_context *c, double probability, size_t layer, unsigned site);

/* y [rows, l->out], y_stride apart = x [rows, l->in] W^T; the bias is the caller's to add. */
void bert_product(const masked_lm_context *c, float *y, size_t y_stride, const float *x, const bert_linear *l, size_t rows);

static inline bool bert_few_rows(const masked_lm_context *c, size_t rows) {
    return !c->capacity.backward && c->capacity.threads > 1 && rows <= BERT_BLOCK * (size_t)c->capacity.threads;
}
/* The same of few rows, by all threads, with the bias and, where it is asked for, the activation behind it. */
typedef enum product_end { PRODUCT_ALONE, PRODUCT_BIAS, PRODUCT_BIAS_ACTIVATION } product_end;
void bert_product_shared(const masked_lm_context *c, float *y, size_t y_stride, const float *x, const bert_linear *l,
                         size_t rows, product_end end);

/* The time since the last call, or since the pass began, was this phase's. */
void bert_phase_end(masked_lm_context *c, masked_lm_phase phase);
void bert_phases_begin(masked_lm_context *c);

/* Runs task(c, block, thread) for each block of that many rows. */
void bert_for_blocks(masked_lm_context *c, size_t rows, void (*task)(void *user, size_t block, int thread), void *user);

/* The same by groups: task(user, first, rows, thread) for rows first..first+rows-1, which are whole blocks (but for the
 * last of all), up to BERT_GROUP where factors are rounded, else one. The numbers do not depend on it. */
typedef void bert_group_task(void *user, size_t first, size_t rows, int thread);
void bert_for_groups(masked_lm_context *c, size_t rows, bert_group_task *task, void *user);
/* The columns of so many rows that a thread's block has room for, in whole panels. */
size_t bert_group_columns(const masked_lm_context *c, size_t rows);

/* total[count] += the blocks' partial sums that start `offset` into their rooms. */
void bert_partials_add(const masked_lm_context *c, float *total, size_t offset, size_t rows, size_t count);

#endif
