/* attention: forward and backward of every CPU level against plain sums in double, with dropout, key masks, head
 * factors, strides, and queries that are only some of the rows. The gradients of the plain version are themselves held
 * against finite differences. */
#include "nn/attention.h"
#include "operation.h"

typedef struct plain {
    const attention_shape *shape;
    double *q, *k, *v, *d_out;                  /* [queries, d], [keys, d], [keys, d], [queries, d] */
    double *out, *weights, *d_q, *d_k, *d_v;
} plain;

static double factor(const attention_shape *s, size_t i, size_t j) {
    uint64_t row = s->dropout_row + (s->query_index != NULL ? s->query_index[i] : i);
    if (s->dropout.threshold == 0) return s->head_factor;
    return dropout_keeps(&s->dropout, row, (uint32_t)j) ? (double)s->dropout.scale * s->head_factor : 0;
}

/* P of one query. */
static void probabilities(double *p, const plain *o, size_t i) {
    const attention_shape *s = o->shape;
    size_t d = s->head_size;
    double sum = 0, most = -1e300;
    bool any = s->key_mask == NULL;
    for (size_t j = 0; j < s->keys && !any; j++) any = s->key_mask[j] != 0;
    for (size_t j = 0; j < s->keys; j++) {
        p[j] = 0;
        for (size_t c = 0; c < d; c++) p[j] += o->q[i * d + c] * o->k[j * d + c];
        p[j] /= sqrt((double)d);
        if (!any) p[j] = 0;                                             /* the lowest float swallows the score */
        else if (s->key_mask != NULL && !s->key_mask[j]) p[j] = -1e300;
        most = fmax(most, p[j]);
    }
    for (size_t j = 0; j < s->keys; j++) sum += p[j] = exp(p[j] - most);
    for (size_t j = 0; j < s->keys; j++) p[j] /= sum;
}

static double forward(void *user) {
    plain *o = user;
    const attention_shape *s = o->shape;
    double loss = 0, *p = calloc(s->keys + 1, sizeof *p);
    assert_non_null(p);
    for (size_t i = 0; i < s->queries; i++) {
        probabilities(p, o, i);
        for (size_t j = 0; j < s->keys; j++) o->weights[i * s->keys + j] = p[j] * factor(s, i, j);
        for (size_t c = 0; c < s->head_size; c++) {
            double sum = 0;
            for (size_t j = 0; j < s->keys; j++) sum += o->weights[i * s->keys + j] * o->v[j * s->head_size + c];
            o->out[i * s->head_size + c] = sum;
            loss += sum * o->d_out[i * s->head_size + c];
        }
    }
    free(p);
    return loss;
}

/* Lays a matrix into rows that are `stride` apart, NaN in between, so that a read beyond a row shows. */
static float *spread(const double *in, size_t rows, size_t columns, size_t stride) {
    float *out = zeros(rows * stride);
    for (size_t i = 0; i < rows * stride; i++) out[i] = NAN;
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) out[r * stride + c] = (float)in[r * columns + c];
    return out;
}
static void gather(float *out, const float *in, size_t rows, size_t columns, size_t stride) {
    for (size_t r = 0; r < rows; r++) memcpy(out + r * columns, in + r * stride, columns * sizeof *out);
}
static double *random_doubles(size_t count, uint64_t seed) {
    float *values = random_floats(count, seed);
    double *out = as_doubles(values, count);
    free(values);
    return out;
}

