/* fuzz/tokenizer_class.c: a folder with a tokenizer.json and all that may say how it is to be read: the class, its settings,
 * tokens that are named or added. Saved, and saved again, the folder reads the same. */
#include "tokenizer_folder.h"

/* The tokenizer of what is saved of t. */
static maske_tokenizer *save_and_open(const maske_tokenizer *t) {
    maske_tokenizer *again = NULL;
    const char *folder = fuzz_path("saved");
    MUST(folder_make(folder));
    MUST(maske_tokenizer_save(t, folder));
    MUST(maske_tokenizer_open(&again, folder));
    MUST(folder_remove(folder));
    return again;
}

static void check_same(const maske_tokenizer *t, const maske_tokenizer *again) {
    maske_encoding e = {0}, f = {0};
    maske_encode_options options = fuzz_plain(t);
    for (int i = 0; i < FUZZ_TEXTS; i++) {
        maske_status status = maske_tokenizer_encode(t, fuzz_texts[i], strlen(fuzz_texts[i]), NULL, 0, &options, &e);
        CHECK(maske_tokenizer_encode(again, fuzz_texts[i], strlen(fuzz_texts[i]), NULL, 0, &options, &f) == status);
        if (status != MASKE_OK) continue;
        CHECK(e.count == f.count && (e.count == 0 || memcmp(e.ids, f.ids, e.count * sizeof *e.ids) == 0));
    }
    for (int role = 0; role < MASKE_SPECIAL_COUNT; role++)
        CHECK(maske_tokenizer_special(t, (maske_special)role) == maske_tokenizer_special(again, (maske_special)role));
    maske_encoding_free(&e);
    maske_encoding_free(&f);
}

/* A file may give two tokens one id, of which one is lost and then named; what was saved once has no such thing. */
static void check_saved_folder(const maske_tokenizer *t) {
    maske_tokenizer *once = save_and_open(t), *twice = save_and_open(once);
    check_same(once, twice);
    maske_tokenizer_free(once);
    maske_tokenizer_free(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const names[] = {"tokenizer.json", "tokenizer_config.json", "config.json", "special_tokens_map.json",
                                        "added_tokens.json"};
    fuzz_input in = fuzz_start(data, size);
    maske_tokenizer *t = NULL;
    fuzz_write_files(&in, names, 5);
    if (!fuzz_ok(maske_tokenizer_open(&t, fuzz_folder()))) return 0;
    check_tokenizer(t);
    check_saved_folder(t);
    maske_tokenizer_free(t);
    return 0;
}
