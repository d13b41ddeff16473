/* Attention of one head: every CPU level against a plain forward in double and its finite differences, with key masks,
 * dropout, head factors, and queries that are only some of the rows. */
#include "nn/attention.h"
#include "operation.h"

typedef struct oracle {
    attention_shape shape;
    double *q, *k, *v, *d_out, *out, *weights;
    double *frozen;         /* [queries, keys] scores taken off again, where no key is allowed; NULL until they are known */
} oracle;

static bool allowed(const attention_shape *shape, size_t key) { return shape->key_mask == NULL || shape->key_mask[key] != 0; }
static double factor(const attention_shape *shape, size_t query, size_t key) {
    uint64_t row = shape->dropout_row + (shape->query_index != NULL ? shape->query_index[query] : query);
    if (shape->dropout.threshold == 0) return (double)shape->head_factor;
    return dropout_keeps(&shape->dropout, row, (uint32_t)key) ? (double)shape->dropout.scale * (double)shape->head_factor : 0;
}

/* The loss, sum(out * d_out). Where no key is allowed, PyTorch adds the lowest float to every score: the score is lost in
 * its rounding, its gradient is not. That is a score minus the value it has now. */
static double forward(void *user) {
    oracle *o = user;
    const attention_shape *s = &o->shape;
    double loss = 0, *scores = calloc(s->keys + 1, sizeof *scores);
    bool any = false;
    for (size_t j = 0; j < s->keys; j++) any = any || allowed(s, j);
    for (size_t i = 0; i < s->queries; i++) {
        double sum = 0;
        for (size_t j = 0; j < s->keys; j++) {
            double score = 0;
            for (size_t c = 0; c < s->head_size; c++) score += o->q[i * s->q_stride + c] * o->k[j * s->kv_stride + c];
            score /= sqrt((double)s->head_size);
            if (!any && isnan(o->frozen[i * s->keys + j])) o->frozen[i * s->keys + j] = score;
            scores[j] = any ? score : score - o->frozen[i * s->keys + j];
            if (!any || allowed(s, j)) sum += exp(scores[j]);
        }
        for (size_t c = 0; c < s->head_size; c++) o->out[i * s->out_stride + c] = 0;
        for (size_t j = 0; j < s->keys; j++) {
            double w = any && !allowed(s, j) ? 0 : exp(scores[j]) / sum * factor(s, i, j);
            o->weights[i * s->keys + j] = w;
            for (size_t c = 0; c < s->head_size; c++) o->out[i * s->out_stride + c] += w * o->v[j * s->kv_stride + c];
        }
        for (size_t c = 0; c < s->head_size; c++) loss += o->out[i * s->out_stride + c] * o->d_out[i * s->out_stride + c];
    }
    free(scores);
    return loss;
}

typedef struct test_case {
    size_t queries, keys, head_size;
    double dropout;
    float head_factor;
    int mask;               /* 0: none; 1: every third key is masked; 2: all are */
    bool some_queries;
} test_case;
static const test_case cases[] = {
    {1, 1, 1, 0, 1, 0, false},        {5, 5, 3, 0, 1, 0, false},      {7, 7, 8, 0.2, 1, 0, false},     {33, 33, 5, 0, 0.5f, 1, false},
    {40, 40, 16, 0.3, 0.7f, 1, false},{3, 20, 12, 0.3, 1, 1, true},   {6, 6, 4, 0, 1, 2, false},       {6, 6, 4, 0.3, 2, 2, false},
    {70, 70, 6, 0.1, 1, 1, false},    {0, 9, 4, 0, 1, 0, true},       {2, 40, 33, 0, 1, 0, true},      {5, 5, 4, 0, 0, 0, false},
};

/* The gradients are checked where they lie: rows `stride` apart, with nothing written between. */
static void assert_gradient_rows(const float *got, double *x, size_t rows, size_t stride, size_t columns, oracle *o, const char *what) {
    double *expected = calloc(rows * stride + 1, sizeof *expected);
    float *picked = zeros(rows * columns);
    double *wanted = calloc(rows * columns + 1, sizeof *wanted);
    numeric_gradient(expected, x, rows * stride, forward, o);
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < stride; c++) {
            if (c < columns) picked[i * columns + c] = got[i * stride + c];
            if (c < columns) wanted[i * columns + c] = expected[i * stride + c];
            else assert_true(got[i * stride + c] == 77);
        }
    assert_close(picked, wanted, rows * columns, 5e-6, what);
    free(expected); free(picked); free(wanted);
}

