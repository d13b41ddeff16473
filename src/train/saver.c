/* train/saver.c: a thread that waits for one request at a time. */
#include "train/saver.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/parallel.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* What the trainer and the thread have agreed on. READING: weights and moments must stay as they are. */
typedef enum saver_stage { IDLE, READING, WRITING, DONE, STOP } saver_stage;

struct saver {
    const run_folder *folder;
    const metrics *metrics;
    checkpoint_parts parts;
    int64_t keep;
    save_outcome outcome;       /* the thread's from saver_begin until it is DONE */
    double waited;

    pthread_t thread;
    bool running;               /* there is a thread to join */
    pthread_mutex_t mutex;      /* guards `stage` */
    pthread_cond_t changed;
    saver_stage stage;
};

static void go_to(saver *s, saver_stage stage) {
    pthread_mutex_lock(&s->mutex);
    s->stage = stage;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->mutex);
}

/* Waits while the stage is one of those from `first` to `last`; gives the one that it is then. */
static saver_stage wait_while(saver *s, saver_stage first, saver_stage last) {
    pthread_mutex_lock(&s->mutex);
    while (s->stage >= first && s->stage <= last) pthread_cond_wait(&s->changed, &s->mutex);
    saver_stage now = s->stage;
    pthread_mutex_unlock(&s->mutex);
    return now;
}

/* ------------------------------------------------------------------------------------------------- the thread --- */

static bool failed(saver *s, maske_status status) {
    if (status == MASKE_OK) return false;
    s->outcome.error = error_keep();
    return true;
}

/* The model comes first: a checkpoint must not speak of a best model that is not there. */
static void save(saver *s) {
    save_outcome *o = &s->outcome;
    save_request *request = &o->request;
    checkpoint_parts parts = s->parts;
    parts.state = &request->state;
    safetensors_writer model = {0};
    checkpoint_writing writing = {0};
    if (request->model) o->model_failed = failed(s, masked_lm_save_begin(&model, parts.model, s->folder->path));
    if (request->checkpoint)
        o->checkpoint_failed = failed(s, checkpoint_save_begin(&writing, s->folder->checkpoints, &parts));
    go_to(s, WRITING);
    if (request->model && !o->model_failed)
        o->model_failed = failed(s, masked_lm_save_end(&model, parts.model, s->folder->path));
    if (o->model_failed) {
        request->state.best_step = request->best_step;
        request->state.best_loss = request->best_loss;
        request->state.best_accuracy = request->best_accuracy;
        request->state.best_is_average = request->best_is_average;
    }
    if (!request->checkpoint || o->checkpoint_failed) return;
    maske_status status = metrics_sync(s->metrics);
    status = status == MASKE_OK ? checkpoint_save_end(&writing, &parts) : checkpoint_abandon(&writing, status);
    o->checkpoint_failed = failed(s, status);
    if (!o->checkpoint_failed) o->prune_failed = failed(s, checkpoint_prune(s->folder->checkpoints, s->keep));
}

static void *work(void *user) {
    saver *s = user;
    log_mute_thread();
    for (;;) {
        pthread_mutex_lock(&s->mutex);
        while (s->stage == IDLE || s->stage == DONE) pthread_cond_wait(&s->changed, &s->mutex);
        bool stop = s->stage == STOP;
        pthread_mutex_unlock(&s->mutex);
        if (stop) return NULL;
        double begun = clock_now();
        save(s);
        s->outcome.seconds = clock_now() - begun;
        go_to(s, DONE);
    }
}

/* ------------------------------------------------------------------------------------------------- the trainer --- */

maske_status saver_start(saver **out, const run_folder *folder, const metrics *m, const checkpoint_parts *parts,
                         int64_t keep) {
    saver *s;
    TRY(memory_new(&s, 1, sizeof *s, "the saving side"));
    s->folder = folder;
    s->metrics = m;
    s->parts = *parts;
    s->keep = keep;
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->changed, NULL);
    s->running = parallel_start_thread(&s->thread, work, s) == 0;
    if (!s->running) {
        saver_stop(s);
        return error_set(MASKE_IO, "no thread could be started for the saving side");
    }
    *out = s;
    return MASKE_OK;
}

void saver_begin(saver *s, const save_request *request) {
    s->outcome = (save_outcome){.request = *request};
    go_to(s, READING);
}

void saver_wait_values(saver *s) {
    double begun = clock_now();
    (void)wait_while(s, READING, READING);
    s->waited += clock_now() - begun;
}

bool saver_collect(saver *s, bool wait, save_outcome *out) {
    double begun = clock_now();
    saver_stage now = wait ? wait_while(s, READING, WRITING) : wait_while(s, STOP, STOP);
    s->waited += clock_now() - begun;
    if (now != DONE) return false;
    *out = s->outcome;
    go_to(s, IDLE);
    return true;
}

double saver_waited(const saver *s) { return s->waited; }

void saver_stop(saver *s) {
    if (s == NULL) return;
    if (s->running) {
        (void)wait_while(s, READING, WRITING);
        go_to(s, STOP);
        pthread_join(s->thread, NULL);
    }
    pthread_mutex_destroy(&s->mutex);
    pthread_cond_destroy(&s->changed);
    free(s);
}
