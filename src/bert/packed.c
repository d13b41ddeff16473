/* bert/packed.c: the copies lie in one block of memory; packing is cut into tasks of some columns each. */
#include "bert/packed.h"
#include "base/number.h"
#include "base/parallel.h"
#include "bert/mapped.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { TASK_COLUMNS = 4 * GEMM_PACK_COLUMNS };

typedef struct pack_task { const bert_linear *linear; bool backward; size_t first; } pack_task;

static size_t forward_bytes(const bert_linear *l, gemm_precision precision) { return gemm_packed_bytes(precision, l->out, l->in); }
static size_t backward_bytes(const bert_linear *l, gemm_precision precision) { return gemm_packed_bytes(precision, l->in, l->out); }

static size_t tasks_of(const bert_linear *l, bool backward) {
    return ((backward ? l->in : l->out) + TASK_COLUMNS - 1) / TASK_COLUMNS;
}

/* One linear layer more to pack: its places in `memory` (NULL while sizes are counted) and its tasks. */
static bool plan_linear(packed_weights *p, bert_linear *l) {
    size_t bytes = forward_bytes(l, p->precision), back = p->backward ? backward_bytes(l, p->precision) : 0;
    if (p->memory != NULL) {
        l->forward = (char *)p->memory + p->bytes;
        l->backward = p->backward ? (char *)p->memory + p->bytes + bytes : NULL;
    }
    for (int backward = 0; backward <= (int)p->backward; backward++)
        for (size_t i = 0; i < tasks_of(l, backward); i++, p->task_count++)
            if (p->tasks != NULL) p->tasks[p->task_count] = (pack_task){l, backward, i * TASK_COLUMNS};
    return size_add(&p->bytes, p->bytes, bytes) && size_add(&p->bytes, p->bytes, back);
}

static bert_linear linear_of(size_t weight, size_t bias, size_t out, size_t in) {
    return (bert_linear){.places = {weight, bias}, .out = out, .in = in};
}

static void describe_layer(packed_layer *l, const layer_places *places, size_t hidden, size_t intermediate, bool last) {
    linear_places qkv = places->query_key_value, self_output = places->self_output, output = places->output;
    *l = (packed_layer){
        .self_output = linear_of(self_output.weight, self_output.bias, hidden, hidden),
        .intermediate = linear_of(places->intermediate.weight, places->intermediate.bias, intermediate, hidden),
        .output = linear_of(output.weight, output.bias, hidden, intermediate)};
    if (!last) l->query_key_value = linear_of(qkv.weight, qkv.bias, 3 * hidden, hidden);
    else {
        l->query = linear_of(qkv.weight, qkv.bias, hidden, hidden);
        l->key_value = linear_of(qkv.weight + hidden * hidden, qkv.bias + hidden, 2 * hidden, hidden);
    }
}

enum { LAYER_LINEARS = 5 };
/* Those that this layer has. */
static size_t linears_of(bert_linear *list[LAYER_LINEARS], packed_layer *l) {
    bert_linear *all[] = {&l->query_key_value, &l->query, &l->key_value, &l->self_output, &l->intermediate, &l->output};
    size_t count = 0;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i]->out > 0) list[count++] = all[i];
    return count;
}

