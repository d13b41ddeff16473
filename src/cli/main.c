/* cli/main.c: the program: signals, the list of commands, exit codes.
 *
 * Exit codes: 0 done, 1 failed, 2 wrong usage, 128 + signal stopped (130 by Ctrl-C, 143 by SIGTERM). setlocale is never
 * called: numbers are the same everywhere. */
#include "base/cpu.h"
#include "base/file.h"
#include "cli/command.h"
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

volatile sig_atomic_t stop_signal;
progress program_progress = {.descriptor = STDERR_FILENO, .stop = &stop_signal};

/* ------------------------------------------------------------------------------------------------- commands --- */

const command *const commands[] = {
    &command_train,
    &command_fill,
    &command_evaluate,
    &command_score,
    &command_embed,
    &command_tokenizer_train,
    &command_tokenizer_extend,
    &command_tokenizer_encode,
    &command_tokenizer_decode,
    &command_tokenizer_inspect,
    &command_data,
    &command_report, &command_info,
    &command_export,
    &command_run,
    &command_bench_train,
    &command_bench_infer,
    &command_bench_tokenizer,
    &command_completion,
    &command_man,
    NULL
};

static struct common_settings {
    int64_t threads;
    bool quiet, help, json;
    const char *config;
} common;

static const maske_option figure_rows[] = {
    {"json", MASKE_OPTION_FLAG, offsetof(struct common_settings, json), 0, 0, NULL, "no", "print figures as JSON"},
    {0}
};
static const maske_option common_rows[] = {
    {"threads", MASKE_OPTION_INTEGER, offsetof(struct common_settings, threads), 0, 1024, "N", "0",
     "threads to use; 0: every core it may use"},
    {"config", MASKE_OPTION_TEXT, offsetof(struct common_settings, config), 0, 0, "FILE", NULL,
     "JSON file with options: {\"threads\": 2}"},
    {"quiet", MASKE_OPTION_FLAG, offsetof(struct common_settings, quiet), 0, 0, NULL, "no",
     "say nothing but warnings and errors"},
    {"help", MASKE_OPTION_FLAG, offsetof(struct common_settings, help), 0, 0, NULL, "no", "show this help"},
    {0}
};

void command_options(const command *c, options *o) {
    if (c->prepare != NULL) c->prepare(o);
    options_fill_defaults(common_rows, &common);
    options_fill_defaults(figure_rows, &common);
    if (c->prints_figures) options_add(o, figure_rows, &common);
    options_add(o, common_rows, &common);
}

bool command_requires(const command *c, const char *option) {
    size_t length = strlen(option);
    for (const char *word = c->required; word != NULL && *word;) {
        size_t size = strcspn(word, " ");
        if (size == length && memcmp(word, option, length) == 0) return true;
        word += size + (word[size] == ' ');
    }
    return false;
}

static const command *current;          /* the command being run */

/* Whether another command has the option: a configuration file may serve several. */
static bool another_command_has(const char *name) {
    bool found = false;
    for (size_t i = 0; commands[i] != NULL && !found; i++) {
        options o = {0};
        if (commands[i] == current) continue;       /* preparing it again would undo what was read already */
        if (commands[i]->prepare != NULL) commands[i]->prepare(&o);
        options_add(&o, figure_rows, &common);
        for (size_t g = 0; g < o.group_count; g++)
            for (const maske_option *row = o.groups[g].rows; row->name != NULL; row++)
                found = found || strcmp(row->name, name) == 0;
    }
    return found;
}

/* ------------------------------------------------------------------------------------------------- one call --- */

bool details_wanted;

static void on_log(void *user, maske_log_level level, const char *sentence) {
    static char last[1024];             /* said again and again for every prompt or line, it would bury the rest */
    (void)user;
    if ((level == MASKE_LOG_DETAIL && !details_wanted) || (level == MASKE_LOG_NOTE && common.quiet)) return;
    if (strncmp(sentence, last, sizeof last - 1) == 0) return;
    snprintf(last, sizeof last, "%s", sentence);
    say("%s%s", level == MASKE_LOG_WARNING ? "warning: " : "", sentence);
}

static void on_progress(void *user, const maske_progress *what) { progress_update(user, what); }

