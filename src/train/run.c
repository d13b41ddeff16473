/* train/run.c: the parts of a run put together. */
#include "train/run.h"
#include "base/cpu.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "train/fingerprint.h"
#include "train/first_weights.h"
#include "train/plan.h"
#include "train/settings.h"

#include <stdio.h>
#include <stdlib.h>

run run_new(const maske_control *control) { return (run){.control = control, .folder.lock = -1}; }

void run_free(run *r) {
    dataset_free(r->training);
    dataset_free(r->held_out);
    dataset_free(r->mixed);
    dataset_free(r->mixed_held_out);
    optimizer_free(&r->optimizer);
    masked_lm_free(r->lm);
    maske_tokenizer_free(r->tokenizer);
    run_folder_close(&r->folder);
    sources_free(&r->text);
    sources_free(&r->valid);
    sources_free(&r->mix);
    settings_free(&r->settings);
    free(r->model);
    *r = run_new(NULL);
}

maske_status run_choose_machine(run *r) {
    const char *precision = r->settings.precision;
    r->threads = parallel_threads(r->control);
    r->precision = gemm_has_bf16() && strcmp(precision, "f32") != 0 ? GEMM_BF16 : GEMM_F32;
    if (strcmp(precision, "bf16") == 0 && r->precision != GEMM_BF16)
        return error_set(MASKE_UNSUPPORTED,
                         "precision is bf16, but this CPU (%s) does not multiply it; auto takes what there is",
                         cpu_level_name());
    return MASKE_OK;
}

/* --------------------------------------------------------------------------------------------------------- data --- */

static maske_status build(dataset **out, dataset **held_out, run *r, sources *s, const char *folder, const char *store,
                          double fraction) {
    char *path;
    TRY(path_join(&path, folder, store));
    dataset_options options = {
        .max_length = r->settings.max_length,
        .line_by_line = r->settings.line_by_line,
        .valid_fraction = fraction,
        .seed = (uint64_t)r->settings.seed,
        .whole_words = r->settings.whole_words,
        .store = path,
    };
    maske_text text = sources_text(s);
    maske_status status = dataset_build(out, held_out, r->tokenizer, &text, &options, r->control);
    free(path);
    return status;
}

static void say_data(const run *r) {
    const dataset_totals *training = dataset_describe(r->training);
    log_say(MASKE_LOG_NOTE, "text: %lld documents, %lld lines, %lld tokens in %lld sequences of at most %lld",
            (long long)training->documents, (long long)training->lines, (long long)training->tokens,
            (long long)training->sequences, (long long)r->settings.max_length);
    if (training->truncated_lines > 0)
        log_say(MASKE_LOG_WARNING, "%lld lines were longer than %lld tokens and were cut",
                (long long)training->truncated_lines, (long long)r->settings.max_length);
    if (r->held_out == NULL) {
        log_say(MASKE_LOG_NOTE, "nothing is held out: there will be no evaluation");
        return;
    }
    const dataset_totals *held_out = dataset_describe(r->held_out);
    log_say(MASKE_LOG_NOTE, "held out for evaluation: %lld tokens in %lld sequences%s", (long long)held_out->tokens,
            (long long)held_out->sequences, r->valid.count > 0 ? "" : " of this text");
}

/* Before hours of a long text are tokenized. */
static maske_status check_disk(run *r, const char *folder) {
    sources *const all[] = {&r->text, &r->valid, &r->mix};
    double tokens = 0;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        double found = 0;
        maske_text text = sources_text(all[i]);
        if (text.count > 0) TRY(dataset_estimate_tokens(&found, r->tokenizer, &text, r->control));
        tokens += found;
    }
    return plan_check_store(tokens, maske_tokenizer_vocab_size(r->tokenizer), disk_available(folder), folder);
}

maske_status run_build_data(run *r, const char *folder) {
    bool own_file = r->valid.count > 0;
    TRY(check_disk(r, folder));
    TRY(build(&r->training, own_file ? NULL : &r->held_out, r, &r->text, folder, RUN_TOKENS,
              own_file ? 0 : r->settings.valid_fraction));
    if (own_file) TRY(build(&r->held_out, NULL, r, &r->valid, folder, RUN_VALID_TOKENS, 0));
    say_data(r);
    if (r->mix.count == 0) return MASKE_OK;
    /* What a run over it held out stays unseen: the same seed holds out the same. */
    TRY(build(&r->mixed, &r->mixed_held_out, r, &r->mix, folder, RUN_MIX_TOKENS, r->settings.valid_fraction));
    const dataset_totals *mixed = dataset_describe(r->mixed);
    log_say(MASKE_LOG_NOTE, "mixed in: %.3g of the sequences, from a text of %lld tokens in %lld sequences",
            r->settings.mix_share, (long long)mixed->tokens, (long long)mixed->sequences);
    return MASKE_OK;
}

/* -------------------------------------------------------------------------------------------------------- model --- */

maske_status run_configure(run *r) {
    return run_configure_for(r, maske_tokenizer_vocab_size(r->tokenizer),
                             maske_tokenizer_special(r->tokenizer, MASKE_PAD));
}

maske_status run_configure_for(run *r, int64_t vocab_size, int64_t pad_token_id) {
    const maske_train_options *s = &r->settings;
    bert_config config = bert_config_defaults();
    config.vocab_size = vocab_size;
    config.pad_token_id = pad_token_id;
    config.hidden_size = s->hidden_size;
    config.num_hidden_layers = s->num_hidden_layers;
    config.num_attention_heads = s->num_attention_heads;
    config.intermediate_size = s->intermediate_size;
    config.max_position_embeddings = s->max_position_embeddings;
    config.hidden_dropout_prob = s->dropout;
    config.attention_probs_dropout_prob = s->attention_dropout;
    config.initializer_range = s->initializer_range;
    config.trained_length = s->max_length;
    if (!activation_from_name(&config.hidden_act, s->hidden_act))
        return error_set(MASKE_BAD_ARGUMENT, "hidden-act: no such activation: %s", s->hidden_act);
    TRY(bert_config_check(&config, "the settings"));
    r->config = config;
    return MASKE_OK;
}

