/* tasks/candidates.c: a heap over the logits, so that only the entries near the top are decoded. */
#include "tasks/candidates.h"
#include "base/random.h"
#include "base/utf8.h"
#include "tokenizer/unicode.h"

#include <math.h>
#include <stdlib.h>

/* Whether a comes before b; a NaN comes last. */
static bool before(const float *logits, int32_t a, int32_t b) {
    if (logits[a] != logits[b]) return logits[a] > logits[b] || isnan(logits[b]);
    return a < b;
}

static void sift_down(int32_t *heap, size_t count, size_t at, const float *logits) {
    int32_t id = heap[at];
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && before(logits, heap[child + 1], heap[child])) child++;
        if (!before(logits, heap[child], id)) break;
        heap[at] = heap[child];
    }
    heap[at] = id;
}

static int32_t pop(int32_t *heap, size_t *count, const float *logits) {
    int32_t top = heap[0];
    heap[0] = heap[--*count];
    if (*count > 0) sift_down(heap, *count, 0, logits);
    return top;
}

static double log_sum_exp(const float *logits, size_t count) {
    double top = -INFINITY, sum = 0;
    for (size_t i = 0; i < count; i++) top = logits[i] > top ? (double)logits[i] : top;
    for (size_t i = 0; i < count; i++) sum += exp((double)logits[i] - top);
    return top + log(sum);
}

static maske_status add(candidates *c, int32_t id, float logit, double log_sum) {
    TRY(memory_reserve(&c->items, &c->capacity, c->count + 1, sizeof *c->items, "candidates"));
    /* `length` now, `text` at the end: the bytes may still move. */
    c->items[c->count++] =
        (candidate){.id = id, .score = exp((double)logit - log_sum), .logit = logit, .length = c->scratch.length};
    TRY(buffer_add(&c->text, c->scratch.data, c->scratch.length));
    return buffer_add(&c->text, "", 1);
}

/* " kitap", not "lar", not " (" */
static bool begins_word(const buffer *text) {
    size_t size;
    return text->length > 1 && text->data[0] == ' ' && unicode_in_word(utf8_next(text->data + 1, &size));
}

maske_status candidates_find(candidates *out, const token_texts *p, const float *logits, size_t vocab_size,
                             const int32_t *allowed, size_t allowed_count, size_t limit, bool words) {
    size_t count = allowed != NULL ? allowed_count : vocab_size;
    out->count = 0;
    buffer_clear(&out->text);
    TRY(memory_reserve(&out->heap, &out->heap_capacity, count, sizeof *out->heap, "candidates"));
    for (size_t i = 0; i < count; i++) out->heap[i] = allowed != NULL ? allowed[i] : (int32_t)i;
    for (size_t i = count / 2; i-- > 0;) sift_down(out->heap, count, i, logits);
    double log_sum = log_sum_exp(logits, vocab_size);
    if (!isfinite(log_sum))
        return error_set(MASKE_DIVERGED, "the model's logits for a mask are not finite: its weights are broken");
    while (count > 0 && out->count < limit) {
        int32_t id = pop(out->heap, &count, logits);
        bool fills = false;
        TRY(token_fills(p, id, &out->scratch, &fills));
        if (fills && words) fills = begins_word(&out->scratch);
        if (fills) TRY(add(out, id, logits[id], log_sum));
    }
    char *text = out->text.data;
    for (size_t i = 0; i < out->count; i++) {
        out->items[i].text = text;
        text += out->items[i].length + 1;
    }
    return MASKE_OK;
}

void candidates_free(candidates *c) {
    free(c->items);
    free(c->heap);
    buffer_free(&c->text);
    buffer_free(&c->scratch);
    *c = (candidates){0};
}

size_t candidates_draw(const candidates *c, double temperature, uint64_t seed, uint64_t draw) {
    if (temperature <= 0) return 0;
    double top = (double)c->items[0].logit, sum = 0;
    for (size_t i = 0; i < c->count; i++) sum += exp(((double)c->items[i].logit - top) / temperature);
    random_bits bits = random_philox(seed, RANDOM_DRAW, 0, draw);
    double left = random_unit(bits.word[0], bits.word[1]) * sum;
    for (size_t i = 0; i + 1 < c->count; i++) {
        left -= exp(((double)c->items[i].logit - top) / temperature);
        if (left < 0) return i;
    }
    return c->count - 1;
}
