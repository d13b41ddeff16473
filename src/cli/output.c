/* cli/output.c: standard output with a memory for its failures; lines on standard error. */
#include "cli/output.h"
#include "base/number.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

static int failure;             /* errno of the first write that failed, 0: none */

void out_bytes(const void *bytes, size_t length) {
    if (failure != 0 || length == 0) return;
    errno = 0;
    if (fwrite(bytes, 1, length, stdout) != length) failure = errno != 0 ? errno : EIO;
}

void out_text(const char *text) { out_bytes(text, strlen(text)); }

void out_format(const char *format, ...) {
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length > 0) out_bytes(text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

maske_status out_status(void) {
    if (failure == 0) return MASKE_OK;
    errno = failure;
    return error_io("standard output", "write");
}

maske_status out_flush(void) {
    errno = 0;
    if (failure == 0 && fflush(stdout) != 0) failure = errno != 0 ? errno : EIO;
    return out_status();
}

maske_status out_finish(void) {
    TRY(out_flush());
    /* Some file systems tell of a full disk only when the file is closed. A copy is closed: a reader of a later error
     * message must not find its number taken. */
    int copy = dup(STDOUT_FILENO);
    if (copy >= 0 && close(copy) != 0 && errno != EBADF) failure = errno;
    return out_status();
}

void out_progress(const invocation *call, const char *stage, int64_t done, const char *unit) {
    if (!isatty(STDOUT_FILENO)) progress_update(call->progress, &(maske_progress){stage, (double)done, 0, unit});
}

void out_part_progress(void *user, const maske_progress *what) {
    const part_progress *p = user;
    char remark[96];
    if (isatty(STDOUT_FILENO)) return;
    number_print(remark, sizeof remark, "%.0f of %.0f %s of the next", what->done, what->total, what->unit);
    progress_show(p->call->progress, &(maske_progress){p->stage, (double)*p->done, 0, "lines"}, remark, -1);
}

static buffer json_text_buffer;
static json_writer json;

json_writer *out_json_start(void) {
    buffer_clear(&json_text_buffer);
    json = json_writer_start(&json_text_buffer, false);
    return &json;
}

maske_status out_json_end(void) {
    TRY(json_writer_end(&json));
    out_bytes(json_text_buffer.data, json_text_buffer.length);
    out_bytes("\n", 1);
    return out_status();
}

void say(const char *format, ...) {
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    sentence_make_printable(text, sizeof text);         /* paths and texts of the user are in it */
    progress_line(&program_progress, text);
}
