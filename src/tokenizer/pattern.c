/* tokenizer/pattern.c: literal search by memmem, expressions by Oniguruma with limits on each call. */
#include "tokenizer/pattern.h"
#include "tokenizer/pattern_classes.h"

#include <limits.h>
#include <oniguruma.h>
#include <pthread.h>
#include <stdlib.h>

/* A pattern is a file's to choose, so what it costs is bounded, in steps back. From one start it may go back as often as
 * the library allows; over all searches of one text in proportion to the text's length. The engine tells no one how often
 * it went back, only that a limit was passed, so a search begins with a low one; where that does not do it is paid for,
 * and the search begun again with a higher. Stack entries, which a greedy loop takes one of for each character, grow with
 * the text, too: a megabyte of one letter is no fault. (What runs ahead without ever going back, a possessive loop in a
 * look-ahead, is not seen by this.) */
enum {
    PATTERN_LENGTH_LIMIT = 4096,
    RETRY_IN_MATCH_LIMIT = 10000000,
    RETRIES_FREE         = 256,         /* of each search */
    RETRIES_GROW         = 4,
    RETRIES_OF_TEXT      = 10000000,    /* all searches of a text, and more for each byte: */
    RETRIES_OF_BYTE      = 64,
    STACK_LEAST          = 1000000
};

/* The engine's compiler frees a block twice where an allocation fails in the middle of it. So it begins only where far
 * more memory is to be had than it takes. */
enum { COMPILE_ROOM = 8 << 20 };

typedef struct pattern_scratch {
    OnigRegion *region;
    OnigMatchParam *parameters;
    size_t retries;                     /* what this text may still cost */
} pattern_scratch;

static void initialize_once(void) {
    OnigEncoding encodings[] = {ONIG_ENCODING_UTF8};
    onig_initialize(encodings, 1);
}

static maske_status compile(pattern *self, const char *name) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, initialize_once);
    void *room = NULL;
    TRY(memory_resize(&room, COMPILE_ROOM, 1, "compiling a regular expression"));
    free(room);
    buffer updated = {0};
    maske_status status = pattern_classes_update(&updated, self->text, self->length);
    if (status != MASKE_OK) {
        buffer_free(&updated);
        return status;
    }
    const UChar *text = (const UChar *)updated.data, *end = text == NULL ? NULL : text + updated.length;
    regex_t *regex = NULL;
    OnigErrorInfo info = {0};
    UChar why[ONIG_MAX_ERROR_MESSAGE_LEN] = "";
    int result = onig_new(&regex, text, end, ONIG_OPTION_NONE, ONIG_ENCODING_UTF8, ONIG_SYNTAX_DEFAULT, &info);
    if (result != ONIG_NORMAL) onig_error_code_to_str(why, result, &info);
    buffer_free(&updated);              /* only now: what info names lies in it */
    if (result == ONIGERR_MEMORY) return error_memory(self->length, "compiling a regular expression");
    if (result != ONIG_NORMAL) {
        return error_set(MASKE_BAD_FILE, "%s: the regular expression \"%.200s\" cannot be used: %s", name, self->text, (char *)why);
    }
    self->regex = regex;
    return MASKE_OK;
}

maske_status pattern_new_text(pattern *out, const char *text, size_t length) {
    *out = (pattern){.length = length};
    return memory_copy_text(&out->text, text, length);
}

maske_status pattern_read(pattern *out, const json_t *json, const char *name) {
    *out = (pattern){0};
    const json_t *literal = json_object_get(json, "String"), *expression = json_object_get(json, "Regex");
    if (json_object_size(json) != 1 || (!json_is_string(literal) && !json_is_string(expression)))
        return error_set(MASKE_BAD_FILE, "%s: found %s as pattern, expected {\"String\": text} or {\"Regex\": text}", name, json_kind(json));
    const json_t *text = literal != NULL ? literal : expression;
    if (json_string_length(text) > PATTERN_LENGTH_LIMIT)
        return error_set(MASKE_BAD_FILE, "%s: the pattern has %zu bytes, expected at most %d", name, json_string_length(text), PATTERN_LENGTH_LIMIT);
    TRY(pattern_new_text(out, json_string_value(text), json_string_length(text)));
    out->is_regex = literal == NULL;
    return out->is_regex ? compile(out, name) : MASKE_OK;
}

void pattern_write(json_writer *w, const pattern *self) {
    json_begin_object(w);
    json_key(w, self->is_regex ? "Regex" : "String");
    json_text_bytes(w, self->text, self->length);
    json_end_object(w);
}

void pattern_free(pattern *self) {
    if (self == NULL) return;
    if (self->regex != NULL) onig_free(self->regex);
    free(self->text);
    *self = (pattern){0};
}

