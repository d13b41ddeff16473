/* tests of train/feeder: steps and epochs divided as documented, every sequence once an epoch, the same from any
 * step. */
#include "train/feeder.h"
#include "base/random.h"

#include "training.h"

enum { BATCH = 4, ACCUMULATE = 3 };
static const dataset_masking masking = {.seed = 5, .mask_probability = 0.15};

static dataset *town(void) {
    maske_tokenizer *tokenizer = NULL;
    dataset *d = NULL;
    const char *path = TOWN;
    assert_ok(maske_tokenizer_open(&tokenizer, training_tokenizer()));
    assert_ok(
        dataset_build(&d, NULL, tokenizer, &(maske_text){&path, 1, NULL}, &(dataset_options){.max_length = 32}, NULL));
    maske_tokenizer_free(tokenizer);
    return d;
}

static void an_epoch_is_divided(void **state) {
    (void)state;
    static const struct { int64_t sequences, batch, accumulate, batches, steps; } cases[] = {
        {1, 16, 1, 1, 1}, {16, 16, 1, 1, 1}, {17, 16, 1, 2, 2}, {33, 16, 4, 3, 1}, {100, 4, 3, 25, 9}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        epoch_plan plan = epoch_plan_make(cases[i].sequences, cases[i].batch, cases[i].accumulate);
        assert_int_equal(plan.batches, cases[i].batches);
        assert_int_equal(plan.steps, cases[i].steps);
    }
}

/* The batches are those of the documented order, made one by one without a thread. */
static void steps_hold_the_batches_of_the_order(void **state) {
    (void)state;
    dataset *d = town();
    int64_t sequences = dataset_describe(d)->sequences;
    epoch_plan plan = epoch_plan_make(sequences, BATCH, ACCUMULATE);
    assert_true(plan.steps >= 3);
    uint32_t order[1024];
    dataset_batch expected = {0};
    feeder *f = NULL;
    assert_ok(feeder_start(&f, d, &plan, &masking, 1));
    for (int64_t step = 1; step <= 2 * plan.steps + 1; step++) {
        const step_input *input = NULL;
        assert_ok(feeder_next(f, &input));
        int64_t epoch = (step - 1) / plan.steps + 1, first = (step - 1) % plan.steps * ACCUMULATE;
        assert_int_equal(input->step, step);
        assert_int_equal(input->epoch, epoch);
        assert_int_equal(input->first_batch, first);
        bool last = step % plan.steps == 0;
        assert_int_equal(input->count, last ? plan.batches - first : ACCUMULATE);
        random_order(order, (size_t)sequences, masking.seed, (uint64_t)epoch);
        int64_t tokens = 0, predicted = 0;
        for (size_t b = 0; b < input->count; b++) {
            int64_t begin = (first + (int64_t)b) * BATCH, left = sequences - begin;
            assert_ok(dataset_make_batch(d, order + begin, left < BATCH ? (size_t)left : BATCH, (uint64_t)epoch,
                                         &masking, &expected));
            const batch *got = &input->batches[b].batch;
            assert_int_equal(got->tokens, expected.batch.tokens);
            assert_int_equal(got->predictions, expected.batch.predictions);
            assert_memory_equal(got->input_ids, expected.batch.input_ids, got->tokens * sizeof(int32_t));
            assert_memory_equal(got->labels, expected.batch.labels, got->predictions * sizeof(int32_t));
            tokens += (int64_t)got->tokens;
            predicted += (int64_t)got->predictions;
        }
        assert_int_equal(input->tokens, tokens);
        assert_int_equal(input->predicted, predicted);
    }
    feeder_stop(f);
    dataset_batch_free(&expected);
    dataset_free(d);
}

/* A run that goes on begins anywhere, also inside the second epoch, and gets what it would have got. */
static void any_step_may_be_the_first(void **state) {
    (void)state;
    dataset *d = town();
    epoch_plan plan = epoch_plan_make(dataset_describe(d)->sequences, BATCH, ACCUMULATE);
    for (int64_t first = 2; first <= plan.steps + 3; first++) {
        feeder *whole = NULL, *part = NULL;
        const step_input *a = NULL, *b = NULL;
        assert_ok(feeder_start(&whole, d, &plan, &masking, 1));
        assert_ok(feeder_start(&part, d, &plan, &masking, first));
        for (int64_t step = 1; step <= first; step++) assert_ok(feeder_next(whole, &a));
        assert_ok(feeder_next(part, &b));
        assert_int_equal(a->step, b->step);
        assert_int_equal(a->tokens, b->tokens);
        for (size_t i = 0; i < a->count; i++)
            assert_memory_equal(a->batches[i].input_ids, b->batches[i].input_ids,
                                a->batches[i].batch.tokens * sizeof(int32_t));
        feeder_stop(whole);
        feeder_stop(part);
    }
    dataset_free(d);
}

static void failures_reach_the_trainer(void **state) {
    (void)state;
    dataset *d = town();
    /* More sequences than the data set has. */
    epoch_plan plan = epoch_plan_make(dataset_describe(d)->sequences + 1, 1, 1);
    feeder *f = NULL;
    maske_status status = MASKE_OK;
    assert_ok(feeder_start(&f, d, &plan, &masking, 1));
    for (int64_t step = 0; step < plan.steps && status == MASKE_OK; step++) {
        const step_input *input;
        status = feeder_next(f, &input);
    }
    assert_int_equal(status, MASKE_BAD_ARGUMENT);
    assert_non_null(strstr(maske_error(), "is asked for, the data set has"));
    feeder_stop(f);
    feeder_stop(NULL);
    dataset_free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_epoch_is_divided),
        cmocka_unit_test(steps_hold_the_batches_of_the_order),
        cmocka_unit_test(any_step_may_be_the_first),
        cmocka_unit_test(failures_reach_the_trainer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
