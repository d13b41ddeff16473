/* exp, gelu, gelu_new, relu and tanh of every CPU level against double on dense grids: the bounds that
 * nn/vector_math_body.h states. */
#include "nn/kernels.h"
#include "operation.h"

enum { POINTS = 1 << 18 };

static float *grid(double low, double high) {
    float *x = zeros(POINTS);
    for (size_t i = 0; i < POINTS; i++) x[i] = (float)(low + (high - low) * (double)i / (POINTS - 1));
    return x;
}

static double gelu(double x) { return 0.5 * x * erfc(-x * 0.70710678118654752); }
static double gelu_slope(double x) { return 0.5 * erfc(-x * 0.70710678118654752) + x * 0.39894228040143268 * exp(-0.5 * x * x); }
static double gelu_new(double x) { return 0.5 * x * (1 + tanh(0.79788456080286536 * (x + 0.044715 * x * x * x))); }
static double gelu_new_slope(double x) {
    double t = tanh(0.79788456080286536 * (x + 0.044715 * x * x * x));
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * 0.79788456080286536 * (1 + 0.134145 * x * x);
}
static double relu(double x) { return x > 0 ? x : 0; }
static double relu_slope(double x) { return x > 0; }
static double silu(double x) { return x / (1 + exp(-x)); }
static double silu_slope(double x) { return (1 + x / (1 + exp(x))) / (1 + exp(-x)); }
static double tanh_slope(double x) { return 1 / (cosh(x) * cosh(x)); }

static void exponential_is_within_1e_7(void **state) {
    (void)state;
    float *x = grid(-87.3, 88.3), *y = zeros(POINTS);
    EACH_CPU_LEVEL(level) {
        double worst = 0;
        kernels_of_cpu()->exponential(y, x, POINTS);
        for (size_t i = 0; i < POINTS; i++) worst = fmax(worst, fabs(y[i] / exp(x[i]) - 1));
        print_message("exponential on %s: %.3g relative\n", cpu_level_name(), worst);
        assert_true(worst <= 1e-7);
        const float special[] = {0.0f, -0.0f, -88.0f, -1e30f, -INFINITY, NAN, 1.0f};
        kernels_of_cpu()->exponential(y, special, 7);
        assert_true(y[0] == 1 && y[1] == 1 && y[2] == 0 && y[3] == 0 && y[4] == 0 && isnan(y[5]));
    }
    free(x); free(y);
}

static void activations_are_within_1e_6(void **state) {
    (void)state;
    static const struct { activation kind; double (*value)(double), (*slope)(double); } kinds[] = {
        {ACTIVATION_GELU, gelu, gelu_slope}, {ACTIVATION_GELU_NEW, gelu_new, gelu_new_slope}, {ACTIVATION_RELU, relu, relu_slope},
        {ACTIVATION_SILU, silu, silu_slope}, {ACTIVATION_TANH, tanh, tanh_slope}};
    float *x = grid(-8, 8), *out = zeros(POINTS), *pre = zeros(POINTS), *ones = zeros(POINTS);
    for (size_t i = 0; i < POINTS; i++) ones[i] = 1;
    EACH_CPU_LEVEL(level)
        for (int k = 0; k < ACTIVATION_COUNT; k++) {
            double worst = 0, worst_slope = 0;
            bias_activation_forward(out, pre, x, NULL, kinds[k].kind, 1, POINTS);
            for (size_t i = 0; i < POINTS; i++) worst = fmax(worst, fabs(out[i] - kinds[k].value(x[i])));
            bias_activation_backward(out, NULL, NULL, ones, x, kinds[k].kind, 1, POINTS);
            for (size_t i = 0; i < POINTS; i++) worst_slope = fmax(worst_slope, fabs(out[i] - kinds[k].slope(x[i])));
            print_message("%s on %s: %.3g absolute, slope %.3g\n", activation_name(kinds[k].kind), cpu_level_name(), worst, worst_slope);
            assert_true(worst <= 1e-6 && worst_slope <= 1e-6);
        }
    free(x); free(out); free(pre); free(ones);
}

