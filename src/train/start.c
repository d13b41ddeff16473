/* train/start.c: maske_train: a new run, from text alone, with a tokenizer, or on from a model.
 *
 * All that can be wrong is found before anything that lies in the output folder is touched: settings, paths, the text,
 * memory and disk. What is made until then lies in the preparing folder (run_folder.h). */
#include "base/clock.h"
#include "base/log.h"
#include "base/modules.h"
#include "corpus/files.h"
#include "tokenizer/tokenizer.h"
#include "train/choose.h"
#include "train/run.h"
#include "train/settings.h"
#include "train/sizes.h"
#include "train/trials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the caller gave. */
typedef struct request {
    const char *out, *model, *tokenizer;
    const maske_text *text;
    double begun;               /* the clock's time */
    bool given[RECIPE_ROWS];    /* settings, by their rows */
} request;

/* ------------------------------------------------------------------------------------------------------- inputs --- */

static bool has_recipe(const run *r) { return r->settings.recipe && r->settings.minutes > 0; }

static maske_status absolute_path(char **out, const char *path) {
    char *resolved = realpath(path, NULL);
    if (resolved == NULL) return error_io(path, "open");
    maske_status status = memory_copy_text(out, resolved, strlen(resolved));
    free(resolved);
    return status;
}

/* A number of the shape: 0, or what the model has. */
static maske_status take_number(int64_t *setting, int64_t found, const char *name, const char *model) {
    if (*setting != 0 && *setting != found)
        return error_set(MASKE_BAD_ARGUMENT, "%s is %lld, but %lld in the model %s", name, (long long)*setting,
                         (long long)found, model);
    *setting = found;
    return MASKE_OK;
}

static maske_status take_activation(maske_train_options *settings, const char *name, const request *given) {
    if (recipe_is_given(given->given, "hidden-act") && strcmp(settings->hidden_act, name) != 0)
        return error_set(MASKE_BAD_ARGUMENT, "hidden-act is %s, but %s in the model %s", settings->hidden_act, name,
                         given->model);
    char *copy;
    TRY(memory_copy_text(&copy, name, strlen(name)));
    free((void *)(uintptr_t)settings->hidden_act);
    settings->hidden_act = copy;
    return MASKE_OK;
}

static maske_status take_shape(maske_train_options *settings, const bert_config *config, const request *given) {
    const char *model = given->model;
    if (recipe_is_given(given->given, "size")) TRY(sizes_complete(settings));
    TRY(take_number(&settings->hidden_size, config->hidden_size, "hidden-size", model));
    TRY(take_number(&settings->num_hidden_layers, config->num_hidden_layers, "num-hidden-layers", model));
    TRY(take_number(&settings->num_attention_heads, config->num_attention_heads, "num-attention-heads", model));
    TRY(take_number(&settings->intermediate_size, config->intermediate_size, "intermediate-size", model));
    if (!recipe_is_given(given->given, "max-position-embeddings")) settings->max_position_embeddings = 0;
    TRY(take_number(&settings->max_position_embeddings, (int64_t)bert_config_positions(config), "max-position-embeddings", model));
    return take_activation(settings, activation_name(config->hidden_act), given);
}

/* A tokenizer that is there already is taken as it is, and so are weights: what only new ones would obey is said to be of no
 * use. */
static void warn_of_unused(const run *r, const request *given) {
    static const char *const names[] = {"pre-tokenizer", "normalizer"}, *const first[] = {"word-vectors", "neighbour-heads"};
    const char *folder = given->model != NULL ? given->model : given->tokenizer;
    int64_t entries = maske_tokenizer_vocab_size(r->tokenizer);
    if (recipe_is_given(given->given, "vocab-size") && r->settings.vocab_size != entries)
        log_say(MASKE_LOG_WARNING, "vocab-size %lld is not used: the tokenizer of %s has %lld entries",
                (long long)r->settings.vocab_size, folder, (long long)entries);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (recipe_is_given(given->given, names[i]))
            log_say(MASKE_LOG_WARNING, "%s is not used: the tokenizer of %s is taken as it is", names[i], folder);
    for (size_t i = 0; given->model != NULL && i < sizeof first / sizeof *first; i++)
        if (recipe_is_given(given->given, first[i]))
            log_say(MASKE_LOG_WARNING, "%s is not used: the first weights are those of %s", first[i], folder);
}

