/* cli/command_tokenizer_train.c: maske tokenizer train: learns a tokenizer from raw text. */
#include "cli/command.h"
#include "cli/rows.h"
#include "cli/tokenizer_report.h"
#include "cli/tokenizer_sizes.h"

#include <stdlib.h>

struct settings { const char *out, *vocab_sizes, *field; bool force; };
static struct settings settings;
static maske_tokenizer_train_options training;

static const maske_option rows[] = {
    {"out", MASKE_OPTION_TEXT, offsetof(struct settings, out), 0, 0, "DIR", NULL, "folder to write the tokenizer into"},
    {"vocab-sizes", MASKE_OPTION_TEXT, offsetof(struct settings, vocab_sizes), 0, 0, "A,B", NULL,
     "several sizes from one run, each in DIR/SIZE"},
    ROW_FIELD(struct settings),
    ROW_FORCE(struct settings),
    {0}};

static void prepare(options *o) {
    options_fill_defaults(rows, &settings);
    maske_tokenizer_train_options_defaults(&training);
    options_add(o, rows, &settings);
    options_add(o, maske_tokenizer_train_option_table(), &training);
}

static maske_status run(const invocation *call) {
    const maske_text text = {call->options->arguments, call->options->argument_count, settings.field};
    tokenizer_sizes sizes = {0};
    maske_tokenizer *tokenizer = NULL;
    maske_tokenizer_train_report report = {0};
    TRY(tokenizer_sizes_read(&sizes, settings.vocab_sizes, &training));
    TRY(tokenizer_sizes_check(settings.out, settings.force, call->options));
    TRY(maske_tokenizer_train(&tokenizer, &text, &training, &call->control, &report));
    sizes.tokenizer = tokenizer;
    maske_status status = tokenizer_sizes_write(&sizes, settings.out, settings.force);
    if (status == MASKE_OK) status = tokenizer_report_print(call, settings.out, &report);
    maske_tokenizer_free(tokenizer);
    return status;
}

static const char *const examples[] = {
    "maske tokenizer train --out my-tokenizer --vocab-size 16000 corpus.txt",
    "maske tokenizer train --out my-tokenizer --pre-tokenizer bytelevel --normalizer nfc texts/",
    "maske tokenizer train --out sizes --vocab-sizes 8000,16000,32000 corpus.txt",
    NULL
};
const command command_tokenizer_train = {
    .name = "tokenizer train",
    .summary = "learns a tokenizer from raw text",
    .arguments = "TEXT...",
    .details = ABOUT_TEXT "\n[PAD] [UNK] [CLS] [SEP] [MASK] get the ids 0 to 4; with byte fallback the bytes <0x00> to "
                          "<0xFF> are 5 to 260.",
    .examples = examples,
    .required = "out",
    .prints_figures = true,
    .minimum_arguments = 1,
    .prepare = prepare,
    .run = run,
};
