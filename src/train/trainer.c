/* train/trainer.c: the loop.
 *
 * What a step does is in step.c, what is due when in run_clock.c. Here is the order in which things happen, which a run
 * that is resumed repeats: step, log line, evaluation, checkpoint. A checkpoint is of the moment between two steps, so
 * that its state is all there is to know; its bytes are written while the next step goes on (saver.h). */
#include "train/trainer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/number.h"
#include "train/metrics.h"
#include "train/plan.h"
#include "train/progression.h"
#include "train/run_clock.h"
#include "train/saver.h"
#include "train/step.h"
#include "train/tensorboard.h"
#include "train/validation.h"

#include <math.h>
#include <stdio.h>

enum { MOST_SKIPPED = 10 };     /* steps in a row */

/* A step has exploded where its gradients are so many times as large as they were on average, once there are so many
 * steps to compare with, or where its loss is so many times that of guessing blindly. What a high learning rate or an
 * odd batch do stays far below. */
static const double exploding_norm = 30, exploding_loss = 3, norm_memory = 0.98;
enum { LEAST_UPDATES = 20 };

typedef struct trainer {
    const trainer_job *run;
    const maske_train_options *settings;
    trainer_state *state;
    masked_lm_context *context;
    validation validation;      /* zeroed without held-out text */
    validation old;             /* the same of the text that is mixed in */
    examples examples;          /* the same */
    epoch_plan epoch;
    feeder *feeder;
    micro_batches parts;
    metrics metrics;
    tensorboard tensorboard;
    run_clock clock;
    saver *saver;
    int64_t saved_step;         /* of the newest checkpoint, -1: none */
    bool save_failed, best_failed;      /* the last try failed: */
    error_text error;
    double waited_before;       /* for the saver, when the last saving began */
    bool model_due;             /* the model of this step is the best and not saved yet; the best before it: */
    maske_train_evaluation best_before;
    /* since the last log line, for tokens a second: time in steps alone */
    double speed_seconds;
    int64_t speed_tokens;
} trainer;

/* ------------------------------------------------------------------------------------------------------- saving --- */

/* A failed save costs this checkpoint, not the run: the older one stays, and the next is tried when it is due. */
static void note_failure(trainer *t, int64_t step, const char *what, const error_text *error) {
    t->error = *error;
    log_say(MASKE_LOG_WARNING, "step %lld: %s was not written: %s", (long long)step, what, t->error.text);
}

/* Hears what became of what was saved last; `wait`: not before it is known. */
static void hear(trainer *t, bool wait) {
    save_outcome o;
    if (t->saver == NULL || !saver_collect(t->saver, wait, &o)) return;
    int64_t step = o.request.state.step;
    if (o.request.model) t->best_failed = o.model_failed;
    if (o.request.model && !o.request.checkpoint) t->clock.model_seconds = o.seconds;
    if (o.request.checkpoint) t->save_failed = o.checkpoint_failed;
    if (o.model_failed) {
        note_failure(t, step, "the model", &o.error);
        t->state->best_step = o.request.best_step;
        t->state->best_loss = o.request.best_loss;
        t->state->best_accuracy = o.request.best_accuracy;
        t->state->best_is_average = o.request.best_is_average;
    }
    if (!o.request.checkpoint) return;
    t->state->save_seconds = o.seconds;
    if (o.checkpoint_failed) {
        note_failure(t, step, "the checkpoint", &o.error);
        return;
    }
    t->saved_step = step;
    if (o.prune_failed)
        log_say(MASKE_LOG_WARNING, "step %lld: an older checkpoint was not removed: %s", (long long)step, o.error.text);
    char took[96];
    number_print(took, sizeof took, "in %.2f s; training waited for %.3f s", o.seconds,
                 saver_waited(t->saver) - t->waited_before);
    log_say(MASKE_LOG_NOTE, "checkpoint written: %s/step-%lld (%s)", t->run->folder->checkpoints, (long long)step,
            took);
}

/* Begins to save: the model in the run's own folder, a whole checkpoint, or both. */
static void save(trainer *t, bool model, bool whole) {
    hear(t, true);
    t->waited_before = saver_waited(t->saver);
    if (whole) t->clock.last_save = clock_now();
    if (whole && metrics_write(&t->metrics) != MASKE_OK) {
        t->save_failed = true;
        error_text error = error_keep();
        note_failure(t, t->state->step, "the checkpoint", &error);
        whole = false;
    }
    if (!model && !whole) return;
    t->state->metrics_bytes = (int64_t)t->metrics.length;
    t->state->seconds = run_clock_elapsed(&t->clock);
    saver_begin(t->saver, &(save_request){.model = model,
                                          .checkpoint = whole,
                                          .state = *t->state,
                                          .best_step = t->best_before.step,
                                          .best_loss = t->best_before.valid_loss,
                                          .best_is_average = t->best_before.best_is_average,
                                          .best_accuracy = t->best_before.valid_accuracy});
}