/* Opens the model to go on from: its shape is the run's shape. */
static maske_status open_model(run *r, const request *given) {
    TRY(absolute_path(&r->model, given->model));
    TRY(sources_expect_name(r->model));
    TRY(maske_tokenizer_open(&r->tokenizer, given->model));
    TRY(masked_lm_open(&r->lm, given->model));
    if (!r->lm->finite)
        return error_set(MASKE_BAD_FILE, "%s: the weights are not all finite numbers, which training needs",
                         given->model);
    int64_t vocabulary = maske_tokenizer_vocab_size(r->tokenizer);
    if (vocabulary > r->lm->config.vocab_size)
        return error_set(MASKE_BAD_SHAPE, "%s: the tokenizer has %lld entries, the model %lld", given->model,
                         (long long)vocabulary, (long long)r->lm->config.vocab_size);
    return take_shape(&r->settings, &r->lm->config, given);
}

/* A file or folder that a setting names, kept by its absolute path. */
static maske_status find_text(sources *out, const char **setting, const char *name, const run *r) {
    if (*setting == NULL) return MASKE_OK;
    if (strcmp(*setting, "-") == 0)
        return error_set(MASKE_BAD_ARGUMENT, "%s: found \"-\", expected a file: standard input is not kept for %s", name,
                         strcmp(name, "valid") == 0 ? "evaluations" : "mixing in");
    char *path;
    TRY(absolute_path(&path, *setting));
    free((void *)(uintptr_t)*setting);
    *setting = path;
    return sources_find(out, &(maske_text){(const char *const[]){path}, 1, r->text.field});
}

/* Nothing that the run is made from may be replaced by it; other files may lie there. `out` and `path` are absolute. */
static maske_status expect_outside(const char *out, const char *path) {
    size_t length = strlen(out);
    if (strncmp(path, out, length) != 0 || (path[length] != '/' && path[length] != '\0')) return MASKE_OK;
    const char *name = path + length + (path[length] == '/');
    if (name[0] != '\0' && !run_folder_replaces(name, strcspn(name, "/"))) return MASKE_OK;
    return error_set(MASKE_BAD_ARGUMENT, "%s: lies in the output folder, which --force replaces; expected another place",
                     path);
}

static maske_status expect_place_outside(const char *out, const char *path) {
    char *absolute;
    TRY(absolute_path(&absolute, path));
    maske_status status = expect_outside(out, absolute);
    free(absolute);
    return status;
}

static maske_status expect_text_outside(const char *out, const sources *s) {
    for (size_t i = 0; i < s->count; i++)
        if (!s->files[i].standard_input) TRY(expect_place_outside(out, s->files[i].path));
    return MASKE_OK;
}

static maske_status expect_all_outside(const char *out, const run *r, const request *given) {
    TRY(expect_text_outside(out, &r->text));
    TRY(expect_text_outside(out, &r->valid));
    TRY(expect_text_outside(out, &r->mix));
    if (given->model != NULL) TRY(expect_place_outside(out, given->model));
    return given->tokenizer != NULL ? expect_place_outside(out, given->tokenizer) : MASKE_OK;
}

static maske_status expect_inputs_stay(const run *r, const request *given) {
    if (!r->settings.force || !path_exists(given->out)) return MASKE_OK;
    char *out;
    TRY(absolute_path(&out, given->out));
    maske_status status = expect_all_outside(out, r, given);
    free(out);
    return status;
}

