/* bert/context.c: the plan of a context's memory, and how its work is shared among threads. */
#include "bert/context.h"
#include "base/memory.h"
#include "base/clock.h"
#include "base/parallel.h"
#include "bert/weight_gradients.h"
#include "nn/activation.h"
#include "nn/attention.h"
#include "nn/bias.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------------- plan --- */

/* Memory given out piece by piece, each on 64 bytes. base NULL: only counted. */
typedef struct arena { char *base; size_t used; bool overflow; } arena;

static void *take(arena *a, size_t rows, size_t columns, size_t size) {
    size_t bytes, end;
    if (!size_multiply(&bytes, rows, columns) || !size_multiply(&bytes, bytes, size) || !size_add(&bytes, bytes, 63) ||
        !size_add(&end, a->used, bytes & ~(size_t)63)) {
        a->overflow = true;
        return NULL;
    }
    void *piece = a->base != NULL ? a->base + a->used : NULL;
    a->used = end;
    return piece;
}
static float *floats(arena *a, size_t rows, size_t columns) { return take(a, rows, columns, sizeof(float)); }
static uint32_t *numbers(arena *a, size_t count) { return take(a, count, 1, sizeof(uint32_t)); }


static uint16_t *halves(arena *a, size_t rows, size_t columns) { return take(a, rows, columns, sizeof(uint16_t)); }

/* Pieces taken from here on may lie where others lie that were taken before, behind `mark`. *end: behind both. */
static void again_from(arena *a, size_t mark, size_t *end) {
    *end = larger(*end, a->used);
    a->used = mark;
}

static norm_state plan_norm(arena *a, size_t rows, size_t hidden) {
    return (norm_state){floats(a, rows, hidden), floats(a, rows, 1), floats(a, rows, 1)};
}

/* What only the layer itself needs until its backward; without recompute each layer has its own. */
static void plan_kept_layer(arena *a, const masked_lm_context *c, layer_state *s, size_t rows) {
    s->log_sum = floats(a, c->heads, rows);
    s->attention_norm = plan_norm(a, rows, c->hidden);
    s->output_norm = plan_norm(a, rows, c->hidden);
    if (c->rounds) s->rounded.intermediate_pre = halves(a, rows, c->intermediate);
    else s->intermediate_pre = floats(a, rows, c->intermediate);
}

static void plan_query_key_value(arena *a, const masked_lm_context *c, layer_state *s, size_t tokens, size_t width) {
    if (c->rounds) s->rounded.query_key_value = halves(a, tokens, width);
    else s->query_key_value = floats(a, tokens, width);
}

static void plan_layers(arena *a, masked_lm_context *c) {
    const masked_lm_capacity *capacity = &c->capacity;
    size_t tokens = capacity->tokens, hidden = c->hidden, scores = 0;
    if (capacity->attentions &&
        (!size_multiply(&scores, tokens, capacity->sequence_length) || !size_multiply(&scores, scores, c->heads)))
        a->overflow = true;
    bool kept = capacity->backward;
    layer_state shared = {.attention_output = floats(a, tokens, hidden)};
    if (c->rounds)
        shared.rounded = (rounded_state){.input = halves(a, tokens, hidden),
                                         .context = halves(a, tokens, hidden),
                                         .attention_output = halves(a, tokens, hidden),
                                         .intermediate = halves(a, tokens, c->intermediate)};
    if (!kept || capacity->recompute) {
        plan_query_key_value(a, c, &shared, tokens, 3 * hidden);
        shared.context = floats(a, tokens, hidden);
        if (kept) plan_kept_layer(a, c, &shared, tokens);
    }
    bool outputs_kept = (kept && capacity->recompute) || capacity->hidden_states;
    float *output = outputs_kept ? NULL : floats(a, tokens, hidden);
    for (size_t i = 0; i < c->layer_count; i++) {
        bool last = i + 1 == c->layer_count;
        size_t rows = last ? c->row_capacity : tokens;
        layer_state s = shared;
        if (kept && !capacity->recompute) {
            plan_query_key_value(a, c, &s, tokens, (last && !capacity->every_position ? 2 : 3) * hidden);
            s.context = floats(a, rows, hidden);
            plan_kept_layer(a, c, &s, rows);
        }
        if (last) {
            s.picked = floats(a, rows, hidden);
            if (c->rounds) {
                s.rounded.picked_query = halves(a, rows, hidden);
                s.rounded.picked = halves(a, rows, hidden);
            } else s.picked_query = floats(a, rows, hidden);
        }
        if (capacity->attentions) s.attentions = floats(a, scores, 1);
        /* the last one stays when those below it are made again */
        s.output = outputs_kept || (last && kept) ? floats(a, rows, hidden) : output;
        if (c->layers != NULL) c->layers[i] = s;
    }
}

