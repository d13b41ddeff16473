/* base/options.c: command line, environment and JSON file into structures, by one table. */
#include "base/options.h"
#include "base/number.h"

#include <stdio.h>
#include <stdlib.h>

/* ------------------------------------------------------------------------------------------------- one value --- */

static bool equal(const char *a, const char *b) { return strcmp(a, b) == 0; }

static bool parse_yes_no(bool *out, const char *text) {
    static const char *const yes[] = {"yes", "true", "on", "1"}, *const no[] = {"no", "false", "off", "0"};
    for (size_t i = 0; i < 4; i++) {
        if (equal(text, yes[i])) return *out = true, true;
        if (equal(text, no[i])) return *out = false, true;
    }
    return false;
}

/* Whether text is one of "a|b|c". */
static bool is_choice(const char *choices, const char *text) {
    size_t length = strlen(text);
    for (const char *c = choices; length > 0; c++) {
        const char *end = strchr(c, '|');
        size_t size = end != NULL ? (size_t)(end - c) : strlen(c);
        if (size == length && memcmp(c, text, size) == 0) return true;
        if (end == NULL) break;
        c = end;
    }
    return false;
}

/* The text as the row's kind, in its range, into the member; false: it is none. */
static bool set_member(const maske_option *row, void *values, const char *text) {
    void *member = (char *)values + row->offset;
    int64_t integer = 0;
    double number = 0;
    bool truth = false;
    switch (row->kind) {
    case MASKE_OPTION_YES_NO:
    case MASKE_OPTION_FLAG:
        if (!parse_yes_no(&truth, text)) return false;
        *(bool *)member = truth;
        return true;
    case MASKE_OPTION_INTEGER:
        if (!number_parse_integer(&integer, text)) return false;
        break;
    case MASKE_OPTION_MEMORY:
        if (!number_parse_memory(&integer, text)) return false;
        break;
    case MASKE_OPTION_NUMBER:
        if (!number_parse_double(&number, text) || number < row->minimum || number > row->maximum) return false;
        *(double *)member = number;
        return true;
    case MASKE_OPTION_CHOICE:
        if (!is_choice(row->value, text)) return false;
        *(const char **)member = text;
        return true;
    case MASKE_OPTION_TEXT:
        if (text[0] == '\0') return false;
        *(const char **)member = text;
        return true;
    }
    if ((double)integer < row->minimum || (double)integer > row->maximum) return false;
    *(int64_t *)member = integer;
    return true;
}

/* A bound as a person writes it: 1000, 0.5, 1e-06, and memory as 64M. */
static void print_bound(char *out, size_t size, const maske_option *row, double bound) {
    int unit = 0;
    while (row->kind == MASKE_OPTION_MEMORY && unit < 4 && bound >= 1024 &&
           bound / 1024 == (double)(int64_t)(bound / 1024)) {
        bound /= 1024;
        unit++;
    }
    number_print(out, size, "%.15g%.*s", bound, unit > 0, &"?KMGT"[unit]);
}

void option_expected(char *out, size_t size, const maske_option *row) {
    static const double endless = 1e15;         /* a bound beyond this is none that a reader cares for */
    const char *kind = row->kind == MASKE_OPTION_INTEGER  ? "an integer"
                       : row->kind == MASKE_OPTION_MEMORY ? "a size such as 512M or 2G"
                                                          : "a number";
    char low[32], high[32];
    switch (row->kind) {
    case MASKE_OPTION_YES_NO:
    case MASKE_OPTION_FLAG:
        snprintf(out, size, "yes or no");
        return;
    case MASKE_OPTION_TEXT:
        snprintf(out, size, "a text that is not empty");
        return;
    case MASKE_OPTION_CHOICE: {
        size_t used = (size_t)snprintf(out, size, "one of ");
        for (const char *c = row->value; *c && used + 3 < size; c++) {
            if (*c == '|') out[used++] = ',', out[used++] = ' ';
            else out[used++] = *c;
        }
        out[used < size ? used : size - 1] = '\0';
        return;
    }
    default:
        break;
    }
    print_bound(low, sizeof low, row, row->minimum);
    print_bound(high, sizeof high, row, row->maximum);
    if (row->maximum < endless && row->minimum > -endless) snprintf(out, size, "%s from %s to %s", kind, low, high);
    else if (row->minimum > -endless) snprintf(out, size, "%s of %s or more", kind, low);
    else if (row->maximum < endless) snprintf(out, size, "%s of %s or less", kind, high);
    else snprintf(out, size, "%s", kind);
}