static void activations_end_in_zero_and_x(void **state) {
    (void)state;
    float x[] = {8.5f, 20.0f, 1e4f, 1e30f, 0.0f, -8.5f, -20.0f, -1e4f, -1e30f, NAN}, out[10], pre[10], ones[10];
    for (int i = 0; i < 10; i++) ones[i] = 1;
    EACH_CPU_LEVEL(level)
        for (int k = 0; k <= ACTIVATION_RELU; k++) {
            bias_activation_forward(out, pre, x, NULL, (activation)k, 1, 10);
            for (int i = 0; i < 5; i++) assert_true(out[i] == x[i]);
            for (int i = 5; i < 9; i++) assert_true(fabsf(out[i]) < 1e-6f);
            if (k != ACTIVATION_RELU) assert_true(isnan(out[9]));
            bias_activation_backward(out, NULL, NULL, ones, x, (activation)k, 1, 9);
            for (int i = 0; i < 4; i++) assert_true(fabsf(out[i] - 1) <= 1e-6f && fabsf(out[i + 5]) <= 1e-6f);
        }
}

static void silu_and_tanh_end_where_they_should(void **state) {
    (void)state;
    float x[] = {20.0f, 1e4f, 1e30f, -20.0f, -1e4f, -3e38f, NAN}, out[7], pre[7], ones[7];
    for (int i = 0; i < 7; i++) ones[i] = 1;
    EACH_CPU_LEVEL(level) {
        bias_activation_forward(out, pre, x, NULL, ACTIVATION_SILU, 1, 7);
        for (int i = 0; i < 3; i++) assert_true(out[i] == x[i] && fabsf(out[i + 3]) < 1e-6f);
        assert_true(isnan(out[6]));
        bias_activation_backward(out, NULL, NULL, ones, x, ACTIVATION_SILU, 1, 6);
        for (int i = 0; i < 3; i++) assert_true(fabsf(out[i] - 1) <= 1e-6f && fabsf(out[i + 3]) <= 1e-6f);
        bias_activation_forward(out, pre, x, NULL, ACTIVATION_TANH, 1, 7);
        for (int i = 0; i < 3; i++) assert_true(out[i] == 1 && out[i + 3] == -1);
        assert_true(isnan(out[6]));
        bias_activation_backward(out, NULL, NULL, ones, x, ACTIVATION_TANH, 1, 6);
        for (int i = 0; i < 6; i++) assert_true(fabsf(out[i]) <= 1e-6f);
    }
}

static void tanh_is_within_2e_7(void **state) {
    (void)state;
    float *x = grid(-20, 20), *y = zeros(POINTS), *d = zeros(POINTS);
    EACH_CPU_LEVEL(level) {
        double worst = 0;
        tanh_forward(y, x, POINTS);
        for (size_t i = 0; i < POINTS; i++) worst = fmax(worst, fabs(y[i] - tanh(x[i])));
        print_message("tanh on %s: %.3g absolute\n", cpu_level_name(), worst);
        assert_true(worst <= 2e-7);
        for (size_t i = 0; i < POINTS; i++) d[i] = 2;
        tanh_backward(d, d, y, POINTS);
        for (size_t i = 0; i < POINTS; i++) assert_true(fabs(d[i] - 2 * (1 - (double)y[i] * y[i])) <= 3e-7);
        float special[] = {INFINITY, -INFINITY, NAN, 0.0f};
        tanh_forward(special, special, 4);
        assert_true(special[0] == 1 && special[1] == -1 && isnan(special[2]) && special[3] == 0);
    }
    free(x); free(y); free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponential_is_within_1e_7),
        cmocka_unit_test(activations_are_within_1e_6),
        cmocka_unit_test(activations_end_in_zero_and_x),
        cmocka_unit_test(silu_and_tanh_end_where_they_should),
        cmocka_unit_test(tanh_is_within_2e_7),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
