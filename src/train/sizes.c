/* train/sizes.c: tiny to base. */
#include "train/sizes.h"

#include <string.h>

static const struct { const char *name; int64_t hidden_size, layers; } sizes[] = {
    {"tiny", 128, 2}, {"mini", 256, 4}, {"small", 512, 4}, {"medium", 512, 8}, {"base", 768, 12},
};

maske_status sizes_complete(maske_train_options *settings) {
    size_t i = 0, count = sizeof sizes / sizeof sizes[0];
    while (i < count && strcmp(sizes[i].name, settings->size) != 0) i++;
    if (i == count)
        return error_set(MASKE_BAD_ARGUMENT, "size: found \"%.100s\", expected tiny, mini, small, medium or base",
                         settings->size);

    int64_t hidden = settings->hidden_size != 0 ? settings->hidden_size : sizes[i].hidden_size;
    int64_t heads = settings->num_attention_heads;
    if (heads == 0) {
        if (hidden > 64 && hidden % 64 != 0)
            return error_set(MASKE_BAD_ARGUMENT,
                             "hidden-size is %lld, expected a multiple of 64, or num-attention-heads beside it",
                             (long long)hidden);
        heads = hidden > 64 ? hidden / 64 : 1;
    }
    if (hidden % heads != 0)
        return error_set(MASKE_BAD_ARGUMENT,
                         "num-attention-heads is %lld, expected a divisor of the hidden size, %lld", (long long)heads,
                         (long long)hidden);

    settings->hidden_size = hidden;
    settings->num_attention_heads = heads;
    if (settings->num_hidden_layers == 0) settings->num_hidden_layers = sizes[i].layers;
    if (settings->intermediate_size == 0) settings->intermediate_size = 4 * hidden;
    return MASKE_OK;
}

enum { FEWEST_ENTRIES = 1000, MOST_ENTRIES = 16000, BYTES_AN_ENTRY = 256 };

int64_t sizes_vocabulary(int64_t text_bytes) {
    int64_t entries = (text_bytes / BYTES_AN_ENTRY + 7) / 8 * 8;
    return entries < FEWEST_ENTRIES ? FEWEST_ENTRIES : entries > MOST_ENTRIES ? MOST_ENTRIES : entries;
}

int64_t sizes_vocabulary_bytes(void) { return (int64_t)MOST_ENTRIES * BYTES_AN_ENTRY; }
