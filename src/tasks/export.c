/* tasks/export.c: a model's folder for other tools. */
#include "base/modules.h"
#include "base/output_folder.h"
#include "tasks/model_folder.h"
#include "tasks/onnx.h"

#include <stdlib.h>

typedef struct exporting {
    const char *from;
    char *network_folder;           /* where the network and its tokenizer lie: `from`, or a folder in it */
    masked_lm *network;
    maske_tokenizer *tokenizer;
    safetensors_type type;
    bool onnx;
} exporting;

/* The tokenizer's files as they are, so that no reader sees another tokenizer; where the newer ones are lacking (a
 * folder with vocab.txt alone) they are made. */
static maske_status write_tokenizer(const exporting *e, const char *folder) {
    static const char *const names[] = {
        "tokenizer_config.json", "special_tokens_map.json",  "vocab.json", "merges.txt", "vocab.txt",
        "added_tokens.json"};
    bool modern = false;
    TRY(folder_copy_file(e->network_folder, folder, "tokenizer.json", &modern));
    if (!modern) TRY(maske_tokenizer_save(e->tokenizer, folder));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) TRY(folder_copy_file(e->network_folder, folder, names[i], NULL));
    return MASKE_OK;
}

static maske_status write_onnx(const exporting *e, const char *folder) {
    char *path = NULL;
    TRY(path_join(&path, folder, "model.onnx"));
    maske_status status = onnx_write(path, e->network, e->type);
    free(path);
    return status;
}

static maske_status write_all(void *user, const char *folder) {
    const exporting *e = user;
    TRY(masked_lm_save(e->network, folder, e->type));
    if (e->onnx) TRY(write_onnx(e, folder));
    TRY(modules_copy(e->from, folder));
    return write_tokenizer(e, folder);
}

static maske_status parse_type(safetensors_type *out, const char *dtype) {
    if (dtype == NULL || strcmp(dtype, "f32") == 0) *out = SAFETENSORS_F32;
    else if (strcmp(dtype, "f16") == 0) *out = SAFETENSORS_F16;
    else if (strcmp(dtype, "bf16") == 0) *out = SAFETENSORS_BF16;
    else return error_set(MASKE_BAD_ARGUMENT, "dtype: found \"%.40s\", expected f32, f16 or bf16", dtype);
    return MASKE_OK;
}

/* Half precision ends at 65504: a weight beyond it would become an infinity. */
static maske_status check_range(const exporting *e) {
    if (e->type != SAFETENSORS_F16) return MASKE_OK;
    for (size_t i = 0; i < e->network->table.count; i++) {
        const parameter *row = &e->network->table.rows[i];
        for (size_t k = 0; k < row->elements; k++) {
            float value = e->network->weights[row->place + k];
            if (value > 65504.0f || value < -65504.0f)
                return error_set(MASKE_UNSUPPORTED,
                                 "%s: %s holds %g, which f16 cannot hold (its largest is 65504); bf16 can", e->from,
                                 row->name, (double)value);
        }
    }
    return MASKE_OK;
}

maske_status maske_export(const char *model_folder, const char *out, const maske_export_options *options) {
    const maske_export_options defaults = {0};
    if (options == NULL) options = &defaults;
    exporting e = {.from = model_folder, .onnx = options->onnx};
    TRY(parse_type(&e.type, options->dtype));
    TRY(model_folder_check(out, model_folder, options->force));
    maske_status status = modules_find_network(&e.network_folder, model_folder);
    if (status == MASKE_OK) status = masked_lm_open(&e.network, model_folder);
    if (status == MASKE_OK) status = maske_tokenizer_open(&e.tokenizer, model_folder);
    if (status == MASKE_OK) status = check_range(&e);
    if (status == MASKE_OK) status = output_folder_write(out, options->force, write_all, &e, model_folder_owned);
    maske_tokenizer_free(e.tokenizer);
    masked_lm_free(e.network);
    free(e.network_folder);
    return status;
}
