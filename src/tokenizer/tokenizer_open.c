/* tokenizer/tokenizer_open.c: maske_tokenizer_open: which file a path means, and which reader reads it. */
#include "base/modules.h"
#include "tokenizer/tokenizer_read.h"

#include <stdlib.h>

/* The folder that a file lies in: "." for a bare name. */
static maske_status folder_of(char **out, const char *path) {
    const char *slash = strrchr(path, '/');
    if (slash == NULL) return memory_copy_text(out, ".", 1);
    return memory_copy_text(out, path, slash == path ? 1 : (size_t)(slash - path));
}

static bool is_named(const char *path, const char *name) {
    const char *slash = strrchr(path, '/');
    return strcmp(slash != NULL ? slash + 1 : path, name) == 0;
}

/* A .json file is a tokenizer.json if that is its name, or if it has a model or a version (an entry of that name has a
 * number), else the entries of a vocab.json. */
static maske_status open_json(maske_tokenizer **out, const char *path, const char *folder,
                              const tokenizer_config *config) {
    tokenizer_json json = {0};
    char *merges = NULL, *text = NULL;
    size_t length = 0;
    bool entries = name_ends_with(path, "vocab.json");
    TRY(file_read(&text, &length, path, entries ? TOKENIZER_VOCAB_LIMIT : TOKENIZER_JSON_LIMIT));
    maske_status status = tokenizer_json_parse(&json, text, length, path, entries);
    free(text);
    TRY(status);
    if (is_named(path, "tokenizer.json") || json_is_object(json_object_get(json.root, "model")) ||
        json_is_string(json_object_get(json.root, "version"))) {
        status = tokenizer_read_json(out, &json, path, config);
    } else {
        status = path_join(&merges, folder, "merges.txt");
        if (status == MASKE_OK)
            status = tokenizer_read_vocab_json(out, &json, path, path_exists(merges) ? merges : NULL, config);
    }
    tokenizer_json_free(&json);
    free(merges);
    return status;
}

/* whole: a folder was asked for, not the file. */
static maske_status open_file(maske_tokenizer **out, const char *path, const char *folder, bool whole) {
    tokenizer_config config = {0};
    TRY(tokenizer_config_read(&config, folder));
    config.file_alone = !whole;
    maske_status status = MASKE_OK;
    if (name_ends_with(path, "merges.txt")) {
        char *entries = NULL;
        status = path_join(&entries, folder, "vocab.json");
        if (status == MASKE_OK) status = open_json(out, entries, folder, &config);
        free(entries);
    } else if (name_ends_with(path, ".txt")) {
        status = tokenizer_read_vocab_txt(out, path, &config);
    } else {
        status = open_json(out, path, folder, &config);
    }
    tokenizer_config_free(&config);
    return status;
}

/* vocab.txt and vocab.json say nothing of what their class does with a text: other ids than its own would come out. */
static maske_status refuse_class(const char *folder, const char *file) {
    tokenizer_config config = {0};
    TRY(tokenizer_config_read(&config, folder));
    const char *name = config.class == CLASS_OTHER ? config.class_name : NULL;
    tokenizer_config_free(&config);
    if (name == NULL) return MASKE_OK;
    return error_set(MASKE_UNSUPPORTED, "%s: the tokenizer's class is %s, whose rules for a %s are not in maske, expected a "
                     "tokenizer.json beside it", folder, name, file);
}

static maske_status open_folder(maske_tokenizer **out, const char *folder) {
    static const char *const files[] = { "tokenizer.json", "vocab.json", "vocab.txt" };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = NULL;
        TRY(path_join(&path, folder, files[i]));
        bool there = path_exists(path);
        maske_status status = there && i > 0 ? refuse_class(folder, files[i]) : MASKE_OK;
        if (there && status == MASKE_OK) status = open_file(out, path, folder, true);
        free(path);
        if (there) return status;
    }
    return error_set(MASKE_IO, "%s: found no tokenizer.json, no vocab.json and no vocab.txt in this folder", folder);
}

maske_status maske_tokenizer_open(maske_tokenizer **out, const char *path) {
    char *folder = NULL;
    bool whole = path_is_folder(path);
    TRY(whole ? modules_find_network(&folder, path) : folder_of(&folder, path));
    maske_status status = whole ? open_folder(out, folder) : open_file(out, path, folder, false);
    free(folder);
    return status;
}
