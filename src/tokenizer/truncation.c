/* tokenizer/truncation.c: reading, writing, and the arithmetic of who loses how much. */
#include "tokenizer/truncation.h"

#include <stdlib.h>

#define LENGTH_LIMIT ((int64_t)1 << 30)     /* tokens that a text may be cut to */
#define PAD_LIMIT ((int64_t)1 << 20)        /* tokens that a text may be padded to: these are made for every text */

static const char *const direction_names[] = { "Right", "Left" };
static const char *const strategy_names[] = { "LongestFirst", "OnlyFirst", "OnlySecond" };

/* expected: the names, for the error. */
static maske_status read_name(int *out, const json_t *object, const char *key, const char *fallback,
                              const char *const *names, int count, const char *expected, const char *name) {
    const char *text = fallback;
    if (fallback == NULL) TRY(json_get_text(&text, object, key, name));
    else TRY(json_get_text_or(&text, fallback, object, key, name));
    for (int i = 0; i < count; i++)
        if (strcmp(text, names[i]) == 0) {
            *out = i;
            return MASKE_OK;
        }
    return error_set(MASKE_BAD_FILE, "%s: \"%s\" is \"%s\", expected %s", name, key, text, expected);
}

static maske_status read_direction(text_direction *out, const json_t *object, const char *fallback, const char *name) {
    int index = 0;
    TRY(read_name(&index, object, "direction", fallback, direction_names, 2, "Right or Left", name));
    *out = (text_direction)index;
    return MASKE_OK;
}

/* null, missing: false. */
static maske_status is_there(bool *out, const json_t *value, const char *name) {
    *out = value != NULL && !json_is_null(value);
    if (*out && !json_is_object(value))
        return error_set(MASKE_BAD_FILE, "%s: found %s, expected an object or null", name, json_kind(value));
    return MASKE_OK;
}

maske_status truncation_read(truncation *out, const json_t *value, const char *name) {
    truncation t = {0};
    int index = 0;
    TRY(is_there(&t.set, value, name));
    if (t.set) {
        TRY(read_direction(&t.direction, value, "Right", name));
        TRY(read_name(&index, value, "strategy", NULL, strategy_names, 3, "LongestFirst, OnlyFirst or OnlySecond", name));
        t.strategy = (truncation_strategy)index;
        TRY(json_get_integer(&t.max_length, value, "max_length", 0, LENGTH_LIMIT, name));
        TRY(json_get_integer(&t.stride, value, "stride", 0, LENGTH_LIMIT, name));
        if (t.max_length > 0 && t.stride >= t.max_length)
            return error_set(MASKE_BAD_FILE, "%s: \"stride\" is %lld, expected less than \"max_length\", %lld", name,
                             (long long)t.stride, (long long)t.max_length);
    }
    *out = t;
    return MASKE_OK;
}

void truncation_write(json_writer *w, const truncation *t) {
    if (!t->set) { json_nothing(w); return; }
    json_begin_object(w);
    json_key(w, "direction"); json_text(w, direction_names[t->direction]);
    json_key(w, "max_length"); json_int(w, t->max_length);
    json_key(w, "strategy"); json_text(w, strategy_names[t->strategy]);
    json_key(w, "stride"); json_int(w, t->stride);
    json_end_object(w);
}

/* "BatchLongest", or {"Fixed": 128}. */
static maske_status read_strategy(padding *p, const json_t *strategy, const char *name) {
    if (json_is_string(strategy) && strcmp(json_string_value(strategy), "BatchLongest") == 0) return MASKE_OK;
    if (!json_is_object(strategy))
        return error_set(MASKE_BAD_FILE,
                         "%s: \"strategy\": found %s, expected \"BatchLongest\" or {\"Fixed\": a length}", name,
                         json_kind(strategy));
    p->fixed = true;
    return json_get_integer(&p->length, strategy, "Fixed", 0, PAD_LIMIT, name);
}

maske_status padding_read(padding *out, const json_t *value, const char *name) {
    padding p = {0};
    const char *text = NULL;
    int64_t id = 0, type_id = 0;
    TRY(is_there(&p.set, value, name));
    if (p.set) {
        TRY(read_strategy(&p, json_object_get(value, "strategy"), name));
        TRY(read_direction(&p.direction, value, NULL, name));
        TRY(json_get_integer_or(&p.pad_to_multiple_of, -1, value, "pad_to_multiple_of", 0, PAD_LIMIT, name));
        TRY(json_get_integer(&id, value, "pad_id", 0, INT32_MAX, name));
        TRY(json_get_integer(&type_id, value, "pad_type_id", 0, INT32_MAX, name));
        p.pad_id = (int32_t)id;
        p.pad_type_id = (int32_t)type_id;
        TRY(json_get_text(&text, value, "pad_token", name));
        TRY(memory_copy_text(&p.pad_token, text, strlen(text)));
    }
    *out = p;
    return MASKE_OK;
}

