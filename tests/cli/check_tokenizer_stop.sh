#!/usr/bin/env bash
# Learning and extending a tokenizer, stopped at any moment, by Ctrl-C, SIGTERM or SIGKILL: the output folder is whole, as
# an undisturbed run leaves it, or not there; after a signal that can be heard nothing at all is left, and the next run
# goes through. STOPS=50 for more of it.
set -euo pipefail
stops=${STOPS:-12}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }
"$BUILD/tests/endless_words" "$SOURCE/tests/data/train/kasaba.txt" 1500000 300 >"$work/text"
"$MASKE" tokenizer train --out "$work/base" --vocab-size 700 --quiet "$SOURCE/tests/data/train/kasaba.txt"
train=(train --vocab-size 12000) extend=(extend --model "$work/base" --vocab-size 9000)
declare -A length
for kind in train extend; do
    declare -n options=$kind
    begun=$(date +%s%N)
    "$MASKE" tokenizer "${options[@]}" --out "$work/whole-$kind" --quiet "$work/text"
    length[$kind]=$((($(date +%s%N) - begun) / 1000))       # microseconds
done

RANDOM=99
stopped=0
for ((i = 0; i < stops; i++)); do
    kind=$([ $((i % 2)) = 0 ] && echo train || echo extend)
    signal=$(cut -d' ' -f$((i / 2 % 3 + 1)) <<<"INT TERM KILL")
    declare -n options=$kind
    out=$work/out-$i
    # Jobs of a shell without a terminal ignore SIGINT.
    env --default-signal=INT "$MASKE" tokenizer "${options[@]}" --out "$out" --quiet "$work/text" 2>"$work/said" &
    process=$!
    moment=$((RANDOM * 32768 % length[$kind] + RANDOM % 1000))
    sleep "$((moment / 1000000)).$(printf '%06d' $((moment % 1000000)))"
    kill -s "$signal" $process 2>/dev/null || true
    status=0
    wait $process 2>/dev/null || status=$?
    case $signal$status in
    *0) ;;
    INT130 | TERM143)
        [ -z "$(ls -A "$work" | grep "^out-$i" || true)" ] || fail "$signal left $(ls -A "$work" | grep "^out-$i")" ;;
    KILL137) [ ! -e "$out" ] || diff -r "$work/whole-$kind" "$out" || fail "killed in the midst of writing" ;;
    *) fail "$signal: exit $status: $(cat "$work/said")" ;;
    esac
    [ "$status" = 0 ] || stopped=$((stopped + 1))
    [ -e "$out" ] || "$MASKE" tokenizer "${options[@]}" --out "$out" --quiet "$work/text"
    diff -r "$work/whole-$kind" "$out" || fail "after $signal the next run writes other files"
    [ -z "$(find "$work" -name '*.maske-part*')" ] || fail "left behind: $(find "$work" -name '*.maske-part*')"
    rm -rf "$out"
done
[ $stopped -gt 0 ] || fail "no run was stopped: the signals came too late"
echo "$stops runs, $stopped stopped"
