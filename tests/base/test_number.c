/* tests of base/number: what is a number and what is not, shortest texts, and all of it under a locale with a comma. */
#include "base/number.h"
#include "base/random.h"

#include <float.h>
#include <locale.h>
#include <math.h>

#include "scratch.h"

static void integers(void **state) {
    (void)state;
    static const struct { const char *text; int64_t value; } good[] = {
        {"0", 0}, {"42", 42}, {"-1", -1}, {"007", 7}, {"9223372036854775807", INT64_MAX}, {"-9223372036854775808", INT64_MIN}};
    static const char *const bad[] = {
        "", " 1", "1 ", "+1", "-", "--1", "1x", "0x10", "1.0", "1e3", "9223372036854775808", "-9223372036854775809",
        "99999999999999999999999", "nan", "\xD9\xA1"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t value = 77;
        assert_true(number_parse_integer(&value, good[i].text));
        assert_int_equal(value, good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t value = 77;
        if (number_parse_integer(&value, bad[i])) fail_msg("\"%s\" was taken for an integer", bad[i]);
        assert_int_equal(value, 77);
    }
}

static void doubles(void **state) {
    (void)state;
    static const struct { const char *text; double value; } good[] = {
        {"0", 0}, {"0.5", 0.5}, {".5", 0.5}, {"5.", 5}, {"-2.5e-3", -0.0025}, {"+1", 1}, {"1e308", 1e308},
        {"4.9e-324", 4.9e-324}};
    static const char *const bad[] = {"",    " 1",       "1 ",    "0,5",    "1,0",   "inf",  "-inf", "nan",
                                      "NaN", "infinity", "1e999", "-1e999", "0x1p3", "0X10", "1.5x", "e5",
                                      "-",   "+",        ".",     "--1",    "1e",    "1.2.3"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        double value = 77;
        assert_true(number_parse_double(&value, good[i].text));
        assert_true(value == good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        double value = 77;
        if (number_parse_double(&value, bad[i])) fail_msg("\"%s\" was taken for a number", bad[i]);
        assert_true(value == 77);
    }
}

static void memory_sizes(void **state) {
    (void)state;
    static const struct { const char *text; int64_t value; } good[] = {
        {"0", 0}, {"512", 512}, {"64K", 64 << 10}, {"64k", 64 << 10}, {"1.5G", 3ll << 29}, {"2GiB", 2ll << 30},
        {"2GB", 2ll << 30}, {"1T", 1ll << 40}, {"0.5M", 1 << 19}};
    static const char *const bad[] = {"",     "-1",       "1X",   "G",   "1 G", "1GG",
                                      "1e30", "9999999T", "1,5G", "inf", "1iB", "1B"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t value = 77;
        if (!number_parse_memory(&value, good[i].text)) fail_msg("\"%s\" was not taken for a size", good[i].text);
        assert_int_equal(value, good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t value = 77;
        if (number_parse_memory(&value, bad[i])) fail_msg("\"%s\" was taken for a size", bad[i]);
        assert_int_equal(value, 77);
    }
}

static void shortest(double value, const char *expected) {
    char text[32];
    number_shortest(text, value);
    assert_string_equal(text, expected);
}

static void shortest_texts(void **state) {
    (void)state;
    shortest(0.1, "0.1");
    shortest(1, "1.0");
    shortest(-3, "-3.0");
    shortest(0.0, "0.0");
    shortest(-0.0, "-0.0");
    shortest(1e-6, "1e-06");
    shortest(1e22, "1e+22");
    shortest(1e16, "1e+16");
    shortest(1e15, "1000000000000000.0");
    shortest(16000, "16000.0");
    shortest(0.0001, "0.0001");
    shortest(0.00012, "0.00012");
    shortest(0.00001, "1e-05");
    shortest(-1234.5e-10, "-1.2345e-07");
    shortest(1.5e300, "1.5e+300");
    shortest(123456789, "123456789.0");
    shortest(0.30000000000000004, "0.30000000000000004");
    shortest(DBL_MAX, "1.7976931348623157e+308");
    shortest(4.9e-324, "5e-324");
    char text[32];
    number_shortest_float(text, 0.1f);
    assert_string_equal(text, "0.1");
    number_shortest_float(text, 16777216.0f);
    assert_string_equal(text, "16777216.0");
    number_shortest_float(text, FLT_MAX);
    assert_string_equal(text, "3.4028235e+38");
}

static void texts_read_back_as_the_same_number(void **state) {
    (void)state;
    for (uint64_t i = 0; i < 20000; i++) {
        random_bits bits = random_philox(1, RANDOM_TEST, 3, i);
        double value, back;
        float narrow;
        memcpy(&value, bits.word, sizeof value);
        memcpy(&narrow, bits.word + 2, sizeof narrow);
        char text[32];
        if (isfinite(value)) {
            number_shortest(text, value);
            assert_true(strlen(text) < 32);
            assert_true(number_parse_double(&back, text));
            assert_memory_equal(&back, &value, sizeof value);
        }
        if (isfinite(narrow)) {
            number_shortest_float(text, narrow);
            assert_true(number_parse_double(&back, text));
            assert_true((float)back == narrow);
        }
    }
}

static void formats_are_those_of_c(void **state) {
    (void)state;
    char text[64];
    assert_int_equal(number_print(text, sizeof text, "Loss: %.4f, LR: %.2e, %lld", 2.8566, 6.35e-6, 123456789ll), 37);
    assert_string_equal(text, "Loss: 2.8566, LR: 6.35e-06, 123456789");
}

/* A locale with a decimal comma: one the machine has, or one that localedef makes here. NULL: neither. */
static const char *comma_locale(void) {
    static const char *const names[] = {"tr_TR.UTF-8", "tr_TR.utf8", "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (setlocale(LC_ALL, names[i]) != NULL) return names[i];
    char command[700];
    snprintf(command, sizeof command, "localedef -i tr_TR -f UTF-8 '%s' >/dev/null 2>&1", scratch_path("tr_TR.UTF-8"));
    if (system(command) != 0 && !path_is_folder(scratch_path("tr_TR.UTF-8"))) return NULL;
    setenv("LOCPATH", scratch(), 1);
    return setlocale(LC_ALL, "tr_TR.UTF-8");
}

/* A host program may have set any locale: the same tests again under one that writes 0,5. */
static void a_decimal_comma_changes_nothing(void **state) {
    if (comma_locale() == NULL) skip();
    char text[32];
    snprintf(text, sizeof text, "%.1f", 0.5);
    assert_string_equal(text, "0,5");           /* it is in force */
    integers(state);
    doubles(state);
    memory_sizes(state);
    shortest_texts(state);
    texts_read_back_as_the_same_number(state);
    formats_are_those_of_c(state);
    snprintf(text, sizeof text, "%.1f", 0.5);
    assert_string_equal(text, "0,5");           /* and still is */
    setlocale(LC_ALL, "C");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),
        cmocka_unit_test(doubles),
        cmocka_unit_test(memory_sizes),
        cmocka_unit_test(shortest_texts),
        cmocka_unit_test(texts_read_back_as_the_same_number),
        cmocka_unit_test(formats_are_those_of_c),
        cmocka_unit_test(a_decimal_comma_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
