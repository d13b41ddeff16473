/* What must hold for any model and any batch, whatever the numbers: order, padding, threads, blocks and micro batches
 * change nothing; gradients are those of the loss, with dropout too; a batch can be learned by heart. */
#include "base/random.h"
#include "bert/golden.h"
#include "nn/adamw.h"

/* ------------------------------------------------------------------------------------------------------- cases --- */

/* Sequences longer and shorter than a block; one of a single token. */
static const size_t lengths[] = {70, 1, 33, 90, 5, 64};
enum { SEQUENCES = sizeof lengths / sizeof lengths[0], TOKENS = 70 + 1 + 33 + 90 + 5 + 64 };

typedef struct room {
    int32_t ids[TOKENS], types[TOKENS], labels[TOKENS];
    uint32_t start[SEQUENCES + 1], index[TOKENS];
    batch batch;
} room;

static uint32_t draw(uint64_t index) { return random_philox(11, RANDOM_TEST, 0, index).word[0]; }

/* The sequences in this order. Token i of sequence s is a function of s and i alone; a fifth is predicted. */
static void make_batch(room *r, const size_t *order, size_t count, int32_t vocab) {
    size_t n = 0, predictions = 0;
    for (size_t s = 0; s < count; s++) {
        r->start[s] = (uint32_t)n;
        for (size_t i = 0; i < lengths[order[s]]; i++, n++) {
            uint64_t at = order[s] * 1000 + i;
            r->ids[n] = (int32_t)random_below((uint32_t)vocab, draw(at));
            r->types[n] = (int32_t)(draw(at + 100000) & 1);
            if (draw(at + 200000) % 5 != 0 && i != 2) continue;
            r->index[predictions] = (uint32_t)n;
            r->labels[predictions++] =
                draw(at + 300000) % 9 == 0 ? -100 : (int32_t)random_below((uint32_t)vocab, draw(at + 400000));
        }
    }
    r->start[count] = (uint32_t)n;
    r->batch = (batch){.tokens = n,
                       .sequences = count,
                       .predictions = predictions,
                       .input_ids = r->ids,
                       .token_type_ids = r->types,
                       .sequence_start = r->start,
                       .prediction_index = r->index,
                       .labels = r->labels};
}

static const size_t in_order[] = {0, 1, 2, 3, 4, 5};

static masked_lm *new_model_of(int64_t intermediate) {
    bert_config config = bert_config_defaults();
    config.vocab_size = 211;
    config.hidden_size = 40;
    config.num_hidden_layers = 3;
    config.num_attention_heads = 5;
    config.intermediate_size = intermediate;
    config.max_position_embeddings = 90;
    config.initializer_range = 0.15;
    masked_lm *model = NULL;
    OK(masked_lm_new(&model, &config, 3));
    for (size_t i = 0; i < model->table.count; i++) {       /* biases and LayerNorm as after some training */
        const parameter *p = &model->table.rows[i];
        for (size_t j = 0; j < p->elements && p->initial != INITIAL_NORMAL; j++)
            model->weights[p->place + j] += 0.2f * random_unit_float(draw(1000000 + p->place + j)) - 0.1f;
    }
    return model;
}

static masked_lm *new_model(void) { return new_model_of(88); }

static masked_lm_capacity capacity_for(int threads) {
    return (masked_lm_capacity){.tokens = SEQUENCES * 90,
                                .sequences = SEQUENCES,
                                .sequence_length = 90,
                                .predictions = SEQUENCES * 90,
                                .backward = true,
                                .every_position = true,
                                .logits = true,
                                .threads = threads};
}

static masked_lm_context *new_context(masked_lm *model, int threads, gemm_precision precision) {
    masked_lm_context *context = NULL;
    masked_lm_capacity capacity = capacity_for(threads);
    capacity.precision = precision;
    OK(masked_lm_pack(model, precision, true, threads));
    OK(masked_lm_context_new(&context, model, &capacity));
    return context;
}

/* Gradients of the batch, yours; the result with them. */
static float *train(const masked_lm *model, masked_lm_context *context, const batch *b, const masked_lm_mode *mode,
                    masked_lm_result *r) {
    float *gradients = golden_take(model->table.total, sizeof *gradients);
    OK(masked_lm_train(model, context, b, mode, 1.0f / 50, gradients, NULL, r));
    return gradients;
}

