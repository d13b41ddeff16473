/* bias_activation: bias, block cutting, aliases, and backward against finite differences (values: test_vector_math). */
#include "base/half.h"
#include "nn/activation.h"
#include "operation.h"

typedef struct oracle { size_t rows, columns; activation kind; double *x, *bias, *d_out, *out; } oracle;

static double value(double x, activation kind) {
    if (kind == ACTIVATION_RELU) return x > 0 ? x : 0;
    if (kind == ACTIVATION_SILU) return x / (1 + exp(-x));
    if (kind == ACTIVATION_TANH) return tanh(x);
    if (kind == ACTIVATION_GELU) return 0.5 * x * erfc(-x * 0.70710678118654752);
    return 0.5 * x * (1 + tanh(0.79788456080286536 * (x + 0.044715 * x * x * x)));
}
static double forward(void *user) {
    oracle *o = user;
    double loss = 0;
    for (size_t i = 0; i < o->rows * o->columns; i++) {
        o->out[i] = value(o->x[i] + o->bias[i % o->columns], o->kind);
        loss += o->out[i] * o->d_out[i];
    }
    return loss;
}

static void matches_finite_differences(void **state) {
    (void)state;
    static const struct { size_t rows, columns; } cases[] = {{0, 4}, {1, 1}, {3, 5}, {2, 16}, {5, 33}, {2, 100}};
    EACH_CPU_LEVEL(level)
        for (int kind = 0; kind < ACTIVATION_COUNT; kind++)
            for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
                size_t rows = cases[c].rows, columns = cases[c].columns, count = rows * columns;
                float *x = random_floats(count, 1), *bias = random_floats(columns, 2), *d_out = random_floats(count, 3);
                float *out = zeros(count), *again = zeros(count), *d_bias = zeros(columns);
                oracle o = {rows, columns, (activation)kind, as_doubles(x, count), as_doubles(bias, columns), as_doubles(d_out, count),
                            calloc(count + 1, sizeof(double))};
                forward(&o);
                bias_activation_forward(out, x, x, bias, (activation)kind, rows, columns);      /* pre takes x's place */
                assert_close(out, o.out, count, 1e-6, "out");
                bias_activation_backward(d_out, d_bias, again, d_out, x, (activation)kind, rows, columns);
                assert_gradient(d_out, o.x, count, forward, &o, 1e-5, "d_pre");
                assert_gradient(d_bias, o.bias, columns, forward, &o, 1e-5, "d_bias");
                assert_memory_equal(again, out, count * sizeof *out);
                bias_activation_backward(d_out, d_bias, x, d_out, x, (activation)kind, rows, columns);    /* out takes pre's place */
                assert_memory_equal(x, out, count * sizeof *out);
                free(x); free(bias); free(d_out); free(out); free(again); free(d_bias);
                free(o.x); free(o.bias); free(o.d_out); free(o.out);
            }
}

static bool is_nan(uint16_t half) { return isnan(bfloat16_to_float(half)); }

/* In bfloat16: pre is what the float call gives, rounded; out, which backward gives again, and d_pre are what the float calls
 * give for the rounded pre, rounded. */
static void rounded_is_the_same_rounded(void **state) {
    (void)state;
    static const struct { size_t rows, columns; } cases[] = {{0, 4}, {1, 1}, {3, 5}, {2, 16}, {5, 33}, {2, 100}};
    EACH_CPU_LEVEL(level)
        for (int kind = 0; kind < ACTIVATION_COUNT; kind++)
            for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
                size_t rows = cases[c].rows, columns = cases[c].columns, count = rows * columns;
                float *x = random_floats(count, 1), *bias = random_floats(columns, 2), *d_out = random_floats(count, 3);
                float *out = zeros(count), *pre = zeros(count), *d_pre = zeros(count), *d_bias = zeros(columns), *d_bias_rounded = zeros(columns);
                uint16_t *kept = calloc(count + 1, sizeof *kept), *kept_pre = calloc(count + 1, sizeof *kept_pre);
                uint16_t *again = calloc(count + 1, sizeof *again), *kept_d = calloc(count + 1, sizeof *kept_d);
                if (count > 2) { x[1] = NAN; x[2] = -1e-40f; }
                bias_activation_forward(out, pre, x, bias, (activation)kind, rows, columns);
                bias_activation_forward_rounded(kept, kept_pre, x, bias, (activation)kind, rows, columns);
                for (size_t i = 0; i < count; i++) {
                    assert_true(kept_pre[i] == float_to_bfloat16(pre[i]) || pre[i] != pre[i]);
                    pre[i] = bfloat16_to_float(kept_pre[i]);
                }
                bias_activation_forward(out, pre, pre, NULL, (activation)kind, rows, columns);
                for (size_t i = 0; i < count; i++) {
                    assert_true(kept[i] == float_to_bfloat16(out[i]) || out[i] != out[i]);
                    assert_true((bfloat16_to_float(kept[i]) != bfloat16_to_float(kept[i])) == (out[i] != out[i]));
                }
                bias_activation_backward(d_pre, d_bias, NULL, d_out, pre, (activation)kind, rows, columns);
                bias_activation_backward_rounded(kept_d, d_bias_rounded, again, d_out, kept_pre, (activation)kind, rows, columns);
                for (size_t i = 0; i < count; i++) assert_true(again[i] == kept[i] || (is_nan(again[i]) && is_nan(kept[i])));
                for (size_t i = 0; i < count; i++) assert_true(kept_d[i] == float_to_bfloat16(d_pre[i]) || d_pre[i] != d_pre[i]);
                for (size_t i = 0; i < columns; i++) assert_true(d_bias[i] == d_bias_rounded[i] || d_bias[i] != d_bias[i]);
                free(x); free(bias); free(d_out); free(out); free(pre); free(d_pre); free(d_bias); free(d_bias_rounded); free(kept); free(kept_pre);
                free(again); free(kept_d);
            }
}

static void names_are_config_jsons(void **state) {
    (void)state;
    activation kind = ACTIVATION_GELU;
    assert_true(activation_from_name(&kind, "relu") && kind == ACTIVATION_RELU);
    assert_true(activation_from_name(&kind, "gelu_new") && kind == ACTIVATION_GELU_NEW);
    assert_true(activation_from_name(&kind, activation_name(ACTIVATION_GELU)) && kind == ACTIVATION_GELU);
    assert_true(activation_from_name(&kind, "silu") && kind == ACTIVATION_SILU);
    assert_true(activation_from_name(&kind, "tanh") && kind == ACTIVATION_TANH);
    assert_false(activation_from_name(&kind, "swish"));
    assert_false(activation_from_name(&kind, ""));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_finite_differences),
        cmocka_unit_test(rounded_is_the_same_rounded),
        cmocka_unit_test(names_are_config_jsons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
