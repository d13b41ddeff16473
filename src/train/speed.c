/* train/speed.c: a few steps of maske_bench_train, again while there is time. */
#include "train/speed.h"
#include "base/clock.h"
#include "base/memory.h"
#include "train/bench_train.h"
#include "train/recipe.h"
#include "train/sizes.h"

#include <math.h>

static const double few_seconds = 0.5;
/* More sequences at once take half as much memory again, and make mini no faster. */
enum { VOCABULARY = 8000, SEQUENCES = 4 };

/* Whether there is so much memory, by the user's word and by the machine's. */
static maske_status fits(bool *out, const maske_train_options *o, int64_t limit, const maske_control *control) {
    size_t needs, held = memory_resident();
    TRY(bench_train_memory(&needs, o, control));
    *out = (limit == 0 || needs <= (size_t)limit) && (needs <= held || needs - held <= memory_available());
    return MASKE_OK;
}

maske_status speed_measure(double *operations, const maske_train_options *settings, double seconds,
                           const maske_control *control) {
    maske_train_options o;
    maske_bench_train_report report;
    maske_train_options_defaults(&o);
    o.size = seconds < few_seconds ? "tiny" : "mini";
    o.precision = settings->precision;
    o.vocab_size = VOCABULARY;
    o.steps = 2;
    if (seconds >= few_seconds) {
        bool enough = true;
        o.batch_size = SEQUENCES;
        TRY(fits(&enough, &o, settings->memory, control));
        if (!enough) o.size = "tiny";
    }
    double begun = clock_now(), best = INFINITY, fastest = 0;
    do {
        TRY(maske_bench_train(&report, &o, control));
        best = fmin(best, report.seconds);
        fastest = (double)report.tokens / best;
    } while (clock_now() - begun < seconds);
    TRY(sizes_complete(&o));
    *operations = fastest * recipe_operations(&o, VOCABULARY) / recipe_speed((double)o.hidden_size);
    return MASKE_OK;
}
