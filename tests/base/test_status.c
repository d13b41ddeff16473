/* tests of base/status: the sentence belongs to the thread, stays printable, and every status has a name. */
#include "base/status.h"

#include <errno.h>
#include <pthread.h>

#include "scratch.h"

static void a_sentence_is_kept_and_may_quote_itself(void **state) {
    (void)state;
    assert_string_equal(maske_error(), "");
    assert_int_equal(error_set(MASKE_BAD_FILE, "%s: line %d", "x", 3), MASKE_BAD_FILE);
    assert_string_equal(maske_error(), "x: line 3");
    assert_int_equal(error_set(MASKE_IO, "again: %s", maske_error()), MASKE_IO);
    assert_string_equal(maske_error(), "again: x: line 3");
}

static void control_characters_do_not_pass(void **state) {
    (void)state;
    (void)error_set(MASKE_BAD_FILE, "a\x1B[31mb\nc\x7F\xC3\xA7");
    assert_string_equal(maske_error(), "a?[31mb?c?\xC3\xA7");
}

/* A long sentence is cut between characters. */
static void long_sentences_are_cut_whole(void **state) {
    (void)state;
    for (size_t shift = 0; shift < 4; shift++) {
        char text[3000];
        memset(text, 'a', shift);
        for (size_t i = shift; i + 4 < sizeof text; i += 4) memcpy(text + i, "\xF0\x9F\x98\x80", 5);
        (void)error_set(MASKE_BAD_FILE, "%s", text);
        size_t length = strlen(maske_error());
        assert_true(length > 1000 && length < 1024);
        assert_int_equal((length - shift) % 4, 0);
    }
    char exact[1024];
    memset(exact, 'b', 1023);
    exact[1023] = '\0';
    (void)error_set(MASKE_BAD_FILE, "%s", exact);
    assert_true(strlen(maske_error()) >= 1022);
}

static void *other_thread(void *found) {
    *(bool *)found = maske_error()[0] == '\0';
    (void)error_set(MASKE_IO, "of the other thread");
    return NULL;
}

static void threads_have_their_own(void **state) {
    (void)state;
    (void)error_set(MASKE_IO, "of this thread");
    pthread_t thread;
    bool empty = false;
    assert_int_equal(pthread_create(&thread, NULL, other_thread, &empty), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(empty);
    assert_string_equal(maske_error(), "of this thread");
}

static void system_errors_are_named(void **state) {
    (void)state;
    errno = ENOSPC;
    assert_int_equal(error_io("out/model", "write"), MASKE_IO);
    assert_string_equal(maske_error(), "out/model: cannot write: No space left on device");
    errno = ENOMEM;
    assert_int_equal(error_io("x", "map"), MASKE_OUT_OF_MEMORY);
    assert_int_equal(error_memory(123, "weights"), MASKE_OUT_OF_MEMORY);
    assert_string_equal(maske_error(), "out of memory: 123 bytes for weights");
}

static void every_status_has_a_name(void **state) {
    (void)state;
    for (int status = MASKE_OK; status <= MASKE_DIVERGED; status++) {
        assert_string_not_equal(maske_status_name((maske_status)status), "unknown status");
        for (int other = MASKE_OK; other < status; other++)
            assert_string_not_equal(maske_status_name((maske_status)status), maske_status_name((maske_status)other));
    }
    assert_string_equal(maske_status_name((maske_status)1000), "unknown status");
    assert_string_equal(maske_status_name((maske_status)-1), "unknown status");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sentence_is_kept_and_may_quote_itself), cmocka_unit_test(control_characters_do_not_pass),
        cmocka_unit_test(long_sentences_are_cut_whole), cmocka_unit_test(threads_have_their_own),
        cmocka_unit_test(system_errors_are_named), cmocka_unit_test(every_status_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
