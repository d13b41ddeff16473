/* tests/train/training.h: trainings so small that hundreds of them run in a test: a text of one page, a tokenizer
 * learned once, a model of two narrow layers. */
#ifndef MASKE_TESTS_TRAIN_TRAINING_H
#define MASKE_TESTS_TRAIN_TRAINING_H

#include "base/json.h"
#include "base/log.h"

#include "scratch.h"

#define TOWN TEST_DATA "/train/kasaba.txt"

/* What training needs beside its options. */
typedef struct training {
    const char *text, *model, *tokenizer, *allow_change;
    int threads;
    int64_t stop_at;            /* the stop flag is raised after this step; 0: never */
    /* told by the run */
    int64_t steps;              /* in this call */
    maske_train_step last;
    maske_train_evaluation evaluation;
    int64_t evaluations;
    volatile sig_atomic_t stop;
} training;

static inline void training_step(void *user, const maske_train_step *step) {
    training *t = user;
    t->steps++;
    t->last = *step;
    if (step->step == t->stop_at) t->stop = 1;
}
static inline void training_evaluation(void *user, const maske_train_evaluation *evaluation) {
    training *t = user;
    t->evaluations++;
    t->evaluation = *evaluation;
}

/* 24 steps of 4 short sequences, three evaluations, a checkpoint where the options say so. */
static inline maske_train_options training_options(void) {
    maske_train_options o;
    maske_train_options_defaults(&o);
    o.hidden_size = 32;
    o.num_hidden_layers = 2;
    o.num_attention_heads = 2;
    o.intermediate_size = 48;
    o.max_position_embeddings = 64;
    o.max_length = 32;
    o.vocab_size = 400;
    o.batch_size = 4;
    o.steps = 24;
    o.eval_steps = 9;
    o.valid_fraction = 0.1;
    o.log_steps = 1;
    o.save_minutes = 1e6;
    o.precision = "f32";
    return o;
}

static inline maske_control training_control(training *t) {
    t->stop = 0;
    t->steps = t->evaluations = 0;
    return (maske_control){.threads = t->threads, .stop = &t->stop};
}

static inline maske_status training_start(training *t, const char *out, const maske_train_options *o) {
    maske_control control = training_control(t);
    maske_train_watch watch = {training_step, training_evaluation, t};
    const char *path = t->text != NULL ? t->text : TOWN;
    return maske_train(out, t->model, t->tokenizer, &(maske_text){&path, 1, NULL}, o, &control, &watch);
}

static inline maske_status training_resume(training *t, const char *out, bool *finished) {
    maske_control control = training_control(t);
    maske_train_watch watch = {training_step, training_evaluation, t};
    return maske_train_resume(out, t->allow_change, &control, &watch, finished);
}

/* The folder of a tokenizer learned from the town, made once. */
static inline const char *training_tokenizer(void) {
    const char *folder = scratch_path("tokenizer");
    if (path_exists(folder)) return folder;
    maske_tokenizer *tokenizer = NULL;
    maske_tokenizer_train_options o;
    maske_tokenizer_train_options_defaults(&o);
    o.vocab_size = 400;
    const char *path = TOWN;
    assert_ok(maske_tokenizer_train(&tokenizer, &(maske_text){&path, 1, NULL}, &o, NULL, NULL));
    assert_ok(folder_make(folder));
    assert_ok(maske_tokenizer_save(tokenizer, folder));
    maske_tokenizer_free(tokenizer);
    return folder;
}

/* ---- what a run left ---- */
/* Not inline: gcc 12 then takes the bytes for a local variable's. */
__attribute__((noinline, unused)) static char *read_whole(const char *folder, const char *name, size_t *length) {
    char *path, *bytes = NULL;
    assert_ok(path_join(&path, folder, name));
    assert_ok(file_read(&bytes, length, path, SIZE_MAX - 1));
    free(path);
    return bytes;
}

/* Writes the file with the first `from` replaced by `to`. */
static inline void replace_in(const char *folder, const char *name, const char *from, const char *to) {
    size_t length;
    char *text = read_whole(folder, name, &length), *at = strstr(text, from), *path;
    if (at == NULL) fail_msg("%s/%s: has no %s", folder, name, from);
    buffer b = {0};
    assert_ok(buffer_add(&b, text, (size_t)(at - text)));
    assert_ok(buffer_add_text(&b, to));
    assert_ok(buffer_add_text(&b, at + strlen(from)));
    assert_ok(path_join(&path, folder, name));
    assert_ok(file_write_atomic(path, b.data, b.length, true));
    buffer_free(&b);
    free(path);
    free(text);
}

static inline bool has_file(const char *folder, const char *name) {
    char *path;
    assert_ok(path_join(&path, folder, name));
    bool has = path_exists(path);
    free(path);
    return has;
}

static inline void assert_same_file(const char *a, const char *b, const char *name) {
    size_t a_length, b_length;
    char *a_bytes = read_whole(a, name, &a_length), *b_bytes = read_whole(b, name, &b_length);
    if (a_length != b_length || memcmp(a_bytes, b_bytes, a_length) != 0)
        fail_msg("%s differs in %s and %s (%zu and %zu bytes)", name, a, b, a_length, b_length);
    free(a_bytes);
    free(b_bytes);
}

/* metrics.jsonl with what the clock wrote taken out. */
static inline char *metrics_without_clock(const char *folder) {
    size_t length;
    char *text = read_whole(folder, "metrics.jsonl", &length), *out = text;
    for (char *in = text; *in != '\0';) {
        size_t clock = 0;
        if (strncmp(in, ",\"tokens_per_second\":", 21) == 0) clock = 21;
        if (strncmp(in, ",\"seconds\":", 11) == 0) clock = 11;
        in += clock;
        if (clock > 0) in += strcspn(in, ",}");
        else *out++ = *in++;
    }
    *out = '\0';
    return text;
}

static inline void assert_same_metrics(const char *a, const char *b) {
    char *of_a = metrics_without_clock(a), *of_b = metrics_without_clock(b);
    assert_string_equal(of_a, of_b);
    free(of_a);
    free(of_b);
}

/* The same model, metrics, and in the last checkpoint the same moments. */
static inline void assert_same_run(const char *a, const char *b, int64_t last_step) {
    char name[128];
    assert_same_metrics(a, b);
    assert_same_file(a, b, "model.safetensors");
    assert_same_file(a, b, "config.json");
    const char *const names[] = {"model.safetensors", "optimizer.safetensors", "tokenizer.json", "config.json"};
    for (size_t i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "checkpoints/step-%lld/%s", (long long)last_step, names[i]);
        assert_same_file(a, b, name);
    }
}

/* Hundreds of checkpoints are synced here; on a file system in memory that costs nothing. Before the
 * first scratch(). */
__attribute__((constructor)) static void scratch_in_memory(void) {
    if (access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 0);
}

/* ---- what was said ---- */
static char said[16384];
static inline void remember(void *user, maske_log_level level, const char *sentence) {
    (void)user;
    size_t length = strlen(said);
    snprintf(said + length, sizeof said - length, "%s%s\n", level == MASKE_LOG_WARNING ? "warning: " : "", sentence);
}
static inline void listen(void) {
    said[0] = '\0';
    maske_set_log(remember, NULL);
}

#endif