maske_status option_set(const maske_option *row, void *values, const char *text, const char *place) {
    if (set_member(row, values, text)) return MASKE_OK;
    char expected[256];
    option_expected(expected, sizeof expected, row);
    return error_set(MASKE_BAD_ARGUMENT, "%s: found \"%.200s\", expected %s", place, text, expected);
}

bool option_print(char *out, size_t size, const maske_option *row, const void *values) {
    const void *member = (const char *)values + row->offset;
    char number[32];
    switch (row->kind) {
    case MASKE_OPTION_YES_NO:
    case MASKE_OPTION_FLAG:
        snprintf(out, size, "%s", *(const bool *)member ? "yes" : "no");
        return true;
    case MASKE_OPTION_INTEGER:
    case MASKE_OPTION_MEMORY:
        snprintf(out, size, "%lld", (long long)*(const int64_t *)member);
        return true;
    case MASKE_OPTION_NUMBER:
        number_shortest(number, *(const double *)member);
        snprintf(out, size, "%s", number);
        return true;
    case MASKE_OPTION_TEXT:
    case MASKE_OPTION_CHOICE:
        break;
    }
    const char *text = *(const char *const *)member;
    if (text != NULL) snprintf(out, size, "%s", text);
    return text != NULL;
}

void option_variable(char *out, size_t size, const char *name) {
    size_t used = (size_t)snprintf(out, size, "MASKE_");
    for (; *name && used + 1 < size; name++)
        out[used++] = *name == '-' ? '_' : *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A') : *name;
    out[used] = '\0';
}

/* ------------------------------------------------------------------------------------------ did you mean --- */

enum { WORD_LIMIT = 48 };

size_t option_distance(const char *a, const char *b) {
    size_t rows = strlen(a), columns = strlen(b);
    if (rows > WORD_LIMIT || columns > WORD_LIMIT) return WORD_LIMIT;
    /* Three rows of the table of distances between the beginnings of a and b: two lines ago, one ago, this one. */
    size_t line[3][WORD_LIMIT + 1];
    for (size_t j = 0; j <= columns; j++) line[0][j] = j;
    for (size_t i = 1; i <= rows; i++) {
        size_t *now = line[i % 3], *before = line[(i + 2) % 3], *two_before = line[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            size_t best = before[j - 1] + (a[i - 1] != b[j - 1]);
            if (before[j] + 1 < best) best = before[j] + 1;
            if (now[j - 1] + 1 < best) best = now[j - 1] + 1;
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && two_before[j - 2] + 1 < best) best = two_before[j - 2] + 1;
            now[j] = best;
        }
    }
    return line[rows % 3][columns];
}

size_t option_misfit(const char *typed, const char *name) {
    size_t length = strlen(typed), distance = option_distance(typed, name);
    if (length >= 3 && strncmp(typed, name, length) == 0) return 1;
    return distance <= (length < 4 ? 1 : length < 9 ? 2 : 3) ? distance : SIZE_MAX;
}

/* ------------------------------------------------------------------------------------------------ all of them --- */

void options_fill_defaults(const maske_option *rows, void *values) {
    for (const maske_option *row = rows; row->name != NULL; row++)
        if (row->fallback != NULL) (void)set_member(row, values, row->fallback);
}

void options_add(options *o, const maske_option *rows, void *values) {
    o->groups[o->group_count++] = (option_group){rows, values};
}

typedef struct place { const maske_option *row; void *values; option_source *source; } place;

/* The row of that name; in a file's keys, '_' is taken for '-'. */
static bool find(options *o, const char *name, size_t length, place *out) {
    for (size_t g = 0; g < o->group_count; g++) {
        const maske_option *rows = o->groups[g].rows;
        for (size_t i = 0; i < OPTION_ROWS && rows[i].name != NULL; i++) {
            bool same = strlen(rows[i].name) == length;
            for (size_t c = 0; same && c < length; c++) same = rows[i].name[c] == (name[c] == '_' ? '-' : name[c]);
            if (!same) continue;
            *out = (place){&rows[i], o->groups[g].values, &o->sources[g][i]};
            return true;
        }
    }
    return false;
}

option_source options_source(const options *o, const char *name) {
    place found;
    return find((options *)(uintptr_t)o, name, strlen(name), &found) ? *found.source : OPTION_DEFAULT;
}

static const char *nearest(const options *o, const char *typed) {
    const char *best = NULL;
    size_t least = SIZE_MAX;
    for (size_t g = 0; g < o->group_count; g++) {
        for (const maske_option *row = o->groups[g].rows; row->name != NULL; row++) {
            size_t misfit = option_misfit(typed, row->name);
            if (misfit < least) least = misfit, best = row->name;
        }
    }
    return best;
}

