/* tokenizer/bpe.c: building the model: the merge table, and the table of single characters. bpe_encode.c uses them. */
#include "tokenizer/bpe.h"
#include "base/number.h"
#include "base/utf8.h"
#include "tokenizer/byte_level.h"

#include <stdlib.h>

static bpe_pair *pair_slot(const bpe *model, int32_t left, int32_t right) {
    return &model->pairs[bpe_pair_slot(model, left, right)];
}

static maske_status check_merge(const bpe *model, const bpe_merge *merge, size_t rank, const char *name) {
    size_t length;
    if (vocab_text(&model->vocab, merge->left, &length) != NULL &&
        vocab_text(&model->vocab, merge->right, &length) != NULL &&
        vocab_text(&model->vocab, merge->id, &length) != NULL)
        return MASKE_OK;
    return error_set(MASKE_BAD_FILE, "%s: merge %zu joins the ids %d and %d to %d, which are not all in the vocabulary",
                     name, rank, merge->left, merge->right, merge->id);
}

static maske_status new_pairs(bpe *model, size_t slots) {
    TRY(memory_new(&model->pairs, slots, sizeof *model->pairs, "merges"));
    model->pair_mask = slots - 1;
    for (size_t i = 0; i < slots; i++) model->pairs[i].left = -1;
    return MASKE_OK;
}

/* The pair table and the merges by rank. A pair listed twice counts where it stands last, so the table is filled from
 * the end and what is there already is left out; ranks are then numbered without gaps. */
static maske_status build_merges(bpe *model, const bpe_merge *merges, size_t count, const char *name) {
    if (count > BPE_MERGE_LIMIT)
        return error_set(MASKE_BAD_FILE, "%s: %zu merges, expected at most %d", name, count, BPE_MERGE_LIMIT);
    size_t slots = 16;
    while (slots < count * 2 + 2) slots *= 2;
    TRY(new_pairs(model, slots));
    TRY(memory_new(&model->merges, count, sizeof *model->merges, "merges"));
    model->merge_capacity = count;
    size_t kept = count;
    for (size_t rank = count; rank-- > 0;) {
        TRY(check_merge(model, &merges[rank], rank, name));
        bpe_pair *pair = pair_slot(model, merges[rank].left, merges[rank].right);
        if (pair->left >= 0) continue;
        *pair = (bpe_pair){merges[rank].left, merges[rank].right, (uint32_t)rank, merges[rank].id};
        model->merges[--kept] = merges[rank];
    }
    model->merge_count = count - kept;
    memmove(model->merges, model->merges + kept, model->merge_count * sizeof *model->merges);
    if (kept == 0) return MASKE_OK;
    for (size_t rank = 0; rank < model->merge_count; rank++)
        pair_slot(model, model->merges[rank].left, model->merges[rank].right)->rank = (uint32_t)rank;
    return MASKE_OK;
}

static maske_status grow_pairs(bpe *model) {
    bpe_pair *old = model->pairs;
    maske_status status = new_pairs(model, (model->pair_mask + 1) * 2);
    if (status != MASKE_OK) { model->pairs = old; return status; }
    free(old);
    for (size_t rank = 0; rank < model->merge_count; rank++) {
        const bpe_merge *m = &model->merges[rank];
        *pair_slot(model, m->left, m->right) = (bpe_pair){m->left, m->right, (uint32_t)rank, m->id};
    }
    return MASKE_OK;
}

maske_status bpe_add_merge(bpe *model, bpe_merge merge) {
    if (model->merge_count >= BPE_MERGE_LIMIT)
        return error_set(MASKE_BAD_ARGUMENT, "more than %d merges", BPE_MERGE_LIMIT);
    TRY(check_merge(model, &merge, model->merge_count, "new merge"));
    TRY(memory_reserve(&model->merges, &model->merge_capacity, model->merge_count + 1, sizeof *model->merges,
                       "merges"));
    if ((model->merge_count + 1) * 2 > model->pair_mask) TRY(grow_pairs(model));
    bpe_pair *pair = pair_slot(model, merge.left, merge.right);
    if (pair->left >= 0) return MASKE_OK;
    *pair = (bpe_pair){merge.left, merge.right, (uint32_t)model->merge_count, merge.id};
    model->merges[model->merge_count++] = merge;
    pair_ranks_free(&model->ranks);
    model->ids_by_rank = false;
    return MASKE_OK;
}

