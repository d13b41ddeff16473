/* bert/weight_files.h: the tensors of a model's folder, whichever files they lie in.
 *
 *   model.safetensors                  one file
 *   model.safetensors.index.json       {"weight_map": {"tensor": "model-00001-of-00002.safetensors", ...}}
 *   pytorch_model.bin                  one file (base/pytorch.h)
 *   pytorch_model.bin.index.json       the same map, of .bin files
 *
 * The first that is there counts, as in transformers. Files are mapped: they must stay as they are while open. */
#ifndef MASKE_BERT_WEIGHT_FILES_H
#define MASKE_BERT_WEIGHT_FILES_H

#include "base/safetensors.h"

/* Zeroed: nothing. */
typedef struct weight_files {
    safetensors all;            /* every tensor; its path is that of the one file, or of the index */
    safetensors *parts;         /* [count] the files, where there are several */
    size_t count, capacity;
} weight_files;

MASKE_MUST_USE maske_status weight_files_open(weight_files *out, const char *folder);
/* *path: the file that weight_files_open opens, to be freed; NULL: there are no weights. MASKE_UNSUPPORTED: there are, in
 * a form that is not read. */
MASKE_MUST_USE maske_status weight_files_find(char **path, const char *folder);
/* One file: by its name's end, ".bin" or model.safetensors. */
MASKE_MUST_USE maske_status weight_files_open_one(weight_files *out, const char *path);
void weight_files_close(weight_files *files);

#endif
