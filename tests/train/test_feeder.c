/* tests of train/feeder: steps and epochs divided as documented, every sequence once an epoch, the same from any
 * step. */
#include "train/feeder.h"
#include "base/random.h"

#include "training.h"

enum { BATCH = 4, ACCUMULATE = 3 };
static const dataset_masking masking = {.seed = 5, .mask_probability = 0.15};
static const feed_place beginning = {1, 1, 0, 1, 0};

static maske_train_options settings(void) {
    maske_train_options o = training_options();
    o.batch_size = BATCH;
    o.accumulate = ACCUMULATE;
    o.seed = (int64_t)masking.seed;
    return o;
}

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
    maske_train_options o = settings();
    assert_ok(feeder_start(&f, &(feed){d, NULL, &o, 0, 0}, &beginning));
    for (int64_t step = 1; step <= 2 * plan.steps + 1; step++) {
        const step_input *input = NULL;
        assert_ok(feeder_next(f, 0, &input));
        int64_t epoch = (step - 1) / plan.steps + 1, first = (step - 1) % plan.steps * ACCUMULATE;
        assert_int_equal(input->place.step, step);
        assert_int_equal(input->place.epoch, epoch);
        assert_int_equal(input->place.sequence, first * BATCH);
        assert_int_equal(input->batch, first + (int64_t)input->count);
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
        maske_train_options o = settings();
        feed what = {d, NULL, &o, 0, 0};
        feed_place place = feed_place_after(&plan, first - 1);
        assert_ok(feeder_start(&whole, &what, &beginning));
        assert_ok(feeder_start(&part, &what, &place));
        for (int64_t step = 1; step <= first; step++) assert_ok(feeder_next(whole, 0, &a));
        assert_ok(feeder_next(part, 0, &b));
        assert_memory_equal(&a->place, &b->place, sizeof a->place);
        assert_memory_equal(&a->next, &b->next, sizeof a->next);
        assert_int_equal(a->tokens, b->tokens);
        for (size_t i = 0; i < a->count; i++)
            assert_memory_equal(a->batches[i].input_ids, b->batches[i].input_ids,
                                a->batches[i].batch.tokens * sizeof(int32_t));
        feeder_stop(whole);
        feeder_stop(part);
    }
    dataset_free(d);
}

/* Batches grow, sequences are cut, masks become fewer; every sequence still comes once an epoch, and a run that goes on
 * from what a step left gets the same. */
static void what_grows_loses_nothing(void **state) {
    (void)state;
    dataset *d = town();
    const dataset_totals *totals = dataset_describe(d);
    maske_train_options o = settings();
    o.mask_probability = 0.4;
    o.mask_probability_end = 0.1;
    o.batch_warmup_ratio = 0.5;
    o.length_warmup_ratio = 0.4;
    enum { STEPS = 60 };
    feeder *f = NULL, *part = NULL;
    feed what = {d, NULL, &o, STEPS, 0};
    assert_ok(feeder_start(&f, &what, &beginning));
    size_t most = 0, longest = 0;
    int64_t own = 0, first_batch = 0;
    double masks[2] = {0, 0}, tokens[2] = {0, 0};
    feed_place expected = beginning;
    for (int64_t step = 1; step <= STEPS; step++) {
        const step_input *input = NULL, *again = NULL;
        assert_ok(feeder_next(f, 0, &input));
        assert_memory_equal(&input->place, &expected, sizeof expected);
        assert_ok(feeder_start(&part, &what, &expected));
        assert_ok(feeder_next(part, 0, &again));
        assert_memory_equal(&again->next, &input->next, sizeof expected);
        expected = input->next;
        for (size_t i = 0; i < input->count; i++) {
            const batch *b = &input->batches[i].batch, *other = &again->batches[i].batch;
            assert_int_equal(b->tokens, other->tokens);
            assert_memory_equal(b->input_ids, other->input_ids, b->tokens * sizeof *b->input_ids);
            assert_memory_equal(b->labels, other->labels, b->predictions * sizeof *b->labels);
            for (size_t k = 0; k < b->sequences; k++) {
                size_t length = b->sequence_start[k + 1] - b->sequence_start[k];
                longest = length > longest ? length : longest;
                if (input->place.epoch == 1) own += (int64_t)length - 2;
                assert_int_equal(input->batches[i].originals[b->sequence_start[k]], 2);         /* [CLS] */
                assert_int_equal(input->batches[i].originals[b->sequence_start[k + 1] - 1], 3); /* [SEP] */
            }
            for (size_t k = 0; k < b->predictions; k++)
                assert_int_equal(input->batches[i].originals[b->prediction_index[k]], b->labels[k]);
            masks[step > STEPS / 2] += (double)b->predictions, tokens[step > STEPS / 2] += (double)b->tokens;
            most = b->sequences > most && step > STEPS / 2 ? b->sequences : most;
        }
        if (step == 1) {
            first_batch = input->next.sequence;
            assert_true(longest <= 16);
        }
        feeder_stop(part);
    }
    feeder_stop(f);
    assert_int_equal(first_batch, ACCUMULATE);          /* batches of one */
    assert_int_equal(most, BATCH);
    assert_int_equal(longest, 32);
    assert_true(masks[0] / tokens[0] > masks[1] / tokens[1] + 0.05);
    /* The first epoch's tokens, each piece's own [CLS] and [SEP] not counted. */
    assert_true(expected.epoch >= 2);
    assert_int_equal(own, totals->tokens - 2 * totals->sequences);
    dataset_free(d);
}

