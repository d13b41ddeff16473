/* cli/command_tokenizer_inspect.c: maske tokenizer inspect: how good a tokenizer is, alone and on a text. */
#include "cli/command.h"
#include "cli/figures.h"
#include "cli/rows.h"

struct settings { const char *model, *field; };
static struct settings settings;

static const maske_option rows[] = {
    ROW_MODEL(struct settings),
    ROW_FIELD(struct settings),
    {0}};

static void prepare(options *o) {
    options_fill_defaults(rows, &settings);
    options_add(o, rows, &settings);
}

static double ratio(int64_t part, int64_t whole) { return whole > 0 ? (double)part / (double)whole : 0; }

/* As JSON writes it, so that spaces and line ends are seen. */
static void show_quoted(figures *f, const char *label, const char *text) {
    buffer quoted = {0};
    json_writer w = json_writer_start(&quoted, false);
    json_text(&w, text);
    if (json_writer_end(&w) == MASKE_OK) figures_text(f, NULL, label, text == NULL ? "no text that was found" : quoted.data);
    buffer_free(&quoted);
}

static void show_tokenizer(figures *f, const maske_tokenizer_report *r) {
    figures_count(f, "vocab_size", "entries", r->vocab_size);
    figures_count(f, "merges", "merges", r->merges);
    figures_count(f, "special_tokens", "special tokens", r->special_tokens);
    figures_count(f, "unreachable", "unreachable entries", r->unreachable);
    figures_count(f, "unproducible", "unproducible entries", r->unproducible);
    if (r->unproducible > 0) figures_text(f, "unproducible_letters", "  with such letters as", r->unproducible_letters);
    figures_bool(f, "lossless", "decoding is lossless", r->lossless);
    figures_text(f, "lossless_reason", r->lossless ? "  for" : "  since", r->lossless_reason);
    if (r->lossless) return;
    const char *lost = r->counterexample[0] != '\0' ? r->counterexample : NULL;
    if (f->json) figures_text(f, "counterexample", NULL, lost != NULL ? lost : "");
    else show_quoted(f, "  lost is, for one", lost);
}

static void show_text(figures *f, const maske_tokenizer_report *r) {
    figures_count(f, "lines", "lines", r->lines);
    figures_count(f, "bytes", "bytes", r->bytes);
    figures_count(f, "words", "words", r->words);
    figures_count(f, "tokens", "tokens", r->tokens);
    figures_number(f, "tokens_per_word", "tokens a word", 3, ratio(r->tokens, r->words));
    figures_number(f, "bytes_per_token", "bytes a token", 3, ratio(r->bytes, r->tokens));
    figures_count(f, "single_token_words", "words of one token", r->single_token_words);
    figures_number(f, NULL, "  share of the words", 4, ratio(r->single_token_words, r->words));
    figures_count(f, "unknown_tokens", "unknown tokens", r->unknown_tokens);
    figures_number(f, "unknown_rate", "  share of the tokens", 6, ratio(r->unknown_tokens, r->tokens));
    figures_count(f, "unused", "unused entries", r->unused);
    figures_count(f, "truncated", "lines cut by truncation", r->truncated);
    figures_count(f, "round_trip_failures", "lines that do not come back", r->round_trip_failures);
}

static maske_status run(const invocation *call) {
    const maske_text text = {call->options->arguments, call->options->argument_count, settings.field};
    maske_tokenizer *tokenizer = NULL;
    maske_tokenizer_report report = {0};
    TRY(maske_tokenizer_open(&tokenizer, settings.model));
    maske_status status = maske_tokenizer_inspect(tokenizer, text.count > 0 ? &text : NULL, &call->control, &report);
    maske_tokenizer_free(tokenizer);
    TRY(status);
    figures f = figures_start(call->json);
    show_tokenizer(&f, &report);
    if (text.count > 0) show_text(&f, &report);
    return figures_end(&f);
}

static const char *const examples[] = {
    "maske tokenizer inspect --model my-tokenizer held-out.txt",
    "maske tokenizer inspect --model my-tokenizer --json",
    NULL
};
const command command_tokenizer_inspect = {
    .name = "tokenizer inspect",
    .summary = "reports how a tokenizer cuts text, and what it loses",
    .arguments = "[TEXT...]",
    .details =
        ABOUT_TEXT "\nWords are what the pre-tokenizer makes. An entry is unreachable when its own string is cut "
                   "otherwise. Whether decoding is lossless is proved from the components, and tried on the text.",
    .examples = examples,
    .required = "model",
    .prints_figures = true,
    .prepare = prepare,
    .run = run,
};
