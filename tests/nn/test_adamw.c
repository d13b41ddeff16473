/* AdamW against ten steps of torch.optim.AdamW with clipping (tests/reference/make_adamw_golden.py), and cut anywhere. */
#include "base/safetensors.h"
#include "nn/adamw.h"
#include "operation.h"

enum { STEPS = 10, COUNT = 57, DECAYED = 37 };
static const double decay = 0.05;

static float *read_floats(const safetensors *file, const char *name, size_t count) {
    float *out = zeros(count);
    const safetensors_tensor *tensor = safetensors_find(file, name);
    assert_non_null(tensor);
    assert_int_equal(tensor->elements, count);
    assert_int_equal(safetensors_copy_floats(out, file, tensor), MASKE_OK);
    return out;
}

static void assert_relative(const float *got, const float *expected, size_t count, double tolerance, const char *what) {
    for (size_t i = 0; i < count; i++)
        if (!(fabs((double)got[i] - (double)expected[i]) <= tolerance * fabs((double)expected[i]) + 1e-12))
            fail_msg("%s[%zu] on %s: found %.9g, expected %.9g", what, i, cpu_level_name(), (double)got[i], (double)expected[i]);
}

static void ten_steps_are_torchs(void **state) {
    (void)state;
    safetensors file = {0};
    assert_int_equal(safetensors_open(&file, TEST_DATA "/nn/adamw.safetensors", false), MASKE_OK);
    float *weights = read_floats(&file, "weights", (STEPS + 1) * COUNT), *gradients = read_floats(&file, "gradients", STEPS * COUNT);
    float *norms = read_floats(&file, "norms", STEPS), *first = read_floats(&file, "first_moment", COUNT), *second = read_floats(&file, "second_moment", COUNT);
    EACH_CPU_LEVEL(level) {
        float *w = zeros(COUNT), *g = zeros(COUNT), *m = zeros(COUNT), *v = zeros(COUNT);
        memcpy(w, weights, COUNT * sizeof *w);
        for (uint64_t step = 0; step < STEPS; step++) {
            memcpy(g, gradients + step * COUNT, COUNT * sizeof *g);
            double norm = sqrt(gradient_square_sum(g, COUNT));
            assert_true(fabs(norm / (double)norms[step] - 1) < 1e-6);
            adamw settings = {1e-2, 0.9, 0.98, 1e-8, decay, gradient_clip_factor(norm, 1.0), step + 1};
            adamw_step(w, g, m, v, &settings, DECAYED);
            settings.weight_decay = 0;
            adamw_step(w + DECAYED, g + DECAYED, m + DECAYED, v + DECAYED, &settings, COUNT - DECAYED);
            assert_memory_equal(g, gradients + step * COUNT, COUNT * sizeof *g);
            for (size_t i = 0; i < COUNT; i++) assert_true(fabsf(w[i] - weights[(step + 1) * COUNT + i]) <= 1e-6f);
        }
        assert_relative(m, first, COUNT, 2e-6, "first moment");
        assert_relative(v, second, COUNT, 2e-6, "second moment");
        free(w); free(g); free(m); free(v);
    }
    free(weights); free(gradients); free(norms); free(first); free(second);
    safetensors_close(&file);
}

static void ranges_may_be_cut_anywhere(void **state) {
    (void)state;
    enum { N = 1003 };
    adamw settings = {1e-3, 0.9, 0.999, 1e-8, 0.01, 0.5f, 3};
    float *kept = zeros(N);
    EACH_CPU_LEVEL(level) {
        float *w[2], *g[2], *m[2], *v[2];
        for (int i = 0; i < 2; i++) {
            w[i] = random_floats(N, 1); g[i] = random_floats(N, 2); m[i] = random_floats(N, 3); v[i] = random_floats(N, 4);
            for (size_t j = 0; j < N; j++) v[i][j] = fabsf(v[i][j]);
        }
        adamw_step(w[0], g[0], m[0], v[0], &settings, N);
        for (size_t at = 0; at < N; at += 37) {
            size_t count = N - at < 37 ? N - at : 37;
            adamw_step(w[1] + at, g[1] + at, m[1] + at, v[1] + at, &settings, count);
        }
        assert_same(w[1], w[0], N, "weights cut");
        assert_same(m[1], m[0], N, "first moments cut");
        assert_same(v[1], v[0], N, "second moments cut");
        assert_vector_levels_agree(w[0], kept, N, cpu_levels[level], "weights");
        for (int i = 0; i < 2; i++) { free(w[i]); free(g[i]); free(m[i]); free(v[i]); }
    }
    free(kept);
}

static void norms_and_clipping(void **state) {
    (void)state;
    enum { N = 70001 };
    float *g = random_floats(N, 1);
    double expected = 0;
    for (size_t i = 0; i < N; i++) expected += (double)g[i] * (double)g[i];
    EACH_CPU_LEVEL(level) assert_true(fabs(gradient_square_sum(g, N) / expected - 1) < 1e-6);
    assert_true(gradient_square_sum(g, 0) == 0);
    assert_true(gradient_clip_factor(0.5, 1) == 1 && gradient_clip_factor(5, 0) == 1);
    assert_true(fabsf(gradient_clip_factor(4, 1) - 0.25f) < 1e-6f);
    free(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_steps_are_torchs),
        cmocka_unit_test(ranges_may_be_cut_anywhere),
        cmocka_unit_test(norms_and_clipping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
