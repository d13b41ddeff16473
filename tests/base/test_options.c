/* tests of base/options: where a setting comes from, what is refused and in which words. */
#include "base/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static struct settings {
    int64_t top_k, memory;
    double temperature;
    bool fallback, force;
    const char *model, *pooling, *config;
    bool help;
} s;

static const maske_option rows[] = {
    {"top-k", MASKE_OPTION_INTEGER, offsetof(struct settings, top_k), 1, 1000, "N", "10", "candidates"},
    {"memory", MASKE_OPTION_MEMORY, offsetof(struct settings, memory), 1 << 20, 1e18, "SIZE", "2G", "bound"},
    {"temperature", MASKE_OPTION_NUMBER, offsetof(struct settings, temperature), 0, 100, "T", "0.5", "how bold"},
    {"byte-fallback", MASKE_OPTION_YES_NO, offsetof(struct settings, fallback), 0, 0, NULL, "yes", "bytes"},
    {0}
};
static const maske_option more_rows[] = {
    {"force", MASKE_OPTION_FLAG, offsetof(struct settings, force), 0, 0, NULL, "no", "overwrite"},
    {"model", MASKE_OPTION_TEXT, offsetof(struct settings, model), 0, 0, "DIR", NULL, "folder"},
    {"pooling", MASKE_OPTION_CHOICE, offsetof(struct settings, pooling), 0, 0, "cls|mean|max", "from the size", "how"},
    {"config", MASKE_OPTION_TEXT, offsetof(struct settings, config), 0, 0, "FILE", NULL, "file"},
    {"help", MASKE_OPTION_FLAG, offsetof(struct settings, help), 0, 0, NULL, "no", "help"},
    {0}
};

static options o;
static bool alternatives_tested;

static bool elsewhere(const char *name) { return strcmp(name, "epochs") == 0; }

/* Parses words parted by '|', from fresh defaults. */
static maske_status parse(const char *line) {
    static char words[512];
    static char *argv[32];
    int argc = 0;
    snprintf(words, sizeof words, "%s", line);
    for (char *word = words[0] ? words : NULL; word != NULL; argc++) {
        argv[argc] = word;
        word = strchr(word, '|');
        if (word != NULL) *word++ = '\0';
    }
    options_free(&o);
    static const char *const alternatives[] = {"top-k|temperature|model", NULL};
    o = (options){.known_elsewhere = elsewhere, .alternatives = alternatives_tested ? alternatives : NULL};
    s = (struct settings){0};
    options_fill_defaults(rows, &s);
    options_fill_defaults(more_rows, &s);
    options_add(&o, rows, &s);
    options_add(&o, more_rows, &s);
    return options_parse(&o, argc, argv);
}

static void refused(const char *line, const char *sentence) {
    assert_int_equal(parse(line), MASKE_BAD_ARGUMENT);
    assert_string_equal(maske_error(), sentence);
}

