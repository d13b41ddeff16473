/* cli/command_fill.c: maske fill: prompts in, filled prompts out. */
#include "cli/command.h"
#include "cli/lines.h"
#include "cli/output.h"
#include "cli/rows.h"

#include <stdlib.h>

struct settings { const char *model, *targets, *file, *precision; bool verbose; };
static struct settings settings;
static maske_fill_options fill_options;

static const maske_option rows[] = {
    ROW_MODEL(struct settings),
    {"targets", MASKE_OPTION_TEXT, offsetof(struct settings, targets), 0, 0, "A,B", NULL,
     "consider these words alone"},
    {"file", MASKE_OPTION_TEXT, offsetof(struct settings, file), 0, 0, "FILE", NULL,
     "read prompts from FILE, one a line"},
    {"verbose", MASKE_OPTION_FLAG, offsetof(struct settings, verbose), 0, 0, NULL, "no",
     "show the memory needed, the segments, the mask's id and the ids"},
    ROW_PRECISION(struct settings, "auto|f32|bf16|int8", "auto", "of matrix products; auto: f32; int8: smaller, faster"),
    {0}
};
static const maske_option fill_rows[] = {
    {"top-k", MASKE_OPTION_INTEGER, offsetof(maske_fill_options, top_k), 1, 1 << 24, "N", "10",
     "candidates kept for each mask"},
    {"temperature", MASKE_OPTION_NUMBER, offsetof(maske_fill_options, temperature), 0, 1000, "T", "0",
     "0: always the likeliest; 1: drawn as often as the model thinks"},
    ROW_SEED(maske_fill_options, seed),
    {"order", MASKE_OPTION_CHOICE, offsetof(maske_fill_options, order), 0, 0, "left|confidence", "left",
     "of several masks: from the left, or the surest first"},
    {"whole-word", MASKE_OPTION_FLAG, offsetof(maske_fill_options, whole_word), 0, 0, NULL, "no",
     "where a word begins, only pieces that begin one"},
    {0}
};

static void prepare(options *o) {
    options_fill_defaults(rows, &settings);
    maske_fill_options_defaults(&fill_options);
    options_add(o, rows, &settings);
    options_add(o, fill_rows, &fill_options);
}

/* ------------------------------------------------------------------------------------------------- one prompt --- */

static void say_details(const maske_fill_result *r) {
    for (size_t i = 0; i < r->segment_count; i++) say("segment %zu: \"%s\"", i, r->segments[i]);
    say("mask id: %d", (int)r->mask_id);
    buffer ids = {0};
    maske_status status = MASKE_OK;
    for (size_t i = 0; i < r->id_count && status == MASKE_OK; i++)
        status = buffer_add_format(&ids, " %d", (int)r->ids[i]);
    if (status == MASKE_OK) say("ids:%s", ids.data);
    buffer_free(&ids);
}

/* A piece as text, as the library of the same name decodes it alone. */
static maske_status write_token_text(json_writer *w, const maske_tokenizer *tokenizer, int32_t id) {
    char *text = NULL;
    size_t length = 0;
    TRY(maske_tokenizer_decode(tokenizer, &id, 1, false, &text, &length));
    json_text_bytes(w, text, length);
    free(text);
    return MASKE_OK;
}

static maske_status write_json(const maske_tokenizer *tokenizer, const char *prompt, const maske_fill_result *r) {
    json_writer *w = out_json_start();
    json_begin_object(w);
    json_key(w, "prompt"), json_text(w, prompt);
    json_key(w, "text"), json_text(w, r->text);
    json_key(w, "candidates");
    json_begin_array(w);
    for (size_t mask = 0; mask < r->mask_count; mask++) {
        json_begin_array(w);
        for (size_t i = 0; i < r->candidate_count; i++) {
            const maske_fill_candidate *c = &r->candidates[mask * r->candidate_count + i];
            json_begin_object(w);
            json_key(w, "score"), json_double(w, c->score);
            json_key(w, "token"), json_int(w, c->id);
            json_key(w, "token_str");
            TRY(write_token_text(w, tokenizer, c->id));
            json_key(w, "sequence"), json_text(w, c->text);
            json_end_object(w);
        }
        json_end_array(w);
    }
    json_end_array(w);
    json_end_object(w);
    return out_json_end();
}

static maske_status write_plain(const maske_fill_result *r) {
    for (size_t i = 0; r->mask_count == 1 && i < r->candidate_count; i++) {
        const maske_fill_candidate *c = &r->candidates[i];
        out_format("%.6g\t", c->score);
        out_text(c->token);
        out_text("\t");
        out_text(c->text);
        out_text("\n");
    }
    out_text(r->text);
    out_text("\n");
    return out_status();
}

/* How many prompts there were, and how many of them were longer than the model's positions. */
static int64_t prompts, cut;

