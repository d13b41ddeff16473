/* config.json as transformers writes it, and everything that is refused, by name. */
#include "bert/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* A file with a model_type and these members. */
static maske_status parse(bert_config *out, const char *members) {
    buffer text = {0};
    json_t *object = NULL;
    assert_int_equal(buffer_add_format(&text, "{\"model_type\": \"bert\"%s%s}", members[0] ? ", " : "", members),
                     MASKE_OK);
    assert_int_equal(json_parse_object(&object, text.data, text.length, "x/config.json"), MASKE_OK);
    maske_status status = bert_config_from_json(out, object, "x/config.json");
    json_decref(object);
    buffer_free(&text);
    return status;
}

static void refused(const char *members, maske_status status, const char *sentence) {
    bert_config config;
    if (parse(&config, members) != status) fail_msg("%s: %s", members, maske_error());
    if (strstr(maske_error(), sentence) == NULL || strstr(maske_error(), "x/config.json: ") != maske_error())
        fail_msg("%s: found \"%s\", expected \"%s\"", members, maske_error(), sentence);
}

static void what_a_file_lacks_is_as_in_transformers(void **state) {
    (void)state;
    bert_config config;
    assert_int_equal(parse(&config, ""), MASKE_OK);
    assert_int_equal(config.vocab_size, 30522);
    assert_int_equal(config.hidden_size, 768);
    assert_int_equal(config.num_hidden_layers, 12);
    assert_int_equal(config.num_attention_heads, 12);
    assert_int_equal(config.intermediate_size, 3072);
    assert_int_equal(config.max_position_embeddings, 512);
    assert_int_equal(config.type_vocab_size, 2);
    assert_int_equal(config.pad_token_id, 0);
    assert_int_equal(config.hidden_act, ACTIVATION_GELU);
    assert_true(config.hidden_dropout_prob == 0.1 && config.attention_probs_dropout_prob == 0.1);
    assert_true(config.initializer_range == 0.02 && config.layer_norm_eps == 1e-12);
}

static void what_is_there_is_read(void **state) {
    (void)state;
    bert_config config;
    assert_int_equal(
        parse(&config,
              "\"hidden_size\": 60, \"num_attention_heads\": 5, \"hidden_act\": \"gelu_pytorch_tanh\", "
              "\"pad_token_id\": null,"
              "\"hidden_dropout_prob\": 0, \"layer_norm_eps\": 1e-5, \"architectures\": [\"BertForPreTraining\"],"
              "\"position_embedding_type\": \"absolute\", \"is_decoder\": false, \"a new key\": {\"b\": [1]}"),
        MASKE_OK);
    assert_int_equal(config.hidden_size, 60);
    assert_int_equal(config.hidden_act, ACTIVATION_GELU_NEW);
    assert_int_equal(config.pad_token_id, -1);
    assert_true(config.hidden_dropout_prob == 0 && config.layer_norm_eps == 1e-5);
}

static void what_would_be_another_model_is_refused(void **state) {
    (void)state;
    refused("\"position_embedding_type\": \"relative_key\"", MASKE_UNSUPPORTED,
            "\"position_embedding_type\" is \"relative_key\", only \"absolute\"");
    refused("\"is_decoder\": true", MASKE_UNSUPPORTED, "\"is_decoder\" is true, only false");
    refused("\"add_cross_attention\": true", MASKE_UNSUPPORTED, "\"add_cross_attention\" is true");
    refused("\"hidden_act\": \"mish\"", MASKE_UNSUPPORTED,
            "\"hidden_act\" is \"mish\", expected gelu, gelu_new, gelu_pytorch_tanh, relu, silu or tanh");
    bert_config config;
    json_t *object = json_pack("{s:s}", "model_type", "electra");
    assert_int_equal(bert_config_from_json(&config, object, "x"), MASKE_UNSUPPORTED);
    assert_string_equal(maske_error(), "x: \"model_type\" is \"electra\", expected bert, roberta or distilbert");
    json_decref(object);
    object = json_object();
    assert_int_equal(bert_config_from_json(&config, object, "x"), MASKE_BAD_FILE);
    assert_string_equal(maske_error(), "x: \"model_type\": found nothing, expected a string");
    json_decref(object);
}

static void values_out_of_range_are_refused(void **state) {
    (void)state;
    static const char *const integers[] = {"vocab_size",          "hidden_size",       "num_hidden_layers",
                                           "num_attention_heads", "intermediate_size", "max_position_embeddings",
                                           "type_vocab_size"};
    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) {
        static const char *const values[] = {"0",    "-1",     "4194305", "9223372036854775807",
                                             "12.0", "\"12\"", "true",    "[12]"};
        for (size_t j = 0; j < sizeof values / sizeof values[0]; j++) {
            char members[100];
            snprintf(members, sizeof members, "\"%s\": %s", integers[i], values[j]);
            refused(members, MASKE_BAD_FILE, integers[i]);
        }
    }
    refused("\"hidden_dropout_prob\": 1", MASKE_BAD_FILE, "\"hidden_dropout_prob\" is 1, expected 0 to 1");
    refused("\"attention_probs_dropout_prob\": -0.1", MASKE_BAD_FILE, "\"attention_probs_dropout_prob\"");
    refused("\"layer_norm_eps\": 0", MASKE_BAD_FILE, "\"layer_norm_eps\"");
    refused("\"layer_norm_eps\": \"1e-12\"", MASKE_BAD_FILE, "\"layer_norm_eps\": found a string, expected a number");
    refused("\"initializer_range\": -1", MASKE_BAD_FILE, "\"initializer_range\"");
    refused("\"pad_token_id\": 30522", MASKE_BAD_FILE, "\"pad_token_id\" is 30522, expected 0 to 30521");
    refused("\"pad_token_id\": -1", MASKE_BAD_FILE, "\"pad_token_id\" is -1");
    refused("\"hidden_size\": 100", MASKE_BAD_FILE,
            "\"hidden_size\" is 100, which 12 heads (\"num_attention_heads\") do not divide");
}

