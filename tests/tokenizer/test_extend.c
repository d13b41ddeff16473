/* tests/tokenizer/test_extend.c: a tokenizer that learns on: ids and ranks stay, cuts only go away, and each merge is
 * the one that an encoder with all merges before it asks for; odd vocabularies included. Shrinking is its reverse. */
#include "base/buffer.h"
#include "base/random.h"
#include "tokenizer/tokenizer.h"
#include "scratch.h"

static uint32_t draw(random_stream *r, uint32_t bound) { return random_below(bound, random_stream_next(r)); }

static const char *const syllables[] = {"ka", "le", "mi", "no", "tu", "şu", "ler", "da", "e", "i", "n", "-", "a", "İs"};

/* Lines of words of a few syllables, of which the first `kinds` are drawn. */
static const char *write_corpus(const char *name, uint64_t seed, size_t lines, uint32_t kinds) {
    random_stream r = random_stream_start(seed, RANDOM_TEST, 0, 0);
    buffer text = {0};
    for (size_t line = 0; line < lines; line++) {
        for (uint32_t word = 0, words = 1 + draw(&r, 8); word < words; word++) {
            if (word > 0) assert_ok(buffer_add_text(&text, " "));
            for (uint32_t i = 0, parts = 1 + draw(&r, 4); i < parts; i++)
                assert_ok(buffer_add_text(&text, syllables[draw(&r, 1 + draw(&r, kinds))]));
        }
        assert_ok(buffer_add_text(&text, "\n"));
    }
    const char *path = scratch_write(name, text.data, text.length);
    buffer_free(&text);
    return path;
}

static maske_tokenizer *train(const char *path, int64_t vocab_size, const char *cutter) {
    maske_tokenizer_train_options options;
    maske_tokenizer *tokenizer = NULL;
    maske_tokenizer_train_options_defaults(&options);
    options.vocab_size = vocab_size;
    options.pre_tokenizer = cutter;
    assert_ok(maske_tokenizer_train(&tokenizer, &(maske_text){&path, 1, NULL}, &options, NULL, NULL));
    return tokenizer;
}

static maske_status try_extend(maske_tokenizer **out, const maske_tokenizer *base, const char *path, int64_t vocab_size,
                               int threads) {
    maske_tokenizer_train_options options;
    maske_tokenizer_train_options_defaults(&options);
    options.vocab_size = vocab_size;
    return maske_tokenizer_extend(out, base, &(maske_text){&path, 1, NULL}, &options,
                                  &(maske_control){.threads = threads}, NULL);
}

static maske_tokenizer *extend(const maske_tokenizer *base, const char *path, int64_t vocab_size, int threads) {
    maske_tokenizer *extended = NULL;
    assert_ok(try_extend(&extended, base, path, vocab_size, threads));
    return extended;
}

/* ----------------------------------------------------------------------------------------------- what must hold --- */

static void assert_ids_and_ranks_stay(const maske_tokenizer *base, const maske_tokenizer *extended) {
    for (int32_t id = 0; id < (int32_t)maske_tokenizer_vocab_size(base); id++) {
        assert_string_equal(maske_tokenizer_token(extended, id), maske_tokenizer_token(base, id));
        assert_int_equal(maske_tokenizer_is_special(extended, id), maske_tokenizer_is_special(base, id));
    }
    const bpe *old = &base->model.bpe, *new = &extended->model.bpe;
    assert_true(new->merge_count >= old->merge_count);
    assert_memory_equal(new->merges, old->merges, old->merge_count * sizeof *old->merges);
}

static void assert_same_bpe(const maske_tokenizer *a, const maske_tokenizer *b) {
    const bpe *first = &a->model.bpe, *second = &b->model.bpe;
    assert_int_equal(maske_tokenizer_vocab_size(a), maske_tokenizer_vocab_size(b));
    for (int32_t id = 0; id < (int32_t)maske_tokenizer_vocab_size(a); id++)
        assert_string_equal(maske_tokenizer_token(a, id), maske_tokenizer_token(b, id));
    assert_int_equal(first->merge_count, second->merge_count);
    assert_memory_equal(first->merges, second->merges, first->merge_count * sizeof *first->merges);
}

