/* tests of tasks/fill_mask and tasks/prompt: what the network sees, what comes back, over three kinds of tokenizer. */
#include <math.h>

#include "tasks/prompt.h"
#include "tasks/small_model.h"

static const char *const kinds[] = {"metaspace", "bytelevel", "wordpiece"};
enum { KINDS = 3 };
static maske_model *models[KINDS];

static int open_all(void **state) {
    (void)state;
    for (int k = 0; k < KINDS; k++) models[k] = small_model_open(small_model_write(kinds[k], kinds[k], 0.4, 0));
    return 0;
}
static int close_all(void **state) {
    (void)state;
    for (int k = 0; k < KINDS; k++) maske_model_close(models[k]);
    return 0;
}

static const char *const prompts[] = {"Mert Akçay [MASK] üniversite [MASK].",
                                      "[MASK]",
                                      "[MASK][MASK]",
                                      "[MASK] [MASK] [MASK]",
                                      "kitap[MASK]",
                                      "([MASK])",
                                      " [MASK] ",
                                      "Ankara'[MASK]\t[MASK],",
                                      "漢字 [MASK] 😀[MASK]",
                                      "a  [MASK]  b",
                                      "[MASK]lar okunur",
                                      "hava-[MASK]-toprak \"[MASK]\"",
                                      "\n[MASK]\n",
                                      "▁[MASK]"};
enum { PROMPTS = sizeof prompts / sizeof prompts[0] };

static maske_fill_result fill(const maske_model *model, const char *prompt, maske_fill_options options) {
    maske_fill_result r = {0};
    assert_ok(maske_fill(model, prompt, &options, &r));
    return r;
}

static maske_fill_options greedy(int64_t top_k) { return (maske_fill_options){.top_k = top_k, .seed = 1}; }

static void the_network_sees_what_the_tokenizer_makes_of_the_prompt(void **state) {
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        for (int i = 0; i < PROMPTS; i++) {
            maske_encoding e = {0};
            maske_fill_result r = fill(models[k], prompts[i], greedy(3));
            assert_ok(maske_tokenizer_encode(maske_model_tokenizer(models[k]), prompts[i], strlen(prompts[i]), NULL, 0,
                                             NULL, &e));
            assert_int_equal(r.id_count, e.count);
            assert_memory_equal(r.ids, e.ids, e.count * sizeof *e.ids);
            assert_int_equal(r.mask_id, 4);
            for (size_t m = 0; m < r.mask_count; m++) assert_int_equal(r.ids[r.mask_index[m]], 4);
            assert_int_equal(r.cut_tokens, 0);
            maske_encoding_free(&e);
            maske_fill_result_free(&r);
        }
    }
}

/* The segments are the text between the masks, and stand in the answer byte for byte, in order. */
static void the_prompt_comes_back_around_the_masks(void **state) {
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        for (int i = 0; i < PROMPTS; i++) {
            for (int64_t seed = 1; seed < 6; seed++) {
                maske_fill_result r =
                    fill(models[k], prompts[i], (maske_fill_options){.top_k = 50, .temperature = 2, .seed = seed});
                buffer joined = {0};
                const char *at = r.text;
                assert_int_equal(r.segment_count, r.mask_count + 1);
                for (size_t s = 0; s < r.segment_count; s++) {
                    assert_ok(buffer_add_text(&joined, s > 0 ? "[MASK]" : ""));
                    assert_ok(buffer_add_text(&joined, r.segments[s]));
                    const char *found = strstr(at, r.segments[s]);
                    assert_non_null(found);
                    if (s == 0) assert_ptr_equal(found, r.text);
                    at = found + strlen(r.segments[s]);
                }
                assert_string_equal(joined.data, prompts[i]);
                size_t tail = strlen(r.segments[r.mask_count]);
                assert_string_equal(r.text + strlen(r.text) - tail, r.segments[r.mask_count]);
                static const char *const special[] = {"[MASK]", "[PAD]", "[UNK]", "[CLS]", "[SEP]", "\xEF\xBF\xBD"};
                for (int t = 0; t < 6; t++) assert_null(strstr(r.text, special[t]));
                buffer_free(&joined);
                maske_fill_result_free(&r);
            }
        }
    }
}