static maske_status take_request(run *r, request *given, const maske_train_options *options) {
    if (given->out == NULL || given->out[0] == '\0') return error_set(MASKE_BAD_ARGUMENT, "no output folder is given");
    if (given->model != NULL && given->tokenizer != NULL)
        return error_set(MASKE_BAD_ARGUMENT,
                         "a model and a tokenizer are given, expected one of them: a model has its own tokenizer");
    TRY(settings_copy(&r->settings, options));
    TRY(settings_check(&r->settings));
    TRY(recipe_find_given(given->given, &r->settings, options != NULL ? options->given : NULL));
    TRY(sources_find(&r->text, given->text));
    TRY(find_text(&r->valid, &r->settings.valid, "valid", r));
    TRY(find_text(&r->mix, &r->settings.mix, "mix", r));
    bool json_lines = sources_json_lines(&r->text) || sources_json_lines(&r->valid) || sources_json_lines(&r->mix);
    if (r->text.field != NULL && !json_lines) return files_field_unused(r->text.field);
    TRY(expect_inputs_stay(r, given));
    if (r->settings.trials > 0 && r->settings.minutes == 0)
        return error_set(MASKE_BAD_ARGUMENT, "trials is %g, expected minutes beside it: trials take a share of them",
                         r->settings.trials);
    if (given->model != NULL) TRY(open_model(r, given));
    if (given->tokenizer != NULL) TRY(maske_tokenizer_open(&r->tokenizer, given->tokenizer));
    if (r->tokenizer != NULL) warn_of_unused(r, given);
    TRY(run_choose_machine(r));
    if (!has_recipe(r)) return settings_complete(&r->settings);
    maske_train_options tried = r->settings;    /* what cannot go together is found before any work */
    return settings_complete(&tried);
}

/* ---------------------------------------------------------------------------------------------------- preparing --- */

static maske_status learn_tokenizer(run *r) {
    maske_train_options *settings = &r->settings;
    if (settings->vocab_size == 0) {
        int64_t bytes;
        TRY(sources_text_bytes(&bytes, &r->text, sizes_vocabulary_bytes()));
        settings->vocab_size = sizes_vocabulary(bytes);
    }
    maske_tokenizer_train_options options;
    maske_tokenizer_train_options_defaults(&options);
    options.vocab_size = settings->vocab_size;
    options.pre_tokenizer = settings->pre_tokenizer;
    options.normalizer = settings->normalizer;
    maske_tokenizer_train_report report = {0};
    maske_text text = sources_text(&r->text);
    TRY(maske_tokenizer_train(&r->tokenizer, &text, &options, r->control, &report));
    log_say(MASKE_LOG_NOTE, "tokenizer: %lld entries (%lld asked for) from %lld words, %lld of them different",
            (long long)report.vocab_size, (long long)settings->vocab_size, (long long)report.words,
            (long long)report.unique_words);
    return MASKE_OK;
}

/* The config of the model to go on from, but for what belongs to the training. */
static void take_config(run *r) {
    r->config = r->lm->config;
    r->config.hidden_dropout_prob = r->settings.dropout;
    r->config.attention_probs_dropout_prob = r->settings.attention_dropout;
    r->config.initializer_range = r->settings.initializer_range;
    if (r->config.trained_length < r->settings.max_length) r->config.trained_length = r->settings.max_length;
}

/* A new model with the weights of the one to go on from: a pooler is left out, a head that is not there begins anew. */
static maske_status take_weights(run *r) {
    masked_lm *given = r->lm;
    r->lm = NULL;
    maske_status status = run_new_model(r);
    size_t found = 0;
    for (size_t i = 0; status == MASKE_OK && i < r->lm->table.count; i++) {
        const parameter *row = &r->lm->table.rows[i], *from = parameters_find(&given->table, row->name);
        if (from == NULL) continue;
        found++;
        memcpy(r->lm->weights + row->place, given->weights + from->place, row->elements * sizeof(float));
    }
    if (status == MASKE_OK && found < r->lm->table.count)
        log_say(MASKE_LOG_NOTE, "%s: has no prediction head; it begins anew", r->model);
    masked_lm_free(given);
    return status;
}

