/* train/speed.h: how fast this machine trains, measured in a moment before a run. */
#ifndef MASKE_TRAIN_SPEED_H
#define MASKE_TRAIN_SPEED_H

#include "base/status.h"

/* Floating-point operations a second in a training step of size mini (tiny, where there are few seconds or where mini
 * would not fit into the memory that there is or that the settings name), with the settings' precision and the control's
 * threads. Takes about `seconds`, at least two steps. */
MASKE_MUST_USE maske_status speed_measure(double *operations, const maske_train_options *settings, double seconds,
                                          const maske_control *control);

#endif
