/* tasks/sentence.c */
#include "tasks/sentence.h"
#include "base/modules.h"
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

static const char unsupported[] = ", which is not supported";

/* The first obstacle is the one that is told. */
void sentence_modules_refuse(sentence_modules *m, const char *what, const char *name, const char *why) {
    if (m->obstacle[0] == '\0') number_print(m->obstacle, sizeof m->obstacle, "%s%.60s%s", what, name, why);
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
    bool prompt = true;
    TRY(json_get_boolean_or(&prompt, true, object, "include_prompt", path));
    m->without_prompt = !prompt;
    if (chosen > 1) sentence_modules_refuse(m, "several kinds of pooling side by side", "", unsupported);
    if (chosen == 0) sentence_modules_refuse(m, "a kind of pooling that is not known", "", unsupported);
    return MASKE_OK;
}

static maske_status read_pooling(sentence_modules *m, const char *folder, const char *module) {
    json_t *object = NULL;
    char *path = NULL, *pooling = NULL;
    TRY(path_join(&pooling, folder, module));
    maske_status status = read_json(&object, &path, pooling, "config.json");
    if (status == MASKE_OK && object != NULL) status = read_modes(m, object, path);
    if (status == MASKE_OK && object == NULL)
        sentence_modules_refuse(m, "the config.json of its module ", module, ", which is not there");
    json_decref(object);
    free(path);
    free(pooling);
    return status;
}

static maske_status take_network_settings(sentence_modules *m, const json_t *object, const char *path) {
    if (m->listed) TRY(json_get_boolean_or(&m->lower_case, false, object, "do_lower_case", path));
    return json_get_integer_or(&m->max_length, 0, object, "max_seq_length", SENTENCE_LENGTH_LEAST, 1 << 30, path);
}

/* The first file that says anything counts. A folder without modules.json has only the newest name. */
static maske_status read_network_settings(sentence_modules *m) {
    for (size_t i = 0; modules_network_files[i] != NULL && (i == 0 || m->listed); i++) {
        json_t *object = NULL;
        char *path = NULL;
        TRY(read_json(&object, &path, m->network, modules_network_files[i]));
        bool said = json_object_size(object) > 0;
        maske_status status = said ? take_network_settings(m, object, path) : MASKE_OK;
        json_decref(object);
        free(path);
        if (said) return status;
    }
    return MASKE_OK;
}

static maske_status take_prompt(sentence_modules *m, const json_t *object, const char *path) {
    const char *name = NULL;
    TRY(json_get_text_or(&name, NULL, object, "default_prompt_name", path));
    if (name == NULL) return MASKE_OK;
    const json_t *prompt = json_object_get(json_object_get(object, "prompts"), name);
    const char *text = json_string_value(prompt);
    /* These two every model has, empty where the file does not say more. */
    bool usual = strcmp(name, "query") == 0 || strcmp(name, "document") == 0;
    if (text == NULL && !json_is_null(prompt) && !usual)
        sentence_modules_refuse(m, "the prompt ", name, ", which is not among the folder's prompts");
    if (text == NULL || text[0] == '\0') return MASKE_OK;
    /* Which tokens are the prompt's is not known once the text is cut into tokens. */
    if (m->without_prompt) sentence_modules_refuse(m, "pooling without the tokens of a prompt", "", unsupported);
    return memory_copy_text(&m->prompt, text, strlen(text));
}

static maske_status read_prompt(sentence_modules *m, const char *folder) {
    json_t *object = NULL;
    char *path = NULL;
    TRY(read_json(&object, &path, folder, "config_sentence_transformers.json"));
    maske_status status = object != NULL ? take_prompt(m, object, path) : MASKE_OK;
    json_decref(object);
    free(path);
    return status;
}

static maske_status read_modules(sentence_modules *out, const modules *list) {
    out->pooling = MASKE_POOLING_MEAN;
    out->listed = list->listed;
    for (size_t i = 0; i < modules_count(list); i++) {
        const char *kind = modules_kind(list, i);
        if (strcmp(kind, "Pooling") == 0) TRY(read_pooling(out, list->folder, modules_path(list, i)));
        else if (strcmp(kind, "Normalize") == 0) out->normalize = true;
        else if (strcmp(kind, "Transformer") != 0)
            sentence_modules_refuse(out, "a module of the kind ", kind, unsupported);
    }
    TRY(modules_network(&out->network, list));
    if (out->listed) TRY(read_prompt(out, list->folder));
    return read_network_settings(out);
}

maske_status sentence_modules_read(sentence_modules *out, const char *folder) {
    sentence_modules m = {0};
    modules list = {0};
    TRY(modules_read(&list, folder));
    maske_status status = read_modules(&m, &list);
    modules_free(&list);
    if (status == MASKE_OK) *out = m;
    else sentence_modules_free(&m);
    return status;
}

void sentence_modules_free(sentence_modules *m) {
    if (m == NULL) return;
    free(m->network);
    free(m->prompt);
    *m = (sentence_modules){0};
}
