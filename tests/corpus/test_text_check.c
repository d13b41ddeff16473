/* tests of corpus/text_check: other encodings and binary files are refused, a few wrong bytes are not. */
#include "base/random.h"

#include "reading.h"

/* Turkish in its own one-byte encoding: a wrong byte for each of its letters. */
static const char latin5[] = "\xD6\xF0renci \xE7" "al\xFD\xFEt\xFD ve s\xFDnav\xFD ge\xE7ti. ";

static const char *repeated(const char *name, const char *text, size_t length, size_t times) {
    buffer b = {0};
    for (size_t i = 0; i < times; i++) assert_ok(buffer_add(&b, text, length));
    const char *path = scratch_write(name, b.data, b.length);
    buffer_free(&b);
    return path;
}

static void other_encodings_are_refused(void **state) {
    (void)state;
    assert_fails(fails_reading(scratch_write("le", "\xFF\xFEm\0e\0r\0t\0", 10)), MASKE_BAD_FILE,
                 "le: found UTF-16, expected UTF-8");
    assert_fails(fails_reading(scratch_write("be", "\xFE\xFF\0m\0e\0r\0t", 10)), MASKE_BAD_FILE, "be: found UTF-16");
    assert_fails(fails_reading(scratch_write("le", "m\0e\0r\0t\0", 8)), MASKE_BAD_FILE, "iconv -f UTF-16LE");
    assert_fails(fails_reading(scratch_write("be", "\0m\0e\0r\0t", 8)), MASKE_BAD_FILE, "iconv -f UTF-16BE");
    assert_fails(fails_reading(repeated("latin5", latin5, sizeof latin5 - 1, 1)), MASKE_BAD_FILE, "not UTF-8");
    assert_fails(fails_reading(repeated("latin5", latin5, sizeof latin5 - 1, 5000)), MASKE_BAD_FILE,
                 "of the first 65536 bytes are not UTF-8");
    /* two percent, as German has */
    assert_fails(fails_reading(repeated("latin1",
                                        "Die Stra\xDF"
                                        "e ist lang und sch\xF6n, wie man sagt, wenn man da wohnt und oft da geht. ",
                                        77, 100)),
                 MASKE_BAD_FILE, "not UTF-8");
}

static void binary_files_are_refused(void **state) {
    (void)state;
    assert_fails(fails_reading(scratch_write("elf",
                                             "\x7F"
                                             "ELF\2\1\1\0\0\0",
                                             10)),
                 MASKE_BAD_FILE, "elf: found a binary file (byte 7 is NUL)");
    char noise[4096];
    for (size_t i = 0; i < sizeof noise; i++) {
        noise[i] = (char)random_philox(1, RANDOM_TEST, 4, i).word[0];
        if (noise[i] == '\0') noise[i] = '\x01';
    }
    assert_fails(fails_reading(scratch_write("noise", noise, sizeof noise)), MASKE_BAD_FILE,
                 "a binary file or another encoding");
}

static void a_few_wrong_bytes_are_no_reason(void **state) {
    (void)state;
    assert_string_equal(reading(scratch_text("one", "bad \xFF byte\n")), "bad \xEF\xBF\xBD byte\n");
    assert_string_equal(reading(scratch_text("tiny", "\xFF\xFF\xFF")), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\n");
    /* damaged Turkish: far more good letters than wrong bytes */
    assert_ok(fails_reading(repeated("damaged",
                                     "\xC3\x96\xC4\x9Frenci \xC3\xA7"
                                     "al\xC4\xB1\xC5\x9Ft\xC4\xB1 \xC4\n",
                                     24, 5000)));
}

/* The head ends in the middle of a character: that is no wrong byte. */
static void a_character_at_the_heads_end_is_no_fault(void **state) {
    (void)state;
    buffer b = {0};
    for (size_t shift = 0; shift < 4; shift++) {
        buffer_clear(&b);
        assert_ok(buffer_add(&b, "aaa", shift));
        while (b.length < 70000) assert_ok(buffer_add_text(&b, "\xF0\x9F\x98\x80"));
        assert_ok(fails_reading(scratch_write("smile", b.data, b.length)));
    }
    buffer_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_encodings_are_refused), cmocka_unit_test(binary_files_are_refused),
        cmocka_unit_test(a_few_wrong_bytes_are_no_reason), cmocka_unit_test(a_character_at_the_heads_end_is_no_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
