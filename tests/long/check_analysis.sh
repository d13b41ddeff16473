#!/usr/bin/env bash
# Three static analysers find nothing in src/ but what tests/long/analysis.txt lists with a reason: gcc -fanalyzer,
# clang-tidy (bugprone-*, cert-err33-c, concurrency-mt-unsafe) and cppcheck. A tool that is not here is told; with none
# of them the test is skipped.
set -euo pipefail
cd "$SOURCE"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ran=0

# What of a tool's output is new: "tool file check" lines that the list does not have. The lines that say so are shown.
judge() {
    local tool=$1 pattern=$2 output=$3
    ran=$((ran + 1))
    sed -nE "s#^($SOURCE/)?(src/[A-Za-z0-9_/.]+):[0-9]+:[0-9]+: $pattern\$#$tool \2 \3#p" "$output" | sort -u >"$work/found"
    sed -nE 's/^([a-z-]+ [^ ]+ [^ ]+) .*/\1/p' tests/long/analysis.txt | sort -u >"$work/known"
    comm -23 "$work/found" "$work/known" >"$work/new"
    echo "$tool: $(wc -l <"$work/found") kinds of findings, $(wc -l <"$work/new") of them new"
    while read -r _ file check; do
        grep -E "$file:[0-9]+:[0-9]+: .*$check" "$output" | head -3
        echo "$tool $file $check" >>"$work/all"
    done <"$work/new"
}

# Kernels for several CPUs are one body each; the plain ones stand for all.
sources() { ls src/*/*.c | grep -vE '_(neon|avx2|avx512|avx512bf16|avx512vnni|avxvnni|amx)\.c$'; }

# Left out of all files:
#   analyzer-shift-count-overflow   takes a vector's lanes for its bits
#   analyzer-use-of-uninitialized-value, analyzer-null-argument, -null-dereference, -possible-null-dereference
#                                   do not see what memory_new and its like write through a void pointer, nor vectors that
#                                   are filled lane by lane; the sanitizers and valgrind look for these while it runs
if command -v gcc >/dev/null; then
    flags=(-fanalyzer -O1 -std=gnu11 -D_GNU_SOURCE -DMASKE_X86=1 -Iinclude -Isrc -Wno-analyzer-shift-count-overflow
           -Wno-analyzer-use-of-uninitialized-value -Wno-analyzer-null-argument -Wno-analyzer-null-dereference
           -Wno-analyzer-possible-null-dereference)
    sources | xargs -P "$(nproc)" -n 4 sh -c 'for f in "$@"; do gcc '"${flags[*]}"' -c "$f" -o /dev/null; done' - 2>"$work/gcc"
    judge gcc 'warning: .*\[-W([a-z-]+)\]' "$work/gcc"
else
    echo "gcc is not here"
fi

# Left out of all files:
#   easily-swappable-parameters     sizes side by side are what matrices have
#   implicit-widening-of-multiplication-result      products of constants far below 2^31
#   narrowing-conversions           bits put together in an unsigned byte, then stored as char
#   macro-parentheses               macros that paste tokens of initialisers
#   not-null-terminated-result      copies of bytes that are no C strings
#   reserved-identifier             names that the system's headers ask for
if tidy=$(command -v clang-tidy || command -v clang-tidy-14); then
    checks='-*,bugprone-*,cert-err33-c,concurrency-mt-unsafe,-bugprone-easily-swappable-parameters'
    checks+=,-bugprone-implicit-widening-of-multiplication-result,-bugprone-narrowing-conversions
    checks+=,-bugprone-macro-parentheses,-bugprone-not-null-terminated-result,-bugprone-reserved-identifier
    sources | xargs -P "$(nproc)" -n 6 "$tidy" -p "$BUILD" --quiet "--checks=$checks" >"$work/tidy" 2>/dev/null || true
    judge clang-tidy 'warning: .*\[([a-z0-9-]+)[],].*' "$work/tidy"
else
    echo "clang-tidy is not here"
fi

# Left out of all files:
#   uninitvar                       structures filled by snprintf or lane by lane
#   invalidFunctionArg              logarithms of sums of exponentials, which are above 0
if command -v cppcheck >/dev/null; then
    cppcheck -j "$(nproc)" --quiet --enable=warning,portability,performance --std=c11 --language=c -DMASKE_X86=1 \
        -D_GNU_SOURCE -D__x86_64__ -D__BYTE_ORDER__=1234 -D__ORDER_LITTLE_ENDIAN__=1234 -I src -I include \
        --suppress=missingIncludeSystem --suppress=uninitvar --suppress=invalidFunctionArg \
        --template='{file}:{line}:{column}: {severity}: {message} [{id}]' src 2>"$work/cppcheck" || true
    sed -i -E 's/: (error|style|portability|performance): /: warning: /' "$work/cppcheck"
    judge cppcheck 'warning: .*\[([A-Za-z]+)\]' "$work/cppcheck"
else
    echo "cppcheck is not here"
fi

[ $ran -gt 0 ] || exit 77
[ ! -e "$work/all" ] || { echo "not in tests/long/analysis.txt:"; cat "$work/all"; exit 1; }
