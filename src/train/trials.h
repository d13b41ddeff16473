/* train/trials.h: short runs before the run that settle the learning rate. */
#ifndef MASKE_TRAIN_TRIALS_H
#define MASKE_TRAIN_TRIALS_H

#include "train/recipe.h"
#include "train/run.h"

/* Whether the settings ask for trials and there is something to settle; says why not where they ask in vain: rates that
 * were given stay, and without held-out text there is nothing to compare by. The data must be there. */
bool trials_due(const run *r, const bool given[RECIPE_ROWS]);
/* Three runs, each over its part of the settings' share of the minutes and a whole schedule: with the learning rates as
 * they are, with twice as much, and with half or four times as much, whichever side was better. The one with the lowest
 * held-out loss gives the settings their rates, unless the first has too few steps to tell. What r->lm holds is begun from
 * each time. */
MASKE_MUST_USE maske_status trials_run(run *r, const bool given[RECIPE_ROWS]);

#endif
