/* fuzz/config_json.c: config.json: what is taken is in its ranges, is written and read again as the same, and its table
 * of parameters fits into a size. */
#include "fuzz.h"
#include "bert/parameters.h"

static void check_again(const bert_config *config) {
    buffer text = {0};
    json_t *json = NULL;
    bert_config again;
    MUST(bert_config_write(&text, config, true));
    MUST(json_parse_object(&json, text.data, text.length, "again"));
    MUST(bert_config_from_json(&again, json, "again"));
    CHECK(again.vocab_size == config->vocab_size && again.hidden_size == config->hidden_size);
    CHECK(again.num_hidden_layers == config->num_hidden_layers && again.pad_token_id == config->pad_token_id);
    CHECK(again.hidden_act == config->hidden_act && again.layer_norm_eps == config->layer_norm_eps);
    CHECK(again.hidden_dropout_prob == config->hidden_dropout_prob);
    CHECK(again.initializer_range == config->initializer_range);
    json_decref(json);
    buffer_free(&text);
}

static void check_parameters(const bert_config *config) {
    parameters table = {0};
    if (!fuzz_ok(parameters_build(&table, config, true, true))) return;
    size_t elements = 0;
    for (size_t i = 0; i < table.count; i++) {
        CHECK(size_add(&elements, elements, table.rows[i].elements));
        CHECK(table.rows[i].place + table.rows[i].elements <= table.total);
    }
    CHECK(elements <= table.total);
    parameters_free(&table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    json_t *json = NULL;
    bert_config config;
    fuzz_part text = fuzz_all(data, size);
    if (!fuzz_ok(json_parse_object(&json, text.at, text.length, "config.json"))) return 0;
    if (fuzz_ok(bert_config_from_json(&config, json, "config.json"))) {
        MUST(bert_config_check(&config, "config.json"));
        check_again(&config);
        check_parameters(&config);
    }
    json_decref(json);
    return 0;
}