static maske_status prepare(run *r, const request *given) {
    TRY(sources_take_standard_input(&r->text, r->folder.preparing, r->control));
    TRY(sources_measure(&r->text, r->control));
    TRY(sources_measure(&r->valid, r->control));
    TRY(sources_measure(&r->mix, r->control));
    if (has_recipe(r)) TRY(choose_settings(r, given->given, given->begun));
    if (r->tokenizer == NULL) TRY(learn_tokenizer(r));
    if (r->lm != NULL) take_config(r);
    else TRY(run_configure(r));
    log_say(MASKE_LOG_NOTE, "model: hidden size %lld, %lld layers, %lld heads, vocabulary %lld",
            (long long)r->config.hidden_size, (long long)r->config.num_hidden_layers,
            (long long)r->config.num_attention_heads, (long long)r->config.vocab_size);
    TRY(run_build_data(r, r->folder.preparing));
    bool trials = trials_due(r, given->given);
    TRY(run_check_plan(r, 0, true, trials));
    if (trials && !r->settings.dry_run) TRY(trials_run(r, given->given));
    return r->lm != NULL ? take_weights(r) : run_new_model(r);
}

/* A run that goes on from a model keeps its first weights as the checkpoint of step 0: the model's own folder may
 * change; weights that come from the seed can be made again. */
static maske_status keep_first_weights(const run *r, const char *folder) {
    if (r->model == NULL) return MASKE_OK;
    checkpoint_parts parts = {r->lm, &r->optimizer, r->tokenizer, &r->state, &r->settings, &r->identity};
    char *checkpoints;
    TRY(path_join(&checkpoints, folder, RUN_CHECKPOINTS));
    maske_status status = checkpoint_save(checkpoints, &parts);
    free(checkpoints);
    return status;
}

/* The run is whole in the preparing folder before anything that lies in the output folder moves; then that is the run's. */
static maske_status begin(run *r) {
    const char *folder = r->folder.preparing;
    /* A new model's tokenizer knows how long its texts may be; one to go on from says so itself. */
    if (r->model == NULL) r->tokenizer->model_max_length = (int64_t)bert_config_positions(&r->config);
    TRY(maske_tokenizer_save(r->tokenizer, folder));
    TRY(run_identify(r, folder));
    TRY(run_write_sources(r, folder));
    TRY(keep_first_weights(r, folder));
    if (r->model != NULL) TRY(modules_copy(r->model, folder));
    TRY(run_write_settings(r, folder));
    TRY(run_folder_begin(&r->folder));
    return sources_set_folder(&r->text, r->folder.path);
}

/* With minutes, the preparation counts; the training gets half of them at the least. */
static double time_budget(const run *r, double spent) {
    double all = 60 * r->settings.minutes;
    if (all == 0) return 0;
    if (spent > all / 2)
        log_say(MASKE_LOG_WARNING,
                "the preparation took %lld of %lld seconds; the training gets half of them all the same",
                (long long)spent, (long long)all);
    return spent > all / 2 ? all / 2 : all - spent;
}

static maske_status train(run *r, request *given, const maske_train_options *options,
                          const maske_train_watch *watch) {
    TRY(take_request(r, given, options));
    TRY(run_folder_create(&r->folder, given->out, r->settings.force));
    TRY(prepare(r, given));
    if (r->settings.dry_run) return MASKE_OK;
    r->budget_since = clock_now();
    r->state.time_budget = time_budget(r, r->budget_since - given->begun);
    TRY(begin(r));
    return run_train(r, watch);
}

maske_status maske_train(const char *out, const char *model, const char *tokenizer, const maske_text *text,
                         const maske_train_options *options, const maske_control *control,
                         const maske_train_watch *watch) {
    request given = {.out = out, .model = model, .tokenizer = tokenizer, .text = text, .begun = clock_now()};
    run r = run_new(control);
    maske_status status = train(&r, &given, options, watch);
    run_free(&r);
    return status;
}
