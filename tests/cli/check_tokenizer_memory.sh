#!/usr/bin/env bash
# Training a tokenizer from a stream that never runs out of new words, in an address space that is too small for all of
# them: with --memory and --prune it passes and says what it dropped; without --prune it is refused in a sentence; with
# more --memory than there is, it fails, so the limit is one. BYTES=1000000000 for more of it.
set -euo pipefail
has() { grep "$@" >/dev/null; }
bytes=${BYTES:-30000000} memory=${MEMORY:-32M} share=${SHARE:-500} space=${SPACE:-220000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/temporary"
export TMPDIR=$work/temporary
fail() { echo "FAILED: $*"; [ ! -e "$work/said" ] || cat "$work/said"; exit 1; }
stream() { "$BUILD/tests/endless_words" "$SOURCE/tests/data/train/kasaba.txt" "$bytes" "$share"; }
# The address sanitizer reserves terabytes of addresses for itself: no limit then, but for what --memory says.
ldd "$MASKE" 2>/dev/null | has asan && space=unlimited
train() { (ulimit -v "$space"; "$MASKE" tokenizer train --out "$work/out" --force --json "$@" - >"$work/figures" 2>"$work/said"); }
figure() { sed -E "s/.*\"$1\":([0-9]+).*/\1/" "$work/figures"; }

stream | train --memory "$memory" --prune || fail "--memory $memory --prune"
has "were dropped for lack of memory" "$work/said" || fail "nothing is said of what was dropped"
[ "$(figure pruned_words)" -gt 1000 ] && [ "$(figure pruned_words)" -lt "$(figure unique_words)" ] || fail "$(cat "$work/figures")"
[ "$(figure pruned_occurrences)" -ge "$(figure pruned_words)" ] && [ "$(figure spilled_bytes)" -gt 0 ] || fail "$(cat "$work/figures")"
cat "$work/said"
# What is frequent is learned all the same.
echo "kasaba kasabanın" | "$MASKE" tokenizer encode --model "$work/out" --tokens --no-special - >"$work/tokens"
[ "$(wc -w <"$work/tokens")" -le 4 ] || fail "the tokens are $(cat "$work/tokens")"
[ "$bytes" -le 100000000 ] || exit 0

! stream 2>"$work/pipe" | train --memory "$memory" || fail "without --prune nothing is refused"
has "let rare words be dropped (prune)" "$work/said" || fail "another sentence"
if [ "$space" != unlimited ]; then
    ! stream 2>"$work/pipe" | train --memory 4G || fail "the address space is large enough for everything"
    has -i "memory" "$work/said" || fail "another sentence"
fi

# A file for what is put aside that may not grow: a sentence, and nothing is left.
(trap '' XFSZ; ulimit -f 2000; ! stream 2>"$work/pipe" | "$MASKE" tokenizer train --out "$work/full" --memory "$memory" --prune - >"$work/figures" 2>"$work/said") || fail "a full disk is no failure"
has "temporary file of word counts" "$work/said" || fail "another sentence"
[ ! -e "$work/full" ] || fail "a folder is left"

# Killed while it counts: the temporary file is gone with it.
"$MASKE" tokenizer train --out "$work/killed" --memory "$memory" --prune - >"$work/figures" 2>"$work/said" < <(while stream; do :; done 2>"$work/pipe") &
process=$!
for ((i = 0; i < 200; i++)); do
    ls -l "/proc/$process/fd" 2>"$work/pipe" | has "maske-words.*deleted" && break
    sleep 0.05
done
[ "$i" -lt 200 ] || fail "nothing was put aside in time"
kill -9 "$process"
wait 2>/dev/null || true
[ -z "$(ls -A "$TMPDIR")" ] || fail "left behind: $(ls -A "$TMPDIR")"
