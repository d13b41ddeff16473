/* train/choose.h: the recipe (recipe.h) applied to a run that is about to begin. */
#ifndef MASKE_TRAIN_CHOOSE_H
#define MASKE_TRAIN_CHOOSE_H

#include "train/recipe.h"
#include "train/run.h"

/* Looks at the text, measures this machine for a moment, and fills the settings that were not given, completely; says
 * what it chose and why. The text was measured (sources_measure); `begun`: the clock's time at which the minutes began
 * to run. */
MASKE_MUST_USE maske_status choose_settings(run *r, const bool given[RECIPE_ROWS], double begun);

#endif
