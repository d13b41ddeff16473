/* train/speed.c: a few steps of maske_bench_train, again while there is time. */
#include "train/speed.h"
#include "base/clock.h"
#include "base/memory.h"
#include "train/bench_train.h"
#include "train/recipe.h"
#include "train/sizes.h"

#include <math.h>

/* tiny's products are slower (recipe.c): what mini would reach. */
static const double few_seconds = 0.5, tiny_is_slower = 0.85;
/* More sequences at once take half as much memory again, and learn no faster. */
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
    bool few = seconds < few_seconds, enough = true;
    o.size = few ? "tiny" : "mini";
    o.precision = settings->precision;
    o.vocab_size = VOCABULARY;
    o.batch_size = SEQUENCES;
    o.steps = 2;
    if (!few) TRY(fits(&enough, &o, settings->memory, control));
    if (!enough) {
        few = true;
        o.size = "tiny";
    }
    double begun = clock_now(), best = INFINITY, fastest = 0;
    do {
        TRY(maske_bench_train(&report, &o, control));
        best = fmin(best, report.seconds);
        fastest = (double)report.tokens / best;
    } while (clock_now() - begun < seconds);
    TRY(sizes_complete(&o));
    *operations = fastest * recipe_operations(&o, VOCABULARY) / (few ? tiny_is_slower : 1);
    return MASKE_OK;
}