static float *marked(size_t count) {
    float *out = zeros(count);
    for (size_t i = 0; i < count; i++) out[i] = 77;
    return out;
}

static void check(const test_case *t) {
    size_t q_stride = t->head_size + 2, kv_stride = t->head_size + 5, out_stride = t->head_size + 1;
    size_t q_count = t->queries * q_stride, kv_count = t->keys * kv_stride, out_count = t->queries * out_stride;
    uint8_t *mask = calloc(t->keys + 1, 1);
    uint32_t *index = calloc(t->queries + 1, sizeof *index);
    for (size_t j = 0; j < t->keys; j++) mask[j] = t->mask == 1 && j % 3 != 1;
    for (size_t i = 0; i < t->queries; i++) index[i] = (uint32_t)(2 * i + 1);
    attention_shape shape = {t->queries, t->keys, t->head_size, q_stride, kv_stride, out_stride, t->mask ? mask : NULL, t->head_factor,
                             dropout_mask_new(t->dropout, 3, 5, 7), (uint64_t)3 << 32 | 11, t->some_queries ? index : NULL, GEMM_F32};
    float *q = random_floats(q_count, 1), *k = random_floats(kv_count, 2), *v = random_floats(kv_count, 3), *d_out = random_floats(out_count, 4);
    float *out = marked(out_count), *log_sum = zeros(t->queries), *weights = zeros(t->queries * t->keys);
    float *d_q = marked(q_count), *d_k = marked(kv_count), *d_v = marked(kv_count);
    float *scratch = random_floats(attention_scratch(t->keys, t->head_size, true), 5);
    oracle o = {shape, as_doubles(q, q_count), as_doubles(k, kv_count), as_doubles(v, kv_count), as_doubles(d_out, out_count),
                calloc(out_count + 1, sizeof(double)), calloc(t->queries * t->keys + 1, sizeof(double)), calloc(t->queries * t->keys + 1, sizeof(double))};
    for (size_t i = 0; i < t->queries * t->keys; i++) o.frozen[i] = NAN;
    forward(&o);
    attention_forward(out, log_sum, weights, q, k, v, &shape, scratch);
    for (size_t i = 0; i < out_count; i++) {
        if (i % out_stride < t->head_size) assert_close(out + i, o.out + i, 1, 1e-6, "out");
        else assert_true(out[i] == 77);
    }
    assert_close(weights, o.weights, t->queries * t->keys, 1e-6, "weights");
    attention_backward(d_q, d_k, d_v, d_out, out, log_sum, q, k, v, &shape, scratch);
    assert_gradient_rows(d_q, o.q, t->queries, q_stride, t->head_size, &o, "d_q");
    assert_gradient_rows(d_k, o.k, t->keys, kv_stride, t->head_size, &o, "d_k");
    assert_gradient_rows(d_v, o.v, t->keys, kv_stride, t->head_size, &o, "d_v");
    free(mask); free(index); free(q); free(k); free(v); free(d_out); free(out); free(log_sum); free(weights);
    free(d_q); free(d_k); free(d_v); free(scratch);
    free(o.q); free(o.k); free(o.v); free(o.d_out); free(o.out); free(o.weights); free(o.frozen);
}

static void matches_finite_differences(void **state) {
    (void)state;
    EACH_CPU_LEVEL(level)
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) check(&cases[i]);
}

