/* bert/mapped.h: a model's matrices where they lie in its files, which are mapped; packed once that pays.
 *
 * Opening costs milliseconds and no memory: the word embeddings, the decoder and the matrices of the layers stay in
 * the files, whose pages all processes share; what is small (biases, LayerNorm, positions) is copied. While few tokens
 * have been through the model, products read the matrices where they lie. After that they are packed (bert/packed.h),
 * layer by layer, and a layer's pages are given back once its copy is there: so the weights are in memory once, in the
 * precision used. The numbers are the same before and after. Matrices in other types than F32 are converted while they
 * are packed, and packed before the first product. */
#ifndef MASKE_BERT_MAPPED_H
#define MASKE_BERT_MAPPED_H

#include "bert/masked_lm.h"
#include "bert/weight_files.h"

#include <pthread.h>
#include <stdatomic.h>

struct mapped_weights {
    weight_files files;
    const safetensors_tensor **tensors; /* [table.count] NULL: copied to the flat buffer */
    bool direct;                /* products may read the matrices where they lie */
    pthread_mutex_t lock;       /* of packing */
    _Atomic bool packed;
    _Atomic size_t tokens;      /* that have been through the model unpacked */
};

/* Takes the files over on success. tensors: [table.count] yours to give. */
MASKE_MUST_USE maske_status mapped_weights_new(struct mapped_weights **out, weight_files *files,
                                               const safetensors_tensor **tensors);
void mapped_weights_free(struct mapped_weights *mapped);

/* Whether the tensor stays in its file: the matrices of linear layers, and those whose rows are looked up if they are
 * floats where they lie. */
bool mapped_tensor_stays(const parameters *table, size_t row, const safetensors_tensor *tensor);
/* The tensor's values where they lie; NULL: they are no floats, or at an address that floats cannot have. */
const float *mapped_floats(const safetensors_tensor *tensor);

/* Used while such a model is opened: it has a flat buffer that takes memory only where it is written; and the copies
 * are planned. */
MASKE_MUST_USE maske_status masked_lm_make_sparse(masked_lm **out, const bert_config *config, bool head, bool pooler);
MASKE_MUST_USE maske_status masked_lm_plan_mapped(masked_lm *model, gemm_precision precision);

/* Before a pass over that many tokens: packs if it is time. *packed: whether products read the packed copies. */
MASKE_MUST_USE maske_status mapped_weights_ready(const masked_lm *model, size_t tokens, int threads, bool *packed);
/* The bytes of weights that passes like this one bring into memory, beside what opening left there: pages of the files,
 * or packed copies. predicts: the decoder is used too. 0 for a model that is not mapped. */
size_t mapped_weights_bytes(const masked_lm *model, size_t tokens, bool predicts, int threads);

#endif
