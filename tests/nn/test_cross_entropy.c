/* The head: logits, loss, counts and gradients of every CPU level against double; chunks and order of tasks. */
#include "nn/cross_entropy.h"
#include "operation.h"

typedef struct oracle {
    size_t rows, hidden, vocab;
    const int32_t *labels;
    double *input, *weight, *bias, *logits;
    double scale, smoothing;
} oracle;

static double forward(void *user) {
    oracle *o = user;
    double loss = 0;
    for (size_t r = 0; r < o->rows; r++) {
        double sum = 0, all = 0, *logits = o->logits + r * o->vocab;
        for (size_t j = 0; j < o->vocab; j++) {
            logits[j] = o->bias[j];
            for (size_t i = 0; i < o->hidden; i++) logits[j] += o->input[r * o->hidden + i] * o->weight[j * o->hidden + i];
            sum += exp(logits[j]);
            all += logits[j];
        }
        if (o->labels[r] < 0) continue;
        /* -log p of every token by its share of the target. */
        double even = o->smoothing / (double)o->vocab;
        loss += (1 - o->smoothing) * (log(sum) - logits[o->labels[r]]) + even * ((double)o->vocab * log(sum) - all);
    }
    return loss * o->scale;
}

/* All steps over all rows as one chunk; tasks in any order, as threads would. */
static void run(cross_entropy *c, bool backwards) {
    size_t tasks = cross_entropy_tasks(c->vocab), middle = c->rows / 3;
    float *thread_scratch = random_floats(cross_entropy_thread_scratch(c->rows, c->hidden, c->training), 8);
    c->scratch = random_floats(cross_entropy_scratch(c->rows, c->hidden, c->vocab, c->training), 9);
    for (size_t t = 0; t < tasks; t++) cross_entropy_logits(c, backwards ? tasks - 1 - t : t, thread_scratch);
    cross_entropy_loss(c);
    for (size_t t = 0; t < tasks; t++) cross_entropy_gradient(c, backwards ? tasks - 1 - t : t, thread_scratch);
    cross_entropy_finish(c, middle, c->rows);
    cross_entropy_finish(c, 0, middle);
    free(c->scratch); free(thread_scratch);
}

static int32_t *some_labels(size_t rows, size_t vocab) {
    int32_t *labels = calloc(rows + 1, sizeof *labels);
    for (size_t r = 0; r < rows; r++)
        labels[r] = r % 4 == 2 ? -100 : (int32_t)random_below((uint32_t)vocab, random_philox(1, RANDOM_TEST, 0, r).word[0]);
    if (rows > 0) labels[0] = (int32_t)vocab - 1;
    return labels;
}

/* What is likelier than the label: above it, or as likely with a lower id. */
static void count(const float *logits, const oracle *o, int64_t *predicted, int64_t *correct, int64_t *top5) {
    *predicted = *correct = *top5 = 0;
    for (size_t r = 0; r < o->rows; r++) {
        if (o->labels[r] < 0) continue;
        const float *row = logits + r * o->vocab;
        size_t label = (size_t)o->labels[r], before = 0;
        for (size_t j = 0; j < o->vocab; j++) before += row[j] > row[label] || (row[j] == row[label] && j < label);
        *predicted += 1;
        *correct += before == 0;
        *top5 += before < 5;
    }
}

static void check_smoothed(size_t rows, size_t hidden, size_t vocab, bool with_bias, bool differences, double smoothing) {
    float *input = random_floats(rows * hidden, 1), *weight = random_floats(vocab * hidden, 2), *bias = random_floats(vocab, 3);
    if (!with_bias) memset(bias, 0, vocab * sizeof *bias);
    int32_t *labels = some_labels(rows, vocab);
    oracle o = {rows, hidden, vocab, labels, as_doubles(input, rows * hidden), as_doubles(weight, vocab * hidden), as_doubles(bias, vocab),
                calloc(rows * vocab + 1, sizeof(double)), 0.25, smoothing};
    double loss = forward(&o);
    cross_entropy c = {.rows = rows, .hidden = hidden, .vocab = vocab, .input = input, .weight = weight, .bias = with_bias ? bias : NULL,
                       .labels = labels, .training = true, .scale = 0.25f, .smoothing = smoothing, .logits = zeros(rows * vocab), .d_input = random_floats(rows * hidden, 4),
                       .d_weight = zeros(vocab * hidden), .d_bias = zeros(vocab)};
    run(&c, true);
    assert_close(c.logits, o.logits, rows * vocab, 1e-5, "logits");
    assert_true(fabs(c.loss_sum * 0.25 - loss) <= 1e-5 * (1 + fabs(loss)));
    int64_t predicted, correct, top5;
    count(c.logits, &o, &predicted, &correct, &top5);
    assert_true(c.predicted == predicted && c.correct == correct && c.correct_top5 == top5);
    if (differences) {
        assert_gradient(c.d_input, o.input, rows * hidden, forward, &o, 3e-6, "d_input");
        assert_gradient(c.d_weight, o.weight, vocab * hidden, forward, &o, 3e-6, "d_weight");
        assert_gradient(c.d_bias, o.bias, vocab, forward, &o, 3e-6, "d_bias");
    }
    free(input); free(weight); free(bias); free(labels); free(o.input); free(o.weight); free(o.bias); free(o.logits);
    free(c.logits); free(c.d_input); free(c.d_weight); free(c.d_bias);
}

