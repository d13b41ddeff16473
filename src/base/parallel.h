/* base/parallel.h: how many threads, and a loop over tasks whose result does not depend on who does which. */
#ifndef MASKE_BASE_PARALLEL_H
#define MASKE_BASE_PARALLEL_H

#include "base/log.h"

/* The threads to use: what control asks for (0 or NULL control: every core that this process may use), at least 1. */
int parallel_threads(const maske_control *control);

/* Calls task(user, i, thread) for i in 0..count-1 on up to `threads` threads (thread: 0..threads-1). Tasks are handed
 * out one by one, so i must be all that a result depends on. */
void parallel_for(int threads, size_t count, void (*task)(void *user, size_t i, int thread), void *user);

#endif
