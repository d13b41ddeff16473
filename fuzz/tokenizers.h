/* fuzz/tokenizers.h: tokenizers to choose from by a number: those of the tests, and one learned from a small text for
 * each pre-tokenizer and normalizer. */
#ifndef MASKE_FUZZ_TOKENIZERS_H
#define MASKE_FUZZ_TOKENIZERS_H

#include "tokenizer_checks.h"

static const char *const fuzz_files[] = {"/tasks/bytelevel", "/tasks/metaspace", "/tasks/wordpiece"};
static const char *const fuzz_cutters[] = {"bytelevel", "metaspace", "bert", "whitespace"};
static const char *const fuzz_normalizers[] = {"none", "nfc", "nfkc", "bert-cased", "bert-uncased", "lower-tr"};
enum { FUZZ_FILES = 3, FUZZ_CUTTERS = 4, FUZZ_NORMALIZERS = 6,
       FUZZ_TOKENIZERS = FUZZ_FILES + FUZZ_CUTTERS * FUZZ_NORMALIZERS };

static inline maske_tokenizer *fuzz_make_tokenizer(unsigned which) {
    maske_tokenizer *t = NULL;
    char path[512];
    if (which < FUZZ_FILES) {
        snprintf(path, sizeof path, "%s%s", TEST_DATA, fuzz_files[which]);
        MUST(maske_tokenizer_open(&t, path));
        return t;
    }
    maske_tokenizer_train_options options;
    maske_tokenizer_train_options_defaults(&options);
    options.vocab_size = 420;
    options.pre_tokenizer = fuzz_cutters[(which - FUZZ_FILES) / FUZZ_NORMALIZERS];
    options.normalizer = fuzz_normalizers[(which - FUZZ_FILES) % FUZZ_NORMALIZERS];
    snprintf(path, sizeof path, "%s/train/kasaba.txt", TEST_DATA);
    const char *paths[] = {path};
    MUST(maske_tokenizer_train(&t, &(maske_text){paths, 1, NULL}, &options, &(maske_control){.threads = 1}, NULL));
    return t;
}

static maske_tokenizer *fuzz_made[FUZZ_TOKENIZERS];
static inline void fuzz_free_tokenizers(void) {
    for (int i = 0; i < FUZZ_TOKENIZERS; i++) maske_tokenizer_free(fuzz_made[i]);
}
/* Made when first asked for; borrowed. */
static inline const maske_tokenizer *fuzz_tokenizer(unsigned which) {
    static bool registered;
    if (!registered) atexit(fuzz_free_tokenizers);
    registered = true;
    which %= FUZZ_TOKENIZERS;
    if (fuzz_made[which] == NULL) fuzz_made[which] = fuzz_make_tokenizer(which);
    return fuzz_made[which];
}

#endif
