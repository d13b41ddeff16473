/* cli/command_evaluate.c: maske evaluate: how well a model guesses words of a text that it has not seen. */
#include "cli/command.h"
#include "cli/figures.h"
#include "cli/rows.h"

struct settings { const char *model, *field, *precision; };
static struct settings settings;
static maske_evaluate_options evaluate_options;

static const maske_option rows[] = {
    ROW_MODEL(struct settings),
    ROW_FIELD(struct settings),
    ROW_PRECISION(struct settings, "auto|f32|bf16|int8", "auto", "of matrix products; auto: f32; int8: smaller, faster"),
    {0}
};
static const maske_option evaluate_rows[] = {
    ROW_SEED(maske_evaluate_options, seed),
    ROW_MASK_PROBABILITY(maske_evaluate_options),
    {"words", MASKE_OPTION_INTEGER, offsetof(maske_evaluate_options, words), 0, 1000000, "N", "1000",
     "words guessed whole; 0: none. None of standard input, which is read once"},
    {0}
};

static void prepare(options *o) {
    options_fill_defaults(rows, &settings);
    maske_evaluate_options_defaults(&evaluate_options);
    options_add(o, rows, &settings);
    options_add(o, evaluate_rows, &evaluate_options);
}

static void show_words(figures *f, const maske_evaluation *e) {
    figures_count(f, "words", "words guessed whole", e->words);
    figures_number(f, "word_bits_per_character", "  bits a character", 4, e->word_bits_per_character);
    figures_number(f, "word_accuracy", "  accuracy", 4, e->word_accuracy);
    figures_number(f, "unigram_word_bits_per_character", "  bits, by frequency", 4,
                   e->unigram_word_bits_per_character);
    figures_number(f, "unigram_word_accuracy", "  accuracy, by frequency", 4, e->unigram_word_accuracy);
    figures_number(f, "bigram_word_bits_per_character", "  bits, by word before", 4,
                   e->bigram_word_bits_per_character);
    figures_number(f, "bigram_word_accuracy", "  accuracy, by word before", 4, e->bigram_word_accuracy);
}

static maske_status show(const invocation *call, const maske_evaluation *e) {
    progress_end(call->progress);
    figures f = figures_start(call->json);
    figures_number(&f, "loss", "loss (nats a token)", 4, e->loss);
    figures_number(&f, "perplexity", "perplexity", 2, e->perplexity);
    figures_number(&f, "accuracy", "accuracy", 4, e->accuracy);
    figures_number(&f, "top5_accuracy", "accuracy, best five", 4, e->top5_accuracy);
    figures_number(&f, "bits_per_character", "bits a character", 4, e->bits_per_character);
    figures_number(&f, "unigram_loss", "unigram loss", 4, e->unigram_loss);
    figures_number(&f, "unigram_accuracy", "unigram accuracy", 4, e->unigram_accuracy);
    if (e->words > 0) show_words(&f, e);
    figures_count(&f, "sequences", "sequences", e->sequences);
    figures_count(&f, "tokens", "tokens", e->tokens);
    figures_count(&f, "predicted", "predicted", e->predicted);
    figures_count(&f, "truncated", "texts cut", e->truncated);
    return figures_end(&f);
}

static maske_status run(const invocation *call) {
    const maske_text text = {call->options->arguments, call->options->argument_count, settings.field};
    const maske_model_options how = {.precision = settings.precision, .threads = call->control.threads};
    maske_model *model = NULL;
    maske_evaluation e = {0};
    TRY(maske_model_open(&model, settings.model, &how));
    maske_status status = maske_evaluate(model, &text, &evaluate_options, &call->control, &e);
    maske_model_close(model);
    return status == MASKE_OK ? show(call, &e) : status;
}

static const char *const examples[] = {"maske evaluate --model my-model held-out.txt", NULL};
const command command_evaluate = {
    .name = "evaluate",
    .summary = "measures a model on held-out text, with fixed masks",
    .arguments = "TEXT...",
    .details = ABOUT_TEXT "\nThe masks depend on --seed alone. The unigram figures are of guessing by how often tokens "
                          "occur in the same text.\n\nWords: the seed draws them from the text, the same ones "
                          "whatever the tokenizer, so these figures compare models with different tokenizers. Each is "
                          "guessed piece by piece from its line, the piece and those behind it masked.",
    .examples = examples,
    .required = "model",
    .prints_figures = true,
    .minimum_arguments = 1,
    .prepare = prepare,
    .run = run,
};
