/* tests/tokenizer/test_truncation.c: who loses how much, and padding. */
#include "tokenizer/truncation.h"
#include "scratch.h"

/* The rule in other words: the shorter text stays whole while it is at most half of the room (rounded up when it is the
 * longer's turn), else both get half and the longer one the odd token. */
static void longest_first_shares_the_room(void **state) {
    (void)state;
    truncation t = {.set = true};
    for (size_t room = 0; room < 14; room++) {
        for (size_t a = 0; a < 16; a++) {
            for (size_t b = 0; b < 16; b++) {
                size_t first = a, second = b, shorter = a <= b ? a : b;
                assert_ok(truncation_lengths(&t, room, true, &first, &second));
                if (a + b <= room) { assert_int_equal(first, a); assert_int_equal(second, b); continue; }
                assert_int_equal(first + second, room);
                assert_true(first <= a && second <= b);
                size_t kept = a <= b ? first : second;
                assert_int_equal(kept, shorter <= room - shorter && shorter <= room ? shorter : room / 2);
            }
        }
    }
}

static void one_side_alone_is_cut(void **state) {
    (void)state;
    truncation t = {.set = true, .strategy = TRUNCATE_ONLY_FIRST};
    size_t first = 10, second = 5;
    assert_ok(truncation_lengths(&t, 8, true, &first, &second));
    assert_int_equal(first, 3);
    assert_int_equal(second, 5);
    first = 10;
    assert_fails(truncation_lengths(&t, 5, true, &first, &second), MASKE_BAD_ARGUMENT,
                 "only the first text, whose 10 tokens are too few: 10 must go");
    t.strategy = TRUNCATE_ONLY_SECOND;
    first = 3; second = 9;
    assert_ok(truncation_lengths(&t, 8, true, &first, &second));
    assert_int_equal(second, 5);
    first = 9; second = 0;
    assert_fails(truncation_lengths(&t, 8, false, &first, &second), MASKE_BAD_ARGUMENT, "there is none");
    first = 8;
    assert_ok(truncation_lengths(&t, 8, false, &first, &second));
    assert_int_equal(first, 8);
}

static void no_room_leaves_nothing(void **state) {
    (void)state;
    truncation t = {.set = true, .strategy = TRUNCATE_ONLY_SECOND};
    size_t first = 4, second = 5;
    assert_ok(truncation_lengths(&t, 0, true, &first, &second));
    assert_int_equal(first + second, 0);
}

static void a_stride_must_fit_its_window(void **state) {
    (void)state;
    truncation t = {.set = true, .stride = 3};
    size_t first = 10, second = 0;
    assert_ok(truncation_lengths(&t, 4, false, &first, &second));
    first = 10;
    assert_fails(truncation_lengths(&t, 3, false, &first, &second), MASKE_BAD_ARGUMENT, "stride is 3");
}

/* The library's loops, for every small case: from the front or the back, until an end is reached. */
static void windows_step_by_what_the_stride_leaves(void **state) {
    (void)state;
    for (size_t count = 0; count < 20; count++)
        for (size_t keep = 1; keep < 22; keep++)
            for (size_t stride = 0; stride < keep; stride++)
                for (int left = 0; left < 2; left++) {
                    truncation t = {.set = true, .direction = (text_direction)left, .stride = (int64_t)stride};
                    size_t windows = truncation_windows(&t, count, keep < count ? keep : count), seen = 0;
                    for (size_t at = 0; seen == 0 || at < count; at += keep - stride) {
                        size_t far = at + keep < count ? at + keep : count, begin, end;
                        truncation_window(&t, count, keep < count ? keep : count, seen++, &begin, &end);
                        assert_int_equal(begin, left ? count - far : at);
                        assert_int_equal(end, left ? count - at : far);
                        if (far == count) break;
                    }
                    assert_int_equal(windows, seen);
                }
    truncation t = {.set = true};
    size_t begin, end;
    assert_int_equal(truncation_windows(&t, 5, 0), 2);          /* no room: nothing, and all that was cut off */
    truncation_window(&t, 5, 0, 0, &begin, &end);
    assert_true(begin == 0 && end == 0);
    truncation_window(&t, 5, 0, 1, &begin, &end);
    assert_true(begin == 0 && end == 5);
}

static void windows_are_padded_to_the_first(void **state) {
    (void)state;
    padding p = {.set = true, .pad_to_multiple_of = 8};
    assert_int_equal(padding_length(&p, 12, 3), 16);
    p = (padding){.set = true, .fixed = true, .length = 10, .pad_to_multiple_of = -1};
    assert_int_equal(padding_length(&p, 12, 3), 10);
}

static void padding_rounds_up(void **state) {
    (void)state;
    static const struct { bool fixed; int64_t length, multiple; size_t count, expected;
    } cases[] = {{false, 0, -1, 7, 7},  {false, 0, 8, 7, 8},    {false, 0, 8, 8, 8},  {false, 0, 8, 0, 0},
                 {true, 10, -1, 7, 10}, {true, 10, -1, 12, 12}, {true, 10, 8, 3, 16}, {true, 10, 8, 20, 20},
                 {true, 0, 0, 3, 3},    {false, 0, 1, 5, 5}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        padding p = {
            .set = true, .fixed = cases[i].fixed, .length = cases[i].length, .pad_to_multiple_of = cases[i].multiple};
        assert_int_equal(padding_length(&p, cases[i].count, cases[i].count), cases[i].expected);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(longest_first_shares_the_room),
        cmocka_unit_test(one_side_alone_is_cut),
        cmocka_unit_test(no_room_leaves_nothing),
        cmocka_unit_test(a_stride_must_fit_its_window),
        cmocka_unit_test(windows_step_by_what_the_stride_leaves),
        cmocka_unit_test(padding_rounds_up),
        cmocka_unit_test(windows_are_padded_to_the_first),
    };
    return cmocka_run_group_tests_name("tokenizer/truncation", tests, NULL, NULL);
}
