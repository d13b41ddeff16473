/* train/settings.c: all of it walks the option table, so that a new setting is one row and nothing else. */
#include "train/settings.h"
#include "base/number.h"
#include "base/options.h"
#include "train/sizes.h"

#include <stdio.h>
#include <stdlib.h>

enum { VALUE_SIZE = 4096 };     /* the longest text of a setting, a path */

static bool is_text(const maske_option *row) {
    return row->kind == MASKE_OPTION_TEXT || row->kind == MASKE_OPTION_CHOICE;
}

static const char **text_member(const maske_option *row, maske_train_options *settings) {
    return (const char **)((char *)settings + row->offset);
}

static bool is_setting(const maske_option *row) {
    return strcmp(row->name, "force") != 0 && strcmp(row->name, "dry-run") != 0;
}

/* --------------------------------------------------------------------------------------------------- ownership --- */

maske_status settings_copy(maske_train_options *out, const maske_train_options *given) {
    maske_train_options copy;
    if (given != NULL) copy = *given;
    else maske_train_options_defaults(&copy);
    copy.given = NULL;
    /* From here on every text is the copy's own or NULL, so that settings_free fits at any time. */
    maske_train_options from = copy;
    for (const maske_option *row = maske_train_option_table(); row->name != NULL; row++)
        if (is_text(row)) *text_member(row, &copy) = NULL;
    maske_status status = MASKE_OK;
    for (const maske_option *row = maske_train_option_table(); row->name != NULL && status == MASKE_OK; row++) {
        const char *text = is_text(row) ? *text_member(row, &from) : NULL;
        char *owned = NULL;
        if (text != NULL) status = memory_copy_text(&owned, text, strlen(text));
        if (text != NULL && status == MASKE_OK) *text_member(row, &copy) = owned;
    }
    if (status != MASKE_OK) settings_free(&copy);
    else *out = copy;
    return status;
}

void settings_free(maske_train_options *settings) {
    for (const maske_option *row = maske_train_option_table(); row->name != NULL; row++) {
        if (!is_text(row)) continue;
        free((void *)(uintptr_t)*text_member(row, settings));
        *text_member(row, settings) = NULL;
    }
}

/* ----------------------------------------------------------------------------------------------------- checking --- */

/* Whether the member holds what stands for "not given": NULL, or 0 where the row begins at more. */
static bool not_given(const maske_option *row, const maske_train_options *settings) {
    const char *member = (const char *)settings + row->offset;
    switch (row->kind) {
    case MASKE_OPTION_TEXT:    return *(const char *const *)member == NULL;
    case MASKE_OPTION_INTEGER:
    case MASKE_OPTION_MEMORY:  return *(const int64_t *)member == 0 && row->minimum > 0;
    case MASKE_OPTION_NUMBER:  return *(const double *)member == 0 && row->minimum > 0;
    default:                   return false;
    }
}

/* A row without a default of its own (a number in the table) may be left out. */
static bool may_be_left_out(const maske_option *row) {
    double number;
    return row->fallback == NULL || (!is_text(row) && !number_parse_double(&number, row->fallback));
}

static maske_status check_row(const maske_option *row, const maske_train_options *settings) {
    if (not_given(row, settings) && may_be_left_out(row)) return MASKE_OK;
    char text[VALUE_SIZE];
    if (!option_print(text, sizeof text, row, settings)) {
        char expected[256];
        option_expected(expected, sizeof expected, row);
        return error_set(MASKE_BAD_ARGUMENT, "%s: found nothing, expected %s", row->name, expected);
    }
    maske_train_options scratch = *settings;
    return option_set(row, &scratch, text, row->name);
}

maske_status settings_check(const maske_train_options *settings) {
    for (const maske_option *row = maske_train_option_table(); row->name != NULL; row++) TRY(check_row(row, settings));
    int lengths = (settings->minutes > 0) + (settings->epochs > 0) + (settings->steps > 0);
    if (lengths > 1)
        return error_set(MASKE_BAD_ARGUMENT, "found %s, expected one of minutes, epochs and steps at most",
                         settings->minutes > 0 ? settings->epochs > 0 ? "minutes and epochs" : "minutes and steps"
                                               : "epochs and steps");
    return MASKE_OK;
}

