/* train/resume.c: maske_train_resume: the newest whole checkpoint, the same text, the same settings; or a sentence that
 * names what differs (changes.h).
 *
 * The text is tokenized again: that takes seconds, and no half-written token file is ever believed. */
#include "base/log.h"
#include "train/changes.h"
#include "train/fingerprint.h"
#include "train/run.h"
#include "train/run_clock.h"
#include "train/settings.h"

#include <stdlib.h>

/* What corpus.json says of the beginning. */
typedef struct beginning { uint64_t tokenizer; int64_t sequences, tokens; } beginning;

enum { SETTINGS_LIMIT = 1 << 20, SOURCES_LIMIT = 64 << 20 };

static maske_status read_settings(run *r, const char *path) {
    json_t *object;
    TRY(json_read_object(&object, path, SETTINGS_LIMIT));
    maske_status status = settings_read(&r->settings, object, path);
    json_decref(object);
    if (status == MASKE_OK) status = settings_complete(&r->settings);
    return status;
}

static maske_status take_sources(run *r, beginning *out, const json_t *object, const char *path) {
    const char *model = NULL;
    TRY(fingerprint_read(&out->tokenizer, object, "tokenizer", path));
    TRY(json_get_integer(&out->sequences, object, "sequences", 1, INT64_MAX, path));
    TRY(json_get_integer(&out->tokens, object, "tokens", 1, INT64_MAX, path));
    TRY(json_get_text_or(&model, NULL, object, "model", path));
    if (model != NULL) TRY(memory_copy_text(&r->model, model, strlen(model)));
    TRY(sources_read(&r->text, json_object_get(object, "text"), r->folder.path, path));
    const json_t *valid = json_object_get(object, "valid");
    if (valid != NULL && !json_is_null(valid)) TRY(sources_read(&r->valid, valid, r->folder.path, path));
    const json_t *mix = json_object_get(object, "mix");
    return mix == NULL || json_is_null(mix) ? MASKE_OK : sources_read(&r->mix, mix, r->folder.path, path);
}

static maske_status read_sources(run *r, beginning *out, const char *path) {
    json_t *object;
    TRY(json_read_object(&object, path, SOURCES_LIMIT));
    maske_status status = take_sources(r, out, object, path);
    json_decref(object);
    return status;
}

typedef maske_status read_file(run *r, beginning *out, const char *path);
static maske_status read_settings_file(run *r, beginning *out, const char *path) {
    (void)out;
    return read_settings(r, path);
}

static maske_status read_in_folder(run *r, beginning *out, const char *name, read_file *read) {
    char *path;
    TRY(path_join(&path, r->folder.path, name));
    maske_status status = read(r, out, path);
    free(path);
    return status;
}

/* ------------------------------------------------------------------------------------------ what must be equal --- */

static maske_status expect_same_tokenizer(const run *r, uint64_t expected) {
    if (r->identity.tokenizer == expected) return MASKE_OK;
    return error_set(
        MASKE_BAD_ARGUMENT,
        "%s/tokenizer.json: its fingerprint is %016llx, but was %016llx when the run began: the tokenizer has changed",
        r->folder.path, (unsigned long long)r->identity.tokenizer, (unsigned long long)expected);
}

static maske_status expect_same_corpus(const run *r, const checkpoint *c) {
    if (r->identity.corpus == c->identity.corpus && r->identity.valid_corpus == c->identity.valid_corpus &&
        r->identity.mix_corpus == c->identity.mix_corpus)
        return MASKE_OK;
    return error_set(MASKE_BAD_ARGUMENT,
                     "%s: made from another text than %s names: the fingerprints are %016llx and %016llx", c->path,
                     RUN_SOURCES, (unsigned long long)c->identity.corpus, (unsigned long long)r->identity.corpus);
}

/* The level of the CPU stands at the end of a version and is compared apart. */
static size_t version_length(const char *version) {
    const char *level = strstr(version, "; CPU level");
    return level != NULL ? (size_t)(level - version) : strlen(version);
}

static maske_status expect_same_version(const run *r, const checkpoint *c) {
    const char *now = r->identity.version, *then = c->identity.version;
    size_t length = version_length(now);
    if (length == version_length(then) && memcmp(now, then, length) == 0) return MASKE_OK;
    return error_set(MASKE_BAD_ARGUMENT, "%s: written by maske %s, this is %s: the results may not agree bit for bit",
                     c->path, then, now);
}

