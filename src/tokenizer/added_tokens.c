/* tokenizer/added_tokens.c: the list, and the cutting of text at its tokens. added_matcher.c finds them. */
#include "tokenizer/added_tokens.h"
#include "tokenizer/added_matcher.h"
#include "tokenizer/unicode.h"

#include <stdlib.h>

#define ADDED_BYTES_LIMIT ((size_t)16 << 20)        /* of all contents together: the automaton has a node a byte */

/* ------------------------------------------------------------------------------------------------------- adding --- */

static maske_status normalize_content(added_token *token, const normalizer *normal) {
    aligned_text scratch = {0};
    const char *text = NULL;
    size_t length = 0;
    maske_status status = normalizer_apply_plain(normal, token->content, token->length, &scratch, &text, &length, NULL);
    if (status == MASKE_OK && (length != token->length || memcmp(text, token->content, length) != 0)) {
        char *copy = NULL;
        status = memory_copy_text(&copy, text, length);
        if (status == MASKE_OK) {
            free(token->normalized_content);
            token->normalized_content = copy;
            token->normalized_length = length;
        }
    }
    aligned_text_free(&scratch);
    return status;
}

/* The token's place: where its content is already, or a new one at the end. */
static maske_status place(added_tokens *added, const added_token *token, const vocab *model, added_token **out) {
    int32_t index = vocab_find(&added->contents, token->content, token->length);
    if (index < 0) {
        if (added->count >= ADDED_TOKENS_LIMIT || added->bytes + token->length > ADDED_BYTES_LIMIT)
            return error_set(MASKE_BAD_FILE, "more than %d added tokens, or more than %zu bytes of them",
                             ADDED_TOKENS_LIMIT, ADDED_BYTES_LIMIT);
        TRY(memory_reserve(&added->tokens, &added->capacity, added->count + 1, sizeof *added->tokens, "added tokens"));
        added_token fresh = {.length = token->length, .id = vocab_find(model, token->content, token->length)};
        if (fresh.id < 0) {
            if (added->next_id >= VOCAB_ID_LIMIT)
                return error_set(MASKE_BAD_FILE, "an added token needs an id over %d", VOCAB_ID_LIMIT);
            fresh.id = added->next_id++;
        }
        TRY(memory_copy_text(&fresh.content, token->content, token->length));
        maske_status status = vocab_append(&added->contents, token->content, token->length, &index);
        if (status != MASKE_OK) { free(fresh.content); return status; }
        added->tokens[added->count++] = fresh;
        added->bytes += token->length;
        if (fresh.id >= added->limit) added->limit = fresh.id + 1;
    }
    *out = &added->tokens[index];
    return MASKE_OK;
}

maske_status added_tokens_add(added_tokens *added, const added_token *token, const vocab *model,
                              const normalizer *normal, int32_t *id) {
    if (id != NULL) *id = -1;
    if (token->length == 0) return MASKE_OK;
    if (added->next_id == 0)
        added->next_id = (int32_t)model->count > added->limit ? (int32_t)model->count : added->limit;
    added_token *own = NULL;
    TRY(place(added, token, model, &own));
    own->single_word = token->single_word;
    own->lstrip = token->lstrip;
    own->rstrip = token->rstrip;
    own->normalized = token->normalized;
    own->special = token->special;
    if (id != NULL) *id = own->id;
    return token->normalized ? normalize_content(own, normal) : MASKE_OK;
}

/* A token that normalisation leaves nothing of is never found; of two that it makes equal, the one added here first. */
static maske_status add_to_matcher(added_tokens *added, int32_t index) {
    added_token *token = &added->tokens[index];
    added_matcher **matcher = token->normalized ? &added->normalized : &added->raw;
    bool changed = token->normalized && token->normalized_content != NULL;
    const char *text = changed ? token->normalized_content : token->content;
    size_t length = changed ? token->normalized_length : token->length;
    int32_t known = -1;
    if (length == 0) return MASKE_OK;
    if (*matcher == NULL) TRY(added_matcher_new(matcher));
    return added_matcher_add(*matcher, text, length, index, &known);
}

