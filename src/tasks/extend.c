/* tasks/extend.c: a model grown to an extended vocabulary.
 *
 * A new entry of a BPE is a merge of a merge of ... old entries, one of a WordPiece is cut into the longest old
 * entries: those are what the network has read it as so far. Its row of the word embeddings, and its bias in the
 * decoder, start as the mean of theirs, so that the grown model begins close to the old one, where random rows would
 * take probability from every known entry.
 *
 * An id is new if its entry is another than before: behind the old ones, or in the place of an unused one.
 *
 * A checkpoint's moments grow too: those of the old rows stay, those of the new ones are 0, since nothing has moved
 * them yet. */
#include "base/modules.h"
#include "base/output_folder.h"
#include "bert/weight_files.h"
#include "tasks/model_folder.h"
#include "tokenizer/tokenizer.h"
#include "train/checkpoint.h"

#include <stdlib.h>

typedef struct growing {
    const char *from;               /* the model's folder */
    masked_lm *network;             /* already of the new size */
    optimizer moments;              /* of the new size; where the folder has some */
    bool has_moments;
    const maske_tokenizer *tokenizer;
    int32_t old_size, new_size;     /* entries */
    uint8_t *fresh;                 /* [new_size] 1: the entry is new */
    int32_t *left, *right;          /* [new_size] the merge that makes an entry; -1: none */
    double *sums;                   /* [2 * hidden + 1] of rows, of the decoder's, and of biases behind them */
    int64_t parts;
    buffer text;                    /* a piece that is looked up */
} growing;

static maske_status find_halves(growing *g) {
    const bpe *model = &g->tokenizer->model.bpe;
    TRY(memory_new(&g->left, (size_t)g->new_size, sizeof *g->left, "merges"));
    TRY(memory_new(&g->right, (size_t)g->new_size, sizeof *g->right, "merges"));
    for (int32_t i = 0; i < g->new_size; i++) g->left[i] = g->right[i] = -1;
    for (size_t i = g->tokenizer->kind == MODEL_BPE ? model->merge_count : 0; i-- > 0;) {
        const bpe_merge *m = &model->merges[i];         /* backwards: of several merges the first one counts */
        if (m->id < 0 || m->id >= g->new_size) continue;
        g->left[m->id] = m->left;
        g->right[m->id] = m->right;
    }
    return MASKE_OK;
}

/* The rows of an entry: of the word embeddings, and of a decoder that is not tied to them. */
static size_t find_rows(const growing *g, int32_t id, float *rows[2]) {
    const parameters *table = &g->network->table;
    size_t at = (size_t)id * (size_t)g->network->config.hidden_size;
    rows[0] = g->network->weights + table->word_embeddings + at;
    rows[1] = g->network->weights + table->decoder + at;
    return rows[0] != rows[1] ? 2 : 1;
}

/* Adds the rows and the bias of an old entry. */
static void add_row(growing *g, int32_t id) {
    const parameters *table = &g->network->table;
    size_t hidden = (size_t)g->network->config.hidden_size;
    float *rows[2];
    size_t count = find_rows(g, id, rows);
    for (size_t r = 0; r < count; r++)
        for (size_t i = 0; i < hidden; i++) g->sums[r * hidden + i] += (double)rows[r][i];
    if (table->head) g->sums[2 * hidden] += (double)g->network->weights[table->decoder_bias + (size_t)id];
    g->parts++;
}

/* A BPE's entry: the halves of its merge. Halves of a new entry are older merges, so this ends. */
static void add_halves(growing *g, int32_t id, int depth) {
    if (!g->fresh[id]) add_row(g, id);
    else if (g->left[id] >= 0 && depth < 4096) {
        add_halves(g, g->left[id], depth + 1);
        add_halves(g, g->right[id], depth + 1);
    }
}

/* A WordPiece's entry, "word" or "##part": from the left the longest old entries, as the model itself cuts words. */
static maske_status add_pieces(growing *g, int32_t id) {
    const vocab *entries = tokenizer_vocab(g->tokenizer);
    const char *prefix = g->tokenizer->model.wordpiece.continuing_subword_prefix;
    size_t length = 0, prefix_length = strlen(prefix);
    const char *entry = vocab_text(entries, id, &length);
    bool continuing = entry != NULL && length > prefix_length && memcmp(entry, prefix, prefix_length) == 0;
    size_t at = continuing ? prefix_length : 0;
    while (entry != NULL && at < length) {
        int32_t found = -1;
        size_t end = length + 1;
        while (found < 0 && --end > at) {
            buffer_clear(&g->text);
            TRY(buffer_add(&g->text, prefix, at > 0 ? prefix_length : 0));
            TRY(buffer_add(&g->text, entry + at, end - at));
            found = vocab_find(entries, g->text.data, g->text.length);
            if (found >= 0 && g->fresh[found]) found = -1;
        }
        if (found < 0) return MASKE_OK;
        add_row(g, found);
        at = end;
    }
    return MASKE_OK;
}