/* `where`: "" on the command line, else the file. */
static maske_status unknown(const options *o, const char *where, const char *dashes, const char *typed) {
    const char *meant = nearest(o, typed);
    if (meant == NULL) return error_set(MASKE_BAD_ARGUMENT, "%sthere is no option %s%.100s", where, dashes, typed);
    return error_set(MASKE_BAD_ARGUMENT, "%sthere is no option %s%.100s; did you mean %s%s?", where, dashes, typed,
                     dashes, meant);
}

/* -------- the command line -------- */

/* A setting that the command line gave, kept until the weaker sources are done. */
typedef struct assignment { place at; const char *text; } assignment;
typedef struct scan { options *o; assignment *assignments; size_t count; char *const *words; int left; } scan;

static bool is_help(const char *word) { return equal(word, "--help") || equal(word, "-h"); }

/* What stands for the option's value: behind '=', the next word, or nothing where it may stand alone. */
static maske_status take_value(scan *s, const maske_option *row, const char *equals, const char **out) {
    bool truth;
    if (equals != NULL) return *out = equals + 1, MASKE_OK;
    const char *next = s->left > 0 ? s->words[0] : NULL;
    bool alone = row->kind == MASKE_OPTION_FLAG ||
                 (row->kind == MASKE_OPTION_YES_NO && (next == NULL || !parse_yes_no(&truth, next)));
    if (alone) return *out = "yes", MASKE_OK;
    if (next == NULL)
        return error_set(MASKE_BAD_ARGUMENT, "--%s: found nothing behind it, expected %s", row->name, row->value);
    if (next[0] == '-' && next[1] == '-')
        return error_set(
            MASKE_BAD_ARGUMENT,
            "--%s: found the option %.100s behind it, expected %s (a value that begins with -- is written --%s=VALUE)",
            row->name, next, row->value, row->name);
    *out = next;
    s->words++;
    s->left--;
    return MASKE_OK;
}

static maske_status scan_option(scan *s, const char *word) {
    if (word[1] != '-')
        return error_set(MASKE_BAD_ARGUMENT, "there is no option %.100s; put -- before a text that begins with -",
                         word);
    const char *name = word + 2, *equals = strchr(name, '=');
    size_t length = equals != NULL ? (size_t)(equals - name) : strlen(name);
    assignment a = {0};
    if (!find(s->o, name, length, &a.at)) {
        char typed[WORD_LIMIT + 1];
        snprintf(typed, sizeof typed, "%.*s", (int)(length < WORD_LIMIT ? length : WORD_LIMIT), name);
        return unknown(s->o, "", "--", typed);
    }
    TRY(take_value(s, a.at.row, equals, &a.text));
    s->assignments[s->count++] = a;
    return MASKE_OK;
}

static maske_status scan_words(scan *s) {
    bool ended = false;
    while (s->left > 0) {
        const char *word = s->words[0];
        s->words++;
        s->left--;
        if (ended || word[0] != '-' || word[1] == '\0') s->o->arguments[s->o->argument_count++] = word;
        else if (equal(word, "--")) ended = true;
        else TRY(scan_option(s, word));
    }
    return MASKE_OK;
}

/* -------- the file and the environment -------- */

/* --help is the command line's own: a file or variable that asks for help would lock the program. */
static bool command_line_only(const char *name) { return equal(name, "help"); }

static maske_status set_from_json(const place *at, const json_t *value, const char *where) {
    char number[32];
    const char *text = number;
    switch (json_typeof(value)) {
    case JSON_STRING:  text = json_string_value(value); break;
    case JSON_TRUE:    text = "yes"; break;
    case JSON_FALSE:   text = "no"; break;
    case JSON_INTEGER: snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value)); break;
    case JSON_REAL:    number_shortest(number, json_real_value(value)); break;
    default:
        return error_set(MASKE_BAD_ARGUMENT, "%s: found %s, expected a text, a number, true or false", where,
                         json_kind(value));
    }
    maske_option_kind kind = at->row->kind;
    if (text == number && (kind == MASKE_OPTION_TEXT || kind == MASKE_OPTION_CHOICE))
        return error_set(MASKE_BAD_ARGUMENT, "%s: found %s, expected a text", where, json_kind(value));
    return option_set(at->row, at->values, text, where);
}

