/* train/bench_train.h: what maske_bench_train needs. */
#ifndef MASKE_TRAIN_BENCH_TRAIN_H
#define MASKE_TRAIN_BENCH_TRAIN_H

#include "base/status.h"

/* Bytes of memory that the process has while maske_bench_train runs with these options, at most. */
MASKE_MUST_USE maske_status bench_train_memory(size_t *out, const maske_train_options *options, const maske_control *control);

#endif
