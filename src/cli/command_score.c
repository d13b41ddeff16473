/* cli/command_score.c: maske score: the pseudo-log-likelihood of each line. */
#include "base/number.h"
#include "cli/command.h"
#include "cli/lines.h"
#include "cli/output.h"
#include "cli/rows.h"

#include <stdlib.h>

struct settings { const char *model, *precision; };
static struct settings settings;
static maske_score_options score_options;

static const maske_option rows[] = {
    ROW_MODEL(struct settings),
    ROW_PRECISION(struct settings, "auto|f32|bf16|int8", "auto", "of matrix products; auto: f32; int8: smaller, faster"),
    {0}
};

static const maske_option score_rows[] = {
    {"within-word", MASKE_OPTION_FLAG, offsetof(maske_score_options, within_word), 0, 0, NULL, "no",
     "mask what follows in a token's word along with it"},
    {0}
};

static void prepare(options *o) {
    options_fill_defaults(rows, &settings);
    options_fill_defaults(score_rows, &score_options);
    options_add(o, rows, &settings);
    options_add(o, score_rows, &score_options);
}

enum { BATCH_LINES = 256, SLICE = 1 << 20 };

static maske_status write_score(const invocation *call, const maske_score_result *r) {
    char number[32];
    if (!call->json) {
        number_print(number, sizeof number, "%.4f\n", r->log_likelihood);
        out_text(number);
        return out_status();
    }
    json_writer *w = out_json_start();
    json_begin_object(w);
    json_key(w, "log_likelihood"), json_double(w, r->log_likelihood);
    json_key(w, "tokens"), json_int(w, r->tokens);
    json_key(w, "cut"), json_bool(w, r->cut);
    json_end_object(w);
    return out_json_end();
}

/* Lines from `first` on that are scored together: a text of n tokens is n times n of them, and what is done is written. */
static size_t slice(const line_batch *batch, size_t first) {
    double bytes = 0;
    size_t count = 0;
    while (first + count < batch->count && (count == 0 || bytes < SLICE)) {
        double length = (double)batch->lengths[first + count++];
        bytes += length * length;
    }
    return count;
}

static maske_status score_all(const invocation *call, const maske_model *model, lines *in, line_batch *batch,
                              maske_score_result *results) {
    int64_t done = 0, cut = 0;
    part_progress hear = {call, "scoring", &done};
    const maske_control control = {.stop = call->control.stop, .progress = out_part_progress, .user = &hear};
    score_options.control = &control;
    while (true) {
        TRY(lines_next_batch(in, BATCH_LINES, batch));
        if (batch->count == 0) break;
        for (size_t at = 0, count; at < batch->count; at += count) {
            count = slice(batch, at);
            TRY(maske_score(model, batch->texts + at, batch->lengths + at, count, &score_options, results));
            for (size_t i = 0; i < count; i++) {
                TRY(write_score(call, &results[i]));
                cut += results[i].cut;
            }
            done += (int64_t)count;
            TRY(out_flush());
            out_progress(call, "scoring", done, "lines");
        }
    }
    if (cut > 0) say("warning: %lld of %lld texts were cut to the model's length", (long long)cut, (long long)done);
    return MASKE_OK;
}

static maske_status run(const invocation *call) {
    const maske_model_options how = {.precision = settings.precision, .threads = call->control.threads};
    maske_model *model = NULL;
    maske_score_result *results = NULL;
    line_batch batch = {0};
    lines in;
    TRY(maske_model_open(&model, settings.model, &how));
    lines_start(&in, call->options->arguments, call->options->argument_count);
    maske_status status = memory_new(&results, BATCH_LINES, sizeof *results, "scores");
    if (status == MASKE_OK) status = score_all(call, model, &in, &batch, results);
    lines_end(&in);
    line_batch_free(&batch);
    free(results);
    maske_model_close(model);
    return status;
}

static const char *const examples[] = {"maske score --model my-model sentences.txt", NULL};
const command command_score = {
    .name = "score",
    .summary = "writes the pseudo-log-likelihood of each line",
    .arguments = "[FILE...]",
    .details = ABOUT_FILE "\nEvery token of a line is masked once, by itself; its logarithms (natural) are added up. "
                          "Nearer to zero is likelier. With --within-word the later parts of a token's word are masked with it, "
               "so that a rare word of many pieces is not scored as if it were likely.",
    .examples = examples,
    .required = "model",
    .prints_figures = true,
    .prepare = prepare,
    .run = run,
};
