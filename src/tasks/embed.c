/* tasks/embed.c: one vector a text. Texts are taken in order of their length, so that a batch holds texts of like size.
 */
#include "base/log.h"
#include "tasks/text.h"

#include <math.h>
#include <stdlib.h>

enum { BATCH_TOKENS = 4096, BATCH_SEQUENCES = 256 };

typedef struct embedding_batch {
    const maske_model *model;
    text_tokens texts;
    size_t *order;                  /* [count] texts by length */
    int32_t *ids;                   /* [room] */
    size_t room, tokens, sequences;
    uint32_t starts[BATCH_SEQUENCES + 1];
    size_t owners[BATCH_SEQUENCES];
    pooled_context *context;
    maske_pooling pooling;
    bool normalize;
    const maske_control *control;
    size_t done;                    /* texts */
    float *out;                     /* [count, hidden] */
} embedding_batch;

typedef struct ordered { size_t length, text; } ordered;
static int compare(const void *a, const void *b) {
    const ordered *x = a, *y = b;
    if (x->length != y->length) return x->length < y->length ? -1 : 1;
    return x->text < y->text ? -1 : 1;
}

static maske_status sort_by_length(embedding_batch *e) {
    ordered *list = NULL;
    TRY(memory_new(&list, e->texts.count, sizeof *list, "texts"));
    for (size_t i = 0; i < e->texts.count; i++) list[i] = (ordered){e->texts.starts[i + 1] - e->texts.starts[i], i};
    qsort(list, e->texts.count, sizeof *list, compare);
    maske_status status = memory_new(&e->order, e->texts.count, sizeof *e->order, "texts");
    for (size_t i = 0; i < e->texts.count && status == MASKE_OK; i++) e->order[i] = list[i].text;
    free(list);
    return status;
}

/* out += the tokens' vectors, each times its place's weight. */
static void add_tokens(float *out, const float *hidden, size_t tokens, size_t size, bool weighted) {
    memset(out, 0, size * sizeof *out);
    for (size_t t = 0; t < tokens; t++)
        for (size_t i = 0; i < size; i++) out[i] += hidden[t * size + i] * (weighted ? (float)(t + 1) : 1.0f);
}

static void largest_of_tokens(float *out, const float *hidden, size_t tokens, size_t size) {
    memcpy(out, hidden, size * sizeof *out);
    for (size_t t = 1; t < tokens; t++)
        for (size_t i = 0; i < size; i++) out[i] = hidden[t * size + i] > out[i] ? hidden[t * size + i] : out[i];
}

/* hidden: [tokens, size], the last layer's output for one text. */
static void pool(float *out, const float *hidden, size_t tokens, size_t size, maske_pooling pooling) {
    double divisor = (double)tokens;
    switch (pooling) {
    case MASKE_POOLING_CLS: memcpy(out, hidden, size * sizeof *out); return;
    case MASKE_POOLING_LAST: memcpy(out, hidden + (tokens - 1) * size, size * sizeof *out); return;
    case MASKE_POOLING_MAX: largest_of_tokens(out, hidden, tokens, size); return;
    case MASKE_POOLING_MEAN_SQRT_LEN: divisor = sqrt((double)tokens); break;
    case MASKE_POOLING_WEIGHTED_MEAN: divisor = (double)tokens * (double)(tokens + 1) / 2; break;
    default: break;
    }
    add_tokens(out, hidden, tokens, size, pooling == MASKE_POOLING_WEIGHTED_MEAN);
    for (size_t i = 0; i < size; i++) out[i] /= (float)divisor;
}

static void scale_to_length_one(float *vector, size_t size) {
    double sum = 0;
    for (size_t i = 0; i < size; i++) sum += (double)vector[i] * (double)vector[i];
    for (size_t i = 0; i < size && sum > 0; i++) vector[i] = (float)((double)vector[i] / sqrt(sum));
}