/* Each tensor to this share of its largest value, or of a millionth of the largest of all. */
static void assert_gradients_near(const masked_lm *model, const float *a, const float *b, double share) {
    double most = largest(b, model->table.total);
    for (size_t i = 0; i < model->table.count; i++) {
        const parameter *p = &model->table.rows[i];
        double allowed = fmax(share * largest(b + p->place, p->elements), 1e-6 * most);
        double off = largest_difference(a + p->place, b + p->place, p->elements);
        if (!(off <= allowed)) fail_msg("%s: off by %g, allowed %g", p->name, off, allowed);
    }
}

/* ------------------------------------------------------------------------------------------- nothing is changed --- */

static void a_permuted_batch_permutes_the_outputs(void **state) {
    (void)state;
    static room one, other;
    const size_t order[] = {3, 5, 0, 4, 2, 1};
    masked_lm *model = new_model();
    masked_lm_context *context = new_context(model, 2, GEMM_F32);
    make_batch(&one, in_order, SEQUENCES, 211);
    make_batch(&other, order, SEQUENCES, 211);
    masked_lm_result r;
    OK(masked_lm_forward(model, context, &one.batch, NULL, &r));
    double loss = r.loss_sum;
    int64_t correct = r.correct;
    float *logits = golden_take(one.batch.predictions * 211, sizeof *logits);
    memcpy(logits, r.logits, one.batch.predictions * 211 * sizeof *logits);
    OK(masked_lm_forward(model, context, &other.batch, NULL, &r));
    assert_true(fabs(r.loss_sum - loss) <= 1e-9 * loss);
    assert_int_equal(r.correct, correct);
    size_t at = 0;
    for (size_t s = 0; s < SEQUENCES; s++)
        for (size_t i = 0; i < one.batch.predictions; i++) {
            if (one.index[i] < one.start[order[s]] || one.index[i] >= one.start[order[s] + 1]) continue;
            assert_memory_equal(r.logits + at++ * 211, logits + i * 211, 211 * sizeof *logits);
        }
    assert_int_equal(at, one.batch.predictions);
    free(logits);
    masked_lm_context_free(context);
    masked_lm_free(model);
}

/* The same sequences, each padded to 90 with tokens that nobody attends to. */
static void padding_changes_nothing(void **state) {
    (void)state;
    static room real;
    static uint8_t mask[SEQUENCES * 90];
    static int32_t ids[SEQUENCES * 90], types[SEQUENCES * 90];
    static uint32_t start[SEQUENCES + 1], index[SEQUENCES * 90];
    masked_lm *model = new_model();
    masked_lm_context *context = new_context(model, 2, GEMM_F32);
    make_batch(&real, in_order, SEQUENCES, 211);
    for (size_t s = 0, prediction = 0; s < SEQUENCES; s++) {
        start[s + 1] = (uint32_t)(s + 1) * 90;
        for (size_t i = 0; i < 90; i++) {
            size_t to = s * 90 + i, from = real.start[s] + i;
            mask[to] = i < lengths[s];
            ids[to] = mask[to] ? real.ids[from] : (int32_t)(draw(to + 500000) % 211);
            types[to] = mask[to] ? real.types[from] : 0;
            if (mask[to] && prediction < real.batch.predictions && real.index[prediction] == from)
                index[prediction++] = (uint32_t)to;
        }
    }
    batch b = real.batch;
    b.tokens = SEQUENCES * 90;
    b.input_ids = ids;
    b.token_type_ids = types;
    b.attention_mask = mask;
    b.sequence_start = start;
    b.prediction_index = index;
    masked_lm_result r;
    masked_lm_mode mode = {0};
    float *expected = train(model, context, &real.batch, &mode, &r);
    float *logits = golden_take(real.batch.predictions * 211, sizeof *logits);
    memcpy(logits, r.logits, real.batch.predictions * 211 * sizeof *logits);
    float *got = train(model, context, &b, &mode, &r);
    assert_true(largest_difference(r.logits, logits, real.batch.predictions * 211) <=
                1e-5 * largest(logits, real.batch.predictions * 211));
    assert_gradients_near(model, got, expected, 1e-5);
    free(expected), free(got), free(logits);
    masked_lm_context_free(context);
    masked_lm_free(model);
}

