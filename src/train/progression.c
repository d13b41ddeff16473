/* train/progression.c: straight lines. */
#include "train/progression.h"

#include <math.h>

static const double begins_with = 0.25;         /* of the batch, of the length */
enum { SHORTEST = 16 };         /* tokens: in fewer there is nothing to learn from */

double progression_mask_probability(const maske_train_options *settings, double done) {
    double begin = settings->mask_probability, end = settings->mask_probability_end;
    return end > 0 ? begin + (end - begin) * done : begin;
}

static int64_t grown(int64_t whole, double ratio, double done) {
    if (done >= ratio) return whole;
    int64_t now = (int64_t)floor((double)whole * (begins_with + (1 - begins_with) * done / ratio));
    return now < 1 ? 1 : now;
}

int64_t progression_batch_size(const maske_train_options *settings, double done) {
    return grown(settings->batch_size, settings->batch_warmup_ratio, done);
}

int64_t progression_length(const maske_train_options *settings, double done) {
    int64_t whole = settings->max_length, now = grown(whole, settings->length_warmup_ratio, done);
    int64_t least = whole < SHORTEST ? whole : SHORTEST;
    return now < least ? least : now;
}

double progression_steps(const maske_train_options *settings, double steps) {
    return steps / (1 - 0.5 * (1 - begins_with) * settings->batch_warmup_ratio);
}
