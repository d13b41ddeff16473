/* cli/command_data.c: maske data: the MLM data set of an epoch, as tensors. */
#include "base/model_files.h"
#include "cli/command.h"
#include "cli/figures.h"
#include "cli/output.h"
#include "cli/rows.h"

struct settings { const char *tokenizer, *out, *field; bool force; };
static struct settings settings;
static maske_data_options data_options;

static const maske_option rows[] = {
    {"tokenizer", MASKE_OPTION_TEXT, offsetof(struct settings, tokenizer), 0, 0, "DIR", NULL,
     "folder of a tokenizer or a model"},
    {"out", MASKE_OPTION_TEXT, offsetof(struct settings, out), 0, 0, "FILE", NULL, "safetensors file to write"},
    ROW_FIELD(struct settings),
    ROW_FORCE(struct settings),
    {0}
};
static const maske_option data_rows[] = {
    {"epoch", MASKE_OPTION_INTEGER, offsetof(maske_data_options, epoch), 1, ROW_ENDLESS, "E", "1",
     "which epoch's masks and order"},
    ROW_SEED(maske_data_options, seed),
    {"max-length", MASKE_OPTION_INTEGER, offsetof(maske_data_options, max_length), 3, 65535, "N", "128",
     "tokens of a sequence, [CLS] and [SEP] included"},
    ROW_MASK_PROBABILITY(maske_data_options),
    {"whole-words", MASKE_OPTION_YES_NO, offsetof(maske_data_options, whole_words), 0, 0, NULL, "no",
     "mask all pieces of a word or none"},
    {"line-by-line", MASKE_OPTION_YES_NO, offsetof(maske_data_options, line_by_line), 0, 0, NULL, "no",
     "one line a sequence, not packed documents"},
    {0}
};

static void prepare(options *o) {
    options_fill_defaults(rows, &settings);
    maske_data_options_defaults(&data_options);
    options_add(o, rows, &settings);
    options_add(o, data_rows, &data_options);
}

static maske_status run(const invocation *call) {
    const maske_text text = {call->options->arguments, call->options->argument_count, settings.field};
    maske_tokenizer *tokenizer = NULL;
    maske_data_report r = {0};
    TRY(model_files_expect_apart(settings.out, settings.tokenizer));
    TRY(maske_tokenizer_open(&tokenizer, settings.tokenizer));
    maske_status status =
        maske_data_write(tokenizer, &text, &data_options, settings.out, settings.force, &call->control, &r);
    maske_tokenizer_free(tokenizer);
    if (status != MASKE_OK) return status;
    if (!call->quiet)
        say("%s: %lld sequences, %lld tokens, %lld of them to predict, from %lld documents, %lld lines (%lld cut)",
            settings.out, (long long)r.sequences, (long long)r.tokens, (long long)r.predicted, (long long)r.documents,
            (long long)r.lines, (long long)r.truncated_lines);
    if (!call->json) return MASKE_OK;
    figures f = figures_start(true);
    figures_count(&f, "documents", NULL, r.documents);
    figures_count(&f, "lines", NULL, r.lines);
    figures_count(&f, "sequences", NULL, r.sequences);
    figures_count(&f, "tokens", NULL, r.tokens);
    figures_count(&f, "predicted", NULL, r.predicted);
    figures_count(&f, "truncated_lines", NULL, r.truncated_lines);
    return figures_end(&f);
}

static const char *const examples[] = {"maske data --tokenizer my-tokenizer --out epoch-1.safetensors my-texts/", NULL};
const command command_data = {
    .name = "data",
    .summary = "writes the masked data set as tensors, as training would see it",
    .arguments = "TEXT...",
    .details = ABOUT_TEXT "\nThe file holds input_ids, attention_mask, token_type_ids and labels (-100 where nothing "
                          "is predicted), int64 [sequences, max-length].",
    .examples = examples,
    .required = "tokenizer out",
    .prints_figures = true,
    .minimum_arguments = 1,
    .prepare = prepare,
    .run = run,
};
