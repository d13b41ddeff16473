/* tests of tasks/candidates and data/token_texts, over three kinds of tokenizer: what may stand for a mask, in what
 * order, drawn how often. */
#include "tasks/candidates.h"
#include "base/random.h"
#include "base/utf8.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const kinds[] = {"metaspace", "bytelevel", "wordpiece"};
enum { KINDS = 3 };
static maske_tokenizer *tokenizers[KINDS];
static token_texts texts[KINDS];

static int open_all(void **state) {
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        char path[512];
        snprintf(path, sizeof path, "%s/tasks/%s", TEST_DATA, kinds[k]);
        if (maske_tokenizer_open(&tokenizers[k], path) != MASKE_OK ||
            token_texts_open(&texts[k], tokenizers[k]) != MASKE_OK) {
            print_error("%s\n", maske_error());
            return -1;
        }
    }
    return 0;
}

static int close_all(void **state) {
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        token_texts_free(&texts[k]);
        maske_tokenizer_free(tokenizers[k]);
    }
    return 0;
}

static int32_t id_of(int kind, const char *token) {
    int32_t id = maske_tokenizer_id(tokenizers[kind], token, strlen(token));
    assert_true(id >= 0);
    return id;
}

static void entries_read_as_they_would_in_a_text(void **state) {
    (void)state;
    static const struct { int kind; const char *token, *text; } cases[] = {
        {0, "▁Ankara", " Ankara"}, {0, "lar", "lar"}, {0, ".", "."}, {0, "▁", " "}, {0, "<0x41>", "A"},
        {1, "ĠAnkara", " Ankara"}, {1, "lar", "lar"}, {1, "ÅŁ", "ş"}, {1, "Ġ", " "},
        {2, "ankara", " ankara"}, {2, "##lar", "lar"}, {2, ".", "."}};
    buffer out = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool whole = false;
        assert_int_equal(token_text(&texts[cases[i].kind], id_of(cases[i].kind, cases[i].token), &out, &whole),
                         MASKE_OK);
        assert_true(whole);
        assert_string_equal(out.data, cases[i].text);
    }
    buffer_free(&out);
}

static void pieces_of_characters_and_special_tokens_fill_nothing(void **state) {
    (void)state;
    static const struct { int kind; const char *token;
    } cases[] = {{0, "[MASK]"}, {0, "[UNK]"},  {0, "[PAD]"},  {0, "[CLS]"}, {0, "[SEP]"},  {0, "<0xC4>"},
                 {0, "<0x9F>"}, {0, "<0x00>"}, {0, "<0x0A>"}, {0, "▁"},     {1, "[MASK]"}, {1, "Å"},
                 {1, "Ġ"},      {1, "Ċ"},      {2, "[UNK]"},  {2, "[SEP]"}};
    buffer out = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool fills = true;
        assert_int_equal(token_fills(&texts[cases[i].kind], id_of(cases[i].kind, cases[i].token), &out, &fills),
                         MASKE_OK);
        assert_false(fills);
    }
    /* Whatever fills is whole UTF-8 with something to see. */
    for (int k = 0; k < KINDS; k++) {
        int64_t size = maske_tokenizer_vocab_size(tokenizers[k]), count = 0;
        for (int32_t id = 0; id < size; id++) {
            bool fills = false;
            assert_int_equal(token_fills(&texts[k], id, &out, &fills), MASKE_OK);
            if (!fills) continue;
            assert_int_equal(utf8_valid_prefix(out.data, out.length), out.length);
            assert_true(out.length > (out.data[0] == ' '));
            count++;
        }
        assert_in_range(count, size / 4, size - 5);
    }
    buffer_free(&out);
}

/* The characters of a text's tokens add up to the text's. */
static void characters_are_counted(void **state) {
    (void)state;
    static const char *const lines[] = {"Ankara güzeldir.", "漢字 😀 şey", "kitaplar ve öyküler"};
    buffer scratch = {0};
    for (int k = 0; k < 2; k++) {
        for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
            maske_encoding e = {0};
            const maske_encode_options plain = {.no_special = true};
            assert_int_equal(maske_tokenizer_encode(tokenizers[k], lines[i], strlen(lines[i]), NULL, 0, &plain, &e),
                             MASKE_OK);
            int64_t sum = 0, one = 0;
            for (size_t t = 0; t < e.count; t++) {
                assert_int_equal(token_characters(&texts[k], e.ids[t], &scratch, &one), MASKE_OK);
                sum += one;
            }
            /* Metaspace puts a space before the first word. */
            assert_int_equal(sum, (int64_t)utf8_count(lines[i], strlen(lines[i])) + (k == 0));
            maske_encoding_free(&e);
        }
    }
    buffer_free(&scratch);
}