static void check(const attention_shape *shape, bool differences) {
    size_t d = shape->head_size, nq = shape->queries * d, nk = shape->keys * d, nw = shape->queries * shape->keys;
    plain o = {shape, random_doubles(nq, 1), random_doubles(nk, 2), random_doubles(nk, 3), random_doubles(nq, 4),
               calloc(nq + 1, 8), calloc(nw + 1, 8), NULL, NULL, NULL};
    float *q = spread(o.q, shape->queries, d, shape->q_stride), *k = spread(o.k, shape->keys, d, shape->kv_stride);
    float *v = spread(o.v, shape->keys, d, shape->kv_stride), *d_out = spread(o.d_out, shape->queries, d, shape->out_stride);
    float *out = zeros(shape->queries * shape->out_stride), *weights = zeros(nw), *log_sum = zeros(shape->queries);
    float *d_q = zeros(shape->queries * shape->q_stride), *d_k = zeros(shape->keys * shape->kv_stride), *d_v = zeros(shape->keys * shape->kv_stride);
    float *flat = zeros(nq > nk ? nq : nk), *scratch = zeros(attention_scratch(shape->keys, d, true));
    forward(&o);
    attention_forward(out, log_sum, weights, q, k, v, shape, scratch);
    gather(flat, out, shape->queries, d, shape->out_stride);
    assert_close(flat, o.out, nq, 3e-6, "out");
    assert_close(weights, o.weights, nw, 1e-6, "weights");
    attention_backward(d_q, d_k, d_v, d_out, out, log_sum, q, k, v, shape, scratch);
    if (differences) {
        gather(flat, d_q, shape->queries, d, shape->q_stride);
        assert_gradient(flat, o.q, nq, forward, &o, 1e-5, "d_q");
        gather(flat, d_k, shape->keys, d, shape->kv_stride);
        assert_gradient(flat, o.k, nk, forward, &o, 1e-5, "d_k");
        gather(flat, d_v, shape->keys, d, shape->kv_stride);
        assert_gradient(flat, o.v, nk, forward, &o, 1e-5, "d_v");
    }
    free(o.q); free(o.k); free(o.v); free(o.d_out); free(o.out); free(o.weights);
    free(q); free(k); free(v); free(d_out); free(out); free(weights); free(log_sum); free(d_q); free(d_k); free(d_v); free(flat); free(scratch);
}

static const struct { size_t queries, keys, head_size; } cases[] = {{1, 1, 1}, {3, 3, 8}, {5, 5, 12}, {17, 17, 16}, {33, 33, 20}, {7, 40, 64}};

static void every_level_matches_plain_sums(void **state) {
    (void)state;
    EACH_CPU_LEVEL(level)
        for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++)
            for (int way = 0; way < 8; way++) {
                size_t n = cases[c].keys, size = cases[c].head_size;
                uint8_t mask[64];
                uint32_t index[64];
                for (size_t j = 0; j < n; j++) mask[j] = j % 3 != 1;
                for (size_t i = 0; i < cases[c].queries; i++) index[i] = (uint32_t)(2 * i);
                attention_shape shape = {.queries = cases[c].queries, .keys = n, .head_size = size, .q_stride = 3 * size + 5,
                                         .kv_stride = 3 * size + 1, .out_stride = size + 3, .head_factor = way & 1 ? 0.5f : 1.0f,
                                         .key_mask = way & 2 ? mask : NULL, .dropout_row = (uint64_t)3 << 32 | 17,
                                         .query_index = cases[c].queries < n ? index : NULL};
                if (way & 4) shape.dropout = dropout_mask_new(0.3, 5, 6, 7);
                check(&shape, true);
            }
}

static void more_queries_than_a_block(void **state) {
    (void)state;
    EACH_CPU_LEVEL(level) {
        attention_shape shape = {.queries = 150, .keys = 150, .head_size = 16, .q_stride = 16, .kv_stride = 16, .out_stride = 16,
                                 .head_factor = 1, .dropout = dropout_mask_new(0.1, 1, 2, 3)};
        check(&shape, false);
    }
}

static void no_key_allowed_is_uniform(void **state) {
    (void)state;
    EACH_CPU_LEVEL(level) {
        static const uint8_t none[5];
        attention_shape shape = {.queries = 5, .keys = 5, .head_size = 8, .q_stride = 8, .kv_stride = 8, .out_stride = 8, .head_factor = 1, .key_mask = none};
        check(&shape, false);
    }
}

static void a_head_factor_of_zero_silences_the_head(void **state) {
    (void)state;
    EACH_CPU_LEVEL(level) {
        attention_shape shape = {.queries = 4, .keys = 4, .head_size = 8, .q_stride = 8, .kv_stride = 8, .out_stride = 8, .head_factor = 0};
        float *q = random_floats(32, 1), *out = random_floats(32, 2), *scratch = zeros(attention_scratch(4, 8, true));
        attention_forward(out, NULL, NULL, q, q, q, &shape, scratch);
        for (int i = 0; i < 32; i++) assert_true(out[i] == 0);
        free(q); free(out); free(scratch);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_level_matches_plain_sums),
        cmocka_unit_test(more_queries_than_a_block),
        cmocka_unit_test(no_key_allowed_is_uniform),
        cmocka_unit_test(a_head_factor_of_zero_silences_the_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
