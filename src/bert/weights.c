/* bert/weights.c: first every row of the table finds its tensor, then what the file has beyond that is judged, and only
 * then memory is taken and values are copied. */
#include "bert/weights.h"
#include "base/log.h"
#include "base/modules.h"
#include "base/number.h"
#include "bert/mapped.h"
#include "bert/weight_files.h"

#include <stdlib.h>

static bool starts_with(const char *text, const char *prefix) { return strncmp(text, prefix, strlen(prefix)) == 0; }

/* A name of the file without the family's prefix, which only some files have. */
static const char *bare(const char *name, model_family family) {
    const char *prefix = family_of(family)->prefix;
    return starts_with(name, prefix) ? name + strlen(prefix) : name;
}

/* Tensors that say nothing which the table does not hold: buffers, and the head of next-sentence prediction. */
static bool passed_over(const char *name, model_family family) {
    const char *end = bare(name, family);
    return strcmp(end, "embeddings.position_ids") == 0 || strcmp(end, "embeddings.token_type_ids") == 0 ||
           starts_with(name, "cls.seq_relationship.");
}

/* ---------------------------------------------------------------------------------------------------- reading --- */

typedef struct reading {
    safetensors file;                       /* borrowed */
    bert_config config;
    parameters table;
    const safetensors_tensor **found;       /* [table.count] the tensor of each row */
    bool *used;                             /* [file.count] */
    bool mapped;                            /* matrices stay in the file */
} reading;