maske_status added_tokens_finish(added_tokens *added) {
    free(added->by_id);
    added_matcher_free(added->raw);
    added_matcher_free(added->normalized);
    added->by_id = NULL;
    added->raw = added->normalized = NULL;
    TRY(memory_new(&added->by_id, (size_t)added->limit, sizeof *added->by_id, "added tokens"));
    for (int32_t id = 0; id < added->limit; id++) added->by_id[id] = -1;
    /* In a model with holes two contents may come to the same id: the later one has it, the other is gone. */
    for (size_t i = 0; i < added->count; i++) added->by_id[added->tokens[i].id] = (int32_t)i;
    for (int32_t id = 0; id < added->limit; id++)
        if (added->by_id[id] >= 0) TRY(add_to_matcher(added, added->by_id[id]));
    if (added->raw != NULL) TRY(added_matcher_finish(added->raw));
    if (added->normalized != NULL) TRY(added_matcher_finish(added->normalized));
    return MASKE_OK;
}

void added_tokens_free(added_tokens *added) {
    for (size_t i = 0; i < added->count; i++) {
        free(added->tokens[i].content);
        free(added->tokens[i].normalized_content);
    }
    free(added->tokens);
    free(added->by_id);
    vocab_free(&added->contents);
    added_matcher_free(added->raw);
    added_matcher_free(added->normalized);
    *added = (added_tokens){0};
}

const added_token *added_tokens_find(const added_tokens *added, const char *content, size_t length) {
    int32_t index = vocab_find(&added->contents, content, length);
    return index < 0 ? NULL : &added->tokens[index];
}

/* ------------------------------------------------------------------------------------------------------ cutting --- */

static uint32_t character_before(const char *text, size_t at) {
    size_t size;
    do at--; while (utf8_is_continuation(text[at]));
    return utf8_next(text + at, &size);
}

static bool stands_alone(const char *text, size_t length, size_t begin, size_t end) {
    size_t size;
    if (begin > 0 && unicode_scan(character_before(text, begin)) & SCAN_WORD) return false;
    return end == length || !(unicode_scan(utf8_next(text + end, &size)) & SCAN_WORD);
}

/* Where the white space before `at` begins, no further back than `from`. */
static size_t space_begin(const char *text, size_t from, size_t at) {
    while (at > from) {
        size_t before = at, size;
        do before--; while (utf8_is_continuation(text[before]));
        if (!unicode_is_space(utf8_next(text + before, &size))) break;
        at = before;
    }
    return at;
}

static size_t space_end(const char *text, size_t length, size_t at) {
    for (size_t size; at < length; at += size)
        if (!unicode_is_space(utf8_next(text + at, &size))) break;
    return at;
}

static maske_status add_split(added_splits *splits, size_t begin, size_t end, int32_t id) {
    TRY(memory_reserve(&splits->items, &splits->capacity, splits->count + 1, sizeof *splits->items, "added tokens"));
    splits->items[splits->count++] = (added_split){begin, end, id};
    return MASKE_OK;
}

maske_status added_tokens_split(const added_tokens *added, bool normalized, const char *text, size_t length,
                                added_splits *out) {
    const added_matcher *matcher = normalized ? added->normalized : added->raw;
    size_t done = 0, from = 0;          /* where the last accepted token ended; where to look on */
    size_t spaces = 0;                  /* end of the last white space swallowed: not to be walked again */
    added_match match;
    out->count = 0;
    while (matcher != NULL && from < length && added_matcher_next(matcher, text, length, from, &match)) {
        const added_token *token = &added->tokens[match.number];
        from = match.end;
        if (token->special && added->split_special) continue;
        if (token->single_word && !stands_alone(text, length, match.begin, match.end)) continue;
        /* A token that is white space itself may begin inside what the one before swallowed. The library then goes back
         * to where this one ends, and so do we. */
        if (token->lstrip) match.begin = done < match.begin ? space_begin(text, done, match.begin) : done;
        if (token->rstrip) match.end = spaces = match.end < spaces ? spaces : space_end(text, length, match.end);
        if (match.end <= match.begin) continue;
        if (done < match.begin) TRY(add_split(out, done, match.begin, -1));
        TRY(add_split(out, match.begin, match.end, token->id));
        done = match.end;
    }
    if (done < length) TRY(add_split(out, done, length, -1));
    return MASKE_OK;
}

void added_splits_free(added_splits *splits) {
    free(splits->items);
    *splits = (added_splits){0};
}
