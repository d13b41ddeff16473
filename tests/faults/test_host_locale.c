/* tests/faults/test_host_locale.c: a program that has set a locale of its own before it calls the library: numbers and
 * letters are the same, and the locale stays (P6, P13). */
#include "small_world.h"

#include <locale.h>

/* Turkish and German write 1,50; Turkish has two letters i. */
static const char *const locales[] = {"tr_TR", "de_DE"};

static bool make_locale(const char *name) {
    char command[900];
    snprintf(command, sizeof command, "localedef -i %s -f UTF-8 '%s/%s.UTF-8' >/dev/null 2>&1", name, scratch(), name);
    int status = system(command);
    (void)status; /* it complains of much and does its work; setlocale tells */
    snprintf(command, sizeof command, "%s.UTF-8", name);
    return setlocale(LC_ALL, command) != NULL;
}

static void train_into(const char *name) {
    maske_train_options o = world_options();
    training t = {.text = world_text, .tokenizer = world_tokenizer, .threads = 1};
    assert_ok(training_start(&t, scratch_path(name), &o));
}

static void a_hosts_locale_changes_nothing(void **state) {
    (void)state;
    setenv("LOCPATH", scratch(), 1);
    train_into("plain");
    size_t tried = 0;
    for (size_t i = 0; i < sizeof locales / sizeof *locales; i++) {
        if (!make_locale(locales[i])) continue;
        tried++;
        char before[64];
        snprintf(before, sizeof before, "%s", setlocale(LC_ALL, NULL));
        char comma[16];
        snprintf(comma, sizeof comma, "%.1f", 0.5);
        assert_string_equal(comma, "0,5");
        train_into("located");
        assert_string_equal(setlocale(LC_ALL, NULL), before);
        snprintf(comma, sizeof comma, "%.1f", 0.5);
        assert_string_equal(comma, "0,5");
        assert_same_run(scratch_path("plain"), scratch_path("located"), 2);
        assert_same_file(scratch_path("plain"), scratch_path("located"), "train.json");
        maske_tokenizer *t = NULL;
        assert_ok(maske_tokenizer_open(&t, scratch_path("located")));
        maske_tokenizer_free(t);
        assert_ok(folder_remove(scratch_path("located")));
        setlocale(LC_ALL, "C");
    }
    if (tried == 0) skip();
}

static int make_world(void **state) {
    (void)state;
    world_make();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_hosts_locale_changes_nothing)};
    return cmocka_run_group_tests_name("faults/host_locale", tests, make_world, NULL);
}