static maske_status expect_same_text(const char *place, const char *what, const char *now, const char *then) {
    if (strcmp(now, then) == 0) return MASKE_OK;
    return error_set(MASKE_BAD_ARGUMENT,
                     "%s: written with the %s %s, this is %s: the results would agree to rounding, not bit for bit",
                     place, what, then, now);
}

/* The checkpoint was made by a run of these settings, text and tokenizer, by this program on such a CPU. */
static maske_status expect_same_run(const run *r, const changes *allowed, const checkpoint *c) {
    const run_identity *now = &r->identity, *then = &c->identity;
    TRY(changes_judge(allowed, CHANGE_SETTINGS,
                      settings_expect_equal(&r->settings, RUN_SETTINGS, &c->settings, c->path)));
    TRY(changes_judge(allowed, CHANGE_TOKENIZER, expect_same_tokenizer(r, then->tokenizer)));
    TRY(changes_judge(allowed, CHANGE_CORPUS, expect_same_corpus(r, c)));
    TRY(changes_judge(allowed, CHANGE_CPU, expect_same_text(c->path, "kernels of", now->cpu, then->cpu)));
    TRY(changes_judge(allowed, CHANGE_PRECISION,
                      expect_same_text(c->path, "precision", now->precision, then->precision)));
    TRY(changes_judge(allowed, CHANGE_VERSION, expect_same_version(r, c)));
    if (now->threads != then->threads)
        log_say(MASKE_LOG_DETAIL, "goes on with %lld threads after %lld: the results are the same",
                (long long)now->threads, (long long)then->threads);
    return MASKE_OK;
}

/* *changed: the text is another one now, and measured anew. */
static maske_status expect_same_files(run *r, const changes *allowed, bool *changed) {
    maske_status text = sources_expect_unchanged(&r->text, r->control);
    TRY(changes_judge(allowed, CHANGE_CORPUS, text));
    maske_status valid = sources_expect_unchanged(&r->valid, r->control);
    TRY(changes_judge(allowed, CHANGE_CORPUS, valid));
    maske_status mix = sources_expect_unchanged(&r->mix, r->control);
    TRY(changes_judge(allowed, CHANGE_CORPUS, mix));
    *changed = text != MASKE_OK || valid != MASKE_OK || mix != MASKE_OK;
    if (!*changed) return MASKE_OK;
    TRY(sources_measure(&r->text, r->control));
    TRY(sources_measure(&r->valid, r->control));
    TRY(sources_measure(&r->mix, r->control));
    return run_identify(r, r->folder.path);
}

static maske_status expect_same_data(const run *r, const beginning *b) {
    const dataset_totals *found = dataset_describe(r->training);
    if (found->sequences == b->sequences && found->tokens == b->tokens) return MASKE_OK;
    return error_set(
        MASKE_BAD_ARGUMENT, "the text gives %lld tokens in %lld sequences, but gave %lld in %lld when the run began",
        (long long)found->tokens, (long long)found->sequences, (long long)b->tokens, (long long)b->sequences);
}

/* The checkpoint's config.json, before any memory is taken for what it says. */
static maske_status take_config(run *r, const checkpoint *c) {
    char *path;
    TRY(path_join(&path, c->path, "config.json"));
    maske_status status = bert_config_read(&r->config, path);
    const bert_config *config = &r->config;
    const maske_train_options *s = &r->settings;
    if (status == MASKE_OK &&
        (config->hidden_size != s->hidden_size || config->num_hidden_layers != s->num_hidden_layers ||
         config->num_attention_heads != s->num_attention_heads || config->intermediate_size != s->intermediate_size ||
         config->max_position_embeddings < s->max_length ||
         config->vocab_size < maske_tokenizer_vocab_size(r->tokenizer)))
        status = error_set(MASKE_BAD_SHAPE, "%s: not the model that %s and the tokenizer describe", path, RUN_SETTINGS);
    free(path);
    TRY(status);
    /* the same as there, unless the settings have changed and may have */
    r->config.hidden_dropout_prob = s->dropout;
    r->config.attention_probs_dropout_prob = s->attention_dropout;
    return MASKE_OK;
}

/* ---------------------------------------------------------------------------------------------------- going on --- */

