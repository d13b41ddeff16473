/* tests of base/status: the sentence belongs to the thread, stays printable, and every status has a name. */
#include "base/log.h"
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

static char heard[4096];
static void hear(void *user, maske_log_level level, const char *sentence) {
    (void)user;
    (void)level;
    snprintf(heard, sizeof heard, "%s", sentence);
}

/* Names and texts from files reach sentences and warnings: both are valid UTF-8 without what a terminal obeys. */
static void what_leaves_is_utf8_and_harmless(void **state) {
    (void)state;
    static const struct { const char *text, *shown; } cases[] = {
        {"\xFF", "?"}, {"a\xC3", "a?"}, {"\xC3(\xE2\x82z", "?(\?\?z"}, {"\xED\xA0\x80", "\?\?\?"},
        {"\xC2\x9B" "31m", "\?\?31m"}, {"\xC2\xA0\xC3\xA7", "\xC2\xA0\xC3\xA7"}, {"\x1B]0;x\x07", "?]0;x?"},
    };
    maske_set_log(hear, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)error_set(MASKE_BAD_FILE, "%s", cases[i].text);
        assert_string_equal(maske_error(), cases[i].shown);
        log_say(MASKE_LOG_WARNING, "%s", cases[i].text);
        assert_string_equal(heard, cases[i].shown);
    }
    char text[3000];
    memset(text, 'a', sizeof text);
    for (size_t i = 1; i + 2 < sizeof text; i += 2) memcpy(text + i, "\xC3\xA7", 3);
    log_say(MASKE_LOG_WARNING, "%s", text);
    assert_int_equal(heard[strlen(heard) - 1], '\xA7');
    maske_set_log(NULL, NULL);
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
        cmocka_unit_test(what_leaves_is_utf8_and_harmless),
        cmocka_unit_test(long_sentences_are_cut_whole), cmocka_unit_test(threads_have_their_own),
        cmocka_unit_test(system_errors_are_named), cmocka_unit_test(every_status_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