/* Wherever the new one cuts, the old one cuts too; for text of one byte a character. */
static void assert_coarser(const maske_tokenizer *base, const maske_tokenizer *extended, const char *text) {
    maske_encoding old = {0}, new = {0};
    const maske_encode_options plain = {.no_special = true};
    assert_ok(maske_tokenizer_encode(base, text, strlen(text), NULL, 0, &plain, &old));
    assert_ok(maske_tokenizer_encode(extended, text, strlen(text), NULL, 0, &plain, &new));
    size_t j = 0;
    for (size_t i = 0; i < new.count; i++, j++) {
        assert_true(j < old.count);
        assert_int_equal(new.byte_begin[i], old.byte_begin[j]);
        while (j + 1 < old.count && old.byte_end[j] < new.byte_end[i]) j++;
        assert_int_equal(new.byte_end[i], old.byte_end[j]);
    }
    assert_int_equal(j, old.count);
    maske_encoding_free(&old);
    maske_encoding_free(&new);
}

/* Takes an entry apart until only old ones are left, which must be the next of the old ids. */
static void assert_next(const bpe *model, int32_t id, int32_t limit, const maske_encoding *old, size_t *at) {
    if (id < limit) {
        assert_true(*at < old->count);
        assert_int_equal(id, old->ids[(*at)++]);
        return;
    }
    size_t m = 0;
    while (m < model->merge_count && model->merges[m].id != id) m++;
    assert_true(m < model->merge_count);
    assert_next(model, model->merges[m].left, limit, old, at);
    assert_next(model, model->merges[m].right, limit, old, at);
}

/* The new ids taken apart are the old ids; for a base that training made. */
static void assert_made_of_old(const maske_tokenizer *base, const maske_tokenizer *extended, const char *text,
                               size_t length) {
    maske_encoding old = {0}, new = {0};
    size_t at = 0;
    assert_ok(maske_tokenizer_encode(base, text, length, NULL, 0, NULL, &old));
    assert_ok(maske_tokenizer_encode(extended, text, length, NULL, 0, NULL, &new));
    for (size_t i = 0; i < new.count; i++)
        assert_next(&extended->model.bpe, new.ids[i], (int32_t)maske_tokenizer_vocab_size(base), &old, &at);
    assert_int_equal(at, old.count);
    maske_encoding_free(&old);
    maske_encoding_free(&new);
}

static void assert_made_of_old_on_random_text(const maske_tokenizer *base, const maske_tokenizer *extended,
                                              uint64_t seed) {
    static const char *const others[] = {" ", "  ", "日本", "🙂", "\t", "[MASK]", "\xE2\x96\x81", "'", "K"};
    random_stream r = random_stream_start(seed, RANDOM_TEST, 2, 0);
    buffer text = {0};
    for (int round = 0; round < 200; round++) {
        buffer_clear(&text);
        for (uint32_t i = 0, parts = 1 + draw(&r, 30); i < parts; i++)
            assert_ok(buffer_add_text(&text, draw(&r, 4) ? syllables[draw(&r, 14)] : others[draw(&r, 9)]));
        assert_made_of_old(base, extended, text.data, text.length);
    }
    buffer_free(&text);
}

/* ------------------------------------------------------------------------------------------------------- the tests ---
 */

