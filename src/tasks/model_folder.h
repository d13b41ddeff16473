/* tasks/model_folder.h: a folder that a model is written into: whether it may be, and which files there are a model's. */
#ifndef MASKE_TASKS_MODEL_FOLDER_H
#define MASKE_TASKS_MODEL_FOLDER_H

#include "base/status.h"

/* Before any work: as output_folder_check; and a model is not written over the one that it is made from. */
MASKE_MUST_USE maske_status model_folder_check(const char *out, const char *from, bool force);
/* For output_folder_write: files that belong to one model, whatever a writer writes. */
extern const char *const model_folder_owned[];

#endif
