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

/* The file that a folder is read from, if it is there; *path is NULL if not. */
static maske_status find_file(char **path, const char *folder, const char *file) {
    *path = NULL;
    TRY(path_join(path, folder, file));
    if (path_exists(*path)) return MASKE_OK;
    free(*path);
    *path = NULL;
    return MASKE_OK;
}

/* A folder without a tokenizer.json. BERT's class reads its vocab.txt, whatever lies beside it. vocab.txt and vocab.json say
 * nothing of what another class does with a text: other ids than its own would come out. */
static maske_status open_older(maske_tokenizer **out, const char *folder) {
    static const char *const files[] = {"vocab.json", "vocab.txt"};
    tokenizer_config config = {0};
    TRY(tokenizer_config_read(&config, folder));
    const char *other = config.class == CLASS_OTHER ? config.class_name : NULL;
    size_t first = config.class == CLASS_BERT;
    tokenizer_config_free(&config);
    for (size_t i = 0; i < 2; i++) {
        char *path = NULL;
        const char *file = files[(first + i) % 2];
        TRY(find_file(&path, folder, file));
        if (path == NULL) continue;
        maske_status status = other == NULL ? open_file(out, path, folder, true)
            : error_set(MASKE_UNSUPPORTED, "%s: the tokenizer's class is %s, whose rules for a %s are not in maske, expected a "
                        "tokenizer.json beside it", folder, other, file);
        free(path);
        return status;
    }
    return error_set(MASKE_IO, "%s: found no tokenizer.json, no vocab.json and no vocab.txt in this folder", folder);
}

static maske_status open_folder(maske_tokenizer **out, const char *folder) {
    char *path = NULL;
    TRY(find_file(&path, folder, "tokenizer.json"));
    if (path == NULL) return open_older(out, folder);
    maske_status status = open_file(out, path, folder, true);
    free(path);
    return status;
}

maske_status maske_tokenizer_open(maske_tokenizer **out, const char *path) {
    char *folder = NULL;
    bool whole = path_is_folder(path);
    TRY(whole ? modules_find_network(&folder, path) : folder_of(&folder, path));
    maske_status status = whole ? open_folder(out, folder) : open_file(out, path, folder, false);
    free(folder);
    return status;
}
