/* train/feeder.c: a ring of step inputs between the thread that makes them and the one that trains. */
#include "train/feeder.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/random.h"
#include "train/progression.h"

#include <pthread.h>
#include <stdlib.h>

enum { SLOTS = 3 };     /* one that is trained on, one that is ready, one that is made */

struct feeder {
    feed what;
    epoch_plan plan;
    uint32_t *order, *mix_order;        /* [plan.sequences] of the epoch `ordered`; the same of the mixed text */
    int64_t ordered, mix_ordered, mix_sequences;
    step_input slots[SLOTS];    /* step s lies in slot s % SLOTS */
    dataset_batch whole;        /* a batch whose sequences are still to be cut */
    feed_place next;            /* of the step that is made next: the thread's own */

    pthread_t thread;
    bool running;               /* there is a thread to join */
    pthread_mutex_t mutex;      /* guards what follows */
    pthread_cond_t changed;
    int64_t made, taken;        /* the last step that is ready; the one the trainer has */
    double done;                /* the share of the run that is behind, as the trainer told last */
    bool stop;
    maske_status status;        /* of the thread; once it failed it makes nothing more */
    error_text why;             /* of its failure */
};

epoch_plan epoch_plan_make(int64_t sequences, int64_t batch_size, int64_t accumulate) {
    int64_t batches = (sequences + batch_size - 1) / batch_size;
    return (epoch_plan){sequences, batch_size, accumulate, batches, (batches + accumulate - 1) / accumulate};
}

feed_place feed_place_after(const epoch_plan *plan, int64_t step) {
    return (feed_place){step + 1, step / plan->steps + 1, step % plan->steps * plan->accumulate * plan->batch_size, 1, 0};
}

static int64_t fewer(int64_t a, int64_t b) { return a < b ? a : b; }

static size_t most_batches(const feeder *f) { return (size_t)f->plan.accumulate * (f->what.mix != NULL ? 2 : 1); }

/* What changes over the run, at this step. */
typedef struct moment { dataset_masking masking; int64_t batch_size, length; } moment;

static moment moment_of(const feed *what, int64_t step, double done) {
    const maske_train_options *s = what->settings;
    if (what->steps > 0) done = (double)(step - 1) / (double)what->steps;
    dataset_masking masking = {(uint64_t)s->seed, progression_mask_probability(s, done), s->whole_words};
    return (moment){masking, progression_batch_size(s, done), progression_length(s, done)};
}

/* `count` sequences of the order, cut where they are to be shorter than they are. */
static maske_status make_batch(feeder *f, const dataset *data, const moment *m, const uint32_t *order, int64_t count,
                               int64_t epoch, dataset_batch *out) {
    if (m->length >= f->what.settings->max_length)
        return dataset_make_batch(data, order, (size_t)count, (uint64_t)epoch, &m->masking, out);
    TRY(dataset_make_batch(data, order, (size_t)count, (uint64_t)epoch, &m->masking, &f->whole));
    return dataset_cut_batch(data, &f->whole, (size_t)m->length, out);
}

static maske_status add_batch(feeder *f, step_input *input, const dataset *data, const moment *m, const uint32_t *order,
                              int64_t count, int64_t epoch) {
    dataset_batch *made = &input->batches[input->count++];
    TRY(make_batch(f, data, m, order, count, epoch, made));
    input->tokens += (int64_t)made->batch.tokens;
    input->predicted += (int64_t)made->batch.predictions;
    return MASKE_OK;
}

/* How many sequences of batch i of the step are from the mixed text; one at the least is not. */
static int64_t mixed_of(const feeder *f, const moment *m, int64_t step, int64_t i) {
    if (f->what.mix == NULL) return 0;
    random_bits bits = random_philox(m->masking.seed, RANDOM_MIX, (uint64_t)step, (uint64_t)i);
    double wanted = f->what.settings->mix_share * (double)m->batch_size;
    return fewer((int64_t)(wanted + random_unit(bits.word[0], bits.word[1])), m->batch_size - 1);
}

/* The mixed text's next sequences; where its epoch ends, those that are left. */
static maske_status add_mixed(feeder *f, step_input *input, const moment *m, int64_t count, feed_place *at) {
    if (f->mix_ordered != at->mix_epoch) {
        /* Another order than that of the new text. */
        random_order(f->mix_order, (size_t)f->mix_sequences, m->masking.seed + 1, (uint64_t)at->mix_epoch);
        f->mix_ordered = at->mix_epoch;
    }
    count = fewer(count, f->mix_sequences - at->mix_sequence);
    TRY(add_batch(f, input, f->what.mix, m, f->mix_order + at->mix_sequence, count, at->mix_epoch));
    at->mix_sequence += count;
    if (at->mix_sequence >= f->mix_sequences) at->mix_epoch++, at->mix_sequence = 0;
    return MASKE_OK;
}

