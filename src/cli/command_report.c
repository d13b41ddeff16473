/* cli/command_report.c: maske report: a page about a run. */
#include "base/file.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/rows.h"

#include <stdlib.h>

struct settings { const char *out; bool force; };
static struct settings settings;

static const maske_option rows[] = {
    {"out", MASKE_OPTION_TEXT, offsetof(struct settings, out), 0, 0, "FILE", "DIR/report.html", "page to write"},
    ROW_FORCE(struct settings),
    {0}
};

static void prepare(options *o) {
    options_fill_defaults(rows, &settings);
    settings.out = NULL;
    options_add(o, rows, &settings);
}

static maske_status run(const invocation *call) {
    if (call->options->argument_count != 1)
        return error_set(MASKE_BAD_ARGUMENT, "found %zu arguments, expected one: the folder of a run",
                         call->options->argument_count);
    const char *folder = call->options->arguments[0];
    char *path = NULL;
    if (settings.out == NULL) TRY(path_join(&path, folder, "report.html"));
    const char *out = settings.out != NULL ? settings.out : path;
    maske_status status = maske_report(folder, out, settings.force);
    if (status == MASKE_OK && !call->quiet) say("%s: written", out);
    free(path);
    return status;
}

static const char *const examples[] = {"maske report my-model", "maske report my-model --out report.html", NULL};
const command command_report = {
    .name = "report",
    .summary = "writes a page of HTML about a run",
    .arguments = "DIR",
    .details = "DIR is the folder of a run (maske train --out DIR), ended or still at work. The page holds the curves "
               "of loss, accuracy, learning rate and speed, examples of masks filled, the settings, the model and the "
               "tokenizer; it loads nothing from anywhere.",
    .examples = examples,
    .minimum_arguments = 1,
    .prepare = prepare,
    .run = run,
};