static maske_status fill_one(const invocation *call, const maske_model *model, const char *prompt,
                             maske_fill_result *r) {
    TRY(maske_fill(model, prompt, &fill_options, r));
    prompts++;
    cut += r->cut_tokens > 0;
    if (settings.verbose) say_details(r);
    return call->json ? write_json(maske_model_tokenizer(model), prompt, r) : write_plain(r);
}

static void say_cut(void) {
    if (cut == 0) return;
    say("warning: %lld of %lld prompts %s longer than the model's positions: what lies far from the masks was not "
        "looked at",
        (long long)cut, (long long)prompts, cut == 1 ? "was" : "were");
}

/* ------------------------------------------------------------------------------------------------ all of them --- */

static maske_status write_empty(const invocation *call, const char *prompt) {
    const maske_fill_result nothing = {.text = (char *)(uintptr_t)prompt};
    return call->json ? write_json(NULL, prompt, &nothing) : write_plain(&nothing);
}

static maske_status fill_lines(const invocation *call, const maske_model *model, maske_fill_result *r) {
    lines in;
    lines_start(&in, &settings.file, settings.file != NULL ? 1 : 0);
    maske_status status;
    while (true) {
        const char *prompt = NULL;
        size_t length = 0;
        status = lines_next(&in, &prompt, &length);
        if (status != MASKE_OK || prompt == NULL) break;
        if (strlen(prompt) != length)
            status = error_set(MASKE_BAD_FILE, "%s: line %lld holds a NUL character", in.path, (long long)in.number);
        /* An empty line has nothing to fill; one comes back, so that lines stay side by side. */
        else if (prompt[strspn(prompt, " \t")] == '\0') status = write_empty(call, prompt);
        else status = fill_one(call, model, prompt, r);
        if (status == MASKE_BAD_ARGUMENT)
            status = error_set(status, "%s: line %lld: %s", in.path, (long long)in.number, maske_error());
        if (status == MASKE_OK && lines_would_wait(&in)) status = out_flush();
        if (status != MASKE_OK) break;
    }
    lines_end(&in);
    return status;
}

static maske_status fill_all(const invocation *call, const maske_model *model) {
    const options *o = call->options;
    maske_fill_result r = {0};
    maske_status status = MASKE_OK;
    for (size_t i = 0; i < o->argument_count && status == MASKE_OK; i++) {
        status = call->control.stop != NULL && *call->control.stop ? error_set(MASKE_STOPPED, "stopped by a signal")
                                                                   : fill_one(call, model, o->arguments[i], &r);
    }
    if (status == MASKE_OK && (settings.file != NULL || o->argument_count == 0)) status = fill_lines(call, model, &r);
    maske_fill_result_free(&r);
    say_cut();
    return status;
}

/* "A,B" as texts; an empty one between two commas is none. *copy and *targets are yours. */
static maske_status split_targets(char **copy, const char ***targets, size_t *count) {
    TRY(memory_copy_text(copy, settings.targets, strlen(settings.targets)));
    TRY(memory_new(targets, strlen(settings.targets) + 1, sizeof **targets, "targets"));
    for (char *word = *copy; word != NULL;) {
        char *comma = strchr(word, ',');
        if (comma != NULL) *comma++ = '\0';
        if (word[0] != '\0') (*targets)[(*count)++] = word;
        word = comma;
    }
    return *count > 0 ? MASKE_OK
                      : error_set(MASKE_BAD_ARGUMENT, "--targets: found \"%s\", expected words parted by commas",
                                  settings.targets);
}

static maske_status run(const invocation *call) {
    details_wanted = settings.verbose;
    char *copy = NULL;
    const char **targets = NULL;
    maske_model *model = NULL;
    maske_status status =
        settings.targets != NULL ? split_targets(&copy, &targets, &fill_options.target_count) : MASKE_OK;
    fill_options.targets = targets;
    const maske_model_options how = {.precision = settings.precision, .threads = call->control.threads};
    if (status == MASKE_OK) status = maske_model_open(&model, settings.model, &how);
    if (status == MASKE_OK) status = fill_all(call, model);
    maske_model_close(model);
    free(targets);
    free(copy);
    return status;
}

static const char *const examples[] = {
    "maske fill --model my-model \"Ankara [MASK] başkentidir.\"",
    "maske fill --model my-model --top-k 10 --temperature 0.8 --seed 7 \"Mert Akçay [MASK] üniversite [MASK].\"",
    "maske fill --model my-model --json --file prompts.txt",
    NULL
};
const command command_fill = {
    .name = "fill",
    .summary = "fills the masks of each prompt",
    .arguments = "[PROMPT...]",
    .details = "A PROMPT is a text with one [MASK] or more; without one, and with --file, prompts are read one a "
               "line."
               "\nFor a prompt with one mask the likeliest candidates come first: score, token and text, parted by "
               "tabs. The last line of each prompt is the filled text.",
    .examples = examples,
    .required = "model",
    .prints_figures = true,
    .prepare = prepare,
    .run = run,
};