static void every_pre_tokenizer_keeps_ids_ranks_and_cuts(void **state) {
    (void)state;
    static const char *const kinds[] = {"metaspace", "bytelevel", "bert", "whitespace"};
    const char *small = write_corpus("small", 1, 300, 6), *large = write_corpus("large", 2, 2000, 14);
    for (size_t i = 0; i < 4; i++) {
        maske_tokenizer *base = train(small, 340, kinds[i]);
        int64_t size = maske_tokenizer_vocab_size(base) + 150;
        maske_tokenizer *one = extend(base, large, size, 1), *three = extend(base, large, size, 3);
        assert_int_equal(maske_tokenizer_vocab_size(one), size);
        assert_ids_and_ranks_stay(base, one);
        assert_same_bpe(one, three);
        assert_made_of_old_on_random_text(base, one, i);
        maske_tokenizer_report report = {0};
        assert_ok(maske_tokenizer_inspect(one, NULL, NULL, &report));
        assert_int_equal(report.unreachable, 0);
        maske_tokenizer_free(base);
        maske_tokenizer_free(one);
        maske_tokenizer_free(three);
    }
}

/* Training goes on exactly where it stopped if it is on the same text. */
static void on_the_same_text_it_learns_what_training_would_have(void **state) {
    (void)state;
    const char *path = write_corpus("same", 3, 1500, 14);
    maske_tokenizer *large = train(path, 500, "bytelevel"), *small = train(path, 380, "bytelevel"), *shrunk = NULL;
    maske_tokenizer *grown = extend(small, path, 500, 2);
    assert_same_bpe(grown, large);
    assert_ok(maske_tokenizer_shrink(&shrunk, grown, 380));
    assert_same_bpe(shrunk, small);
    maske_tokenizer_free(shrunk);
    assert_ok(maske_tokenizer_shrink(&shrunk, large, 10));          /* the alphabet stays */
    assert_int_equal(maske_tokenizer_vocab_size(shrunk), 5 + 256);
    maske_tokenizer_free(shrunk);
    assert_ok(maske_tokenizer_shrink(&shrunk, large, 1000));
    assert_same_bpe(shrunk, large);
    maske_tokenizer_free(shrunk);
    assert_fails(maske_tokenizer_shrink(&shrunk, large, 0), MASKE_BAD_ARGUMENT, "vocab_size is 0");
    maske_tokenizer_free(large);
    maske_tokenizer_free(small);
    maske_tokenizer_free(grown);
}

/* ---------------------------------------------------------------------------------------------- odd vocabularies ---
 */

/* Entries over a, b, c with merges in random order, some entries without one; as a file. */
static maske_tokenizer *open_odd(random_stream *r) {
    enum { MOST = 40 };
    char entries[MOST][40] = {"a", "b", "c"}, merges[2 * MOST][100];
    size_t count = 3, merge_count = 0;
    for (uint32_t i = 0, tries = draw(r, 60); i < tries && count < MOST && merge_count < MOST; i++) {
        char joined[80] = "";
        const char *left = entries[draw(r, (uint32_t)count)], *right = entries[draw(r, (uint32_t)count)];
        snprintf(joined, sizeof joined, "%s%s", left, right);
        if (strlen(joined) > 6) continue;
        size_t found = 0;
        while (found < count && strcmp(entries[found], joined) != 0) found++;
        if (draw(r, 4) > 0) snprintf(merges[merge_count++], sizeof merges[0], "[\"%s\", \"%s\"]", left, right);
        if (found == count) memcpy(entries[count++], joined, 8);        /* six letters at most */
    }
    buffer text = {0};
    assert_ok(buffer_add_text(
        &text, "{\"version\": \"1.0\", \"added_tokens\": [], \"pre_tokenizer\": {\"type\": \"WhitespaceSplit\"},"
               "\"model\": {\"type\": \"BPE\", \"vocab\": {"));
    for (size_t i = 0; i < count; i++)
        assert_ok(buffer_add_format(&text, "%s\"%s\": %zu", i > 0 ? ", " : "", entries[i], i));
    assert_ok(buffer_add_text(&text, "}, \"merges\": ["));
    for (size_t i = 0; i < merge_count; i++) {          /* in random order */
        size_t other = i + draw(r, (uint32_t)(merge_count - i));
        char swap[100];
        memcpy(swap, merges[i], sizeof swap);
        memcpy(merges[i], merges[other], sizeof swap);
        memcpy(merges[other], swap, sizeof swap);
        assert_ok(buffer_add_format(&text, "%s%s", i > 0 ? ", " : "", merges[i]));
    }
    assert_ok(buffer_add_text(&text, "]}}"));
    maske_tokenizer *tokenizer = NULL;
    assert_ok(maske_tokenizer_open(&tokenizer, scratch_text("odd.json", text.data)));
    buffer_free(&text);
    return tokenizer;
}

