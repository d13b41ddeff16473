/* train/changes.c: the names, and the judgement. */
#include "train/changes.h"
#include "base/log.h"

#include <string.h>

static const char *const names[CHANGES] = {"corpus", "tokenizer", "settings", "version", "cpu", "precision", "threads"};

static change find(const char *name, size_t length) {
    size_t i = 0;
    while (i < CHANGES && (strlen(names[i]) != length || memcmp(names[i], name, length) != 0)) i++;
    return (change)i;
}

maske_status changes_read(changes *out, const char *text) {
    changes c = {0};
    for (const char *at = text; at != NULL && *at != '\0';) {
        size_t length = strcspn(at, ",");
        change which = find(at, length);
        if (which == CHANGES)
            return error_set(MASKE_BAD_ARGUMENT,
                             "allow-change: found \"%.*s\", expected some of corpus, tokenizer, settings, version, "
                             "cpu, precision and threads, with commas between them",
                             length < 100 ? (int)length : 100, at);
        c.allowed[which] = true;
        at += length;
        if (*at == ',') at++;
    }
    *out = c;
    return MASKE_OK;
}

maske_status changes_judge(const changes *c, change which, maske_status status) {
    if (status != MASKE_BAD_ARGUMENT) return status;
    if (!c->allowed[which])
        return error_set(status, "%s (--allow-change %s goes on all the same)", maske_error(), names[which]);
    log_say(MASKE_LOG_WARNING, "goes on all the same: %s", maske_error());
    return MASKE_OK;
}
