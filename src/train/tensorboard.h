/* train/tensorboard.h: a run's figures as event files, as TensorBoard reads them, in DIR/tensorboard.
 *
 * Each start of the run writes a file of its own, which begins by saying at which step it takes over: TensorBoard then
 * drops what an interrupted run wrote behind that step. A file is a row of records (TFRecord):
 *
 *   length, 8 bytes | masked CRC-32C of these | Event, a protocol buffer | masked CRC-32C of it
 *
 * A disk that is full costs events, not the run. */
#ifndef MASKE_TRAIN_TENSORBOARD_H
#define MASKE_TRAIN_TENSORBOARD_H

#include "base/buffer.h"

/* Zeroed but for descriptor -1: writes nothing. */
typedef struct tensorboard {
    int descriptor;
    char *path;
    buffer record, event, summary, value;       /* used again and again */
    bool failed;                                /* it was said, and nothing more is written */
} tensorboard;

/* `folder` is the run's; first_step: the next one that will be written. */
MASKE_MUST_USE maske_status tensorboard_open(tensorboard *out, const char *folder, int64_t first_step);
MASKE_MUST_USE maske_status tensorboard_add_step(tensorboard *t, const maske_train_step *step);
MASKE_MUST_USE maske_status tensorboard_add_evaluation(tensorboard *t, const maske_train_evaluation *evaluation);
void tensorboard_close(tensorboard *t);

/* CRC-32C (Castagnoli), as RFC 3720 has it. */
uint32_t crc32c(const void *bytes, size_t length);

#endif
