/* bert/packed.c: the copies lie in one block of memory; packing is cut into tasks of some columns each. */
#include "bert/packed.h"
#include "base/parallel.h"

#include <stdlib.h>

enum { TASK_COLUMNS = 4 * GEMM_PACK_COLUMNS };

typedef struct pack_task { const bert_linear *linear; bool backward; size_t first; } pack_task;

/* One layer more to pack: its places in `memory` (NULL while sizes are counted) and its tasks. */
static bool plan_linear(packed_weights *p, bert_linear *l, size_t weight, size_t bias, size_t out, size_t in) {
    size_t bytes = gemm_packed_bytes(p->precision, out, in),
           back = p->backward ? gemm_packed_bytes(p->precision, in, out) : 0;
    *l = (bert_linear){.places = {weight, bias}, .out = out, .in = in};
    if (p->memory != NULL) {
        l->forward = (char *)p->memory + p->bytes;
        l->backward = p->backward ? (char *)p->memory + p->bytes + bytes : NULL;
    }
    for (int backward = 0; backward <= (int)p->backward; backward++)
        for (size_t first = 0; first < (backward ? in : out); first += TASK_COLUMNS, p->task_count++)
            if (p->tasks != NULL) p->tasks[p->task_count] = (pack_task){l, backward, first};
    return size_add(&p->bytes, p->bytes, bytes) && size_add(&p->bytes, p->bytes, back);
}

static bool plan_layer(packed_weights *p, packed_layer *l, const layer_places *places, size_t hidden,
                       size_t intermediate, bool last) {
    linear_places qkv = places->query_key_value;
    bool fits = true;
    if (!last) fits = plan_linear(p, &l->query_key_value, qkv.weight, qkv.bias, 3 * hidden, hidden);
    else {
        fits = plan_linear(p, &l->query, qkv.weight, qkv.bias, hidden, hidden) &&
               plan_linear(p, &l->key_value, qkv.weight + hidden * hidden, qkv.bias + hidden, 2 * hidden, hidden);
    }
    return fits &&
           plan_linear(p, &l->self_output, places->self_output.weight, places->self_output.bias, hidden, hidden) &&
           plan_linear(p, &l->intermediate, places->intermediate.weight, places->intermediate.bias, intermediate,
                       hidden) &&
           plan_linear(p, &l->output, places->output.weight, places->output.bias, hidden, intermediate);
}

/* Counts bytes and tasks, or, with memory there, gives the places out. */
static bool plan(packed_weights *p, const parameters *table, const bert_config *config) {
    size_t hidden = (size_t)config->hidden_size, intermediate = (size_t)config->intermediate_size;
    p->bytes = p->task_count = 0;
    bool fits = true;
    for (size_t i = 0; fits && i < p->layer_count; i++)
        fits = plan_layer(p, &p->layers[i], &table->layers[i], hidden, intermediate, i + 1 == p->layer_count);
    if (fits && table->head)
        fits = plan_linear(p, &p->transform, table->transform.weight, table->transform.bias, hidden, hidden);
    if (fits && table->head && p->precision == GEMM_INT8)
        fits = plan_linear(p, &p->decoder, table->decoder, table->decoder_bias, (size_t)config->vocab_size, hidden);
    if (fits && table->pooler)
        fits = plan_linear(p, &p->pooler, table->pooler_dense.weight, table->pooler_dense.bias, hidden, hidden);
    return fits;
}

maske_status packed_weights_plan(packed_weights *out, const parameters *table, const bert_config *config,
                                 gemm_precision precision, bool backward) {
    packed_weights p = {.precision = precision, .backward = backward, .layer_count = (size_t)config->num_hidden_layers};
    maske_status status = memory_new(&p.layers, p.layer_count, sizeof *p.layers, "packed weights");
    if (status == MASKE_OK && !plan(&p, table, config)) status = error_memory(SIZE_MAX, "packed weights");
    if (status == MASKE_OK) status = memory_new(&p.tasks, p.task_count, sizeof *p.tasks, "packed weights");
    if (status == MASKE_OK) status = memory_pages_new(&p.memory, p.bytes, "packed weights");
    if (status != MASKE_OK) {
        p.bytes = 0;
        packed_weights_free(&p);
        return status;
    }
    *out = p;
    (void)plan(out, table, config);     /* the same sizes again; tasks point into out */
    return MASKE_OK;
}

void packed_weights_free(packed_weights *packed) {
    if (packed == NULL) return;
    memory_pages_free(packed->memory, packed->bytes);
    free(packed->layers);
    free(packed->tasks);
    *packed = (packed_weights){0};
}

size_t packed_weights_bytes(const bert_config *config, gemm_precision precision, bool backward) {
    size_t hidden = (size_t)config->hidden_size, intermediate = (size_t)config->intermediate_size;
    packed_layer layer;
    packed_weights p = {.precision = precision, .backward = backward};
    if (!plan_layer(&p, &layer, &(layer_places){0}, hidden, intermediate, true)) return SIZE_MAX;
    size_t bytes;
    if (!size_multiply(&bytes, p.bytes, (size_t)config->num_hidden_layers)) return SIZE_MAX;
    p.bytes = bytes;
    return plan_linear(&p, &layer.query, 0, 0, hidden, hidden) ? p.bytes : SIZE_MAX;
}

/* ---------------------------------------------------------------------------------------------------- packing --- */

typedef struct fill { const packed_weights *packed; const float *weights; } fill;

static void fill_task(void *user, size_t i, int thread) {
    const fill *f = user;
    const pack_task *t = &f->packed->tasks[i];
    const bert_linear *l = t->linear;
    (void)thread;
    if (t->backward)
        gemm_pack_columns(l->backward, f->packed->precision, f->weights + l->places.weight, l->in, false, l->in, l->out,
                          t->first, TASK_COLUMNS);
    else
        gemm_pack_columns(l->forward, f->packed->precision, f->weights + l->places.weight, l->in, true, l->out, l->in,
                          t->first, TASK_COLUMNS);
}

void packed_weights_fill(packed_weights *packed, const float *weights, int threads) {
    parallel_for(threads, packed->task_count, fill_task, &(fill){packed, weights});
}

/* --------------------------------------------------------------------------------------------------- products --- */

void bert_linear_forward(float *y, size_t y_stride, const float *x, const bert_linear *l, gemm_precision precision,
                         size_t rows) {
    gemm_packed(y, y_stride, false, x, l->in, false, l->forward, precision, rows, l->out, l->in);
}

void bert_linear_backward(float *dx, bool accumulate, const float *dy, size_t dy_stride, const bert_linear *l,
                          gemm_precision precision, size_t rows) {
    gemm_packed(dx, l->in, accumulate, dy, dy_stride, false, l->backward, precision, rows, l->in, l->out);
}

void bert_linear_forward_rounded(float *y, size_t y_stride, uint16_t *rounded, const float *x, const bert_linear *l,
                                 size_t rows) {
    if (x != NULL) gemm_round(rounded, l->in, x, l->in, rows, l->in);
    gemm_packed_rounded(y, y_stride, false, rounded, l->in, false, l->forward, rows, l->out, l->in);
}

void bert_linear_backward_rounded(float *dx, bool accumulate, const uint16_t *dy, size_t dy_stride, const bert_linear *l,
                                  size_t rows) {
    gemm_packed_rounded(dx, l->in, accumulate, dy, dy_stride, false, l->backward, rows, l->in, l->out);
}
