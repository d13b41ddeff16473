#!/usr/bin/env bash
# tests/soak/tokenizer_10gb.sh: a tokenizer learned from a stream of 10 GB through standard input, one word in twenty
# new, within --memory 2G and an address space of 2.3 GB. Takes some minutes; measured figures: docs/tokenizer.md.
#
#     TEXT=real-text.txt bash tests/soak/tokenizer_10gb.sh build/release
#
# TEXT is what the stream is made from: real text of some hundred kilobytes or more. BYTES, MEMORY, SHARE (new words in a
# thousand) and SPACE (of addresses, in KB) may be set too.
set -euo pipefail
build=${1:-build/release}
text=${TEXT:-docs/notes.tr.md} bytes=${BYTES:-10000000000} memory=${MEMORY:-2G} share=${SHARE:-50} space=${SPACE:-2300000}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
ulimit -v "$space"
begun=$(date +%s)
"$build/tests/endless_words" "$text" "$bytes" "$share" |
    "$build/maske" tokenizer train --out "$out/tokenizer" --memory "$memory" --prune --json - &
maske=$!                                        # of the last in the pipe
peak=0
while kill -0 $maske 2>/dev/null; do
    now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$maske/status" 2>/dev/null || true)
    [ -z "$now" ] || peak=$now
    sleep 0.2
done
wait $maske
echo "$bytes bytes in $(($(date +%s) - begun)) s, peak memory $((peak / 1024)) MB of $memory"
