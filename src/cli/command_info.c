/* cli/command_info.c: maske info: what a model is, and how it came to be. */
#include "cli/command.h"
#include "cli/figures.h"
#include "cli/lines.h"
#include "cli/rows.h"

#include <stdlib.h>

struct settings { const char *model; };
static struct settings settings;

static const maske_option rows[] = {
    ROW_MODEL(struct settings),
    {0}
};

static void prepare(options *o) {
    options_fill_defaults(rows, &settings);
    options_add(o, rows, &settings);
}

/* ------------------------------------------------------------------------------------------------- its history --- */

/* The last figures of metrics.jsonl. */
typedef struct history {
    int64_t step, tokens, best_step;
    double epoch, loss, seconds, valid_loss, valid_accuracy, best_loss;
    bool trained, evaluated, best_is_average;
} history;

/* The best so far: of the weights, or of their average (--average), where that was looked at, too. */
static void take_evaluation(history *h, const json_t *line) {
    const json_t *of_average = json_object_get(line, "average_valid_loss");
    h->valid_loss = json_number_value(json_object_get(line, "valid_loss"));
    h->valid_accuracy = json_number_value(json_object_get(line, "valid_accuracy"));
    bool average = json_is_number(of_average) && json_number_value(of_average) < h->valid_loss;
    double loss = average ? json_number_value(of_average) : h->valid_loss;
    if (!h->evaluated || loss < h->best_loss) h->best_loss = loss, h->best_step = h->step, h->best_is_average = average;
    h->evaluated = true;
}

static void take_line(history *h, const json_t *line) {
    const json_t *step = json_object_get(line, "step"), *valid = json_object_get(line, "valid_loss");
    h->trained = true;
    h->step = json_integer_value(step);
    if (valid != NULL) {
        /* A loss that was no number is written as null, and none is the best. */
        if (json_is_number(valid)) take_evaluation(h, line);
        return;
    }
    h->epoch = json_number_value(json_object_get(line, "epoch"));
    h->loss = json_number_value(json_object_get(line, "average_loss"));
    h->tokens = json_integer_value(json_object_get(line, "tokens"));
    h->seconds = json_number_value(json_object_get(line, "seconds"));
}

static maske_status read_history(history *h) {
    char *path = NULL;
    lines in;
    TRY(path_join(&path, settings.model, "metrics.jsonl"));
    maske_status status = MASKE_OK;
    lines_start(&in, (const char *const[]){path}, 1);
    while (path_exists(path)) {
        const char *text = NULL;
        size_t length = 0;
        json_t *line = NULL;
        status = lines_next(&in, &text, &length);
        if (status != MASKE_OK || text == NULL) break;
        /* A line that is cut short (the run is at work, or was killed) is no history yet. */
        if (json_parse_object(&line, text, length, path) != MASKE_OK) continue;
        take_line(h, line);
        json_decref(line);
    }
    lines_end(&in);
    free(path);
    return status;
}

static void show_history(figures *f, const history *h) {
    char time[32];
    print_duration(time, h->seconds);
    if (!h->trained) return;
    figures_count(f, "trained_steps", "trained steps", h->step);
    figures_number(f, "trained_epochs", "trained epochs", 2, h->epoch);
    figures_count(f, "trained_tokens", "trained tokens", h->tokens);
    figures_number(f, "trained_seconds", NULL, 1, h->seconds);
    figures_text(f, NULL, "trained for", time);
    figures_number(f, "training_loss", "training loss", 4, h->loss);
    if (!h->evaluated) return;
    figures_number(f, "valid_loss", "held-out loss, last", 4, h->valid_loss);
    figures_number(f, "valid_accuracy", "held-out accuracy, last", 4, h->valid_accuracy);
    figures_number(f, "best_valid_loss", "held-out loss, best", 4, h->best_loss);
    figures_count(f, "best_step", "at step", h->best_step);
    figures_bool(f, "best_is_average", "of averaged weights", h->best_is_average);
}

/* ---------------------------------------------------------------------------------------------------- the model --- */

static void show_model(figures *f, const maske_model_info *m) {
    figures_text(f, "architecture", "architecture", m->architecture);
    figures_count(f, "hidden_size", "hidden size", m->hidden_size);
    figures_count(f, "num_hidden_layers", "layers", m->num_hidden_layers);
    figures_count(f, "num_attention_heads", "attention heads", m->num_attention_heads);
    figures_count(f, "intermediate_size", "intermediate size", m->intermediate_size);
    figures_text(f, "hidden_act", "activation", m->hidden_act);
    figures_count(f, "max_position_embeddings", "positions", m->max_position_embeddings);
    figures_count(f, "max_length", "longest text", m->max_length);
    figures_count(f, "type_vocab_size", "token types", m->type_vocab_size);
    figures_number(f, "layer_norm_eps", NULL, 0, m->layer_norm_eps);
    figures_number(f, "hidden_dropout_prob", "dropout", 2, m->hidden_dropout_prob);
    figures_number(f, "attention_probs_dropout_prob", "attention dropout", 2, m->attention_probs_dropout_prob);
    figures_text(f, "dtype", "stored as", m->dtype);
    figures_bool(f, "has_head", "prediction head", m->has_head);
    figures_bool(f, "has_pooler", "pooler", m->has_pooler);
    figures_count(f, "parameters", "parameters", m->parameters);
    figures_count(f, "parameters_embeddings", "  of the embeddings", m->parameters_embeddings);
    figures_count(f, "parameters_encoder", "  of the encoder", m->parameters_encoder);
    figures_count(f, "parameters_head", "  of head and pooler", m->parameters_head);
}

static void show_tokenizer(figures *f, const maske_tokenizer *t, const maske_model_info *m) {
    static const char *const names[MASKE_SPECIAL_COUNT][2] = {{"pad_token", "padding"},
                                                              {"unk_token", "unknown"},
                                                              {"cls_token", "begin"},
                                                              {"sep_token", "end"},
                                                              {"mask_token", "mask"}};
    figures_count(f, "vocab_size", "entries (rows)", m->vocab_size);
    figures_count(f, "tokenizer_size", "entries of the tokenizer", maske_tokenizer_vocab_size(t));
    for (int i = 0; i < MASKE_SPECIAL_COUNT; i++) {
        int32_t id = maske_tokenizer_special(t, (maske_special)i);
        char shown[96];
        const char *token = id >= 0 ? maske_tokenizer_token(t, id) : NULL;
        snprintf(shown, sizeof shown, "%.60s (%d)", token != NULL ? token : "none", (int)id);
        figures_text(f, names[i][0], NULL, token);
        figures_text(f, NULL, names[i][1], shown);
    }
}

static maske_status run(const invocation *call) {
    const maske_model_options how = {.threads = call->control.threads};
    maske_model *model = NULL;
    maske_model_info info;
    history h = {0};
    TRY(maske_model_open(&model, settings.model, &how));
    maske_model_describe(model, &info);
    maske_status status = read_history(&h);
    if (status == MASKE_OK) {
        figures f = figures_start(call->json);
        show_model(&f, &info);
        show_tokenizer(&f, maske_model_tokenizer(model), &info);
        show_history(&f, &h);
        status = figures_end(&f);
    }
    maske_model_close(model);
    return status;
}

static const char *const examples[] = {"maske info --model my-model", "maske info --model my-model --json", NULL};
const command command_info = {
    .name = "info",
    .summary = "describes a model: sizes, parameters, tokenizer, training",
    .examples = examples,
    .required = "model",
    .prints_figures = true,
    .prepare = prepare,
    .run = run,
};
