/* Weights that stay in their mapped files give what weights in memory give, before and after they are packed. */
#include "bert/mapped.h"

#include "tasks/small_model.h"

#include <math.h>

static const char *const prompt = "Mert Akçay [MASK] üniversite [MASK].";
static const char *const texts[] = {"Kitap okumak güzel bir alışkanlıktır.", "Ankara Türkiye'nin başkentidir.", "", "kitap"};
enum { TEXTS = 4, WIDTH = 24 };

static maske_model *open_model(const char *folder, bool read, int threads) {
    maske_model *model = NULL;
    assert_ok(maske_model_open(&model, folder, &(maske_model_options){.threads = threads, .read_weights = read}));
    return model;
}

static void embed(float *out, const maske_model *model) {
    size_t lengths[TEXTS];
    for (int i = 0; i < TEXTS; i++) lengths[i] = strlen(texts[i]);
    assert_ok(maske_embed(model, texts, lengths, TEXTS, NULL, out, NULL));
}

static void same_answers(const char *folder, bool direct) {
    maske_model *read = open_model(folder, true, 1);
    float expected[TEXTS * WIDTH], got[TEXTS * WIDTH];
    embed(expected, read);
    for (int threads = 1; threads <= 3; threads += 2) {
        maske_model *mapped = open_model(folder, false, threads);
        struct mapped_weights *m = mapped->network->mapped;
        assert_true(read->network->mapped == NULL && m != NULL && m->direct == direct);
        for (int round = 0; round < 8; round++) {       /* unpacked at first, packed in the end */
            if (round == 0) assert_false(m->packed);
            maske_fill_result a = {0}, b = {0};
            assert_ok(maske_fill(read, prompt, NULL, &a));
            assert_ok(maske_fill(mapped, prompt, NULL, &b));
            assert_string_equal(a.text, b.text);
            for (size_t i = 0; i < a.mask_count * a.candidate_count; i++)
                assert_true(a.candidates[i].id == b.candidates[i].id && a.candidates[i].score == b.candidates[i].score);
            maske_fill_result_free(&a);
            maske_fill_result_free(&b);
            embed(got, mapped);
            assert_memory_equal(expected, got, sizeof got);
        }
        assert_true(m->packed);
        maske_model_close(mapped);
    }
    maske_model_close(read);
}

static void floats_are_read_where_they_lie(void **state) {
    (void)state;
    same_answers(small_model_write("small", "metaspace", 0.3, 0), true);
}

static void other_types_are_converted_while_packing(void **state) {
    (void)state;
    static const char *const types[] = {"f16", "bf16"};
    const char *folder = small_model_write("small", "metaspace", 0.3, 0);
    for (int i = 0; i < 2; i++) {
        const char *out = scratch_path(types[i]);
        assert_ok(maske_export(folder, out, &(maske_export_options){.dtype = types[i]}));
        same_answers(out, false);
    }
}

static int warnings;
static void count(void *user, maske_log_level level, const char *text) {
    (void)user;
    if (level == MASKE_LOG_WARNING && strstr(text, "not finite") != NULL && strstr(text, "output.dense.weight") != NULL) warnings++;
}

static void a_matrix_that_is_not_finite_is_warned_of(void **state) {
    (void)state;
    const char *folder = small_model_write("small", "metaspace", 0.3, 0);
    masked_lm *network = NULL;
    float out[TEXTS * WIDTH];
    assert_ok(masked_lm_open(&network, folder));
    network->weights[network->table.layers[1].output.weight + 7] = NAN;
    assert_ok(masked_lm_save(network, folder, SAFETENSORS_F32));
    masked_lm_free(network);
    maske_model *model = open_model(folder, false, 2);
    maske_set_log(count, NULL);
    for (int round = 0; round < 8; round++) embed(out, model);
    maske_set_log(NULL, NULL);
    assert_int_equal(warnings, 1);
    maske_model_close(model);
}

static int results;
static void count_results(void *user, maske_log_level level, const char *text) {
    (void)user;
    if (level == MASKE_LOG_WARNING && strstr(text, "not finite: the weights") != NULL) results++;
}

/* Too little text for a matrix to be looked at: what comes out tells. */
static void results_that_are_not_finite_are_warned_of(void **state) {
    (void)state;
    const char *folder = small_model_write("no-number", "metaspace", 0.3, 0), *text = "Kitap okumak", *file;
    masked_lm *network = NULL;
    float out[WIDTH];
    size_t length = strlen(text);
    maske_score_result score;
    maske_evaluation evaluation;
    const maske_evaluate_options no_words = {.seed = 1, .mask_probability = 0.5};
    file = scratch_write("no-number.txt", text, length);
    assert_ok(masked_lm_open(&network, folder));
    for (int broken = 0; broken < 2; broken++) {
        if (broken) network->weights[network->table.layers[0].output_norm.weight] = NAN;
        assert_ok(masked_lm_save(network, folder, SAFETENSORS_F32));
        maske_model *model = open_model(folder, false, 1);
        maske_set_log(count_results, NULL);
        assert_ok(maske_embed(model, &text, &length, 1, NULL, out, NULL));
        assert_ok(maske_score(model, &text, &length, 1, NULL, &score));
        assert_ok(maske_evaluate(model, &(maske_text){&file, 1, NULL}, &no_words, NULL, &evaluation));
        maske_set_log(NULL, NULL);
        assert_int_equal(results, broken ? 3 : 0);
        maske_model_close(model);
    }
    masked_lm_free(network);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floats_are_read_where_they_lie),
        cmocka_unit_test(other_types_are_converted_while_packing),
        cmocka_unit_test(a_matrix_that_is_not_finite_is_warned_of),
        cmocka_unit_test(results_that_are_not_finite_are_warned_of),
    };
    return cmocka_run_group_tests_name("tasks/mapped", tests, NULL, NULL);
}
