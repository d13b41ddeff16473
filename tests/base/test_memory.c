/* tests of base/memory and base/buffer: sizes that would wrap are refused, nothing is lost when growing fails. */
#include "base/buffer.h"

#include "scratch.h"

/* The address sanitizer, where it is on, must refuse as malloc does: with NULL. */
MASKE_API const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "allocator_may_return_null=1"; }

static void sizes_do_not_wrap(void **state) {
    (void)state;
    size_t out = 7;
    assert_true(size_multiply(&out, 6, 7));
    assert_int_equal(out, 42);
    assert_false(size_multiply(&out, SIZE_MAX / 2 + 1, 2));
    assert_false(size_multiply(&out, (size_t)1 << 32, (size_t)1 << 32));
    assert_true(size_add(&out, SIZE_MAX - 1, 1));
    assert_int_equal(out, SIZE_MAX);
    assert_false(size_add(&out, SIZE_MAX, 1));
}

static void new_memory_is_zero_and_aligned(void **state) {
    (void)state;
    for (size_t count = 0; count < 300; count += 13) {
        unsigned char *block;
        assert_ok(memory_new(&block, count, 3, "a test"));
        assert_int_equal((uintptr_t)block % 64, 0);
        for (size_t i = 0; i < 3 * count; i++) assert_int_equal(block[i], 0);
        free(block);
    }
    unsigned char *pages;
    assert_ok(memory_pages_new(&pages, 5u << 20, "a test"));
    for (size_t i = 0; i < 5u << 20; i += 4096) assert_int_equal(pages[i], 0);
    memory_pages_free(pages, 5u << 20);
    assert_ok(memory_pages_new(&pages, 0, "a test"));
    memory_pages_free(pages, 0);
    memory_pages_free(NULL, 10);
}

static void too_much_is_refused_and_named(void **state) {
    (void)state;
    int *block = NULL;
    assert_fails(memory_new(&block, SIZE_MAX / 2, 4, "a test's numbers"), MASKE_OUT_OF_MEMORY, "a test's numbers");
    assert_fails(memory_new(&block, SIZE_MAX / 8, 4, "a test's numbers"), MASKE_OUT_OF_MEMORY, "a test's numbers");
    assert_fails(memory_new(&block, SIZE_MAX, 1, "a test's numbers"), MASKE_OUT_OF_MEMORY, "a test's numbers");
    assert_null(block);
    size_t capacity = 0;
    assert_ok(memory_reserve(&block, &capacity, 3, sizeof *block, "a test's numbers"));
    block[2] = 42;
    size_t before = capacity;
    assert_fails(memory_resize(&block, SIZE_MAX / 2, 4, "a test's numbers"), MASKE_OUT_OF_MEMORY, "a test's numbers");
    assert_fails(memory_reserve(&block, &capacity, SIZE_MAX / 2, 4, "a test's numbers"), MASKE_OUT_OF_MEMORY,
                 "a test's numbers");
    assert_int_equal(capacity, before);
    assert_int_equal(block[2], 42);             /* still there */
    assert_ok(memory_reserve(&block, &capacity, 1000, sizeof *block, "a test's numbers"));
    assert_true(capacity >= 1000);
    assert_int_equal(block[2], 42);
    free(block);
    char *copy = NULL;
    assert_fails(memory_copy_text(&copy, "x", SIZE_MAX), MASKE_OUT_OF_MEMORY, "text");
    assert_ok(memory_copy_text(&copy, "ab\0cd", 5));
    assert_memory_equal(copy, "ab\0cd", 6);
    free(copy);
}

static void growing_is_not_one_by_one(void **state) {
    (void)state;
    char *block = NULL;
    size_t capacity = 0, moves = 0;
    for (size_t needed = 1; needed <= 100000; needed++) {
        size_t before = capacity;
        assert_ok(memory_reserve(&block, &capacity, needed, 1, "a test"));
        moves += capacity != before;
    }
    assert_true(moves < 30);
    free(block);
}

static void buffers_keep_a_nul_behind(void **state) {
    (void)state;
    buffer b = {0};
    buffer_clear(&b);
    assert_ok(buffer_add(&b, NULL, 0));
    assert_string_equal(b.data, "");
    assert_ok(buffer_add_text(&b, "abc"));
    assert_ok(buffer_add_format(&b, "-%d-%s", 42, "x"));
    assert_string_equal(b.data, "abc-42-x");
    assert_int_equal(b.length, 8);
    assert_fails(buffer_reserve(&b, SIZE_MAX), MASKE_OUT_OF_MEMORY, "text");
    assert_string_equal(b.data, "abc-42-x");
    char *taken = buffer_take(&b);
    assert_string_equal(taken, "abc-42-x");
    free(taken);
    assert_null(b.data);
    assert_int_equal(b.length, 0);
    buffer_free(&b);
}

static void what_there_is_can_be_asked(void **state) {
    (void)state;
    assert_true(memory_available() > 1u << 20);
    size_t before = memory_peak();
    assert_true(before > 1u << 19);
    char *block;
    assert_ok(memory_pages_new(&block, 64u << 20, "a test"));
    memset(block, 1, 64u << 20);
    assert_true(memory_peak() >= 64u << 20);
    memory_pages_free(block, 64u << 20);
}

/* A tree of groups as the kernel shows it. */
static void limits_of_control_groups_count(void **state) {
    (void)state;
    const char *mount = scratch_path("cgroup");
    assert_ok(folder_make(scratch_path("cgroup/user/job")));
    assert_true(memory_group_available(mount, "/user/job") == SIZE_MAX);
    assert_true(memory_group_available(mount, "/gone/away") == SIZE_MAX);
    scratch_text("cgroup/user/job/memory.max", "max\n");
    scratch_text("cgroup/user/job/memory.current", "1000\n");
    assert_true(memory_group_available(mount, "/user/job") == SIZE_MAX);
    scratch_text("cgroup/user/job/memory.max", "8000\n");
    assert_int_equal(memory_group_available(mount, "/user/job"), 7000);
    scratch_text("cgroup/user/job/memory.stat", "anon 100\ninactive_file 600\nactive_file 1\n");
    assert_int_equal(memory_group_available(mount, "/user/job"), 7600);
    /* The group above has less. */
    scratch_text("cgroup/user/memory.max", "5000\n");
    scratch_text("cgroup/user/memory.current", "4800\n");
    assert_int_equal(memory_group_available(mount, "/user/job"), 200);
    scratch_text("cgroup/user/memory.current", "5100\n");
    assert_int_equal(memory_group_available(mount, "/user/job"), 0);
    /* The names of version 1, at the root. */
    mount = scratch_path("cgroup-1");
    assert_ok(folder_make(mount));
    scratch_text("cgroup-1/memory.limit_in_bytes", "9000\n");
    scratch_text("cgroup-1/memory.usage_in_bytes", "2000\n");
    assert_int_equal(memory_group_available(mount, ""), 7000);
    assert_int_equal(memory_group_available(mount, "/seen/from/outside"), 7000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_do_not_wrap), cmocka_unit_test(new_memory_is_zero_and_aligned),
        cmocka_unit_test(too_much_is_refused_and_named), cmocka_unit_test(growing_is_not_one_by_one),
        cmocka_unit_test(buffers_keep_a_nul_behind), cmocka_unit_test(what_there_is_can_be_asked),
        cmocka_unit_test(limits_of_control_groups_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
