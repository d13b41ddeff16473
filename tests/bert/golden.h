/* tests/bert/golden.h: the cases of tests/data/bert (made by tests/reference/make_bert_golden.py), as models and
 * batches; and a context for them. For tests: any failure ends the test. */
#ifndef MASKE_TESTS_BERT_GOLDEN_H
#define MASKE_TESTS_BERT_GOLDEN_H

#include "base/cpu.h"
#include "bert/masked_lm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define OK(expression)                                                      \
    do {                                                                    \
        if ((expression) != MASKE_OK) fail_msg("%s: %s", #expression, maske_error()); \
    } while (0)

static const char *const golden_names[] = {"gelu", "gelu_new", "relu_embeds", "one_layer", "silu_untied",
                                            "roberta", "roberta_embeds", "distilbert", "distilbert_untied"};
enum { GOLDEN_COUNT = sizeof golden_names / sizeof golden_names[0] };

typedef struct golden {
    const char *name;
    masked_lm *model;
    safetensors file;
    size_t sequences, length, hidden, vocab;    /* of the padded tensors */
    int32_t *input_ids, *token_type_ids, *labels;   /* [sequences, length], NULL where the case has none */
    uint8_t *attention_mask;
    float *inputs_embeds, *head_mask, *d_pooled;    /* head_mask: [layers, heads] */
    size_t labelled;
} golden;

/* A batch's memory and the batch. */
typedef struct golden_batch {
    batch batch;
    int32_t *ids, *types, *labels;
    uint8_t *mask;
    float *embeds;
    uint32_t *start, *index, *token;    /* token[i]: the padded place of the batch's token i */
} golden_batch;

static inline void *golden_take(size_t count, size_t size) {
    void *block = calloc(count + 1, size);
    assert_non_null(block);
    return block;
}

static inline int32_t *golden_integers(const golden *g, const char *name) {
    const safetensors_tensor *t = safetensors_find(&g->file, name);
    if (t == NULL) return NULL;
    int64_t *wide = golden_take(t->elements, sizeof *wide);
    int32_t *out = golden_take(t->elements, sizeof *out);
    OK(safetensors_copy_integers(wide, &g->file, t, INT32_MIN, INT32_MAX));
    for (size_t i = 0; i < t->elements; i++) out[i] = (int32_t)wide[i];
    free(wide);
    return out;
}

static inline float *golden_floats(const golden *g, const char *name) {
    const safetensors_tensor *t = safetensors_find(&g->file, name);
    if (t == NULL) return NULL;
    float *out = golden_take(t->elements, sizeof *out);
    OK(safetensors_copy_floats(out, &g->file, t));
    return out;
}

/* The largest size of the values, and of the differences. Not by fmax: gcc 12 for aarch64 fails on such loops. */
static inline double more_of(double most, double value) { return value > most ? value : most; }
static inline double largest(const float *values, size_t count) {
    double most = 0;
    for (size_t i = 0; i < count; i++) most = more_of(most, fabs((double)values[i]));
    return most;
}
static inline double largest_difference(const float *a, const float *b, size_t count) {
    double most = 0;
    for (size_t i = 0; i < count; i++)
        most = a[i] - b[i] == 0 ? most : more_of(most, isfinite(a[i]) ? fabs((double)a[i] - b[i]) : INFINITY);
    return most;
}

static inline golden golden_open(const char *name) {
    golden g = {.name = name};
    char path[512];
    snprintf(path, sizeof path, "%s/bert/%s", TEST_DATA, name);
    OK(masked_lm_open(&g.model, path));
    snprintf(path, sizeof path, "%s/bert/%s/golden.safetensors", TEST_DATA, name);
    OK(safetensors_open(&g.file, path, false));
    const safetensors_tensor *labels = safetensors_find(&g.file, "labels"),
                             *factors = safetensors_find(&g.file, "head_mask");
    assert_non_null(labels);
    g.sequences = labels->shape[0];
    g.length = labels->shape[1];
    g.hidden = (size_t)g.model->config.hidden_size;
    g.vocab = (size_t)g.model->config.vocab_size;
    g.labels = golden_integers(&g, "labels");
    g.input_ids = golden_integers(&g, "input_ids");
    g.token_type_ids = golden_integers(&g, "token_type_ids");
    g.inputs_embeds = golden_floats(&g, "inputs_embeds");
    g.d_pooled = golden_floats(&g, "d_pooled");
    int32_t *mask = golden_integers(&g, "attention_mask");
    if (mask != NULL) g.attention_mask = golden_take(g.sequences * g.length, 1);
    for (size_t i = 0; mask != NULL && i < g.sequences * g.length; i++) g.attention_mask[i] = mask[i] != 0;
    free(mask);
    for (size_t i = 0; i < g.sequences * g.length; i++) g.labelled += g.labels[i] != -100;
    if (factors == NULL) return g;
    size_t layers = (size_t)g.model->config.num_hidden_layers, heads = (size_t)g.model->config.num_attention_heads;
    float *given = golden_floats(&g, "head_mask");
    g.head_mask = golden_take(layers * heads, sizeof(float));
    for (size_t i = 0; i < layers * heads; i++) g.head_mask[i] = given[factors->rank == 2 ? i : i % heads];
    free(given);
    return g;
}

static inline void golden_close(golden *g) {
    masked_lm_free(g->model);
    safetensors_close(&g->file);
    free(g->input_ids), free(g->token_type_ids), free(g->labels), free(g->attention_mask);
    free(g->inputs_embeds), free(g->head_mask), free(g->d_pooled);
}

/* padded: sequences of the whole length under the attention mask, every position predicted (labels -100 among them), as
 * `maske run` passes them. Else ragged: only what the mask allows, only what has a label. `order` (NULL: as they are)
 * names the sequences. */
static inline golden_batch golden_make_batch(const golden *g, bool padded, const size_t *order) {
    size_t all = g->sequences * g->length, n = 0, predictions = 0;
    golden_batch b = {.ids = golden_take(all, 4),
                      .types = golden_take(all, 4),
                      .labels = golden_take(all, 4),
                      .mask = golden_take(all, 1),
                      .embeds = golden_take(all * g->hidden, 4),
                      .start = golden_take(g->sequences + 1, 4),
                      .index = golden_take(all, 4),
                      .token = golden_take(all, 4)};
    for (size_t s = 0; s < g->sequences; s++) {
        b.start[s] = (uint32_t)n;
        for (size_t i = 0; i < g->length; i++) {
            size_t from = (order != NULL ? order[s] : s) * g->length + i;
            bool allowed = g->attention_mask == NULL || g->attention_mask[from];
            if (!padded && !allowed) continue;
            b.token[n] = (uint32_t)from;
            b.mask[n] = allowed;
            if (g->input_ids != NULL) b.ids[n] = g->input_ids[from];
            if (g->token_type_ids != NULL) b.types[n] = g->token_type_ids[from];
            if (g->inputs_embeds != NULL)
                memcpy(b.embeds + n * g->hidden, g->inputs_embeds + from * g->hidden, g->hidden * sizeof(float));
            if (padded || g->labels[from] != -100) {
                b.index[predictions] = (uint32_t)n;
                b.labels[predictions++] = g->labels[from];
            }
            n++;
        }
    }
    b.start[g->sequences] = (uint32_t)n;
    b.batch = (batch){.tokens = n,
                      .sequences = g->sequences,
                      .predictions = predictions,
                      .input_ids = g->input_ids != NULL ? b.ids : NULL,
                      .inputs_embeds = g->inputs_embeds != NULL ? b.embeds : NULL,
                      .token_type_ids = g->token_type_ids != NULL ? b.types : NULL,
                      .attention_mask = padded && g->attention_mask != NULL ? b.mask : NULL,
                      .sequence_start = b.start,
                      .prediction_index = b.index,
                      .labels = b.labels};
    return b;
}

static inline void golden_batch_free(golden_batch *b) {
    free(b->ids), free(b->types), free(b->labels), free(b->mask), free(b->embeds), free(b->start), free(b->index),
        free(b->token);
}

/* Room for any batch of the case. */
static inline masked_lm_capacity golden_capacity(const golden *g, int threads) {
    size_t all = g->sequences * g->length;
    return (masked_lm_capacity){.tokens = all,
                                .sequences = g->sequences,
                                .sequence_length = g->length,
                                .predictions = all,
                                .backward = true,
                                .every_position = true,
                                .logits = true,
                                .threads = threads};
}

static inline masked_lm_mode golden_mode(const golden *g) {
    return (masked_lm_mode){.head_mask = g->head_mask, .pooler = g->d_pooled != NULL, .d_pooled = g->d_pooled};
}

/* Calls body once for each CPU level that this machine has. */
static const char *const cpu_levels[] = {"plain", "neon", "avx2", "avx512"};
static inline bool cpu_level_use(const char *name) {
    unsigned flags = 0;
    assert_true(cpu_level_flags(&flags, name));
    cpu_allow(flags);
    return strcmp(cpu_level_name(), name) == 0;
}
#define FOR_EACH_CPU_LEVEL(level)                                                      \
    for (size_t level = 0; level < sizeof cpu_levels / sizeof cpu_levels[0]; level++)  \
        if (cpu_level_use(cpu_levels[level]))

#endif
