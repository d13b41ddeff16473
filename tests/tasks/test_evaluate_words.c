/* tests of tasks/evaluate_words and tasks/word_sample: the same words for every tokenizer; bits as computed piece by
 * piece with the plain forward pass. */
#include "tasks/evaluate_words.h"
#include "tasks/word_sample.h"

#include "small_model.h"

#include <math.h>

static const char text[] = "Bir su akar, iki dağ bakar.\n\nKoyun kuzu ile -- meler gelir!\nbir iki üç dört beş\n";
enum { WORDS = 16 };                    /* "--" is none */

static const char *write_text(void) { return scratch_write("words.txt", text, sizeof text - 1); }

static void drawn_by_the_seed_alone(void **state) {
    (void)state;
    const char *path = write_text();
    const maske_text where = {&path, 1, NULL};
    word_sample all = {0}, some = {0}, again = {0}, other = {0};
    assert_ok(word_sample_read(&all, &where, 1, 100, NULL));
    assert_int_equal(all.count, WORDS);
    assert_int_equal(all.statistics.total, WORDS);
    for (size_t i = 0; i < all.count; i++) {
        const sampled_word *word = &all.items[i];
        assert_int_equal(word->number, i);
        const counted_text_word *counted = &all.statistics.words[word->word];
        assert_int_equal(counted->length, word->end - word->begin);
        assert_memory_equal(counted->text, word->line + word->begin, counted->length);
        assert_null(strchr(word->line, '\n'));
    }
    assert_int_equal(all.items[5].previous, all.items[4].word);
    assert_int_equal(all.items[6].previous, WORD_LINE_START);

    assert_ok(word_sample_read(&some, &where, 1, 5, NULL));
    assert_ok(word_sample_read(&again, &where, 1, 5, NULL));
    assert_ok(word_sample_read(&other, &where, 2, 5, NULL));
    assert_true(some.count == 5 && again.count == 5 && other.count == 5);
    bool differs = false;
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(some.items[i].number, again.items[i].number);
        assert_true(i == 0 || some.items[i - 1].number < some.items[i].number);
        differs = differs || some.items[i].number != other.items[i].number;
        /* The lowest priorities of all. */
        size_t lower = 0;
        for (size_t j = 0; j < all.count; j++) lower += all.items[j].priority < some.items[i].priority;
        assert_true(lower < 5);
    }
    assert_true(differs);
    word_sample_free(&all), word_sample_free(&some), word_sample_free(&again), word_sample_free(&other);
}

/* What is far from the word in a long line is not kept, and the word is still found. */
static void long_lines_are_cut(void **state) {
    (void)state;
    buffer line = {0};
    for (int i = 0; i < 20000; i++) assert_ok(buffer_add_format(&line, "söz%d ", i));
    const char *path = scratch_write("long.txt", line.data, line.length);
    word_sample s = {0};
    assert_ok(word_sample_read(&s, &(maske_text){&path, 1, NULL}, 7, 50, NULL));
    assert_int_equal(s.count, 50);
    for (size_t i = 0; i < s.count; i++) {
        char expected[32];
        const sampled_word *word = &s.items[i];
        snprintf(expected, sizeof expected, "söz%d", (int)word->number);
        assert_int_equal(word->end - word->begin, strlen(expected));
        assert_memory_equal(word->line + word->begin, expected, strlen(expected));
        assert_true(word->length <= 2 * WORD_SAMPLE_AROUND + strlen(expected));
    }
    word_sample_free(&s);
    buffer_free(&line);
}

static void no_word_is_a_sentence(void **state) {
    (void)state;
    const char *path = scratch_write("none.txt", "-- ... !\n", 9);
    word_sample s = {0};
    assert_fails(word_sample_read(&s, &(maske_text){&path, 1, NULL}, 1, 5, NULL), MASKE_BAD_FILE, "no word");
}

/* Bits and hits of every word, by one plain forward pass a piece. */
static void expect_words(const maske_model *model, const word_sample *s, double *bits, int64_t *right) {
    size_t vocab = (size_t)model->network->config.vocab_size;
    maske_encoding e = {0};
    const maske_encode_options whole = {.no_truncation = true, .no_padding = true};
    *bits = 0, *right = 0;
    for (size_t i = 0; i < s->count; i++) {
        const sampled_word *word = &s->items[i];
        assert_ok(maske_tokenizer_encode(model->tokenizer, word->line, word->length, NULL, 0, &whole, &e));
        assert_true(e.count <= SMALL_POSITIONS);
        size_t begin = 0, end;
        while (e.byte_end[begin] <= word->begin || e.special_tokens_mask[begin]) begin++;
        for (end = begin; end < e.count && !e.special_tokens_mask[end] && e.byte_begin[end] < word->end;) end++;
        bool all_right = true;
        for (size_t place = begin; place < end; place++) {
            int32_t label = e.ids[place], ids[SMALL_POSITIONS];
            for (size_t j = 0; j < e.count; j++)
                ids[j] = j >= place && j < end ? maske_tokenizer_special(model->tokenizer, MASKE_MASK) : e.ids[j];
            float *logits = small_model_logits(model, ids, e.count, place);
            double sum = 0;
            for (size_t j = 0; j < vocab; j++) {
                sum += exp((double)logits[j]);
                if (logits[j] > logits[label] && !maske_tokenizer_is_special(model->tokenizer, (int32_t)j))
                    all_right = false;
            }
            *bits -= log2(exp((double)logits[label]) / sum);
            free(logits);
        }
        *right += all_right;
    }
    maske_encoding_free(&e);
}

