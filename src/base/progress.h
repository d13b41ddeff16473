/* base/progress.h: how far the work is, on a terminal or in a log file.
 *
 * On a terminal one line is drawn over and over, at most ten times a second:
 *     merging      62 %  ############--------  9,920 of 16,000 merges, 0:12 left
 * It is never wider than the window, takes no colour with NO_COLOR, and is wiped when the work ends. Elsewhere (a
 * file, a pipe, TERM=dumb) a plain line is written every few seconds. Nothing about the terminal is changed, so there
 * is nothing to put back if the program is killed.
 *
 * The library itself prints nothing: a progress belongs to the program, whose maske_control.progress calls it. One
 * thread at a time. */
#ifndef MASKE_BASE_PROGRESS_H
#define MASKE_BASE_PROGRESS_H

#include "maske.h"

typedef struct progress {
    int descriptor;             /* written to: standard error */
    bool quiet;                 /* draws nothing; progress_line still writes */
    bool terminal, color;
    bool drawn;                 /* a bar stands in the present line */
    double started, last;       /* of the stage; of the last drawing; seconds of a clock that only goes forward */
    double first_done;          /* what was done already when the stage began: a resumed run is not that fast */
    double every;               /* seconds between plain lines */
    char stage[48];
    const volatile sig_atomic_t *stop;      /* NULL, or: once it is not 0, a reader that does not read is not waited for */
} progress;

void progress_start(progress *p, int descriptor, bool quiet);
/* Has the signature that maske_control.progress wants, but for `user`: draws when it is time to. */
void progress_update(progress *p, const maske_progress *what);
/* The same with a remark behind the numbers ("loss 3.21") and the time left known to the caller (< 0: not known). */
void progress_show(progress *p, const maske_progress *what, const char *remark, double seconds_left);
/* What is shown next is a stage of its own, whatever its name: in a log it has no line before it has lasted. */
void progress_stage_ends(progress *p);
/* A whole line of its own: the bar gives way and comes back with the next update. No line end in `text`. */
void progress_line(progress *p, const char *text);
/* Wipes the bar. */
void progress_end(progress *p);

/* The window's width: of the terminal, else the variable COLUMNS, else 80. */
int terminal_columns(int descriptor);
/* "0:12", "3:04:05", "2 d 3 h". */
void print_duration(char out[32], double seconds);
/* 1234567 as "1,234,567"; memory as "1.2 GiB". */
void print_count(char out[32], double count);
void print_memory(char out[32], double bytes);

#endif