/* Greedy by the plain way: logits, the best entry that can fill, its id in, the next mask. */
static void masks_are_filled_from_left_to_right(void **state) {
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        for (int i = 0; i < PROMPTS; i++) {
            maske_fill_result r = fill(models[k], prompts[i], greedy(10));
            size_t vocab = (size_t)models[k]->network->config.vocab_size, count = r.mask_count;
            splice_piece pieces[8] = {{0}};
            splice_gap gaps[8];
            buffer texts[8] = {{0}}, expected = {0};
            const char *at = prompts[i];
            for (size_t m = 0; m < count; m++) {
                float *logits = small_model_logits(models[k], r.ids, r.id_count, r.mask_index[m]);
                bool fills = false;
                while (!fills) {
                    size_t best = 0;
                    for (size_t v = 0; v < vocab; v++) best = logits[v] > logits[best] ? v : best;
                    assert_ok(token_fills(&models[k]->texts, (int32_t)best, &texts[m], &fills));
                    logits[best] = -1e30f;
                    r.ids[r.mask_index[m]] = (int32_t)best;
                }
                free(logits);
                at = strstr(at, "[MASK]");
                gaps[m] = (splice_gap){(size_t)(at - prompts[i]), (size_t)(at - prompts[i]) + 6};
                pieces[m] = (splice_piece){texts[m].data, texts[m].length};
                at += 6;
            }
            assert_ok(splice(&expected, prompts[i], strlen(prompts[i]), gaps, pieces, count));
            assert_string_equal(r.text, expected.data);
            for (size_t m = 0; m < count; m++) buffer_free(&texts[m]);
            buffer_free(&expected);
            maske_fill_result_free(&r);
        }
    }
}

static void candidates_are_sorted_and_open_elsewhere(void **state) {
    (void)state;
    maske_fill_result one = fill(models[0], "Ankara [MASK] güzeldir.", greedy(7));
    assert_int_equal(one.candidate_count, 7);
    for (size_t i = 0; i < 7; i++) {
        if (i > 0) assert_true(one.candidates[i].score <= one.candidates[i - 1].score);
        assert_true(one.candidates[i].score > 0 && one.candidates[i].score < 1);
        assert_string_equal(one.candidates[i].token,
                            maske_tokenizer_token(maske_model_tokenizer(models[0]), one.candidates[i].id));
        assert_memory_equal(one.candidates[i].text, "Ankara ", 7);
    }
    assert_string_equal(one.candidates[0].text, one.text);
    maske_fill_result two = fill(models[0], "[MASK] ve [MASK]", greedy(4));
    assert_int_equal(two.candidate_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_non_null(strstr(two.candidates[i].text, " ve [MASK]"));
        assert_memory_equal(two.candidates[4 + i].text, "[MASK] ve ", 10);
    }
    maske_fill_result_free(&one);
    maske_fill_result_free(&two);
}

static void seeds_decide_and_greedy_needs_none(void **state) {
    (void)state;
    const char *prompt = "[MASK] [MASK] [MASK] [MASK]";
    maske_fill_result best = fill(models[0], prompt, greedy(10)),
                      other = fill(models[0], prompt, (maske_fill_options){.top_k = 10, .seed = 9});
    assert_string_equal(best.text, other.text);
    maske_fill_result only = fill(models[0], prompt, (maske_fill_options){.top_k = 1, .temperature = 5, .seed = 3});
    assert_string_equal(best.text, only.text);
    size_t different = 0;
    for (int64_t seed = 1; seed < 20; seed++) {
        maske_fill_result a =
            fill(models[0], prompt, (maske_fill_options){.top_k = 20, .temperature = 1, .seed = seed});
        maske_fill_result b =
            fill(models[0], prompt, (maske_fill_options){.top_k = 20, .temperature = 1, .seed = seed});
        assert_string_equal(a.text, b.text);
        different += strcmp(a.text, best.text) != 0;
        maske_fill_result_free(&a);
        maske_fill_result_free(&b);
    }
    assert_true(different > 10);
    maske_fill_result_free(&best);
    maske_fill_result_free(&other);
    maske_fill_result_free(&only);
}

static char last_warning[512];
static void keep_warning(void *user, maske_log_level level, const char *sentence) {
    (void)user;
    if (level == MASKE_LOG_WARNING) snprintf(last_warning, sizeof last_warning, "%s", sentence);
}

