#!/usr/bin/env bash
# The same bytes wherever maske runs: locales that write numbers and letters otherwise, other numbers of threads and
# cores, a clock that goes back, no /proc, no HOME, an odd umask, streams that are closed, twenty files at most (P6,
# P13).
set -euo pipefail
source "$SOURCE/tests/faults/world.sh"
make_all "$work/expected" --threads 2
digest "$work/expected" >"$work/digest"

# same NAME COMMAND...: make_all, run by the command (env, prlimit, taskset, ...) in a shell of its own.
same() {
    local name=$1; shift
    rm -rf "$work/found"
    if ! "$@" bash -c 'set -e; trap - EXIT; eval "$FUNCTIONS"; make_all "$work/found" $OPTIONS' >"$work/said" 2>&1; then
        fail "$name: $(tail -n 3 "$work/said")"
        return
    fi
    digest "$work/found" | diff "$work/digest" - >"$work/said" || fail "$name: other bytes: $(cat "$work/said")"
}
FUNCTIONS="$(declare -f make_all); $(declare -p network | sed 's/^declare -a/declare -ga/')"
OPTIONS=
export FUNCTIONS OPTIONS work MASKE

for locale in tr_TR de_DE; do
    if localedef -i "$locale" -f UTF-8 "$work/$locale.UTF-8" 2>/dev/null && [ -d "$work/$locale.UTF-8" ]; then
        same "locale $locale" env LOCPATH="$work" LC_ALL="$locale.UTF-8" LANG="$locale.UTF-8" LANGUAGE="${locale%_*}"
    else echo "not tested: localedef cannot make $locale"; fi
done
for threads in 1 3 64; do OPTIONS="--threads $threads" same "$threads threads"; done
command -v taskset >/dev/null && same "one core" taskset 1
same "a clock that goes back an hour at each look" env LD_PRELOAD="$FAULT_SHIM" FAULT_CLOCK=3600
same "no /proc and /sys" env LD_PRELOAD="$FAULT_SHIM" FAULT_HIDE=/proc
same "no /sys" env LD_PRELOAD="$FAULT_SHIM" FAULT_HIDE=/sys
same "little at a time" env LD_PRELOAD="$FAULT_SHIM" FAULT_ROOT="$work" FAULT=read:1:SHORT:forever,write:1:SHORT:forever
same "no HOME, no PATH" env -u HOME -u TMPDIR -u USER
same "another time zone" env TZ=Pacific/Kiritimati
same "umask 0777 but for the owner" env bash -c 'umask 077; exec "$@"' _
command -v prlimit >/dev/null && same "twenty files" prlimit --nofile=20
same "no standard input" env bash -c 'exec "$@" <&-' _
same "no standard error" env bash -c 'exec "$@" 2>&-' _
exit $failed