static void check(size_t rows, size_t hidden, size_t vocab, bool with_bias, bool differences) {
    check_smoothed(rows, hidden, vocab, with_bias, differences, 0);
}

static void matches_finite_differences(void **state) {
    (void)state;
    EACH_CPU_LEVEL(level) {
        check(0, 4, 10, true, true);
        check(1, 1, 1, true, true);
        check(5, 3, 7, true, true);
        check(9, 6, 37, false, true);
        check(3, 4, 300, true, true);
    }
}
static void many_tasks_give_the_loss_and_counts(void **state) {
    (void)state;
    EACH_CPU_LEVEL(level) {
        check(13, 8, 1025, true, false);
        check(6, 17, 5003, true, false);
    }
}

/* The loss by a target that the whole vocabulary shares, and its gradients; what counts as right is as ever. */
static void smoothed_labels_match_finite_differences(void **state) {
    (void)state;
    EACH_CPU_LEVEL(level) {
        check_smoothed(0, 4, 10, true, true, 0.1);
        check_smoothed(1, 1, 1, true, true, 0.5);
        check_smoothed(5, 3, 7, true, true, 0.1);
        check_smoothed(9, 6, 37, false, true, 0.3);
        check_smoothed(3, 4, 300, true, true, 0.9);
        check_smoothed(6, 17, 5003, true, false, 0.1);
    }
}

/* A decoder that was packed before gives the same logits and counts; in bytes, those of its product. */
static void a_packed_decoder_is_used_as_it_is(void **state) {
    (void)state;
    enum { ROWS = 21, HIDDEN = 40, VOCAB = 2500 };
    float *input = random_floats(ROWS * HIDDEN, 1), *weight = random_floats(VOCAB * HIDDEN, 2), *bias = random_floats(VOCAB, 3);
    float *expected = zeros(ROWS * VOCAB);
    int32_t *labels = some_labels(ROWS, VOCAB);
    EACH_CPU_LEVEL(level)
        for (int way = 0; way < 2; way++) {
            cross_entropy c = {.rows = ROWS, .hidden = HIDDEN, .vocab = VOCAB, .input = input, .weight = weight, .bias = bias, .labels = labels,
                               .logits = zeros(ROWS * VOCAB)}, whole = c;
            c.precision = way == 0 ? GEMM_F32 : GEMM_INT8;
            whole.logits = zeros(ROWS * VOCAB);
            void *packed = NULL;
            assert_int_equal(memory_new(&packed, gemm_packed_bytes(c.precision, VOCAB, HIDDEN), 1, "test"), MASKE_OK);
            gemm_pack(packed, c.precision, weight, HIDDEN, true, VOCAB, HIDDEN);
            c.packed = packed;
            run(&c, true);
            run(&whole, false);
            gemm_packed(expected, VOCAB, false, input, HIDDEN, false, packed, c.precision, ROWS, VOCAB, HIDDEN);
            for (size_t i = 0; i < ROWS * VOCAB; i++) assert_true(c.logits[i] == expected[i] + bias[i % VOCAB]);
            assert_int_equal(c.predicted, whole.predicted);
            assert_true(fabs(c.loss_sum - whole.loss_sum) <= (way == 0 ? 1e-5 : 0.02) * fabs(whole.loss_sum));
            if (way == 0) assert_true(c.correct == whole.correct && c.correct_top5 == whole.correct_top5);
            free(c.logits); free(whole.logits); free(packed);
        }
    free(input); free(weight); free(bias); free(expected); free(labels);
}

