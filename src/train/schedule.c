/* train/schedule.c: linear, cosine, constant. */
#include "train/schedule.h"

#include <math.h>
#include <string.h>

static schedule_kind kind_of(const char *name) {
    return strcmp(name, "cosine") == 0     ? SCHEDULE_COSINE
           : strcmp(name, "constant") == 0 ? SCHEDULE_CONSTANT
                                           : SCHEDULE_LINEAR;
}

schedule schedule_by_steps(const maske_train_options *settings, int64_t steps) {
    return (schedule){kind_of(settings->schedule), ceil((double)steps * settings->warmup_ratio), (double)steps,
                      settings->learning_rate};
}

schedule schedule_by_seconds(const maske_train_options *settings, double seconds) {
    return (schedule){kind_of(settings->schedule), seconds * settings->warmup_ratio, seconds, settings->learning_rate};
}

double schedule_learning_rate(const schedule *s, double position) {
    if (position < s->warmup) return s->highest * position / s->warmup;
    if (s->kind == SCHEDULE_CONSTANT) return s->highest;
    if (position >= s->total) return 0;
    double falling = s->total - s->warmup;
    if (s->kind == SCHEDULE_LINEAR) return s->highest * ((s->total - position) / falling);
    return s->highest * 0.5 * (1.0 + cos(3.14159265358979323846 * ((position - s->warmup) / falling)));
}
