/* tests of base/progress: lines in a log, a bar on a terminal that never wraps and leaves nothing behind. */
#include "base/progress.h"
#include "base/utf8.h"

#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char seen[1 << 16];
static size_t read_all(int descriptor) {
    size_t used = 0;
    fcntl(descriptor, F_SETFL, O_NONBLOCK);
    for (ssize_t n; used < sizeof seen - 1 && (n = read(descriptor, seen + used, sizeof seen - 1 - used)) > 0;)
        used += (size_t)n;
    seen[used] = '\0';
    return used;
}

/* A reader that has stopped reading keeps nobody who is to stop. */
static void a_full_pipe_is_not_waited_for(void **state) {
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    progress p;
    progress_start(&p, ends[1], false);
    static volatile sig_atomic_t stop;
    stop = 1;
    p.stop = &stop;
    char line[1000];
    memset(line, 'a', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    for (int i = 0; i < 2000; i++) progress_line(&p, line);     /* more than any pipe holds */
    assert_true(read_all(ends[0]) > 0);
    close(ends[0]);
    close(ends[1]);
}

static void log_files_get_lines(void **state) {
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    progress p;
    progress_start(&p, ends[1], false);
    assert_false(p.terminal);
    progress_update(&p, &(maske_progress){"reading", 0, 4e9, "bytes"});
    assert_int_equal(read_all(ends[0]), 0);         /* nothing yet: it may be over in a moment */
    p.last -= 100;
    progress_update(&p, &(maske_progress){"reading", 1e9, 4e9, "bytes"});
    progress_update(&p, &(maske_progress){"reading", 1.1e9, 4e9, "bytes"});
    read_all(ends[0]);
    assert_string_equal(seen, "reading: 25 %, 954 MiB of 3.7 GiB\n");
    p.last -= 100;
    progress_show(&p, &(maske_progress){"reading", 12345, 0, "lines"}, "loss 3.21", 61);
    read_all(ends[0]);
    assert_string_equal(seen, "reading: 12,345 lines, 1:01 left, loss 3.21\n");
    progress_end(&p);
    assert_int_equal(read_all(ends[0]), 0);
    /* The same work again, later: its beginning is not worth a line. */
    p.last -= 100;
    progress_stage_ends(&p);
    progress_update(&p, &(maske_progress){"reading", 0, 4e9, "bytes"});
    assert_int_equal(read_all(ends[0]), 0);
    p.last -= 100;
    progress_update(&p, &(maske_progress){"reading", 1e9, 4e9, "bytes"});
    assert_true(read_all(ends[0]) > 0);
    p.quiet = true;
    p.last -= 100;
    progress_update(&p, &(maske_progress){"reading", 2e9, 4e9, "bytes"});
    assert_int_equal(read_all(ends[0]), 0);
    close(ends[0]);
    close(ends[1]);
}

/* The widest line, in characters, of what was drawn, escape sequences left out. */
static size_t widest(const char *text) {
    size_t best = 0, now = 0;
    for (const char *c = text; *c; c++) {
        if (*c == '\033') while (*c && *c != 'm' && *c != 'K') c++;
        else if (*c == '\r' || *c == '\n') now = 0;
        else if (!utf8_is_continuation(*c) && ++now > best) best = now;
    }
    return best;
}

static void bars_fit_every_window_and_go_away(void **state) {
    (void)state;
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    for (unsigned short columns = 10; columns < 130; columns = (unsigned short)(columns + 7)) {
        int master = -1, slave = -1;
        struct winsize window = {.ws_row = 24, .ws_col = columns};
        assert_int_equal(openpty(&master, &slave, NULL, NULL, &window), 0);
        progress p;
        progress_start(&p, slave, false);
        assert_true(p.terminal && p.color);
        progress_show(&p, &(maske_progress){"öğrenme", 123456, 1000000, "adım"}, "kayıp 3.21", 3723);
        read_all(master);
        assert_non_null(strstr(seen, "\033[36m"));
        assert_in_range(widest(seen), 9, columns - 1u);
        assert_null(strchr(seen, '\n'));
        progress_line(&p, "a line");
        read_all(master);
        assert_string_equal(seen, "\r\033[Ka line\r\n");       /* the bar is wiped first */
        progress_end(&p);
        assert_int_equal(read_all(master), 0);                  /* and nothing is left to wipe */
        close(slave);
        close(master);
    }
}

static void colour_and_terminals_can_be_refused(void **state) {
    (void)state;
    int master = -1, slave = -1;
    assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
    progress p;
    setenv("TERM", "xterm", 1);
    setenv("NO_COLOR", "1", 1);
    progress_start(&p, slave, false);
    progress_update(&p, &(maske_progress){"merging", 1, 2, "merges"});
    read_all(master);
    assert_null(strstr(seen, "\033[3"));
    assert_non_null(strstr(seen, "50 %"));
    setenv("TERM", "dumb", 1);
    progress_start(&p, slave, false);
    assert_false(p.terminal || p.color);
    unsetenv("NO_COLOR");
    close(slave);
    close(master);
}

static void numbers_are_written_for_people(void **state) {
    (void)state;
    char out[32];
    static const struct { double seconds; const char *text;
    } durations[] = {{0, "0:00"},     {59.4, "0:59"},    {59.6, "1:00"},
                     {3599, "59:59"}, {3600, "1:00:00"}, {172800 + 3 * 3600, "2 d 3 h"},
                     {-5, "0:00"}};
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        print_duration(out, durations[i].seconds);
        assert_string_equal(out, durations[i].text);
    }
    static const struct {
        double count;
        const char *text;
    } counts[] = {{0, "0"}, {999, "999"}, {1000, "1,000"}, {-1234567, "-1,234,567"}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        print_count(out, counts[i].count);
        assert_string_equal(out, counts[i].text);
    }
    static const struct {
        double bytes;
        const char *text;
    } sizes[] = {{999, "999 B"}, {1024, "1.0 KiB"}, {1.5 * 1048576, "1.5 MiB"}, {3e9, "2.8 GiB"}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        print_memory(out, sizes[i].bytes);
        assert_string_equal(out, sizes[i].text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_files_get_lines),
        cmocka_unit_test(a_full_pipe_is_not_waited_for),
        cmocka_unit_test(bars_fit_every_window_and_go_away),
        cmocka_unit_test(colour_and_terminals_can_be_refused),
        cmocka_unit_test(numbers_are_written_for_people),
    };
    return cmocka_run_group_tests_name("base/progress", tests, NULL, NULL);
}
