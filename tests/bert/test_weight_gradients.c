/* bert_weight_gradients against sums in double: rows from none to more than are packed at once, shapes that fill no tile,
 * matrices of different numbers of rows together; and the same bytes from any number of threads. */
#include "base/half.h"
#include "bert/weight_gradients.h"
#include "nn/operation.h"

enum { ROWS = 4200, HIDDEN = 20, INTERMEDIATE = 528, STRIDE = INTERMEDIATE + 8 };

static masked_lm *new_model(void) {
    bert_config config = bert_config_defaults();
    config.vocab_size = 50;
    config.hidden_size = HIDDEN;
    config.num_hidden_layers = 1;
    config.num_attention_heads = 2;
    config.intermediate_size = INTERMEDIATE;
    masked_lm *model = NULL;
    assert_int_equal(masked_lm_new(&model, &config, 3), MASKE_OK);
    return model;
}

static masked_lm_context *new_context(masked_lm *model, gemm_precision precision, int threads) {
    masked_lm_context *context = NULL;
    assert_int_equal(masked_lm_pack(model, precision, true, threads), MASKE_OK);
    const masked_lm_capacity capacity = {.tokens = ROWS, .sequences = ROWS, .sequence_length = 1, .predictions = 1, .backward = true,
                                         .precision = precision, .threads = threads};
    assert_int_equal(masked_lm_context_new(&context, model, &capacity), MASKE_OK);
    static const masked_lm_mode adds;
    context->model = model;
    context->mode = &adds;
    return context;
}

/* What the sums should be, of numbers as they lie there; the largest sum of products without their signs. */
static double plain(double *out, const float *before, const float *dy, const float *x, const weight_gradient *g) {
    double most = 0;
    for (size_t o = 0; o < g->out; o++)
        for (size_t i = 0; i < g->in; i++) {
            double sum = before[o * g->in + i], size = 0;
            for (size_t r = 0; r < g->rows; r++) {
                double product = (double)dy[r * g->dy_stride + o] * x[r * g->in + i];
                sum += product;
                size += fabs(product);
            }
            out[o * g->in + i] = sum;
            most = fmax(most, size);
        }
    return most;
}

/* As bfloat16, and back. */
static uint16_t *rounded(float *values, size_t count) {
    uint16_t *out = calloc(count + 1, sizeof *out);
    assert_non_null(out);
    gemm_round(out, count, values, count, 1, count);
    for (size_t i = 0; i < count; i++) values[i] = bfloat16_to_float(out[i]);
    return out;
}

/* Set, whatever stood there: what is added to nothing. */
static void check_set(masked_lm_context *context, const weight_gradient *list, size_t count) {
    const masked_lm_mode sets = {.set_gradients = true}, *adds = context->mode;
    float *got[WEIGHT_GRADIENTS];
    for (size_t way = 0; way < 2; way++) {
        context->mode = way == 0 ? &sets : adds;
        for (size_t i = 0; i < count; i++)
            for (size_t j = 0; j < list[i].out * list[i].in; j++) list[i].d_weight[j] = way == 0 ? NAN : 0;
        bert_weight_gradients(context, list, count);
        for (size_t i = 0; i < count; i++) {
            size_t size = list[i].out * list[i].in;
            if (way == 0) memcpy(got[i] = zeros(size), list[i].d_weight, size * sizeof(float));
            for (size_t j = 0; j < size; j++) assert_true(got[i][j] == list[i].d_weight[j]);
        }
    }
    for (size_t i = 0; i < count; i++) free(got[i]);
}

/* Three matrices at once: two inputs of the layer's width and one that a few rows alone have, or the feed-forward's two. */
static void check(size_t rows, bool feed_forward, gemm_precision precision) {
    const size_t outs[] = {feed_forward ? HIDDEN : 3 * HIDDEN, feed_forward ? INTERMEDIATE : 33, HIDDEN},
                 ins[] = {feed_forward ? INTERMEDIATE : HIDDEN, HIDDEN, HIDDEN}, count = feed_forward ? 2 : 3;
    masked_lm *model = new_model();
    weight_gradient list[WEIGHT_GRADIENTS];
    float *x[3], *dy[3], *before[3], *got[3];
    uint16_t *kept[6] = {NULL};
    for (size_t i = 0; i < count; i++) {
        size_t own = i < 2 ? rows : rows / 7;
        x[i] = random_floats(rows * ins[i], i);
        dy[i] = random_floats(rows * STRIDE, 10 + i);
        before[i] = random_floats(outs[i] * ins[i], 20 + i);
        got[i] = zeros(outs[i] * ins[i]);
        list[i] = (weight_gradient){got[i], dy[i], x[i], precision == GEMM_BF16, STRIDE, own, outs[i], ins[i]};
        if (precision != GEMM_BF16) continue;
        list[i].dy = kept[2 * i] = rounded(dy[i], rows * STRIDE);
        list[i].x = kept[2 * i + 1] = rounded(x[i], rows * ins[i]);
    }
    float *first[3] = {NULL};
    static const int threads[] = {1, 2, 7};
    for (size_t t = 0; t < sizeof threads / sizeof threads[0]; t++) {
        masked_lm_context *context = new_context(model, precision, threads[t]);
        for (size_t i = 0; i < count; i++) memcpy(got[i], before[i], outs[i] * ins[i] * sizeof(float));
        bert_weight_gradients(context, list, count);
        for (size_t i = 0; i < count; i++) {
            size_t size = outs[i] * ins[i];
            if (first[i] != NULL) {
                assert_same(got[i], first[i], size, "a gradient of more threads");
                continue;
            }
            first[i] = zeros(size);
            memcpy(first[i], got[i], size * sizeof(float));
            double *expected = calloc(size, sizeof *expected);
            assert_non_null(expected);
            double most = plain(expected, before[i], dy[i], x[i], &list[i]);
            assert_close(got[i], expected, size, 1e-6 * most + 1e-6, "a gradient");
            free(expected);
        }
        check_set(context, list, count);
        masked_lm_context_free(context);
    }
    for (size_t i = 0; i < count; i++) {
        free(x[i]), free(dy[i]), free(before[i]), free(got[i]), free(first[i]);
        free(kept[2 * i]), free(kept[2 * i + 1]);
    }
    masked_lm_free(model);
}

static void gradients_are_sums_over_all_rows(void **state) {
    (void)state;
    static const size_t rows[] = {0, 1, 2049, ROWS};
    for (int precision = GEMM_F32; precision <= (gemm_has_bf16() ? GEMM_BF16 : GEMM_F32); precision++)
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
            for (int feed_forward = 0; feed_forward < 2; feed_forward++)
                check(rows[i], feed_forward, (gemm_precision)precision);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(gradients_are_sums_over_all_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
