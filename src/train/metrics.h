/* train/metrics.h: metrics.jsonl: one object a logged step, one an evaluation.
 *
 * The file only grows, and a checkpoint holds how long it was: a run that goes on from there cuts the file at that
 * length, so that no line is there twice and none is missing. A line that cannot be written (a full disk) waits and is
 * tried again with the next one; no checkpoint is written before it is there. */
#ifndef MASKE_TRAIN_METRICS_H
#define MASKE_TRAIN_METRICS_H

#include "base/file.h"
#include "train/examples.h"

typedef struct metrics {
    char *path;
    int descriptor;             /* -1: not open */
    uint64_t length;            /* bytes in the file that count */
    buffer waiting;             /* lines not yet in the file */
    bool warned;
} metrics;

/* Makes or opens the file and cuts it to `keep` bytes; a file that is shorter is kept as it is, with a warning. */
MASKE_MUST_USE maske_status metrics_open(metrics *out, const char *folder, uint64_t keep);
void metrics_close(metrics *m);

MASKE_MUST_USE maske_status metrics_add_step(metrics *m, const maske_train_step *step);
MASKE_MUST_USE maske_status metrics_add_evaluation(metrics *m, const maske_train_evaluation *evaluation,
                                                   const examples *filled);
/* Every line is with the system, or this fails. */
MASKE_MUST_USE maske_status metrics_write(metrics *m);
/* What was written is on the disk, or this fails. For any thread. */
MASKE_MUST_USE maske_status metrics_sync(const metrics *m);

#endif
