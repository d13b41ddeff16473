#!/usr/bin/env bash
# Every fuzz target, by clang's libFuzzer with the address and undefined behaviour sanitizers, for FUZZ_SECONDS each (15),
# FUZZ_JOBS at a time (2), from the seeds of fuzz/seeds. What is found fails the test, and stays in FUZZ_KEEP (a folder of
# the build): run the target with that file to see it again. FUZZ_TARGETS: only these. FUZZ_SEED: which inputs are made up
# (1): the same ones again wherever this runs, more of them where it is faster; 0 makes up others each time.
#
# How long one input may take is counted in seconds of processor, by the target (fuzz.h): a busy machine finds nothing. The
# fuzzer's own limit is the clock's, for what waits for ever.
set -euo pipefail
cd "$SOURCE"
command -v clang >/dev/null || { echo "this test needs clang and its libFuzzer (Debian: clang libclang-rt-14-dev)"; exit 1; }
build=$BUILD/../fuzz-check
keep=${FUZZ_KEEP:-$build/kept}
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo "-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O1 -g" \
    -DCMAKE_C_COMPILER=clang "-DMASKE_SANITIZE=address,undefined" -DMASKE_FUZZ=ON -DMASKE_TESTS=OFF >/dev/null
cmake --build "$build" --target fuzz_targets | tail -1
build=$(cd "$build" && pwd)
mkdir -p "$keep"
keep=$(cd "$keep" && pwd)
# Scratch files in memory where the system has such a place.
work=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")" maske-fuzz-check-XXXXXX)
trap 'rm -rf "$work"' EXIT

fuzz_one() {
    local target=$1 status=0
    mkdir -p "$work/$target/scratch" "$keep/$target" "$keep/corpus/$target"
    local options=(-max_total_time="$FUZZ_SECONDS" -timeout=600 -rss_limit_mb=2048 -malloc_limit_mb=512 -max_len=16384
                   -seed="${FUZZ_SEED:-1}" "-artifact_prefix=$keep/$target/")
    [ -f "fuzz/dictionaries/$target.dict" ] && options+=("-dict=fuzz/dictionaries/$target.dict")
    TMPDIR=$work/$target/scratch "$build/fuzz/fuzz_$target" "${options[@]}" "$keep/corpus/$target" "fuzz/seeds/$target" \
        >"$work/$target/log" 2>&1 || status=$?
    if [ $status -eq 0 ]; then
        echo "$target: $(grep -a 'DONE' "$work/$target/log" | sed -E 's/^#([0-9]+).*cov: ([0-9]+).*exec\/s: ([0-9]+).*/\1 inputs, \3 a second, \2 edges/')"
        return 0
    fi
    {
        grep -aE 'does not hold|ERROR|runtime error|SUMMARY|Test unit written|^ +#[0-9] ' "$work/$target/log" | head -20
        echo "$target: FAILED; run $build/fuzz/fuzz_$target with the file above"
    } | tee "$work/$target/failure"
    return 1
}
export -f fuzz_one
export build keep work
export FUZZ_SECONDS=${FUZZ_SECONDS:-15}
export ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=1:quarantine_size_mb=8:malloc_context_size=8
export UBSAN_OPTIONS=print_stacktrace=1
targets=${FUZZ_TARGETS:-$(for seeds in fuzz/seeds/*/; do basename "$seeds"; done)}
[ -n "$targets" ]
# Every target has seeds, and every folder of seeds a target: neither is forgotten.
for target in $targets; do [ -x "$build/fuzz/fuzz_$target" ] || { echo "fuzz/seeds/$target has no target"; exit 1; }; done
for source in fuzz/*.c; do
    name=$(basename "$source" .c)
    [ "$name" = replay ] || [ -d "fuzz/seeds/$name" ] || { echo "$source has no seeds"; exit 1; }
done
xargs -P "${FUZZ_JOBS:-2}" -I{} nice -n 10 bash -c 'fuzz_one {}' <<<"$(tr ' ' '\n' <<<"$targets")" || {
    printf '\nAll that failed, once more:\n'
    cat "$work"/*/failure
    exit 1
}
