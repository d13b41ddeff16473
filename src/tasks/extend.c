/* tasks/extend.c: a model grown to an extended vocabulary.
 *
 * A new entry is a merge of a merge of ... old entries: those are what the network has read it as so far. Its row of
 * the word embeddings, and its bias in the decoder, start as the mean of theirs, so that the grown model begins close
 * to the old one, where random rows would take probability from every known entry. */
#include "base/output_folder.h"
#include "tasks/model_folder.h"
#include "tokenizer/tokenizer.h"

#include <stdlib.h>

typedef struct growing {
    masked_lm *network;             /* already of the new size */
    const maske_tokenizer *tokenizer;
    int32_t old_size, new_size;     /* entries */
    int32_t *left, *right;          /* [new_size] the merge that makes an entry; -1: none */
    double *sums;                   /* [hidden + 1] of rows, and of biases behind them */
    int64_t parts;
} growing;

static maske_status find_halves(growing *g) {
    const bpe *model = &g->tokenizer->model.bpe;
    TRY(memory_new(&g->left, (size_t)g->new_size, sizeof *g->left, "merges"));
    TRY(memory_new(&g->right, (size_t)g->new_size, sizeof *g->right, "merges"));
    for (int32_t i = 0; i < g->new_size; i++) g->left[i] = g->right[i] = -1;
    for (size_t i = model->merge_count; i-- > 0;) {         /* backwards: of several merges the first one counts */
        const bpe_merge *m = &model->merges[i];
        if (m->id < 0 || m->id >= g->new_size) continue;
        g->left[m->id] = m->left;
        g->right[m->id] = m->right;
    }
    return MASKE_OK;
}

/* Adds the rows of an entry's old parts. Halves of a new entry are older merges, so this ends. */
static void add_parts(growing *g, int32_t id, int depth) {
    if (id >= g->old_size && g->left[id] >= 0 && depth < 4096) {
        add_parts(g, g->left[id], depth + 1);
        add_parts(g, g->right[id], depth + 1);
        return;
    }
    if (id >= g->old_size) return;
    const parameters *table = &g->network->table;
    size_t hidden = (size_t)g->network->config.hidden_size;
    const float *row = g->network->weights + table->word_embeddings + (size_t)id * hidden;
    for (size_t i = 0; i < hidden; i++) g->sums[i] += (double)row[i];
    if (table->head) g->sums[hidden] += (double)g->network->weights[table->decoder_bias + (size_t)id];
    g->parts++;
}

static maske_status set_new_rows(growing *g) {
    const parameters *table = &g->network->table;
    size_t hidden = (size_t)g->network->config.hidden_size;
    TRY(memory_new(&g->sums, hidden + 1, sizeof *g->sums, "a row"));
    for (int32_t id = g->old_size; id < g->new_size; id++) {
        memset(g->sums, 0, (hidden + 1) * sizeof *g->sums);
        g->parts = 0;
        add_parts(g, id, 0);
        if (g->parts == 0) continue;        /* no merge leads there: the row keeps its random start */
        float *row = g->network->weights + table->word_embeddings + (size_t)id * hidden;
        for (size_t i = 0; i < hidden; i++) row[i] = (float)(g->sums[i] / (double)g->parts);
        if (table->head)
            g->network->weights[table->decoder_bias + (size_t)id] = (float)(g->sums[hidden] / (double)g->parts);
    }
    return MASKE_OK;
}

static maske_status write_all(void *user, const char *folder) {
    const growing *g = user;
    TRY(model_folder_write_network(folder, g->network, SAFETENSORS_F32));
    return maske_tokenizer_save(g->tokenizer, folder);
}

static maske_status grow(growing *g, const char *folder) {
    maske_tokenizer *old = NULL;
    masked_lm *network = NULL;
    TRY(maske_tokenizer_open(&old, folder));
    g->old_size = (int32_t)maske_tokenizer_vocab_size(old);
    maske_tokenizer_free(old);
    g->new_size = (int32_t)maske_tokenizer_vocab_size(g->tokenizer);
    if (g->tokenizer->kind != MODEL_BPE) return error_set(MASKE_UNSUPPORTED, "%s: only a BPE can be extended", folder);
    TRY(masked_lm_open(&network, folder));
    /* Rows that were spare before (a size rounded up) serve new entries first. */
    int64_t rows = network->config.vocab_size > g->new_size ? network->config.vocab_size : g->new_size;
    maske_status status = masked_lm_resize(&g->network, network, rows, 1);
    masked_lm_free(network);
    if (status == MASKE_OK) status = find_halves(g);
    if (status == MASKE_OK) status = set_new_rows(g);
    return status;
}

maske_status maske_model_extend(const char *model_folder, const maske_tokenizer *extended, const char *out,
                                bool force) {
    growing g = {.tokenizer = extended};
    TRY(output_folder_check(out, force));
    maske_status status = grow(&g, model_folder);
    if (status == MASKE_OK) status = output_folder_write(out, write_all, &g);
    masked_lm_free(g.network);
    free(g.left);
    free(g.right);
    free(g.sums);
    return status;
}