static void a_head_mask_of_ones_changes_nothing(void **state) {
    (void)state;
    static room r;
    float ones[15];
    for (int i = 0; i < 15; i++) ones[i] = 1.0f;
    masked_lm *model = new_model();
    masked_lm_context *context = new_context(model, 2, GEMM_F32);
    make_batch(&r, in_order, SEQUENCES, 211);
    masked_lm_result result;
    masked_lm_mode mode = {.dropout = true, .seed = 1, .step = 2};
    float *without = train(model, context, &r.batch, &mode, &result);
    double loss = result.loss_sum;
    mode.head_mask = ones;
    float *with = train(model, context, &r.batch, &mode, &result);
    assert_true(result.loss_sum == loss);
    assert_memory_equal(with, without, model->table.total * sizeof *with);
    ones[7] = 0.0f;
    float *changed = train(model, context, &r.batch, &mode, &result);
    assert_true(result.loss_sum != loss);
    free(without), free(with), free(changed);
    masked_lm_context_free(context);
    masked_lm_free(model);
}

/* The attention's dropout knows a row by its place in the sequence, so it too is the same. (Other dropouts know it by
 * its number among the rows.) */
static void the_last_layer_may_leave_out_what_nobody_reads(void **state) {
    (void)state;
    static room r;
    masked_lm *model = new_model();
    model->config.hidden_dropout_prob = 0;
    masked_lm_context *context = new_context(model, 2, GEMM_F32);
    make_batch(&r, in_order, SEQUENCES, 211);
    for (int dropout = 0; dropout < 2; dropout++) {
        masked_lm_result result;
        masked_lm_mode mode = {.every_position = true, .dropout = dropout, .seed = 3};
        float *full = train(model, context, &r.batch, &mode, &result);
        assert_non_null(result.last_hidden_state);
        float *logits = golden_take(r.batch.predictions * 211, sizeof *logits);
        memcpy(logits, result.logits, r.batch.predictions * 211 * sizeof *logits);
        mode.every_position = false;
        float *restricted = train(model, context, &r.batch, &mode, &result);
        assert_null(result.last_hidden_state);
        assert_memory_equal(result.logits, logits, r.batch.predictions * 211 * sizeof *logits);
        assert_gradients_near(model, restricted, full, 1e-5);
        free(full), free(restricted), free(logits);
    }
    masked_lm_context_free(context);
    masked_lm_free(model);
}

static void assert_threads_change_nothing(masked_lm *model) {
    static room r;
    static const int threads[] = {2, 3, 7};
    make_batch(&r, in_order, SEQUENCES, 211);
    for (int precision = GEMM_F32; precision <= (gemm_has_bf16() ? GEMM_BF16 : GEMM_F32); precision++)
        for (int every = 0; every < 2; every++) {
            masked_lm_mode mode = {.dropout = true, .seed = 5, .step = 9, .every_position = every};
            masked_lm_result alone, together;
            masked_lm_context *context = new_context(model, 1, (gemm_precision)precision);
            float *expected = train(model, context, &r.batch, &mode, &alone);
            for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
                masked_lm_context *shared = new_context(model, threads[i], (gemm_precision)precision);
                float *got = train(model, shared, &r.batch, &mode, &together);
                assert_memory_equal(got, expected, model->table.total * sizeof *got);
                assert_memory_equal(together.logits, alone.logits, r.batch.predictions * 211 * sizeof(float));
                assert_true(together.loss_sum == alone.loss_sum && together.correct == alone.correct);
                free(got);
                masked_lm_context_free(shared);
            }
            free(expected);
            masked_lm_context_free(context);
        }
}
static void threads_change_not_one_byte(void **state) {
    (void)state;
    static const int64_t widths[] = {88, 300};      /* in bf16 one thread takes two blocks, or four, at a time */
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        masked_lm *model = new_model_of(widths[i]);
        assert_threads_change_nothing(model);
        masked_lm_free(model);
    }
}