/* Logits of any size, and all alike: the label's probability stays finite, ties go to the lowest id. */
static void extreme_and_equal_logits(void **state) {
    (void)state;
    enum { VOCAB = 2100 };
    float input[2] = {1, 1}, *weight = zeros(VOCAB), *bias = zeros(VOCAB), logits[2 * VOCAB];
    int32_t labels[2] = {0, 4};
    cross_entropy c = {.rows = 2, .hidden = 1, .vocab = VOCAB, .input = input, .weight = weight, .bias = bias, .labels = labels, .logits = logits};
    EACH_CPU_LEVEL(level) {
        memset(bias, 0, VOCAB * sizeof *bias);
        run(&c, false);
        assert_true(fabs(c.loss_sum - 2 * log(VOCAB)) < 1e-5);
        assert_true(c.predicted == 2 && c.correct == 1 && c.correct_top5 == 2);
        labels[1] = 5;
        run(&c, true);
        assert_true(c.correct == 1 && c.correct_top5 == 1);
        labels[1] = 4;
        for (int j = 0; j < VOCAB; j++) bias[j] = j == 1500 ? 500.0f : -500.0f;
        run(&c, false);
        assert_true(fabs(c.loss_sum - 2000) < 1e-3 && c.correct == 0 && c.correct_top5 == 1);
    }
    free(weight); free(bias);
}

static void order_of_tasks_and_training_change_no_bit(void **state) {
    (void)state;
    enum { ROWS = 50, HIDDEN = 40, VOCAB = 3001 };
    float *input = random_floats(ROWS * HIDDEN, 1), *weight = random_floats(VOCAB * HIDDEN, 2), *bias = random_floats(VOCAB, 3);
    int32_t *labels = some_labels(ROWS, VOCAB);
    cross_entropy c[3];
    EACH_CPU_LEVEL(level) {
        for (int i = 0; i < 3; i++) {
            c[i] = (cross_entropy){.rows = ROWS, .hidden = HIDDEN, .vocab = VOCAB, .input = input, .weight = weight, .bias = bias, .labels = labels,
                                   .training = i < 2, .scale = 0.1f, .smoothing = 0.2, .logits = zeros(ROWS * VOCAB), .d_input = zeros(ROWS * HIDDEN),
                                   .d_weight = zeros(VOCAB * HIDDEN), .d_bias = zeros(VOCAB)};
            run(&c[i], i == 1);
            assert_same(c[i].logits, c[0].logits, ROWS * VOCAB, "logits");
            assert_true(c[i].loss_sum == c[0].loss_sum && c[i].correct == c[0].correct && c[i].correct_top5 == c[0].correct_top5);
        }
        assert_same(c[1].d_input, c[0].d_input, ROWS * HIDDEN, "d_input");
        assert_same(c[1].d_weight, c[0].d_weight, VOCAB * HIDDEN, "d_weight");
        assert_same(c[1].d_bias, c[0].d_bias, VOCAB, "d_bias");
        for (int i = 0; i < 3; i++) { free(c[i].logits); free(c[i].d_input); free(c[i].d_weight); free(c[i].d_bias); }
    }
    free(input); free(weight); free(bias); free(labels);
}

static void assert_bf16_follows_f32(void) {
    enum { ROWS = 40, HIDDEN = 64, VOCAB = 1500 };
    float *input = random_floats(ROWS * HIDDEN, 1), *weight = random_floats(VOCAB * HIDDEN, 2);
    int32_t *labels = some_labels(ROWS, VOCAB);
    cross_entropy c[2];
    for (size_t i = 0; i < VOCAB * HIDDEN; i++) weight[i] *= 0.1f;
    for (int i = 0; i < 2; i++) {
        c[i] = (cross_entropy){.rows = ROWS, .hidden = HIDDEN, .vocab = VOCAB, .input = input, .weight = weight, .labels = labels,
                               .precision = (gemm_precision)i, .training = true, .scale = 1, .logits = zeros(ROWS * VOCAB),
                               .d_input = zeros(ROWS * HIDDEN), .d_weight = zeros(VOCAB * HIDDEN)};
        run(&c[i], false);
    }
    assert_true(fabs(c[1].loss_sum - c[0].loss_sum) < 1e-3 * c[0].loss_sum);
    for (size_t i = 0; i < ROWS * HIDDEN; i++) assert_true(fabsf(c[1].d_input[i] - c[0].d_input[i]) < 5e-3f);
    for (size_t i = 0; i < VOCAB * HIDDEN; i++) assert_true(fabsf(c[1].d_weight[i] - c[0].d_weight[i]) < 5e-2f);
    for (int i = 0; i < 2; i++) { free(c[i].logits); free(c[i].d_input); free(c[i].d_weight); }
    free(input); free(weight); free(labels);
}

