/* cli/output.h: data to standard output; a full disk or a closed pipe is noticed, never silence. */
#ifndef MASKE_CLI_OUTPUT_H
#define MASKE_CLI_OUTPUT_H

#include "base/json.h"
#include "cli/command.h"

#include <stdio.h>

/* All of these remember the first failure, which out_status and out_finish report. */
void out_bytes(const void *bytes, size_t length);
void out_text(const char *text);
/* As printf; numbers in the C locale. */
void out_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* MASKE_IO once something could not be written: loops ask, so that nobody computes for a reader who has gone. */
MASKE_MUST_USE maske_status out_status(void);
/* Hands over what is still buffered, so that a reader sees a line as soon as it is there. */
MASKE_MUST_USE maske_status out_flush(void);
/* The last write of the program: everything is with the kernel, or MASKE_IO. */
MASKE_MUST_USE maske_status out_finish(void);

/* How far a command is, unless its data goes to the very terminal. */
void out_progress(const invocation *call, const char *stage, int64_t done, const char *unit);
/* The same from within a call of the library that works on the next lines: a maske_control's `progress`, with this as its
 * `user`. done: lines that are behind. */
typedef struct part_progress { const invocation *call; const char *stage; const int64_t *done; } part_progress;
void out_part_progress(void *user, const maske_progress *what);

/* One JSON value on a line of its own. Usage: json_writer *w = out_json_start(); json_...(w); status = out_json_end();
 */
json_writer *out_json_start(void);
MASKE_MUST_USE maske_status out_json_end(void);

/* What is said about the data: a line on standard error, above the progress bar if there is one. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