static maske_status set_new_rows(growing *g) {
    const parameters *table = &g->network->table;
    size_t hidden = (size_t)g->network->config.hidden_size;
    TRY(memory_new(&g->sums, 2 * hidden + 1, sizeof *g->sums, "a row"));
    for (int32_t id = 0; id < g->new_size; id++) {
        if (!g->fresh[id]) continue;
        memset(g->sums, 0, (2 * hidden + 1) * sizeof *g->sums);
        g->parts = 0;
        if (g->tokenizer->kind == MODEL_BPE) add_halves(g, id, 0);
        else TRY(add_pieces(g, id));
        if (g->parts == 0) continue;        /* nothing known leads there: the row keeps its random start */
        float *rows[2];
        size_t count = find_rows(g, id, rows);
        for (size_t r = 0; r < count; r++)
            for (size_t i = 0; i < hidden; i++) rows[r][i] = (float)(g->sums[r * hidden + i] / (double)g->parts);
        if (table->head)
            g->network->weights[table->decoder_bias + (size_t)id] = (float)(g->sums[2 * hidden] / (double)g->parts);
    }
    return MASKE_OK;
}

/* ----------------------------------------------------------------------------------------------------- moments --- */

/* Every tensor's old values; the vocabulary is the first dimension of those that grow, so that new ones are behind. */
static void copy_moments(growing *g, const parameters *from, const optimizer *old) {
    const parameters *table = &g->network->table;
    size_t hidden = (size_t)g->network->config.hidden_size;
    for (size_t i = 0; i < table->count; i++) {
        const parameter *row = &table->rows[i], *before = parameters_find(from, row->name);
        memcpy(g->moments.first_moment + row->place, old->first_moment + before->place,
               before->elements * sizeof(float));
        memcpy(g->moments.second_moment + row->place, old->second_moment + before->place,
               before->elements * sizeof(float));
    }
    float *const moments[] = {g->moments.first_moment, g->moments.second_moment};
    for (int32_t id = 0; id < g->new_size; id++) {      /* what moved a row before was another entry, or nobody */
        if (!g->fresh[id]) continue;
        for (int moment = 0; moment < 2; moment++) {
            memset(moments[moment] + table->word_embeddings + (size_t)id * hidden, 0, hidden * sizeof(float));
            if (!table->head) continue;
            memset(moments[moment] + table->decoder + (size_t)id * hidden, 0, hidden * sizeof(float));
            moments[moment][table->decoder_bias + (size_t)id] = 0;
        }
    }
}

static maske_status grow_moments(growing *g, const masked_lm *before, const char *folder) {
    char *path = NULL;
    optimizer old = {0};
    TRY(path_join(&path, folder, CHECKPOINT_MOMENTS));
    g->has_moments = path_exists(path);
    free(path);
    if (!g->has_moments) return MASKE_OK;
    maske_status status = optimizer_new(&old, &before->table, 0);
    if (status == MASKE_OK) status = checkpoint_load_moments(folder, &before->table, &old);
    if (status == MASKE_OK) status = optimizer_new(&g->moments, &g->network->table, 0);
    if (status == MASKE_OK) copy_moments(g, &before->table, &old);
    optimizer_free(&old);
    return status;
}

/* --------------------------------------------------------------------------------------------------- the whole --- */

static maske_status write_all(void *user, const char *folder) {
    const growing *g = user;
    TRY(masked_lm_save(g->network, folder, SAFETENSORS_F32));
    if (g->has_moments) TRY(checkpoint_save_moments(folder, &g->network->table, &g->moments));
    TRY(modules_copy(g->from, folder));
    return maske_tokenizer_save(g->tokenizer, folder);
}

static maske_status find_new_entries(growing *g, const char *folder) {
    maske_tokenizer *old = NULL;
    TRY(maske_tokenizer_open(&old, folder));
    g->old_size = (int32_t)maske_tokenizer_vocab_size(old);
    g->new_size = (int32_t)maske_tokenizer_vocab_size(g->tokenizer);
    maske_status status = memory_new(&g->fresh, (size_t)g->new_size, 1, "entries");
    for (int32_t id = 0; id < g->new_size && status == MASKE_OK; id++) {
        const char *before = maske_tokenizer_token(old, id), *now = maske_tokenizer_token(g->tokenizer, id);
        g->fresh[id] = id >= g->old_size || (before != NULL && now != NULL && strcmp(before, now) != 0);
    }
    maske_tokenizer_free(old);
    return status;
}

static maske_status grow(growing *g, const char *folder) {
    masked_lm *network = NULL;
    TRY(find_new_entries(g, folder));
    TRY(masked_lm_open(&network, folder));
    /* Rows that were spare before (a size rounded up) serve new entries first. */
    int64_t rows = network->config.vocab_size > g->new_size ? network->config.vocab_size : g->new_size;
    maske_status status = masked_lm_resize(&g->network, network, rows, 1);
    if (status == MASKE_OK) status = grow_moments(g, network, folder);
    masked_lm_free(network);
    if (status == MASKE_OK) status = find_halves(g);
    if (status == MASKE_OK) status = set_new_rows(g);
    return status;
}

maske_status maske_model_has_weights(bool *found, const char *model_folder) {
    char *network = NULL, *path = NULL;
    TRY(modules_find_network(&network, model_folder));
    maske_status status = weight_files_find(&path, network);
    *found = status == MASKE_OK && path != NULL;
    free(network);
    free(path);
    return status;
}

maske_status maske_model_extend(const char *model_folder, const maske_tokenizer *extended, const char *out,
                                bool force) {
    growing g = {.from = model_folder, .tokenizer = extended};
    TRY(model_folder_check(out, model_folder, force));
    maske_status status = grow(&g, model_folder);
    if (status == MASKE_OK) status = output_folder_write(out, force, write_all, &g, model_folder_owned);
    masked_lm_free(g.network);
    optimizer_free(&g.moments);
    free(g.fresh);
    free(g.left);
    free(g.right);
    free(g.sums);
    buffer_free(&g.text);
    return status;
}
