/* tests/tokenizer/test_bpe_lanes.c: words side by side become what each becomes alone, by the model's full table. */
#include "tokenizer/bpe_lanes.h"
#include "base/random.h"
#include "scratch.h"

enum { LETTERS = 20, TEXT = 12 };

/* Random merges of strings of up to TEXT letters; `merges` of them, some joined to an entry that is there already. */
static void random_model(bpe *out, size_t merges, uint64_t seed) {
    random_stream r = random_stream_start(seed, RANDOM_TEST, 0, 0);
    vocab entries = {0};
    bpe_merge *list = calloc(merges, sizeof *list);
    for (int i = 0; i < LETTERS; i++) assert_ok(vocab_append(&entries, (char[]){(char)('a' + i)}, 1, NULL));
    for (size_t count = 0; count < merges;) {
        char text[2 * TEXT + 1];
        size_t left_length, right_length;
        bpe_merge m = {(int32_t)random_below((uint32_t)entries.limit, random_stream_next(&r)),
                       (int32_t)random_below((uint32_t)entries.limit, random_stream_next(&r)), -1};
        const char *left = vocab_text(&entries, m.left, &left_length),
                   *right = vocab_text(&entries, m.right, &right_length);
        if (left_length + right_length > TEXT) continue;
        snprintf(text, sizeof text, "%s%s", left, right);
        m.id = vocab_find(&entries, text, strlen(text));
        if (m.id < 0) assert_ok(vocab_append(&entries, text, strlen(text), &m.id));
        list[count++] = m;
    }
    assert_ok(bpe_build(out, &entries, list, merges, &(bpe_options){.dropout = -1}, "test"));
    free(list);
}

static void lanes_give_what_each_word_gives_alone(void **state) {
    (void)state;
    static const size_t merges[] = {1, 10, 300, 3000, 40000};
    bpe_word word = {0};
    for (size_t m = 0; m < sizeof merges / sizeof *merges; m++) {
        bpe model;
        random_model(&model, merges[m], m);
        random_stream r = random_stream_start(m, RANDOM_TEST, 1, 0);
        pair_ranks ranks = model.ranks;
        assert_true(bpe_lanes_apply(&model));
        for (int round = 0; round < 300; round++) {
            bpe_lane lanes[BPE_LANES];
            char texts[BPE_LANES][BPE_LANE_SYMBOLS];
            size_t lengths[BPE_LANES], count = random_below(BPE_LANES + 1, random_stream_next(&r));
            for (size_t i = 0; i < count; i++) {
                lengths[i] = 1 + random_below(BPE_LANE_SYMBOLS, random_stream_next(&r));
                for (size_t j = 0; j < lengths[i]; j++)
                    texts[i][j] = (char)('a' + random_below(LETTERS, random_stream_next(&r)));
                assert_ok(bpe_cut(&model, &word, texts[i], lengths[i]));
                bpe_lane_start(&model, &lanes[i], word.ids, word.count);
            }
            bpe_lanes_merge(&model, lanes, count);
            model.ranks = (pair_ranks){0};          /* alone: by the full table */
            for (size_t i = 0; i < count; i++) {
                int32_t ids[BPE_LANE_SYMBOLS];
                assert_ok(bpe_encode(&model, &word, texts[i], lengths[i]));
                assert_int_equal(bpe_lane_ids(&lanes[i], ids), word.count);
                assert_memory_equal(ids, word.ids, word.count * sizeof *ids);
            }
            model.ranks = ranks;
        }
        bpe_free(&model);
    }
    bpe_word_free(&word);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(lanes_give_what_each_word_gives_alone)};
    return cmocka_run_group_tests_name("tokenizer/bpe_lanes", tests, NULL, NULL);
}