/* --------------------------------------------------------------------------------------------------- evaluation --- */

/* The averaged weights become the model's, and the other way round the next time. */
static maske_status swap_average(trainer *t, bool pack) {
    masked_lm *model = t->run->model;
    float *average = t->run->optimizer->average;
    t->run->optimizer->average = model->weights;
    model->weights = average;
    return pack ? masked_lm_pack(model, t->run->precision, true, t->run->threads) : MASKE_OK;
}

/* Of what is held out, and of what is held out of the text that is mixed in. */
static maske_status run_validations(trainer *t, maske_train_evaluation *out) {
    maske_train_evaluation old = {0};
    TRY(validation_run(&t->validation, t->run->model, t->context, t->run->control, out));
    if (t->old.data == NULL) return MASKE_OK;
    TRY(validation_run(&t->old, t->run->model, t->context, t->run->control, &old));
    out->old = true;
    out->valid_old_loss = old.valid_loss;
    out->valid_old_accuracy = old.valid_accuracy;
    return MASKE_OK;
}

/* At the end of the run the averaged weights are evaluated beside those of the last step. */
static maske_status evaluate_average(trainer *t, maske_train_evaluation *evaluation) {
    maske_train_evaluation of_average = {0};
    TRY(swap_average(t, true));
    maske_status status = run_validations(t, &of_average);
    maske_status back = swap_average(t, true);
    TRY(status);
    TRY(back);
    evaluation->averaged = true;
    evaluation->average_valid_loss = of_average.valid_loss;
    evaluation->average_valid_accuracy = of_average.valid_accuracy;
    evaluation->average_valid_old_loss = of_average.valid_old_loss;
    evaluation->average_valid_old_accuracy = of_average.valid_old_accuracy;
    return MASKE_OK;
}

static maske_status evaluate(trainer *t) {
    maske_train_evaluation evaluation = {.step = t->state->step};
    double begun = clock_now();
    t->state->evaluation_due = true;
    TRY(run_validations(t, &evaluation));
    TRY(examples_fill(&t->examples, t->run->model));
    t->state->evaluation_seconds = clock_now() - begun;
    if (t->state->over && t->run->optimizer->averaged > 0) TRY(evaluate_average(t, &evaluation));
    t->state->evaluation_due = false;
    t->state->evaluating_seconds += clock_now() - begun;
    hear(t, true);      /* what is the best so far may depend on it */
    bool average = evaluation.averaged && evaluation.average_valid_loss < evaluation.valid_loss;
    double loss = average ? evaluation.average_valid_loss : evaluation.valid_loss;
    /* A loss that is no number is never the best. */
    evaluation.best = t->state->best_step == 0 ? isfinite(loss) : loss < t->state->best_loss;
    evaluation.best_is_average = evaluation.best && average;
    if (evaluation.best) {
        t->model_due = true;
        t->best_before = (maske_train_evaluation){.step = t->state->best_step,
                                                  .valid_loss = t->state->best_loss,
                                                  .valid_accuracy = t->state->best_accuracy,
                                                  .best_is_average = t->state->best_is_average};
        t->state->best_step = t->state->step;
        t->state->best_loss = loss;
        t->state->best_accuracy = average ? evaluation.average_valid_accuracy : evaluation.valid_accuracy;
        t->state->best_is_average = average;
    }
    TRY(metrics_add_evaluation(&t->metrics, &evaluation, &t->examples));
    TRY(tensorboard_add_evaluation(&t->tensorboard, &evaluation));
    const maske_train_watch *watch = t->run->watch;
    if (watch != NULL && watch->on_evaluation != NULL) watch->on_evaluation(watch->user, &evaluation);
    return MASKE_OK;
}

/* ------------------------------------------------------------------------------------------------------- steps --- */

static double share(double part, int64_t whole) { return whole > 0 ? part / (double)whole : 0; }