/* Weights, moments and state of the checkpoint; of the very beginning where there is none. */
static maske_status load(run *r, const checkpoint *c) {
    if (c->path == NULL) {
        r->state.time_budget = 60 * r->settings.minutes;
        return run_new_model(r);
    }
    r->state = c->state;
    TRY(checkpoint_load(c, &r->lm, &r->optimizer, optimizer_muon_threads(&r->settings, r->threads)));
    r->lm->config = r->config;
    return MASKE_OK;
}

/* ---------------------------------------------------------------------------------- a model that was taken away --- */

static const char *const model_files[] = {"config.json", "model.safetensors"};

static maske_status restore_file(const char *folder, const char *checkpoint_folder, const char *name) {
    char *to = NULL, *from = NULL;
    file_map file = {0};
    maske_status status = path_join(&to, folder, name);
    if (status == MASKE_OK) status = path_join(&from, checkpoint_folder, name);
    if (status == MASKE_OK && !path_exists(to)) {
        status = file_map_open(&file, from);
        if (status == MASKE_OK) status = file_write_atomic(to, file.data, file.length, true);
        if (status == MASKE_OK) log_say(MASKE_LOG_NOTE, "%s: was missing; it is that of %s", to, checkpoint_folder);
        file_map_close(&file);
    }
    free(to);
    free(from);
    return status;
}

static maske_status restore_files(const run *r, const checkpoint *c) {
    for (size_t i = 0; i < 2; i++) TRY(restore_file(r->folder.path, c->path, model_files[i]));
    return MASKE_OK;
}

/* Where files of the run's model are missing: *restored, if a checkpoint holds the same weights. An average is in none. */
static maske_status restore_model(bool *restored, const run *r, const checkpoint *newest) {
    const trainer_state *state = &newest->state;
    checkpoint best = {0};
    *restored = false;
    if (state->best_step == 0 ? state->averaged > 0 : state->best_is_average) return MASKE_OK;
    *restored = state->best_step == 0 || state->best_step == state->step;
    if (*restored) return restore_files(r, newest);
    if (checkpoint_open(&best, r->folder.checkpoints, state->best_step) != MASKE_OK) return MASKE_OK;
    *restored = true;
    maske_status status = restore_files(r, &best);
    checkpoint_free(&best);
    return status;
}

static maske_status model_is_there(bool *out, const run *r) {
    *out = true;
    for (size_t i = 0; i < 2; i++) {
        char *path;
        TRY(path_join(&path, r->folder.path, model_files[i]));
        *out = *out && path_exists(path);
        free(path);
    }
    return MASKE_OK;
}

/* Of a finished run. */
static maske_status expect_model(const run *r, const checkpoint *newest) {
    bool there = false;
    TRY(model_is_there(&there, r));
    if (!there) TRY(restore_model(&there, r, newest));
    if (there) return MASKE_OK;
    return error_set(MASKE_IO,
                     "%s: the run is finished, but its model is missing, and no checkpoint that is left holds the same weights",
                     r->folder.path);
}

/* Of a run that goes on: without the best model so far, the next that is evaluated is the best. */
static maske_status look_for_model(run *r, const checkpoint *newest) {
    bool there = false;
    TRY(model_is_there(&there, r));
    if (there || r->state.best_step == 0) return MASKE_OK;
    TRY(restore_model(&there, r, newest));
    if (there) return MASKE_OK;
    log_say(MASKE_LOG_WARNING, "%s: the best model so far, that of step %lld, is missing; the next evaluation begins anew",
            r->folder.path, (long long)r->state.best_step);
    r->state.best_step = 0;
    r->state.best_is_average = false;
    return MASKE_OK;
}

/* Without a whole checkpoint a run begins anew, but only where none was written yet: what it made must not be lost by it. */
static maske_status expect_young(const run *r) {
    const char *folder = r->folder.checkpoints;
    size_t count = 0;
    if (r->model != NULL)
        return error_set(MASKE_BAD_FILE,
                         "%s: no whole checkpoint is left; the run went on from %s and has to be started anew", folder,
                         r->model);
    if (!path_exists(folder))
        return error_set(MASKE_IO, "%s: is missing; make it, empty, to begin the run anew: its model is replaced then", folder);
    TRY(checkpoint_count(&count, folder));
    if (count > 0)
        return error_set(MASKE_BAD_FILE, "%s: of %zu checkpoints none is whole; remove them to begin the run anew: its model is "
                         "replaced then", folder, count);
    return MASKE_OK;
}