void padding_write(json_writer *w, const padding *p) {
    if (!p->set) { json_nothing(w); return; }
    json_begin_object(w);
    json_key(w, "strategy");
    if (p->fixed) {
        json_begin_object(w);
        json_key(w, "Fixed"); json_int(w, p->length);
        json_end_object(w);
    } else {
        json_text(w, "BatchLongest");
    }
    json_key(w, "direction"); json_text(w, direction_names[p->direction]);
    json_key(w, "pad_to_multiple_of");
    if (p->pad_to_multiple_of < 0) json_nothing(w);
    else json_int(w, p->pad_to_multiple_of);
    json_key(w, "pad_id"); json_int(w, p->pad_id);
    json_key(w, "pad_type_id"); json_int(w, p->pad_type_id);
    json_key(w, "pad_token"); json_text(w, p->pad_token);
    json_end_object(w);
}

void padding_free(padding *p) {
    free(p->pad_token);
    *p = (padding){0};
}

size_t padding_length(const padding *p, size_t longest, size_t count) {
    size_t length = p->fixed ? (size_t)p->length : longest,
           multiple = p->pad_to_multiple_of > 0 ? (size_t)p->pad_to_multiple_of : 1;
    if (length % multiple != 0) length += multiple - length % multiple;
    return length < count ? count : length;
}

/* The shorter stays whole if that leaves the longer more than half; else both get half, the longer one the odd token.
 * (The library's cases, in its order: the shorter one too long for itself, then the longer, then both.) */
static void longest_first(size_t room, size_t *first, size_t *second) {
    bool swap = *first > *second;
    size_t shorter = swap ? *second : *first, longer;
    if (shorter > room) longer = shorter;
    else longer = shorter > room - shorter ? shorter : room - shorter;
    if (shorter + longer > room) {
        shorter = room / 2;
        longer = shorter + room % 2;
    }
    size_t keep_first = swap ? longer : shorter, keep_second = swap ? shorter : longer;
    if (keep_first < *first) *first = keep_first;
    if (keep_second < *second) *second = keep_second;
}

maske_status truncation_lengths(const truncation *t, size_t room, bool pair, size_t *first, size_t *second) {
    size_t before[2] = { *first, *second };
    if (room == 0) *first = *second = 0;
    size_t total = *first + *second;
    if (total <= room) return MASKE_OK;
    size_t excess = total - room;
    if (t->strategy == TRUNCATE_LONGEST_FIRST) {
        if (pair) longest_first(room, first, second);
        else *first = room;
    } else {
        size_t *target = t->strategy == TRUNCATE_ONLY_FIRST ? first : second;
        if (target == second && !pair)
            return error_set(MASKE_BAD_ARGUMENT,
                             "truncation cuts only the second text (OnlySecond), and there is none; the text has %zu "
                             "tokens, there is room for %zu",
                             total, room);
        if (*target <= excess)
            return error_set(MASKE_BAD_ARGUMENT,
                             "truncation cuts only the %s text, whose %zu tokens are too few: %zu must go",
                             target == first ? "first" : "second", *target, excess);
        *target -= excess;
    }
    size_t kept[2] = { *first, *second };
    for (int i = 0; i < 2; i++)
        if (kept[i] < before[i] && kept[i] > 0 && (size_t)t->stride >= kept[i])
            return error_set(MASKE_BAD_ARGUMENT,
                             "truncation's stride is %lld, expected less than the %zu tokens left of the text",
                             (long long)t->stride, kept[i]);
    return MASKE_OK;
}

size_t truncation_windows(const truncation *t, size_t count, size_t keep) {
    if (keep >= count) return 1;
    if (keep == 0) return 2;                        /* nothing, and all of it */
    size_t step = keep - (size_t)t->stride, left = count - keep;
    return 1 + left / step + (left % step != 0);
}

void truncation_window(const truncation *t, size_t count, size_t keep, size_t window, size_t *begin, size_t *end) {
    if (keep == 0 || keep >= count) {
        *begin = 0;
        *end = window == 0 ? keep : count;
        return;
    }
    size_t first = window * (keep - (size_t)t->stride), last = first + keep < count ? first + keep : count;
    *begin = t->direction == DIRECTION_RIGHT ? first : count - last;
    *end = t->direction == DIRECTION_RIGHT ? last : count - first;
}
