/* train/trials.c: a run without checkpoints, three times. */
#include "train/trials.h"
#include "base/clock.h"
#include "base/log.h"
#include "train/plan.h"
#include "train/run_clock.h"
#include "train/schedule.h"
#include "train/step.h"
#include "train/validation.h"

#include <math.h>
#include <string.h>

enum { LEAST_STEPS = 50 };      /* of a trial; after fewer the highest rate looks best, whatever becomes of it */

/* What a trial works with; zeroed: nothing. */
typedef struct trial {
    maske_train_options settings;       /* the run's, with other rates; its texts are the run's */
    masked_lm *model;
    optimizer optimizer;
    masked_lm_context *context;
    micro_batches parts;
    validation validation;
    feeder *feeder;
    int64_t steps;
} trial;

/* What every trial begins with. */
static maske_status begin(masked_lm **out, const run *r) {
    TRY(run_first_model(out, r));
    for (size_t i = 0; r->lm != NULL && i < (*out)->table.count; i++) {
        const parameter *row = &(*out)->table.rows[i], *from = parameters_find(&r->lm->table, row->name);
        if (from != NULL)
            memcpy((*out)->weights + row->place, r->lm->weights + from->place, row->elements * sizeof(float));
    }
    return MASKE_OK;
}

/* The first trial decides how much is evaluated, so that all are compared by the same; the run then evaluates that too. */
static maske_status prepare_validation(trial *t, run *r, size_t batch_size) {
    int64_t *evaluated = &r->state.evaluated_sequences;
    if (*evaluated == 0)
        TRY(validation_limit(evaluated, run_clock_evaluation_seconds(60 * r->settings.minutes), r->held_out, r->training,
                             (uint64_t)t->settings.seed, batch_size, t->model, t->context, r->control));
    return validation_new(&t->validation, r->held_out, r->training, (size_t)t->model->config.vocab_size,
                          (uint64_t)t->settings.seed, batch_size, *evaluated > 0 ? (size_t)*evaluated : SIZE_MAX);
}

static maske_status prepare(trial *t, run *r, const masked_lm *first) {
    masked_lm_capacity capacity = plan_capacity(&t->settings, r->precision, r->threads);
    TRY(masked_lm_new(&t->model, &first->config, (uint64_t)t->settings.seed));
    memcpy(t->model->weights, first->weights, first->table.total * sizeof(float));
    TRY(masked_lm_pack(t->model, r->precision, true, r->threads));
    TRY(optimizer_new(&t->optimizer, &t->model->table, optimizer_muon_threads(&t->settings, r->threads)));
    TRY(masked_lm_context_new(&t->context, t->model, &capacity));
    TRY(micro_batches_new(&t->parts, capacity.sequences, capacity.tokens));
    TRY(prepare_validation(t, r, capacity.tokens / capacity.sequence_length));
    const feed what = {r->training, r->mixed, &t->settings, 0, 0};
    return feeder_start(&t->feeder, &what, &(feed_place){1, 1, 0, 1, 0});
}

static maske_status train(trial *t, const run *r, double seconds) {
    schedule s = schedule_by_seconds(&t->settings, seconds);
    const step_room room = {.model = t->model, .context = t->context, .optimizer = &t->optimizer, .parts = &t->parts,
                            .settings = &t->settings, .precision = r->precision, .threads = r->threads};
    double begun = clock_now(), elapsed;
    uint64_t updates = 0;
    while ((elapsed = clock_now() - begun) < seconds || t->steps == 0) {
        const step_input *input;
        step_result result;
        if (control_stopped(r->control)) return error_set(MASKE_STOPPED, "stopped before the first step");
        control_progress(r->control, "trying learning rates", elapsed, seconds, "seconds");
        TRY(feeder_next(t->feeder, elapsed / seconds, &input));
        TRY(step_run(&room, input, schedule_learning_rate(&s, elapsed), updates + 1, &result));
        updates += !result.skipped;
        t->steps++;
    }
    return MASKE_OK;
}

/* The held-out loss after so many seconds with the rates times `factor`, and the steps that they gave. */
static maske_status run_trial(double *loss, int64_t *steps, run *r, const masked_lm *first, const bool given[RECIPE_ROWS],
                              double factor, double seconds) {
    trial t = {.settings = r->settings};
    if (!recipe_is_given(given, "learning-rate")) t.settings.learning_rate *= factor;
    if (!recipe_is_given(given, "muon-learning-rate")) t.settings.muon_learning_rate *= factor;
    maske_train_evaluation evaluation = {0};
    double begun = clock_now();
    maske_status status = prepare(&t, r, first);
    /* The evaluation is short: a hundredth of the run's time at most. */
    if (status == MASKE_OK) status = train(&t, r, fmax(0.9 * seconds - (clock_now() - begun), 0.5 * seconds));
    if (status == MASKE_OK) status = validation_run(&t.validation, t.model, t.context, r->control, &evaluation);
    *steps = t.steps;
    *loss = isfinite(evaluation.valid_loss) ? evaluation.valid_loss : INFINITY;
    if (status == MASKE_OK)
        log_say(MASKE_LOG_NOTE, "trial: learning rate %.3g (Muon's %.3g), %lld steps: held-out loss %.4f",
                t.settings.learning_rate, t.settings.muon_learning_rate, (long long)t.steps, *loss);
    feeder_stop(t.feeder);
    validation_free(&t.validation);
    micro_batches_free(&t.parts);
    masked_lm_context_free(t.context);
    optimizer_free(&t.optimizer);
    masked_lm_free(t.model);
    return status;
}

static maske_status settle(run *r, const masked_lm *first, const bool given[RECIPE_ROWS], double seconds) {
    double loss, best, factor = 1;
    int64_t steps;
    TRY(run_trial(&best, &steps, r, first, given, 1, seconds));
    if (steps < LEAST_STEPS) {
        log_say(MASKE_LOG_WARNING, "no more trials: %lld steps in one, expected %d at the least; the rates stay",
                (long long)steps, LEAST_STEPS);
        return MASKE_OK;
    }
    TRY(run_trial(&loss, &steps, r, first, given, 2, seconds));
    double third = loss < best ? 4 : 0.5;
    if (loss < best) best = loss, factor = 2;
    TRY(run_trial(&loss, &steps, r, first, given, third, seconds));
    if (loss < best) factor = third;
    if (!recipe_is_given(given, "learning-rate")) r->settings.learning_rate *= factor;
    if (!recipe_is_given(given, "muon-learning-rate")) r->settings.muon_learning_rate *= factor;
    log_say(MASKE_LOG_NOTE, "trials: the learning rate is %.3g (Muon's %.3g)", r->settings.learning_rate,
            r->settings.muon_learning_rate);
    return MASKE_OK;
}

bool trials_due(const run *r, const bool given[RECIPE_ROWS]) {
    if (r->settings.trials == 0) return false;
    bool muon = strcmp(r->settings.optimizer, "muon") == 0;
    bool settled = recipe_is_given(given, "learning-rate") && (!muon || recipe_is_given(given, "muon-learning-rate"));
    if (!settled && r->held_out != NULL) return true;
    log_say(MASKE_LOG_WARNING, "no trials: %s",
            settled ? "the learning rate is given" : "nothing is held out to compare by");
    return false;
}

maske_status trials_run(run *r, const bool given[RECIPE_ROWS]) {
    masked_lm *first = NULL;
    maske_status status = begin(&first, r);
    if (status == MASKE_OK) status = settle(r, first, given, 60 * r->settings.minutes * r->settings.trials / 3);
    masked_lm_free(first);
    return status;
}