/* A quarter of the sequences is the other text's, each of its sequences once before any comes twice. */
static void another_text_is_mixed_in(void **state) {
    (void)state;
    dataset *d = town(), *old = town();
    maske_train_options o = settings();
    o.mix_share = 0.3;
    feeder *f = NULL;
    assert_ok(feeder_start(&f, &(feed){d, old, &o, 0, 0}, &beginning));
    int64_t sequences = dataset_describe(d)->sequences, own = 0, mixed = 0;
    while (own < 3 * sequences) {
        const step_input *input;
        assert_ok(feeder_next(f, 0, &input));
        assert_true(input->count <= input->most && input->most == 2 * ACCUMULATE);
        int64_t all = 0, next = input->next.sequence;
        for (size_t i = 0; i < input->count; i++) all += (int64_t)input->batches[i].batch.sequences;
        if (input->next.epoch > input->place.epoch) next += sequences;
        own += next - input->place.sequence;
        mixed += all - (next - input->place.sequence);
        assert_int_equal((input->next.mix_epoch - 1) * sequences + input->next.mix_sequence, mixed);
    }
    double share = (double)mixed / (double)(own + mixed);
    if (!(share > 0.25 && share < 0.35)) fail_msg("a share of %g is mixed in, expected 0.3", share);
    feeder_stop(f);
    dataset_free(d);
    dataset_free(old);
}

static void failures_reach_the_trainer(void **state) {
    (void)state;
    dataset *d = town();
    feeder *f = NULL;
    maske_train_options o = settings();
    o.mask_probability = 0;
    assert_ok(feeder_start(&f, &(feed){d, NULL, &o, 0, 0}, &beginning));
    const step_input *input;
    assert_fails(feeder_next(f, 0, &input), MASKE_BAD_ARGUMENT, "mask_probability is out of range");
    feeder_stop(f);
    feeder_stop(NULL);
    dataset_free(d);
}

/* A place behind the end, as a text that has become shorter leaves it: the next epoch begins there, of both texts. */
static void a_place_behind_the_end_is_the_next_epoch(void **state) {
    (void)state;
    dataset *d = town(), *old = town();
    maske_train_options o = settings();
    o.mix_share = 0.3;
    int64_t sequences = dataset_describe(d)->sequences;
    for (int64_t behind = 0; behind < 2 * BATCH; behind += 2 * BATCH - 1) {
        const feed_place place = {9, 2, sequences + behind, 3, sequences + behind};
        const feed_place expected = {9, 3, 0, 4, 0};
        feeder *f = NULL;
        const step_input *input = NULL;
        assert_ok(feeder_start(&f, &(feed){d, old, &o, 0, 0}, &place));
        assert_ok(feeder_next(f, 0, &input));
        assert_memory_equal(&input->place, &expected, sizeof expected);
        assert_true(input->tokens > 0 && input->predicted > 0);
        feeder_stop(f);
    }
    dataset_free(d);
    dataset_free(old);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_epoch_is_divided),
        cmocka_unit_test(steps_hold_the_batches_of_the_order),
        cmocka_unit_test(any_step_may_be_the_first),
        cmocka_unit_test(what_grows_loses_nothing),
        cmocka_unit_test(another_text_is_mixed_in),
        cmocka_unit_test(a_place_behind_the_end_is_the_next_epoch),
        cmocka_unit_test(failures_reach_the_trainer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