static maske_status report_step(trainer *t, const step_input *input, const step_result *result, double learning_rate) {
    const trainer_state *state = t->state;
    double elapsed = run_clock_elapsed(&t->clock);
    maske_train_step step = {
        .epoch = input->place.epoch,
        .epochs = t->clock.steps > 0 ? (t->clock.steps - 1) / t->epoch.steps + 1 : 0,
        .batch = input->batch,
        .batches = t->epoch.batches,
        .step = input->place.step,
        .steps = t->clock.steps,
        .loss = share(result->loss_sum, result->predicted),
        .average_loss = share(state->epoch_loss_sum, state->epoch_predicted),
        .accuracy = share((double)result->correct, result->predicted),
        .average_accuracy = share((double)state->epoch_correct, state->epoch_predicted),
        .learning_rate = learning_rate,
        .tokens_per_second = t->speed_seconds > 0 ? round(10 * (double)t->speed_tokens / t->speed_seconds) / 10 : 0,
        .seconds = round(1000 * elapsed) / 1000,
        .seconds_left = state->over ? 0 : run_clock_seconds_left(&t->clock, input->place.step, elapsed),
        .tokens = state->tokens,
        .gradient_norm = result->gradient_norm,
        .skipped = state->skipped,
        .logged = state->over || input->place.step % t->settings->log_steps == 0,
    };
    if (step.logged) {
        TRY(metrics_add_step(&t->metrics, &step));
        TRY(tensorboard_add_step(&t->tensorboard, &step));
        t->speed_seconds = 0;
        t->speed_tokens = 0;
    }
    const maske_train_watch *watch = t->run->watch;
    if (watch != NULL && watch->on_step != NULL) watch->on_step(watch->user, &step);
    return MASKE_OK;
}

/* Counts the step's outcome; a skipped step is counted as a step and as nothing else. */
static maske_status count_step(trainer *t, const step_input *input, const step_result *result) {
    trainer_state *state = t->state;
    state->step = input->place.step;
    state->epoch = input->next.epoch;
    state->sequence = input->next.sequence;
    state->mix_epoch = input->next.mix_epoch;
    state->mix_sequence = input->next.mix_sequence;
    if (!result->skipped) {
        state->updates++;
        state->skipped_in_a_row = 0;
        double before = state->gradient_norm, now = result->gradient_norm;
        state->gradient_norm = before > 0 ? norm_memory * before + (1 - norm_memory) * now : now;
        state->tokens += input->tokens;
        state->epoch_loss_sum += result->loss_sum;
        state->epoch_predicted += result->predicted;
        state->epoch_correct += result->correct;
        return MASKE_OK;
    }
    state->skipped_in_a_row++;
    state->skipped++;
    if (!isfinite(result->loss_sum) || !isfinite(result->gradient_norm))
        log_say(MASKE_LOG_WARNING, "step %lld was skipped: its %s not finite", (long long)input->place.step,
                isfinite(result->loss_sum) ? "gradients are" : "loss is");
    else
        log_say(MASKE_LOG_WARNING, "step %lld was skipped: it exploded: loss %.4g, gradients of norm %.4g after %.4g",
                (long long)input->place.step, share(result->loss_sum, result->predicted), result->gradient_norm,
                state->gradient_norm);
    if (state->skipped_in_a_row < MOST_SKIPPED) return MASKE_OK;
    hear(t, true);
    char checkpoint_is[512] = "there is no checkpoint yet";
    if (t->saved_step >= 0)
        snprintf(checkpoint_is, sizeof checkpoint_is, "the last good checkpoint is %.400s/step-%lld",
                 t->run->folder->checkpoints, (long long)t->saved_step);
    return error_set(MASKE_DIVERGED,
                     "%d steps in a row up to step %lld had no finite loss or gradients, or exploded; %s; a smaller learning-rate "
                     "may help",
                     MOST_SKIPPED, (long long)input->place.step, checkpoint_is);
}

/* The weights of the last part of the run are averaged; once begun, the clock cannot take that back. */
static void average(trainer *t, double elapsed) {
    optimizer *o = t->run->optimizer;
    if (o->averaged == 0 && run_clock_done(&t->clock, t->state->step, elapsed) <= 1 - t->settings->average) return;
    optimizer_add_average(o, t->run->model->weights, t->run->threads);
    t->state->averaged = o->averaged;
}

