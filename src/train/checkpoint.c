/* train/checkpoint.c: writing, finding, checking and reading checkpoints. */
#include "train/checkpoint.h"
#include "base/log.h"
#include "base/number.h"
#include "train/fingerprint.h"
#include "train/settings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static const char state_name[] = "trainer_state.json", moments_name[] = CHECKPOINT_MOMENTS;
static const char own_fingerprint[] = "fingerprint";
enum { STATE_LIMIT = 1 << 20 };

/* Both moments of every parameter, in the table's order; where there is one, the average of the weights behind them. */
static const char *const moment_prefixes[] = {"exp_avg.", "exp_avg_sq.", "average."};
static float *moment_of(const optimizer *o, int moment) {
    return moment == 0 ? o->first_moment : moment == 1 ? o->second_moment : o->average;
}
typedef struct moment_name { char text[96]; } moment_name;
static moment_name name_of_moment(int moment, const parameter *row) {
    moment_name name;
    snprintf(name.text, sizeof name.text, "%s%s", moment_prefixes[moment], row->name);
    return name;
}

/* ------------------------------------------------------------------------------------------------------ writing --- */

static maske_status write_moments(safetensors_writer *w, const parameters *table, const optimizer *o) {
    int moments = o->averaged > 0 ? 3 : 2;
    for (int moment = 0; moment < moments; moment++)
        for (size_t i = 0; i < table->count; i++) {
            const parameter *row = &table->rows[i];
            TRY(safetensors_writer_declare(w, name_of_moment(moment, row).text, SAFETENSORS_F32, row->shape,
                                           row->rank));
        }
    TRY(safetensors_writer_begin(w));
    for (int moment = 0; moment < moments; moment++)
        for (size_t i = 0; i < table->count; i++) {
            const float *values = moment_of(o, moment);
            TRY(safetensors_writer_add_floats(w, values + table->rows[i].place, table->rows[i].elements));
        }
    return MASKE_OK;
}

static maske_status begin_moments(safetensors_writer *out, const char *folder, const parameters *table,
                                  const optimizer *o) {
    char *path;
    TRY(path_join(&path, folder, moments_name));
    safetensors_writer w = {0};
    maske_status status = safetensors_writer_open(&w, path, true);
    if (status == MASKE_OK) status = write_moments(&w, table, o);
    if (status == MASKE_OK) status = safetensors_writer_flush(&w);
    if (status == MASKE_OK) *out = w;
    else safetensors_writer_abandon(&w);
    free(path);
    return status;
}

maske_status checkpoint_save_moments(const char *folder, const parameters *table, const optimizer *o) {
    safetensors_writer w = {0};
    TRY(begin_moments(&w, folder, table, o));
    return safetensors_writer_commit(&w);
}

typedef struct file_list { json_writer *w; const char *folder; } file_list;

static maske_status add_file(void *user, const char *name) {
    file_list *list = user;
    /* What a killed writing left belongs to no checkpoint: the next one takes its name away. */
    if (strcmp(name, state_name) == 0 || name_is_part(name)) return MASKE_OK;
    char *path, fingerprint[17];
    uint64_t value;
    int64_t bytes;
    TRY(path_join(&path, list->folder, name));
    maske_status status = fingerprint_file(&value, &bytes, path, NULL);
    free(path);
    TRY(status);
    fingerprint_print(fingerprint, value);
    json_begin_object(list->w);
    json_key(list->w, "name");
    json_text(list->w, name);
    json_key(list->w, "bytes");
    json_int(list->w, bytes);
    json_key(list->w, "fingerprint");
    json_text(list->w, fingerprint);
    json_end_object(list->w);
    return MASKE_OK;
}