/* Of each layer only the output is kept, and the rest is computed again: the same bytes from less memory. */
static void recomputing_changes_not_one_byte(void **state) {
    (void)state;
    static room r;
    masked_lm *model = new_model();
    make_batch(&r, in_order, SEQUENCES, 211);
    for (int precision = GEMM_F32; precision <= (gemm_has_bf16() ? GEMM_BF16 : GEMM_F32); precision++)
        for (int every = 0; every < 2; every++) {
            masked_lm_mode mode = {.dropout = true, .seed = 5, .step = 9, .every_position = every};
            masked_lm_result kept, again;
            masked_lm_capacity capacity = capacity_for(2);
            capacity.precision = (gemm_precision)precision;
            size_t bytes = masked_lm_context_bytes(&model->config, &capacity);
            capacity.recompute = true;
            assert_true(masked_lm_context_bytes(&model->config, &capacity) < bytes);
            masked_lm_context *context = new_context(model, 2, (gemm_precision)precision), *small = NULL;
            OK(masked_lm_context_new(&small, model, &capacity));
            float *expected = train(model, context, &r.batch, &mode, &kept),
                  *got = train(model, small, &r.batch, &mode, &again);
            assert_memory_equal(got, expected, model->table.total * sizeof *got);
            assert_memory_equal(again.logits, kept.logits, r.batch.predictions * 211 * sizeof(float));
            assert_true(again.loss_sum == kept.loss_sum && again.correct == kept.correct);
            free(expected), free(got);
            masked_lm_context_free(small);
            masked_lm_context_free(context);
        }
    masked_lm_free(model);
}

/* A model packed for training has no copies of its layers' matrices; a context without backward reads them where they
 * lie. */
static void a_forward_pass_needs_no_copies(void **state) {
    (void)state;
    static room r;
    masked_lm *model = new_model();
    make_batch(&r, in_order, SEQUENCES, 211);
    for (int precision = GEMM_F32; precision <= (gemm_has_bf16() ? GEMM_BF16 : GEMM_F32); precision++)
        for (int threads = 1; threads < 9; threads += 7) {      /* 8: the batch is few rows for them */
            masked_lm_context *context = new_context(model, 2, (gemm_precision)precision), *forward = NULL;
            masked_lm_capacity capacity = capacity_for(threads);
            capacity.backward = false;
            OK(masked_lm_context_new(&forward, model, &capacity));
            masked_lm_result expected, got;
            OK(masked_lm_forward(model, context, &r.batch, NULL, &expected));
            OK(masked_lm_forward(model, forward, &r.batch, NULL, &got));
            double most = largest(expected.logits, r.batch.predictions * 211),
                   off = largest_difference(got.logits, expected.logits, r.batch.predictions * 211);
            double allowed = precision == GEMM_F32 ? 1e-5 : 2e-2;
            if (!(off <= allowed * most)) fail_msg("logits are off by %g of %g", off, most);
            assert_true(fabs(got.loss_sum - expected.loss_sum) <= allowed * expected.loss_sum);
            masked_lm_context_free(forward);
            masked_lm_context_free(context);
        }
    masked_lm_free(model);
}

/* Gradients are added to, so micro batches give what the batch gives, dropout included. */
static void micro_batches_add_up(void **state) {
    (void)state;
    static room whole, part;
    masked_lm *model = new_model();
    masked_lm_context *context = new_context(model, 2, GEMM_F32);
    make_batch(&whole, in_order, SEQUENCES, 211);
    masked_lm_mode mode = {.dropout = true, .seed = 3, .step = 4};
    masked_lm_result r;
    float *expected = train(model, context, &whole.batch, &mode, &r),
          *got = golden_take(model->table.total, sizeof *got);
    double loss = r.loss_sum, sum = 0;
    for (size_t s = 0; s < SEQUENCES; s += 2) {
        make_batch(&part, in_order + s, 2, 211);
        OK(masked_lm_train(model, context, &part.batch, &mode, 1.0f / 50, got, NULL, &r));
        mode.first_token += part.batch.tokens;
        mode.first_prediction += part.batch.predictions;
        sum += r.loss_sum;
    }
    assert_true(fabs(sum - loss) <= 1e-12 * loss);
    assert_gradients_near(model, got, expected, 1e-5);
    free(expected), free(got);
    masked_lm_context_free(context);
    masked_lm_free(model);
}

