/* The table's layout, and the first values. */
#include "bert/parameters.h"

#include <setjmp.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static bert_config small(int64_t hidden, int64_t heads) {
    bert_config config = bert_config_defaults();
    config.vocab_size = 1000;
    config.hidden_size = hidden;
    config.num_attention_heads = heads;
    config.num_hidden_layers = 3;
    config.intermediate_size = 7;
    config.max_position_embeddings = 9;
    config.pad_token_id = 4;
    return config;
}

static const parameter *named(const parameters *table, const char *name) {
    const parameter *p = parameters_find(table, name);
    if (p == NULL) fail_msg("%s is not there", name);
    return p;
}

static void every_tensor_has_its_own_place(void **state) {
    (void)state;
    for (int64_t hidden = 1; hidden < 40; hidden += 3) {
        bert_config config = small(hidden, 1);
        parameters table;
        assert_int_equal(parameters_build(&table, &config, true, true), MASKE_OK);
        assert_int_equal(table.count, 5 + 3 * 16 + 5 + 2);
        size_t end = 0;
        for (size_t i = 0; i < table.count; i++) {
            const parameter *p = &table.rows[i];
            bool attached = strstr(p->name, ".key.") != NULL || strstr(p->name, ".value.") != NULL;
            assert_int_equal(p->elements, p->shape[0] * (p->rank == 2 ? p->shape[1] : 1));
            if (attached) assert_int_equal(p->place, end);
            else assert_true(p->place % 16 == 0 && p->place >= end && p->place < end + 16);
            assert_int_equal(p->decay, p->rank == 2);       /* none on biases and LayerNorm */
            end = p->place + p->elements;
        }
        assert_int_equal(table.total, end);
        assert_int_equal(table.rows[0].place, table.word_embeddings);
        assert_int_equal(named(&table, "bert.encoder.layer.2.attention.self.query.weight")->place,
                         table.layers[2].query_key_value.weight);
        assert_int_equal(named(&table, "bert.encoder.layer.1.output.LayerNorm.bias")->place,
                         table.layers[1].output_norm.bias);
        assert_int_equal(named(&table, "cls.predictions.bias")->place, table.decoder_bias);
        assert_int_equal(named(&table, "bert.pooler.dense.weight")->place, table.pooler_dense.weight);
        assert_null(parameters_find(&table, "cls.predictions.decoder.weight"));
        parameters_free(&table);
    }
}

static void parts_are_there_or_not(void **state) {
    (void)state;
    bert_config config = small(8, 2);
    parameters with, without;
    assert_int_equal(parameters_build(&with, &config, true, true), MASKE_OK);
    assert_int_equal(parameters_build(&without, &config, true, false), MASKE_OK);
    assert_int_equal(with.count, without.count + 2);
    assert_true(with.total > without.total);
    parameters_free(&with);
    parameters_free(&without);
    assert_int_equal(parameters_build(&without, &config, false, false), MASKE_OK);
    assert_null(parameters_find(&without, "cls.predictions.bias"));
    parameters_free(&without);
}

static void first_values_are_as_in_the_reference(void **state) {
    (void)state;
    bert_config config = small(64, 4);
    parameters table;
    assert_int_equal(parameters_build(&table, &config, true, true), MASKE_OK);
    float *weights = malloc(table.total * sizeof *weights), *again = malloc(table.total * sizeof *again);
    memset(weights, 0xFF, table.total * sizeof *weights);       /* every float is a NaN before */
    parameters_initialise(weights, &table, &config, 1);
    for (size_t i = 0; i < table.count; i++) {
        const parameter *p = &table.rows[i];
        const float *values = weights + p->place;
        double sum = 0, squares = 0, n = (double)p->elements;
        for (size_t j = 0; j < p->elements; j++) sum += values[j], squares += (double)values[j] * values[j];
        if (p->rank == 1) {
            bool one = strstr(p->name, "LayerNorm.weight") != NULL;
            for (size_t j = 0; j < p->elements; j++) assert_true(values[j] == (one ? 1.0f : 0.0f));
        } else if (p->elements > 1000) {       /* mean and deviation within five of their own deviations */
            size_t padding = i == 0 ? 64 : 0;
            n -= (double)padding;
            assert_true(fabs(sum / n) < 5 * 0.02 / sqrt(n));
            assert_true(fabs(sqrt(squares / n) - 0.02) < 5 * 0.02 / sqrt(2 * n));
        }
    }
    for (size_t j = 0; j < 64; j++)
        assert_true(weights[table.word_embeddings + 4 * 64 + j] == 0.0f &&
                    weights[table.word_embeddings + 5 * 64 + j] != 0.0f);
    parameters_initialise(again, &table, &config, 1);
    assert_memory_equal(weights, again, table.total * sizeof *weights);
    parameters_initialise(again, &table, &config, 2);
    assert_true(memcmp(weights, again, table.total * sizeof *weights) != 0);
    /* no two tensors begin alike */
    assert_true(weights[table.layers[0].query_key_value.weight] != weights[table.layers[1].query_key_value.weight]);
    free(weights), free(again);
    parameters_free(&table);
}

static void sizes_that_cannot_be_are_refused(void **state) {
    (void)state;
    bert_config config = bert_config_defaults();
    config.vocab_size = INT64_MAX / 2;
    config.hidden_size = 1 << 16;
    parameters table = {0};
    assert_int_equal(parameters_build(&table, &config, true, false), MASKE_OUT_OF_MEMORY);
    assert_null(table.rows);
    parameters_free(&table);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tensor_has_its_own_place),
        cmocka_unit_test(parts_are_there_or_not),
        cmocka_unit_test(first_values_are_as_in_the_reference),
        cmocka_unit_test(sizes_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