enum { ODD_WORDS = 40, ODD_LIMIT = 200 };
typedef struct odd_corpus { char words[ODD_WORDS][24]; int64_t counts[ODD_WORDS]; const char *path; } odd_corpus;

static odd_corpus make_odd_corpus(random_stream *r) {
    odd_corpus c = {0};
    buffer text = {0};
    for (size_t w = 0; w < ODD_WORDS; w++) {
        for (size_t i = 0, length = 1 + draw(r, 20); i < length; i++) c.words[w][i] = (char)('a' + draw(r, 3));
        c.counts[w] = 1 + draw(r, 4);
        for (int64_t i = 0; i < c.counts[w]; i++) assert_ok(buffer_add_format(&text, "%s\n", c.words[w]));
    }
    c.path = scratch_write("odd.txt", text.data, text.length);
    buffer_free(&text);
    return c;
}

/* Counts adjacent pairs of all words as the model with these merges cuts them. */
static void count_pairs(const maske_tokenizer *t, size_t merge_count, const odd_corpus *c,
                        int64_t (*table)[ODD_LIMIT]) {
    vocab entries = {0};
    bpe model = {0};
    bpe_word word = {0};
    memset(table, 0, ODD_LIMIT * sizeof *table);
    assert_ok(vocab_copy(&entries, &t->model.bpe.vocab));
    assert_ok(bpe_build(&model, &entries, t->model.bpe.merges, merge_count, &t->model.bpe.options, "test"));
    for (size_t w = 0; w < ODD_WORDS; w++) {
        assert_ok(bpe_encode(&model, &word, c->words[w], strlen(c->words[w])));
        for (size_t i = 0; i + 1 < word.count; i++) table[word.ids[i]][word.ids[i + 1]] += c->counts[w];
    }
    bpe_word_free(&word);
    bpe_free(&model);
}

/* Every merge learned is the most frequent pair of what an encoder with all merges before it leaves, and the last one
 * leaves nothing that would have been merged. */
static void each_merge_is_what_an_encoder_asks_for(void **state) {
    (void)state;
    int64_t (*table)[ODD_LIMIT] = calloc(ODD_LIMIT, sizeof *table);
    size_t learned = 0, reused = 0;
    assert_non_null(table);
    for (uint64_t seed = 1; seed <= 300; seed++) {
        random_stream r = random_stream_start(seed, RANDOM_TEST, 4, 0);
        maske_tokenizer *base = open_odd(&r);
        odd_corpus corpus = make_odd_corpus(&r);
        int64_t size = maske_tokenizer_vocab_size(base) + draw(&r, 60);
        maske_tokenizer *extended = extend(base, corpus.path, size, 1 + (int)(seed % 2));
        const bpe *model = &extended->model.bpe;
        assert_ids_and_ranks_stay(base, extended);
        for (size_t m = base->model.bpe.merge_count; m <= model->merge_count; m++) {
            count_pairs(extended, m, &corpus, table);
            int32_t a = 0, b = 0;
            for (int32_t x = 0; x < ODD_LIMIT; x++)
                for (int32_t y = 0; y < ODD_LIMIT; y++) if (table[x][y] > table[a][b]) { a = x; b = y; }
            if (m == model->merge_count) {
                assert_true(table[a][b] < 2 || maske_tokenizer_vocab_size(extended) == size);
                break;
            }
            assert_int_equal(model->merges[m].left, a);
            assert_int_equal(model->merges[m].right, b);
            learned++;
            reused += model->merges[m].id < base->model.bpe.vocab.limit;
        }
        for (size_t w = 0; w < ODD_WORDS; w++) assert_coarser(base, extended, corpus.words[w]);
        maske_tokenizer_free(base);
        maske_tokenizer_free(extended);
    }
    assert_true(learned > 3000);
    assert_true(reused > 100);
    free(table);
}