/* What lives from a chunk of the predictions' logits to their gradients. */
static void plan_decoder(arena *a, masked_lm_context *c) {
    if (!c->capacity.logits) c->logits = floats(a, c->chunk_rows, c->vocab);
    c->cross_entropy_scratch = floats(a, cross_entropy_scratch(c->chunk_rows, c->hidden, c->vocab, c->capacity.backward), 1);
}

static void plan_head(arena *a, masked_lm_context *c) {
    size_t predictions = c->capacity.predictions, hidden = c->hidden;
    bool training = c->capacity.backward;
    c->pooler_input = floats(a, c->capacity.sequences, hidden);
    c->pooled = floats(a, c->capacity.sequences, hidden);
    c->head_input = floats(a, predictions, hidden);
    c->transform_pre = floats(a, predictions, hidden);
    c->transform_act = training ? floats(a, predictions, hidden) : c->transform_pre;
    c->transform_norm =
        (norm_state){NULL, training ? floats(a, predictions, 1) : NULL, training ? floats(a, predictions, 1) : NULL};
    c->transformed = training ? floats(a, predictions, hidden) : c->transform_pre;
    if (c->rounds) c->rounded_transformed = halves(a, predictions, hidden);
    c->chunk_rows = smaller(predictions, cross_entropy_rows(c->vocab));
    if (c->capacity.logits) c->logits = floats(a, predictions, c->vocab);
    if (!training) plan_decoder(a, c);
}

/* Columns of a thread's block: those of the widest product of a block's rows, in whole panels. */
static size_t block_width(const masked_lm_context *c) {
    return round_up(larger(c->intermediate, c->hidden), GEMM_PACK_COLUMNS);
}

static void plan_threads(arena *a, masked_lm_context *c) {
    const masked_lm_capacity *capacity = &c->capacity;
    size_t scratch = larger(attention_scratch(capacity->sequence_length, c->head_size, capacity->backward),
                            cross_entropy_thread_scratch(c->chunk_rows, c->hidden, capacity->backward));
    if (!capacity->backward && capacity->threads > 1)
        c->few_intermediate = floats(a, smaller(capacity->tokens, BERT_BLOCK * (size_t)capacity->threads), c->intermediate);
    for (int i = 0; i < capacity->threads; i++) {
        float *thread = floats(a, scratch, 1);
        float *block = floats(a, BERT_BLOCK, block_width(c));
        if (c->thread_scratch != NULL) c->thread_scratch[i] = thread;
        if (c->thread_blocks != NULL) c->thread_blocks[i] = block;
    }
}

/* The decoder's work is over when the layers' begins, the feed-forward's when attention's does: they lie in the same room. */
static void plan_layer_gradients(arena *a, masked_lm_context *c) {
    size_t tokens = c->capacity.tokens, hidden = c->hidden, begin = a->used, end = 0;
    layer_gradients *d = &c->d_layer;
    plan_decoder(a, c);
    again_from(a, begin, &end);
    if (c->rounds) {
        d->rounded.output_product = halves(a, tokens, hidden);
        d->rounded.intermediate = halves(a, tokens, c->intermediate);
    } else {
        d->output_product = floats(a, tokens, hidden);
        d->intermediate = floats(a, tokens, c->intermediate);
    }
    again_from(a, begin, &end);
    if (c->rounds) {
        d->rounded.self_output_product = halves(a, tokens, hidden);
        d->rounded.query_key_value = halves(a, tokens, 3 * hidden);
        d->rounded.picked_query = halves(a, c->row_capacity, hidden);
    } else {
        d->self_output_product = floats(a, tokens, hidden);
        c->d_query_key_value = floats(a, tokens, 3 * hidden);
        c->d_picked_query = floats(a, c->row_capacity, hidden);
    }
    d->context = floats(a, tokens, hidden);
    a->used = larger(a->used, end);
}