static maske_status check_usage(const command *c, const options *o) {
    for (size_t g = 0; g < o->group_count; g++)
        for (const maske_option *row = o->groups[g].rows; row->name != NULL; row++)
            if (command_requires(c, row->name) && options_source(o, row->name) == OPTION_DEFAULT)
                return error_set(MASKE_BAD_ARGUMENT, "--%s %s is needed", row->name, row->value);
    if (c->arguments == NULL && o->argument_count > 0)
        return error_set(MASKE_BAD_ARGUMENT, "found \"%.100s\", expected options alone", o->arguments[0]);
    if (o->argument_count < (size_t)c->minimum_arguments)
        return error_set(MASKE_BAD_ARGUMENT, "%s is needed", c->arguments);
    return MASKE_OK;
}

static int exit_code(maske_status status) {
    switch (status) {
    case MASKE_OK:           return 0;
    case MASKE_BAD_ARGUMENT: return 2;
    case MASKE_STOPPED:      return stop_signal != 0 ? 128 + stop_signal : 1;
    default:                 return 1;
    }
}

/* The library takes a level that it does not know for none; who sets one is to hear of it. */
static maske_status check_cpu_level(void) {
    const char *level = getenv("MASKE_CPU");
    unsigned flags;
    if (level == NULL || level[0] == '\0' || cpu_level_flags(&flags, level)) return MASKE_OK;
    return error_set(MASKE_BAD_ARGUMENT,
                     "MASKE_CPU: found \"%.100s\", expected plain, plainbf16, neon, avx2, avx512, avx512bf16 or amx", level);
}

static maske_status run_parsed(const command *c, options *o, bool *advise) {
    *advise = true;
    TRY(check_usage(c, o));
    TRY(check_cpu_level());
    *advise = false;
    progress_start(&program_progress, STDERR_FILENO, common.quiet);
    program_progress.stop = &stop_signal;
    maske_set_log(on_log, NULL);
    invocation call = {
        .options = o,
        .control = {.threads = (int)common.threads,
                    .stop = &stop_signal,
                    .progress = on_progress,
                    .user = &program_progress},
        .progress = &program_progress,
        .quiet = common.quiet,
        .json = common.json,
    };
    return c->run(&call);
}

static int run_command(const command *c, int argc, char **argv) {
    options o = {.known_elsewhere = another_command_has};
    current = c;
    command_options(c, &o);
    maske_status status = options_parse(&o, argc, argv);
    bool advise = status == MASKE_BAD_ARGUMENT;
    if (status == MASKE_OK && o.help) help_command(c);
    else if (status == MASKE_OK) status = run_parsed(c, &o, &advise);
    progress_end(&program_progress);
    int code = exit_code(status);
    if (status != MASKE_OK) say("maske %s: %s", c->name, maske_error());
    if (advise) say("maske %s --help tells more.", c->name);
    if (out_finish() != MASKE_OK && code == 0) {
        say("maske %s: %s", c->name, maske_error());
        code = 1;
    }
    options_free(&o);
    return code;
}

/* ---------------------------------------------------------------------------------------- which command --- */

/* The command that the words begin with; *used: how many words its name has. */
static const command *find_command(int argc, char **argv, int *used) {
    const command *found = NULL;
    for (size_t i = 0; commands[i] != NULL; i++) {
        const char *name = commands[i]->name, *space = strchr(name, ' ');
        size_t first = space != NULL ? (size_t)(space - name) : strlen(name);
        bool same = argc > 0 && strlen(argv[0]) == first && memcmp(argv[0], name, first) == 0;
        if (same && space != NULL) same = argc > 1 && strcmp(argv[1], space + 1) == 0;
        if (!same) continue;
        found = commands[i];
        *used = space != NULL ? 2 : 1;
    }
    return found;
}

/* Whether `word` is the first of a command of two words. */
static bool is_group(const char *word) {
    size_t length = strlen(word);
    for (size_t i = 0; commands[i] != NULL; i++)
        if (strncmp(commands[i]->name, word, length) == 0 && commands[i]->name[length] == ' ') return true;
    return false;
}

static int no_such_command(int argc, char **argv) {
    char typed[64];
    bool grouped = argc > 1 && is_group(argv[0]);
    snprintf(typed, sizeof typed, "%.30s%s%.30s", argv[0], grouped ? " " : "", grouped ? argv[1] : "");
    sentence_make_printable(typed, sizeof typed);
    const char *best = NULL;
    size_t least = SIZE_MAX;
    for (size_t i = 0; commands[i] != NULL; i++) {
        size_t misfit = option_misfit(typed, commands[i]->name);
        if (misfit < least) least = misfit, best = commands[i]->name;
    }
    fprintf(stderr, "maske: there is no command \"%s\"", typed);
    fprintf(stderr, best != NULL ? "; did you mean \"%s\"?\n" : "\n", best);
    fprintf(stderr, "maske %s%s--help lists the commands.\n", grouped ? argv[0] : "", grouped ? " " : "");
    return 2;
}