/* As the fill-mask pipeline: the first piece stands for a word that is no entry, and a warning says so. */
static void a_target_of_several_pieces_gets_a_warning(void **state) {
    (void)state;
    const char *const words[] = {"üniversitelerinden"}, *const known[] = {"▁Ankara"};
    maske_set_log(keep_warning, NULL);
    maske_fill_options options = {.top_k = 5, .targets = words, .target_count = 1};
    maske_fill_result r = fill(models[0], "[MASK]", options);
    char sentence[256];
    snprintf(sentence, sizeof sentence,
             "the target \"üniversitelerinden\" is not in the vocabulary; its first piece, \"%s\", stands for it",
             r.candidates[0].token);
    assert_string_equal(last_warning, sentence);
    assert_int_equal(r.candidate_count, 1);
    last_warning[0] = '\0';
    options.targets = known;
    maske_fill_result one = fill(models[0], "[MASK]", options);
    assert_string_equal(last_warning, "");
    maske_set_log(NULL, NULL);
    maske_fill_result_free(&r);
    maske_fill_result_free(&one);
}

/* The likeliest entry that can fill, and its probability. */
static size_t find_best(const maske_model *model, float *logits, double *score, buffer *text) {
    size_t vocab = (size_t)model->network->config.vocab_size, best = 0;
    double total = 0;
    for (size_t v = 0; v < vocab; v++) total += exp((double)logits[v]);
    for (bool fills = false; !fills;) {
        for (size_t v = best = 0; v < vocab; v++) best = logits[v] > logits[best] ? v : best;
        *score = exp((double)logits[best]) / total;
        assert_ok(token_fills(&model->texts, (int32_t)best, text, &fills));
        logits[best] = -1e30f;
    }
    return best;
}

/* By the plain way: every open mask is looked at, the surest is filled, and so on. */
static void the_surest_mask_is_filled_first(void **state) {
    (void)state;
    size_t others = 0;
    for (int k = 0; k < KINDS; k++) {
        for (int i = 0; i < PROMPTS; i++) {
            maske_fill_options options = greedy(10);
            maske_fill_result left = fill(models[k], prompts[i], options);
            options.order = "confidence";
            maske_fill_result r = fill(models[k], prompts[i], options);
            splice_piece pieces[8] = {{0}};
            splice_gap gaps[8];
            buffer texts[8] = {{0}}, expected = {0}, text = {0};
            const char *at = prompts[i];
            for (size_t m = 0; m < r.mask_count; m++, at += 6) {
                at = strstr(at, "[MASK]");
                gaps[m] = (splice_gap){(size_t)(at - prompts[i]), (size_t)(at - prompts[i]) + 6};
            }
            for (size_t step = 0; step < r.mask_count; step++) {
                double most = -1, score = 0;
                size_t surest = 0, taken = 0;
                for (size_t m = 0; m < r.mask_count; m++) {
                    if (pieces[m].text != NULL) continue;
                    float *logits = small_model_logits(models[k], r.ids, r.id_count, r.mask_index[m]);
                    size_t best = find_best(models[k], logits, &score, &text);
                    free(logits);
                    if (score > most) most = score, surest = m, taken = best;
                }
                bool fills;
                assert_ok(token_fills(&models[k]->texts, (int32_t)taken, &texts[surest], &fills));
                pieces[surest] = (splice_piece){texts[surest].data, texts[surest].length};
                r.ids[r.mask_index[surest]] = (int32_t)taken;
            }
            assert_ok(splice(&expected, prompts[i], strlen(prompts[i]), gaps, pieces, r.mask_count));
            assert_string_equal(r.text, expected.data);
            others += strcmp(r.text, left.text) != 0;
            for (size_t m = 0; m < r.mask_count; m++) buffer_free(&texts[m]);
            buffer_free(&expected);
            buffer_free(&text);
            maske_fill_result_free(&r);
            maske_fill_result_free(&left);
        }
    }
    assert_true(others > 0);        /* the order does make a difference */
    maske_fill_result none = {0};
    assert_fails(maske_fill(models[0], "[MASK]", &(maske_fill_options){.top_k = 1, .order = "right"}, &none),
                 MASKE_BAD_ARGUMENT, "order: found \"right\", expected left or confidence");
}