/* One step and its log line. */
static maske_status do_step(trainer *t) {
    const trainer_job *run = t->run;
    double begun = run_clock_elapsed(&t->clock);
    const step_input *input;
    TRY(feeder_next(t->feeder, run_clock_done(&t->clock, t->state->step, begun), &input));
    if (input->place.sequence == 0) {
        t->state->epoch_loss_sum = 0;
        t->state->epoch_predicted = t->state->epoch_correct = 0;
    }
    double learning_rate = run_clock_learning_rate(&t->clock, t->state->step, begun);
    step_room room = {run->model,     t->context,   run->optimizer, &t->parts, t->settings,
                      run->precision, run->threads, t->saver,       0,         0};
    if (t->state->updates >= LEAST_UPDATES)
        room.norm_limit = fmax(exploding_norm * t->state->gradient_norm, t->settings->max_grad_norm);
    room.loss_limit = exploding_loss * log((double)run->model->config.vocab_size);
    step_result result;
    TRY(step_run(&room, input, learning_rate, (uint64_t)t->state->updates + 1, &result));
    TRY(count_step(t, input, &result));
    double elapsed = run_clock_elapsed(&t->clock);
    if (t->settings->average > 0 && !result.skipped) average(t, elapsed);
    run_clock_add_step(&t->clock, elapsed - begun);
    t->speed_seconds += elapsed - begun;
    t->speed_tokens += input->tokens;
    t->state->over = run_clock_is_last(&t->clock, input->place.step, elapsed);
    return report_step(t, input, &result, learning_rate);
}

/* Writes what a stopped run needs to go on. */
static maske_status stop(trainer *t) {
    trainer_state *state = t->state;
    hear(t, true);
    if (t->saved_step != state->step) save(t, false, true);
    hear(t, true);
    if (t->save_failed)
        return error_set(MASKE_IO, "stopped after step %lld, and the checkpoint was not written: %s",
                         (long long)state->step, t->error.text);
    /* Nothing was evaluated yet: what there is, is the model for now. */
    if (state->best_step == 0) save(t, true, false);
    hear(t, true);
    return error_set(MASKE_STOPPED, "stopped after step %lld; checkpoint written: %s/step-%lld", (long long)state->step,
                     t->run->folder->checkpoints, (long long)state->step);
}

/* Saves the model of the run's folder by itself: the averaged weights, or those of the last step. */
static maske_status save_model(trainer *t, bool average) {
    hear(t, true);
    if (average) TRY(swap_average(t, false));
    save(t, true, false);
    hear(t, true);
    return average ? swap_average(t, false) : MASKE_OK;
}

static maske_status finish(trainer *t) {
    hear(t, true);
    if (t->run->held_out == NULL) TRY(save_model(t, t->run->optimizer->averaged > 0));
    else if (t->state->best_step == 0) TRY(save_model(t, false));
    if (t->best_failed) return error_set(MASKE_IO, "the model was not written: %s", t->error.text);
    t->state->finished = true;
    save(t, false, true);
    hear(t, true);
    if (t->save_failed) return error_set(MASKE_IO, "the last checkpoint was not written: %s", t->error.text);
    return run_folder_finish(t->run->folder);
}

/* Saves what is due after a step and its evaluation. */
static maske_status save_due(trainer *t, bool whole) {
    if (t->model_due && t->state->best_is_average) {
        t->model_due = false;
        TRY(save_model(t, true));
    }
    if (t->model_due || whole) save(t, t->model_due, whole);
    t->model_due = false;
    return MASKE_OK;
}

static maske_status loop(trainer *t) {
    trainer_state *state = t->state;
    if (state->evaluation_due) TRY(evaluate(t));
    TRY(save_due(t, false));
    while (!state->over) {
        if (control_stopped(t->run->control)) return MASKE_STOPPED;
        TRY(do_step(t));
        hear(t, false);
        if (run_clock_evaluation_is_due(&t->clock, state->step, run_clock_elapsed(&t->clock), state->over))
            TRY(evaluate(t));
        /* No checkpoint of weights that may be spoiled already. */
        TRY(save_due(t, !state->over && state->skipped_in_a_row == 0 && run_clock_save_is_due(&t->clock, state->step)));
    }
    return MASKE_OK;
}

/* -------------------------------------------------------------------------------------------- beginning and end --- */

/* Guesses from sizes, for a run by the clock that has measured nothing yet: a forward pass takes a third of a step, and
 * a small computer's disk takes 200 MB a second. */
static void guess_seconds(trainer *t) {
    double weights = (double)t->run->model->table.total;
    t->clock.save_guess = 4 * weights * sizeof(float) / 2e8;
    double tokens_a_second = 2e9 / weights;
    t->clock.evaluation_guess = t->clock.evaluates ? (double)(t->validation.tokens + t->old.tokens) / tokens_a_second / 3 : 0;
}