static maske_status make_step(feeder *f, int64_t step, double done) {
    const moment m = moment_of(&f->what, step, done);
    step_input *input = &f->slots[step % SLOTS];
    feed_place at = f->next;
    *input = (step_input){.place = at, .batches = input->batches, .most = most_batches(f)};
    if (f->ordered != at.epoch) {
        random_order(f->order, (size_t)f->plan.sequences, m.masking.seed, (uint64_t)at.epoch);
        f->ordered = at.epoch;
    }
    for (int64_t i = 0; i < f->plan.accumulate && at.sequence < f->plan.sequences; i++) {
        int64_t mixed = mixed_of(f, &m, step, i);
        int64_t count = fewer(m.batch_size - mixed, f->plan.sequences - at.sequence);
        TRY(add_batch(f, input, f->what.data, &m, f->order + at.sequence, count, at.epoch));
        at.sequence += count;
        if (mixed > 0) TRY(add_mixed(f, input, &m, mixed, &at));
    }
    input->batch = (at.sequence + f->plan.batch_size - 1) / f->plan.batch_size;
    if (at.sequence >= f->plan.sequences) at.epoch++, at.sequence = 0;
    at.step++;
    input->next = f->next = at;
    return MASKE_OK;
}

/* A text that has become shorter since the place was kept (--allow-change corpus) may end before it: its next epoch begins. */
static void stay_inside(feeder *f) {
    feed_place *at = &f->next;
    if (at->sequence >= f->plan.sequences) at->epoch++, at->sequence = 0;
    if (f->what.mix == NULL) return;
    if (at->mix_epoch == 0) at->mix_epoch = 1;
    if (at->mix_sequence >= f->mix_sequences) at->mix_epoch++, at->mix_sequence = 0;
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
        double done = f->done;
        pthread_mutex_unlock(&f->mutex);
        maske_status status = make_step(f, step, done);
        pthread_mutex_lock(&f->mutex);
        if (status == MASKE_OK) f->made = step;
        else f->why = error_keep();
        f->status = status;
        pthread_cond_broadcast(&f->changed);
    }
    pthread_mutex_unlock(&f->mutex);
    return NULL;
}

maske_status feeder_start(feeder **out, const feed *what, const feed_place *first) {
    feeder *f;
    TRY(memory_new(&f, 1, sizeof *f, "the input side"));
    f->what = *what;
    f->plan = epoch_plan_make(dataset_describe(what->data)->sequences, what->settings->batch_size,
                              what->settings->accumulate);
    f->next = *first;
    f->done = what->done;
    f->made = f->taken = first->step - 1;
    pthread_mutex_init(&f->mutex, NULL);
    pthread_cond_init(&f->changed, NULL);
    maske_status status =
        memory_new(&f->order, (size_t)f->plan.sequences, sizeof *f->order, "the order of the sequences");
    if (what->mix != NULL) {
        f->mix_sequences = dataset_describe(what->mix)->sequences;
        if (status == MASKE_OK)
            status = memory_new(&f->mix_order, (size_t)f->mix_sequences, sizeof *f->order, "the order of the sequences");
    }
    stay_inside(f);
    size_t most = most_batches(f);
    for (size_t i = 0; i < SLOTS && status == MASKE_OK; i++)
        status = memory_new(&f->slots[i].batches, most, sizeof *f->slots[i].batches, "batches");
    if (status == MASKE_OK && parallel_start_thread(&f->thread, work, f) != 0)
        status = error_set(MASKE_IO, "no thread could be started for the input side");
    f->running = status == MASKE_OK;
    if (status != MASKE_OK) feeder_stop(f);
    else *out = f;
    return status;
}

maske_status feeder_next(feeder *f, double done, const step_input **out) {
    pthread_mutex_lock(&f->mutex);
    f->done = done;
    f->taken++;
    pthread_cond_broadcast(&f->changed);
    while (f->made < f->taken && f->status == MASKE_OK) pthread_cond_wait(&f->changed, &f->mutex);
    maske_status status = f->made >= f->taken ? MASKE_OK : f->status;
    pthread_mutex_unlock(&f->mutex);
    if (status != MASKE_OK) return error_set(status, "%s", f->why.text);
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
    size_t most = most_batches(f);
    for (size_t i = 0; i < SLOTS; i++) {
        for (size_t j = 0; j < most && f->slots[i].batches != NULL; j++) dataset_batch_free(&f->slots[i].batches[j]);
        free(f->slots[i].batches);
    }
    dataset_batch_free(&f->whole);
    free(f->order);
    free(f->mix_order);
    free(f);
}