static char config_path[] = "/tmp/maske-test-options-XXXXXX";
static void write_config(const char *text) {
    FILE *file = fopen(config_path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}
static maske_status parse_with_config(const char *text, const char *line) {
    char whole[600];
    write_config(text);
    snprintf(whole, sizeof whole, "--config|%s%s%s", config_path, line[0] ? "|" : "", line);
    return parse(whole);
}

static void defaults_come_from_the_table(void **state) {
    (void)state;
    assert_int_equal(parse(""), MASKE_OK);
    assert_int_equal(s.top_k, 10);
    assert_int_equal(s.memory, (int64_t)2 << 30);
    assert_true(s.temperature == 0.5);
    assert_true(s.fallback && !s.force);
    assert_null(s.model);
    assert_null(s.pooling);         /* its default is a phrase */
    assert_int_equal(options_source(&o, "top-k"), OPTION_DEFAULT);
    assert_int_equal(o.argument_count, 0);
}

static void values_are_read_in_both_spellings(void **state) {
    (void)state;
    assert_int_equal(parse("--top-k|7|--temperature=1e-2|--model=a=b|--pooling|max|--memory|64M|--force"), MASKE_OK);
    assert_int_equal(s.top_k, 7);
    assert_true(s.temperature == 0.01);
    assert_string_equal(s.model, "a=b");
    assert_string_equal(s.pooling, "max");
    assert_int_equal(s.memory, 64 << 20);
    assert_true(s.force);
    assert_int_equal(options_source(&o, "force"), OPTION_COMMAND_LINE);
    assert_int_equal(parse("--top-k|7|--top-k|8"), MASKE_OK);
    assert_int_equal(s.top_k, 8);           /* the last one counts */
    assert_int_equal(parse("--model|-"), MASKE_OK);
    assert_string_equal(s.model, "-");
}

static void yes_no_may_stand_alone(void **state) {
    (void)state;
    assert_int_equal(parse("--byte-fallback|no|a.txt"), MASKE_OK);
    assert_false(s.fallback);
    assert_int_equal(o.argument_count, 1);
    assert_int_equal(parse("--byte-fallback|a.txt"), MASKE_OK);
    assert_true(s.fallback);
    assert_string_equal(o.arguments[0], "a.txt");
    assert_int_equal(parse("--force|yes"), MASKE_OK);      /* a flag takes no word: this one is an argument */
    assert_int_equal(o.argument_count, 1);
    assert_int_equal(parse("--force=no"), MASKE_OK);
    assert_false(s.force);
    refused("--byte-fallback=maybe", "--byte-fallback: found \"maybe\", expected yes or no");
}

static void arguments_stand_anywhere_and_two_dashes_end_options(void **state) {
    (void)state;
    assert_int_equal(parse("a|--top-k|3|-|b|--|--top-k|-x"), MASKE_OK);
    assert_int_equal(o.argument_count, 5);
    assert_string_equal(o.arguments[0], "a");
    assert_string_equal(o.arguments[1], "-");
    assert_string_equal(o.arguments[3], "--top-k");
    assert_string_equal(o.arguments[4], "-x");
    assert_int_equal(s.top_k, 3);
    refused("-x", "there is no option -x; put -- before a text that begins with -");
}

static void wrong_values_name_what_is_taken(void **state) {
    (void)state;
    refused("--top-k|0", "--top-k: found \"0\", expected an integer from 1 to 1000");
    refused("--top-k|1001", "--top-k: found \"1001\", expected an integer from 1 to 1000");
    refused("--top-k|3.5", "--top-k: found \"3.5\", expected an integer from 1 to 1000");
    refused("--top-k=", "--top-k: found \"\", expected an integer from 1 to 1000");
    refused("--top-k|99999999999999999999",
            "--top-k: found \"99999999999999999999\", expected an integer from 1 to 1000");
    refused("--temperature|nan", "--temperature: found \"nan\", expected a number from 0 to 100");
    refused("--temperature|-1", "--temperature: found \"-1\", expected a number from 0 to 100");
    refused("--temperature|0,5", "--temperature: found \"0,5\", expected a number from 0 to 100");
    refused("--memory|1K", "--memory: found \"1K\", expected a size such as 512M or 2G of 1M or more");
    refused("--pooling|first", "--pooling: found \"first\", expected one of cls, mean, max");
    refused("--pooling|cls|--pooling|", "--pooling: found \"\", expected one of cls, mean, max");
    refused("--model=", "--model: found \"\", expected a text that is not empty");
    refused("--model", "--model: found nothing behind it, expected DIR");
    refused("--model|--force", "--model: found the option --force behind it, expected DIR (a value that begins with -- "
                               "is written --model=VALUE)");
}

static void unknown_options_get_advice(void **state) {
    (void)state;
    refused("--modle|x", "there is no option --modle; did you mean --model?");
    refused("--temp=1", "there is no option --temp; did you mean --temperature?");
    refused("--TOP-K|1", "there is no option --TOP-K");
    refused("--epochs|1", "there is no option --epochs");
}

static void help_wins_over_everything(void **state) {
    (void)state;
    assert_int_equal(parse("--nonsense|--help"), MASKE_OK);
    assert_true(o.help);
    assert_int_equal(parse("--top-k|-h"), MASKE_OK);
    assert_true(o.help);
    assert_int_equal(parse("--|--help"), MASKE_OK);
    assert_false(o.help);
}

/* What is forgotten is as if nobody had given it; two of one source are left to whoever reads them. */
static void a_weaker_source_gives_no_alternative(void **state) {
    (void)state;
    alternatives_tested = true;
    assert_int_equal(parse_with_config("{\"top-k\": 3, \"model\": \"f\", \"memory\": \"8M\"}", "--temperature|4"), MASKE_OK);
    assert_int_equal(s.top_k, 10);
    assert_null(s.model);
    assert_true(s.temperature == 4 && s.memory == 8 << 20);
    assert_int_equal(options_source(&o, "top-k"), OPTION_DEFAULT);
    assert_int_equal(options_source(&o, "temperature"), OPTION_COMMAND_LINE);
    setenv("MASKE_TOP_K", "4", 1);
    assert_int_equal(parse_with_config("{\"temperature\": 3}", ""), MASKE_OK);
    assert_true(s.top_k == 4 && s.temperature == 0.5);
    assert_int_equal(parse("--model|m|--temperature|2"), MASKE_OK);
    assert_true(s.top_k == 10 && s.temperature == 2);
    assert_string_equal(s.model, "m");
    unsetenv("MASKE_TOP_K");
    alternatives_tested = false;
}

static void flag_before_environment_before_file_before_default(void **state) {
    (void)state;
    const char *file =
        "{\"top-k\": 3, \"temperature\": 3.5, \"byte_fallback\": false, \"memory\": \"8M\", \"model\": \"f\"}";
    assert_int_equal(parse_with_config(file, ""), MASKE_OK);
    assert_int_equal(s.top_k, 3);
    assert_true(s.temperature == 3.5);
    assert_false(s.fallback);
    assert_int_equal(s.memory, 8 << 20);
    assert_string_equal(s.model, "f");
    assert_int_equal(options_source(&o, "model"), OPTION_FILE);

    setenv("MASKE_TOP_K", "4", 1);
    setenv("MASKE_MODEL", "", 1);           /* empty: as if it were not there */
    setenv("MASKE_HELP", "yes", 1);         /* of no effect */
    assert_int_equal(parse_with_config(file, ""), MASKE_OK);
    assert_int_equal(s.top_k, 4);
    assert_int_equal(options_source(&o, "top-k"), OPTION_ENVIRONMENT);
    assert_string_equal(s.model, "f");
    assert_false(o.help || s.help);
    assert_int_equal(parse_with_config(file, "--top-k|5"), MASKE_OK);
    assert_int_equal(s.top_k, 5);

    setenv("MASKE_TOP_K", "zero", 1);
    refused("", "MASKE_TOP_K: found \"zero\", expected an integer from 1 to 1000");
    unsetenv("MASKE_TOP_K");
    setenv("MASKE_CONFIG", config_path, 1);
    assert_int_equal(parse(""), MASKE_OK);
    assert_int_equal(s.top_k, 3);
    unsetenv("MASKE_CONFIG");
    unsetenv("MASKE_MODEL");
    unsetenv("MASKE_HELP");
}

static void refused_file(const char *text, const char *behind_path) {
    char expected[400];
    assert_int_equal(parse_with_config(text, ""), MASKE_BAD_ARGUMENT);
    snprintf(expected, sizeof expected, "%s: %s", config_path, behind_path);
    assert_string_equal(maske_error(), expected);
}

static void files_are_checked_like_flags(void **state) {
    (void)state;
    refused_file("{\"top-k\": 0}", "\"top-k\": found \"0\", expected an integer from 1 to 1000");
    refused_file("{\"top-k\": 2.0}", "\"top-k\": found \"2.0\", expected an integer from 1 to 1000");
    refused_file("{\"top-k\": [2]}", "\"top-k\": found an array, expected a text, a number, true or false");
    refused_file("{\"model\": 5}", "\"model\": found an integer, expected a text");
    refused_file("{\"help\": true}", "\"help\": not taken from a file");
    refused_file("{\"config\": \"x\"}", "\"config\": not taken from a file");
    refused_file("{\"topk\": 1}", "there is no option topk; did you mean top-k?");
    assert_int_equal(parse_with_config("{\"epochs\": 4, \"top-k\": null}", ""), MASKE_OK); /* another command's; none */
    assert_int_equal(s.top_k, 10);
    assert_int_equal(parse_with_config("[]", ""), MASKE_BAD_FILE);
    assert_int_equal(parse("--config|/does/not/exist"), MASKE_IO);
}

static void printing_reads_back(void **state) {
    (void)state;
    assert_int_equal(parse("--top-k|77|--temperature|0.1|--memory|3G|--model|x|--byte-fallback|no"), MASKE_OK);
    struct settings again = {0};
    size_t count = 0;
    for (const maske_option *table = rows; table != NULL; table = table == rows ? more_rows : NULL) {
        for (const maske_option *row = table; row->name != NULL; row++) {
            static char texts[16][64];
            char *text = texts[count++];
            if (option_print(text, sizeof texts[0], row, &s))
                assert_int_equal(option_set(row, &again, text, row->name), MASKE_OK);
        }
    }
    assert_int_equal(again.top_k, 77);
    assert_int_equal(again.memory, (int64_t)3 << 30);
    assert_true(again.temperature == 0.1);
    assert_false(again.fallback);
    assert_string_equal(again.model, "x");
}

static void distances_count_letters(void **state) {
    (void)state;
    assert_int_equal(option_distance("", "abc"), 3);
    assert_int_equal(option_distance("abc", "abc"), 0);
    assert_int_equal(option_distance("abc", "acb"), 1);
    assert_int_equal(option_distance("kitten", "sitting"), 3);
    assert_int_equal(option_misfit("evalute", "evaluate"), 1);
    assert_int_equal(option_misfit("temp", "temperature"), 1);      /* begun, not finished */
    assert_true(option_misfit("serve", "score") == SIZE_MAX);
    assert_true(option_misfit("x", "fill") == SIZE_MAX);
}

static int make_file(void **state) {
    (void)state;
    int descriptor = mkstemp(config_path);
    return descriptor < 0 ? -1 : close(descriptor);
}
static int remove_file(void **state) {
    (void)state;
    options_free(&o);
    return unlink(config_path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_come_from_the_table),
        cmocka_unit_test(values_are_read_in_both_spellings),
        cmocka_unit_test(yes_no_may_stand_alone),
        cmocka_unit_test(arguments_stand_anywhere_and_two_dashes_end_options),
        cmocka_unit_test(wrong_values_name_what_is_taken),
        cmocka_unit_test(unknown_options_get_advice),
        cmocka_unit_test(help_wins_over_everything),
        cmocka_unit_test(flag_before_environment_before_file_before_default),
        cmocka_unit_test(a_weaker_source_gives_no_alternative),
        cmocka_unit_test(files_are_checked_like_flags),
        cmocka_unit_test(printing_reads_back),
        cmocka_unit_test(distances_count_letters),
    };
    return cmocka_run_group_tests_name("base/options", tests, make_file, remove_file);
}