static void the_best_come_first_with_their_probabilities(void **state) {
    (void)state;
    random_stream random = random_stream_start(3, RANDOM_TEST, 0, 0);
    candidates c = {0};
    for (int k = 0; k < KINDS; k++) {
        size_t size = (size_t)maske_tokenizer_vocab_size(tokenizers[k]);
        float *logits = malloc(size * sizeof *logits);
        for (int round = 0; round < 20; round++) {
            double sum = 0;
            for (size_t i = 0; i < size; i++) {
                logits[i] = (float)(int)random_below(40, random_stream_next(&random)) * 0.25f; /* with many equals */
                sum += exp((double)logits[i]);
            }
            assert_int_equal(candidates_find(&c, &texts[k], logits, size, NULL, 0, 25, false), MASKE_OK);
            assert_int_equal(c.count, 25);
            bool fills = false;
            size_t rank = 0;
            /* The plain way: all of them, again and again the best one not yet taken. */
            bool *taken = calloc(size, 1);
            buffer text = {0};
            while (rank < c.count) {
                size_t best = size;
                for (size_t i = 0; i < size; i++)
                    if (!taken[i] && (best == size || logits[i] > logits[best])) best = i;
                taken[best] = true;
                assert_int_equal(token_fills(&texts[k], (int32_t)best, &text, &fills), MASKE_OK);
                if (!fills) continue;
                assert_int_equal(c.items[rank].id, best);
                assert_string_equal(c.items[rank].text, text.data);
                assert_true(fabs(c.items[rank].score - exp((double)logits[best]) / sum) < 1e-12);
                rank++;
            }
            buffer_free(&text);
            free(taken);
        }
        /* Only what is allowed; all there is where less is there than asked for. */
        const int32_t allowed[] = {(int32_t)size - 1, 2, (int32_t)size - 2};
        logits[2] = 1000;
        assert_int_equal(candidates_find(&c, &texts[k], logits, size, allowed, 3, 25, false), MASKE_OK);
        assert_int_equal(c.count, 2);
        logits[0] = NAN;
        assert_int_equal(candidates_find(&c, &texts[k], logits, size, NULL, 0, 5, false), MASKE_DIVERGED);
        free(logits);
    }
    candidates_free(&c);
}

static void draws_follow_the_temperature(void **state) {
    (void)state;
    enum { DRAWS = 20000 };
    candidate items[3] = {{.logit = 2}, {.logit = 1}, {.logit = -1}};
    const candidates c = {.items = items, .count = 3};
    assert_int_equal(candidates_draw(&c, 0, 5, 9), 0);
    static const double temperatures[] = {0.5, 1, 3};
    for (size_t t = 0; t < 3; t++) {
        size_t seen[3] = {0};
        double sum = 0, shares[3];
        for (int i = 0; i < 3; i++) sum += shares[i] = exp((double)items[i].logit / temperatures[t]);
        for (uint64_t draw = 0; draw < DRAWS; draw++) seen[candidates_draw(&c, temperatures[t], 11, draw)]++;
        for (int i = 0; i < 3; i++) {
            double share = shares[i] / sum, sigma = sqrt(share * (1 - share) / DRAWS);
            assert_true(fabs((double)seen[i] / DRAWS - share) < 4 * sigma + 1e-9);
        }
    }
    assert_int_equal(candidates_draw(&c, 1, 5, 9), candidates_draw(&c, 1, 5, 9));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_read_as_they_would_in_a_text),
        cmocka_unit_test(pieces_of_characters_and_special_tokens_fill_nothing),
        cmocka_unit_test(characters_are_counted),
        cmocka_unit_test(the_best_come_first_with_their_probabilities),
        cmocka_unit_test(draws_follow_the_temperature),
    };
    return cmocka_run_group_tests_name("tasks/candidates", tests, open_all, close_all);
}
