/* train/run_clock.c: when things are due. */
#include "train/run_clock.h"
#include "base/clock.h"
#include "train/schedule.h"

#include <math.h>

enum { EVALUATIONS = 10 };      /* in a run, where eval_steps says nothing */
static const double evaluations_share = 0.1;    /* of the time, all of them */

void run_clock_start(run_clock *c) {
    c->last_save = clock_now();
    c->started = c->last_save - c->state->seconds;
}

void run_clock_spend(run_clock *c, double seconds) {
    c->state->time_budget = fmax(c->state->time_budget - seconds, 0.5 * c->state->time_budget);
}

double run_clock_evaluation_seconds(double budget) { return evaluations_share * budget / EVALUATIONS; }

double run_clock_elapsed(const run_clock *c) { return clock_now() - c->started; }

/* Seconds that the end of the run takes, once training is over. */
static double reserve(const run_clock *c) {
    double evaluation = c->state->evaluation_seconds > 0 ? c->state->evaluation_seconds : c->evaluation_guess;
    /* A checkpoint has three times the model's numbers, in more files. */
    double save = c->state->save_seconds > 0 ? c->state->save_seconds : fmax(c->save_guess, 3 * c->model_seconds);
    save += c->model_seconds;
    /* The last one may be of two models. */
    if (c->settings->average > 0) evaluation *= 2;
    return (c->evaluates ? evaluation : 0) + save;
}

/* Seconds in which the weights change; at least half of what there is, however long saving takes. */
static double training_seconds(const run_clock *c) {
    return fmax(c->state->time_budget - reserve(c), 0.5 * c->state->time_budget);
}

double run_clock_learning_rate(const run_clock *c, int64_t step, double elapsed) {
    schedule s =
        c->steps > 0 ? schedule_by_steps(c->settings, c->steps) : schedule_by_seconds(c->settings, training_seconds(c));
    return schedule_learning_rate(&s, c->steps > 0 ? (double)step : elapsed);
}

double run_clock_done(const run_clock *c, int64_t step, double elapsed) {
    double done = c->steps > 0 ? (double)step / (double)c->steps : elapsed / training_seconds(c);
    return done < 1 ? done : 1;
}

void run_clock_add_step(run_clock *c, double seconds) {
    c->step_seconds = c->step_seconds == 0 ? seconds : 0.9 * c->step_seconds + 0.1 * seconds;
}

bool run_clock_is_last(const run_clock *c, int64_t step, double elapsed) {
    if (c->steps > 0) return step >= c->steps;
    /* A step more would end further behind the time than this one does before it. */
    return elapsed + 0.5 * c->step_seconds >= training_seconds(c);
}

bool run_clock_evaluation_is_due(run_clock *c, int64_t step, double elapsed, bool last) {
    if (!c->evaluates) return false;
    if (last) return true;
    if (c->settings->eval_steps > 0) return step % c->settings->eval_steps == 0;
    if (c->steps > 0) return step * EVALUATIONS / c->steps > (step - 1) * EVALUATIONS / c->steps;
    /* Tenths of the training: the time of the evaluations themselves is not counted, else one would be due behind the other. */
    int64_t passed = (int64_t)((elapsed - c->state->evaluating_seconds) / training_seconds(c) * EVALUATIONS);
    bool due = passed > c->state->evaluations_by_clock;
    if (due) c->state->evaluations_by_clock = passed;
    return due;
}

bool run_clock_save_is_due(const run_clock *c, int64_t step) {
    if (c->settings->save_steps > 0 && step % c->settings->save_steps == 0) return true;
    return clock_now() - c->last_save >= 60 * c->settings->save_minutes;
}

double run_clock_seconds_left(const run_clock *c, int64_t step, double elapsed) {
    if (c->steps == 0) return fmax(0, c->state->time_budget - elapsed);
    if (c->step_seconds == 0) return -1;
    return (double)(c->steps - step) * c->step_seconds + reserve(c);
}