/* The very text that transformers 5 writes, but for its version: of every family. */
static void what_is_written_is_what_transformers_writes(void **state) {
    (void)state;
    static const char *const cases[] = {"gelu_new", "silu_untied", "roberta", "distilbert", "distilbert_untied"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text, *line, path[512];
        size_t length;
        bert_config config;
        snprintf(path, sizeof path, "%s/bert/%s/config.json", TEST_DATA, cases[i]);
        assert_int_equal(bert_config_read(&config, path), MASKE_OK);
        assert_int_equal(file_read(&text, &length, path, 1 << 20), MASKE_OK);
        line = strstr(text, "  \"transformers_version\"");
        memmove(line, strchr(line, '\n') + 1, strlen(strchr(line, '\n') + 1) + 1);
        buffer written = {0};
        assert_int_equal(bert_config_write(&written, &config, true), MASKE_OK);
        /* json.dump leaves out the end of the last line or not, as its caller likes */
        if (text[strlen(text) - 1] != '\n') written.data[--written.length] = '\0';
        assert_string_equal(written.data, text);
        free(text);
        buffer_free(&written);
    }
}

static maske_status parse_object(bert_config *out, json_t *object) {
    maske_status status = bert_config_from_json(out, object, "x");
    json_decref(object);
    return status;
}

static void each_family_has_its_keys_and_defaults(void **state) {
    (void)state;
    bert_config config;
    assert_int_equal(parse_object(&config, json_pack("{s:s}", "model_type", "roberta")), MASKE_OK);
    assert_int_equal(config.vocab_size, 50265);
    assert_int_equal(config.pad_token_id, 1);
    assert_int_equal(bert_config_positions(&config), 510);
    assert_int_equal(bert_config_head_act(&config), ACTIVATION_GELU);
    assert_int_equal(parse_object(&config, json_pack("{s:s, s:s, s:i, s:i}", "model_type", "distilbert", "activation",
                                                     "relu", "dim", 24, "hidden_size", 99)), MASKE_OK);
    assert_int_equal(config.hidden_size, 24);
    assert_int_equal(config.num_hidden_layers, 6);
    assert_int_equal(config.type_vocab_size, 0);
    assert_int_equal(bert_config_positions(&config), 512);
    assert_int_equal(bert_config_head_act(&config), ACTIVATION_RELU);
    assert_int_equal(parse_object(&config, json_pack("{s:s, s:n}", "model_type", "roberta", "pad_token_id")),
                     MASKE_BAD_FILE);
    assert_string_equal(maske_error(), "x: \"pad_token_id\" is null, but positions are counted from it on");
    assert_int_equal(parse_object(&config, json_pack("{s:s, s:i}", "model_type", "roberta", "max_position_embeddings",
                                                     2)), MASKE_BAD_FILE);
    assert_non_null(strstr(maske_error(), "of which the padding id (1) leaves none"));
}

static void what_is_written_reads_back(void **state) {
    (void)state;
    bert_config config = bert_config_defaults(), again;
    config.hidden_act = ACTIVATION_RELU;
    config.pad_token_id = -1;
    config.layer_norm_eps = 3e-7;
    config.hidden_dropout_prob = 0.123456789012345;
    for (int head = 0; head < 2; head++) {
        buffer text = {0};
        json_t *object = NULL;
        assert_int_equal(bert_config_write(&text, &config, head), MASKE_OK);
        assert_non_null(strstr(text.data, head ? "\"BertForMaskedLM\"" : "\"BertModel\""));
        assert_int_equal(json_parse_object(&object, text.data, text.length, "x"), MASKE_OK);
        memset(&again, 0, sizeof again);
        assert_int_equal(bert_config_from_json(&again, object, "x"), MASKE_OK);
        assert_int_equal(again.hidden_act, config.hidden_act);
        assert_int_equal(again.pad_token_id, -1);
        assert_true(again.layer_norm_eps == config.layer_norm_eps &&
                    again.hidden_dropout_prob == config.hidden_dropout_prob);
        json_decref(object);
        buffer_free(&text);
    }
}

static void a_file_too_large_or_not_there_is_refused(void **state) {
    (void)state;
    bert_config config;
    assert_int_equal(bert_config_read(&config, TEST_DATA "/bert/no such folder/config.json"), MASKE_IO);
    char path[] = "/tmp/maske-test-config-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(ftruncate(descriptor, (1 << 20) + 1), 0);
    close(descriptor);
    assert_int_equal(bert_config_read(&config, path), MASKE_BAD_FILE);
    assert_non_null(strstr(maske_error(), "at most 1048576 are read"));
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_file_lacks_is_as_in_transformers),
        cmocka_unit_test(what_is_there_is_read),
        cmocka_unit_test(what_would_be_another_model_is_refused),
        cmocka_unit_test(values_out_of_range_are_refused),
        cmocka_unit_test(what_is_written_is_what_transformers_writes),
        cmocka_unit_test(each_family_has_its_keys_and_defaults),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(a_file_too_large_or_not_there_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
