/* tests/faults/small_world.h: the least that every part of the library can work on: a text of some lines, a tokenizer
 * of a few dozen entries, a model of one narrow layer, a run stopped after two steps. Small, since the tests repeat
 * everything hundreds of times. Include it last. */
#ifndef MASKE_TESTS_SMALL_WORLD_H
#define MASKE_TESTS_SMALL_WORLD_H

#include "shim.h"

#include "train/training.h"

static const char *world_text, *world_tokenizer, *world_model, *world_tensors;

static inline maske_tokenizer_train_options world_tokenizer_options(void) {
    maske_tokenizer_train_options o;
    maske_tokenizer_train_options_defaults(&o);
    o.vocab_size = 48;
    o.byte_fallback = false;
    return o;
}

static inline maske_train_options world_options(void) {
    maske_train_options o = training_options();
    o.hidden_size = 8, o.num_hidden_layers = 1, o.num_attention_heads = 1, o.intermediate_size = 8;
    o.max_position_embeddings = o.max_length = 16;
    o.vocab_size = 48;
    o.batch_size = 2;
    o.steps = 2;
    o.eval_steps = 2;
    o.save_steps = 1;
    o.valid_fraction = 0.3;
    return o;
}

static inline maske_text world_source(void) { return (maske_text){&world_text, 1, NULL}; }

/* Makes all of it, once. */
static inline void world_make(void) {
    world_text =
        scratch_text("text.txt", "ela bal al\nlale ela\n\nbal bal lale\nal ela bal\n\nela al\nlale bal al ela\n\n"
                                 "al al bal\nela lale\n\nlale lale al\nbal ela al\n");
    maske_tokenizer_train_options o = world_tokenizer_options();
    maske_text text = world_source();
    maske_tokenizer *tokenizer = NULL;
    world_tokenizer = scratch_path("small-tokenizer");
    assert_ok(maske_tokenizer_train(&tokenizer, &text, &o, NULL, NULL));
    assert_ok(folder_make(world_tokenizer));
    assert_ok(maske_tokenizer_save(tokenizer, world_tokenizer));
    world_tensors = scratch_path("data.safetensors");
    maske_data_options data;
    maske_data_options_defaults(&data);
    data.max_length = 16;
    assert_ok(maske_data_write(tokenizer, &text, &data, world_tensors, true, NULL, NULL));
    maske_tokenizer_free(tokenizer);
    world_model = scratch_path("small-model");
    maske_train_options options = world_options();
    training t = {.text = world_text, .tokenizer = world_tokenizer, .threads = 1};
    assert_ok(training_start(&t, world_model, &options));
}

#endif
