/* base/modules.h: the folders that a folder of sentence-transformers is made of.
 *
 *   modules.json                        a list of modules: {"type": "....Pooling", "path": "1_Pooling"}, ...
 *   PATH/config.json, ...               a module's files. Those of the Transformer are the network's, its tokenizer's and
 *                                       sentence_bert_config.json; its path is mostly "", the folder itself
 *   config_sentence_transformers.json   prompts
 *
 * A folder without modules.json has the pooling of 1_Pooling, if that is there. */
#ifndef MASKE_BASE_MODULES_H
#define MASKE_BASE_MODULES_H

#include "base/json.h"

/* Zeroed: none. */
typedef struct modules {
    char *folder, *file;        /* the folder, and its modules.json for sentences */
    json_t *list;               /* checked: objects with a "type", and a "path" that is a folder beside the file or "" */
    bool listed;                /* there is a modules.json */
} modules;
MASKE_MUST_USE maske_status modules_read(modules *out, const char *folder);
void modules_free(modules *m);

size_t modules_count(const modules *m);
/* Of one of them, borrowed: the last name of its type ("Pooling"), and its path. */
const char *modules_kind(const modules *m, size_t i);
const char *modules_path(const modules *m, size_t i);

/* The folder of the network and its tokenizer: the Transformer's, else the folder itself. Yours. */
MASKE_MUST_USE maske_status modules_network(char **out, const modules *m);
/* The same of a folder that nothing else is asked of; a folder that is not there is given back. */
MASKE_MUST_USE maske_status modules_find_network(char **out, const char *folder);
/* Names that sentence_bert_config.json has had; NULL ends them. */
extern const char *const modules_network_files[];

/* Copies everything but the network and its tokenizer, which have their place in `to` itself: where they lay in a folder
 * below, the new modules.json says so. */
MASKE_MUST_USE maske_status modules_copy(const char *from, const char *to);
/* Calls visit for each name that modules_copy may have written there ("1_Pooling/config.json"), the list of the others first;
 * a list that cannot be read names nothing. */
MASKE_MUST_USE maske_status modules_each_name(const char *folder, maske_status (*visit)(void *user, const char *name),
                                              void *user);

#endif
