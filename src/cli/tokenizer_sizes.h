/* cli/tokenizer_sizes.h: --vocab-sizes: tokenizers of several sizes from one run, each in DIR/SIZE. */
#ifndef MASKE_CLI_TOKENIZER_SIZES_H
#define MASKE_CLI_TOKENIZER_SIZES_H

#include "base/options.h"

enum { TOKENIZER_SIZES_MOST = 32 };

/* What is written: one tokenizer, or one for each of several sizes. */
typedef struct tokenizer_sizes {
    const maske_tokenizer *tokenizer;
    const char *model;              /* folder of the weights that grow too; NULL: there are none */
    int64_t sizes[TOKENIZER_SIZES_MOST];
    size_t count;                   /* 0: one, of the size it has */
} tokenizer_sizes;

/* Reads "8000,16000" (NULL: nothing); training.vocab_size becomes the largest. */
MASKE_MUST_USE maske_status tokenizer_sizes_read(tokenizer_sizes *out, const char *list,
                                                 maske_tokenizer_train_options *training);
/* Before any work: --out can be written, and takes away none of the texts. */
MASKE_MUST_USE maske_status tokenizer_sizes_check(const char *out, bool force, const options *o);
/* What was learned into the folder that --out names, which tokenizer_sizes_check has seen. */
MASKE_MUST_USE maske_status tokenizer_sizes_write(tokenizer_sizes *sizes, const char *out, bool force);

#endif
