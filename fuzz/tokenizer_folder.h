/* fuzz/tokenizer_folder.h: a tokenizer's folder of several files, each ended by a NUL byte in the input. */
#ifndef MASKE_FUZZ_TOKENIZER_FOLDER_H
#define MASKE_FUZZ_TOKENIZER_FOLDER_H

#include "tokenizer_checks.h"

/* An empty part: that file is not there. */
static inline void fuzz_write_files(fuzz_input *in, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        fuzz_part part = fuzz_text(in);
        if (part.length > 0) (void)fuzz_write(names[i], part);
        else unlink(fuzz_path(names[i]));
    }
}

static inline void check_folder(fuzz_input *in, const char *const *names, size_t count) {
    maske_tokenizer *t = NULL;
    /* The folder, or one of the files by its name. */
    const char *path = in->left % 3 == 0 ? fuzz_folder() : fuzz_path(names[in->left % 3 == 1 ? 0 : 1]);
    fuzz_write_files(in, names, count);
    if (!fuzz_ok(maske_tokenizer_open(&t, path))) return;
    check_tokenizer(t);
    maske_tokenizer_free(t);
}

#endif
