/* train/choose.c: measures what the rule needs to know, asks it, and says what it chose. */
#include "train/choose.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/number.h"
#include "base/options.h"
#include "train/settings.h"
#include "train/speed.h"

#include <math.h>
#include <string.h>

static void say_recipe(const recipe_choice *c, const recipe_inputs *in) {
    log_say(MASKE_LOG_NOTE,
            "recipe for %.3g minutes of training, %.2f MB of text (about %.2f million tokens) and %.0f GFLOP/s:",
            in->minutes, in->text_bytes / 1e6, c->tokens / 1e6, in->operations / 1e9);
    for (size_t i = 0; i < c->count; i++)
        log_say(MASKE_LOG_NOTE, "  %-20s %-16s %s", c->lines[i].name, c->lines[i].value, c->lines[i].why);
}

/* The flags that make the same choices again, by steps. */
static void say_flags(const maske_train_options *settings, int64_t steps) {
    maske_train_options defaults;
    maske_train_options_defaults(&defaults);
    char flags[2048];
    size_t length = (size_t)number_print(flags, sizeof flags, "--steps %lld", (long long)steps);
    for (const maske_option *row = maske_train_option_table(); row->name != NULL; row++) {
        char now[512], usual[512];
        bool has = option_print(now, sizeof now, row, settings), had = option_print(usual, sizeof usual, row, &defaults);
        if (!has || (had && strcmp(now, usual) == 0)) continue;
        if (strcmp(row->name, "size") == 0 || strcmp(row->name, "minutes") == 0 || strcmp(row->name, "recipe") == 0 ||
            strcmp(row->name, "trials") == 0)
            continue;
        if (row->kind == MASKE_OPTION_FLAG || length + strlen(row->name) + strlen(now) + 8 > sizeof flags) continue;
        length += (size_t)number_print(flags + length, sizeof flags - length, " --%s %s", row->name, now);
    }
    log_say(MASKE_LOG_NOTE, "the same by steps: %s", flags);
}

maske_status choose_settings(run *r, const bool given[RECIPE_ROWS], double begun) {
    recipe_inputs in = {.minutes = r->settings.minutes, .has_model = r->model != NULL};
    recipe_choice c;
    memcpy(in.given, given, sizeof in.given);
    TRY(sources_text_size(&in.text_bytes, &r->text));
    if (r->valid.count == 0) in.text_bytes *= 1 - r->settings.valid_fraction;
    if (r->tokenizer != NULL) in.vocab_size = maske_tokenizer_vocab_size(r->tokenizer);
    TRY(speed_measure(&in.operations, &r->settings, fmin(2, 0.6 * r->settings.minutes), r->control));
    in.minutes -= (clock_now() - begun) / 60;
    in.minutes -= r->settings.trials * r->settings.minutes;
    if (in.minutes < 0.1 * r->settings.minutes) in.minutes = 0.1 * r->settings.minutes;
    maske_train_options chosen = r->settings, own;
    TRY(recipe_choose(&c, &chosen, &in));
    /* A run that ends early does so by having fewer minutes. */
    if (c.minutes < in.minutes) chosen.minutes -= in.minutes - c.minutes;
    TRY(settings_copy(&own, &chosen));
    settings_free(&r->settings);
    r->settings = own;
    say_recipe(&c, &in);
    TRY(settings_complete(&r->settings));
    if (r->settings.dry_run) say_flags(&r->settings, c.steps);
    return MASKE_OK;
}
