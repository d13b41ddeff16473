/* train/settings.h: the settings of a run: checked, made whole, kept in train.json.
 *
 * A maske_train_options that came from settings_copy or settings_read owns its texts: settings_free. */
#ifndef MASKE_TRAIN_SETTINGS_H
#define MASKE_TRAIN_SETTINGS_H

#include "base/json.h"

/* A copy that owns its texts; NULL: every default. */
MASKE_MUST_USE maske_status settings_copy(maske_train_options *out, const maske_train_options *given);
void settings_free(maske_train_options *settings);

/* Every value in its row's range (or "not given"); at most one of minutes, epochs and steps. */
MASKE_MUST_USE maske_status settings_check(const maske_train_options *settings);
/* For settings that were checked: fills in what was not given: shape from the size (sizes.h), 3 epochs. Fails where the
 * parts do not fit together. */
MASKE_MUST_USE maske_status settings_complete(maske_train_options *settings);

/* An object with a key for each row of the option table but "force" and "dry-run", which are no properties of a run; null: not given. */
void settings_write(json_writer *w, const maske_train_options *settings);
/* Reads such an object; unknown keys and values out of range fail. `place` is the file (and place in it). */
MASKE_MUST_USE maske_status settings_read(maske_train_options *out, const json_t *object, const char *place);
/* Fails with MASKE_BAD_ARGUMENT, naming the first setting that differs and both values. */
MASKE_MUST_USE maske_status settings_expect_equal(const maske_train_options *found, const char *found_place,
                                                  const maske_train_options *expected, const char *expected_place);

#endif