maske_status run_first_model(masked_lm **out, const run *r) {
    if (r->model == NULL)
        return first_weights(out, &r->config, &r->settings, r->training, r->threads, r->control);
    TRY(masked_lm_new(out, &r->config, (uint64_t)r->settings.seed));
    return r->settings.unigram_bias ? first_weights_unigram(*out, r->training) : MASKE_OK;
}

maske_status run_new_model(run *r) {
    TRY(run_first_model(&r->lm, r));
    return optimizer_new(&r->optimizer, &r->lm->table, optimizer_muon_threads(&r->settings, r->threads));
}

maske_status run_check_plan(run *r, int64_t kept, bool fresh, bool trials) {
    const dataset_totals *training = dataset_describe(r->training);
    int64_t sequences = training->sequences, tokens = training->tokens;
    if (r->held_out != NULL) {
        sequences += dataset_describe(r->held_out)->sequences;
        tokens += dataset_describe(r->held_out)->tokens;
    }
    if (r->mixed != NULL) {
        sequences += dataset_describe(r->mixed)->sequences;
        tokens += dataset_describe(r->mixed)->tokens;
    }
    if (r->mixed_held_out != NULL) {
        sequences += dataset_describe(r->mixed_held_out)->sequences;
        tokens += dataset_describe(r->mixed_held_out)->tokens;
    }
    const plan_inputs in = {.config = &r->config,
                            .precision = r->precision,
                            .threads = r->threads,
                            .sequences = sequences,
                            .tokens = tokens,
                            .kept = kept,
                            .new_model = fresh && r->model == NULL,
                            .trials = trials};
    run_plan plan;
    if (fresh) TRY(plan_fit(&r->settings, &in));
    TRY(plan_make(&plan, &r->settings, &in));
    return plan_check(&plan, r->folder.path);
}

maske_status run_identify(run *r, const char *folder) {
    char *path;
    int64_t bytes;
    TRY(path_join(&path, folder, "tokenizer.json"));
    maske_status status = fingerprint_file(&r->identity.tokenizer, &bytes, path, NULL);
    free(path);
    TRY(status);
    r->identity.corpus = sources_fingerprint(&r->text);
    r->identity.mix_corpus = r->mix.count > 0 ? sources_fingerprint(&r->mix) : 0;
    r->identity.valid_corpus = r->valid.count > 0 ? sources_fingerprint(&r->valid) : 0;
    r->identity.threads = r->threads;
    snprintf(r->identity.cpu, sizeof r->identity.cpu, "%s", cpu_level_name());
    snprintf(r->identity.precision, sizeof r->identity.precision, "%s", gemm_precision_name(r->precision));
    snprintf(r->identity.version, sizeof r->identity.version, "%s", maske_version());
    return MASKE_OK;
}

maske_status run_train(run *r, const maske_train_watch *watch) {
    trainer_job job = {
        .folder = &r->folder,
        .settings = &r->settings,
        .identity = &r->identity,
        .tokenizer = r->tokenizer,
        .training = r->training,
        .held_out = r->held_out,
        .mix = r->mixed,
        .mix_held_out = r->mixed_held_out,
        .model = r->lm,
        .optimizer = &r->optimizer,
        .state = &r->state,
        .budget_since = r->budget_since,
        .precision = r->precision,
        .threads = r->threads,
        .control = r->control,
        .watch = watch,
    };
    return trainer_run(&job);
}

/* -------------------------------------------------------------------------------------------------------- files --- */

static maske_status write_json(const char *folder, const char *name, buffer *text, json_writer *w) {
    TRY(json_writer_end(w));
    TRY(buffer_add_text(text, "\n"));
    char *path;
    TRY(path_join(&path, folder, name));
    maske_status status = file_write_atomic(path, text->data, text->length, true);
    free(path);
    return status;
}

maske_status run_write_settings(const run *r, const char *folder) {
    buffer text = {0};
    json_writer w = json_writer_start(&text, true);
    settings_write(&w, &r->settings);
    maske_status status = write_json(folder, RUN_SETTINGS, &text, &w);
    buffer_free(&text);
    return status;
}

maske_status run_write_sources(const run *r, const char *folder) {
    char tokenizer[17];
    fingerprint_print(tokenizer, r->identity.tokenizer);
    buffer text = {0};
    json_writer w = json_writer_start(&text, true);
    json_begin_object(&w);
    json_key(&w, "version");
    json_text(&w, r->identity.version);
    json_key(&w, "model");
    json_text(&w, r->model);
    json_key(&w, "tokenizer");
    json_text(&w, tokenizer);
    json_key(&w, "sequences");
    json_int(&w, dataset_describe(r->training)->sequences);
    json_key(&w, "tokens");
    json_int(&w, dataset_describe(r->training)->tokens);
    json_key(&w, "text");
    sources_write(&w, &r->text);
    json_key(&w, "valid");
    if (r->valid.count > 0) sources_write(&w, &r->valid);
    else json_nothing(&w);
    json_key(&w, "mix");
    if (r->mix.count > 0) sources_write(&w, &r->mix);
    else json_nothing(&w);
    json_end_object(&w);
    maske_status status = write_json(folder, RUN_SOURCES, &text, &w);
    buffer_free(&text);
    return status;
}
