/* The whole model against PyTorch's float64: outputs, every parameter's gradient, ten steps of AdamW; padded and
 * ragged, on every CPU level. tests/reference/make_bert_golden.py made the cases and says what is in them. */
#include "bert/golden.h"
#include "nn/adamw.h"

#define TOLERANCE 2e-4      /* of a tensor's largest value */

static void assert_close(const golden *g, const char *name, const float *got, const float *expected, size_t count) {
    double difference = largest_difference(got, expected, count), most = largest(expected, count);
    if (!(difference <= TOLERANCE * most))
        fail_msg("%s: %s: off by %g, largest value %g", g->name, name, difference, most);
}

/* got [tokens of the batch, columns] against the padded tensor of that name; only tokens that are in the batch. */
static void assert_tokens_close(const golden *g, const golden_batch *b, const char *name, const float *got,
                                size_t columns) {
    float *expected = golden_floats(g, name), *there = golden_take(b->batch.tokens * columns, sizeof *there);
    assert_non_null(expected);
    for (size_t i = 0; i < b->batch.tokens; i++)
        memcpy(there + i * columns, expected + b->token[i] * columns, columns * sizeof *there);
    assert_close(g, name, got, there, b->batch.tokens * columns);
    free(expected);
    free(there);
}

static masked_lm_context *new_context(const golden *g, masked_lm_capacity capacity, bool backward) {
    masked_lm_context *context = NULL;
    OK(masked_lm_pack(g->model, GEMM_F32, backward, capacity.threads));
    OK(masked_lm_context_new(&context, g->model, &capacity));
    return context;
}

/* ---------------------------------------------------------------------------------------------------- outputs --- */

static void check_logits(const golden *g, const golden_batch *b, const masked_lm_result *r) {
    float *expected = golden_floats(g, "logits"), *there = golden_take(b->batch.predictions * g->vocab, sizeof *there);
    for (size_t i = 0; i < b->batch.predictions; i++)
        memcpy(there + i * g->vocab, expected + b->token[b->index[i]] * g->vocab, g->vocab * sizeof *there);
    assert_close(g, "logits", r->logits, there, b->batch.predictions * g->vocab);
    free(expected);
    free(there);
    float *loss = golden_floats(g, "loss");
    assert_int_equal(r->predicted, g->labelled);
    if (!(fabs(r->loss_sum / (double)r->predicted - *loss) <= 1e-5 * *loss))
        fail_msg("%s: loss %g, expected %g", g->name, r->loss_sum / (double)r->predicted, *loss);
    free(loss);
}

/* How many labels are the likeliest token, and among the five likeliest, from the expected logits. */
static void check_counts(const golden *g, const masked_lm_result *r) {
    float *logits = golden_floats(g, "logits");
    int64_t correct = 0, top5 = 0;
    for (size_t i = 0; i < g->sequences * g->length; i++) {
        if (g->labels[i] == -100) continue;
        const float *row = logits + i * g->vocab;
        int above = 0;
        for (size_t j = 0; j < g->vocab; j++) above += row[j] > row[g->labels[i]];
        correct += above == 0;
        top5 += above < 5;
    }
    assert_int_equal(r->correct, correct);
    assert_int_equal(r->correct_top5, top5);
    free(logits);
}

static void check_hidden_states(const golden *g, const golden_batch *b, const masked_lm_result *r) {
    char name[40];
    size_t layers = (size_t)g->model->config.num_hidden_layers;
    for (size_t i = 0; i <= layers; i++) {
        snprintf(name, sizeof name, "hidden_states.%zu", i);
        assert_tokens_close(g, b, name, r->hidden_states[i], g->hidden);
    }
    snprintf(name, sizeof name, "hidden_states.%zu", layers);
    assert_tokens_close(g, b, name, r->last_hidden_state, g->hidden);
}

/* Padded: the very tensor. Ragged: the corner of each sequence's matrix. */
static void check_attentions(const golden *g, const golden_batch *b, const masked_lm_result *r) {
    size_t heads = (size_t)g->model->config.num_attention_heads, full = g->length;
    for (size_t l = 0; l < (size_t)g->model->config.num_hidden_layers; l++) {
        char name[40];
        snprintf(name, sizeof name, "attentions.%zu", l);
        float *expected = golden_floats(g, name);
        const float *got = r->attentions[l];
        for (size_t s = 0; s < g->sequences; s++) {
            size_t length = b->start[s + 1] - b->start[s];
            for (size_t h = 0; h < heads; h++)
                for (size_t i = 0; i < length; i++, got += length)
                    assert_close(g, name, got, expected + ((s * heads + h) * full + i) * full, length);
        }
        free(expected);
    }
}