static void plan_gradients(arena *a, masked_lm_context *c) {
    size_t tokens = c->capacity.tokens, hidden = c->hidden, rows = larger(tokens, c->capacity.predictions);
    c->d_hidden = floats(a, tokens, hidden);
    c->d_rows = floats(a, c->row_capacity, hidden);
    plan_layer_gradients(a, c);
    c->d_transformed = floats(a, c->capacity.predictions, hidden);
    c->d_pooler = floats(a, c->capacity.sequences, hidden);
    c->partial_width = larger(3 * hidden + c->intermediate, ((size_t)c->config.type_vocab_size + 2) * hidden);
    c->partials = floats(a, bert_blocks(rows), c->partial_width);
    c->packed_inputs = take(a, bert_weight_gradients_bytes(c), 1, 1);
    c->layer_room = take(a, larger(packed_layer_bytes(&c->config, GEMM_F32), packed_layer_bytes(&c->config, GEMM_BF16)), 1, 1);
}

static void plan_numbers(arena *a, masked_lm_context *c) {
    const masked_lm_capacity *capacity = &c->capacity;
    c->positions = numbers(a, capacity->tokens);
    c->row_index = numbers(a, c->row_capacity);
    c->row_place = numbers(a, c->row_capacity);
    c->row_start = numbers(a, capacity->sequences + 1);
    c->prediction_row = numbers(a, capacity->predictions);
    c->pooled_row = numbers(a, capacity->sequences);
    if (!capacity->backward) return;
    c->word_order = numbers(a, capacity->tokens);
    c->word_start = numbers(a, larger(c->vocab, (size_t)c->config.max_position_embeddings) + 1);
}

/* Gives the arena's memory out. Called twice: to count, and to give. */
static void plan(arena *a, masked_lm_context *c) {
    const masked_lm_capacity *capacity = &c->capacity;
    c->layers = take(a, c->layer_count, 1, sizeof *c->layers);
    c->thread_blocks = take(a, (size_t)capacity->threads, 1, sizeof *c->thread_blocks);
    c->thread_scratch = take(a, (size_t)capacity->threads, 1, sizeof *c->thread_scratch);
    c->hidden_states_list = take(a, c->layer_count + 1, 1, sizeof *c->hidden_states_list);
    c->attentions_list = take(a, c->layer_count, 1, sizeof *c->attentions_list);
    c->embeddings = floats(a, capacity->tokens, c->hidden);
    if (capacity->backward) c->embeddings_norm = plan_norm(a, capacity->tokens, c->hidden);
    plan_layers(a, c);
    plan_head(a, c);
    plan_threads(a, c);
    if (capacity->backward) plan_gradients(a, c);
    plan_numbers(a, c);
}

static masked_lm_context sized(const bert_config *config, const masked_lm_capacity *capacity) {
    masked_lm_context c = {.capacity = *capacity,
                           .config = *config,
                           .hidden = (size_t)config->hidden_size,
                           .heads = (size_t)config->num_attention_heads,
                           .head_size = (size_t)(config->hidden_size / config->num_attention_heads),
                           .intermediate = (size_t)config->intermediate_size,
                           .vocab = (size_t)config->vocab_size,
                           .layer_count = (size_t)config->num_hidden_layers};
    c.rounds = capacity->backward && capacity->precision == GEMM_BF16;
    c.factors_again = capacity->backward && !capacity->recompute;
    if (c.capacity.threads < 1) c.capacity.threads = 1;
    if (capacity->hidden_states || capacity->attentions) c.capacity.every_position = true;
    size_t picked;
    c.row_capacity = capacity->tokens;
    if (!c.capacity.every_position && size_add(&picked, capacity->predictions, capacity->sequences))
        c.row_capacity = smaller(capacity->tokens, picked);
    return c;
}