/* Shapes too large for finite differences: vector levels against plain C, and queries in part against queries in whole. */
static void levels_agree_and_queries_stand_alone(void **state) {
    (void)state;
    enum { LENGTH = 200, SIZE = 64, STRIDE = 3 * SIZE, COUNT = LENGTH * STRIDE };
    static const uint32_t index[] = {0, 17, 63, 64, 130, 199};
    enum { PICKED = sizeof index / sizeof index[0] };
    float *q = random_floats(COUNT, 1), *plain = zeros(COUNT), *d_plain = zeros(COUNT), *d_out = random_floats(LENGTH * SIZE, 2);
    float *out = zeros(LENGTH * SIZE), *d = zeros(COUNT), *log_sum = zeros(LENGTH), *some = zeros(PICKED * SIZE), *some_q = zeros(PICKED * SIZE);
    float *kept[2] = {zeros(LENGTH * SIZE), zeros(COUNT)}, *scratch = zeros(attention_scratch(LENGTH, SIZE, true));
    attention_shape shape = {LENGTH, LENGTH, SIZE, STRIDE, STRIDE, SIZE, NULL, 1, dropout_mask_new(0.1, 3, 5, 7), 40, NULL, GEMM_F32};
    EACH_CPU_LEVEL(level) {
        attention_forward(out, log_sum, NULL, q, q + SIZE, q + 2 * SIZE, &shape, scratch);
        attention_backward(d, d + SIZE, d + 2 * SIZE, d_out, out, log_sum, q, q + SIZE, q + 2 * SIZE, &shape, scratch);
        if (level == 0) {
            memcpy(plain, out, LENGTH * SIZE * sizeof *out);
            memcpy(d_plain, d, COUNT * sizeof *d);
        }
        for (size_t i = 0; i < LENGTH * SIZE; i++) assert_true(fabsf(out[i] - plain[i]) <= 5e-6f);
        for (size_t i = 0; i < COUNT; i++) assert_true(fabsf(d[i] - d_plain[i]) <= 2e-5f);
        assert_vector_levels_agree(out, kept[0], LENGTH * SIZE, cpu_levels[level], "out");
        assert_vector_levels_agree(d, kept[1], COUNT, cpu_levels[level], "gradients");
        attention_shape part = shape;
        part.queries = PICKED;
        part.query_index = index;
        part.q_stride = SIZE;
        for (size_t i = 0; i < PICKED; i++) memcpy(some_q + i * SIZE, q + index[i] * STRIDE, SIZE * sizeof *q);
        attention_forward(some, NULL, NULL, some_q, q + SIZE, q + 2 * SIZE, &part, scratch);
        for (size_t i = 0; i < PICKED; i++) assert_same(some + i * SIZE, out + index[i] * SIZE, SIZE, "a row by itself");
    }
    free(q); free(plain); free(d_plain); free(d_out); free(out); free(d); free(log_sum); free(some); free(some_q);
    free(kept[0]); free(kept[1]); free(scratch);
}

/* Products of numbers rounded to 8 bits: as far from float as that rounding, where lengths and sizes fill no vector too. */
static void assert_bf16_is_float_to_its_rounding(void) {
    static const struct { size_t length, size; } shapes[] = {{200, 64}, {37, 20}, {1, 8}, {128, 32}, {65, 100}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        size_t size = shapes[i].size, stride = 3 * size, rows = shapes[i].length, count = rows * stride, outs = rows * size;
        float *q = random_floats(count, 1), *d_out = random_floats(outs, 2), *log_sum = zeros(rows), *out[2], *d[2];
        float *scratch = random_floats(attention_scratch(rows, size, true), 3);
        uint8_t *mask = calloc(rows, 1);
        for (size_t j = 0; j < rows; j++) mask[j] = j % 5 != 3;
        for (int p = 0; p < 2; p++) {
            out[p] = zeros(outs);
            d[p] = zeros(count);
            attention_shape shape = {rows, rows, size, stride, stride, size, mask, 1, dropout_mask_new(0.1, 3, 5, 7), 40, NULL, (gemm_precision)p};
            attention_forward(out[p], log_sum, NULL, q, q + size, q + 2 * size, &shape, scratch);
            attention_backward(d[p], d[p] + size, d[p] + 2 * size, d_out, out[p], log_sum, q, q + size, q + 2 * size, &shape, scratch);
        }
        for (size_t j = 0; j < outs; j++) assert_true(fabsf(out[1][j] - out[0][j]) <= 0.03f);
        for (size_t j = 0; j < count; j++) assert_true(fabsf(d[1][j] - d[0][j]) <= 0.12f);
        for (int p = 0; p < 2; p++) { free(out[p]); free(d[p]); }
        free(q); free(d_out); free(log_sum); free(scratch); free(mask);
    }
}

