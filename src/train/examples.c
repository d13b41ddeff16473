/* train/examples.c: sequences spread evenly over the held-out text; of each a whole word near the middle is masked. */
#include "train/examples.h"
#include "base/buffer.h"
#include "base/utf8.h"

#include <stdlib.h>

enum { AROUND = 12 /* tokens shown on either side */, LEAST_CHARACTERS = 3 };

static maske_status decode(char **out, const maske_tokenizer *tokenizer, const int32_t *ids, size_t count) {
    return maske_tokenizer_decode(tokenizer, ids, count, false, out, NULL);
}

/* Whether the token is a word by itself, or near enough: several characters, and not special. */
static maske_status is_telling(bool *out, const maske_tokenizer *tokenizer, int32_t id) {
    char *text = NULL;
    *out = false;
    if (maske_tokenizer_is_special(tokenizer, id)) return MASKE_OK;
    TRY(decode(&text, tokenizer, &id, 1));
    *out = utf8_count(text, strlen(text)) >= LEAST_CHARACTERS;
    free(text);
    return MASKE_OK;
}

static maske_status choose_place(example *item, const maske_tokenizer *tokenizer, bool *found) {
    *found = false;
    for (size_t i = 0; i < item->count && !*found; i++) {
        item->place = (item->count / 2 + i) % item->count;
        TRY(is_telling(found, tokenizer, item->ids[item->place]));
    }
    return MASKE_OK;
}

/* before, the piece and after as they are written together: the piece's own space stays in front of the mask. */
static maske_status join(example *item, const char *before, const char *through, const char *whole, const char *mask) {
    size_t begin = strlen(before), end = strlen(through);
    if (strncmp(through, before, begin) != 0) begin = 0;
    if (strncmp(whole, through, end) != 0) end = begin;
    buffer text = {0};
    maske_status status = buffer_add(&text, whole, begin);
    if (status == MASKE_OK && through[begin] == ' ') status = buffer_add_text(&text, " ");
    if (status == MASKE_OK) status = buffer_add_text(&text, mask);
    if (status == MASKE_OK) status = buffer_add_text(&text, whole + end);
    if (status == MASKE_OK) item->text = buffer_take(&text);
    buffer_free(&text);
    return status;
}

/* The text around the mask; [CLS] and [SEP] are left out. */
static maske_status describe(example *item, const maske_tokenizer *tokenizer, int32_t mask) {
    size_t from = item->place > AROUND ? item->place - AROUND : 0, to = item->place + 1 + AROUND;
    if (to > item->count) to = item->count;
    while (from < item->place && maske_tokenizer_is_special(tokenizer, item->ids[from])) from++;
    while (to > item->place + 1 && maske_tokenizer_is_special(tokenizer, item->ids[to - 1])) to--;
    const int32_t *ids = item->ids + from;
    char *before = NULL, *through = NULL, *whole = NULL;
    maske_status status = decode(&item->expected, tokenizer, &item->ids[item->place], 1);
    if (status == MASKE_OK) status = decode(&before, tokenizer, ids, item->place - from);
    if (status == MASKE_OK) status = decode(&through, tokenizer, ids, item->place - from + 1);
    if (status == MASKE_OK) status = decode(&whole, tokenizer, ids, to - from);
    if (status == MASKE_OK) status = join(item, before, through, whole, maske_tokenizer_token(tokenizer, mask));
    item->ids[item->place] = mask;
    free(before);
    free(through);
    free(whole);
    return status;
}

static maske_status add(examples *e, const int32_t *ids, size_t count, int32_t mask) {
    example *item = &e->items[e->count];
    bool found;
    *item = (example){.count = count};
    TRY(memory_new(&item->ids, count, sizeof *item->ids, "an example"));
    e->count++;                 /* from here on examples_free has it */
    memcpy(item->ids, ids, count * sizeof *ids);
    TRY(choose_place(item, e->tokenizer, &found));
    if (found) return describe(item, e->tokenizer, mask);
    free(item->ids);
    *item = (example){0};
    e->count--;
    return MASKE_OK;
}

static maske_status choose(examples *e, const dataset *held_out, const masked_lm *model, int threads) {
    int32_t mask = maske_tokenizer_special(e->tokenizer, MASKE_MASK);
    size_t sequences = (size_t)dataset_describe(held_out)->sequences, longest = 1;
    const dataset_masking masking = {.mask_probability = 0.15};      /* of no matter: the tokens before it are taken */
    dataset_batch made = {0};
    maske_status status = MASKE_OK;
    for (size_t i = 0; status == MASKE_OK && mask >= 0 && i < EXAMPLES && i < sequences; i++) {
        uint32_t which = (uint32_t)((2 * i + 1) * sequences / (2 * EXAMPLES));
        if (sequences <= EXAMPLES) which = (uint32_t)i;
        status = dataset_make_batch(held_out, &which, 1, 0, &masking, &made);
        if (status == MASKE_OK) status = add(e, made.originals, made.batch.tokens, mask);
        longest = made.batch.tokens > longest ? made.batch.tokens : longest;
    }
    dataset_batch_free(&made);
    if (status != MASKE_OK || e->count == 0) return status;
    const masked_lm_capacity capacity = {.tokens = longest,
                                         .sequences = 1,
                                         .sequence_length = longest,
                                         .predictions = 1,
                                         .logits = true,
                                         .threads = threads};
    return masked_lm_context_new(&e->context, model, &capacity);
}

maske_status examples_new(examples *out, const dataset *held_out, const maske_tokenizer *tokenizer,
                          const masked_lm *model, int threads) {
    examples e = {.tokenizer = tokenizer};
    maske_status status = choose(&e, held_out, model, threads);
    if (status != MASKE_OK) examples_free(&e);
    else *out = e;
    return status;
}

void examples_free(examples *e) {
    for (size_t i = 0; i < e->count; i++) {
        free(e->items[i].ids);
        free(e->items[i].text);
        free(e->items[i].expected);
        free(e->items[i].filled);
    }
    masked_lm_context_free(e->context);
    *e = (examples){0};
}

/* The likeliest piece that is not special; of equal ones the first. */
static int32_t likeliest(const examples *e, const float *logits) {
    int32_t best = -1, size = (int32_t)maske_tokenizer_vocab_size(e->tokenizer);
    for (int32_t i = 0; i < size; i++)
        if ((best < 0 || logits[i] > logits[best]) && !maske_tokenizer_is_special(e->tokenizer, i)) best = i;
    return best;
}

maske_status examples_fill(examples *e, const masked_lm *model) {
    for (size_t i = 0; i < e->count; i++) {
        example *item = &e->items[i];
        const uint32_t starts[] = {0, (uint32_t)item->count}, place = (uint32_t)item->place;
        const batch b = {.tokens = item->count,
                         .sequences = 1,
                         .predictions = 1,
                         .input_ids = item->ids,
                         .sequence_start = starts,
                         .prediction_index = &place};
        masked_lm_result result;
        TRY(masked_lm_forward(model, e->context, &b, &(masked_lm_mode){0}, &result));
        int32_t id = likeliest(e, result.logits);
        free(item->filled);
        item->filled = NULL;
        if (id >= 0) TRY(decode(&item->filled, e->tokenizer, &id, 1));
    }
    return MASKE_OK;
}
