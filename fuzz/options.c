/* fuzz/options.c: a configuration file and a command line: every value that is taken is in its row's range and is taken
 * again as it is printed. */
#include "fuzz.h"
#include "base/options.h"

typedef struct settings {
    int64_t top_k, memory;
    double temperature;
    bool fallback, force, help;
    const char *model, *pooling, *config;
} settings;

static const maske_option rows[] = {
    {"top-k", MASKE_OPTION_INTEGER, offsetof(settings, top_k), 1, 1000, "N", "10", "candidates"},
    {"memory", MASKE_OPTION_MEMORY, offsetof(settings, memory), 1 << 20, 1e18, "SIZE", "2G", "bound"},
    {"temperature", MASKE_OPTION_NUMBER, offsetof(settings, temperature), 0, 100, "T", "0.5", "how bold"},
    {"byte-fallback", MASKE_OPTION_YES_NO, offsetof(settings, fallback), 0, 0, NULL, "yes", "bytes"},
    {"force", MASKE_OPTION_FLAG, offsetof(settings, force), 0, 0, NULL, "no", "overwrite"},
    {"model", MASKE_OPTION_TEXT, offsetof(settings, model), 0, 0, "DIR", NULL, "folder"},
    {"pooling", MASKE_OPTION_CHOICE, offsetof(settings, pooling), 0, 0, "cls|mean|max", NULL, "how"},
    {"config", MASKE_OPTION_TEXT, offsetof(settings, config), 0, 0, "FILE", NULL, "file"},
    {"help", MASKE_OPTION_FLAG, offsetof(settings, help), 0, 0, NULL, "no", "help"},
    {0}
};
enum { WORDS = 64 };

static void check_values(const settings *s) {
    static char printed[1 << 17];
    CHECK(s->top_k >= 1 && s->top_k <= 1000 && s->memory >= 1 << 20 && s->temperature >= 0 && s->temperature <= 100);
    for (const maske_option *row = rows; row->name != NULL; row++) {
        settings again = *s;
        char before[sizeof(settings)];
        memcpy(before, s, sizeof before);
        if (!option_print(printed, sizeof printed, row, s)) continue;
        MUST(option_set(row, &again, printed, "again"));
        if (row->kind != MASKE_OPTION_TEXT && row->kind != MASKE_OPTION_CHOICE) CHECK(memcmp(&again, before, sizeof again) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    settings s;
    memset(&s, 0, sizeof s);
    options o = {0};
    char *copy = NULL, *words[WORDS + 1], option[600];
    int count = 0;
    fuzz_input in = fuzz_start(data, size);
    fuzz_part config = fuzz_text(&in);
    if (config.length > 0) {
        snprintf(option, sizeof option, "--config=%s", fuzz_write("config.json", config));
        words[count++] = option;
    }
    MUST(memory_copy_text(&copy, in.at, in.left));
    for (size_t at = 0; at < in.left && count < WORDS; at += strlen(copy + at) + 1) words[count++] = copy + at;
    words[count] = NULL;
    options_fill_defaults(rows, &s);
    options_add(&o, rows, &s);
    if (fuzz_ok(options_parse(&o, count, words)) && !o.help) {
        check_values(&s);
        CHECK(o.argument_count <= (size_t)count);
        for (const maske_option *row = rows; row->name != NULL; row++) CHECK(options_source(&o, row->name) <= OPTION_COMMAND_LINE);
    }
    options_free(&o);
    free(copy);
    return 0;
}
