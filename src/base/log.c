/* base/log.c: the caller's log function. */
#include "base/log.h"
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>

static maske_log_function *log_function;
static void *log_user;
static _Thread_local bool muted;

void maske_set_log(maske_log_function *function, void *user) {
    log_function = function;
    log_user = user;
}

void log_mute_thread(void) { muted = true; }

void log_say(maske_log_level level, const char *format, ...) {
    if (log_function == NULL || muted) return;
    char sentence[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    sentence_make_printable(sentence, sizeof sentence);
    log_function(log_user, level, sentence);
}