static void outputs_match_pytorch(void **state) {
    (void)state;
    for (size_t n = 0; n < GOLDEN_COUNT; n++) {
        golden g = golden_open(golden_names[n]);
        FOR_EACH_CPU_LEVEL(level)
        for (int padded = 0; padded < 2; padded++) for (int backward = 0; backward < 2; backward++) {
            masked_lm_capacity capacity = golden_capacity(&g, 2);
            capacity.backward = backward;
            capacity.hidden_states = capacity.attentions = true;
            masked_lm_context *context = new_context(&g, capacity, backward);
            golden_batch b = golden_make_batch(&g, padded, NULL);
            masked_lm_mode mode = golden_mode(&g);
            masked_lm_result r;
            OK(masked_lm_forward(g.model, context, &b.batch, &mode, &r));
            check_logits(&g, &b, &r);
            check_counts(&g, &r);
            check_hidden_states(&g, &b, &r);
            check_attentions(&g, &b, &r);
            if (mode.pooler) {
                float *pooled = golden_floats(&g, "pooler_output");
                assert_close(&g, "pooler_output", r.pooled, pooled, g.sequences * g.hidden);
                free(pooled);
            } else assert_null(r.pooled);
            golden_batch_free(&b);
            masked_lm_context_free(context);
        }
        golden_close(&g);
    }
}

/* Nothing is kept whole, and the last layer is restricted to what is predicted: the same loss and logits. */
static void lean_outputs_match_pytorch(void **state) {
    (void)state;
    for (size_t n = 0; n < GOLDEN_COUNT; n++) {
        golden g = golden_open(golden_names[n]);
        FOR_EACH_CPU_LEVEL(level) {
            masked_lm_capacity capacity = golden_capacity(&g, 2);
            capacity.backward = capacity.every_position = false;
            capacity.predictions = g.labelled;
            masked_lm_context *context = new_context(&g, capacity, false);
            golden_batch b = golden_make_batch(&g, false, NULL);
            masked_lm_mode mode = golden_mode(&g);
            masked_lm_result r;
            OK(masked_lm_forward(g.model, context, &b.batch, &mode, &r));
            check_logits(&g, &b, &r);
            assert_null(r.last_hidden_state);
            assert_null(r.hidden_states);
            golden_batch_free(&b);
            masked_lm_context_free(context);
        }
        golden_close(&g);
    }
}

/* -------------------------------------------------------------------------------------------------- gradients --- */

/* Each tensor to TOLERANCE of its largest value; one that is zero by mathematics to 1e-6 of the largest of all. */
static void check_gradients(const golden *g, const float *gradients) {
    const parameters *table = &g->model->table;
    double most = 0;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < table->count; i++) {
            char name[96];
            snprintf(name, sizeof name, "grad.%s", table->rows[i].name);
            float *expected = golden_floats(g, name);
            assert_non_null(expected);
            size_t count = table->rows[i].elements;
            double own = largest(expected, count);
            if (pass == 0) most = fmax(most, own);
            else if (own > 1e-6 * most) assert_close(g, name, gradients + table->rows[i].place, expected, count);
            else if (largest(gradients + table->rows[i].place, count) > 1e-6 * most)
                fail_msg("%s: %s: %g, expected nothing beside %g", g->name, name,
                         largest(gradients + table->rows[i].place, count), most);
            free(expected);
        }
    /* no tensor writes where no tensor is */
    double rest = 0;
    for (size_t i = 0, place = 0; i <= table->count; i++) {
        size_t end = i < table->count ? table->rows[i].place : table->total;
        rest = fmax(rest, largest(gradients + place, end - place));
        if (i < table->count) place = end + table->rows[i].elements;
    }
    assert_true(rest == 0);
}

