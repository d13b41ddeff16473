/* tests of train/examples: what is masked and shown, and that what fills it is the model's likeliest piece. */
#include "train/examples.h"

#include "training.h"

static maske_tokenizer *tokenizer;
static dataset *data;

static int set_up(void **state) {
    (void)state;
    assert_ok(maske_tokenizer_open(&tokenizer, training_tokenizer()));
    const dataset_options packing = {.max_length = 32};
    const char *path = TOWN;
    assert_ok(dataset_build(&data, NULL, tokenizer, &(maske_text){&path, 1, NULL}, &packing, NULL));
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    dataset_free(data);
    maske_tokenizer_free(tokenizer);
    return 0;
}

static masked_lm *small_model(void) {
    masked_lm *model = NULL;
    bert_config config = bert_config_defaults();
    config.vocab_size = maske_tokenizer_vocab_size(tokenizer);
    config.hidden_size = 16, config.num_hidden_layers = 1, config.num_attention_heads = 2, config.intermediate_size = 24;
    config.max_position_embeddings = 32;
    assert_ok(masked_lm_new(&model, &config, 3));
    assert_ok(masked_lm_pack(model, GEMM_F32, false, 1));
    return model;
}

static void the_text_holds_the_mask_and_hides_the_word(void **state) {
    (void)state;
    masked_lm *model = small_model();
    examples e = {0};
    assert_ok(examples_new(&e, data, tokenizer, model, 1));
    assert_true(e.count > 2 && e.count <= EXAMPLES);
    int32_t mask = maske_tokenizer_special(tokenizer, MASKE_MASK);
    for (size_t i = 0; i < e.count; i++) {
        const example *item = &e.items[i];
        assert_int_equal(item->ids[item->place], mask);
        const char *shown = strstr(item->text, "[MASK]");
        assert_non_null(shown);
        /* With the word in place of the mask it is a piece of the text. */
        char whole[1024], *town = read_whole(TEST_DATA "/train", "kasaba.txt", &(size_t){0});
        snprintf(whole, sizeof whole, "%.*s%s%s", (int)(shown - item->text), item->text, item->expected, shown + 6);
        for (char *c = town; *c != '\0'; c++) *c = *c == '\n' ? ' ' : *c;
        if (strstr(town, whole) == NULL) fail_msg("the text has no \"%s\"", whole);
        free(town);
        assert_null(strstr(item->text, "[CLS]"));
        assert_null(strstr(item->text, "[SEP]"));
        assert_true(strlen(item->expected) >= 3);
        assert_null(item->filled);
        for (size_t j = 0; j < i; j++) assert_string_not_equal(item->text, e.items[j].text);
    }
    examples_free(&e);
    masked_lm_free(model);
}

/* A decoder bias far above all else decides what fills, unless it is a special token's. */
static void filled_with_the_likeliest(void **state) {
    (void)state;
    masked_lm *model = small_model();
    examples e = {0};
    assert_ok(examples_new(&e, data, tokenizer, model, 2));
    float *bias = model->weights + model->table.decoder_bias;
    const int32_t wanted[] = {300, 41};
    for (size_t i = 0; i < 2; i++) {
        bias[wanted[i]] = 1000;
        bias[maske_tokenizer_special(tokenizer, MASKE_SEP)] = 2000;
        assert_ok(masked_lm_pack(model, GEMM_F32, false, 1));
        assert_ok(examples_fill(&e, model));
        char *expected = NULL;
        assert_ok(maske_tokenizer_decode(tokenizer, &wanted[i], 1, false, &expected, NULL));
        for (size_t j = 0; j < e.count; j++) assert_string_equal(e.items[j].filled, expected);
        free(expected);
        bias[wanted[i]] = 0;
    }
    examples_free(&e);
    masked_lm_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_holds_the_mask_and_hides_the_word),
        cmocka_unit_test(filled_with_the_likeliest),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