/* A finished run's checkpoints may have been removed; what only an unfinished one has is gone with its end. */
static maske_status is_over(bool *over, const run *r, const checkpoint *newest) {
    bool model = false;
    char *tokens;
    *over = newest->path != NULL && newest->state.finished;
    if (newest->path != NULL) return MASKE_OK;
    TRY(model_is_there(&model, r));
    TRY(path_join(&tokens, r->folder.path, RUN_TOKENS));
    *over = model && !path_exists(tokens);
    free(tokens);
    return MASKE_OK;
}

static maske_status finish(const run *r, const checkpoint *newest) {
    if (newest->path != NULL) TRY(expect_model(r, newest));
    if (newest->path != NULL &&
        settings_expect_equal(&r->settings, RUN_SETTINGS, &newest->settings, newest->path) != MASKE_OK)
        log_say(MASKE_LOG_WARNING, "%s; the run is over: maske train --model %s --out NEW trains on", maske_error(),
                r->folder.path);
    TRY(checkpoint_tidy(r->folder.checkpoints, r->settings.keep));
    return run_folder_finish(&r->folder);
}

static maske_status go_on(run *r, const changes *allowed, const checkpoint *c, const beginning *b,
                          const maske_train_watch *watch) {
    bool new_text = false;
    if (c->path == NULL) TRY(expect_young(r));
    TRY(run_choose_machine(r));
    TRY(maske_tokenizer_open(&r->tokenizer, r->folder.path));
    TRY(run_identify(r, r->folder.path));
    TRY(changes_judge(allowed, CHANGE_TOKENIZER, expect_same_tokenizer(r, b->tokenizer)));
    bool new_tokenizer = r->identity.tokenizer != b->tokenizer;
    if (c->path != NULL) TRY(expect_same_run(r, allowed, c));
    TRY(c->path != NULL ? take_config(r, c) : run_configure(r));
    TRY(expect_same_files(r, allowed, &new_text));
    TRY(run_build_data(r, r->folder.path));
    if (!new_text && !new_tokenizer) TRY(changes_judge(allowed, CHANGE_SETTINGS, expect_same_data(r, b)));
    TRY(run_check_plan(r, r->settings.keep, false, false));
    TRY(load(r, c));
    /* Nothing stands in the way any more: now what lies after the checkpoint goes. */
    if (c->path != NULL) TRY(look_for_model(r, c));
    if (new_text || new_tokenizer) TRY(run_write_sources(r, r->folder.path));
    TRY(checkpoint_remove_after(r->folder.checkpoints, r->state.step));
    TRY(checkpoint_tidy(r->folder.checkpoints, r->settings.keep));
    if (c->path != NULL) log_say(MASKE_LOG_NOTE, "goes on from %s", c->path);
    else log_say(MASKE_LOG_NOTE, "no checkpoint was written yet: starts from the beginning");
    return run_train(r, watch);
}

static maske_status resume(run *r, const char *out, const char *allow_change, const maske_train_watch *watch,
                           bool *finished) {
    beginning b = {0};
    checkpoint newest = {0};
    changes allowed;
    TRY(changes_read(&allowed, allow_change));
    TRY(run_folder_open(&r->folder, out));
    TRY(read_in_folder(r, &b, RUN_SETTINGS, read_settings_file));
    TRY(read_in_folder(r, &b, RUN_SOURCES, read_sources));
    TRY(checkpoint_newest(&newest, r->folder.checkpoints));
    maske_status status = is_over(finished, r, &newest);
    if (status == MASKE_OK && *finished) status = finish(r, &newest);
    else if (status == MASKE_OK) status = go_on(r, &allowed, &newest, &b, watch);
    checkpoint_free(&newest);
    return status;
}

maske_status maske_train_resume(const char *out, const char *allow_change, const maske_control *control,
                                const maske_train_watch *watch, bool *finished) {
    run r = run_new(control);
    bool done = false;
    maske_status status = MASKE_OK;
    if (out == NULL) status = error_set(MASKE_BAD_ARGUMENT, "no folder of a run is given");
    else status = resume(&r, out, allow_change, watch, &done);
    run_free(&r);
    if (status == MASKE_OK && finished != NULL) *finished = done;
    return status;
}
