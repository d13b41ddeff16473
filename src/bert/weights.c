/* bert/weights.c: first every row of the table finds its tensor, then what the file has beyond that is judged, and only
 * then memory is taken and values are copied. */
#include "bert/weights.h"
#include "base/log.h"
#include "base/number.h"

#include <stdlib.h>

static bool starts_with(const char *text, const char *prefix) { return strncmp(text, prefix, strlen(prefix)) == 0; }
static bool ends_with(const char *text, const char *end) {
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* A name of the file without the prefix that only some files have. */
static const char *bare(const char *name) { return starts_with(name, "bert.") ? name + strlen("bert.") : name; }

/* Tensors that say nothing which the table does not hold: buffers, and the head of next-sentence prediction. */
static bool passed_over(const char *name) {
    return strcmp(bare(name), "embeddings.position_ids") == 0 || strcmp(bare(name), "embeddings.token_type_ids") == 0 ||
           starts_with(name, "cls.seq_relationship.");
}

/* ---------------------------------------------------------------------------------------------------- reading --- */

typedef struct reading {
    safetensors file;
    parameters table;
    const safetensors_tensor **found;       /* [table.count] the tensor of each row */
    bool *used;                             /* [file.count] */
} reading;

/* The tensor of this name in any spelling; *count (may be NULL) is how many spellings are there. */
static const safetensors_tensor *find(const safetensors *file, const char *name, size_t *count) {
    const safetensors_tensor *found = NULL;
    size_t spellings = 0;
    bool weight = ends_with(name, ".LayerNorm.weight"), bias = ends_with(name, ".LayerNorm.bias");
    for (int old = 0; old <= (int)(weight || bias); old++)
        for (int prefixed = 0; prefixed <= (int)starts_with(name, "bert."); prefixed++) {
            char spelled[sizeof(((parameter *)0)->name) + 8];
            const char *from = prefixed ? name : bare(name);
            size_t kept = strlen(from) - (!old ? 0 : weight ? strlen("weight") : strlen("bias"));
            number_print(spelled, sizeof spelled, "%.*s%s", (int)kept, from, !old ? "" : weight ? "gamma" : "beta");
            const safetensors_tensor *t = safetensors_find(file, spelled);
            if (t == NULL) continue;
            found = t;
            spellings++;
        }
    if (count != NULL) *count = spellings;
    return found;
}

/* A tied tensor may be there under the name of its copy alone, as PyTorch saves the decoder's bias at times. */
static maske_status give_rows(reading *r) {
    size_t missing = 0, first = 0;
    for (size_t i = 0; i < r->table.count; i++) {
        const char *name = r->table.rows[i].name;
        size_t spellings = 0;
        r->found[i] = find(&r->file, name, &spellings);
        if (spellings > 1)
            return error_set(MASKE_BAD_FILE, "%s: tensor \"%s\" is there in %zu spellings", r->file.path, name,
                             spellings);
        if (r->found[i] == NULL && strcmp(name, "cls.predictions.bias") == 0)
            r->found[i] = safetensors_find(&r->file, "cls.predictions.decoder.bias");
        if (r->found[i] == NULL && missing++ == 0) first = i;
        if (r->found[i] != NULL) r->used[r->found[i] - r->file.tensors] = true;
    }
    if (missing > 0)
        return error_set(MASKE_BAD_FILE, "%s: tensor \"%s\" is missing (%zu of %zu are)", r->file.path,
                         r->table.rows[first].name, missing, r->table.count);
    for (size_t i = 0; i < r->table.count; i++)
        TRY(safetensors_expect_shape(&r->file, r->found[i], r->table.rows[i].shape, r->table.rows[i].rank));
    return MASKE_OK;
}

static maske_status check_copy(const reading *r, const char *name, const char *original_name) {
    const safetensors_tensor *copy = safetensors_find(&r->file, name), *original = find(&r->file, original_name, NULL);
    if (copy == NULL || original == NULL) return MASKE_OK;
    r->used[copy - r->file.tensors] = true;
    if (copy->type == original->type && copy->bytes == original->bytes &&
        memcmp(copy->data, original->data, copy->bytes) == 0)
        return MASKE_OK;
    return error_set(
        MASKE_UNSUPPORTED,
        "%s: tensor \"%s\" differs from \"%s\": a decoder that is not tied to the word embeddings is not supported",
        r->file.path, name, original->name);
}

static maske_status check_rest(const reading *r) {
    buffer names = {0};
    size_t strangers = 0;
    maske_status status = MASKE_OK;
    for (size_t i = 0; i < r->file.count && status == MASKE_OK; i++) {
        const char *name = r->file.tensors[i].name;
        if (r->used[i] || passed_over(name)) continue;
        if (starts_with(bare(name), "encoder.") || starts_with(bare(name), "embeddings.") ||
            starts_with(name, "cls.predictions."))
            status =
                error_set(MASKE_BAD_FILE, "%s: tensor \"%.200s\" has no place in the model that config.json describes",
                          r->file.path, name);
        else if (strangers++ < 4) status = buffer_add_format(&names, "%s%.60s", strangers > 1 ? ", " : "", name);
    }
    if (status == MASKE_OK && strangers > 0)
        log_say(MASKE_LOG_WARNING, "%s: not used: %s%s", r->file.path, names.data, strangers > 4 ? " and more" : "");
    buffer_free(&names);
    return status;
}

static bool all_finite(const float *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!(values[i] - values[i] == 0.0f)) return false;
    return true;
}

