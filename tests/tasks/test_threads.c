/* One model, many threads: each result is what one thread alone gives, whatever the others do. */
#include <pthread.h>

#include "tasks/small_model.h"

enum { THREADS = 4, ROUNDS = 6 };
static const char *const prompts[] = {"Mert Akçay [MASK] üniversite [MASK].", "[MASK]",
                                      "kitap [MASK] güzel [MASK] bir [MASK]"};
static const char *const texts[] = {"Kitap okumak güzel bir alışkanlıktır.", "Ankara", ""};
enum { TEXTS = 3 };
static size_t lengths[TEXTS];
static maske_model *model;
static const char *folder;

typedef struct answers {
    char *filled[3];
    maske_score_result scores[TEXTS];
    float vectors[TEXTS * 24];
    bool failed;
} answers;

static void ask(answers *a) {
    for (int i = 0; i < 3; i++) {
        maske_fill_result r = {0};
        a->failed = a->failed || maske_fill(model, prompts[i], NULL, &r) != MASKE_OK;
        free(a->filled[i]);
        a->filled[i] = r.text != NULL ? strdup(r.text) : NULL;
        maske_fill_result_free(&r);
    }
    a->failed = a->failed || maske_score(model, texts, lengths, TEXTS, NULL, a->scores) != MASKE_OK ||
                maske_embed(model, texts, lengths, TEXTS, NULL, a->vectors, NULL) != MASKE_OK;
}

static void *run(void *user) {
    for (int i = 0; i < ROUNDS; i++) ask(user);
    return NULL;
}

static void threads_share_a_model(void **state) {
    (void)state;
    answers expected = {0}, found[THREADS] = {0};
    pthread_t threads[THREADS];
    for (int i = 0; i < TEXTS; i++) lengths[i] = strlen(texts[i]);
    folder = small_model_write("shared", "metaspace", 0.4, 0);
    model = small_model_open(folder);
    ask(&expected);
    assert_false(expected.failed);
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, run, &found[i]), 0);
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_false(found[i].failed);
        for (int k = 0; k < 3; k++) {
            assert_string_equal(found[i].filled[k], expected.filled[k]);
            free(found[i].filled[k]);
        }
        for (int k = 0; k < TEXTS; k++)
            assert_true(found[i].scores[k].log_likelihood == expected.scores[k].log_likelihood);
        assert_memory_equal(found[i].vectors, expected.vectors, sizeof expected.vectors);
    }
    for (int k = 0; k < 3; k++) free(expected.filled[k]);
    maske_model_close(model);
}

/* Two models at once, opened and closed beside each other; each thread has its own error. */
static void *open_and_fail(void *user) {
    maske_model *own = NULL;
    bool *good = user;
    maske_fill_result r = {0};
    *good = maske_model_open(&own, folder, NULL) == MASKE_OK &&
            maske_fill(own, "no mask here", NULL, &r) == MASKE_BAD_ARGUMENT &&
            strstr(maske_error(), "no mask here") != NULL && maske_fill(own, prompts[0], NULL, &r) == MASKE_OK;
    maske_fill_result_free(&r);
    maske_model_close(own);
    return NULL;
}

static void errors_belong_to_their_thread(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    bool good[THREADS] = {false};
    maske_model *none = NULL;
    assert_fails(maske_model_open(&none, "/not there", NULL), MASKE_IO, "/not there");
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, open_and_fail, &good[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(good[i]);
    }
    assert_non_null(strstr(maske_error(), "/not there"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_share_a_model),
        cmocka_unit_test(errors_belong_to_their_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
