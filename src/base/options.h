/* base/options.h: settings read by tables (maske_option rows) into structures.
 *
 *     static const maske_option rows[] = {
 *         {"top-k", MASKE_OPTION_INTEGER, offsetof(struct settings, top_k), 1, 1000, "N", "10", "candidates kept"},
 *         {0}
 *     };
 *     options_fill_defaults(rows, &settings);
 *     options_add(&o, rows, &settings);
 *     status = options_parse(&o, argc, argv);
 *
 * A setting comes from the first of these that has it: the command line, the environment (MASKE_TOP_K), the JSON file
 * that --config (or MASKE_CONFIG) names ("top-k": 10), the default. Each value is checked the same way wherever it came
 * from, and a wrong one fails with MASKE_BAD_ARGUMENT and a sentence that names the place, what was found and what is
 * taken.
 *
 * On the command line: --name value or --name=value; a YES_NO may stand alone (yes); a FLAG stands alone (or
 * --name=no).
 * "--" ends the options; anything else that does not begin with "-" (or is "-") is an argument, before, between or
 * behind the options. */
#ifndef MASKE_BASE_OPTIONS_H
#define MASKE_BASE_OPTIONS_H

#include "base/json.h"

enum { OPTION_GROUPS = 4, OPTION_ROWS = 128 };

typedef struct option_group { const maske_option *rows; void *values; } option_group;
typedef enum option_source { OPTION_DEFAULT, OPTION_FILE, OPTION_ENVIRONMENT, OPTION_COMMAND_LINE } option_source;

typedef struct options {
    option_group groups[OPTION_GROUPS];
    size_t group_count;
    /* Whether some other command has such an option: the configuration file may then name it too. NULL: none has. */
    bool (*known_elsewhere)(const char *name);
    /* "epochs|steps|minutes": options of which one is meant, so that what a weaker source says of the others is forgotten
     * where a stronger one names any. Ends with NULL; NULL: there are none. */
    const char *const *alternatives;

    bool help;                          /* --help or -h was there: nothing else was read */
    const char **arguments;             /* [argument_count]; yours through options_free, the texts are argv's */
    size_t argument_count;
    json_t *config;                     /* texts from the file live here */
    option_source sources[OPTION_GROUPS][OPTION_ROWS];
} options;

/* Sets the members that have a default in the table. A row whose default is a phrase ("from the size") is left alone.
 */
void options_fill_defaults(const maske_option *rows, void *values);
/* The rows' members must hold their defaults. Both are borrowed until options_free. */
void options_add(options *o, const maske_option *rows, void *values);
/* argv[0..argc-1]: the words behind the command's name. The texts set are borrowed from argv, the environment and *o.
 */
MASKE_MUST_USE maske_status options_parse(options *o, int argc, char *const *argv);
/* Where the option's value came from; OPTION_DEFAULT: nobody gave it. */
option_source options_source(const options *o, const char *name);
void options_free(options *o);

/* Sets one member from text. `place` says where it came from in the error: "--top-k", "MASKE_TOP_K", "c.json:
 * \"top-k\"". */
MASKE_MUST_USE maske_status option_set(const maske_option *row, void *values, const char *text, const char *place);
/* The value as text, so that option_set reads it back; false: a NULL text. */
bool option_print(char *out, size_t size, const maske_option *row, const void *values);
/* What is taken: "an integer from 1 to 1000", "one of cls, mean, max, pooler". */
void option_expected(char *out, size_t size, const maske_option *row);
/* "MASKE_TOP_K". */
void option_variable(char *out, size_t size, const char *name);
/* How many letters to insert, drop, change or swap to make a from b: for "did you mean". */
size_t option_distance(const char *a, const char *b);
/* The same for a word that may have been meant (or begun), SIZE_MAX for one that was not. */
size_t option_misfit(const char *typed, const char *name);

#endif