static maske_status copy_values(masked_lm *model, const reading *r) {
    for (size_t i = 0; i < r->table.count; i++) {
        const parameter *p = &r->table.rows[i];
        TRY(safetensors_copy_floats(model->weights + p->place, &r->file, r->found[i]));
        if (all_finite(model->weights + p->place, p->elements)) continue;
        if (model->finite)
            log_say(MASKE_LOG_WARNING, "%s: tensor \"%s\" holds values that are not finite", r->file.path,
                    r->found[i]->name);
        model->finite = false;
    }
    model->stored = r->found[0]->type;
    return MASKE_OK;
}

static maske_status read_model(masked_lm **out, reading *r, const bert_config *config) {
    bool head = find(&r->file, "cls.predictions.transform.dense.weight", NULL) != NULL;
    bool pooler = find(&r->file, "bert.pooler.dense.weight", NULL) != NULL;
    TRY(parameters_build(&r->table, config, head, pooler));
    TRY(memory_new(&r->found, r->table.count, sizeof *r->found, "a model's tensors"));
    TRY(memory_new(&r->used, r->file.count, sizeof *r->used, "a model's tensors"));
    TRY(give_rows(r));
    TRY(check_copy(r, "cls.predictions.decoder.weight", "bert.embeddings.word_embeddings.weight"));
    TRY(check_copy(r, "cls.predictions.decoder.bias", "cls.predictions.bias"));
    TRY(check_rest(r));
    masked_lm *model = NULL;
    TRY(masked_lm_make(&model, config, head, pooler));
    maske_status status = copy_values(model, r);
    if (status == MASKE_OK) *out = model;
    else masked_lm_free(model);
    return status;
}

maske_status bert_weights_read(masked_lm **out, const bert_config *config, const char *path) {
    reading r = {0};
    TRY(safetensors_open(&r.file, path, false));
    maske_status status = read_model(out, &r, config);
    free(r.found);
    free(r.used);
    parameters_free(&r.table);
    safetensors_close(&r.file);
    return status;
}

static maske_status find_file(char **path, const char *folder) {
    TRY(path_join(path, folder, "model.safetensors"));
    if (path_exists(*path)) return MASKE_OK;
    static const char *const others[] = {"model.safetensors.index.json", "pytorch_model.bin", "tf_model.h5"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        char *other;
        maske_status status = path_join(&other, folder, others[i]);
        if (status == MASKE_OK && path_exists(other)) {
            status = error_set(MASKE_UNSUPPORTED, "%s: weights in this form are not read, expected model.safetensors",
                               other);
            free(other);
        } else if (status == MASKE_OK) {
            free(other);
            continue;
        }
        free(*path);
        return status;
    }
    return MASKE_OK;        /* opening says that it is not there */
}

maske_status masked_lm_open(masked_lm **out, const char *folder) {
    char *path;
    bert_config config;
    TRY(path_join(&path, folder, "config.json"));
    maske_status status = bert_config_read(&config, path);
    free(path);
    TRY(status);
    TRY(find_file(&path, folder));
    status = bert_weights_read(out, &config, path);
    free(path);
    return status;
}

/* ---------------------------------------------------------------------------------------------------- writing --- */

/* A BertModel's file has its names without "bert."; with a head every name stands as in the table. */
static maske_status write_tensors(safetensors_writer *w, const parameters *table, const float *values,
                                  safetensors_type type) {
    for (size_t i = 0; i < table->count; i++) {
        const parameter *p = &table->rows[i];
        TRY(safetensors_writer_declare(w, table->head ? p->name : p->name + strlen("bert."), type, p->shape, p->rank));
    }
    TRY(safetensors_writer_begin(w));
    for (size_t i = 0; i < table->count; i++)
        TRY(safetensors_writer_add_floats(w, values + table->rows[i].place, table->rows[i].elements));
    return MASKE_OK;
}

static maske_status write_begin(safetensors_writer *out, const char *path, const parameters *table,
                                const float *values, safetensors_type type) {
    safetensors_writer w = {0};
    TRY(safetensors_writer_open(&w, path, true));
    maske_status status = write_tensors(&w, table, values, type);
    if (status == MASKE_OK) status = safetensors_writer_flush(&w);
    if (status == MASKE_OK) *out = w;
    else safetensors_writer_abandon(&w);
    return status;
}

maske_status bert_weights_write(const char *path, const parameters *table, const float *values, safetensors_type type) {
    safetensors_writer w;
    TRY(write_begin(&w, path, table, values, type));
    return safetensors_writer_commit(&w);
}

maske_status masked_lm_save_begin(safetensors_writer *out, const masked_lm *model, const char *folder) {
    char *path;
    TRY(path_join(&path, folder, "model.safetensors"));
    maske_status status = write_begin(out, path, &model->table, model->weights, SAFETENSORS_F32);
    free(path);
    return status;
}

static maske_status save_config(const masked_lm *model, const char *folder) {
    buffer text = {0};
    char *path = NULL;
    maske_status status = bert_config_write(&text, &model->config, model->table.head);
    if (status == MASKE_OK) status = path_join(&path, folder, "config.json");
    if (status == MASKE_OK) status = file_write_atomic(path, text.data, text.length, true);
    buffer_free(&text);
    free(path);
    return status;
}

maske_status masked_lm_save_end(safetensors_writer *w, const masked_lm *model, const char *folder) {
    maske_status status = save_config(model, folder);
    if (status == MASKE_OK) return safetensors_writer_commit(w);
    safetensors_writer_abandon(w);
    return status;
}

maske_status masked_lm_save(const masked_lm *model, const char *folder) {
    safetensors_writer w;
    TRY(masked_lm_save_begin(&w, model, folder));
    return masked_lm_save_end(&w, model, folder);
}
