/* base/model_files.h: names that files of a model's folder have, so that what is written beside them takes none away. */
#ifndef MASKE_BASE_MODEL_FILES_H
#define MASKE_BASE_MODEL_FILES_H

#include "base/file.h"

/* A tokenizer's, ending with NULL. Of one kind of model there is merges.txt, of another vocab.txt: what an older tokenizer
 * left would be read with a newer one. */
extern const char *const tokenizer_files[];
bool name_is_tokenizer_file(const char *name);
/* The tokenizer's, the network's, its checkpoints' and its run's. */
bool name_is_model_file(const char *name);

/* A file that is to be written may lie in a folder that is read, but takes the place of no file of the model there:
 * MASKE_BAD_ARGUMENT, whatever the user insists on. */
MASKE_MUST_USE maske_status model_files_expect_apart(const char *file, const char *folder);
/* A path that is read: neither the folder that is written, nor a file in it that a new tokenizer replaces. */
MASKE_MUST_USE maske_status tokenizer_files_expect_apart(const char *path, const char *out);

#endif
