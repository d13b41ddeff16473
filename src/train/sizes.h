/* train/sizes.h: the named sizes, and a model's shape from the settings. */
#ifndef MASKE_TRAIN_SIZES_H
#define MASKE_TRAIN_SIZES_H

#include "base/status.h"

/* Fills in hidden size, layers, heads (one for each 64 of the hidden size) and intermediate size (4 x hidden) where
 * they are 0. Fails where heads do not divide the hidden size. */
MASKE_MUST_USE maske_status sizes_complete(maske_train_options *settings);

/* Entries of a tokenizer learned from so many bytes of text: one for each 256 bytes (some 30 words), rounded up to a
 * multiple of 8, from 1000 to 16000: entries seen too seldom would never learn a vector of their own. */
int64_t sizes_vocabulary(int64_t text_bytes);
/* Bytes of text from which on more text gives no more entries. */
int64_t sizes_vocabulary_bytes(void);

#endif