static void as_piece_by_piece(void **state) {
    (void)state;
    const char *path = write_text();
    const maske_text where = {&path, 1, NULL};
    const char *const kinds[] = {"metaspace", "bytelevel"};
    for (size_t k = 0; k < 2; k++) {
        maske_model *model = small_model_open(small_model_write(kinds[k], kinds[k], 0.4, 0));
        word_sample s = {0};
        double bits;
        int64_t right;
        assert_ok(word_sample_read(&s, &where, 3, 9, NULL));
        expect_words(model, &s, &bits, &right);
        int64_t characters = 0;
        for (size_t i = 0; i < s.count; i++)
            for (size_t j = s.items[i].begin; j < s.items[i].end; j++)
                characters += ((unsigned char)s.items[i].line[j] & 0xC0) != 0x80;
        maske_evaluation e = {0};
        assert_ok(evaluate_words(model, &where, &(maske_evaluate_options){.seed = 3, .words = 9}, NULL, &e));
        assert_int_equal(e.words, 9);
        assert_true(fabs(e.word_bits_per_character - bits / (double)characters) < 1e-4);
        assert_true(fabs(e.word_accuracy - (double)right / 9) < 1e-12);
        assert_true(e.unigram_word_bits_per_character > 0 && e.bigram_word_bits_per_character > 0);
        word_sample_free(&s);
        maske_model_close(model);
    }
}

/* A character that no piece has costs 8 bits a byte and is never right. */
static void what_the_tokenizer_cannot_write(void **state) {
    (void)state;
    const char unknown[] = "漢字\n";
    const char *path = scratch_write("unknown.txt", unknown, sizeof unknown - 1);
    maske_model *model = small_model_open(small_model_write("wordpiece", "wordpiece", 0.4, 0));
    maske_evaluation e = {0};
    assert_ok(evaluate_words(model, &(maske_text){&path, 1, NULL}, &(maske_evaluate_options){.seed = 1, .words = 5}, NULL, &e));
    assert_int_equal(e.words, 1);
    assert_true(e.word_bits_per_character == 24);
    assert_true(e.word_accuracy == 0);
    maske_model_close(model);
}

/* More pieces than the model has places. */
static void a_word_longer_than_the_model(void **state) {
    (void)state;
    buffer line = {0};
    assert_ok(buffer_add_text(&line, "ön söz "));
    for (int i = 0; i < 200; i++) assert_ok(buffer_add_text(&line, "qx"));
    assert_ok(buffer_add_text(&line, " son söz\n"));
    const char *path = scratch_write("word.txt", line.data, line.length);
    maske_model *model = small_model_open(small_model_write("long", "bytelevel", 0.4, 0));
    maske_evaluation e = {0};
    assert_ok(evaluate_words(model, &(maske_text){&path, 1, NULL}, &(maske_evaluate_options){.seed = 1, .words = 9}, NULL, &e));
    assert_int_equal(e.words, 5);
    assert_true(isfinite(e.word_bits_per_character) && e.word_bits_per_character > 7);
    maske_model_close(model);
    buffer_free(&line);
}

/* Another model whose tokenizer puts so many more [CLS] before a text. */
static maske_model *with_more_special_tokens(const char *name, size_t more) {
    static const char mark[] = "\"single\":[", token[] = "{\"SpecialToken\":{\"id\":\"[CLS]\",\"type_id\":0}},";
    const char *folder = small_model_write(name, "bytelevel", 0.4, 0);
    char *path, *json;
    size_t length;
    buffer changed = {0};
    assert_ok(path_join(&path, folder, "tokenizer.json"));
    assert_ok(file_read(&json, &length, path, 1 << 24));
    const char *at = strstr(json, mark);
    assert_non_null(at);
    at += strlen(mark);
    assert_ok(buffer_add(&changed, json, (size_t)(at - json)));
    for (size_t i = 0; i < more; i++) assert_ok(buffer_add_text(&changed, token));
    assert_ok(buffer_add(&changed, at, length - (size_t)(at - json)));
    assert_ok(file_write_atomic(path, changed.data, changed.length, true));
    free(path);
    free(json);
    buffer_free(&changed);
    return small_model_open(folder);
}

/* One place is left for the word: of each its first piece is guessed. None is left: a sentence. */
static void special_tokens_that_leave_no_room(void **state) {
    (void)state;
    const char *path = write_text();
    const maske_text where = {&path, 1, NULL};
    maske_evaluation e = {0};
    maske_model *model = with_more_special_tokens("little-room", SMALL_POSITIONS - 3);
    assert_ok(evaluate_words(model, &where, &(maske_evaluate_options){.seed = 1, .words = 9}, NULL, &e));
    assert_int_equal(e.words, 9);
    assert_true(isfinite(e.word_bits_per_character));
    maske_model_close(model);
    model = with_more_special_tokens("no-room", SMALL_POSITIONS - 2);
    assert_fails(evaluate_words(model, &where, &(maske_evaluate_options){.seed = 1, .words = 9}, NULL, &e),
                 MASKE_BAD_SHAPE, "32 special tokens around a text");
    maske_model_close(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawn_by_the_seed_alone),
        cmocka_unit_test(long_lines_are_cut),
        cmocka_unit_test(no_word_is_a_sentence),
        cmocka_unit_test(as_piece_by_piece),
        cmocka_unit_test(what_the_tokenizer_cannot_write),
        cmocka_unit_test(a_word_longer_than_the_model),
        cmocka_unit_test(special_tokens_that_leave_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