static void whole_words_begin_where_a_word_begins(void **state) {
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        maske_fill_options options = greedy(1000);
        maske_fill_result all = fill(models[k], "güzel [MASK] kitap[MASK]", options);
        options.whole_word = true;
        maske_fill_result r = fill(models[k], "güzel [MASK] kitap[MASK]", options);
        maske_fill_result one = fill(models[k], "güzel [MASK]", options);
        assert_true(r.candidate_count > 0 && r.candidate_count < all.candidate_count);
        assert_int_equal(one.candidate_count, r.candidate_count);       /* what fits the first mask decides */
        buffer text = {0};
        for (size_t i = 0; i < r.candidate_count; i++) {
            bool whole;
            assert_ok(token_text(&models[k]->texts, r.candidates[i].id, &text, &whole));
            assert_true(whole && text.data[0] == ' ' && text.length > 1 && strchr(".,()-", text.data[1]) == NULL);
            /* the second mask goes on with a word, and takes what it takes without the option */
            assert_int_equal(r.candidates[r.candidate_count + i].id, all.candidates[all.candidate_count + i].id);
        }
        /* the rows without the option hold the others, in the same order */
        for (size_t i = 0, j = 0; i < all.candidate_count && j < r.candidate_count; i++)
            if (all.candidates[i].id == r.candidates[j].id)
                assert_true(all.candidates[i].score == r.candidates[j++].score);
        buffer_free(&text);
        maske_fill_result_free(&all);
        maske_fill_result_free(&r);
        maske_fill_result_free(&one);
    }
}

static void targets_narrow_the_choice(void **state) {
    (void)state;
    const char *const words[] = {"Ankara", "lar", "Ankara", "▁bir"};
    maske_fill_options options = {.top_k = 10, .seed = 1, .targets = words, .target_count = 4};
    maske_fill_result r = fill(models[0], "güzel [MASK]", options);
    assert_int_equal(r.candidate_count, 3);             /* each once */
    bool ankara = false;
    for (size_t i = 0; i < 3; i++) ankara = ankara || strcmp(r.candidates[i].token, "▁Ankara") == 0;
    assert_true(ankara);                                /* a word, where a word begins */
    options.top_k = 2;
    maske_fill_result two = fill(models[0], "güzel [MASK]", options);
    assert_int_equal(two.candidate_count, 2);
    const char *const special[] = {"[SEP]"}, *const broken[] = {"\xff"};
    maske_fill_result none = {0};
    assert_fails(maske_fill(models[0], "güzel [MASK]",
                            &(maske_fill_options){.top_k = 1, .targets = special, .target_count = 1}, &none),
                 MASKE_BAD_ARGUMENT, "\"[SEP]\"");
    assert_fails(maske_fill(models[0], "güzel [MASK]",
                            &(maske_fill_options){.top_k = 1, .targets = broken, .target_count = 1}, &none),
                 MASKE_BAD_ARGUMENT, "not UTF-8");
    assert_null(none.text);
    maske_fill_result_free(&r);
    maske_fill_result_free(&two);
}

/* A prompt of many words with masks at the word numbers given. */
static const char *long_prompt(size_t words, const size_t *masks, size_t count) {
    static char text[4096];
    text[0] = '\0';
    for (size_t w = 0, m = 0; w < words; w++) {
        if (w > 0) strcat(text, " ");
        strcat(text, m < count && masks[m] == w ? (m++, "[MASK]") : "Ankara");
    }
    return text;
}

static void masks_survive_in_long_prompts(void **state) {
    (void)state;
    static const struct {
        size_t masks[3], count;
    } cases[] = {{{0}, 1}, {{50}, 1}, {{99}, 1}, {{20, 30, 40}, 3}, {{0, 50, 99}, 3}, {{0, 29, 99}, 3}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *prompt = long_prompt(100, cases[i].masks, cases[i].count);
        maske_fill_result r = fill(models[0], prompt, greedy(5));
        assert_int_equal(r.mask_count, cases[i].count);
        assert_int_equal(r.id_count, 102);
        assert_int_equal(r.cut_tokens, 102 - SMALL_POSITIONS);
        assert_null(strstr(r.text, "[MASK]"));
        for (size_t s = 0; s < r.segment_count; s++) assert_non_null(strstr(r.text, r.segments[s]));
        maske_fill_result_free(&r);
        /* What is cut does not matter: the window alone gives the same. */
        if (cases[i].count != 1) continue;
        prompt = long_prompt(SMALL_POSITIONS - 2,
                             (size_t[]){cases[i].masks[0] == 50   ? 14
                                        : cases[i].masks[0] == 99 ? SMALL_POSITIONS - 3
                                                                  : 0},
                             1);
        maske_fill_result window = fill(models[0], prompt, greedy(5)),
                          whole = fill(models[0], long_prompt(100, cases[i].masks, 1), greedy(5));
        for (size_t c = 0; c < 5; c++) assert_int_equal(window.candidates[c].id, whole.candidates[c].id);
        maske_fill_result_free(&window);
        maske_fill_result_free(&whole);
    }
}

