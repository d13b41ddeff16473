/* tasks/model_folder.h: what is written into a model's folder beside config.json and model.safetensors. */
#ifndef MASKE_TASKS_MODEL_FOLDER_H
#define MASKE_TASKS_MODEL_FOLDER_H

#include "bert/masked_lm.h"

/* config.json and model.safetensors (as F32, F16 or BF16) into the existing folder. */
MASKE_MUST_USE maske_status model_folder_write_network(const char *folder, const masked_lm *network,
                                                       safetensors_type type);
/* Before any work: as output_folder_check; and a model is not written over the one that it is made from. */
MASKE_MUST_USE maske_status model_folder_check(const char *out, const char *from, bool force);
/* For output_folder_write: files that belong to one model, whatever a writer writes. */
extern const char *const model_folder_owned[];

#endif