/* trainer_state.json, the last file of the folder: it lists all others. */
static maske_status write_state(buffer *text, const char *folder, const checkpoint_parts *parts) {
    json_writer w = json_writer_start(text, true);
    json_begin_object(&w);
    json_key(&w, "format");
    json_int(&w, TRAINER_STATE_FORMAT);
    trainer_state_write(&w, parts->state);
    json_key(&w, "settings");
    settings_write(&w, parts->settings);
    json_key(&w, "identity");
    run_identity_write(&w, parts->identity);
    json_key(&w, "files");
    json_begin_array(&w);
    TRY(folder_list(folder, add_file, &(file_list){&w, folder}));
    json_end_array(&w);
    TRY(json_writer_end(&w));
    char fingerprint[17];
    fingerprint_print(fingerprint, fingerprint_bytes(text->data, text->length));
    json_key(&w, own_fingerprint);
    json_text(&w, fingerprint);
    json_end_object(&w);
    TRY(json_writer_end(&w));
    return buffer_add_text(text, "\n");
}

static maske_status save_state(const char *folder, const checkpoint_parts *parts) {
    buffer text = {0};
    char *path = NULL;
    maske_status status = path_join(&path, folder, state_name);
    if (status == MASKE_OK) status = write_state(&text, folder, parts);
    if (status == MASKE_OK) status = file_write_atomic(path, text.data, text.length, true);
    buffer_free(&text);
    free(path);
    return status;
}

static maske_status step_path(char **out, const char *folder, int64_t step) {
    char name[32];
    snprintf(name, sizeof name, "step-%lld", (long long)step);
    return path_join(out, folder, name);
}

/* The folder is removed, and the failure that led here stays the one that is heard. What cannot be removed has a name
 * that the next writing of this checkpoint takes away. */
maske_status checkpoint_abandon(checkpoint_writing *w, maske_status status) {
    error_text why = error_keep();
    safetensors_writer_abandon(&w->weights);
    safetensors_writer_abandon(&w->moments);
    if (w->part != NULL) (void)!folder_remove(w->part);
    free(w->path);
    free(w->part);
    *w = (checkpoint_writing){0};
    return error_set(status, "%s", why.text);
}

static maske_status begin(checkpoint_writing *w, const char *folder, const checkpoint_parts *parts) {
    TRY(step_path(&w->path, folder, parts->state->step));
    if (path_exists(w->path)) return MASKE_OK;
    TRY(folder_make(folder));
    TRY(folder_stage(&w->part, NULL, w->path));         /* the run's lock is held */
    TRY(masked_lm_save_begin(&w->weights, parts->model, w->part));
    return begin_moments(&w->moments, w->part, &parts->model->table, parts->optimizer);
}

maske_status checkpoint_save_begin(checkpoint_writing *out, const char *folder, const checkpoint_parts *parts) {
    checkpoint_writing w = {0};
    maske_status status = begin(&w, folder, parts);
    if (status != MASKE_OK) return checkpoint_abandon(&w, status);
    *out = w;
    return MASKE_OK;
}

static maske_status end(checkpoint_writing *w, const checkpoint_parts *parts) {
    if (w->part == NULL) return save_state(w->path, parts);
    TRY(masked_lm_save_end(&w->weights, parts->model, w->part));
    TRY(safetensors_writer_commit(&w->moments));
    TRY(maske_tokenizer_save(parts->tokenizer, w->part));
    TRY(save_state(w->part, parts));
    return folder_commit(w->part, w->path);
}

maske_status checkpoint_save_end(checkpoint_writing *w, const checkpoint_parts *parts) {
    maske_status status = end(w, parts);
    if (status != MASKE_OK) return checkpoint_abandon(w, status);
    free(w->path);
    free(w->part);
    *w = (checkpoint_writing){0};
    return MASKE_OK;
}

maske_status checkpoint_save(const char *folder, const checkpoint_parts *parts) {
    checkpoint_writing w;
    TRY(checkpoint_save_begin(&w, folder, parts));
    return checkpoint_save_end(&w, parts);
}

/* ------------------------------------------------------------------------------------------------------ finding --- */

typedef struct step_list { int64_t *steps; size_t count, capacity; } step_list;

static maske_status add_step(void *user, const char *name) {
    step_list *list = user;
    int64_t step;
    if (strncmp(name, "step-", 5) != 0 || !number_parse_integer(&step, name + 5) || step < 0) return MASKE_OK;
    TRY(memory_reserve(&list->steps, &list->capacity, list->count + 1, sizeof *list->steps, "the list of checkpoints"));
    list->steps[list->count++] = step;
    return MASKE_OK;
}