/* Counts bytes and tasks, or, with memory there, gives the places out. */
static bool plan(packed_weights *p, const parameters *table, const bert_config *config) {
    size_t hidden = (size_t)config->hidden_size, intermediate = (size_t)config->intermediate_size;
    p->bytes = p->task_count = 0;
    bool fits = true;
    for (size_t i = 0; i < p->layer_count; i++) {
        bert_linear *list[LAYER_LINEARS];
        describe_layer(&p->layers[i], &table->layers[i], hidden, intermediate, i + 1 == p->layer_count);
        size_t count = p->backward ? 0 : linears_of(list, &p->layers[i]);       /* with backward a context packs them */
        for (size_t k = 0; k < count && fits; k++) fits = plan_linear(p, list[k]);
    }
    if (table->head) {
        p->transform = linear_of(table->transform.weight, table->transform.bias, hidden, hidden);
        fits = fits && plan_linear(p, &p->transform);
    }
    if (table->head && p->precision == GEMM_INT8) {
        p->decoder = linear_of(table->decoder, table->decoder_bias, (size_t)config->vocab_size, hidden);
        fits = fits && plan_linear(p, &p->decoder);
    }
    if (table->pooler) {
        p->pooler = linear_of(table->pooler_dense.weight, table->pooler_dense.bias, hidden, hidden);
        fits = fits && plan_linear(p, &p->pooler);
    }
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

size_t packed_weights_bytes(const bert_config *config, gemm_precision precision) {
    size_t hidden = (size_t)config->hidden_size;
    bert_linear transform = linear_of(0, 0, hidden, hidden);
    return forward_bytes(&transform, precision) + backward_bytes(&transform, precision);
}

/* ---------------------------------------------------------------------------------------------------- packing --- */

/* Columns first..first+TASK_COLUMNS-1 of a copy. */
static void pack_columns(const bert_linear *l, gemm_precision precision, bool backward, const float *weights, size_t first) {
    const float *w = weights + l->places.weight;
    if (backward) gemm_pack_columns(l->backward, precision, w, l->in, false, l->in, l->out, first, TASK_COLUMNS);
    else gemm_pack_columns(l->forward, precision, w, l->in, true, l->out, l->in, first, TASK_COLUMNS);
}

typedef struct fill { const packed_weights *packed; const float *weights; } fill;

static void fill_task(void *user, size_t i, int thread) {
    const fill *f = user;
    const pack_task *t = &f->packed->tasks[i];
    (void)thread;
    pack_columns(t->linear, f->packed->precision, t->backward, f->weights, t->first);
}

/* Products may read the matrix where it lies. */
static void read_in_place(bert_linear *l, const float *weights) {
    l->parts[0] = weights + l->places.weight;
    l->part_rows = l->out;
}

void packed_weights_fill(packed_weights *packed, const float *weights, int threads) {
    parallel_for(threads, packed->task_count, fill_task, &(fill){packed, weights});
    if (!packed->backward) return;
    for (size_t i = 0; i < packed->layer_count; i++) {
        bert_linear *list[LAYER_LINEARS];
        size_t count = linears_of(list, &packed->layers[i]);
        for (size_t k = 0; k < count; k++) read_in_place(list[k], weights);
    }
    read_in_place(&packed->transform, weights);
    read_in_place(&packed->pooler, weights);
}

/* ------------------------------------------------------------------------------------------------ layer by layer --- */

typedef struct layer_fill {
    bert_linear *list[LAYER_LINEARS];
    size_t count;
    const float *weights;
    gemm_precision precision;
    bool backward;
} layer_fill;

static void fill_layer_task(void *user, size_t i, int thread) {
    const layer_fill *f = user;
    (void)thread;
    for (size_t k = 0; k < f->count; k++) {
        size_t own = tasks_of(f->list[k], f->backward);
        if (i < own) {
            pack_columns(f->list[k], f->precision, f->backward, f->weights, i * TASK_COLUMNS);
            return;
        }
        i -= own;
    }
}

void packed_layer_fill(packed_layer *out, void *room, const packed_weights *packed, size_t layer, bool backward,
                       const float *weights, int threads) {
    *out = packed->layers[layer];
    layer_fill f = {.weights = weights, .precision = packed->precision, .backward = backward};
    f.count = linears_of(f.list, out);
    size_t tasks = 0;
    for (size_t k = 0; k < f.count; k++) {
        bert_linear *l = f.list[k];
        *(backward ? &l->backward : &l->forward) = room;
        room = (char *)room + (backward ? backward_bytes(l, f.precision) : forward_bytes(l, f.precision));
        tasks += tasks_of(l, backward);
    }
    parallel_for(threads, tasks, fill_layer_task, &f);
}

size_t packed_layer_bytes(const bert_config *config, gemm_precision precision) {
    size_t most = 0;
    for (int last = 0; last < 2; last++) {
        packed_layer layer;
        bert_linear *list[LAYER_LINEARS];
        describe_layer(&layer, &(layer_places){0}, (size_t)config->hidden_size, (size_t)config->intermediate_size, last);
        size_t count = linears_of(list, &layer), forward = 0, backward = 0;
        for (size_t k = 0; k < count; k++) {
            forward += forward_bytes(list[k], precision);
            backward += backward_bytes(list[k], precision);
        }
        if (forward > most) most = forward;
        if (backward > most) most = backward;
    }
    return most;
}

/* ------------------------------------------------------------------------------------------------ mapped files --- */

/* The row of the table whose tensor a place of the flat buffer lies in. */
static size_t row_of(const parameters *table, size_t place) {
    size_t i = 0;
    while (place < table->rows[i].place || place >= table->rows[i].place + table->rows[i].elements) i++;
    return i;
}

typedef struct mapped_fill {
    const packed_weights *packed;
    const parameters *table;
    const float *weights;
    const safetensors *file;
    const safetensors_tensor *const *tensors;
    float *scratch;                     /* [threads, scratch_floats] rows that lie apart, or are no floats */
    size_t scratch_floats, first_task;
    _Atomic(const char *) broken;
} mapped_fill;

/* rows of W from row `first` on: where they lie, if they lie together, else in the scratch. */
static const float *gather(mapped_fill *f, const bert_linear *l, size_t first, size_t rows, float *scratch) {
    for (size_t done = 0, count; done < rows; done += count) {
        size_t place = l->places.weight + (first + done) * l->in, row = row_of(f->table, place);
        size_t from = place - f->table->rows[row].place, left = (f->table->rows[row].elements - from) / l->in;
        const safetensors_tensor *t = f->tensors[row];
        count = rows - done < left ? rows - done : left;
        const float *floats = t != NULL ? mapped_floats(t) : f->weights + f->table->rows[row].place;
        if (floats != NULL && count == rows) return floats + from;
        if (floats != NULL) memcpy(scratch + done * l->in, floats + from, count * l->in * sizeof *scratch);
        else {
            safetensors_tensor part = *t;
            size_t size = t->bytes / t->elements;
            part.data += from * size;
            part.elements = count * l->in;
            part.bytes = part.elements * size;
            /* its type was looked at when the model was opened */
            if (safetensors_copy_floats(scratch + done * l->in, f->file, &part) != MASKE_OK) atomic_store(&f->broken, t->name);
        }
    }
    return scratch;
}

static void fill_mapped_task(void *user, size_t i, int thread) {
    mapped_fill *f = user;
    const pack_task *t = &f->packed->tasks[f->first_task + i];
    const bert_linear *l = t->linear;
    size_t rows = l->out - t->first < TASK_COLUMNS ? l->out - t->first : TASK_COLUMNS;
    const float *from = gather(f, l, t->first, rows, f->scratch + (size_t)thread * f->scratch_floats);
    if (!number_all_finite(from, rows * l->in))
        atomic_store(&f->broken, f->table->rows[row_of(f->table, l->places.weight + t->first * l->in)].name);
    /* as if all of W lay around these rows */
    const float *whole = (const float *)((uintptr_t)from - t->first * l->in * sizeof *from);
    gemm_pack_columns(l->forward, f->packed->precision, whole, l->in, true, l->out, l->in, t->first, rows);
}

/* The pages of the rows that these tasks have packed. */
static void give_back(const mapped_fill *f, size_t first, size_t end) {
    for (size_t i = first; i < end; i++) {
        const pack_task *t = &f->packed->tasks[i];
        const bert_linear *l = t->linear;
        size_t rows = l->out - t->first < TASK_COLUMNS ? l->out - t->first : TASK_COLUMNS;
        size_t place = l->places.weight + t->first * l->in, last = place + rows * l->in;
        while (place < last) {
            size_t row = row_of(f->table, place);
            const parameter *p = &f->table->rows[row];
            const safetensors_tensor *tensor = f->tensors[row];
            size_t part_end = p->place + p->elements < last ? p->place + p->elements : last;
            if (tensor != NULL) {
                size_t size = tensor->bytes / tensor->elements;
                memory_give_back(tensor->data + (place - p->place) * size, (part_end - place) * size);
            }
            place = part_end;
        }
    }
}

/* Few at once: what is packed is in memory twice until its pages are given back. */
static size_t tasks_at_once(int threads) {
    enum { MOST = 64 };
    return threads < MOST / 2 ? 2 * (size_t)threads : MOST;
}

size_t packed_weights_fill_bytes(const packed_weights *packed, int threads, size_t *left) {
    enum { LEFT = 40 << 10 };       /* that the next rows' first page brings back of those given back before */
    size_t copied = 0, most = 0;
    for (size_t i = 0, end = 0; i < packed->task_count;) {
        size_t at_hand = 0;
        for (end += tasks_at_once(threads); i < end && i < packed->task_count; i++) {
            const pack_task *t = &packed->tasks[i];
            size_t rows = t->linear->out - t->first;
            if (rows > TASK_COLUMNS) rows = TASK_COLUMNS;
            at_hand += rows * t->linear->in * sizeof(float);
            copied += gemm_packed_bytes(packed->precision, rows, t->linear->in);
        }
        copied += LEFT;
        if (copied + at_hand > most) most = copied + at_hand;
    }
    *left = copied;
    return most;
}

maske_status packed_weights_fill_mapped(const packed_weights *packed, const parameters *table, const float *weights,
                                        const safetensors *file, const safetensors_tensor *const *tensors, int threads,
                                        const char **broken) {
    mapped_fill f = {.packed = packed, .table = table, .weights = weights, .file = file, .tensors = tensors};
    for (size_t i = 0; i < packed->task_count; i++) {
        size_t needed = TASK_COLUMNS * packed->tasks[i].linear->in;
        if (needed > f.scratch_floats) f.scratch_floats = needed;
    }
    TRY(memory_new(&f.scratch, (size_t)threads * f.scratch_floats, sizeof *f.scratch, "packed weights"));
    for (size_t end = 0; f.first_task < packed->task_count; f.first_task = end) {
        end = f.first_task + tasks_at_once(threads);
        if (end > packed->task_count) end = packed->task_count;
        parallel_for(threads, end - f.first_task, fill_mapped_task, &f);
        give_back(&f, f.first_task, end);
    }
    free(f.scratch);
    *broken = atomic_load(&f.broken);
    return MASKE_OK;
}

bool packed_weights_read_mapped(packed_weights *packed, const parameters *table,
                                const safetensors_tensor *const *tensors) {
    for (size_t i = 0; i < packed->task_count; i++) {
        bert_linear *l = (bert_linear *)(uintptr_t)packed->tasks[i].linear;
        size_t part = 0;
        for (size_t place = l->places.weight; place < l->places.weight + l->out * l->in; part++) {
            size_t row = row_of(table, place);
            l->parts[part] = tensors[row] != NULL ? mapped_floats(tensors[row]) : NULL;
            l->part_rows = table->rows[row].elements / l->in;
            if (l->parts[part] == NULL) return false;
            place = table->rows[row].place + table->rows[row].elements;
        }
    }
    return true;
}

/* --------------------------------------------------------------------------------------------------- products --- */

/* Columns of the product with W's parts, each by itself. */
static void forward_unpacked(float *y, size_t y_stride, const float *x, const bert_linear *l, gemm_precision precision,
                             size_t rows, size_t first, size_t end) {
    while (first < end) {
        size_t part = first / l->part_rows, row = first % l->part_rows, left = l->part_rows - row;
        size_t count = end - first < left ? end - first : left;
        gemm(y + first, y_stride, false, x, l->in, false, l->parts[part] + row * l->in, l->in, true, precision, rows,
             count, l->in);
        first += count;
    }
}

void bert_linear_forward(float *y, size_t y_stride, const float *x, const bert_linear *l, gemm_precision precision,
                         bool packed, size_t rows, size_t first, size_t count) {
    size_t end = first + count < l->out ? first + count : l->out;
    if (packed)
        gemm_packed_columns(y, y_stride, false, x, l->in, false, l->forward, precision, rows, l->out, l->in, first, count);
    else forward_unpacked(y, y_stride, x, l, precision, rows, first, end);
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

void bert_linear_forward_rounded_columns(float *y, const uint16_t *rounded, const bert_linear *l, size_t rows, size_t first,
                                         size_t count) {
    gemm_packed_rounded_columns(y, count, false, rounded, l->in, false, l->forward, rows, l->out, l->in, first, count);
}

void bert_linear_backward_rounded_columns(float *dx, const uint16_t *dy, const bert_linear *l, size_t rows, size_t first,
                                          size_t count) {
    gemm_packed_rounded_columns(dx, count, false, dy, l->out, false, l->backward, rows, l->in, l->out, first, count);
}
