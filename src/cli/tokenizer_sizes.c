/* cli/tokenizer_sizes.c: the list of sizes, and writing each. */
#include "cli/tokenizer_sizes.h"
#include "base/model_files.h"
#include "base/output_folder.h"
#include "base/options.h"

#include <stdio.h>
#include <stdlib.h>

maske_status tokenizer_sizes_read(tokenizer_sizes *out, const char *list, maske_tokenizer_train_options *training) {
    const maske_option *row = maske_tokenizer_train_option_table();
    while (strcmp(row->name, "vocab-size") != 0) row++;
    for (const char *at = list; at != NULL; at++) {
        char text[24];
        size_t length = strcspn(at, ",");
        maske_tokenizer_train_options one = *training;
        if (out->count == TOKENIZER_SIZES_MOST)
            return error_set(MASKE_BAD_ARGUMENT, "--vocab-sizes %s: more than %d sizes", list, TOKENIZER_SIZES_MOST);
        snprintf(text, sizeof text, "%.*s", length < sizeof text ? (int)length : (int)sizeof text - 1, at);
        TRY(option_set(row, &one, text, "--vocab-sizes"));
        out->sizes[out->count++] = one.vocab_size;
        if (out->count == 1 || one.vocab_size > training->vocab_size) training->vocab_size = one.vocab_size;
        at += length;
        if (*at == '\0') return MASKE_OK;
    }
    return MASKE_OK;
}

static maske_status write_one(const tokenizer_sizes *what, const maske_tokenizer *tokenizer, const char *folder) {
    return what->model != NULL ? maske_model_extend(what->model, tokenizer, folder, true)
                               : maske_tokenizer_save(tokenizer, folder);
}

static maske_status write_size(const tokenizer_sizes *what, const char *folder, int64_t size) {
    char name[24];
    char *inner = NULL;
    maske_tokenizer *smaller = NULL;
    snprintf(name, sizeof name, "%lld", (long long)size);
    TRY(path_join(&inner, folder, name));
    maske_status status = folder_make(inner);
    if (status == MASKE_OK) status = maske_tokenizer_shrink(&smaller, what->tokenizer, size);
    if (status == MASKE_OK) status = write_one(what, smaller, inner);
    maske_tokenizer_free(smaller);
    free(inner);
    return status;
}

static maske_status write_all(void *sizes, const char *folder) {
    const tokenizer_sizes *what = sizes;
    if (what->count == 0) return write_one(what, what->tokenizer, folder);
    for (size_t i = 0; i < what->count; i++) TRY(write_size(what, folder, what->sizes[i]));
    return MASKE_OK;
}

maske_status tokenizer_sizes_check(const char *out, bool force, const options *o) {
    TRY(output_folder_check(out, force));
    for (size_t i = 0; i < o->argument_count; i++) TRY(tokenizer_files_expect_apart(o->arguments[i], out));
    return MASKE_OK;
}

maske_status tokenizer_sizes_write(tokenizer_sizes *sizes, const char *out, bool force) {
    return output_folder_write(out, force, write_all, sizes, sizes->count == 0 ? tokenizer_files : NULL);
}
