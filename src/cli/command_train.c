/* cli/command_train.c: maske train: runs, and runs that go on. */
#include "cli/command.h"
#include "cli/output.h"
#include "cli/rows.h"

struct settings { const char *out, *model, *tokenizer, *resume, *allow_change, *field; };
static struct settings settings;
static maske_train_options train_options;

static const maske_option rows[] = {
    {"out", MASKE_OPTION_TEXT, offsetof(struct settings, out), 0, 0, "DIR", NULL,
     "folder to train into; it becomes the model folder"},
    {"model", MASKE_OPTION_TEXT, offsetof(struct settings, model), 0, 0, "DIR", NULL, "train on from this model"},
    {"tokenizer", MASKE_OPTION_TEXT, offsetof(struct settings, tokenizer), 0, 0, "DIR", NULL,
     "use this tokenizer, learn none"},
    {"resume", MASKE_OPTION_TEXT, offsetof(struct settings, resume), 0, 0, "DIR", NULL,
     "go on where the run in DIR stopped, with its settings"},
    {"allow-change", MASKE_OPTION_TEXT, offsetof(struct settings, allow_change), 0, 0, "NAME,...", NULL,
     "what may differ when a run goes on: corpus, tokenizer, settings, version, cpu, precision, threads"},
    ROW_FIELD(struct settings),
    {0}
};

static const char *const alternatives[] = {"minutes|epochs|steps", "model|tokenizer", NULL};

static void prepare(options *o) {
    o->alternatives = alternatives;
    options_fill_defaults(rows, &settings);
    maske_train_options_defaults(&train_options);
    options_add(o, rows, &settings);
    options_add(o, maske_train_option_table(), &train_options);
}

/* ------------------------------------------------------------------------------------- what is told on the way --- */

/* The epoch in which the run ends: as planned, or, where the clock ends it, as far as can be seen from here. */
static int64_t last_epoch(const maske_train_step *s) {
    if (s->epochs > 0) return s->epochs;
    if (s->seconds <= 0 || s->seconds_left <= 0 || s->batches <= 0) return s->epoch;
    double done = (double)(s->epoch - 1) + (double)s->batch / (double)s->batches;
    double whole = done * (s->seconds + s->seconds_left) / s->seconds;
    int64_t last = (int64_t)whole + (whole > (double)(int64_t)whole);
    return last > s->epoch ? last : s->epoch;
}

/* The line that the users of this loop know, and tokens a second behind it. */
static void say_step(const maske_train_step *s) {
    say("Epoch %lld/%lld, Batch %lld/%lld, Loss: %.4f, Avg Loss: %.4f, Batch Acc: %.4f, Avg Acc: %.4f, LR: %.2e, "
        "Tokens/s: %.0f",
        (long long)s->epoch, (long long)last_epoch(s), (long long)s->batch, (long long)s->batches, s->loss,
        s->average_loss, s->accuracy, s->average_accuracy, s->learning_rate, s->tokens_per_second);
}

static void on_step(void *user, const maske_train_step *s) {
    const invocation *call = user;
    if (call->quiet) return;
    if (s->logged) say_step(s);
    if (!call->progress->terminal) return;              /* a log file has the lines above */
    maske_progress what = {"training", (double)s->step, (double)s->steps, "steps"};
    if (s->steps <= 0 && s->seconds_left >= 0)
        what = (maske_progress){"training", s->seconds, s->seconds + s->seconds_left, "seconds"};
    char remark[96];
    snprintf(remark, sizeof remark, "loss %.3f, accuracy %.3f, %.0f tokens/s", s->average_loss, s->average_accuracy,
             s->tokens_per_second);
    progress_show(call->progress, &what, remark, s->seconds_left);
}

static void on_evaluation(void *user, const maske_train_evaluation *e) {
    const invocation *call = user;
    progress_stage_ends(call->progress);
    if (call->quiet) return;
    say("Step %lld, held out: loss %.4f (unigram %.4f), accuracy %.4f (unigram %.4f)%s", (long long)e->step,
        e->valid_loss, e->unigram_loss, e->valid_accuracy, e->unigram_accuracy,
        e->best && !e->best_is_average ? ", the best so far" : "");
    if (e->averaged)
        say("Step %lld, held out, averaged weights: loss %.4f, accuracy %.4f%s", (long long)e->step,
            e->average_valid_loss, e->average_valid_accuracy, e->best_is_average ? ", the best so far" : "");
    if (e->old)
        say("Step %lld, held out of the text that is mixed in: loss %.4f, accuracy %.4f", (long long)e->step,
            e->valid_old_loss, e->valid_old_accuracy);
    if (e->old && e->averaged)
        say("Step %lld, the same, averaged weights: loss %.4f, accuracy %.4f", (long long)e->step,
            e->average_valid_old_loss, e->average_valid_old_accuracy);
}