static int compare_descending(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x < y) - (x > y);
}

/* The steps of the checkpoints in the folder, newest first; steps is yours. */
static maske_status list_steps(step_list *out, const char *folder) {
    step_list list = {0};
    /* A link to a disk that is not there just now is no empty folder: opening it fails, and says so. */
    maske_status status = path_exists(folder) ? folder_list(folder, add_step, &list) : MASKE_OK;
    if (status != MASKE_OK) {
        free(list.steps);
        return status;
    }
    if (list.count > 0) qsort(list.steps, list.count, sizeof *list.steps, compare_descending);
    *out = list;
    return MASKE_OK;
}

static maske_status remove_step(const char *folder, int64_t step) {
    char *path;
    TRY(step_path(&path, folder, step));
    maske_status status = folder_remove(path);
    free(path);
    return status;
}

maske_status checkpoint_prune(const char *folder, int64_t keep) {
    step_list list;
    TRY(list_steps(&list, folder));
    maske_status status = MASKE_OK;
    for (size_t i = 0; i < list.count && status == MASKE_OK; i++)
        if ((int64_t)i >= keep) status = remove_step(folder, list.steps[i]);
    free(list.steps);
    return status;
}

maske_status checkpoint_remove_after(const char *folder, int64_t step) {
    step_list list;
    TRY(list_steps(&list, folder));
    maske_status status = MASKE_OK;
    for (size_t i = 0; i < list.count && status == MASKE_OK; i++)
        if (list.steps[i] > step) status = remove_step(folder, list.steps[i]);
    free(list.steps);
    return status;
}

maske_status checkpoint_count(size_t *count, const char *folder) {
    step_list list;
    TRY(list_steps(&list, folder));
    *count = list.count;
    free(list.steps);
    return MASKE_OK;
}

static maske_status remove_part(void *user, const char *name) {
    return name_is_part(name) ? folder_remove_name(user, name) : MASKE_OK;
}

maske_status checkpoint_tidy(const char *folder, int64_t keep) {
    if (path_is_folder(folder)) TRY(folder_list(folder, remove_part, (void *)(uintptr_t)folder));
    return checkpoint_prune(folder, keep);
}

/* ----------------------------------------------------------------------------------------------------- checking --- */

static maske_status check_file(const char *folder, const json_t *entry, const char *place) {
    const char *name = NULL;
    int64_t bytes = 0, found_bytes = 0;
    uint64_t fingerprint = 0, found = 0;
    TRY(json_get_text(&name, entry, "name", place));
    TRY(json_get_integer(&bytes, entry, "bytes", 0, INT64_MAX, place));
    TRY(fingerprint_read(&fingerprint, entry, "fingerprint", place));
    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL)
        return error_set(MASKE_BAD_FILE, "%s: found the file name \"%.100s\", expected one in this folder", place,
                         name);
    char *path;
    TRY(path_join(&path, folder, name));
    struct stat info;
    maske_status status = MASKE_OK;
    if (!path_exists(path)) status = error_set(MASKE_BAD_FILE, "%s: is missing", path);
    else if (lstat(path, &info) != 0) status = error_io(path, "open");
    else if (!S_ISREG(info.st_mode)) status = error_set(MASKE_BAD_FILE, "%s: not a regular file", path);
    if (status == MASKE_OK) status = fingerprint_file(&found, &found_bytes, path, NULL);
    if (status == MASKE_OK && (found_bytes != bytes || found != fingerprint))
        status = error_set(MASKE_BAD_FILE, "%s: %lld bytes with fingerprint %016llx, expected %lld with %016llx", path,
                           (long long)found_bytes, (unsigned long long)found, (long long)bytes,
                           (unsigned long long)fingerprint);
    free(path);
    return status;
}