static void bf16_is_float_to_its_rounding(void **state) {
    (void)state;
    EACH_BF16_LEVEL(level) assert_bf16_is_float_to_its_rounding();
}

/* q, k and v kept in bf16: the numbers of float calls on the same values, which those would round; gradients rounded once. */
static void assert_rounded_is_the_same_rounded(void) {
    static const struct { size_t length, size; } shapes[] = {{200, 64}, {37, 20}, {1, 8}, {64, 32}, {600, 32}};
    for (size_t i = 0; i < 2 * sizeof shapes / sizeof shapes[0]; i++) {
        size_t size = shapes[i / 2].size, stride = 3 * size, rows = shapes[i / 2].length, count = rows * stride, outs = rows * size;
        float *q = random_floats(count, 1), *d_out = random_floats(outs, 2), *log_sum = zeros(rows), *sums = zeros(rows);
        float *scratch = random_floats(attention_scratch(rows, size, true), 3), *out = zeros(outs), *got = zeros(outs);
        float *d = zeros(count), *weights[2] = {i % 2 ? zeros(rows * rows) : NULL, i % 2 ? zeros(rows * rows) : NULL};
        uint16_t *half = calloc(count, sizeof *half), *d_half = calloc(count, sizeof *half), *expected = calloc(count, sizeof *half);
        gemm_round(half, stride, q, stride, rows, stride);
        for (size_t j = 0; j < count; j++) {
            uint32_t bits = (uint32_t)half[j] << 16;
            memcpy(&q[j], &bits, sizeof bits);
        }
        attention_shape shape = {rows, rows, size, stride, stride, size, NULL, 1, dropout_mask_new(0.1, 3, 5, 7), 40, NULL, GEMM_BF16};
        attention_forward(out, log_sum, weights[0], q, q + size, q + 2 * size, &shape, scratch);
        attention_forward_rounded(got, sums, weights[1], half, half + size, half + 2 * size, &shape, scratch);
        assert_memory_equal(got, out, outs * sizeof *got);
        assert_memory_equal(sums, log_sum, rows * sizeof *sums);
        if (i % 2) assert_memory_equal(weights[1], weights[0], rows * rows * sizeof(float));
        attention_backward(d, d + size, d + 2 * size, d_out, out, log_sum, q, q + size, q + 2 * size, &shape, scratch);
        attention_backward_rounded(d_half, d_half + size, d_half + 2 * size, d_out, out, log_sum, half, half + size, half + 2 * size,
                                   &shape, scratch);
        gemm_round(expected, stride, d, stride, rows, stride);
        assert_memory_equal(d_half, expected, count * sizeof *expected);
        free(q); free(d_out); free(log_sum); free(sums); free(scratch); free(out); free(got); free(d); free(weights[0]); free(weights[1]);
        free(half); free(d_half); free(expected);
    }
}

static void rounded_is_the_same_rounded(void **state) {
    (void)state;
    EACH_BF16_LEVEL(level) assert_rounded_is_the_same_rounded();
}

static void no_allowed_key_is_uniform(void **state) {
    (void)state;
    uint8_t mask[5] = {0};
    float *q = random_floats(5 * 4, 1), out[20], weights[25], *scratch = zeros(attention_scratch(5, 4, false));
    attention_shape shape = {5, 5, 4, 4, 4, 4, mask, 1, {0}, 0, NULL, GEMM_F32};
    EACH_CPU_LEVEL(level) {
        attention_forward(out, NULL, weights, q, q, q, &shape, scratch);
        for (int i = 0; i < 25; i++) assert_true(fabsf(weights[i] - 0.2f) <= 1e-7f);
    }
    free(q); free(scratch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_finite_differences),
        cmocka_unit_test(levels_agree_and_queries_stand_alone),
        cmocka_unit_test(bf16_is_float_to_its_rounding),
        cmocka_unit_test(rounded_is_the_same_rounded),
        cmocka_unit_test(no_allowed_key_is_uniform),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
