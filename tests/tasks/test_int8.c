/* A small random model in int8 at every CPU level: near f32 in vectors, scores, evaluation and masks; the same for any
 * number of threads. */
#include "base/cpu.h"
#include "tasks/small_model.h"

#include <math.h>

static const char *const lines[] = {"Kitap okumak güzel bir alışkanlıktır.", "Ankara", "",
                                    "Bugün hava çok güzel, yarın yağmur yağacak."};
enum { LINES = 4, HIDDEN = 24 };
static const unsigned levels[] = {
    0, CPU_AVX2, CPU_AVX2 | CPU_AVXVNNI, CPU_AVX2 | CPU_AVX512, CPU_AVX2 | CPU_AVX512 | CPU_AVX512VNNI, ~0u,
};

typedef struct figures {
    float vectors[LINES * HIDDEN];
    maske_score_result scores[LINES];
    maske_evaluation evaluation;
    maske_fill_result filled;
} figures;

static void measure(figures *f, const char *folder, const char *text, const char *precision, int threads) {
    maske_model *model = NULL;
    size_t lengths[LINES];
    for (int i = 0; i < LINES; i++) lengths[i] = strlen(lines[i]);
    assert_ok(maske_model_open(&model, folder, &(maske_model_options){.precision = precision, .threads = threads}));
    assert_ok(maske_embed(model, lines, lengths, LINES, NULL, f->vectors, NULL));
    assert_ok(maske_score(model, lines, lengths, LINES, NULL, f->scores));
    assert_ok(maske_evaluate(model, &(maske_text){&text, 1, NULL}, NULL, &(maske_control){.threads = threads}, &f->evaluation));
    maske_fill_options options;
    maske_fill_options_defaults(&options);
    options.top_k = 600;
    assert_ok(maske_fill(model, "Bugün hava [MASK] güzel.", &options, &f->filled));
    maske_model_close(model);
}

static double score_of(const maske_fill_result *r, int32_t id) {
    for (size_t i = 0; i < r->candidate_count; i++)
        if (r->candidates[i].id == id) return r->candidates[i].score;
    return -1;
}

static void near_f32(const figures *f, const figures *g) {
    for (int i = 0; i < LINES; i++) {
        double ff = 0, gg = 0, fg = 0;
        for (int h = i * HIDDEN; h < (i + 1) * HIDDEN; h++) {
            ff += (double)f->vectors[h] * (double)f->vectors[h];
            gg += (double)g->vectors[h] * (double)g->vectors[h];
            fg += (double)f->vectors[h] * (double)g->vectors[h];
        }
        assert_true(fg / sqrt(ff * gg) > 0.999);
        assert_int_equal(f->scores[i].tokens, g->scores[i].tokens);
        assert_true(fabs(f->scores[i].log_likelihood - g->scores[i].log_likelihood) <= 0.15 + 0.02 * (double)f->scores[i].tokens);
    }
    assert_int_equal(f->evaluation.predicted, g->evaluation.predicted);
    assert_true(fabs(f->evaluation.loss - g->evaluation.loss) < 0.05);
    for (size_t i = 0; i < f->filled.candidate_count; i++) {
        double score = f->filled.candidates[i].score, other = score_of(&g->filled, f->filled.candidates[i].id);
        assert_true(other >= 0 && fabs(score - other) < 0.01 + 0.2 * score);
    }
}

static void every_level_is_near_f32(void **state) {
    (void)state;
    const char *folder = small_model_write("model", "metaspace", 0.3, 0);
    const char *text = scratch_text("text", "Kitap okumak güzel bir alışkanlıktır.\n\nBugün hava çok güzel.\n\nAnkara\n");
    static figures f32, int8, other;
    measure(&f32, folder, text, "f32", 2);
    for (size_t l = 0; l < sizeof levels / sizeof levels[0]; l++) {
        cpu_allow(levels[l]);
        measure(&int8, folder, text, "int8", 2);
        measure(&other, folder, text, "int8", 1);
        near_f32(&f32, &int8);
        assert_memory_equal(int8.vectors, other.vectors, sizeof int8.vectors);
        assert_memory_equal(int8.scores, other.scores, sizeof int8.scores);
        assert_memory_equal(&int8.evaluation, &other.evaluation, sizeof int8.evaluation);
        maske_fill_result_free(&int8.filled);
        maske_fill_result_free(&other.filled);
    }
    cpu_allow(~0u);
    maske_fill_result_free(&f32.filled);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_level_is_near_f32)};
    return cmocka_run_group_tests_name("tasks/int8", tests, NULL, NULL);
}
