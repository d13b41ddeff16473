/* train/schedule.c: linear, cosine, wsd, constant. */
#include "train/schedule.h"

#include <math.h>
#include <string.h>

static schedule_kind kind_of(const char *name) {
    return strcmp(name, "cosine") == 0     ? SCHEDULE_COSINE
           : strcmp(name, "constant") == 0 ? SCHEDULE_CONSTANT
                                           : SCHEDULE_LINEAR;
}

/* wsd is linear with a fall that begins late. */
static schedule make(const maske_train_options *settings, double warmup, double decay, double total) {
    bool stays_up = strcmp(settings->schedule, "wsd") == 0;
    double fall = stays_up && total - decay > warmup ? total - decay : warmup;
    return (schedule){kind_of(settings->schedule), warmup, fall, total, settings->learning_rate};
}

schedule schedule_by_steps(const maske_train_options *settings, int64_t steps) {
    double total = (double)steps;
    return make(settings, ceil(total * settings->warmup_ratio), ceil(total * settings->decay_ratio), total);
}

schedule schedule_by_seconds(const maske_train_options *settings, double seconds) {
    return make(settings, seconds * settings->warmup_ratio, seconds * settings->decay_ratio, seconds);
}

double schedule_learning_rate(const schedule *s, double position) {
    if (position < s->warmup) return s->highest * position / s->warmup;
    if (s->kind == SCHEDULE_CONSTANT || position < s->fall) return s->highest;
    if (position >= s->total) return 0;
    double falling = s->total - s->fall;
    if (s->kind == SCHEDULE_LINEAR) return s->highest * ((s->total - position) / falling);
    return s->highest * 0.5 * (1.0 + cos(3.14159265358979323846 * ((position - s->fall) / falling)));
}
