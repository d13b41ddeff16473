/* train/recipe.h: the rule by which `--minutes M` alone chooses the settings of a run (docs/recipe.md).
 *
 * A function of what is known before the training: how much text there is, how long it may take, how fast this machine
 * is, and which settings the user gave; these are kept, and the rest is chosen around them. It measures nothing, reads
 * nothing and has no state; the numbers it goes by stand in one table at the top of recipe.c. */
#ifndef MASKE_TRAIN_RECIPE_H
#define MASKE_TRAIN_RECIPE_H

#include "base/status.h"

enum { RECIPE_ROWS = 128, RECIPE_LINES = 16 };

typedef struct recipe_inputs {
    double minutes;             /* of training: what was spent before is taken off */
    double text_bytes;          /* that are trained on */
    double operations;          /* a second that a training step of size mini reaches (recipe_operations) */
    int64_t vocab_size;         /* of the tokenizer that there is; 0: one is learned */
    bool has_model;             /* goes on from a model: its shape is settled */
    bool given[RECIPE_ROWS];    /* by the row of the option table: the user's own */
} recipe_inputs;

typedef struct recipe_line { const char *name; char value[40], why[120]; bool given; } recipe_line;

typedef struct recipe_choice {
    double tokens;              /* of the text, about */
    double trained;             /* tokens in the minutes, about */
    double passes;              /* over the text */
    double minutes;             /* of training: fewer than there are where more passes would not help */
    int64_t steps;              /* about */
    recipe_line lines[RECIPE_LINES];        /* [count]: the table that the user sees */
    size_t count;
} recipe_choice;

/* Marks the settings that differ from their defaults, and those of `names` (commas between them; NULL: none). Fails on
 * a name that no setting has. */
MASKE_MUST_USE maske_status recipe_find_given(bool given[RECIPE_ROWS], const maske_train_options *settings,
                                              const char *names);
bool recipe_is_given(const bool given[RECIPE_ROWS], const char *name);
/* Changes what was not given. Texts set are constants: the settings' owner copies them (settings_copy). */
MASKE_MUST_USE maske_status recipe_choose(recipe_choice *out, maske_train_options *settings, const recipe_inputs *in);

/* Operations a second of a shape of this width, beside those of mini. */
double recipe_speed(double hidden_size);
/* Floating-point operations of training on one token. settings: with a shape. */
double recipe_operations(const maske_train_options *settings, double vocab_size);

#endif
