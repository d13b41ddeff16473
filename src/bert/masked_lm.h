/* bert/masked_lm.h: BertForMaskedLM: embeddings, encoder, pooler (optional), prediction head; forward and backward.
 *
 * A masked_lm is a configuration, the parameter table and one flat buffer of weights; it is read-only in use and shared
 * by threads. A masked_lm_context is one caller's room: every activation of the largest batch, planned once, so that no
 * step allocates.
 *
 *     masked_lm_new or _open; masked_lm_pack; masked_lm_context_new;
 *     masked_lm_forward, or masked_lm_train, a change of the weights and masked_lm_pack again; ... */
#ifndef MASKE_BERT_MASKED_LM_H
#define MASKE_BERT_MASKED_LM_H

#include "base/safetensors.h"
#include "bert/config.h"
#include "bert/packed.h"
#include "bert/parameters.h"
#include "data/batch.h"

typedef struct masked_lm {
    bert_config config;
    parameters table;           /* every tensor's name, shape, place in the flat buffers; its parts (head, pooler) */
    float *weights;             /* [table.total] */
    size_t weights_bytes;
    packed_weights packed;      /* copies for the kernels, or how they are to be made (bert/packed.h) */
    struct mapped_weights *mapped;      /* of masked_lm_open_mapped: what is not in weights; else NULL */
    safetensors_type stored;    /* the type the file had; F32 for a new model */
    bool finite;                /* false: the file held a NaN or an infinity (it was said in a warning) */
} masked_lm;

/* Initialised as the reference implementation does: normal(0, initializer_range), biases 0, LayerNorm 1 and 0, the
 * padding row of the word embeddings 0. With head, without pooler. Yours: masked_lm_free. */
MASKE_MUST_USE maske_status masked_lm_new(masked_lm **out, const bert_config *config, uint64_t seed);
/* A model of these parts with every weight 0, for those who fill it themselves. Yours. */
MASKE_MUST_USE maske_status masked_lm_make(masked_lm **out, const bert_config *config, bool head, bool pooler);
/* config.json and model.safetensors of the folder, or of the one below that modules.json names (base/modules.h). Head and
 * pooler are there if their tensors are. */
MASKE_MUST_USE maske_status masked_lm_open(masked_lm **out, const char *folder);
/* The same for forward passes alone: matrices stay in the files, which are mapped and must stay as they are, and are
 * packed when that pays (bert/mapped.h); nothing may be saved, resized or trained. Ready for masked_lm_forward. */
MASKE_MUST_USE maske_status masked_lm_open_mapped(masked_lm **out, const char *folder, gemm_precision precision);
/* Writes config.json and model.safetensors (as F32, F16 or BF16) into the existing folder, each whole or not at all. */
MASKE_MUST_USE maske_status masked_lm_save(const masked_lm *model, const char *folder, safetensors_type type);
/* The same in two parts, as F32. After the first every weight is with the system, and they may change; the second makes the
 * files appear, whole and synced. On failure of the first there is no writer; the second ends it either way. */
MASKE_MUST_USE maske_status masked_lm_save_begin(safetensors_writer *out, const masked_lm *model, const char *folder);
MASKE_MUST_USE maske_status masked_lm_save_end(safetensors_writer *w, const masked_lm *model, const char *folder);
void masked_lm_free(masked_lm *model);
/* A whole tensor by its place in the flat buffer, wherever it lies. */
const float *masked_lm_tensor(const masked_lm *model, size_t place);

/* A copy with another vocabulary: rows that both have stay, new rows of the word embeddings are initialised. Yours. */
MASKE_MUST_USE maske_status masked_lm_resize(masked_lm **out, const masked_lm *model, int64_t vocab_size,
                                             uint64_t seed);

/* Copies every matrix into the layout of the kernels: after opening and after every change of the weights, before the
 * next forward or train. Allocates the first time, and where precision or backward change.
 * backward: for masked_lm_train too (not in int8). A layer's copies are then made by each pass of a context that has
 * backward; another context reads the matrices where they lie, which is meant for a few tokens now and then. */
MASKE_MUST_USE maske_status masked_lm_pack(masked_lm *model, gemm_precision precision, bool backward, int threads);

