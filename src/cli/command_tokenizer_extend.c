/* cli/command_tokenizer_extend.c: maske tokenizer extend: a tokenizer learns on, and its model's embeddings grow. */
#include "cli/command.h"
#include "cli/output.h"
#include "cli/rows.h"
#include "cli/tokenizer_report.h"
#include "cli/tokenizer_sizes.h"

#include <stdlib.h>

struct settings { const char *model, *out, *vocab_sizes, *field; bool fill_unused, force; };
static struct settings settings;
static maske_tokenizer_train_options training;

static const maske_option rows[] = {
    {"model", MASKE_OPTION_TEXT, offsetof(struct settings, model), 0, 0, "DIR", NULL,
     "folder of the tokenizer or model, or a vocab.json"},
    {"out", MASKE_OPTION_TEXT, offsetof(struct settings, out), 0, 0, "DIR", NULL, "folder to write"},
    {"vocab-sizes", MASKE_OPTION_TEXT, offsetof(struct settings, vocab_sizes), 0, 0, "A,B", NULL,
     "several sizes from one run, each in DIR/SIZE"},
    {"fill-unused", MASKE_OPTION_FLAG, offsetof(struct settings, fill_unused), 0, 0, NULL, "no",
     "new entries take the places of [unused0], [unused1] ... first"},
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
    training_rows[0].fallback = NULL;           /* there is none: see check_sizes */
    options_fill_defaults(rows, &settings);
    maske_tokenizer_train_options_defaults(&training);
    options_add(o, rows, &settings);
    options_add(o, training_rows, &training);
}

/* The size, or sizes; with --fill-unused alone the vocabulary keeps its size. */
static maske_status check_sizes(const invocation *call, tokenizer_sizes *sizes, const maske_tokenizer *base) {
    bool given = options_source(call->options, "vocab-size") != OPTION_DEFAULT;
    if (given && settings.vocab_sizes != NULL)
        return error_set(MASKE_BAD_ARGUMENT, "--vocab-size and --vocab-sizes are given, expected one of them");
    if (settings.fill_unused && settings.vocab_sizes != NULL)
        return error_set(MASKE_BAD_ARGUMENT, "--fill-unused and --vocab-sizes are given: a smaller vocabulary cannot be "
                         "cut out of one whose unused entries are filled");
    if (!given && settings.vocab_sizes == NULL && !settings.fill_unused)
        return error_set(MASKE_BAD_ARGUMENT, "--vocab-size N is needed");
    if (!given) training.vocab_size = maske_tokenizer_vocab_size(base);
    training.fill_unused = settings.fill_unused;
    return tokenizer_sizes_read(sizes, settings.vocab_sizes, &training);
}

static maske_status extend(const invocation *call, tokenizer_sizes *sizes, const maske_tokenizer *base) {
    const maske_text text = {call->options->arguments, call->options->argument_count, settings.field};
    maske_tokenizer *extended = NULL;
    maske_tokenizer_train_report report = {0};
    TRY(check_sizes(call, sizes, base));
    TRY(maske_tokenizer_extend(&extended, base, &text, &training, &call->control, &report));
    sizes->tokenizer = extended;
    maske_status status = sizes->model != NULL && sizes->count == 0
                              ? maske_model_extend(sizes->model, extended, settings.out, settings.force)
                              : tokenizer_sizes_write(sizes, settings.out, settings.force);
    if (status == MASKE_OK) status = tokenizer_report_print(call, settings.out, &report);
    maske_tokenizer_free(extended);
    return status;
}

static maske_status run(const invocation *call) {
    tokenizer_sizes sizes = {0};
    maske_tokenizer *base = NULL;
    bool weights = false;
    TRY(tokenizer_sizes_check(settings.out, settings.force, call->options));
    if (path_is_inside(settings.model, settings.out))
        return error_set(MASKE_BAD_ARGUMENT, "--out %s: is the folder of --model, expected another one", settings.out);
    TRY(maske_model_has_weights(&weights, settings.model));
    if (weights) sizes.model = settings.model;
    TRY(maske_tokenizer_open(&base, settings.model));
    maske_status status = extend(call, &sizes, base);
    maske_tokenizer_free(base);
    return status;
}

static const char *const examples[] = {
    "maske tokenizer extend --model my-tokenizer --out larger --vocab-size 24000 new-texts/",
    "maske tokenizer extend --model vocab.json --out larger --vocab-size 20000 corpus.txt",
    "maske tokenizer extend --model bert-base --out mine --fill-unused corpus.txt",
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
    .required = "model out",
    .prints_figures = true,
    .minimum_arguments = 1,
    .prepare = prepare,
    .run = run,
};