maske_status settings_complete(maske_train_options *settings) {
    TRY(sizes_complete(settings));
    if (settings->minutes == 0 && settings->steps == 0 && settings->epochs == 0) settings->epochs = 3;
    if (settings->max_length > settings->max_position_embeddings)
        return error_set(MASKE_BAD_ARGUMENT, "max-length is %lld, expected no more than max-position-embeddings, %lld",
                         (long long)settings->max_length, (long long)settings->max_position_embeddings);
    return MASKE_OK;
}

/* --------------------------------------------------------------------------------------------------- train.json --- */

static void write_value(json_writer *w, const maske_option *row, const maske_train_options *settings) {
    const char *member = (const char *)settings + row->offset;
    switch (row->kind) {
    case MASKE_OPTION_YES_NO:
    case MASKE_OPTION_FLAG:    json_bool(w, *(const bool *)member); break;
    case MASKE_OPTION_INTEGER:
    case MASKE_OPTION_MEMORY:  json_int(w, *(const int64_t *)member); break;
    case MASKE_OPTION_NUMBER:  json_double(w, *(const double *)member); break;
    case MASKE_OPTION_TEXT:
    case MASKE_OPTION_CHOICE:  json_text(w, *(const char *const *)member); break;
    }
}

void settings_write(json_writer *w, const maske_train_options *settings) {
    json_begin_object(w);
    for (const maske_option *row = maske_train_option_table(); row->name != NULL; row++) {
        if (!is_setting(row)) continue;
        json_key(w, row->name);
        if (not_given(row, settings)) json_nothing(w);
        else write_value(w, row, settings);
    }
    json_end_object(w);
}

static maske_status read_value(maske_train_options *settings, const maske_option *row, const json_t *value,
                               const char *place) {
    char number[32], where[512];
    const char *text = number;
    number_print(where, sizeof where, "%.400s: \"%s\"", place, row->name);
    if (json_is_string(value)) text = json_string_value(value);
    else if (json_is_boolean(value)) text = json_is_true(value) ? "yes" : "no";
    else if (json_is_integer(value)) number_print(number, sizeof number, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value)) number_shortest(number, json_real_value(value));
    else
        return error_set(MASKE_BAD_FILE, "%s: found %s, expected a text, a number, true or false", where,
                         json_kind(value));
    if (is_text(row) != json_is_string(value))
        return error_set(MASKE_BAD_FILE, "%s: found %s, expected %s", where, json_kind(value),
                         is_text(row) ? "a text" : "no text");
    return option_set(row, settings, text, where);
}

maske_status settings_read(maske_train_options *out, const json_t *object, const char *place) {
    if (!json_is_object(object))
        return error_set(MASKE_BAD_FILE, "%s: found %s, expected an object of settings", place, json_kind(object));
    /* What the file leaves out is at its default; a row added in a later version reads as it behaved before. */
    maske_train_options borrowed;
    maske_train_options_defaults(&borrowed);
    size_t known = 0;
    for (const maske_option *row = maske_train_option_table(); row->name != NULL; row++) {
        const json_t *value = is_setting(row) ? json_object_get(object, row->name) : NULL;
        if (value == NULL) continue;
        known++;
        if (!json_is_null(value)) TRY(read_value(&borrowed, row, value, place));
    }
    if (known != json_object_size(object)) {
        const char *key;
        json_t *value;
        json_object_foreach((json_t *)(uintptr_t)object, key, value) {
            bool found = false;
            for (const maske_option *row = maske_train_option_table(); row->name != NULL; row++)
                found = found || (is_setting(row) && strcmp(row->name, key) == 0);
            if (!found)
                return error_set(MASKE_BAD_FILE, "%s: found the setting \"%.100s\", which this version does not know",
                                 place, key);
        }
    }
    TRY(settings_check(&borrowed));
    return settings_copy(out, &borrowed);
}

maske_status settings_expect_equal(const maske_train_options *found, const char *found_place,
                                   const maske_train_options *expected, const char *expected_place) {
    for (const maske_option *row = maske_train_option_table(); row->name != NULL; row++) {
        if (!is_setting(row)) continue;
        char a[VALUE_SIZE] = "not given", b[VALUE_SIZE] = "not given";
        if (!not_given(row, found)) (void)option_print(a, sizeof a, row, found);
        if (!not_given(row, expected)) (void)option_print(b, sizeof b, row, expected);
        if (strcmp(a, b) != 0)
            return error_set(MASKE_BAD_ARGUMENT, "%.300s: %s is %.100s, but %.100s in %.300s", found_place, row->name,
                             a, b, expected_place);
    }
    return MASKE_OK;
}
