/* base/parallel.c: a pool of threads behind one function.
 *
 * Problem: a training step is some hundred short loops. A barrier at the end of each waits for every thread, also for
 * one that the system has put aside for another program; on a computer that does something else besides, that costs
 * several times the share of the core. Here a loop ends when its tasks are done, whoever did them.
 *
 * The loop is one word, the ticket: how many threads may take part, how many tasks there are, and the next one. A
 * thread takes a task by exchanging the ticket for one with the next number. Whoever succeeds holds a task of the loop
 * whose description stands in the pool now, and that loop cannot end before this task is done; so the description may
 * be read then, and only then.
 *
 *   bits   63..54     53..27    26..0
 *          threads    tasks     next task */
#include "base/parallel.h"
#include "base/cpu.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

enum { MOST_THREADS = 1023, MOST_TASKS = 1 << 26, SPINS = 4000 };

typedef struct pool {
    _Atomic uint64_t ticket;
    _Atomic size_t left;                /* tasks not done yet */
    /* the loop's description */
    void (*task)(void *user, size_t i, int thread);
    void *user;
    size_t first;                       /* added to a task's number */

    pthread_mutex_t owner;              /* held by the thread whose loop it is */
    pthread_mutex_t mutex;              /* of sleeping */
    pthread_cond_t work;
    _Atomic int sleepers;
    int started;                        /* threads 1..started are there */
} pool;

static pool the_pool = {.owner = PTHREAD_MUTEX_INITIALIZER, .mutex = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER};
static _Thread_local bool inside;       /* this thread is doing a task */

static uint64_t ticket_make(uint64_t threads, uint64_t tasks) { return threads << 54 | tasks << 27; }
static size_t ticket_threads(uint64_t ticket) { return ticket >> 54; }
static size_t ticket_tasks(uint64_t ticket) { return ticket >> 27 & ((1u << 27) - 1); }
static size_t ticket_next(uint64_t ticket) { return ticket & ((1u << 27) - 1); }
static bool ticket_open(uint64_t ticket, int thread) {
    return ticket_next(ticket) < ticket_tasks(ticket) && (size_t)thread < ticket_threads(ticket);
}

/* Numbers too small for a normal float count as 0 while tasks run, on every thread alike: AdamW's moments of a token that
 * is rarely seen fade into such numbers, and arithmetic on them is a hundred times slower. Gives the mode before. */
static inline unsigned flush_small_numbers(void) {
#if defined(__x86_64__)
    unsigned before = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(before | 0x8040);        /* flush to zero, denormals are zero */
    return before;
#else
    return 0;
#endif
}
static inline void restore_mode(unsigned before) {
#if defined(__x86_64__)
    __builtin_ia32_ldmxcsr(before);
#else
    (void)before;
#endif
}

static inline void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Does tasks until none is left to take. */
static void work_on(pool *p, int thread) {
    uint64_t ticket = atomic_load(&p->ticket);
    while (ticket_open(ticket, thread)) {
        if (!atomic_compare_exchange_weak(&p->ticket, &ticket, ticket + 1)) continue;
        p->task(p->user, p->first + ticket_next(ticket), thread);
        atomic_fetch_sub(&p->left, 1);
        ticket = atomic_load(&p->ticket);
    }
}

/* Waits a moment awake, since the next loop is mostly near, then asleep. */
static void wait_for_work(pool *p, int thread) {
    for (int i = 0; i < SPINS; i++) {
        if (ticket_open(atomic_load(&p->ticket), thread)) return;
        relax();
    }
    pthread_mutex_lock(&p->mutex);
    atomic_fetch_add(&p->sleepers, 1);
    while (!ticket_open(atomic_load(&p->ticket), thread)) pthread_cond_wait(&p->work, &p->mutex);
    atomic_fetch_sub(&p->sleepers, 1);
    pthread_mutex_unlock(&p->mutex);
}

static void *worker(void *number) {
    int thread = (int)(intptr_t)number;
    inside = true;
    (void)flush_small_numbers();
    for (;;) {
        wait_for_work(&the_pool, thread);
        work_on(&the_pool, thread);
    }
    return NULL;
}

/* A child has none of its parent's threads. Called in the child, which is alone. */
static void forget_threads(void) {
    pthread_mutex_init(&the_pool.owner, NULL);
    pthread_mutex_init(&the_pool.mutex, NULL);
    pthread_cond_init(&the_pool.work, NULL);
    atomic_store(&the_pool.sleepers, 0);
    atomic_store(&the_pool.ticket, 0);
    the_pool.started = 0;
}

int parallel_start_thread(pthread_t *out, void *(*work)(void *user), void *user) {
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGBUS);            /* what a thread does itself it cannot put off */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(out, NULL, work, user);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

/* As many threads as asked for, or as can be had: fewer do the same work. */
static void start_threads(pool *p, int wanted) {
    static bool watched;
    if (!watched) watched = pthread_atfork(NULL, NULL, forget_threads) == 0;
    while (p->started < wanted) {
        pthread_t thread;
        if (parallel_start_thread(&thread, worker, (void *)(intptr_t)(p->started + 1)) != 0) break;
        pthread_detach(thread);
        p->started++;
    }
}

static void run_loop(pool *p, int threads, size_t first, size_t count, void (*task)(void *user, size_t i, int thread), void *user) {
    p->task = task;
    p->user = user;
    p->first = first;
    atomic_store(&p->left, count);
    atomic_store(&p->ticket, ticket_make((uint64_t)threads, count));
    if (atomic_load(&p->sleepers) > 0) {
        pthread_mutex_lock(&p->mutex);
        pthread_cond_broadcast(&p->work);
        pthread_mutex_unlock(&p->mutex);
    }
    inside = true;
    work_on(p, 0);
    inside = false;
    /* The others' last tasks. One of them may be waiting for this very core. */
    for (int spins = 0; atomic_load(&p->left) > 0; spins++) {
        if (spins < SPINS) relax();
        else sched_yield();
    }
}

void parallel_for(int threads, size_t count, void (*task)(void *user, size_t i, int thread), void *user) {
    pool *p = &the_pool;
    unsigned mode = flush_small_numbers();
    if (threads > MOST_THREADS) threads = MOST_THREADS;
    if ((size_t)threads > count) threads = (int)count;
    if (threads <= 1 || inside || pthread_mutex_trylock(&p->owner) != 0) {
        for (size_t i = 0; i < count; i++) task(user, i, 0);
        restore_mode(mode);
        return;
    }
    start_threads(p, threads - 1);
    for (size_t first = 0; first < count; first += MOST_TASKS)
        run_loop(p, threads, first, count - first < MOST_TASKS ? count - first : MOST_TASKS, task, user);
    pthread_mutex_unlock(&p->owner);
    restore_mode(mode);
}

int parallel_threads(const maske_control *control) {
    int wanted = control != NULL ? control->threads : 0;
    if (wanted <= 0) wanted = cpu_cores();
    return wanted < MOST_THREADS ? wanted : MOST_THREADS;
}
