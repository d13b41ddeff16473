/* train/changes.h: what may differ when a run goes on.
 *
 * A run that is resumed is the same run, to the last bit: the same text, tokenizer and settings, the same program on
 * the same kind of CPU with the same precision. What differs is named and refused. Who wants to go on all the same
 * names it in return: then it is a warning, and the run goes on with what is there now.
 *
 *   corpus      the text, or the text held out: files with other bytes
 *   tokenizer   tokenizer.json; its vocabulary must fit the model all the same
 *   settings    train.json, but for the model's shape
 *   version     the program, or the compiler that built it
 *   cpu         the level of the kernels: results agree to rounding, not bit for bit
 *   precision   of the matrix products, where it is "auto"
 *   threads     may differ anyhow: no result depends on them */
#ifndef MASKE_TRAIN_CHANGES_H
#define MASKE_TRAIN_CHANGES_H

#include "base/status.h"

typedef enum change {
    CHANGE_CORPUS, CHANGE_TOKENIZER, CHANGE_SETTINGS, CHANGE_VERSION, CHANGE_CPU, CHANGE_PRECISION, CHANGE_THREADS,
    CHANGES
} change;
typedef struct changes { bool allowed[CHANGES]; } changes;

/* Names with commas between them; NULL: nothing may differ. */
MASKE_MUST_USE maske_status changes_read(changes *out, const char *names);
/* `status` as it came from comparing: a difference (MASKE_BAD_ARGUMENT) that is allowed is said as a warning and is
 * MASKE_OK; one that is not gets the way to allow it behind its sentence. */
MASKE_MUST_USE maske_status changes_judge(const changes *c, change which, maske_status status);

#endif
