/* cli/figures.h: figures in aligned lines for people, or one JSON object: written once, shown both ways. */
#ifndef MASKE_CLI_FIGURES_H
#define MASKE_CLI_FIGURES_H

#include "base/json.h"

/* Usage: figures f = figures_start(call->json); figures_...(&f, "loss", "held-out loss", value); ... status =
 * figures_end(&f); `key` is the JSON name, `label` what people read; a NULL label is for JSON alone, a NULL key for
 * people alone. */
typedef struct figures { bool json; json_writer *writer; } figures;
figures figures_start(bool json);
void figures_count(figures *f, const char *key, const char *label, int64_t value);
/* So many decimals for people; JSON gets the shortest text that reads back. */
void figures_number(figures *f, const char *key, const char *label, int decimals, double value);
void figures_text(figures *f, const char *key, const char *label, const char *value);
void figures_bool(figures *f, const char *key, const char *label, bool value);
MASKE_MUST_USE maske_status figures_end(figures *f);

#endif