/* ------------------------------------------------------------------------------------------------------------- */

/* A run that goes on keeps its settings: whoever types others is told, not ignored. */
static maske_status refuse_settings(const options *o) {
    static const char *const own[] = {"out", "model", "tokenizer", "field", NULL};
    const char *typed = NULL;
    for (size_t i = 0; own[i] != NULL; i++)
        if (options_source(o, own[i]) == OPTION_COMMAND_LINE) typed = own[i];
    for (const maske_option *row = maske_train_option_table(); row->name != NULL; row++)
        if (options_source(o, row->name) == OPTION_COMMAND_LINE) typed = row->name;
    if (typed != NULL)
        return error_set(MASKE_BAD_ARGUMENT, "found --%s beside --resume, which goes on with the settings of its run; "
                         "with others, maske train --model DIR --out NEW trains on", typed);
    if (o->argument_count > 0)
        return error_set(MASKE_BAD_ARGUMENT, "found \"%.100s\" beside --resume, which goes on with the text of its run",
                         o->arguments[0]);
    return MASKE_OK;
}

static maske_status resume(const invocation *call, const maske_train_watch *watch) {
    bool finished = false;
    TRY(refuse_settings(call->options));
    TRY(maske_train_resume(settings.resume, settings.allow_change, &call->control, watch, &finished));
    if (!call->quiet) say(finished ? "%s: this run is complete already" : "%s: complete", settings.resume);
    return MASKE_OK;
}

/* What was typed, or named by a variable or a file: kept, even where it is what it would be anyhow. */
static const char *list_given(const options *o) {
    static char names[4096];
    size_t length = 0;
    for (const maske_option *row = maske_train_option_table(); row->name != NULL; row++)
        if (options_source(o, row->name) != OPTION_DEFAULT && length + strlen(row->name) + 2 < sizeof names)
            length += (size_t)snprintf(names + length, sizeof names - length, "%s,", row->name);
    return names;
}

static maske_status start(const invocation *call, const maske_train_watch *watch) {
    const options *o = call->options;
    if (options_source(o, "allow-change") == OPTION_COMMAND_LINE)
        return error_set(MASKE_BAD_ARGUMENT, "found --allow-change without --resume");
    if (settings.out == NULL) return error_set(MASKE_BAD_ARGUMENT, "--out DIR (or --resume DIR) is needed");
    if (settings.model != NULL && settings.tokenizer != NULL)
        return error_set(MASKE_BAD_ARGUMENT,
                         "found --model and --tokenizer, expected one of them: a model has its tokenizer with it");
    if (o->argument_count == 0) return error_set(MASKE_BAD_ARGUMENT, "TEXT... is needed");
    const maske_text text = {o->arguments, o->argument_count, settings.field};
    train_options.given = list_given(o);
    TRY(maske_train(settings.out, settings.model, settings.tokenizer, &text, &train_options, &call->control, watch));
    if (train_options.dry_run) {
        if (!call->quiet) say("%s: nothing was trained and nothing is left there: --dry-run", settings.out);
        return MASKE_OK;
    }
    const char *quote = settings.out[strcspn(settings.out, " ")] == ' ' ? "\"" : "";
    if (!call->quiet)
        say("%s: complete; try: maske fill --model %s%s%s \"... [MASK] ...\"", settings.out, quote, settings.out, quote);
    return MASKE_OK;
}

static maske_status run(const invocation *call) {
    const maske_train_watch watch = {on_step, on_evaluation, (void *)(uintptr_t)call};
    return settings.resume != NULL ? resume(call, &watch) : start(call, &watch);
}

static const char *const examples[] = {
    "maske train --out my-model --minutes 30 my-texts/",
    "maske train --out small --size small --epochs 10 --valid held-out.txt corpus.txt.zst",
    "maske train --out better --model my-model --epochs 1 more-text.txt",
    "maske train --resume my-model",
    "maske train --resume my-model --allow-change corpus",
    NULL
};
const command command_train = {
    .name = "train",
    .summary = "trains a BERT masked language model",
    .arguments = "TEXT...",
    .details = ABOUT_TEXT
    " Documents are parted by blank lines."
    "\nWithout --model and --tokenizer a tokenizer is learned first. Ctrl-C writes a checkpoint; --resume goes on "
    "from it as if nothing had been.",
    .examples = examples,
    .prepare = prepare,
    .run = run,
};