/* Single characters by code point, in pages of 256, so that cutting a word into symbols hashes nothing. */
static maske_status build_characters(bpe *model) {
    TRY(memory_new(&model->pages, 0x1100, sizeof *model->pages, "characters"));
    size_t pages = 1;                           /* page 0: no character of these 256 */
    for (int pass = 0; pass < 2; pass++) {
        if (pass == 1) {
            TRY(memory_new(&model->characters, pages * 256, sizeof *model->characters, "characters"));
            for (size_t i = 0; i < pages * 256; i++) model->characters[i] = -1;
        }
        for (int32_t id = 0; id < model->vocab.limit; id++) {
            size_t length = 0, size = 0;
            const char *text = vocab_text(&model->vocab, id, &length);
            if (text == NULL || length == 0 || utf8_size(text[0]) != length) continue;
            uint32_t character = utf8_next(text, &size);
            uint16_t *page = &model->pages[character >> 8];
            if (pass == 0 && *page == 0) *page = (uint16_t)pages++;
            if (pass == 1) model->characters[(size_t)*page * 256 + (character & 255)] = id;
        }
    }
    return MASKE_OK;
}

static void find_bytes(bpe *model) {
    for (int byte = 0; byte < 256; byte++) {
        char text[8];
        int length = number_print(text, sizeof text, "<0x%02X>", (unsigned)byte);
        model->byte_ids[byte] = vocab_find(&model->vocab, text, (size_t)length);
    }
}

/* The symbols of bytes in byte-level form. */
static void find_byte_level(bpe *model) {
    const bpe_options *o = &model->options;
    bool affixed = (o->continuing_subword_prefix != NULL && o->continuing_subword_prefix[0] != '\0') ||
                   (o->end_of_word_suffix != NULL && o->end_of_word_suffix[0] != '\0');
    model->takes_bytes = !affixed && !o->ignore_merges;
    for (int byte = 0; byte < 256; byte++) {
        uint32_t character = byte_level_character((unsigned char)byte);
        model->byte_level_ids[byte] = model->characters[(size_t)model->pages[character >> 8] * 256 + (character & 255)];
        model->takes_bytes = model->takes_bytes && model->byte_level_ids[byte] >= 0;
    }
}

static void find_order(bpe *model) {
    model->first_merged = model->merge_count > 0 ? model->merges[0].id : 0;
    model->ids_by_rank = true;
    for (size_t rank = 0; rank < model->merge_count && model->ids_by_rank; rank++)
        model->ids_by_rank = model->merges[rank].id == model->first_merged + (int32_t)rank;
}

static maske_status copy_option(const char **out, const char *text) {
    if (text == NULL) return MASKE_OK;
    char *copy = NULL;
    TRY(memory_copy_text(&copy, text, strlen(text)));
    *out = copy;
    return MASKE_OK;
}

static maske_status build(bpe *model, const bpe_merge *merges, size_t count, const bpe_options *options,
                          const char *name) {
    model->options = *options;
    model->options.unk_token = model->options.continuing_subword_prefix = model->options.end_of_word_suffix = NULL;
    TRY(copy_option(&model->options.unk_token, options->unk_token));
    TRY(copy_option(&model->options.continuing_subword_prefix, options->continuing_subword_prefix));
    TRY(copy_option(&model->options.end_of_word_suffix, options->end_of_word_suffix));
    model->unk_id = -1;
    if (options->unk_token != NULL)
        model->unk_id = vocab_find(&model->vocab, options->unk_token, strlen(options->unk_token));
    TRY(build_merges(model, merges, count, name));
    if (model->vocab.limit < PAIR_RANKS_SYMBOLS) TRY(pair_ranks_build(&model->ranks, model->merges, model->merge_count));
    TRY(build_characters(model));
    find_bytes(model);
    find_byte_level(model);
    find_order(model);
    return MASKE_OK;
}

maske_status bpe_build(bpe *out, vocab *entries, const bpe_merge *merges, size_t count, const bpe_options *options,
                       const char *name) {
    bpe model = {.vocab = *entries};
    *entries = (vocab){0};
    maske_status status = build(&model, merges, count, options, name);
    if (status != MASKE_OK) bpe_free(&model);
    else *out = model;
    return status;
}

void bpe_free(bpe *model) {
    vocab_free(&model->vocab);
    free(model->merges);
    free((char *)model->options.unk_token);
    free((char *)model->options.continuing_subword_prefix);
    free((char *)model->options.end_of_word_suffix);
    free(model->pairs);
    pair_ranks_free(&model->ranks);
    free(model->pages);
    free(model->characters);
    *model = (bpe){0};
}
