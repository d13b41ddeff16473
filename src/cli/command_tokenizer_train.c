/* cli/command_tokenizer_train.c: maske tokenizer train: learns a tokenizer from raw text. */
#include "base/number.h"
#include "base/output_folder.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/rows.h"
#include "cli/tokenizer_report.h"

#include <stdlib.h>

enum { SIZES_MOST = 32 };

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

/* What is written: one tokenizer, or one for each of several sizes. */
typedef struct output {
    const maske_tokenizer *tokenizer;
    int64_t sizes[SIZES_MOST];
    size_t size_count;
} output;

/* "8000,16000"; the largest is what is trained. */
static maske_status read_sizes(output *out, const char *list) {
    const maske_option *row = maske_tokenizer_train_option_table();
    while (strcmp(row->name, "vocab-size") != 0) row++;
    for (const char *at = list; true; at++) {
        char text[24];
        size_t length = strcspn(at, ",");
        maske_tokenizer_train_options one = training;
        if (out->size_count == SIZES_MOST)
            return error_set(MASKE_BAD_ARGUMENT, "--vocab-sizes %s: more than %d sizes", list, SIZES_MOST);
        snprintf(text, sizeof text, "%.*s", length < sizeof text ? (int)length : (int)sizeof text - 1, at);
        TRY(option_set(row, &one, text, "--vocab-sizes"));
        out->sizes[out->size_count++] = one.vocab_size;
        if (out->size_count == 1 || one.vocab_size > training.vocab_size) training.vocab_size = one.vocab_size;
        at += length;
        if (*at == '\0') return MASKE_OK;
    }
}

static maske_status write_size(const output *what, const char *folder, int64_t size) {
    char name[24];
    char *inner = NULL;
    maske_tokenizer *smaller = NULL;
    snprintf(name, sizeof name, "%lld", (long long)size);
    TRY(path_join(&inner, folder, name));
    maske_status status = folder_make(inner);
    if (status == MASKE_OK) status = maske_tokenizer_shrink(&smaller, what->tokenizer, size);
    if (status == MASKE_OK) status = maske_tokenizer_save(smaller, inner);
    maske_tokenizer_free(smaller);
    free(inner);
    return status;
}

static maske_status write_files(void *user, const char *folder) {
    const output *what = user;
    if (what->size_count == 0) return maske_tokenizer_save(what->tokenizer, folder);
    for (size_t i = 0; i < what->size_count; i++) TRY(write_size(what, folder, what->sizes[i]));
    return MASKE_OK;
}

static maske_status run(const invocation *call) {
    const maske_text text = {call->options->arguments, call->options->argument_count, settings.field};
    output what = {0};
    maske_tokenizer *tokenizer = NULL;
    maske_tokenizer_train_report report = {0};
    if (settings.vocab_sizes != NULL) TRY(read_sizes(&what, settings.vocab_sizes));
    TRY(output_folder_check(settings.out, settings.force));
    TRY(maske_tokenizer_train(&tokenizer, &text, &training, &call->control, &report));
    what.tokenizer = tokenizer;
    maske_status status = output_folder_write(settings.out, write_files, &what);
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
    .summary = "learns a tokenizer (a BPE) from raw text",
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
