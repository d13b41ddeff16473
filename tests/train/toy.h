/* tests/train/toy.h: a text with rules that a small model learns in seconds, a tokenizer for it, and runs over it.
 * Include it after the headers under test: it includes tests/scratch.h. */
#ifndef MASKE_TESTS_TRAIN_TOY_H
#define MASKE_TESTS_TRAIN_TOY_H

#include "base/json.h"
#include "base/random.h"

#include "scratch.h"

/* Documents of four sentences; within a document one subject, and each subject does its own things. */
static inline const char *toy_text(const char *name, uint32_t documents) {
    static const char *const who[] = {"Kedi", "Çocuk", "Balıkçı", "Öğretmen", "Irmak", "Şoför"};
    static const char *const what[] = {"süt içer", "ağaca çıkar", "ağını atar", "tahtaya yazar", "denize akar", "yola bakar"};
    static const char *const when[] = {"sabah", "akşam", "bugün", "her gün"};
    buffer text = {0};
    for (uint32_t d = 0; d < documents; d++) {
        uint32_t subject = random_philox(1, RANDOM_TEST, 0, d).word[0] % 6;
        for (uint32_t s = 0; s < 4; s++) {
            random_bits bits = random_philox(1, RANDOM_TEST, 1, 4 * d + s);
            assert_ok(buffer_add_format(&text, "%s %s %s.\n", who[subject], when[bits.word[0] % 4], what[subject]));
        }
        assert_ok(buffer_add_text(&text, "\n"));
    }
    const char *path = scratch_write(name, text.data, text.length);
    buffer_free(&text);
    return path;
}

/* A model of one layer, everything small, twelve steps of it (two epochs and a half of the toy text), no evaluation. */
static inline maske_train_options toy_options(void) {
    maske_train_options o;
    maske_train_options_defaults(&o);
    o.hidden_size = 32;
    o.num_hidden_layers = 1;
    o.num_attention_heads = 2;
    o.intermediate_size = 64;
    o.vocab_size = 340;
    o.max_length = 16;
    o.max_position_embeddings = 32;
    o.batch_size = 8;
    o.steps = 12;
    o.log_steps = 2;
    o.keep = 100;
    o.precision = "f32";
    o.valid_fraction = 0.2;
    o.eval_steps = 5;
    return o;
}

/* Stops a run after a step of one's choice. */
typedef struct toy_stop { volatile sig_atomic_t flag; int64_t after; int64_t steps; } toy_stop;
static inline void toy_on_step(void *user, const maske_train_step *step) {
    toy_stop *stop = user;
    stop->steps = step->step;
    if (step->step == stop->after) stop->flag = 1;
}

/* A run over `text` into `out`, stopped after that step (0: never). */
static inline maske_status toy_train(const char *out, const char *text, const maske_train_options *options, int threads, int64_t stop_after) {
    toy_stop stop = {.after = stop_after};
    maske_control control = {.threads = threads, .stop = &stop.flag};
    maske_train_watch watch = {.on_step = toy_on_step, .user = &stop};
    return maske_train(out, NULL, NULL, &(maske_text){&text, 1, NULL}, options, &control, &watch);
}
static inline maske_status toy_resume(const char *out, int threads, int64_t stop_after, bool *finished) {
    toy_stop stop = {.after = stop_after};
    maske_control control = {.threads = threads, .stop = &stop.flag};
    maske_train_watch watch = {.on_step = toy_on_step, .user = &stop};
    return maske_train_resume(out, &control, &watch, finished);
}

static inline char *toy_read(const char *folder, const char *name, size_t *length) {
    char *path = NULL, *data = NULL;
    assert_ok(path_join(&path, folder, name));
    assert_ok(file_read(&data, length, path, (size_t)1 << 30));
    free(path);
    return data;
}
static inline void assert_same_file(const char *a, const char *b, const char *name) {
    size_t one = 0, two = 0;
    char *x = toy_read(a, name, &one), *y = toy_read(b, name, &two);
    if (one != two || memcmp(x, y, one) != 0) fail_msg("%s differs between %s and %s", name, a, b);
    free(x);
    free(y);
}

/* metrics.jsonl without what the clock wrote. */
static inline char *toy_metrics(const char *folder) {
    size_t length = 0;
    char *text = toy_read(folder, "metrics.jsonl", &length), *from = text, *to = text;
    while (*from != '\0') {
        if (strncmp(from, "\"seconds\":", 10) == 0 || strncmp(from, "\"tokens_per_second\":", 20) == 0)
            while (*from != ',' && *from != '}') from++;
        else *to++ = *from++;
    }
    *to = '\0';
    return text;
}
static inline void assert_same_run(const char *a, const char *b) {
    assert_same_file(a, b, "model.safetensors");
    assert_same_file(a, b, "checkpoints/step-12/model.safetensors");
    assert_same_file(a, b, "checkpoints/step-12/optimizer.safetensors");
    assert_same_file(a, b, "tokenizer.json");
    char *x = toy_metrics(a), *y = toy_metrics(b);
    assert_string_equal(x, y);
    free(x);
    free(y);
}

#endif
