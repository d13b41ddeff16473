/* base/parallel.c: OpenMP behind one function. */
#include "base/parallel.h"
#include "base/cpu.h"

#include <omp.h>

int parallel_threads(const maske_control *control) {
    int wanted = control != NULL ? control->threads : 0;
    if (wanted <= 0) wanted = cpu_cores();
    return wanted < 1024 ? wanted : 1024;
}

void parallel_for(int threads, size_t count, void (*task)(void *user, size_t i, int thread), void *user) {
    if ((size_t)threads > count) threads = (int)count;
    if (threads <= 1) {
        for (size_t i = 0; i < count; i++) task(user, i, 0);
        return;
    }
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (size_t i = 0; i < count; i++) task(user, i, omp_get_thread_num());
}