static void windows_hold_the_masks(void **state) {
    (void)state;
    masked_prompt p = {0};
    assert_ok(prompt_read(&p, models[0], long_prompt(100, (size_t[]){10, 35}, 2)));
    prompt_window w = prompt_window_for(&p, 0, 32);             /* both fit: one window for both, of 30 tokens */
    assert_true(w.begin <= p.places[0] && p.places[1] < w.end && w.end - w.begin == 30);
    assert_int_equal(prompt_window_for(&p, 1, 32).begin, w.begin);
    w = prompt_window_for(&p, 1, 20);                           /* too far apart: each its own */
    assert_true(w.begin <= p.places[1] && p.places[1] < w.end && w.begin > p.places[0] && w.end - w.begin == 18);
    w = prompt_window_for(&p, 0, 3);
    assert_true(w.begin == p.places[0] && w.end == w.begin + 1);
    w = prompt_window_for(&p, 0, 102);
    assert_true(w.begin == 1 && w.end == 101);
    prompt_free(&p);
}

static void wrong_prompts_are_refused(void **state) {
    (void)state;
    maske_fill_result r = {0};
    assert_fails(maske_fill(models[0], "no mask", NULL, &r), MASKE_BAD_ARGUMENT,
                 "has no mask: \"no mask\"; write [MASK]");
    assert_fails(maske_fill(models[0], "", NULL, &r), MASKE_BAD_ARGUMENT, "has no mask");
    assert_fails(maske_fill(models[0], "a [mask]", NULL, &r), MASKE_BAD_ARGUMENT, "has no mask");
    assert_fails(maske_fill(models[0], "ab\xffzz [MASK]", NULL, &r), MASKE_BAD_ARGUMENT, "not UTF-8: byte 3");
    assert_fails(maske_fill(models[0], "a [MASK]", &(maske_fill_options){.top_k = 0}, &r), MASKE_BAD_ARGUMENT, "top_k");
    assert_fails(maske_fill(models[0], "a [MASK]", &(maske_fill_options){.top_k = 1, .temperature = -1}, &r),
                 MASKE_BAD_ARGUMENT, "temperature");
    assert_null(r.text);
}

/* Memory given again is used again; a failure leaves what was there. */
static void results_are_used_again(void **state) {
    (void)state;
    maske_fill_result r = {0};
    assert_ok(maske_fill(models[0], "a [MASK] b [MASK]", NULL, &r));
    assert_ok(maske_fill(models[0], "c [MASK]", NULL, &r));
    assert_int_equal(r.mask_count, 1);
    assert_fails(maske_fill(models[0], "c", NULL, &r), MASKE_BAD_ARGUMENT, "no mask");
    assert_memory_equal(r.text, "c ", 2);
    maske_fill_result_free(&r);
    maske_fill_result_free(&r);
    maske_fill_result_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_network_sees_what_the_tokenizer_makes_of_the_prompt),
        cmocka_unit_test(the_prompt_comes_back_around_the_masks),
        cmocka_unit_test(masks_are_filled_from_left_to_right),
        cmocka_unit_test(candidates_are_sorted_and_open_elsewhere),
        cmocka_unit_test(seeds_decide_and_greedy_needs_none),
        cmocka_unit_test(a_target_of_several_pieces_gets_a_warning),
        cmocka_unit_test(the_surest_mask_is_filled_first),
        cmocka_unit_test(whole_words_begin_where_a_word_begins),
        cmocka_unit_test(targets_narrow_the_choice),
        cmocka_unit_test(masks_survive_in_long_prompts),
        cmocka_unit_test(windows_hold_the_masks),
        cmocka_unit_test(wrong_prompts_are_refused),
        cmocka_unit_test(results_are_used_again),
    };
    return cmocka_run_group_tests_name("tasks/fill_mask", tests, open_all, close_all);
}
