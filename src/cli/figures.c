/* cli/figures.c: one list of figures, two ways to show it. */
#include "cli/figures.h"
#include "base/number.h"
#include "base/progress.h"
#include "cli/output.h"

figures figures_start(bool json) {
    figures f = {.json = json};
    if (json) {
        f.writer = out_json_start();
        json_begin_object(f.writer);
    }
    return f;
}

/* Whether this figure is shown at all, its key written if in JSON. */
static bool begin(figures *f, const char *key, const char *label) {
    if (f->json && key != NULL) json_key(f->writer, key);
    return f->json ? key != NULL : label != NULL;
}

static void show(const char *label, const char *text) { out_format("%-28s%s\n", label, text); }

void figures_count(figures *f, const char *key, const char *label, int64_t value) {
    char text[32];
    if (!begin(f, key, label)) return;
    if (f->json) json_int(f->writer, value);
    else print_count(text, (double)value), show(label, text);
}

void figures_number(figures *f, const char *key, const char *label, int decimals, double value) {
    char text[64];
    if (!begin(f, key, label)) return;
    if (f->json) json_double(f->writer, value);
    else number_print(text, sizeof text, "%.*f", decimals, value), show(label, text);
}

void figures_text(figures *f, const char *key, const char *label, const char *value) {
    if (!begin(f, key, label)) return;
    if (f->json) json_text(f->writer, value);
    else show(label, value != NULL ? value : "-");
}

void figures_bool(figures *f, const char *key, const char *label, bool value) {
    if (!begin(f, key, label)) return;
    if (f->json) json_bool(f->writer, value);
    else show(label, value ? "yes" : "no");
}

maske_status figures_end(figures *f) {
    if (!f->json) return out_status();
    json_end_object(f->writer);
    return out_json_end();
}