static void bf16_follows_f32(void **state) {
    (void)state;
    EACH_BF16_LEVEL(level) assert_bf16_follows_f32();
}

/* An input that was rounded before, and logits block by block: the same numbers. */
static void assert_rounded_and_blocked_are_the_same(gemm_precision precision) {
    enum { ROWS = 40, HIDDEN = 64, VOCAB = 2700 };
    float *input = random_floats(ROWS * HIDDEN, 1), *weight = random_floats(VOCAB * HIDDEN, 2), *bias = random_floats(VOCAB, 3);
    uint16_t *rounded = calloc(ROWS * HIDDEN, sizeof *rounded);
    int32_t *labels = some_labels(ROWS, VOCAB);
    cross_entropy c[3];
    if (precision == GEMM_BF16) gemm_round(rounded, HIDDEN, input, HIDDEN, ROWS, HIDDEN);
    for (int i = 0; i < 3; i++) {
        c[i] = (cross_entropy){.rows = ROWS, .hidden = HIDDEN, .vocab = VOCAB, .input = input, .weight = weight, .bias = bias, .labels = labels,
                               .precision = precision, .training = true, .scale = 1, .smoothing = 0.1, .logits = zeros(ROWS * VOCAB),
                               .d_input = zeros(ROWS * HIDDEN), .d_weight = random_floats(VOCAB * HIDDEN, 5), .d_bias = random_floats(VOCAB, 6),
                               .set_d_weight = i == 2, .blocked = i > 0, .rounded = i > 0 && precision == GEMM_BF16 ? rounded : NULL};
        if (i == 2) memset(c[i].d_bias, 0, VOCAB * sizeof(float));
        run(&c[i], i == 1);
        assert_true(c[i].loss_sum == c[0].loss_sum && c[i].correct == c[0].correct && c[i].correct_top5 == c[0].correct_top5);
        assert_same(c[i].d_input, c[0].d_input, ROWS * HIDDEN, "d_input");
    }
    assert_same(c[1].d_weight, c[0].d_weight, VOCAB * HIDDEN, "d_weight");
    assert_same(c[1].d_bias, c[0].d_bias, VOCAB, "d_bias");
    float *before = random_floats(VOCAB * HIDDEN, 5);
    for (size_t i = 0; i < VOCAB * HIDDEN; i++) assert_true(fabsf(before[i] + c[2].d_weight[i] - c[1].d_weight[i]) <= 1e-5f * (1 + fabsf(c[1].d_weight[i])));
    for (int i = 0; i < 3; i++) { free(c[i].logits); free(c[i].d_input); free(c[i].d_weight); free(c[i].d_bias); }
    free(input); free(weight); free(bias); free(rounded); free(labels); free(before);
}
static void rounded_and_blocked_are_the_same(void **state) {
    (void)state;
    EACH_CPU_LEVEL(level) assert_rounded_and_blocked_are_the_same(GEMM_F32);
    EACH_BF16_LEVEL(level) assert_rounded_and_blocked_are_the_same(GEMM_BF16);
}

static void without_labels_logits_are_all(void **state) {
    (void)state;
    float input[] = {1, 2}, weight[] = {3, 4, 5, 6}, logits[2];
    cross_entropy c = {.rows = 1, .hidden = 2, .vocab = 2, .input = input, .weight = weight, .logits = logits};
    EACH_CPU_LEVEL(level) {
        run(&c, false);
        assert_true(logits[0] == 11 && logits[1] == 17 && c.predicted == 0 && c.loss_sum == 0 && c.correct == 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_finite_differences),
        cmocka_unit_test(smoothed_labels_match_finite_differences),
        cmocka_unit_test(many_tasks_give_the_loss_and_counts),
        cmocka_unit_test(a_packed_decoder_is_used_as_it_is),
        cmocka_unit_test(extreme_and_equal_logits),
        cmocka_unit_test(order_of_tasks_and_training_change_no_bit),
        cmocka_unit_test(bf16_follows_f32),
        cmocka_unit_test(rounded_and_blocked_are_the_same),
        cmocka_unit_test(without_labels_logits_are_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