/* An evaluation never smooths; the loss of training is that by the smoothed targets, from the same logits. */
static void labels_are_smoothed_in_training_alone(void **state) {
    (void)state;
    static room r;
    masked_lm *model = new_model();
    masked_lm_context *context = new_context(model, 2, GEMM_F32);
    make_batch(&r, in_order, SEQUENCES, 211);
    const masked_lm_mode smooth = {.label_smoothing = 0.3};
    masked_lm_result plain, smoothed;
    OK(masked_lm_forward(model, context, &r.batch, NULL, &plain));
    double loss = plain.loss_sum, expected = 0;
    OK(masked_lm_forward(model, context, &r.batch, &smooth, &smoothed));
    assert_true(smoothed.loss_sum == loss);
    free(train(model, context, &r.batch, &smooth, &smoothed));
    for (size_t i = 0; i < r.batch.predictions; i++) {
        const float *logits = smoothed.logits + i * 211;
        double sum = 0, all = 0;
        if (r.labels[i] < 0) continue;
        for (int j = 0; j < 211; j++) sum += exp((double)logits[j]), all += (double)logits[j];
        expected += log(sum) - 0.7 * (double)logits[r.labels[i]] - 0.3 * all / 211;
    }
    assert_true(fabs(smoothed.loss_sum - expected) <= 1e-6 * expected);
    assert_true(fabs(smoothed.loss_sum - loss) > 1e-3 * loss);
    assert_true(smoothed.predicted == plain.predicted && smoothed.correct == plain.correct);
    masked_lm_context_free(context);
    masked_lm_free(model);
}

static void dropout_is_a_function_of_seed_and_step(void **state) {
    (void)state;
    static room r;
    masked_lm *model = new_model();
    masked_lm_context *context = new_context(model, 2, GEMM_F32);
    make_batch(&r, in_order, SEQUENCES, 211);
    const masked_lm_mode modes[] = {{0},
                                    {.dropout = true, .seed = 1, .step = 1},
                                    {.dropout = true, .seed = 1, .step = 2},
                                    {.dropout = true, .seed = 2, .step = 1}};
    double losses[4], again[4];
    masked_lm_result result;
    for (int i = 0; i < 4; i++) {
        OK(masked_lm_forward(model, context, &r.batch, &modes[i], &result));
        losses[i] = result.loss_sum;
    }
    for (int i = 3; i >= 0; i--) {
        OK(masked_lm_forward(model, context, &r.batch, &modes[i], &result));
        again[i] = result.loss_sum;
    }
    for (int i = 0; i < 4; i++) {
        assert_true(losses[i] == again[i]);
        for (int j = 0; j < i; j++) assert_true(losses[i] != losses[j]);
    }
    masked_lm_context_free(context);
    masked_lm_free(model);
}

/* --------------------------------------------------------------------------------------------------- gradients --- */

/* The loss with the tensor moved by `by` along the direction. */
static double loss_along(masked_lm *model, masked_lm_context *context, const batch *b, const masked_lm_mode *mode,
                         const parameter *p, const float *kept, const float *direction, double by) {
    masked_lm_result r;
    for (size_t i = 0; i < p->elements; i++) model->weights[p->place + i] = (float)(kept[i] + by * direction[i]);
    OK(masked_lm_pack(model, GEMM_F32, true, 2));
    OK(masked_lm_forward(model, context, b, mode, &r));
    return r.loss_sum / 50;
}

/* Each tensor is moved along its gradient mixed with a random direction; the slope of the loss there, from four points,
 * must be what the gradient says. A gradient wrong by a part e is off by e along itself. */
