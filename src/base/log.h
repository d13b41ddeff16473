/* base/log.h: what the library has to say goes to the caller's function (maske_set_log), never to a stream. */
#ifndef MASKE_BASE_LOG_H
#define MASKE_BASE_LOG_H

#include "maske.h"

void log_say(maske_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* From here on this thread says nothing: the caller's function hears the threads that it called with alone. */
void log_mute_thread(void);

/* Helpers for a maske_control, which may be NULL. */
static inline bool control_stopped(const maske_control *control) {
    return control != NULL && control->stop != NULL && *control->stop != 0;
}
static inline void control_progress(const maske_control *control, const char *stage, double done, double total, const char *unit) {
    if (control != NULL && control->progress != NULL)
        control->progress(control->user, &(maske_progress){stage, done, total, unit});
}

#endif
