/* tokenizer/tokenizer_config.h: tokenizer_config.json, special_tokens_map.json and added_tokens.json: which token plays which
 * role, and what an old-style vocabulary needs to know. */
#ifndef MASKE_TOKENIZER_TOKENIZER_CONFIG_H
#define MASKE_TOKENIZER_TOKENIZER_CONFIG_H

#include "tokenizer/tokenizer.h"
#include "tokenizer/tokenizer_class.h"

/* What the files of a folder say; missing files, or members, leave the defaults. */
typedef struct tokenizer_config {
    char *roles[MASKE_SPECIAL_COUNT];   /* the tokens' strings, NULL: not said */
    int64_t model_max_length;           /* 0: not said, or beyond any model's */
    bool do_lower_case;                 /* true */
    bool tokenize_chinese_chars;        /* true */
    int strip_accents;                  /* -1: null, as do_lower_case */
    bool add_prefix_space;              /* false */
    tokenizer_class class;              /* what transformers would read the folder by */
    bool class_is_named;                /* by tokenizer_config.json or config.json; else it is the one of the model there */
    bool file_alone;                    /* a tokenizer.json is opened by its own path: it is all that counts, but for the roles */
    const char *class_name;             /* its name, NULL: no class that is known */
    json_t *config, *token_map;         /* tokenizer_config.json and special_tokens_map.json as they stand, or NULL */
    json_t *added;                      /* added_tokens.json as it stands; NULL: none, or tokenizer_config.json has a list */
} tokenizer_config;

/* "pad_token", ... by role. */
extern const char *const tokenizer_role_keys[MASKE_SPECIAL_COUNT];
/* A token's text: the files have it as a string, or as an object with "content"; NULL: neither. Borrowed. */
const char *tokenizer_config_token(const json_t *token);
MASKE_MUST_USE maske_status tokenizer_config_read(tokenizer_config *out, const char *folder);
void tokenizer_config_free(tokenizer_config *config);
/* Sets model_max_length and the ids of roles that have none of a tokenizer that has its tokens, and keeps what else the files say. */
void tokenizer_config_apply(const tokenizer_config *config, maske_tokenizer *t);

/* Writes tokenizer_config.json and special_tokens_map.json into the folder, replacing what is there: those that were
 * read, with the roles and model_max_length as they are now; for a tokenizer that was made, what the tools need. */
MASKE_MUST_USE maske_status tokenizer_config_write(const maske_tokenizer *t, const char *folder);

#endif