typedef struct masked_lm_capacity {
    size_t tokens, sequences, sequence_length, predictions;     /* the most in one batch */
    bool backward;              /* activations are kept for masked_lm_train */
    bool recompute;             /* with backward: of each layer only its output is kept, the rest is computed again in
                                 * the backward pass; the same numbers for a third more time and far less memory */
    /* of the products that it trains with; in GEMM_BF16 what their factors are made from is kept rounded */
    gemm_precision precision;
    bool every_position;        /* the last layer may be asked for all tokens (mode's every_position) */
    bool hidden_states, attentions, logits;     /* outputs that are kept whole; the first two imply every_position */
    int threads;
} masked_lm_capacity;
typedef struct masked_lm_context masked_lm_context;
/* The context may be used with any model of this shape. Yours: masked_lm_context_free. */
MASKE_MUST_USE maske_status masked_lm_context_new(masked_lm_context **out, const masked_lm *model,
                                                  const masked_lm_capacity *capacity);
void masked_lm_context_free(masked_lm_context *context);
/* Where the time of its passes went, in seconds by the clock since it was made: [MASKED_LM_PHASES]. Forward and backward
 * together; the gradients of a layer's matrices are one phase, since they fill the threads together. Always counted: it
 * costs some tens of nanoseconds a layer. */
typedef enum masked_lm_phase {
    PHASE_EMBEDDINGS, PHASE_PACKING, PHASE_ATTENTION, PHASE_FEED_FORWARD, PHASE_MATRIX_GRADIENTS, PHASE_HEAD,
    MASKED_LM_PHASES
} masked_lm_phase;
const double *masked_lm_phase_seconds(const masked_lm_context *context);
/* The bytes that such a context takes, without making it; SIZE_MAX on overflow. */
size_t masked_lm_context_bytes(const bert_config *config, const masked_lm_capacity *capacity);

typedef struct masked_lm_mode {
    bool dropout;               /* with the configuration's probabilities, a function of (seed, step) */
    uint64_t seed, step;        /* step: another number for each batch */
    /* Where this is a part of a batch: the tokens and the predictions of the batch before it. Dropout is then the whole
     * batch's, and the losses of the parts are those of the whole (with prediction rows alone: no pooler). */
    uint64_t first_token, first_prediction;
    double label_smoothing;     /* of masked_lm_train's loss (nn/cross_entropy.h); masked_lm_forward never smooths */
    bool set_gradients;         /* masked_lm_train sets gradients, whatever stands there, and adds to nothing: the first batch
                                 * of a step */
    const float *head_mask;     /* [layers, heads] factors of the attention probabilities, NULL: all 1 */
    bool every_position;        /* the last layer is computed for all tokens, not for predicted and pooled ones alone */
    bool pooler;                /* compute pooled (the model must have a pooler) */
    const float *d_pooled;      /* [sequences, hidden] for masked_lm_train, with pooler: the gradient, by pooled, of
                                 * another loss; NULL: there is none */
} masked_lm_mode;

typedef struct masked_lm_result {
    double loss_sum;            /* nats over the predicted tokens that have a label */
    int64_t predicted, correct; /* of those: how many, and how many whose likeliest token is the label */
    int64_t correct_top5;
    /* Pointers: the context's, until the next call. */
    const float *logits;        /* [predictions, vocab] if kept, else NULL */
    const float *last_hidden_state;                 /* [tokens, hidden]; with every_position only, else NULL */
    const float *const *hidden_states;              /* [layers + 1] of [tokens, hidden] if kept, else NULL */
    const float *const *attentions;                 /* [layers], each: per sequence [heads, length, length] end to end,
                                                     * if kept, else NULL */
    const float *pooled;        /* [sequences, hidden] with pooler, else NULL */
} masked_lm_result;

MASKE_MUST_USE maske_status masked_lm_forward(const masked_lm *model, masked_lm_context *context, const batch *b,
    const masked_lm_mode *mode, masked_lm_result *result);

/* Forward and backward of one (micro) batch: gradients of scale * loss_sum are added to gradients[table.total], or set
 * (set_gradients, for the first of a step; scale = 1 / predicted tokens of the whole step). The result does not depend on
 * the number of threads. d_inputs_embeds: [tokens, hidden] set, or NULL. */
MASKE_MUST_USE maske_status masked_lm_train(const masked_lm *model, masked_lm_context *context, const batch *b,
    const masked_lm_mode *mode, float scale, float *gradients, float *d_inputs_embeds, masked_lm_result *result);

#endif