static void gradients_match_finite_differences_with_dropout(void **state) {
    (void)state;
    static room r;
    masked_lm *model = new_model();
    masked_lm_context *context = new_context(model, 2, GEMM_F32);
    make_batch(&r, in_order, SEQUENCES, 211);
    masked_lm_mode mode = {.dropout = true, .seed = 4, .step = 7};
    masked_lm_result result;
    float *gradients = train(model, context, &r.batch, &mode, &result);
    double all = sqrt(gradient_square_sum(gradients, model->table.total));
    for (size_t i = 0; i < model->table.count; i++) {
        const parameter *p = &model->table.rows[i];
        float *g = gradients + p->place, *direction = golden_take(p->elements, sizeof *direction),
              *kept = golden_take(p->elements, sizeof *kept);
        double size = sqrt(gradient_square_sum(g, p->elements)), expected = 0;
        memcpy(kept, model->weights + p->place, p->elements * sizeof *kept);
        random_normal(direction, p->elements, 0.7f / sqrtf((float)p->elements), 8, i);
        for (size_t j = 0; j < p->elements; j++) {
            if (size > 0) direction[j] += (float)(0.7 * g[j] / size);
            expected += (double)g[j] * direction[j];
        }
        double h = 0.01, slope = (8 * (loss_along(model, context, &r.batch, &mode, p, kept, direction, h) -
                                       loss_along(model, context, &r.batch, &mode, p, kept, direction, -h)) -
                                  (loss_along(model, context, &r.batch, &mode, p, kept, direction, 2 * h) -
                                   loss_along(model, context, &r.batch, &mode, p, kept, direction, -2 * h))) / (12 * h);
        memcpy(model->weights + p->place, kept, p->elements * sizeof *kept);
        if (!(fabs(slope - expected) <= 2e-3 * size + 1e-4 * all))
            fail_msg("%s: slope %g, the gradient says %g (its size %g, of all %g)", p->name, slope, expected, size,
                     all);
        free(direction), free(kept);
    }
    free(gradients);
    masked_lm_context_free(context);
    masked_lm_free(model);
}

static void the_padding_row_learns_from_the_decoder_alone(void **state) {
    (void)state;
    masked_lm *model = new_model();
    masked_lm_context *context = new_context(model, 2, GEMM_F32);
    const int32_t ids[] = {0, 0, 5, 0, 7}, other[] = {9, 9, 5, 9, 7};
    const uint32_t start[] = {0, 5}, index[] = {2};
    const int32_t label[] = {8};
    batch b = {.tokens = 5,
               .sequences = 1,
               .predictions = 1,
               .input_ids = ids,
               .sequence_start = start,
               .prediction_index = index,
               .labels = label};
    masked_lm_mode mode = {0};
    masked_lm_result r;
    memcpy(model->weights + model->table.word_embeddings + 9 * 40, model->weights + model->table.word_embeddings,
           40 * sizeof(float));
    OK(masked_lm_pack(model, GEMM_F32, true, 2));
    float *padding = train(model, context, &b, &mode, &r);
    b.input_ids = other; /* id 9 has the same vector, so the decoder's part of its gradient is the same as id 0's */
    float *plain = train(model, context, &b, &mode, &r);
    const float *word = padding + model->table.word_embeddings, *decoder = plain + model->table.word_embeddings;
    assert_true(largest(word, 40) > 0);
    assert_memory_equal(word, decoder, 40 * sizeof(float));     /* as when it was not looked up at all */
    assert_true(largest_difference(decoder + 9 * 40, decoder, 40) > 10 * largest(decoder, 40));
    free(padding), free(plain);
    masked_lm_context_free(context);
    masked_lm_free(model);
}

