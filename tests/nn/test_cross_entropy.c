/* cross_entropy: loss, counts and gradients of every CPU level against sums in double; ignored labels, ties, chunks,
 * vocabularies of one and of many tasks. */
#include "nn/cross_entropy.h"
#include "operation.h"

typedef struct plain { size_t rows, hidden, vocab; const int32_t *labels; double *input, *weight, *bias, *logits; double scale; } plain;

static double forward(void *user) {
    plain *o = user;
    double loss = 0;
    for (size_t r = 0; r < o->rows; r++) {
        double sum = 0, *logits = o->logits + r * o->vocab;
        for (size_t j = 0; j < o->vocab; j++) {
            logits[j] = o->bias[j];
            for (size_t i = 0; i < o->hidden; i++) logits[j] += o->input[r * o->hidden + i] * o->weight[j * o->hidden + i];
            sum += exp(logits[j]);
        }
        if (o->labels[r] != -100) loss += log(sum) - logits[o->labels[r]];
    }
    return o->scale * loss;
}

/* The four steps, as bert/lm_prediction_head.c runs them. */
static void run(cross_entropy *c) {
    float *thread = zeros(cross_entropy_thread_scratch(c->rows, c->hidden, c->vocab, c->training));
    size_t tasks = cross_entropy_tasks(c->vocab);
    for (size_t t = 0; t < tasks; t++) cross_entropy_logits(c, t);
    cross_entropy_loss(c);
    for (size_t t = tasks; t-- > 0;) cross_entropy_gradient(c, t, thread);      /* any order */
    cross_entropy_finish(c, 0, c->rows / 2);
    cross_entropy_finish(c, c->rows / 2, c->rows);
    free(thread);
}

static void check(size_t rows, size_t hidden, size_t vocab, bool differences) {
    float *input = random_floats(rows * hidden, 1), *weight = random_floats(vocab * hidden, 2), *bias = random_floats(vocab, 3);
    for (size_t i = 0; i < vocab * hidden; i++) weight[i] *= 0.3f;
    int32_t *labels = calloc(rows + 1, sizeof *labels);
    for (size_t r = 0; r < rows; r++) labels[r] = r % 4 == 3 ? -100 : (int32_t)(r * 7919 % vocab);
    plain o = {rows, hidden, vocab, labels, as_doubles(input, rows * hidden), as_doubles(weight, vocab * hidden), as_doubles(bias, vocab),
               calloc(rows * vocab + 1, 8), 0.25};
    double loss = forward(&o);
    float *logits = zeros(rows * vocab), *d_input = zeros(rows * hidden), *d_weight = zeros(vocab * hidden), *d_bias = zeros(vocab);
    float *scratch = zeros(cross_entropy_scratch(rows, hidden, vocab, true));
    cross_entropy c = {.rows = rows, .hidden = hidden, .vocab = vocab, .input = input, .weight = weight, .bias = bias, .labels = labels,
                       .training = true, .scale = 0.25f, .logits = logits, .d_input = d_input, .d_weight = d_weight, .d_bias = d_bias, .scratch = scratch};
    run(&c);
    int64_t predicted = 0, correct = 0, top5 = 0;
    for (size_t r = 0; r < rows; r++) {
        if (labels[r] == -100) continue;
        size_t before = 0;
        for (size_t j = 0; j < vocab; j++) before += o.logits[r * vocab + j] > o.logits[r * vocab + (size_t)labels[r]];
        predicted++;
        correct += before == 0;
        top5 += before < 5;
    }
    assert_close(logits, o.logits, rows * vocab, 2e-5, "logits");
    assert_true(fabs(c.loss_sum * 0.25 - loss) <= 2e-6 * (fabs(loss) + 1));
    assert_true(c.predicted == predicted && c.correct == correct && c.correct_top5 == top5);
    if (differences) {
        assert_gradient(d_input, o.input, rows * hidden, forward, &o, 1e-5, "d_input");
        assert_gradient(d_weight, o.weight, vocab * hidden, forward, &o, 1e-5, "d_weight");
        assert_gradient(d_bias, o.bias, vocab, forward, &o, 1e-5, "d_bias");
    }
    free(input); free(weight); free(bias); free(labels); free(o.input); free(o.weight); free(o.bias); free(o.logits);
    free(logits); free(d_input); free(d_weight); free(d_bias); free(scratch);
}

static void every_level_matches_plain_sums(void **state) {
    (void)state;
    EACH_CPU_LEVEL(level) {
        check(1, 1, 1, true);
        check(5, 3, 7, true);
        check(9, 16, 33, true);
        check(13, 24, 2500, false);
    }
}

static void ties_go_to_the_lowest_id(void **state) {
    (void)state;
    EACH_CPU_LEVEL(level) {
        /* all logits 0: only id 0 is correct, only ids 0..4 are among the five */
        float input[8] = {0}, weight[40] = {0}, logits[320], scratch[1024];
        int32_t labels[8] = {0, 1, 4, 5, 39, 0, -100, 3};
        cross_entropy c = {.rows = 8, .hidden = 1, .vocab = 40, .input = input, .weight = weight, .labels = labels, .logits = logits, .scratch = scratch};
        run(&c);
        assert_true(c.predicted == 7 && c.correct == 2 && c.correct_top5 == 5);
        assert_true(fabs(c.loss_sum - 7 * log(40)) < 1e-5);
    }
}

static void large_logits_do_not_overflow(void **state) {
    (void)state;
    EACH_CPU_LEVEL(level) {
        float input[1] = {1}, weight[3] = {1000, -1000, 990}, logits[3], scratch[64];
        int32_t labels[1] = {2};
        cross_entropy c = {.rows = 1, .hidden = 1, .vocab = 3, .input = input, .weight = weight, .labels = labels, .logits = logits, .scratch = scratch};
        run(&c);
        assert_true(fabs(c.loss_sum - (10 + log1p(exp(-10)))) < 1e-4);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_level_matches_plain_sums),
        cmocka_unit_test(ties_go_to_the_lowest_id),
        cmocka_unit_test(large_logits_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
