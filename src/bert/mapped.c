/* bert/mapped.c */
#include "bert/mapped.h"
#include "base/log.h"

#include <stdlib.h>

/* More than this and packing pays: it costs about as much as three short texts save. */
enum { UNPACKED_TOKENS = 96 };

maske_status mapped_weights_new(struct mapped_weights **out, weight_files *files, const safetensors_tensor **tensors) {
    struct mapped_weights *m = NULL;
    TRY(memory_new(&m, 1, sizeof *m, "a model"));
    pthread_mutex_init(&m->lock, NULL);
    m->files = *files;
    m->tensors = tensors;
    *files = (weight_files){0};
    *out = m;
    return MASKE_OK;
}

void mapped_weights_free(struct mapped_weights *mapped) {
    if (mapped == NULL) return;
    pthread_mutex_destroy(&mapped->lock);
    weight_files_close(&mapped->files);
    free(mapped->tensors);
    free(mapped);
}

const float *mapped_floats(const safetensors_tensor *tensor) {
    bool aligned = (uintptr_t)tensor->data % _Alignof(float) == 0;
    return tensor->type == SAFETENSORS_F32 && aligned ? (const float *)(const void *)tensor->data : NULL;
}

bool mapped_tensor_stays(const parameters *table, size_t row, const safetensors_tensor *tensor) {
    const parameter *p = &table->rows[row];
    if (p->rank != 2 || p->place == table->position_embeddings || p->place == table->token_type_embeddings) return false;
    bool looked_up = p->place == table->word_embeddings || (table->head && p->place == table->decoder);
    return !looked_up || mapped_floats(tensor) != NULL;
}

maske_status mapped_weights_ready(const masked_lm *model, size_t tokens, int threads, bool *packed) {
    struct mapped_weights *m = model->mapped;
    *packed = true;
    if (m == NULL || atomic_load(&m->packed)) return MASKE_OK;
    if (m->direct && atomic_fetch_add(&m->tokens, tokens) + tokens <= UNPACKED_TOKENS) return *packed = false, MASKE_OK;
    pthread_mutex_lock(&m->lock);
    maske_status status = MASKE_OK;
    if (!atomic_load(&m->packed)) {
        const char *broken = NULL;
        status = packed_weights_fill_mapped(&model->packed, &model->table, model->weights, &m->files.all, m->tensors,
                                            threads, &broken);
        if (status == MASKE_OK && broken != NULL)
            log_say(MASKE_LOG_WARNING, "%s: tensor \"%s\" holds values that are not finite", m->files.all.path, broken);
        if (status == MASKE_OK) atomic_store(&m->packed, true);
    }
    pthread_mutex_unlock(&m->lock);
    return status;
}

/* Touching a page of a file brings its neighbours along (as measured with Linux 6.18). */
enum { NEIGHBOURHOOD = 64 << 10 };

static size_t looked_up_bytes(const safetensors_tensor *tensor, size_t rows) {
    return rows < tensor->bytes / NEIGHBOURHOOD ? rows * NEIGHBOURHOOD : tensor->bytes;
}

size_t mapped_weights_bytes(const masked_lm *model, size_t tokens, bool predicts, int threads) {
    const struct mapped_weights *m = model->mapped;
    const parameters *table = &model->table;
    if (m == NULL) return 0;
    bool direct = m->direct && tokens <= UNPACKED_TOKENS, decoder_packed = model->packed.decoder.out > 0;
    size_t matrices = 0, embeddings = 0;
    for (size_t i = 0; i < table->count; i++) {
        size_t place = table->rows[i].place;
        const safetensors_tensor *t = m->tensors[i];
        if (t == NULL || (table->pooler && place == table->pooler_dense.weight)) continue;
        if (predicts && table->head && place == table->decoder && !decoder_packed) embeddings += t->bytes;
        else if (place == table->word_embeddings) embeddings += looked_up_bytes(t, tokens);
        else if (!(table->head && place == table->decoder)) matrices += t->bytes;
    }
    if (direct) return matrices + embeddings;
    /* packing is over before the embeddings are touched */
    size_t left = 0, packing = packed_weights_fill_bytes(&model->packed, threads, &left);
    return packing > left + embeddings ? packing : left + embeddings;
}