void pattern_scratch_free(void *scratch) {
    pattern_scratch *own = scratch;
    if (own == NULL) return;
    if (own->region != NULL) onig_region_free(own->region, 1);
    if (own->parameters != NULL) onig_free_match_param(own->parameters);
    free(own);
}

void pattern_scratch_restart(void *scratch) {
    if (scratch != NULL) ((pattern_scratch *)scratch)->retries = RETRIES_OF_TEXT;
}

static maske_status scratch_new(void **out) {
    pattern_scratch *own = NULL;
    TRY(memory_new(&own, 1, sizeof *own, "a pattern's search"));
    own->region = onig_region_new();
    own->parameters = onig_new_match_param();
    bool whole = own->region != NULL && own->parameters != NULL;
    if (whole && onig_region_resize(own->region, 1) != ONIG_NORMAL) {
        whole = false;
        free(own->region->beg);         /* the engine forgets the half that it got */
        free(own->region->end);
        own->region->beg = own->region->end = NULL;
    }
    if (!whole) {
        pattern_scratch_free(own);
        return error_memory(sizeof(OnigRegion), "a pattern's search");
    }
    own->retries = RETRIES_OF_TEXT;
    *out = own;
    return MASKE_OK;
}

static int search_within(const pattern_search *search, pattern_scratch *own, size_t limit) {
    size_t in_match = limit < RETRY_IN_MATCH_LIMIT ? limit : RETRY_IN_MATCH_LIMIT,
           stack = STACK_LEAST + 2 * search->length;
    onig_initialize_match_param(own->parameters);
    onig_set_retry_limit_in_match_of_match_param(own->parameters, in_match);
    onig_set_retry_limit_in_search_of_match_param(own->parameters, limit);
    onig_set_match_stack_limit_size_of_match_param(own->parameters, stack < INT_MAX ? (unsigned)stack : INT_MAX);
    const UChar *text = (const UChar *)search->text, *last = text + search->length;
    return onig_search_with_param(search->wanted->regex, text, last, text + search->at, last, own->region,
                                  ONIG_OPTION_NONE, own->parameters);
}

static bool wants_more(int result, size_t limit) {
    if (result == ONIGERR_RETRY_LIMIT_IN_MATCH_OVER) return limit < RETRY_IN_MATCH_LIMIT;
    return result == ONIGERR_RETRY_LIMIT_IN_SEARCH_OVER;
}

static maske_status find_regex(pattern_search *search, bool *found, size_t *begin, size_t *end) {
    if (search->scratch == NULL) TRY(scratch_new(&search->scratch));
    pattern_scratch *own = search->scratch;
    if (!search->counted && own->retries < SIZE_MAX / 2) own->retries += RETRIES_OF_BYTE * search->length;
    search->counted = true;
    size_t limit = RETRIES_FREE;
    int result = search_within(search, own, limit);
    for (; wants_more(result, limit) && own->retries >= limit; result = search_within(search, own, limit)) {
        own->retries -= limit;
        limit *= RETRIES_GROW;
    }
    *found = result >= 0;
    if (*found) {
        *begin = (size_t)own->region->beg[0];
        *end = (size_t)own->region->end[0];
    } else if (result == ONIGERR_MEMORY) return error_memory(search->length, "a regular expression's search");
    else if (result != ONIG_MISMATCH) {
        UChar why[ONIG_MAX_ERROR_MESSAGE_LEN] = "it went back too often";
        if (result != ONIGERR_RETRY_LIMIT_IN_MATCH_OVER && result != ONIGERR_RETRY_LIMIT_IN_SEARCH_OVER)
            onig_error_code_to_str(why, result);
        return error_set(MASKE_BAD_ARGUMENT, "the regular expression \"%.200s\" gave up on a text of %zu bytes: %s",
                         search->wanted->text, search->length, (char *)why);
    }
    return MASKE_OK;
}

static void find_literal(const pattern_search *search, bool *found, size_t *begin, size_t *end) {
    const pattern *self = search->wanted;
    const char *at = self->length == 0 ? search->text + search->at
                                          : memmem(search->text + search->at, search->length - search->at, self->text, self->length);
    *found = at != NULL;
    *begin = *found ? (size_t)(at - search->text) : 0;
    *end = *begin + self->length;
}

maske_status pattern_next(pattern_search *search, bool *found, size_t *begin, size_t *end) {
    *found = false;
    *begin = *end = 0;
    while (search->at <= search->length) {
        if (search->wanted->is_regex) TRY(find_regex(search, found, begin, end));
        else find_literal(search, found, begin, end);
        if (!*found) break;
        if (*begin != *end || *end != search->last_end) {
            search->at = search->last_end = *end;
            return MASKE_OK;
        }
        search->at += search->at < search->length ? utf8_size(search->text[search->at]) : 1;
        *found = false;
    }
    search->at = search->length + 1;
    return MASKE_OK;
}