/* --------------------------------------------------------------------------------------------- added tokens, holes ---
 */

/* A BPE over "a" and "b" with what is put into the place of %s. */
static maske_tokenizer *open_small(const char *added, const char *entries, const char *more) {
    buffer text = {0};
    maske_tokenizer *tokenizer = NULL;
    assert_ok(buffer_add_format(
        &text,
        "{\"version\": \"1.0\", \"added_tokens\": [%s], \"pre_tokenizer\": {\"type\": \"WhitespaceSplit\"},"
        "\"model\": {\"type\": \"BPE\", %s \"vocab\": {%s}, \"merges\": []}}",
        added, more, entries));
    assert_ok(maske_tokenizer_open(&tokenizer, scratch_text("small.json", text.data)));
    buffer_free(&text);
    return tokenizer;
}

#define ADDED(id, content, special) \
    "{\"id\": " #id ", \"content\": \"" content "\", \"single_word\": false, \"lstrip\": false, \"rstrip\": false, " \
    "\"normalized\": false, \"special\": " #special "}"

static void added_tokens_above_the_model_keep_their_ids(void **state) {
    (void)state;
    const char *path = scratch_text("ab.txt", "abab ab x<new>ab\nabab <s>\n<new><new>\n");
    maske_tokenizer *base =
        open_small(ADDED(3, "<s>", true) ", " ADDED(4, "<new>", false), "\"a\": 0, \"b\": 1, \"x\": 2", "");
    maske_tokenizer *extended = extend(base, path, 7, 1), *again = NULL;
    assert_ids_and_ranks_stay(base, extended);
    assert_string_equal(maske_tokenizer_token(extended, 5), "ab");
    assert_string_equal(maske_tokenizer_token(extended, 6), "abab");
    const char *folder = scratch_path("saved");          /* and they have them when the file is read again */
    assert_ok(folder_make(folder));
    assert_ok(maske_tokenizer_save(extended, folder));
    assert_ok(maske_tokenizer_open(&again, folder));
    assert_same_bpe(again, extended);
    assert_true(maske_tokenizer_is_special(again, 3) && !maske_tokenizer_is_special(again, 4));
    maske_tokenizer_free(again);
    maske_tokenizer_free(extended);
    maske_tokenizer_free(base);
}

static void refuses_what_cannot_grow(void **state) {
    (void)state;
    const char *path = scratch_text("ab.txt", "abab ab\n");
    maske_tokenizer *out = NULL, *base = open_small("", "\"a\": 0, \"b\": 2", "");
    assert_fails(try_extend(&out, base, path, 10, 1), MASKE_BAD_FILE, "no entry 1");
    maske_tokenizer_free(base);
    base = open_small("", "\"a\": 0, \"b\": 1", "");
    assert_fails(try_extend(&out, base, path, 1, 1), MASKE_BAD_ARGUMENT, "expected at least 2");
    assert_fails(try_extend(&out, base, scratch_path("nothing"), 10, 1), MASKE_IO, "nothing");
    out = extend(base, path, 2, 1);         /* as large as it is: nothing to learn */
    assert_same_bpe(out, base);
    maske_tokenizer_free(out);
    maske_tokenizer_free(base);
    assert_fails(maske_tokenizer_open(&out, scratch_path("nothing")), MASKE_IO, "nothing");
}

