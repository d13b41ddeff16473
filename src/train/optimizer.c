/* train/optimizer.c: blocks of the parameter table handed to nn/adamw, matrices to nn/muon. */
#include "train/optimizer.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "nn/adamw.h"
#include "nn/muon.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1 << 16 };       /* floats: four buffers of it lie in a level 2 cache */

static size_t count_norm_blocks(size_t total) { return (total + GRADIENT_NORM_BLOCK - 1) / GRADIENT_NORM_BLOCK; }

int optimizer_muon_threads(const maske_train_options *settings, int threads) {
    return strcmp(settings->optimizer, "muon") == 0 ? threads : 0;
}

/* Of an embedding the gradient touches some rows only, and its rows are no directions of one space: AdamW's. */
static bool is_matrix(const parameter *row, const parameters *table) {
    return row->rank == 2 && row->place != table->word_embeddings && row->place != table->position_embeddings &&
           row->place != table->token_type_embeddings;
}

/* The sizes of an optimizer's parts; with `o` they are filled as well. */
typedef struct parts { size_t blocks, matrices, scratch; } parts;

static parts lay_out(optimizer *o, const parameters *table, int muon_threads) {
    parts p = {0};
    for (size_t i = 0; i < table->count; i++) {
        const parameter *row = &table->rows[i];
        if (muon_threads > 0 && is_matrix(row, table)) {
            size_t scratch = (muon_scratch(row->shape[0], row->shape[1]) + 15) / 16 * 16;
            p.scratch = scratch > p.scratch ? scratch : p.scratch;
            if (o != NULL)
                o->matrices[p.matrices] = (optimizer_matrix){row->place, row->shape[0], row->shape[1], row->decay};
            p.matrices++;
            continue;
        }
        for (size_t done = 0; done < row->elements; done += BLOCK, p.blocks++) {
            size_t left = row->elements - done;
            if (o != NULL)
                o->blocks[p.blocks] = (optimizer_block){row->place + done, left < BLOCK ? left : BLOCK, row->decay};
        }
    }
    return p;
}

size_t optimizer_bytes(const parameters *table, int muon_threads) {
    parts p = lay_out(NULL, table, muon_threads);
    return 3 * table->total * sizeof(float) + p.blocks * sizeof(optimizer_block) +
           p.matrices * sizeof(optimizer_matrix) + (size_t)muon_threads * p.scratch * sizeof(float) +
           count_norm_blocks(table->total) * sizeof(double);
}

/* The largest are begun first, so that no thread is left alone with one at the end. */
static int by_size(const void *x, const void *y) {
    const optimizer_matrix *a = x, *b = y;
    size_t a_size = a->rows * a->columns, b_size = b->rows * b->columns;
    if (a_size != b_size) return a_size < b_size ? 1 : -1;
    return a->place < b->place ? -1 : 1;
}

static maske_status allocate(optimizer *o, const parameters *table) {
    parts p = lay_out(NULL, table, o->muon_threads);
    size_t bytes;
    if (!size_multiply(&bytes, o->total, sizeof(float))) return error_memory(SIZE_MAX, "gradients");
    TRY(memory_pages_new(&o->gradients, bytes, "gradients"));
    TRY(memory_pages_new(&o->first_moment, bytes, "the optimizer's first moments"));
    TRY(memory_pages_new(&o->second_moment, bytes, "the optimizer's second moments"));
    TRY(memory_new(&o->blocks, p.blocks, sizeof *o->blocks, "the optimizer's blocks"));
    TRY(memory_new(&o->square_sums, count_norm_blocks(o->total), sizeof *o->square_sums, "sums of squares"));
    o->block_count = p.blocks;
    if (p.matrices == 0) return MASKE_OK;
    TRY(memory_new(&o->matrices, p.matrices, sizeof *o->matrices, "the optimizer's blocks"));
    o->matrix_count = p.matrices;
    if (!size_multiply(&bytes, (size_t)o->muon_threads, p.scratch * sizeof(float)))
        return error_memory(SIZE_MAX, "Muon's products");
    TRY(memory_pages_new(&o->scratch, bytes, "Muon's products"));
    o->scratch_floats = p.scratch;
    return MASKE_OK;
}

