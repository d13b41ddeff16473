/* tests of base/parallel and base/cpu: every task once, on no more threads than asked for; levels that contain each
 * other. */
#include "base/cpu.h"
#include "base/parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "scratch.h"

enum { TASKS = 1000 };
typedef struct work { atomic_int done[TASKS]; atomic_int used[64]; int threads; atomic_int outside; } work;

static void task(void *user, size_t i, int thread) {
    work *w = user;
    atomic_fetch_add(&w->done[i], 1);
    if (thread < 0 || thread >= w->threads) atomic_fetch_add(&w->outside, 1);
    else atomic_fetch_add(&w->used[thread], 1);
}

static void every_task_is_done_once(void **state) {
    (void)state;
    const size_t counts[] = {0, 1, 2, 7, TASKS};
    for (int threads = 1; threads <= 7; threads += 2)
        for (size_t c = 0; c < 5; c++) {
            static work w;
            memset(&w, 0, sizeof w);
            w.threads = threads;
            parallel_for(threads, counts[c], task, &w);
            for (size_t i = 0; i < TASKS; i++) assert_int_equal(atomic_load(&w.done[i]), i < counts[c]);
            assert_int_equal(atomic_load(&w.outside), 0);
        }
}

/* Loops of all sizes in quick succession: what one leaves behind must not reach the next. */
static void many_short_loops(void **state) {
    (void)state;
    static work w;
    for (int round = 0; round < 20000; round++) {
        size_t count = (size_t)(round % 9);
        for (size_t i = 0; i < 9; i++) atomic_store(&w.done[i], 0);
        w.threads = 1 + round % 5;
        parallel_for(w.threads, count, task, &w);
        for (size_t i = 0; i < 9; i++) assert_int_equal(atomic_load(&w.done[i]), i < count);
    }
    assert_int_equal(atomic_load(&w.outside), 0);
}

static void outer_task(void *user, size_t i, int thread) {
    (void)thread;
    atomic_int *sum = user;
    static work inner[4];
    inner[i].threads = 1;
    parallel_for(3, TASKS, task, &inner[i]);
    for (size_t k = 0; k < TASKS; k++) atomic_fetch_add(sum, atomic_load(&inner[i].done[k]));
}

static void a_loop_in_a_task_runs_alone(void **state) {
    (void)state;
    atomic_int sum = 0;
    parallel_for(3, 4, outer_task, &sum);
    assert_int_equal(atomic_load(&sum), 4 * TASKS);
}

static void *loops_of_a_thread(void *user) {
    for (int round = 0; round < 200; round++) parallel_for(3, TASKS, task, user);
    return NULL;
}

static void threads_of_the_caller_have_their_own_loops(void **state) {
    (void)state;
    static work w[3];
    pthread_t thread[3];
    for (int i = 0; i < 3; i++) {
        w[i].threads = 3;
        assert_int_equal(pthread_create(&thread[i], NULL, loops_of_a_thread, &w[i]), 0);
    }
    for (int i = 0; i < 3; i++) pthread_join(thread[i], NULL);
    for (int i = 0; i < 3; i++)
        for (size_t k = 0; k < TASKS; k++) assert_int_equal(atomic_load(&w[i].done[k]), 200);
}

static void a_child_process_has_threads_too(void **state) {
    (void)state;
    static work w;
    w.threads = 3;
    parallel_for(3, TASKS, task, &w);
    pid_t child = fork();
    if (child == 0) {
        parallel_for(3, TASKS, task, &w);
        for (size_t i = 0; i < TASKS; i++)
            if (atomic_load(&w.done[i]) != 2) _exit(1);
        _exit(0);
    }
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
}

static void threads_are_as_asked(void **state) {
    (void)state;
    assert_int_equal(parallel_threads(&(maske_control){.threads = 3}), 3);
    assert_int_equal(parallel_threads(&(maske_control){.threads = 1}), 1);
    assert_int_equal(parallel_threads(NULL), cpu_cores());
    assert_int_equal(parallel_threads(&(maske_control){0}), cpu_cores());
    assert_true(parallel_threads(&(maske_control){.threads = 1000000}) <= 1024);
    assert_true(cpu_cores() >= 1);
}

static void levels_contain_those_before(void **state) {
    (void)state;
    static const char *const names[] = {"plain", "avx2", "avx512", "avx512bf16", "amx"};
    unsigned before = 0, flags = 0;
    for (size_t i = 0; i < 5; i++) {
        assert_true(cpu_level_flags(&flags, names[i]));
        assert_int_equal(flags & before, before);
        assert_true(i == 0 || flags != before);
        before = flags;
    }
    assert_false(cpu_level_flags(&flags, "sse9"));
    cpu_allow(~0u);                     /* all the machine has, whatever MASKE_CPU says */
    unsigned found = cpu_flags();
    cpu_allow(0);
    assert_int_equal(cpu_flags(), 0);
    assert_string_equal(cpu_level_name(), "plain");
    cpu_allow(CPU_AVX2);
    assert_int_equal(cpu_flags(), found & CPU_AVX2);
    cpu_allow(~0u);
    assert_true((cpu_flags() & found) == found);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_is_done_once),
        cmocka_unit_test(many_short_loops),
        cmocka_unit_test(a_loop_in_a_task_runs_alone),
        cmocka_unit_test(threads_of_the_caller_have_their_own_loops),
        cmocka_unit_test(a_child_process_has_threads_too),
        cmocka_unit_test(threads_are_as_asked),
        cmocka_unit_test(levels_contain_those_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
