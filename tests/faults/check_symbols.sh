#!/usr/bin/env bash
# What the library asks of the system (P13): nothing that prints, ends the process, reads numbers or letters by the
# host's locale, installs handlers, changes the folder, the umask or the environment. And what it offers under names
# that others could have as well: nothing but maske_*.
set -euo pipefail
source "$SOURCE/tests/faults/world.sh"
library=$BUILD/libmaske.a
banned='exit|_exit|_Exit|quick_exit|abort|__assert_fail|printf|vprintf|puts|putchar|perror|__printf_chk|__vprintf_chk|stdout|stderr'
banned+='|setlocale|uselocale|localeconv|strtod|strtof|strtold|atof|strcasecmp|strncasecmp|tolower|toupper|isalpha|isspace|isdigit'
banned+='|__ctype_b_loc|__ctype_tolower_loc|__ctype_toupper_loc|mbstowcs|wcstombs'
banned+='|signal|sigaction|raise|chdir|fchdir|umask|setenv|putenv|unsetenv|clearenv|srand|rand|strtok|system|popen|fork'
# jansson's reader does not survive a failing allocation (base/json_parse.c).
banned+='|json_load|json_loads|json_loadb|json_loadf|json_load_file'
asked=$(nm -u "$library" 2>/dev/null | sed -n 's/^ *U \([^@]*\).*/\1/p' | sort -u)
[ "$(wc -l <<<"$asked")" -gt 50 ] || fail "nm finds no symbols in $library"
found=$(grep -xE "$banned" <<<"$asked" || true)
for symbol in $found; do
    # The one use that the locale's header allows: a locale of our own for one thread, put back at once.
    [ "$symbol" = uselocale ] && [ "$(nm -A -u "$library" 2>/dev/null | grep -c ' uselocale')" = 1 ] && continue
    fail "$(nm -A -u "$library" 2>/dev/null | grep " U $symbol\$" | cut -d: -f2 | sort -u | paste -sd' ') calls $symbol"
done
# Exported: what a shared library would show.
if command -v cc >/dev/null; then
    cc -shared -o "$work/shown.so" -Wl,--whole-archive "$library" -Wl,--no-whole-archive -Wl,--unresolved-symbols=ignore-all 2>"$work/err" ||
        fail "cannot link $library: $(head -n 3 "$work/err")"
    shown=$(nm -D --defined-only "$work/shown.so" | awk '{print $3}' | grep -vE '^(maske_|_init$|_fini$|__bss_start$|_edata$|_end$|__odr_asan|_?_asan)' || true)
    [ -z "$shown" ] || fail "exported: $shown"
    [ "$(nm -D --defined-only "$work/shown.so" | grep -c ' maske_')" -gt 30 ] || fail "maske_* is not exported"
fi
exit $failed
