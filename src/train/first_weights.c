/* train/first_weights.c: one after another; embeddings before what is made from them. */
#include "train/first_weights.h"
#include "base/memory.h"
#include "train/neighbour_heads.h"
#include "train/word_vectors.h"

#include <math.h>
#include <stdlib.h>

static bool counts(const maske_train_options *settings) { return settings->word_vectors > 0; }

size_t first_weights_bytes(const bert_config *config, const maske_train_options *settings, int64_t tokens) {
    size_t vocab = (size_t)config->vocab_size, hidden = (size_t)config->hidden_size, bytes = 0;
    if (counts(settings)) bytes = word_vectors_bytes(vocab, hidden);
    if (settings->neighbour_heads) {
        size_t heads = neighbour_heads_bytes(counts(settings) ? vocab : 0, hidden);
        if (heads > bytes) bytes = heads;
    }
    if (counts(settings) && !size_add(&bytes, bytes, neighbours_bytes(vocab, tokens))) return SIZE_MAX;
    return bytes;
}

maske_status first_weights_unigram(masked_lm *lm, const dataset *training) {
    size_t entries = (size_t)lm->config.vocab_size;
    int64_t *counts;
    TRY(memory_new(&counts, entries, sizeof *counts, "token counts"));
    double all = (double)dataset_unigram_expected(training, counts, entries);
    float *bias = lm->weights + lm->table.decoder_bias;
    for (size_t i = 0; i < entries; i++) bias[i] = (float)log((double)counts[i] / all);
    free(counts);
    return MASKE_OK;
}

static maske_status count_and_begin(masked_lm *lm, const maske_train_options *settings, const dataset *training, int threads,
                                    const maske_control *control) {
    float *embeddings = lm->weights + lm->table.word_embeddings;
    uint64_t seed = (uint64_t)settings->seed;
    if (!counts(settings))
        return settings->neighbour_heads
                   ? neighbour_heads(lm->weights, &lm->table, &lm->config, NULL, seed, threads, control) : MASKE_OK;
    neighbours n;
    maske_status status = neighbours_new(&n, training, (size_t)lm->config.vocab_size);
    if (status == MASKE_OK)
        status = word_vectors(embeddings, &n, (size_t)lm->config.hidden_size, settings->word_vectors, seed, threads, control);
    if (status == MASKE_OK && settings->neighbour_heads)
        status = neighbour_heads(lm->weights, &lm->table, &lm->config, &n, seed, threads, control);
    neighbours_free(&n);
    return status;
}

maske_status first_weights(masked_lm **out, const bert_config *config, const maske_train_options *settings,
                           const dataset *training, int threads, const maske_control *control) {
    TRY(masked_lm_new(out, config, (uint64_t)settings->seed));
    if (settings->unigram_bias) TRY(first_weights_unigram(*out, training));
    return count_and_begin(*out, settings, training, threads, control);
}
