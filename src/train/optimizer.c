/* train/optimizer.c: blocks of the parameter table handed to nn/adamw. */
#include "train/optimizer.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "nn/adamw.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1 << 16 };       /* floats: four buffers of it lie in a level 2 cache */

static size_t count_blocks(const parameters *table) {
    size_t count = 0;
    for (size_t i = 0; i < table->count; i++) count += (table->rows[i].elements + BLOCK - 1) / BLOCK;
    return count;
}

static size_t count_norm_blocks(size_t total) { return (total + GRADIENT_NORM_BLOCK - 1) / GRADIENT_NORM_BLOCK; }

size_t optimizer_bytes(const parameters *table) {
    return 3 * table->total * sizeof(float) + count_blocks(table) * sizeof(optimizer_block) +
           count_norm_blocks(table->total) * sizeof(double);
}

static void fill_blocks(optimizer *o, const parameters *table) {
    for (size_t i = 0; i < table->count; i++) {
        const parameter *row = &table->rows[i];
        for (size_t done = 0; done < row->elements; done += BLOCK) {
            size_t left = row->elements - done;
            o->blocks[o->block_count++] = (optimizer_block){row->place + done, left < BLOCK ? left : BLOCK, row->decay};
        }
    }
}

maske_status optimizer_new(optimizer *out, const parameters *table) {
    optimizer o = {.total = table->total};
    size_t bytes;
    if (!size_multiply(&bytes, o.total, sizeof(float))) return error_memory(SIZE_MAX, "gradients");
    maske_status status = memory_pages_new(&o.gradients, bytes, "gradients");
    if (status == MASKE_OK) status = memory_pages_new(&o.first_moment, bytes, "AdamW's first moments");
    if (status == MASKE_OK) status = memory_pages_new(&o.second_moment, bytes, "AdamW's second moments");
    if (status == MASKE_OK)
        status = memory_new(&o.blocks, count_blocks(table), sizeof *o.blocks, "the optimizer's blocks");
    if (status == MASKE_OK)
        status = memory_new(&o.square_sums, count_norm_blocks(o.total), sizeof *o.square_sums, "sums of squares");
    if (status != MASKE_OK) {
        optimizer_free(&o);
        return status;
    }
    fill_blocks(&o, table);
    *out = o;
    return MASKE_OK;
}

void optimizer_free(optimizer *o) {
    memory_pages_free(o->gradients, o->total * sizeof(float));
    memory_pages_free(o->first_moment, o->total * sizeof(float));
    memory_pages_free(o->second_moment, o->total * sizeof(float));
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

typedef struct step_task { optimizer *o; float *weights; adamw with_decay, without; } step_task;

static void step_block(void *user, size_t i, int thread) {
    (void)thread;
    const step_task *task = user;
    const optimizer *o = task->o;
    const optimizer_block *block = &o->blocks[i];
    adamw_step(task->weights + block->place, o->gradients + block->place, o->first_moment + block->place,
               o->second_moment + block->place, block->decay ? &task->with_decay : &task->without, block->count);
}

void optimizer_step(optimizer *o, float *weights, const maske_train_options *settings, double learning_rate,
                    double norm, uint64_t update, int threads) {
    adamw a = {learning_rate, settings->beta1, settings->beta2, settings->epsilon, settings->weight_decay,
               gradient_clip_factor(norm, settings->max_grad_norm), update};
    step_task task = {o, weights, a, a};
    task.without.weight_decay = 0;
    parallel_for(threads, o->block_count, step_block, &task);
}

void optimizer_drop_gradients(optimizer *o) { memset(o->gradients, 0, o->total * sizeof(float)); }
