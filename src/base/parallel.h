/* base/parallel.h: how many threads, and a loop over tasks whose result does not depend on who does which. */
#ifndef MASKE_BASE_PARALLEL_H
#define MASKE_BASE_PARALLEL_H

#include "base/log.h"

#include <pthread.h>

/* The threads to use: what control asks for (0 or NULL control: every core that this process may use), at least 1. */
int parallel_threads(const maske_control *control);

/* Calls task(user, i, thread) for i in 0..count-1 on up to `threads` threads (thread: 0..threads-1, 0 the caller's) and
 * returns when all are done. Tasks are handed out one by one, so i must be all that a result depends on.
 *
 * The threads belong to the process and wait for the next loop. Who is late is not waited for: the caller does what is
 * left, so that a core busy with something else costs its share and no more. A loop inside a task, and a loop begun
 * while another thread of the process is in one, run on the calling thread alone. */
void parallel_for(int threads, size_t count, void (*task)(void *user, size_t i, int thread), void *user);

/* As pthread_create, for a thread that no signal is handled by: those are for the program's own. 0: it runs. */
int parallel_start_thread(pthread_t *out, void *(*work)(void *user), void *user);

#endif