size_t masked_lm_context_bytes(const bert_config *config, const masked_lm_capacity *capacity) {
    masked_lm_context c = sized(config, capacity);
    arena a = {0};
    plan(&a, &c);
    return a.overflow ? SIZE_MAX : a.used + sizeof c;
}

maske_status masked_lm_context_new(masked_lm_context **out, const masked_lm *model,
                                   const masked_lm_capacity *capacity) {
    masked_lm_context *c;
    TRY(memory_new(&c, 1, sizeof *c, "a model's room"));
    *c = sized(&model->config, capacity);
    arena a = {0};
    plan(&a, c);
    maske_status status = MASKE_OK;
    if (a.overflow) status = error_memory(SIZE_MAX, "a model's activations");
    else status = memory_pages_new(&c->memory, a.used, "a model's activations");
    if (status != MASKE_OK) {
        free(c);
        return status;
    }
    c->bytes = a.used;
    a = (arena){.base = c->memory};
    plan(&a, c);
    *out = c;
    return MASKE_OK;
}

void masked_lm_context_free(masked_lm_context *context) {
    if (context == NULL) return;
    memory_pages_free(context->memory, context->bytes);
    free(context);
}

/* ------------------------------------------------------------------------------------------------ shared work --- */

dropout_mask bert_dropout(const masked_lm_context *c, double probability, size_t layer, unsigned site) {
    bool skipped = site == DROPOUT_SELF_OUTPUT && !family_of(c->config.family)->self_output_dropout;
    if (!c->mode->dropout || probability == 0.0 || skipped) return (dropout_mask){.scale = 1.0f};
    return dropout_mask_new(probability, c->mode->seed, c->mode->step, layer * DROPOUT_SITES + site);
}

void bert_product(const masked_lm_context *c, float *y, size_t y_stride, const float *x, const bert_linear *l, size_t rows) {
    bert_linear_forward(y, y_stride, x, l, bert_precision(c), c->packed, rows, 0, l->out);
}

typedef struct shared_product {
    const masked_lm_context *c;
    float *y;
    const float *x;
    const bert_linear *l;
    size_t y_stride, rows, width, ranges;
    product_end end;
} shared_product;

enum { SHARED_ROWS = 128 };

static void shared_task(void *user, size_t i, int thread) {
    const shared_product *p = user;
    const masked_lm_context *c = p->c;
    (void)thread;
    size_t at = i / p->ranges * SHARED_ROWS, rows = smaller(p->rows - at, SHARED_ROWS);
    size_t first = i % p->ranges * p->width, count = smaller(p->l->out - first, p->width);
    float *y = p->y + at * p->y_stride;
    bert_linear_forward(y, p->y_stride, p->x + at * p->l->in, p->l, bert_precision(c), c->packed, rows, first, count);
    if (p->end == PRODUCT_ALONE) return;
    const float *bias = bert_weight(c, p->l->places.bias) + first;
    if (p->end == PRODUCT_BIAS) bias_forward(y + first, p->y_stride, bias, rows, count);
    for (size_t r = 0; r < rows && p->end == PRODUCT_BIAS_ACTIVATION; r++) {
        float *row = y + r * p->y_stride + first;
        bias_activation_forward(row, row, row, bias, c->config.hidden_act, 1, count);
    }
}

/* Panels in a range of columns, so that the thread with the most to do has as little as can be. Where several widths are
 * as good, the one of more tasks, up to two a thread: a thread that comes late then costs less. */
static size_t even_width(size_t panels, size_t blocks, size_t threads) {
    size_t best = panels, least = SIZE_MAX;
    for (size_t wanted = 1; wanted <= panels; wanted++) {
        size_t width = (panels + wanted - 1) / wanted, tasks = blocks * ((panels + width - 1) / width);
        size_t most = (tasks + threads - 1) / threads * width;
        if (tasks > 2 * threads && wanted > 1) break;
        if (most > least) continue;
        least = most;
        best = width;
    }
    return best;
}