static void gradients_match_pytorch(void **state) {
    (void)state;
    for (size_t n = 0; n < GOLDEN_COUNT; n++) {
        golden g = golden_open(golden_names[n]);
        float *gradients = golden_take(g.model->table.total, sizeof *gradients);
        FOR_EACH_CPU_LEVEL(level) for (int padded = 0; padded < 2; padded++) for (int every = 0; every < 2; every++) {
            masked_lm_context *context = new_context(&g, golden_capacity(&g, 2), true);
            golden_batch b = golden_make_batch(&g, padded, NULL);
            masked_lm_mode mode = golden_mode(&g);
            mode.every_position = every;
            masked_lm_result r;
            float *d_embeds = golden_take(b.batch.tokens * g.hidden, sizeof *d_embeds);
            memset(gradients, 0, g.model->table.total * sizeof *gradients);
            OK(masked_lm_train(g.model, context, &b.batch, &mode, (float)(1.0 / (double)g.labelled), gradients,
                               d_embeds, &r));
            check_gradients(&g, gradients);
            check_logits(&g, &b, &r);
            if (g.inputs_embeds != NULL) assert_tokens_close(&g, &b, "grad.inputs_embeds", d_embeds, g.hidden);
            free(d_embeds);
            golden_batch_free(&b);
            masked_lm_context_free(context);
        }
        free(gradients);
        golden_close(&g);
    }
}

/* --------------------------------------------------------------------------------------------------- training --- */

static void step(const golden *g, masked_lm_context *context, const golden_batch *b, float *gradients, float *first,
                 float *second, const double *settings, uint64_t number) {
    const parameters *table = &g->model->table;
    masked_lm_mode mode = golden_mode(g);
    mode.set_gradients = true;
    masked_lm_result r;
    OK(masked_lm_train(g->model, context, &b->batch, &mode, (float)(1.0 / (double)g->labelled), gradients, NULL, &r));
    double norm = sqrt(gradient_square_sum(gradients, table->total));
    adamw a = {.learning_rate = settings[0], .beta1 = settings[1], .beta2 = settings[2], .epsilon = settings[3],
               .gradient_scale = gradient_clip_factor(norm, settings[5]), .step = number};
    for (size_t i = 0; i < table->count; i++) {
        const parameter *p = &table->rows[i];
        a.weight_decay = p->decay ? settings[4] : 0;
        adamw_step(g->model->weights + p->place, gradients + p->place, first + p->place, second + p->place, &a,
                   p->elements);
    }
    OK(masked_lm_pack(g->model, GEMM_F32, true, 2));
}

static void ten_steps_of_adamw_match_pytorch(void **state) {
    (void)state;
    for (size_t n = 0; n < GOLDEN_COUNT; n++) {
        FOR_EACH_CPU_LEVEL(level) {
            golden g = golden_open(golden_names[n]);
            const parameters *table = &g.model->table;
            float *room = golden_take(3 * table->total, sizeof *room);
            double settings[6];
            const safetensors_tensor *t = safetensors_find(&g.file, "adamw");
            memcpy(settings, t->data, sizeof settings);
            masked_lm_context *context = new_context(&g, golden_capacity(&g, 2), true);
            golden_batch b = golden_make_batch(&g, false, NULL);
            for (uint64_t i = 1; i <= 10; i++)
                step(&g, context, &b, room, room + table->total, room + 2 * table->total, settings, i);
            for (size_t i = 0; i < table->count; i++) {
                char name[96];
                snprintf(name, sizeof name, "step10.%s", table->rows[i].name);
                float *expected = golden_floats(&g, name);
                const float *got = g.model->weights + table->rows[i].place;
                /* The key bias has no gradient but rounding, which AdamW scales up: it may stray by a hundredth of the
                 * way that a real gradient would have moved it. */
                if (strstr(name, "key.bias") != NULL || strstr(name, "k_lin.bias") != NULL)
                    assert_true(largest_difference(got, expected, table->rows[i].elements) < 0.01 * 10 * settings[0]);
                else assert_close(&g, name, got, expected, table->rows[i].elements);
                free(expected);
            }
            golden_batch_free(&b);
            masked_lm_context_free(context);
            free(room);
            golden_close(&g);
        }
    }
}

static int every_level(void **state) {
    (void)state;
    cpu_allow(~0u);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(outputs_match_pytorch, every_level),
        cmocka_unit_test_teardown(lean_outputs_match_pytorch, every_level),
        cmocka_unit_test_teardown(gradients_match_pytorch, every_level),
        cmocka_unit_test_teardown(ten_steps_of_adamw_match_pytorch, every_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