static maske_status read_config(options *o, const char *path) {
    TRY(json_read_object(&o->config, path, 1 << 20));
    const char *key;
    json_t *value;
    json_object_foreach(o->config, key, value) {
        place at;
        char where[512];
        if (!find(o, key, strlen(key), &at)) {
            if (o->known_elsewhere != NULL && o->known_elsewhere(key)) continue;
            snprintf(where, sizeof where, "%.400s: ", path);
            return unknown(o, where, "", key);
        }
        snprintf(where, sizeof where, "%.400s: \"%s\"", path, at.row->name);
        if (command_line_only(at.row->name) || equal(at.row->name, "config"))
            return error_set(MASKE_BAD_ARGUMENT, "%s: not taken from a file", where);
        if (json_is_null(value)) continue;      /* as if it were not there */
        TRY(set_from_json(&at, value, where));
        *at.source = OPTION_FILE;
    }
    return MASKE_OK;
}

static maske_status read_environment(options *o) {
    for (size_t g = 0; g < o->group_count; g++) {
        const maske_option *rows = o->groups[g].rows;
        for (size_t i = 0; rows[i].name != NULL; i++) {
            char variable[96];
            option_variable(variable, sizeof variable, rows[i].name);
            const char *text = getenv(variable);
            /* An empty variable counts as none, as everywhere in a shell. */
            if (text == NULL || text[0] == '\0' || command_line_only(rows[i].name)) continue;
            TRY(option_set(&rows[i], o->groups[g].values, text, variable));
            o->sources[g][i] = OPTION_ENVIRONMENT;
        }
    }
    return MASKE_OK;
}

/* -------- together -------- */

/* The file that --config names, else MASKE_CONFIG, else NULL. */
static const char *config_path(const scan *s) {
    for (size_t i = s->count; i-- > 0;)
        if (equal(s->assignments[i].at.row->name, "config")) return s->assignments[i].text;
    place at;
    const char *variable = find(s->o, "config", strlen("config"), &at) ? getenv("MASKE_CONFIG") : NULL;
    return variable != NULL && variable[0] != '\0' ? variable : NULL;
}

static maske_status apply(scan *s) {
    const char *path = config_path(s);
    if (path != NULL) TRY(read_config(s->o, path));
    TRY(read_environment(s->o));
    for (size_t i = 0; i < s->count; i++) {
        const assignment *a = &s->assignments[i];
        char where[96];
        snprintf(where, sizeof where, "--%s", a->at.row->name);
        TRY(option_set(a->at.row, a->at.values, a->text, where));
        *a->at.source = OPTION_COMMAND_LINE;
    }
    return MASKE_OK;
}

/* As if no source had named it. */
static void forget(const place *at) {
    void *member = (char *)at->values + at->row->offset;
    switch (at->row->kind) {
    case MASKE_OPTION_YES_NO:
    case MASKE_OPTION_FLAG: *(bool *)member = false; break;
    case MASKE_OPTION_INTEGER:
    case MASKE_OPTION_MEMORY: *(int64_t *)member = 0; break;
    case MASKE_OPTION_NUMBER: *(double *)member = 0; break;
    case MASKE_OPTION_TEXT:
    case MASKE_OPTION_CHOICE: *(const char **)member = NULL; break;
    }
    if (at->row->fallback != NULL) (void)set_member(at->row, at->values, at->row->fallback);
    *at->source = OPTION_DEFAULT;
}

/* Of the options in "a|b|c", those of the strongest source that named any are kept. */
static void keep_strongest(options *o, const char *names) {
    option_source strongest = OPTION_DEFAULT;
    for (bool choosing = true;; choosing = false) {
        for (const char *name = names; *name != '\0';) {
            size_t length = strcspn(name, "|");
            place at;
            bool found = find(o, name, length, &at);
            if (found && choosing && *at.source > strongest) strongest = *at.source;
            if (found && !choosing && *at.source < strongest) forget(&at);
            name += length + (name[length] == '|');
        }
        if (!choosing) return;
    }
}

maske_status options_parse(options *o, int argc, char *const *argv) {
    for (int i = 0; i < argc && !equal(argv[i], "--"); i++)
        if (is_help(argv[i])) return o->help = true, MASKE_OK;
    scan s = {.o = o, .words = argv, .left = argc};
    TRY(memory_new(&o->arguments, (size_t)argc + 1, sizeof *o->arguments, "arguments"));
    TRY(memory_new(&s.assignments, (size_t)argc + 1, sizeof *s.assignments, "options"));
    maske_status status = scan_words(&s);
    if (status == MASKE_OK) status = apply(&s);
    for (size_t i = 0; status == MASKE_OK && o->alternatives != NULL && o->alternatives[i] != NULL; i++)
        keep_strongest(o, o->alternatives[i]);
    free(s.assignments);
    return status;
}

void options_free(options *o) {
    free(o->arguments);
    if (o->config != NULL) json_decref(o->config);
    *o = (options){0};
}
