/* train/feeder.c: a ring of step inputs between the thread that makes them and the one that trains. */
#include "train/feeder.h"
#include "base/memory.h"
#include "base/random.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { SLOTS = 3 };     /* one that is trained on, one that is ready, one that is made */

struct feeder {
    const dataset *data;
    const dataset_masking *masking;
    epoch_plan plan;
    uint32_t *order;            /* [plan.sequences] of the epoch `ordered` */
    int64_t ordered;
    step_input slots[SLOTS];    /* step s lies in slot s % SLOTS */

    pthread_t thread;
    bool running;               /* there is a thread to join */
    pthread_mutex_t mutex;      /* guards what follows */
    pthread_cond_t changed;
    int64_t made, taken;        /* the last step that is ready; the one the trainer has */
    bool stop;
    maske_status status;        /* of the thread; once it failed it makes nothing more */
    char sentence[1024];
};

epoch_plan epoch_plan_make(int64_t sequences, int64_t batch_size, int64_t accumulate) {
    int64_t batches = (sequences + batch_size - 1) / batch_size;
    return (epoch_plan){sequences, batch_size, accumulate, batches, (batches + accumulate - 1) / accumulate};
}

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

static maske_status make_step(feeder *f, int64_t step) {
    step_input *input = &f->slots[step % SLOTS];
    int64_t in_epoch = (step - 1) % f->plan.steps;
    input->step = step;
    input->epoch = (step - 1) / f->plan.steps + 1;
    input->first_batch = in_epoch * f->plan.accumulate;
    input->count = (size_t)smaller(f->plan.accumulate, f->plan.batches - input->first_batch);
    input->tokens = input->predicted = 0;
    if (f->ordered != input->epoch) {
        random_order(f->order, (size_t)f->plan.sequences, f->masking->seed, (uint64_t)input->epoch);
        f->ordered = input->epoch;
    }
    for (size_t i = 0; i < input->count; i++) {
        int64_t first = (input->first_batch + (int64_t)i) * f->plan.batch_size;
        int64_t count = smaller(f->plan.batch_size, f->plan.sequences - first);
        TRY(dataset_make_batch(f->data, f->order + first, (size_t)count, (uint64_t)input->epoch, f->masking,
                               &input->batches[i]));
        input->tokens += (int64_t)input->batches[i].batch.tokens;
        input->predicted += (int64_t)input->batches[i].batch.predictions;
    }
    return MASKE_OK;
}

static void *work(void *user) {
    feeder *f = user;
    pthread_mutex_lock(&f->mutex);
    while (!f->stop && f->status == MASKE_OK) {
        /* The slot of the step that the trainer has is not free yet. */
        if (f->made + 1 >= f->taken + SLOTS) {
            pthread_cond_wait(&f->changed, &f->mutex);
            continue;
        }
        int64_t step = f->made + 1;
        pthread_mutex_unlock(&f->mutex);
        maske_status status = make_step(f, step);
        pthread_mutex_lock(&f->mutex);
        if (status == MASKE_OK) f->made = step;
        else snprintf(f->sentence, sizeof f->sentence, "%s", maske_error());
        f->status = status;
        pthread_cond_broadcast(&f->changed);
    }
    pthread_mutex_unlock(&f->mutex);
    return NULL;
}

maske_status feeder_start(feeder **out, const dataset *data, const epoch_plan *plan, const dataset_masking *masking,
                          int64_t first_step) {
    feeder *f;
    TRY(memory_new(&f, 1, sizeof *f, "the input side"));
    f->data = data;
    f->masking = masking;
    f->plan = *plan;
    f->made = first_step - 1;
    f->taken = first_step - 1;
    pthread_mutex_init(&f->mutex, NULL);
    pthread_cond_init(&f->changed, NULL);
    maske_status status =
        memory_new(&f->order, (size_t)plan->sequences, sizeof *f->order, "the order of the sequences");
    size_t most = (size_t)smaller(plan->accumulate, plan->batches);
    for (size_t i = 0; i < SLOTS && status == MASKE_OK; i++)
        status = memory_new(&f->slots[i].batches, most, sizeof *f->slots[i].batches, "batches");
    if (status == MASKE_OK && pthread_create(&f->thread, NULL, work, f) != 0)
        status = error_set(MASKE_IO, "no thread could be started for the input side");
    f->running = status == MASKE_OK;
    if (status != MASKE_OK) feeder_stop(f);
    else *out = f;
    return status;
}

maske_status feeder_next(feeder *f, const step_input **out) {
    pthread_mutex_lock(&f->mutex);
    f->taken++;
    pthread_cond_broadcast(&f->changed);
    while (f->made < f->taken && f->status == MASKE_OK) pthread_cond_wait(&f->changed, &f->mutex);
    maske_status status = f->made >= f->taken ? MASKE_OK : f->status;
    pthread_mutex_unlock(&f->mutex);
    if (status != MASKE_OK) return error_set(status, "%s", f->sentence);
    *out = &f->slots[f->taken % SLOTS];
    return MASKE_OK;
}

void feeder_stop(feeder *f) {
    if (f == NULL) return;
    if (f->running) {
        pthread_mutex_lock(&f->mutex);
        f->stop = true;
        pthread_cond_broadcast(&f->changed);
        pthread_mutex_unlock(&f->mutex);
        pthread_join(f->thread, NULL);
    }
    pthread_mutex_destroy(&f->mutex);
    pthread_cond_destroy(&f->changed);
    size_t most = (size_t)smaller(f->plan.accumulate, f->plan.batches);
    for (size_t i = 0; i < SLOTS; i++) {
        for (size_t j = 0; j < most && f->slots[i].batches != NULL; j++) dataset_batch_free(&f->slots[i].batches[j]);
        free(f->slots[i].batches);
    }
    free(f->order);
    free(f);
}
