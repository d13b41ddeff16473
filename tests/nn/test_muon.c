/* Muon against ten steps of torch.optim.Muon (tests/reference/make_muon_golden.py). */
#include "base/safetensors.h"
#include "nn/adamw.h"
#include "nn/muon.h"
#include "operation.h"

enum { STEPS = 10 };
static const struct { const char *name; size_t rows, columns; } cases[] = {{"wide", 9, 25}, {"tall", 30, 14}, {"square", 16, 16}};
enum { CASES = sizeof cases / sizeof cases[0] };

static float *read_floats(const safetensors *file, const char *name, const char *what, size_t count) {
    char full[64];
    snprintf(full, sizeof full, "%s.%s", name, what);
    float *out = zeros(count);
    const safetensors_tensor *tensor = safetensors_find(file, full);
    assert_non_null(tensor);
    assert_int_equal(tensor->elements, count);
    assert_int_equal(safetensors_copy_floats(out, file, tensor), MASKE_OK);
    return out;
}

static double distance(const float *a, const float *b, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
    return sqrt(sum);
}

typedef struct matrix { float *weights, *gradients, *momentum, *bf16; size_t rows, columns, count; } matrix;

static void each_matrix(gemm_precision precision, void (*check)(const matrix *m, size_t step, const float *w, const float *momentum)) {
    safetensors file = {0};
    assert_int_equal(safetensors_open(&file, TEST_DATA "/nn/muon.safetensors", false), MASKE_OK);
    for (size_t c = 0; c < CASES; c++) {
        size_t count = cases[c].rows * cases[c].columns;
        matrix m = {read_floats(&file, cases[c].name, "weights", (STEPS + 1) * count),
                    read_floats(&file, cases[c].name, "gradients", STEPS * count),
                    read_floats(&file, cases[c].name, "momentum", count), read_floats(&file, cases[c].name, "bf16", count),
                    cases[c].rows, cases[c].columns, count};
        float *w = zeros(count), *g = zeros(count), *momentum = zeros(count);
        float *scratch = zeros(muon_scratch(m.rows, m.columns));
        memcpy(w, m.weights, count * sizeof *w);
        for (size_t step = 0; step < STEPS; step++) {
            /* Clipping is a factor: a gradient of twice the size, halved. */
            for (size_t i = 0; i < count; i++) g[i] = 2 * m.gradients[step * count + i];
            muon_step(w, g, momentum, scratch, &(muon){2e-3, 0.95, 0.05, 0.5f, precision}, m.rows, m.columns);
            for (size_t i = 0; i < count; i++) assert_true(g[i] == 2 * m.gradients[step * count + i]);
            check(&m, step + 1, w, momentum);
        }
        free(w); free(g); free(momentum); free(scratch);
        free(m.weights); free(m.gradients); free(m.momentum); free(m.bf16);
    }
    safetensors_close(&file);
}

static void as_in_float64(const matrix *m, size_t step, const float *w, const float *momentum) {
    double *expected = as_doubles(m->weights + step * m->count, m->count);
    assert_close(w, expected, m->count, 3e-6, "weights");
    free(expected);
    if (step == STEPS) {
        expected = as_doubles(m->momentum, m->count);
        assert_close(momentum, expected, m->count, 1e-6, "momentum");
        free(expected);
    }
}

static void ten_steps_are_torchs(void **state) {
    (void)state;
    EACH_CPU_LEVEL(level) each_matrix(GEMM_F32, as_in_float64);
}

/* In bf16 the update may be off by what bf16 is off, as torch's own is: its distance from the exact weights, compared
 * with the way the weights have gone, is no more than twice torch's. */
static void as_near_as_torch(const matrix *m, size_t step, const float *w, const float *momentum) {
    (void)momentum;
    if (step < STEPS) return;
    const float *exact = m->weights + STEPS * m->count;
    double way = distance(exact, m->weights, m->count), torchs = distance(m->bf16, exact, m->count);
    assert_true(distance(w, exact, m->count) <= 2 * torchs);
    assert_true(torchs < 0.05 * way);
}

static void bf16_is_as_near_as_torchs(void **state) {
    (void)state;
    EACH_BF16_LEVEL(level) each_matrix(GEMM_BF16, as_near_as_torch);
}

static void no_gradient_moves_nothing(void **state) {
    (void)state;
    enum { ROWS = 5, COLUMNS = 9, COUNT = ROWS * COLUMNS };
    float *w = random_floats(COUNT, 3), *before = random_floats(COUNT, 3), *g = zeros(COUNT), *m = zeros(COUNT);
    float *scratch = zeros(muon_scratch(ROWS, COLUMNS));
    muon_step(w, g, m, scratch, &(muon){1, 0.95, 0, 1, GEMM_F32}, ROWS, COLUMNS);
    assert_same(w, before, COUNT, "weights without a gradient");
    free(w); free(before); free(g); free(m); free(scratch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_steps_are_torchs),
        cmocka_unit_test(bf16_is_as_near_as_torchs),
        cmocka_unit_test(no_gradient_moves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