static char heard[1024];
static void hear(void *user, maske_log_level level, const char *sentence) {
    (void)user;
    if (level == MASKE_LOG_WARNING) snprintf(heard, sizeof heard, "%s", sentence);
}

/* [UNK] and the pieces of byte fallback stand for text that the tokenizer does not know: no entry is made of them. */
static void unknown_characters_stay_unknown(void **state) {
    (void)state;
    const char *path = scratch_text("ab.txt", "aübü aübü aübü aübü\n");
    maske_tokenizer *unk = open_small("", "\"a\": 0, \"b\": 1, \"?\": 2", "\"unk_token\": \"?\", ");
    maske_set_log(hear, NULL);
    maske_tokenizer *out = extend(unk, path, 20, 1);
    maske_set_log(NULL, NULL);
    assert_int_equal(maske_tokenizer_vocab_size(out), 3);
    assert_non_null(strstr(heard, "4 of the text's 4 words"));
    maske_tokenizer_free(out);
    maske_tokenizer_free(unk);
    maske_tokenizer *base = train(scratch_text("train.txt", "ab ab ab ba ba\n"), 300, "whitespace");
    out = extend(base, path, 400, 1);
    assert_int_equal(maske_tokenizer_vocab_size(out), maske_tokenizer_vocab_size(base));
    assert_made_of_old(base, out, "aübü", strlen("aübü"));
    maske_tokenizer_free(out);
    maske_tokenizer_free(base);
}

/* ----------------------------------------------------------------------------------------------------- WordPiece ---
 */

static void wordpiece_keeps_its_ids(void **state) {
    (void)state;
    static const char *const entries[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a",
                                          "b",     "##a",   "##b",   "ab",    "##ab"};
    const char *path = scratch_text("ab.txt", "abba abba abba baab baab abab c\n");
    maske_tokenizer *base = NULL;
    buffer text = {0};
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        assert_ok(buffer_add_format(&text, "%s\n", entries[i]));
    assert_ok(maske_tokenizer_open(&base, scratch_text("vocab.txt", text.data)));
    buffer_free(&text);
    maske_tokenizer *out = extend(base, path, 13, 2);
    assert_int_equal(out->kind, MODEL_WORDPIECE);
    assert_int_equal(maske_tokenizer_vocab_size(out), 13);
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        assert_string_equal(maske_tokenizer_token(out, (int32_t)i), entries[i]);
    /* ab ##b ##a, b ##a ##ab, ab ##ab: three times (##b, ##a), which has smaller ids than (ab, ##b); then (ab, ##ba) */
    assert_string_equal(maske_tokenizer_token(out, 11), "##ba");
    assert_string_equal(maske_tokenizer_token(out, 12), "abba");
    static const struct { int64_t asked, size; } smaller[] = {{1, 9}, {9, 9}, {12, 12}, {20, 13}};  /* the alphabet stays */
    for (size_t i = 0; i < sizeof smaller / sizeof *smaller; i++) {
        maske_tokenizer *shrunk = NULL;
        assert_ok(maske_tokenizer_shrink(&shrunk, out, smaller[i].asked));
        assert_int_equal(shrunk->kind, MODEL_WORDPIECE);
        assert_int_equal(maske_tokenizer_vocab_size(shrunk), smaller[i].size);
        for (int32_t id = 0; id < smaller[i].size; id++)
            assert_string_equal(maske_tokenizer_token(shrunk, id), maske_tokenizer_token(out, id));
        maske_tokenizer_free(shrunk);
    }
    maske_tokenizer_free(out);
    maske_tokenizer_free(base);
}

