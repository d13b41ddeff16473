/* fuzz/extend.c: a tokenizer learned from one text and extended by another: ids and merges stay, one thread learns
 * what three do, the extended one is a tokenizer like any other, and shrinking gives the first one back. */
#include "tokenizer_checks.h"

static maske_tokenizer_train_options settings(unsigned choice, int64_t vocab_size) {
    static const char *const cutters[] = {"bytelevel", "metaspace", "bert", "whitespace"};
    static const char *const normalizers[] = {"none", "nfkc", "lower-tr", "bert-uncased"};
    maske_tokenizer_train_options o;
    maske_tokenizer_train_options_defaults(&o);
    o.pre_tokenizer = cutters[choice % 4];
    o.normalizer = normalizers[choice / 4 % 4];
    o.byte_fallback = choice / 16 % 2;
    o.min_frequency = 1 + choice / 32 % 3;
    o.vocab_size = vocab_size;
    return o;
}

static void check_same(const maske_tokenizer *a, const maske_tokenizer *b) {
    buffer x = {0}, y = {0};
    MUST(tokenizer_write_json(a, &x));
    MUST(tokenizer_write_json(b, &y));
    CHECK(x.length == y.length && memcmp(x.data, y.data, x.length) == 0);
    buffer_free(&x);
    buffer_free(&y);
}

static void check_stays(const maske_tokenizer *base, const maske_tokenizer *extended) {
    for (int32_t id = 0; id < (int32_t)maske_tokenizer_vocab_size(base); id++)
        CHECK(strcmp(maske_tokenizer_token(base, id), maske_tokenizer_token(extended, id)) == 0);
    const bpe *old = &base->model.bpe, *new = &extended->model.bpe;
    CHECK(new->merge_count >= old->merge_count);
    CHECK(old->merge_count == 0 || memcmp(new->merges, old->merges, old->merge_count * sizeof *old->merges) == 0);
}

static void check_extended(const maske_tokenizer *base, const char *path, const maske_tokenizer_train_options *o,
                           const char *text, size_t length) {
    maske_tokenizer *extended[2] = {NULL, NULL};
    maske_encoding e = {0}, f = {0};
    maske_status status[2];
    for (int i = 0; i < 2; i++) {
        const char *paths[] = {path};
        status[i] = maske_tokenizer_extend(&extended[i], base, &(maske_text){paths, 1, NULL}, o,
                                           &(maske_control){.threads = i == 1 && length % 4 == 0 ? 3 : 1}, NULL);
    }
    CHECK(status[0] == status[1]);
    if (fuzz_ok(status[0])) {
        check_same(extended[0], extended[1]);
        check_stays(base, extended[0]);
        check_saved(extended[0]);
        maske_encode_options plain = {.no_special = true};
        if (check_text(base, text, length, plain, &e)) {
            CHECK(check_text(extended[0], text, length, plain, &f));
            CHECK(f.count <= e.count);
        }
    }
    for (int i = 0; i < 2; i++) maske_tokenizer_free(extended[i]);
    maske_encoding_free(&e);
    maske_encoding_free(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_input in = fuzz_start(data, size);
    unsigned choice = fuzz_byte(&in);
    int64_t first = 16 + 2 * (int64_t)fuzz_byte(&in), second = first + fuzz_byte(&in);
    maske_tokenizer_train_options o = settings(choice, first);
    fuzz_part old = fuzz_text(&in), fresh = fuzz_valid(fuzz_rest(&in));
    const char *paths[] = {fuzz_write("old.txt", old)}, *path = fuzz_write("new.txt", fresh);
    maske_tokenizer *base = NULL;
    if (fuzz_ok(maske_tokenizer_train(&base, &(maske_text){paths, 1, NULL}, &o, &(maske_control){.threads = 1}, NULL))) {
        maske_tokenizer *larger = NULL, *shrunk = NULL;
        o.vocab_size = second;
        MUST(maske_tokenizer_train(&larger, &(maske_text){paths, 1, NULL}, &o, &(maske_control){.threads = 1}, NULL));
        if (fuzz_ok(maske_tokenizer_shrink(&shrunk, larger, first))) check_same(shrunk, base);
        check_extended(base, path, &o, fresh.at, fresh.length);
        maske_tokenizer_free(larger);
        maske_tokenizer_free(shrunk);
    }
    maske_tokenizer_free(base);
    free((char *)(uintptr_t)fresh.at);
    return 0;
}