static bool is_word(const char *word, const char *a, const char *b) {
    return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

static int finish(void) {
    if (out_finish() == MASKE_OK) return 0;
    fprintf(stderr, "maske: %s\n", maske_error());
    return 1;
}

static int dispatch(int argc, char **argv) {
    if (argc == 0) return help_program(stderr), 2;
    if (is_word(argv[0], "--version", "version")) return out_format("maske %s\n", maske_version()), finish();
    bool help = is_word(argv[0], "--help", "-h") || strcmp(argv[0], "help") == 0;
    if (help && argc == 1) return help_program(stdout), finish();
    if (help) argc--, argv++;
    int used = 0;
    const command *c = find_command(argc, argv, &used);
    if (c != NULL && help) return help_command(c), finish();
    if (c != NULL) return run_command(c, argc - used, argv + used);
    if (is_group(argv[0])) {
        bool asked = help || (argc > 1 && is_word(argv[1], "--help", "-h"));
        if (asked && (argc == 1 || argv[1][0] == '-')) return help_group(stdout, argv[0]), finish();
        if (argc == 1) return help_group(stderr, argv[0]), 2;
    }
    return no_such_command(argc, argv);
}

/* ------------------------------------------------------------------------------------------- the process --- */

static struct timespec asked_to_stop;       /* when the first signal came */

/* The first signal asks the work to stop soon (a checkpoint is written); a second one ends the process at once. But not one
 * that comes with the first, to the process and to its group, nor SIGHUP at all, which a terminal that is closed sends twice,
 * by the shell and by the system: that is nobody's impatience. */
static void on_signal(int number) {
    struct timespec now;
    int kept = errno;
    clock_gettime(CLOCK_MONOTONIC, &now);       /* may be called in a handler */
    errno = kept;
    if (stop_signal == 0) {
        asked_to_stop = now;
        stop_signal = number;
        return;
    }
    long long passed = (long long)(now.tv_sec - asked_to_stop.tv_sec) * 1000000000 + now.tv_nsec - asked_to_stop.tv_nsec;
    if (number == SIGHUP || passed < 100000000) return;      /* nanoseconds */
    signal(number, SIG_DFL);
    raise(number);
}


static void put(const char *text) {
    if (write(STDERR_FILENO, text, strlen(text)) < 0) return;
}

/* A file that was mapped became shorter, or its disk failed. Nothing can be gone on with, but it can be said. */
static void on_lost_page(int number, siginfo_t *info, void *context) {
    (void)context;
    const char *name = file_map_name(info->si_addr);
    if (name == NULL) {
        signal(number, SIG_DFL);        /* the same access again ends the process as it would have */
        return;
    }
    char shown[1024] = "";              /* strncat and what follows it may be called in a handler */
    strncat(shown, name, sizeof shown - 1);
    sentence_make_printable(shown, sizeof shown);
    put("maske: ");
    put(shown);
    put(": became shorter or could not be read any more while it was in use\n");
    _exit(1);
}

static void handle_signals(void) {
    struct sigaction lost_page = {.sa_sigaction = on_lost_page, .sa_flags = SA_SIGINFO};
    sigemptyset(&lost_page.sa_mask);
    sigaction(SIGBUS, &lost_page, NULL);
    struct sigaction action = {.sa_handler = on_signal}, before;
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGTERM);
    sigaddset(&action.sa_mask, SIGHUP);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    /* nohup has SIGHUP ignored, and means it. */
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, NULL);
    /* A reader that has gone, a file over its limit: errors of write, not the end of the process. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

/* A program started with a closed stream would give its number to the next file opened, and write messages into it.
 * /dev/null takes the place, the wrong way round for 0 and 1: using them still fails, and is reported. */
static void fill_closed_streams(void) {
    for (int stream = 0; stream < 3; stream++)
        if (fcntl(stream, F_GETFD) == -1) {
            int opened = open("/dev/null", stream == 0 ? O_WRONLY : stream == 1 ? O_RDONLY : O_RDWR);
            if (opened != stream) _exit(1);
        }
}

int main(int argc, char **argv) {
    fill_closed_streams();
    handle_signals();
    return dispatch(argc - 1, argv + 1);
}
