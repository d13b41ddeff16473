/* softmax: rows against double, backward against finite differences, extreme scores. */
#include "nn/softmax.h"
#include "operation.h"

typedef struct oracle { size_t rows, columns; double *in, *d_out, *out; } oracle;

static double forward(void *user) {
    oracle *o = user;
    double loss = 0;
    for (size_t r = 0; r < o->rows; r++) {
        double sum = 0, *in = o->in + r * o->columns, *out = o->out + r * o->columns;
        for (size_t i = 0; i < o->columns; i++) sum += exp(in[i]);
        for (size_t i = 0; i < o->columns; i++) out[i] = exp(in[i]) / sum;
        for (size_t i = 0; i < o->columns; i++) loss += out[i] * o->d_out[r * o->columns + i];
    }
    return loss;
}

static void matches_finite_differences(void **state) {
    (void)state;
    static const struct { size_t rows, columns; } cases[] = {{0, 4}, {1, 1}, {3, 5}, {2, 16}, {3, 33}, {2, 100}};
    EACH_CPU_LEVEL(level)
        for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
            size_t rows = cases[c].rows, columns = cases[c].columns, count = rows * columns;
            float *in = random_floats(count, 1), *d_out = random_floats(count, 2), *out = zeros(count), *d_in = zeros(count);
            oracle o = {rows, columns, as_doubles(in, count), as_doubles(d_out, count), calloc(count + 1, sizeof(double))};
            forward(&o);
            softmax_forward(out, in, rows, columns);
            assert_close(out, o.out, count, 3e-7, "out");
            softmax_backward(d_in, d_out, out, rows, columns);
            assert_gradient(d_in, o.in, count, forward, &o, 1e-6, "d_in");
            free(in); free(d_out); free(out); free(d_in); free(o.in); free(o.d_out); free(o.out);
        }
}

static void extreme_scores_do_not_overflow(void **state) {
    (void)state;
    EACH_CPU_LEVEL(level) {
        float row[] = {-INFINITY, 3e38f, -3e38f, 3e38f, -1000.0f};
        softmax_forward(row, row, 1, 5);
        assert_true(row[0] == 0 && row[1] == 0.5f && row[2] == 0 && row[3] == 0.5f && row[4] == 0);
        float nothing[] = {-INFINITY, -INFINITY}, broken[] = {0.0f, NAN, 1.0f};
        softmax_forward(nothing, nothing, 1, 2);
        softmax_forward(broken, broken, 1, 3);
        assert_true(isnan(nothing[0]) && isnan(nothing[1]) && isnan(broken[1]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_finite_differences),
        cmocka_unit_test(extreme_scores_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