/* What is learned takes the places of unused entries first; without them it would come behind, in the same order. */
static void unused_entries_are_filled(void **state) {
    (void)state;
    const char *path = scratch_text("fill.txt", "abba abba abba baab baab abab abab\n");
    static const char *const kinds[] = {
        "\"type\": \"BPE\", \"merges\": []",
        "\"type\": \"WordPiece\", \"unk_token\": \"u\", \"continuing_subword_prefix\": \"##\", \"max_input_chars_per_word\": 100"};
    for (int kind = 0; kind < 2; kind++) {
        buffer text = {0};
        maske_tokenizer *base = NULL, *behind = NULL, *filled = NULL;
        maske_tokenizer_train_options options;
        assert_ok(buffer_add_format(
            &text,
            "{\"version\": \"1.0\", \"added_tokens\": [], \"pre_tokenizer\": {\"type\": \"WhitespaceSplit\"},"
            "\"model\": {%s, \"vocab\": {\"u\": 0, \"[unused0]\": 1, \"a\": 2, \"[unused12]\": 3, \"b\": 4, "
            "\"[unusedx]\": 5, \"##a\": 6, \"##b\": 7}}}",
            kinds[kind]));
        assert_ok(maske_tokenizer_open(&base, scratch_text("unused.json", text.data)));
        maske_tokenizer_train_options_defaults(&options);
        for (int fill = 0; fill < 2; fill++) {
            options.vocab_size = fill ? 9 : 11;         /* three more entries, two of them in places that were unused */
            options.fill_unused = fill;
            assert_ok(maske_tokenizer_extend(fill ? &filled : &behind, base, &(maske_text){&path, 1, NULL}, &options,
                                             NULL, NULL));
        }
        assert_int_equal(maske_tokenizer_vocab_size(filled), 9);
        static const int32_t places[][2] = {{8, 1}, {9, 3}, {10, 8}};
        for (int32_t id = 0; id < 8; id++)
            if (id != 1 && id != 3) assert_string_equal(maske_tokenizer_token(filled, id), maske_tokenizer_token(base, id));
        for (int i = 0; i < 3; i++)
            assert_string_equal(maske_tokenizer_token(filled, places[i][1]), maske_tokenizer_token(behind, places[i][0]));
        static const char *const words[] = {"abba", "baab", "ababab"};
        for (int w = 0; w < 3; w++) {
            maske_encoding a = {0}, b = {0};
            assert_ok(maske_tokenizer_encode(behind, words[w], strlen(words[w]), NULL, 0, NULL, &a));
            assert_ok(maske_tokenizer_encode(filled, words[w], strlen(words[w]), NULL, 0, NULL, &b));
            assert_int_equal(a.count, b.count);
            for (size_t i = 0; i < a.count; i++)
                assert_string_equal(maske_tokenizer_token(behind, a.ids[i]), maske_tokenizer_token(filled, b.ids[i]));
            maske_encoding_free(&a);
            maske_encoding_free(&b);
        }
        options.vocab_size = 8;                         /* only as many as there are places */
        maske_tokenizer *same = NULL;
        assert_ok(maske_tokenizer_extend(&same, base, &(maske_text){&path, 1, NULL}, &options, NULL, NULL));
        assert_int_equal(maske_tokenizer_vocab_size(same), 8);
        assert_string_equal(maske_tokenizer_token(same, 3), maske_tokenizer_token(behind, 9));
        maske_tokenizer_free(same);
        maske_tokenizer_free(base);
        maske_tokenizer_free(behind);
        maske_tokenizer_free(filled);
        buffer_free(&text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unused_entries_are_filled),
        cmocka_unit_test(every_pre_tokenizer_keeps_ids_ranks_and_cuts),
        cmocka_unit_test(on_the_same_text_it_learns_what_training_would_have),
        cmocka_unit_test(each_merge_is_what_an_encoder_asks_for),
        cmocka_unit_test(added_tokens_above_the_model_keep_their_ids),
        cmocka_unit_test(refuses_what_cannot_grow),
        cmocka_unit_test(unknown_characters_stay_unknown),
        cmocka_unit_test(wordpiece_keeps_its_ids),
    };
    return cmocka_run_group_tests_name("tokenizer/extend", tests, NULL, NULL);
}
