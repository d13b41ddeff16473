/* cli/rows.h: rows that several commands have, and bounds that tables share. `type` is the command's structure. */
#ifndef MASKE_CLI_ROWS_H
#define MASKE_CLI_ROWS_H

#include "maske.h"

/* Bounds of rows that have none of their own; below 2^53, so that a double holds them. */
#define ROW_ENDLESS 9e15

#define ROW_MODEL(type) \
    {"model", MASKE_OPTION_TEXT, offsetof(type, model), 0, 0, "DIR", NULL, "model folder"}
#define ROW_FIELD(type) \
    {"field", MASKE_OPTION_TEXT, offsetof(type, field), 0, 0, "NAME", NULL, \
     "field of JSON lines with the text (.jsonl, .ndjson; if given, standard input too); without it \"text\""}
#define ROW_FORCE(type) \
    {"force", MASKE_OPTION_FLAG, offsetof(type, force), 0, 0, NULL, "no", "replace output that exists already"}
#define ROW_SEED(type, member) \
    {"seed", MASKE_OPTION_INTEGER, offsetof(type, member), 0, ROW_ENDLESS, "S", "1", "start of the random numbers"}
/* Of training's range what there is to predict with: not 0. */
#define ROW_MASK_PROBABILITY(type) \
    {"mask-probability", MASKE_OPTION_NUMBER, offsetof(type, mask_probability), 0.001, 1, "P", "0.15", \
     "share of the tokens that are predicted"}
#define ROW_PRECISION(type, choices, fallback, help) \
    {"precision", MASKE_OPTION_CHOICE, offsetof(type, precision), 0, 0, choices, fallback, help}

/* What is said of TEXT and FILE arguments in the help. */
#define ABOUT_TEXT \
    "TEXT is a file, several, a folder, or - for standard input; .gz .bz2 .xz .zst are read as they are, of .jsonl " \
    "and .ndjson files one field."
#define ABOUT_FILE "FILE holds one text a line; - or no FILE is standard input."

#endif
