/* tasks/sentence.c */
#include "tasks/sentence.h"
#include "base/json_parse.h"
#include "base/number.h"

#include <stdlib.h>

enum { SMALL_JSON = 1 << 20 };

/* One list: the mode, its key in older files, its name in newer ones. */
static const struct { maske_pooling pooling; const char *key, *name; } modes[] = {
    {MASKE_POOLING_CLS, "pooling_mode_cls_token", "cls"},
    {MASKE_POOLING_MEAN, "pooling_mode_mean_tokens", "mean"},
    {MASKE_POOLING_MAX, "pooling_mode_max_tokens", "max"},
    {MASKE_POOLING_MEAN_SQRT_LEN, "pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens"},
    {MASKE_POOLING_WEIGHTED_MEAN, "pooling_mode_weightedmean_tokens", "weightedmean"},
    {MASKE_POOLING_LAST, "pooling_mode_lasttoken", "lasttoken"}};
enum { MODES = sizeof modes / sizeof modes[0] };

/* The object of folder/name; *out NULL: there is no such file. *path is yours, for sentences. */
static maske_status read_json(json_t **out, char **path, const char *folder, const char *name) {
    *out = NULL;
    TRY(path_join(path, folder, name));
    maske_status status = path_exists(*path) ? json_read_object(out, *path, SMALL_JSON) : MASKE_OK;
    if (status == MASKE_OK) return MASKE_OK;
    free(*path);
    *path = NULL;
    return status;
}

static void refuse(sentence_modules *m, const char *what, const char *name) {
    if (m->unsupported[0] == '\0') number_print(m->unsupported, sizeof m->unsupported, "%s%.60s", what, name);
}

static maske_status read_modes(sentence_modules *m, const json_t *object, const char *path) {
    int chosen = 0;
    const json_t *mode = json_object_get(object, "pooling_mode");
    for (int i = 0; i < MODES; i++) {
        bool on = false;
        TRY(json_get_boolean_or(&on, false, object, modes[i].key, path));
        if (json_is_string(mode) && strcmp(json_string_value(mode), modes[i].name) == 0) on = true;
        if (!on) continue;
        m->pooling = modes[i].pooling;
        chosen++;
    }
    if (chosen > 1) refuse(m, "several kinds of pooling side by side", "");
    if (chosen == 0) refuse(m, "a kind of pooling that is not known", "");
    return MASKE_OK;
}

static maske_status read_pooling(sentence_modules *m, const char *folder, const char *module) {
    json_t *object = NULL;
    char *path = NULL, *pooling = NULL;
    TRY(path_join(&pooling, folder, module));
    maske_status status = read_json(&object, &path, pooling, "config.json");
    if (status == MASKE_OK && object != NULL) status = read_modes(m, object, path);
    json_decref(object);
    free(path);
    free(pooling);
    return status;
}

/* A module's folder is one below, or the folder itself (""). */
static bool is_plain(const char *path) { return strchr(path, '/') == NULL && strcmp(path, "..") != 0; }

static maske_status read_module(sentence_modules *m, const char *folder, const char *file, const json_t *module) {
    const char *type = NULL, *path = NULL;
    TRY(json_get_text(&type, module, "type", file));
    TRY(json_get_text_or(&path, "", module, "path", file));
    const char *dot = strrchr(type, '.'), *kind = dot != NULL ? dot + 1 : type;
    if (!is_plain(path))
        return error_set(MASKE_BAD_FILE, "%s: \"path\": found \"%.200s\", expected a folder beside this file", file,
                         path);
    if (strcmp(kind, "Pooling") == 0) return read_pooling(m, folder, path);
    if (strcmp(kind, "Normalize") == 0) return m->normalize = true, MASKE_OK;
    if (strcmp(kind, "Transformer") != 0) return refuse(m, "a module of the kind ", kind), MASKE_OK;
    if (path[0] == '\0') return MASKE_OK;
    free(m->network);
    m->network = NULL;
    return path_join(&m->network, folder, path);
}

/* modules.json is an array. */
static maske_status read_list(sentence_modules *m, const char *folder, const char *file) {
    char *text = NULL;
    size_t length = 0;
    TRY(file_read(&text, &length, file, SMALL_JSON));
    json_fault fault = {0};
    json_t *list = json_parse(text, length, JSON_REJECT_DUPLICATES, &fault);
    maske_status status = MASKE_OK;
    if (list == NULL && fault.out_of_memory) status = error_memory(length, file);
    else if (!json_is_array(list))
        status = error_set(MASKE_BAD_FILE, "%s: found %s, expected a list of modules", file,
                           list != NULL ? json_kind(list) : "no JSON");
    m->pooling = MASKE_POOLING_DEFAULT;
    for (size_t i = 0; status == MASKE_OK && i < json_array_size(list); i++)
        status = json_is_object(json_array_get(list, i))
                     ? read_module(m, folder, file, json_array_get(list, i))
                     : error_set(MASKE_BAD_FILE, "%s: module %zu: found %s, expected an object", file, i,
                                 json_kind(json_array_get(list, i)));
    if (m->pooling == MASKE_POOLING_DEFAULT) m->pooling = MASKE_POOLING_MEAN;
    json_decref(list);
    free(text);
    return status;
}

maske_status sentence_modules_read(sentence_modules *out, const char *folder) {
    sentence_modules m = {.pooling = MASKE_POOLING_MEAN};
    char *path = NULL;
    TRY(memory_copy_text(&m.network, folder, strlen(folder)));
    maske_status status = path_join(&path, folder, "modules.json");
    if (status == MASKE_OK && path_exists(path)) status = read_list(&m, folder, path);
    else if (status == MASKE_OK) status = read_pooling(&m, folder, "1_Pooling");
    free(path);
    if (status == MASKE_OK) *out = m;
    else sentence_modules_free(&m);
    return status;
}

void sentence_modules_free(sentence_modules *modules) {
    if (modules == NULL) return;
    free(modules->network);
    *modules = (sentence_modules){0};
}