static maske_status check_format(const json_t *object, const char *place) {
    int64_t format = 0;
    TRY(json_get_integer(&format, object, "format", 1, INT64_MAX, place));
    if (format <= TRAINER_STATE_FORMAT) return MASKE_OK;
    return error_set(MASKE_UNSUPPORTED, "%s: format %lld, this maske (%s) reads up to %d", place, (long long)format,
                     MASKE_VERSION, TRAINER_STATE_FORMAT);
}

/* Every file in the list is what it was; and what a run goes on from is in the list, or nothing is known of it. */
static maske_status check_files(const char *folder, const json_t *files, const char *place) {
    static const char *const needed[] = {"config.json", "model.safetensors", CHECKPOINT_MOMENTS};
    bool listed[3] = {false, false, false};
    if (!json_is_array(files))
        return error_set(MASKE_BAD_FILE, "%s: \"files\" is %s, expected an array", place, json_kind(files));
    for (size_t i = 0; i < json_array_size(files); i++) {
        const json_t *entry = json_array_get(files, i);
        TRY(check_file(folder, entry, place));
        for (int k = 0; k < 3; k++)
            listed[k] = listed[k] || strcmp(json_string_value(json_object_get(entry, "name")), needed[k]) == 0;
    }
    for (int k = 0; k < 3; k++)
        if (!listed[k]) return error_set(MASKE_BAD_FILE, "%s: \"files\": %s is not listed", place, needed[k]);
    return MASKE_OK;
}

static maske_status read_state(checkpoint *c, const json_t *object, int64_t step, const char *place) {
    TRY(trainer_state_read(&c->state, object, place));
    if (c->state.step != step)
        return error_set(MASKE_BAD_FILE, "%s: \"step\" is %lld, expected %lld", place, (long long)c->state.step,
                         (long long)step);
    TRY(run_identity_read(&c->identity, json_object_get(object, "identity"), place));
    TRY(check_files(c->path, json_object_get(object, "files"), place));
    return settings_read(&c->settings, json_object_get(object, "settings"), place);
}

/* The state's own fingerprint is that of all that stands before its last member. */
static maske_status check_own_fingerprint(const json_t *object, const char *text, const char *place) {
    static const char mark[] = ",\n  \"fingerprint\": ";
    uint64_t expected = 0;
    TRY(fingerprint_read(&expected, object, own_fingerprint, place));
    const char *last = NULL;
    for (const char *at = text; (at = strstr(at, mark)) != NULL; at++) last = at;
    uint64_t found = fingerprint_bytes(text, last != NULL ? (size_t)(last - text) : strlen(text));
    if (found == expected) return MASKE_OK;
    return error_set(MASKE_BAD_FILE, "%s: its fingerprint is %016llx, expected %016llx", place,
                     (unsigned long long)found, (unsigned long long)expected);
}

static maske_status read_text(checkpoint *c, int64_t step, const char *place) {
    char *text;
    size_t length;
    json_t *object = NULL;
    TRY(file_read(&text, &length, place, STATE_LIMIT));
    maske_status status = json_parse_object(&object, text, length, place);
    if (status == MASKE_OK) status = check_format(object, place);
    if (status == MASKE_OK) status = check_own_fingerprint(object, text, place);
    if (status == MASKE_OK) status = read_state(c, object, step, place);
    json_decref(object);
    free(text);
    return status;
}

maske_status checkpoint_open(checkpoint *out, const char *folder, int64_t step) {
    checkpoint c = {0};
    char *place = NULL;
    TRY(step_path(&c.path, folder, step));
    maske_status status = path_join(&place, c.path, state_name);
    if (status == MASKE_OK && path_is_folder(c.path) && !path_exists(place))
        status = error_set(MASKE_BAD_FILE, "%s: is missing", place);
    if (status == MASKE_OK) status = read_text(&c, step, place);
    free(place);
    if (status != MASKE_OK) checkpoint_free(&c);
    else *out = c;
    return status;
}