static maske_status flush(embedding_batch *e) {
    if (e->sequences == 0) return MASKE_OK;
    if (control_stopped(e->control)) return error_set(MASKE_STOPPED, "stopped by a signal");
    size_t size = (size_t)e->model->network->config.hidden_size;
    bool pooler = e->pooling == MASKE_POOLING_POOLER;
    const batch b = {.tokens = e->tokens, .sequences = e->sequences, .input_ids = e->ids, .sequence_start = e->starts};
    masked_lm_result result;
    TRY(masked_lm_forward(e->model->network, e->context->context, &b,
                          &(masked_lm_mode){.every_position = !pooler, .pooler = pooler}, &result));
    for (size_t i = 0; i < e->sequences; i++) {
        float *vector = e->out + e->owners[i] * size;
        if (pooler) memcpy(vector, result.pooled + i * size, size * sizeof *vector);
        else
            pool(vector, result.last_hidden_state + e->starts[i] * size, e->starts[i + 1] - e->starts[i], size,
                 e->pooling);
        if (e->normalize) scale_to_length_one(vector, size);
    }
    e->done += e->sequences;
    control_progress(e->control, "embedding", (double)e->done, (double)e->texts.count, "texts");
    e->sequences = e->tokens = 0;
    return MASKE_OK;
}

static maske_status embed(embedding_batch *e) {
    size_t most = e->model->max_length > BATCH_TOKENS ? e->model->max_length : BATCH_TOKENS;
    e->room = e->texts.tokens < most ? e->texts.tokens : most;
    size_t sequences = e->texts.count < BATCH_SEQUENCES ? e->texts.count : BATCH_SEQUENCES;
    TRY(memory_new(&e->ids, e->room, sizeof *e->ids, "a batch"));
    TRY(model_take_context(e->model, e->room, sequences, 0, e->pooling != MASKE_POOLING_POOLER, false, &e->context));
    TRY(sort_by_length(e));
    for (size_t i = 0; i < e->texts.count; i++) {
        size_t text = e->order[i], begin = e->texts.starts[text], length = e->texts.starts[text + 1] - begin;
        if (e->sequences == BATCH_SEQUENCES || e->tokens + length > e->room) TRY(flush(e));
        memcpy(e->ids + e->tokens, e->texts.ids + begin, length * sizeof *e->ids);
        e->owners[e->sequences] = text;
        e->tokens += length;
        e->starts[++e->sequences] = (uint32_t)e->tokens;
    }
    return flush(e);
}

maske_status maske_embed(const maske_model *model, const char *const *texts, const size_t *lengths, size_t count,
                         const maske_embed_options *options, float *out, int64_t *cut) {
    const maske_embed_options defaults = {0};
    if (options == NULL) options = &defaults;
    if ((unsigned)options->pooling >= MASKE_POOLING_COUNT)
        return error_set(MASKE_BAD_ARGUMENT, "pooling: found %d, expected 0 to %d", (int)options->pooling,
                         MASKE_POOLING_COUNT - 1);
    embedding_batch e = {.model = model, .normalize = options->normalize, .control = options->control, .out = out};
    if (options->pooling == MASKE_POOLING_DEFAULT) {
        const sentence_modules *m = &model->sentence;
        if (m->obstacle[0] != '\0')
            return error_set(MASKE_UNSUPPORTED, "%s: its texts' vectors need %s; a pooling of your own choice does not",
                             model->folder, m->obstacle);
        e.pooling = m->pooling;
        e.texts.prompt = m->prompt;
        e.normalize = e.normalize || m->normalize;
    } else e.pooling = options->pooling;
    if (e.pooling == MASKE_POOLING_POOLER && !model->network->table.pooler)
        return error_set(MASKE_BAD_ARGUMENT, "%s: the model has no pooler; cls, mean and max need none", model->folder);
    maske_status status = text_tokens_read(&e.texts, model, texts, lengths, count);
    if (status == MASKE_OK && count > 0) status = embed(&e);
    if (status == MASKE_OK)
        model_expect_finite(model, "vectors are", out, count * (size_t)model->network->config.hidden_size);
    if (status == MASKE_OK && cut != NULL) {
        *cut = 0;
        for (size_t i = 0; i < count; i++) *cut += e.texts.cut[i];
    }
    context_pool_give(model->pool, e.context);
    text_tokens_free(&e.texts);
    free(e.order);
    free(e.ids);
    return status;
}
