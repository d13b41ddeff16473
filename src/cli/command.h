/* cli/command.h: what a command is: a name, a table of options, a function that calls only maske.h.
 *
 * A command is a file command_<name>.c that defines one `const command`; main.c lists them all. Help, man page, shell
 * completion, environment variables and the configuration file are read off the same table. */
#ifndef MASKE_CLI_COMMAND_H
#define MASKE_CLI_COMMAND_H

#include "base/options.h"
#include "base/progress.h"

#include <stdio.h>

/* One call of a command: what every command is given. */
typedef struct invocation {
    const options *options;             /* its arguments, and which options were given */
    maske_control control;              /* --threads, the stop flag, the progress bar */
    progress *progress;
    bool quiet, json;
} invocation;

typedef struct command {
    const char *name;                   /* "fill", "tokenizer train" */
    const char *summary;                /* "fills the masks of each prompt" */
    const char *arguments;              /* "[PROMPT...]", NULL: takes none */
    const char *details;                /* a paragraph or more, parted by \n; NULL: nothing to add */
    const char *const *examples;        /* [] ended by NULL: whole command lines */
    const char *required;               /* "model out": options that must be given, NULL: none */
    bool prints_figures;                /* takes --json */
    int64_t minimum_arguments;
    void (*prepare)(options *o);        /* sets the defaults and adds the tables; NULL: none of its own */
    /* MASKE_BAD_ARGUMENT: exit 2; MASKE_STOPPED: 128 + the signal; other failures: exit 1. */
    maske_status (*run)(const invocation *call);
} command;

/* Every command, in the order of the help; ended by NULL (main.c). */
extern const command *const commands[];
/* The tables of a command, that of every command (--threads, --quiet ...) behind its own, into an empty `o`. */
void command_options(const command *c, options *o);
/* Whether the option must be given. */
bool command_requires(const command *c, const char *option);
/* The signal that asked to stop; 0: none. */
extern volatile sig_atomic_t stop_signal;
/* Whether details of the library are said too: a command's --verbose. */
extern bool details_wanted;
/* The program's one bar on standard error; every line said goes through it. */
extern progress program_progress;

/* ---- help.c, man.c, completion.c: texts from the tables, to standard output ---- */
void help_program(FILE *to);
void help_group(FILE *to, const char *group);               /* "tokenizer": its sub-commands */
void help_command(const command *c);

/* ---- the commands, each in a file of its name ---- */
extern const command command_tokenizer_train, command_tokenizer_extend, command_tokenizer_encode,
    command_tokenizer_decode, command_tokenizer_inspect, command_data, command_train, command_fill, command_evaluate,
    command_score, command_embed, command_run, command_export, command_report, command_info, command_bench_train,
    command_bench_infer, command_bench_tokenizer, command_completion, command_man;

#endif
