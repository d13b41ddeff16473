#!/usr/bin/env bash
# Every command that prints: a full disk or a reader who has gone is exit 1 and a sentence; what was printed before is
# not taken for all (P14).
set -euo pipefail
source "$SOURCE/tests/faults/world.sh"
make_all "$work/world"
model=$work/world/run
printf 'Kasaba\tyer\n' >"$work/line"
cut -d' ' -f1-3 >"$work/ids" <<<"5 6 7 8"
printed=0

# prints COMMAND...: it prints something; into nothing it fails.
prints() {
    "$MASKE" "$@" >"$work/out" 2>"$work/err" </dev/null || fail "$*: exit $? by itself: $(head -c 300 "$work/err")"
    [ -s "$work/out" ] || fail "$*: prints nothing"
    local rc=0
    "$MASKE" "$@" >/dev/full 2>"$work/err" </dev/null || rc=$?
    [ $rc = 1 ] || fail "$* on a full disk: exit $rc"
    has "standard output: cannot write: No space left on device" "$work/err" || fail "$* on a full disk: $(head -c 300 "$work/err")"
    rc=0
    "$MASKE" "$@" >&- 2>"$work/err" </dev/null || rc=$?
    [ $rc = 1 ] && [ -s "$work/err" ] || fail "$* without standard output: exit $rc"
    # A pipe whose reader is gone for certain.
    { trap '' PIPE; while echo x 2>/dev/null; do sleep 0.01; done
      rc=0; "$MASKE" "$@" 2>"$work/err" </dev/null || rc=$?; echo $rc >"$work/rc"; } | :
    [ "$(cat "$work/rc")" = 1 ] && has "standard output: cannot write: Broken pipe" "$work/err" ||
        fail "$* into a closed pipe: exit $(cat "$work/rc"): $(head -c 300 "$work/err")"
    printed=$((printed + 1))
}
prints --version
prints --help
prints fill --help
prints man
prints completion bash
prints tokenizer encode --model "$model" "$work/text.txt"
prints tokenizer encode --model "$model" --pair --json "$work/line"
prints tokenizer decode --model "$model" "$work/ids"
prints tokenizer inspect --model "$model" --quiet "$work/text.txt"
prints fill --model "$model" "Kasaba [MASK]."
prints fill --model "$model" --json "Kasaba [MASK]."
prints evaluate --model "$model" --quiet "$work/text.txt"
prints score --model "$model" --quiet "$work/line"
prints embed --model "$model" --quiet "$work/line"
prints embed --model "$model" --format npy --quiet "$work/line"
prints info --model "$model"
prints info --model "$model" --json
[ $printed -ge 17 ] || fail "only $printed commands were tried"
exit $failed