void bert_product_shared(const masked_lm_context *c, float *y, size_t y_stride, const float *x, const bert_linear *l,
                         size_t rows, product_end end) {
    size_t blocks = (rows + SHARED_ROWS - 1) / SHARED_ROWS, panels = (l->out + GEMM_PACK_COLUMNS - 1) / GEMM_PACK_COLUMNS;
    size_t width = even_width(panels, blocks, (size_t)c->capacity.threads) * GEMM_PACK_COLUMNS;
    size_t ranges = (l->out + width - 1) / width;
    parallel_for(c->capacity.threads, blocks * ranges, shared_task,
                 &(shared_product){c, y, x, l, y_stride, rows, width, ranges, end});
}

void bert_layer_pack(masked_lm_context *c, size_t layer, bool backward) {
    if (!c->packs_layers) return;
    packed_layer_fill(&c->at_hand, c->layer_room, &c->model->packed, layer, backward, c->model->weights, c->capacity.threads);
    bert_phase_end(c, PHASE_PACKING);
}

void bert_for_blocks(masked_lm_context *c, size_t rows, void (*task)(void *user, size_t block, int thread),
                     void *user) {
    parallel_for(c->capacity.threads, bert_blocks(rows), task, user);
}

/* The most blocks that a thread has to go through, where tasks of `group` blocks are handed out in turn. */
static size_t most_blocks(size_t blocks, size_t group, size_t threads) {
    size_t tasks = (blocks + group - 1) / group, turns = (tasks + threads - 1) / threads, rest = blocks % group;
    bool rest_alone = rest > 0 && (tasks - 1) % threads == 0;      /* the last task, a short one, is the only one of its turn */
    return rest_alone ? (turns - 1) * group + rest : turns * group;
}

/* The most blocks with which no thread has more to do than with one. */
static size_t group_blocks(const masked_lm_context *c, size_t rows) {
    size_t width = block_width(c), threads = (size_t)c->capacity.threads, blocks = bert_blocks(rows);
    for (size_t group = c->rounds && blocks > 0 ? BERT_GROUP : 1; group > 1; group--) {
        bool fits = group * c->hidden <= width && group * GEMM_PACK_COLUMNS <= width;
        if (fits && most_blocks(blocks, group, threads) <= most_blocks(blocks, 1, threads)) return group;
    }
    return 1;
}
size_t bert_group_columns(const masked_lm_context *c, size_t rows) {
    return BERT_BLOCK * block_width(c) / rows / GEMM_PACK_COLUMNS * GEMM_PACK_COLUMNS;
}

typedef struct groups { bert_group_task *task; void *user; size_t rows, step; } groups;

static void group_task(void *user, size_t i, int thread) {
    const groups *g = user;
    size_t first = i * g->step;
    g->task(g->user, first, smaller(g->rows - first, g->step), thread);
}

void bert_for_groups(masked_lm_context *c, size_t rows, bert_group_task *task, void *user) {
    groups g = {task, user, rows, group_blocks(c, rows) * BERT_BLOCK};
    parallel_for(c->capacity.threads, (rows + g.step - 1) / g.step, group_task, &g);
}

float *bert_partials_clear(const masked_lm_context *c, size_t first, size_t rows, size_t count) {
    float *sums = bert_partials(c, first / BERT_BLOCK);
    for (size_t block = 0; block < bert_blocks(rows); block++) memset(sums + block * c->partial_width, 0, count * sizeof *sums);
    return sums;
}

void bert_partials_add(const masked_lm_context *c, float *total, size_t offset, size_t rows, size_t count) {
    partials_add(total, c->partials + offset, c->partial_width, bert_blocks(rows), count);
}

/* ----------------------------------------------------------------------------------------------------- phases --- */

void bert_phases_begin(masked_lm_context *c) { c->phase_begun = clock_now(); }
void bert_phase_end(masked_lm_context *c, masked_lm_phase phase) {
    double now = clock_now();
    c->phase_seconds[phase] += now - c->phase_begun;
    c->phase_begun = now;
}
const double *masked_lm_phase_seconds(const masked_lm_context *context) { return context->phase_seconds; }