/* The tensor of this name in any spelling; *count (may be NULL) is how many spellings are there. */
static const safetensors_tensor *find(const safetensors *file, model_family family, const char *name, size_t *count) {
    const safetensors_tensor *found = NULL;
    size_t spellings = 0;
    bool weight = name_ends_with(name, ".LayerNorm.weight"), bias = name_ends_with(name, ".LayerNorm.bias");
    bool prefix = bare(name, family) != name;
    for (int old = 0; old <= (int)(weight || bias); old++)
        for (int prefixed = 0; prefixed <= (int)prefix; prefixed++) {
            char spelled[FAMILY_NAME + 8];
            const char *from = prefixed ? name : bare(name, family);
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

/* The tensor that BERT calls `name`, by the family's name. */
static const safetensors_tensor *find_bert(const reading *r, const char *name) {
    char here[FAMILY_NAME];
    return find(&r->file, r->config.family, family_tensor(here, r->config.family, name), NULL);
}

/* The decoder's bias has two names in some families, and files that hold one of them or both; where they differ, the
 * decoder's own is the one that the reference adds. */
static void give_decoder_bias(reading *r, size_t row) {
    const safetensors_tensor *copy = find_bert(r, "cls.predictions.decoder.bias");
    if (copy == NULL) return;
    if (r->found[row] != NULL) r->used[r->found[row] - r->file.tensors] = true;
    r->found[row] = copy;
}

static maske_status give_rows(reading *r) {
    size_t missing = 0, first = 0;
    char bias[FAMILY_NAME];
    family_tensor(bias, r->config.family, "cls.predictions.bias");
    for (size_t i = 0; i < r->table.count; i++) {
        const char *name = r->table.rows[i].name;
        size_t spellings = 0;
        r->found[i] = find(&r->file, r->config.family, name, &spellings);
        if (spellings > 1)
            return error_set(MASKE_BAD_FILE, "%s: tensor \"%s\" is there in %zu spellings", r->file.path, name,
                             spellings);
        if (strcmp(name, bias) == 0) give_decoder_bias(r, i);
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

/* Whether the decoder is tied to the word embeddings. Where the configuration says so and the file has both, and they
 * differ, they are two, as in the reference. */
static void find_decoder(reading *r) {
    const safetensors_tensor *decoder = find_bert(r, "cls.predictions.decoder.weight"),
                             *words = find_bert(r, "bert.embeddings.word_embeddings.weight");
    if (decoder == NULL || words == NULL || !r->config.tied) return;
    r->config.tied = decoder->type == words->type && decoder->bytes == words->bytes &&
                     (decoder->data == words->data || memcmp(decoder->data, words->data, words->bytes) == 0);
    if (r->config.tied) r->used[decoder - r->file.tensors] = true;
    else
        log_say(MASKE_LOG_NOTE, "%s: \"%s\" differs from \"%s\": the decoder is taken as not tied to the embeddings",
                r->file.path, decoder->name, words->name);
}

/* A tensor of the parts that the table has: encoder, embeddings, and the prediction head. */
static bool belongs_to_model(const reading *r, const char *name) {
    char first[FAMILY_NAME], encoder[FAMILY_NAME];
    model_family family = r->config.family;
    if (starts_with(bare(name, family), "embeddings.")) return true;
    family_tensor(encoder, family, "bert.encoder.");
    if (starts_with(bare(name, family), bare(encoder, family))) return true;
    static const char *const heads[] = {"cls.predictions.", "cls.predictions.transform.dense.",
                                        "cls.predictions.transform.LayerNorm."};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        if (starts_with(name, family_tensor(first, family, heads[i]))) return true;
    return false;
}

static maske_status check_rest(const reading *r) {
    buffer names = {0};
    size_t strangers = 0;
    maske_status status = MASKE_OK;
    for (size_t i = 0; i < r->file.count && status == MASKE_OK; i++) {
        const char *name = r->file.tensors[i].name;
        if (r->used[i] || passed_over(name, r->config.family)) continue;
        if (belongs_to_model(r, name))
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

static maske_status copy_values(masked_lm *model, const reading *r) {
    for (size_t i = 0; i < r->table.count; i++) {
        const parameter *p = &r->table.rows[i];
        if (r->mapped && mapped_tensor_stays(&r->table, i, r->found[i])) continue;
        TRY(safetensors_copy_floats(model->weights + p->place, &r->file, r->found[i]));
        if (number_all_finite(model->weights + p->place, p->elements)) continue;
        if (model->finite)
            log_say(MASKE_LOG_WARNING, "%s: tensor \"%s\" holds values that are not finite", r->file.path,
                    r->found[i]->name);
        model->finite = false;
    }
    model->stored = r->found[0]->type;
    return MASKE_OK;
}

static maske_status read_model(masked_lm **out, reading *r) {
    bool head = find_bert(r, "cls.predictions.transform.dense.weight") != NULL;
    bool pooler = family_of(r->config.family)->pooler && find_bert(r, "bert.pooler.dense.weight") != NULL;
    TRY(memory_new(&r->used, r->file.count, sizeof *r->used, "a model's tensors"));
    find_decoder(r);
    TRY(parameters_build(&r->table, &r->config, head, pooler));
    TRY(memory_new(&r->found, r->table.count, sizeof *r->found, "a model's tensors"));
    TRY(give_rows(r));
    TRY(check_rest(r));
    masked_lm *model = NULL;
    TRY((r->mapped ? masked_lm_make_sparse : masked_lm_make)(&model, &r->config, head, pooler));
    maske_status status = copy_values(model, r);
    if (status == MASKE_OK) *out = model;
    else masked_lm_free(model);
    return status;
}

/* The tensors that stay where they are, and their files, become the model's. */
static maske_status keep_mapped(masked_lm *model, reading *r, weight_files *files, gemm_precision precision) {
    for (size_t i = 0; i < r->table.count; i++) {
        const safetensors_tensor *t = r->found[i];
        if (!mapped_tensor_stays(&r->table, i, t)) r->found[i] = NULL;
        else if (t->type != SAFETENSORS_F32 && t->type != SAFETENSORS_F16 && t->type != SAFETENSORS_BF16 &&
                 t->type != SAFETENSORS_F64)
            return safetensors_copy_floats(model->weights, &r->file, t);        /* fails, by name */
    }
    TRY(mapped_weights_new(&model->mapped, files, r->found));
    r->found = NULL;
    return masked_lm_plan_mapped(model, precision);
}

static maske_status read_files(masked_lm **out, const bert_config *config, weight_files *files,
                               const gemm_precision *mapped) {
    reading r = {.config = *config, .file = files->all, .mapped = mapped != NULL};
    masked_lm *model = NULL;
    maske_status status = read_model(&model, &r);
    if (status == MASKE_OK && mapped != NULL) status = keep_mapped(model, &r, files, *mapped);
    if (status == MASKE_OK) *out = model;
    else masked_lm_free(model);
    free(r.found);
    free(r.used);
    parameters_free(&r.table);
    return status;
}

maske_status bert_weights_read(masked_lm **out, const bert_config *config, const char *path) {
    weight_files files = {0};
    TRY(weight_files_open_one(&files, path));
    maske_status status = read_files(out, config, &files, NULL);
    weight_files_close(&files);
    return status;
}

static maske_status open_network(masked_lm **out, const char *folder, const gemm_precision *mapped) {
    char *path;
    bert_config config;
    weight_files files = {0};
    TRY(path_join(&path, folder, "config.json"));
    maske_status status = bert_config_read(&config, path);
    free(path);
    TRY(status);
    TRY(weight_files_open(&files, folder));
    status = read_files(out, &config, &files, mapped);
    weight_files_close(&files);
    return status;
}

static maske_status open_folder(masked_lm **out, const char *folder, const gemm_precision *mapped) {
    char *network = NULL;
    TRY(modules_find_network(&network, folder));
    maske_status status = open_network(out, network, mapped);
    free(network);
    return status;
}

maske_status masked_lm_open(masked_lm **out, const char *folder) { return open_folder(out, folder, NULL); }
maske_status masked_lm_open_mapped(masked_lm **out, const char *folder, gemm_precision precision) {
    return open_folder(out, folder, &precision);
}

/* ---------------------------------------------------------------------------------------------------- writing --- */

/* A decoder of its own has a bias of its own beside the head's in some families: the same values under two names. */
static const parameter *find_copied_bias(const parameters *table) {
    char name[FAMILY_NAME];
    if (!table->head || table->decoder == table->word_embeddings) return NULL;
    if (!family_of(table->family)->decoder_bias_has_copy) return NULL;
    return parameters_find(table, family_tensor(name, table->family, "cls.predictions.bias"));
}

/* A file without a head has its names without the family's prefix; with one every name stands as in the table. */
static maske_status write_tensors(safetensors_writer *w, const parameters *table, const float *values,
                                  safetensors_type type) {
    const parameter *copied = find_copied_bias(table);
    char copy[FAMILY_NAME];
    for (size_t i = 0; i < table->count; i++) {
        const parameter *p = &table->rows[i];
        TRY(safetensors_writer_declare(w, table->head ? p->name : bare(p->name, table->family), type, p->shape,
                                       p->rank));
    }
    if (copied != NULL)
        TRY(safetensors_writer_declare(w, family_tensor(copy, table->family, "cls.predictions.decoder.bias"), type,
                                       copied->shape, copied->rank));
    TRY(safetensors_writer_begin(w));
    for (size_t i = 0; i < table->count; i++)
        TRY(safetensors_writer_add_floats(w, values + table->rows[i].place, table->rows[i].elements));
    return copied != NULL ? safetensors_writer_add_floats(w, values + copied->place, copied->elements) : MASKE_OK;
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

static maske_status save_weights(safetensors_writer *out, const masked_lm *model, const char *folder,
                                 safetensors_type type) {
    char *path;
    TRY(path_join(&path, folder, "model.safetensors"));
    maske_status status = write_begin(out, path, &model->table, model->weights, type);
    free(path);
    return status;
}

static maske_status save_config(const masked_lm *model, const char *folder, safetensors_type type) {
    const char *dtype = type == SAFETENSORS_F16 ? "float16" : type == SAFETENSORS_BF16 ? "bfloat16" : "float32";
    buffer text = {0};
    char *path = NULL;
    maske_status status = bert_config_write_typed(&text, &model->config, model->table.head, dtype);
    if (status == MASKE_OK) status = path_join(&path, folder, "config.json");
    if (status == MASKE_OK) status = file_write_atomic(path, text.data, text.length, true);
    buffer_free(&text);
    free(path);
    return status;
}

static maske_status save_rest(safetensors_writer *w, const masked_lm *model, const char *folder, safetensors_type type) {
    maske_status status = save_config(model, folder, type);
    if (status == MASKE_OK) return safetensors_writer_commit(w);
    safetensors_writer_abandon(w);
    return status;
}

maske_status masked_lm_save(const masked_lm *model, const char *folder, safetensors_type type) {
    safetensors_writer w;
    TRY(save_weights(&w, model, folder, type));
    return save_rest(&w, model, folder, type);
}

maske_status masked_lm_save_begin(safetensors_writer *out, const masked_lm *model, const char *folder) {
    return save_weights(out, model, folder, SAFETENSORS_F32);
}
maske_status masked_lm_save_end(safetensors_writer *w, const masked_lm *model, const char *folder) {
    return save_rest(w, model, folder, SAFETENSORS_F32);
}
