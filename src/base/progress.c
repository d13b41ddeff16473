/* base/progress.c: a bar on terminals, lines elsewhere. */
#include "base/progress.h"
#include "base/clock.h"
#include "base/number.h"
#include "base/utf8.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>


static bool variable_set(const char *name) {
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0';
}

int terminal_columns(int descriptor) {
    struct winsize window;
    if (isatty(descriptor) && ioctl(descriptor, TIOCGWINSZ, &window) == 0 && window.ws_col > 0) return window.ws_col;
    const char *variable = getenv("COLUMNS");
    int64_t columns = 0;
    if (variable != NULL && number_parse_integer(&columns, variable) && columns >= 20 && columns <= 1000)
        return (int)columns;
    return 80;
}

/* ------------------------------------------------------------------------------------------ numbers for people --- */

void print_duration(char out[32], double seconds) {
    if (!(seconds >= 0)) seconds = 0;
    if (seconds > 1e9) seconds = 1e9;
    long long s = (long long)(seconds + 0.5);
    if (s >= 48 * 3600) snprintf(out, 32, "%lld d %lld h", s / 86400, s / 3600 % 24);
    else if (s >= 3600) snprintf(out, 32, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
    else snprintf(out, 32, "%lld:%02lld", s / 60, s % 60);
}

void print_count(char out[32], double count) {
    char digits[32];
    if (!(count > -1e15 && count < 1e15)) {
        number_print(out, 32, "%.3g", count);
        return;
    }
    int length = snprintf(digits, sizeof digits, "%lld", (long long)count), used = 0;
    int sign = digits[0] == '-';
    for (int i = 0; i < length; i++) {
        if (i > sign && (length - i) % 3 == 0) out[used++] = ',';
        out[used++] = digits[i];
    }
    out[used] = '\0';
}

void print_memory(char out[32], double bytes) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    int unit = 0;
    while (bytes >= 1000 && unit < 4) {
        bytes /= 1024;
        unit++;
    }
    number_print(out, 32, unit == 0 || bytes >= 100 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
}

/* ------------------------------------------------------------------------------------------------- drawing --- */

/* Work that is to stop must not wait for a reader that has stopped reading. */
static bool would_block(int descriptor) {
    struct pollfd asked = {.fd = descriptor, .events = POLLOUT};
    return poll(&asked, 1, 0) == 0;
}

static void write_all(const progress *p, const char *bytes, size_t length) {
    while (length > 0) {
        if (p->stop != NULL && *p->stop != 0 && would_block(p->descriptor)) return;
        ssize_t n = write(p->descriptor, bytes, length);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return;                 /* nobody reads any more: progress is not worth failing for */
        bytes += n;
        length -= (size_t)n;
    }
}

void progress_start(progress *p, int descriptor, bool quiet) {
    const char *kind = getenv("TERM");
    bool dumb = kind == NULL || strcmp(kind, "dumb") == 0;
    *p = (progress){.descriptor = descriptor, .quiet = quiet, .every = 5};
    p->terminal = isatty(descriptor) && !dumb;
    p->color = p->terminal && !variable_set("NO_COLOR");
}

/* Cuts text to so many columns; every character is taken for one column wide. */
static void cut_columns(char *text, int columns) {
    size_t length = strlen(text), at = 0;
    for (int used = 0; at < length && used < columns; used++) at += utf8_size(text[at]);
    if (at < length) text[at] = '\0';
}

/* "12 % of 1.2 GiB", "9,920 of 16,000 merges", "12,345 lines" */
static void print_amount(char *out, size_t size, const maske_progress *what) {
    char done[32], total[32];
    bool bytes = what->unit != NULL && strcmp(what->unit, "bytes") == 0;
    (bytes ? print_memory : print_count)(done, what->done);
    (bytes ? print_memory : print_count)(total, what->total);
    const char *unit = bytes || what->unit == NULL ? "" : what->unit, *space = unit[0] ? " " : "";
    if (what->total > 0) snprintf(out, size, "%s of %s%s%s", done, total, space, unit);
    else snprintf(out, size, "%s%s%s", done, space, unit);
}

static void draw_bar(progress *p, const char *stage, double share, const char *behind) {
    enum { BAR = 20 };
    int columns = terminal_columns(p->descriptor) - 1;      /* the last column would wrap on some terminals */
    char line[512], cells[BAR + 1] = "";
    if (share >= 0) {
        int full = (int)(share * BAR);
        for (int i = 0; i < BAR; i++) cells[i] = i < full ? '#' : '-';
        cells[BAR] = '\0';
    }
    if (share < 0) snprintf(line, sizeof line, "%-12s %s", stage, behind);
    else if (columns >= 72)
        number_print(line, sizeof line, "%-12s %3.0f %%  %s  %s", stage, 100 * share, cells, behind);
    else number_print(line, sizeof line, "%s %.0f %% %s", stage, 100 * share, behind);
    cut_columns(line, columns);
    char drawn[640];
    snprintf(drawn, sizeof drawn, "\r%s%s%s\033[K", p->color ? "\033[36m" : "", line, p->color ? "\033[0m" : "");
    write_all(p, drawn, strlen(drawn));
    p->drawn = true;
}

void progress_show(progress *p, const maske_progress *what, const char *remark, double seconds_left) {
    if (p->quiet) return;
    double time = clock_now();
    const char *stage = what->stage != NULL ? what->stage : "working";
    if (strncmp(p->stage, stage, sizeof p->stage - 1) != 0) {
        snprintf(p->stage, sizeof p->stage, "%s", stage);
        p->started = time;
        p->first_done = what->done;
        p->last = p->terminal ? 0 : time;       /* a log gets its first line when something lasts */
    }
    if (time - p->last < (p->terminal ? 0.1 : p->every)) return;
    p->last = time;
    double share = what->total > 0 ? what->done / what->total : -1;
    if (share > 1) share = 1;
    double fresh = what->done - p->first_done;
    if (seconds_left < 0 && share >= 0 && fresh > 0 && time - p->started > 1)
        seconds_left = (what->total - what->done) * (time - p->started) / fresh;
    char amount[128], left[32], behind[320], line[512];
    print_amount(amount, sizeof amount, what);
    print_duration(left, seconds_left);
    bool timed = seconds_left >= 0;
    snprintf(behind, sizeof behind, "%s%s%s%s%s%s", amount, timed ? ", " : "", timed ? left : "", timed ? " left" : "",
             remark && remark[0] ? ", " : "", remark ? remark : "");
    if (p->terminal) draw_bar(p, stage, share, behind);
    else {
        if (share >= 0) number_print(line, sizeof line, "%s: %.0f %%, %s", stage, 100 * share, behind);
        else snprintf(line, sizeof line, "%s: %s", stage, behind);
        progress_line(p, line);
    }
}

void progress_update(progress *p, const maske_progress *what) { progress_show(p, what, NULL, -1); }

void progress_stage_ends(progress *p) { p->stage[0] = '\0'; }

void progress_line(progress *p, const char *text) {
    progress_end(p);
    /* One write, so that lines of several programs in one file do not mix; long texts go in pieces. */
    char line[1024];
    size_t length = strlen(text);
    if (length + 1 < sizeof line) {
        memcpy(line, text, length);
        line[length] = '\n';
        write_all(p, line, length + 1);
    } else {
        write_all(p, text, length);
        write_all(p, "\n", 1);
    }
}

void progress_end(progress *p) {
    if (!p->drawn) return;
    write_all(p, "\r\033[K", 4);
    p->drawn = false;
    p->last = 0;
}