/* How many sequences are evaluated at most. By the clock that is decided before the first step, and then stays. */
static maske_status limit_evaluations(trainer *t, size_t *most, size_t batch_size) {
    const trainer_job *run = t->run;
    trainer_state *state = t->state;
    if (t->clock.steps == 0 && state->step == 0 && state->evaluated_sequences == 0) {
        double seconds = run_clock_evaluation_seconds(state->time_budget);
        if (run->mix_held_out != NULL) seconds /= 2;    /* as many of these */
        TRY(validation_limit(&state->evaluated_sequences, seconds, run->held_out, run->training,
                             (uint64_t)t->settings->seed, batch_size, run->model, t->context, run->control));
    }
    *most = state->evaluated_sequences > 0 ? (size_t)state->evaluated_sequences : SIZE_MAX;
    return MASKE_OK;
}

static maske_status prepare(trainer *t) {
    const trainer_job *run = t->run;
    const maske_train_options *settings = t->settings;
    int64_t sequences = dataset_describe(run->training)->sequences;
    t->epoch = epoch_plan_make(sequences, settings->batch_size, settings->accumulate);
    t->clock = (run_clock){.settings = settings, .state = t->state, .evaluates = run->held_out != NULL};
    if (settings->steps > 0) t->clock.steps = settings->steps;
    else if (settings->minutes == 0) t->clock.steps = (int64_t)ceil(progression_steps(settings, settings->epochs * (double)t->epoch.steps));
    t->saved_step = t->state->step > 0 ? t->state->step : -1;

    if (settings->average > 0) TRY(optimizer_keep_average(run->optimizer));
    masked_lm_capacity capacity = plan_capacity(settings, run->precision, run->threads);
    TRY(masked_lm_pack(run->model, run->precision, true, run->threads));
    TRY(masked_lm_context_new(&t->context, run->model, &capacity));
    TRY(micro_batches_new(&t->parts, capacity.sequences, capacity.tokens));
    if (run->held_out != NULL) {
        size_t batch_size = capacity.tokens / capacity.sequence_length, most;
        TRY(limit_evaluations(t, &most, batch_size));
        TRY(validation_new(&t->validation, run->held_out, run->training, (size_t)run->model->config.vocab_size,
                           (uint64_t)settings->seed, batch_size, most));
        if (run->mix_held_out != NULL)
            TRY(validation_new(&t->old, run->mix_held_out, run->mix, (size_t)run->model->config.vocab_size,
                               (uint64_t)settings->seed, batch_size, t->validation.sequences));
        TRY(examples_new(&t->examples, run->held_out, run->tokenizer, run->model, run->threads));
    }
    TRY(metrics_open(&t->metrics, run->folder->path, (uint64_t)t->state->metrics_bytes));
    if (settings->tensorboard) TRY(tensorboard_open(&t->tensorboard, run->folder->path, t->state->step + 1));
    checkpoint_parts parts = {run->model, run->optimizer, run->tokenizer, NULL, settings, run->identity};
    TRY(saver_start(&t->saver, run->folder, &t->metrics, &parts, settings->keep));
    guess_seconds(t);
    const trainer_state *state = t->state;
    feed_place first = {state->step + 1, state->epoch, state->sequence, state->mix_epoch, state->mix_sequence};
    if (state->epoch == 0) first = feed_place_after(&t->epoch, state->step);
    double done = run_clock_done(&t->clock, state->step, state->seconds);
    return feeder_start(&t->feeder, &(feed){run->training, run->mix, settings, t->clock.steps, done}, &first);
}

maske_status trainer_run(const trainer_job *run) {
    trainer t = {.run = run, .settings = run->settings, .state = run->state, .metrics.descriptor = -1,
                 .tensorboard.descriptor = -1};
    maske_status status = prepare(&t);
    run_clock_start(&t.clock);
    if (run->budget_since > 0) run_clock_spend(&t.clock, clock_now() - run->budget_since);
    if (status == MASKE_OK) {
        status = loop(&t);
        if (status == MASKE_OK) status = finish(&t);
        else if (status == MASKE_STOPPED) status = stop(&t);
    }
    hear(&t, true);     /* a run that fails does not take what is being written with it */
    saver_stop(t.saver);
    feeder_stop(t.feeder);
    metrics_close(&t.metrics);
    tensorboard_close(&t.tensorboard);
    validation_free(&t.validation);
    validation_free(&t.old);
    micro_batches_free(&t.parts);
    examples_free(&t.examples);
    masked_lm_context_free(t.context);
    return status;
}