/* Where gradients are set it does not matter what stood there: with and without predictions, with micro batches behind the first. */
static void gradients_that_are_set_are_those_added_to_none(void **state) {
    (void)state;
    static room r;
    masked_lm *model = new_model();
    make_batch(&r, in_order, SEQUENCES, 211);
    size_t total = model->table.total, predictions = r.batch.predictions;
    float *d_pooled = golden_take(SEQUENCES * 40, sizeof *d_pooled);
    for (size_t i = 0; i < SEQUENCES * 40; i++) d_pooled[i] = random_unit_float(draw(7000000 + i)) - 0.5f;
    for (int precision = GEMM_F32; precision <= (gemm_has_bf16() ? GEMM_BF16 : GEMM_F32); precision++)
        for (int way = 0; way < 4; way++) {
            masked_lm_context *context = new_context(model, 2, (gemm_precision)precision);
            masked_lm_mode mode = {.dropout = true, .seed = 5, .step = 9, .every_position = way & 1};
            mode.pooler = model->table.pooler;
            mode.d_pooled = mode.pooler && way >= 2 ? d_pooled : NULL;
            r.batch.predictions = way >= 2 ? 0 : predictions;
            masked_lm_result result;
            float *expected = train(model, context, &r.batch, &mode, &result), *got = golden_take(total, sizeof *got);
            OK(masked_lm_train(model, context, &r.batch, &mode, 1.0f / 50, expected, NULL, &result));
            for (size_t i = 0; i < total; i++) got[i] = NAN;
            mode.set_gradients = true;
            OK(masked_lm_train(model, context, &r.batch, &mode, 1.0f / 50, got, NULL, &result));
            mode.set_gradients = false;
            OK(masked_lm_train(model, context, &r.batch, &mode, 1.0f / 50, got, NULL, &result));
            for (size_t t = 0; t < model->table.count; t++)        /* what lies between the tensors is nobody's */
                for (size_t i = model->table.rows[t].place, end = i + model->table.rows[t].elements; i < end; i++)
                    if (got[i] != expected[i])
                        fail_msg("way %d: %s[%zu] is %g, expected %g", way, model->table.rows[t].name, i - model->table.rows[t].place,
                                 (double)got[i], (double)expected[i]);
            free(expected); free(got);
            masked_lm_context_free(context);
        }
    free(d_pooled);
    masked_lm_free(model);
}

/* ---------------------------------------------------------------------------------------------------- learning --- */

static void one_batch_is_learned_by_heart(void **state) {
    (void)state;
    static room r;
    masked_lm *model = new_model();
    masked_lm_context *context = new_context(model, 2, GEMM_F32);
    make_batch(&r, in_order, SEQUENCES, 211);
    size_t total = model->table.total;
    float *gradients = golden_take(3 * total, sizeof *gradients);
    masked_lm_mode mode = {.set_gradients = true};
    masked_lm_result result = {0};
    double loss = INFINITY;
    int64_t correct = 0;
    for (uint64_t step = 1; step <= 150; step++) {
        OK(masked_lm_train(model, context, &r.batch, &mode, 1.0f / 50, gradients, NULL, &result));
        loss = result.loss_sum / (double)result.predicted;
        correct = result.correct;
        adamw a = {.learning_rate = 3e-3, .beta1 = 0.9, .beta2 = 0.98, .epsilon = 1e-6, .step = step,
                   .gradient_scale = gradient_clip_factor(sqrt(gradient_square_sum(gradients, total)), 1)};
        adamw_step(model->weights, gradients, gradients + total, gradients + 2 * total, &a, total);
        OK(masked_lm_pack(model, GEMM_F32, true, 2));
    }
    if (!(loss < 0.01)) fail_msg("loss %g after 150 steps", loss);
    assert_int_equal(correct, result.predicted);
    free(gradients);
    masked_lm_context_free(context);
    masked_lm_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_permuted_batch_permutes_the_outputs),
        cmocka_unit_test(padding_changes_nothing),
        cmocka_unit_test(a_head_mask_of_ones_changes_nothing),
        cmocka_unit_test(the_last_layer_may_leave_out_what_nobody_reads),
        cmocka_unit_test(threads_change_not_one_byte),
        cmocka_unit_test(recomputing_changes_not_one_byte),
        cmocka_unit_test(a_forward_pass_needs_no_copies),
        cmocka_unit_test(micro_batches_add_up),
        cmocka_unit_test(labels_are_smoothed_in_training_alone),
        cmocka_unit_test(dropout_is_a_function_of_seed_and_step),
        cmocka_unit_test(gradients_match_finite_differences_with_dropout),
        cmocka_unit_test(the_padding_row_learns_from_the_decoder_alone),
        cmocka_unit_test(gradients_that_are_set_are_those_added_to_none),
        cmocka_unit_test(one_batch_is_learned_by_heart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
