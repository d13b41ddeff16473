# tests/memory.sh, to be sourced: what a command says that it needs ("needs 16 MB of memory ...") beside what it takes.
if ldd "$MASKE" 2>/dev/null | grep asan >/dev/null; then
    echo "the address sanitizer takes memory of its own, several times the program's"
    exit 77
fi

# What a process has had at most, in kB; nothing once it has ended.
peak_of() { sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status" 2>/dev/null || true; }

# name, log, kB taken, [least and most share of what is said]
compare_memory() {
    awk -v what="$1" -v peak="$3" -v said="$(sed -nE 's/^needs ([0-9.]+) ([MG]B) of memory.*/\1 \2/p' "$2")" \
        -v least="${4:-0.9}" -v most="${5:-1.1}" 'BEGIN {
        split(said, part, " ")
        megabytes = part[1] * (part[2] == "GB" ? 1000 : 1)
        share = megabytes > 0 ? peak * 1024 / 1e6 / megabytes : 0
        printf "%s: said %s, took %.0f MB (%.2f)\n", what, said, peak * 1024 / 1e6, share
        exit !(share > least && share < most)
    }'
}