maske_status optimizer_new(optimizer *out, const parameters *table, int muon_threads) {
    optimizer o = {.total = table->total, .muon_threads = muon_threads};
    maske_status status = allocate(&o, table);
    if (status != MASKE_OK) {
        optimizer_free(&o);
        return status;
    }
    lay_out(&o, table, muon_threads);
    if (o.matrix_count > 0) qsort(o.matrices, o.matrix_count, sizeof *o.matrices, by_size);
    *out = o;
    return MASKE_OK;
}

void optimizer_free(optimizer *o) {
    memory_pages_free(o->gradients, o->total * sizeof(float));
    memory_pages_free(o->first_moment, o->total * sizeof(float));
    memory_pages_free(o->second_moment, o->total * sizeof(float));
    memory_pages_free(o->average, o->total * sizeof(float));
    memory_pages_free(o->scratch, (size_t)o->muon_threads * o->scratch_floats * sizeof(float));
    free(o->matrices);
    free(o->blocks);
    free(o->square_sums);
    *o = (optimizer){0};
}

static void sum_block(void *user, size_t i, int thread) {
    (void)thread;
    const optimizer *o = user;
    size_t place = i * GRADIENT_NORM_BLOCK, left = o->total - place;
    o->square_sums[i] =
        gradient_square_sum(o->gradients + place, left < GRADIENT_NORM_BLOCK ? left : GRADIENT_NORM_BLOCK);
}

double optimizer_gradient_norm(const optimizer *o, int threads) {
    size_t count = count_norm_blocks(o->total);
    parallel_for(threads, count, sum_block, (void *)(uintptr_t)o);
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += o->square_sums[i];
    return sqrt(sum);
}

typedef struct step_task { optimizer *o; float *weights; adamw with_decay, without; muon muon; } step_task;

static void step_block(void *user, size_t i, int thread) {
    (void)thread;
    const step_task *task = user;
    const optimizer *o = task->o;
    const optimizer_block *block = &o->blocks[i];
    adamw_step(task->weights + block->place, o->gradients + block->place, o->first_moment + block->place,
               o->second_moment + block->place, block->decay ? &task->with_decay : &task->without, block->count);
}

static void step_matrix(void *user, size_t i, int thread) {
    const step_task *task = user;
    const optimizer *o = task->o;
    const optimizer_matrix *matrix = &o->matrices[i];
    muon settings = task->muon;
    if (!matrix->decay) settings.weight_decay = 0;
    muon_step(task->weights + matrix->place, o->gradients + matrix->place, o->first_moment + matrix->place,
              o->scratch + (size_t)thread * o->scratch_floats, &settings, matrix->rows, matrix->columns);
}

void optimizer_step(optimizer *o, float *weights, const maske_train_options *settings, double learning_rate,
                    double norm, uint64_t update, gemm_precision precision, int threads) {
    float clip = gradient_clip_factor(norm, settings->max_grad_norm);
    adamw a = {learning_rate, settings->beta1, settings->beta2, settings->epsilon, settings->weight_decay, clip, update};
    double highest = settings->learning_rate;
    double muon_rate = highest > 0 ? learning_rate / highest * settings->muon_learning_rate : 0;
    step_task task = {
        o, weights, a, a, {muon_rate, settings->muon_momentum, settings->weight_decay, clip, precision},
    };
    task.without.weight_decay = 0;
    parallel_for(o->muon_threads, o->matrix_count, step_matrix, &task);
    parallel_for(threads, o->block_count, step_block, &task);
}

maske_status optimizer_keep_average(optimizer *o) {
    if (o->average != NULL) return MASKE_OK;
    return memory_pages_new(&o->average, o->total * sizeof(float), "the average of the weights");
}

typedef struct average_task { float *average; const float *weights; size_t total; float share; } average_task;

static void average_block(void *user, size_t i, int thread) {
    (void)thread;
    const average_task *task = user;
    size_t from = i * BLOCK, to = task->total - from < BLOCK ? task->total : from + BLOCK;
    for (size_t j = from; j < to; j++) task->average[j] += task->share * (task->weights[j] - task->average[j]);
}

void optimizer_add_average(optimizer *o, const float *weights, int threads) {
    o->averaged++;
    average_task task = {o->average, weights, o->total, (float)(1.0 / (double)o->averaged)};
    parallel_for(threads, (o->total + BLOCK - 1) / BLOCK, average_block, &task);
}