maske_status checkpoint_newest(checkpoint *out, const char *folder) {
    step_list list;
    TRY(list_steps(&list, folder));
    checkpoint c = {0};
    maske_status status = MASKE_OK;
    for (size_t i = 0; i < list.count && c.path == NULL && status == MASKE_OK; i++) {
        maske_status opened = checkpoint_open(&c, folder, list.steps[i]);
        /* A newer version's file, no memory, a disk or a permission that fails: that is no damage, and what an older
         * checkpoint says must not stand in for it, since what lies behind that one goes. */
        if (opened == MASKE_OUT_OF_MEMORY || opened == MASKE_UNSUPPORTED || opened == MASKE_IO) status = opened;
        else if (opened != MASKE_OK)
            log_say(MASKE_LOG_WARNING, "the checkpoint of step %lld is damaged and not used: %s",
                    (long long)list.steps[i], maske_error());
    }
    free(list.steps);
    if (status == MASKE_OK) *out = c;
    return status;
}

void checkpoint_free(checkpoint *c) {
    free(c->path);
    settings_free(&c->settings);
    *c = (checkpoint){0};
}

/* ------------------------------------------------------------------------------------------------------ reading --- */

static maske_status check_moments(const float *values, const parameter *row, int moment, const char *path) {
    bool squares = moment == 1;
    for (size_t i = 0; i < row->elements; i++)
        if (!isfinite(values[i]) || (squares && values[i] < 0))
            return error_set(MASKE_BAD_FILE, "%s: tensor %s%s: element %zu is %s, expected a finite number%s", path,
                             moment_prefixes[moment], row->name, i, isfinite(values[i]) ? "negative" : "not finite",
                             squares ? " of 0 or more" : "");
    return MASKE_OK;
}

static maske_status read_moments(const safetensors *file, const parameters *table, optimizer *o) {
    if (file->count != 2 * table->count && file->count != 3 * table->count)
        return error_set(MASKE_BAD_SHAPE, "%s: %zu tensors, expected %zu", file->path, file->count, 2 * table->count);
    int moments = (int)(file->count / table->count);
    if (moments == 3) TRY(optimizer_keep_average(o));
    for (int moment = 0; moment < moments; moment++)
        for (size_t i = 0; i < table->count; i++) {
            const parameter *row = &table->rows[i];
            moment_name name = name_of_moment(moment, row);
            const safetensors_tensor *tensor = safetensors_find(file, name.text);
            if (tensor == NULL) return error_set(MASKE_BAD_FILE, "%s: tensor %s is missing", file->path, name.text);
            float *values = moment_of(o, moment) + row->place;
            TRY(safetensors_expect_shape(file, tensor, row->shape, row->rank));
            TRY(safetensors_copy_floats(values, file, tensor));
            TRY(check_moments(values, row, moment, file->path));
        }
    return MASKE_OK;
}

maske_status checkpoint_load_moments(const char *folder, const parameters *table, optimizer *o) {
    char *path;
    safetensors file;
    TRY(path_join(&path, folder, moments_name));
    maske_status status = safetensors_open(&file, path, false);
    free(path);
    TRY(status);
    status = read_moments(&file, table, o);
    safetensors_close(&file);
    return status;
}

maske_status checkpoint_load(const checkpoint *c, masked_lm **model, optimizer *o, int muon_threads) {
    masked_lm *saved;
    optimizer moments = {0};
    TRY(masked_lm_open(&saved, c->path));
    maske_status status = MASKE_OK;
    if (!saved->finite) status = error_set(MASKE_BAD_FILE, "%s: the weights are not all finite", c->path);
    if (status == MASKE_OK) status = optimizer_new(&moments, &saved->table, muon_threads);
    if (status == MASKE_OK) status = checkpoint_load_moments(c->path, &saved->table, &moments);
    if (status == MASKE_OK && (c->state.averaged > 0) != (moments.average != NULL))
        status = error_set(MASKE_BAD_FILE, "%s: %lld steps are averaged, but %s has %s average", c->path,
                           (long long)c->state.averaged, moments_name, moments.average != NULL ? "an" : "no");
    moments.averaged = c->state.averaged;
    if (status != MASKE_OK) {
        optimizer_free(&moments);
        masked_lm_free(saved);
        return status;
    }
    *model = saved;
    *o = moments;
    return MASKE_OK;
}
