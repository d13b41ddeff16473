/* cli/command_tokenizer_extend.c: maske tokenizer extend: a tokenizer learns on, and its model's embeddings grow. */
#include "base/output_folder.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/rows.h"
#include "cli/tokenizer_report.h"

#include <stdlib.h>

struct settings { const char *model, *out, *field; bool force; };
static struct settings settings;
static maske_tokenizer_train_options training;

static const maske_option rows[] = {
    {"model", MASKE_OPTION_TEXT, offsetof(struct settings, model), 0, 0, "DIR", NULL,
     "folder of the tokenizer or model, or a vocab.json"},
    {"out", MASKE_OPTION_TEXT, offsetof(struct settings, out), 0, 0, "DIR", NULL, "folder to write"},
    ROW_FIELD(struct settings),
    ROW_FORCE(struct settings),
    {0}};
/* Of the options of training those that have a meaning here; the rest is the model's own. */
static maske_option training_rows[5];

static void prepare(options *o) {
    static const char *const names[] = {"vocab-size", "min-frequency", "memory", "prune"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const maske_option *row = maske_tokenizer_train_option_table();
        while (strcmp(row->name, names[i]) != 0) row++;
        training_rows[i] = *row;
    }
    training_rows[0].fallback = NULL;           /* the size is always given */
    options_fill_defaults(rows, &settings);
    maske_tokenizer_train_options_defaults(&training);
    options_add(o, rows, &settings);
    options_add(o, training_rows, &training);
}

static maske_status write_files(void *user, const char *folder) { return maske_tokenizer_save(user, folder); }

/* *found: the folder holds weights. */
static maske_status look_for_weights(const char *folder, bool *found) {
    char *path = NULL;
    TRY(path_join(&path, folder, "model.safetensors"));
    *found = path_exists(path);
    free(path);
    return MASKE_OK;
}

static maske_status run(const invocation *call) {
    const maske_text text = {call->options->arguments, call->options->argument_count, settings.field};
    maske_tokenizer *base = NULL, *extended = NULL;
    maske_tokenizer_train_report report = {0};
    bool weights = false;
    TRY(output_folder_check(settings.out, settings.force));
    TRY(look_for_weights(settings.model, &weights));
    TRY(maske_tokenizer_open(&base, settings.model));
    maske_status status = maske_tokenizer_extend(&extended, base, &text, &training, &call->control, &report);
    if (status == MASKE_OK)
        status = weights ? maske_model_extend(settings.model, extended, settings.out, settings.force)
                         : output_folder_write(settings.out, write_files, extended);
    if (status == MASKE_OK) status = tokenizer_report_print(call, settings.out, &report);
    maske_tokenizer_free(base);
    maske_tokenizer_free(extended);
    return status;
}

static const char *const examples[] = {
    "maske tokenizer extend --model my-tokenizer --out larger --vocab-size 24000 new-texts/",
    "maske tokenizer extend --model vocab.json --out larger --vocab-size 20000 corpus.txt",
    NULL
};
const command command_tokenizer_extend = {
    .name = "tokenizer extend",
    .summary = "learns more entries on top of a tokenizer",
    .arguments = "TEXT...",
    .details = ABOUT_TEXT
    "\nEvery id and every merge of a BPE stays; no text is cut where it was not cut before. "
    "Weights in the model's folder grow too: a new entry starts as the mean of the pieces it was so far.",
    .examples = examples,
    .required = "model out vocab-size",
    .prints_figures = true,
    .minimum_arguments = 1,
    .prepare = prepare,
    .run = run,
};
