/* tests of train/speed: measuring takes little memory, and no more than there may be. */
#include "train/speed.h"
#include "base/memory.h"
#include "train/bench_train.h"

#include "scratch.h"

enum { MEGABYTE = 1 << 20 };

/* The most that the process has had, beyond what it had before. */
static size_t measured_with(size_t limit, double seconds) {
    maske_train_options o;
    maske_train_options_defaults(&o);
    size_t before = memory_resident();
    if (limit > 0) o.memory = (int64_t)(before + limit);
    double operations = 0;
    assert_ok(speed_measure(&operations, &o, seconds, &(maske_control){.threads = 2}));
    assert_true(operations > 1e7);
    /* Nothing of it is left. */
    if (!UNDER_SANITIZER) assert_true(memory_resident() < before + 8 * MEGABYTE);
    return memory_peak() - before;
}

/* The peak only grows: the least comes first. */
static void measuring_takes_little_memory(void **state) {
    (void)state;
    size_t limited = measured_with(70 * MEGABYTE, 1), unlimited = measured_with(0, 1);
    if (UNDER_SANITIZER) return;
    if (limited > 70 * MEGABYTE || unlimited < 70 * MEGABYTE || unlimited > 150 * MEGABYTE)
        fail_msg("%zu MB where 70 are allowed, else %zu", limited / MEGABYTE, unlimited / MEGABYTE);
}

static void what_it_needs_is_known_before(void **state) {
    (void)state;
    maske_train_options o;
    maske_train_options_defaults(&o);
    o.size = "mini";
    o.vocab_size = 8000;
    o.batch_size = 8;
    o.steps = 2;
    size_t needs = 0;
    maske_bench_train_report report;
    maske_control control = {.threads = 2};
    assert_ok(bench_train_memory(&needs, &o, &control));
    assert_ok(maske_bench_train(&report, &o, &control));
    if (UNDER_SANITIZER) return;
    double share = (double)memory_peak() / (double)needs;
    if (share < 0.85 || share > 1.1) fail_msg("%zu MB were said, %zu taken", needs / MEGABYTE, memory_peak() / MEGABYTE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measuring_takes_little_memory),
        cmocka_unit_test(what_it_needs_is_known_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
