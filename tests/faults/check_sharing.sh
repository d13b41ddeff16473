#!/usr/bin/env bash
# Files that others touch while maske uses them: two runs in one folder, a lock whose owner was killed, a weights file
# and a token file that shrink while they are mapped, a text that is cut while it is read.
set -euo pipefail
source "$SOURCE/tests/faults/world.sh"
make_all "$work/world"
train=(train --tokenizer "$work/world/tokenizer" "${network[@]}" --threads 2)
# until_there PATH: waits for a file of a process that was started.
until_there() { wait_for 1000 test -e "$1" || { fail "$1 never came"; return 1; }; }
stopped() { wait_for 1000 is_stopped "$1"; }

# Two runs, one folder: the second is refused at once, also to resume; after a kill the folder is free.
"$MASKE" "${train[@]}" --steps 100000000 --save-steps 50 --out "$work/run" "$work/text.txt" 2>"$work/err1" &
process=$!
until_there "$work/run/train.json"
for again in "--out $work/run --force" "--resume $work/run"; do
    rc=0
    # shellcheck disable=SC2086
    if [ "${again#--resume}" = "$again" ]; then "$MASKE" "${train[@]}" $again "$work/text.txt" 2>"$work/err" || rc=$?
    else "$MASKE" train $again 2>"$work/err" || rc=$?; fi
    [ $rc = 1 ] && has "another maske is at work in this folder" "$work/err" || fail "$again: exit $rc: $(cat "$work/err")"
done

# Nor does anything else write there.
for other in "tokenizer train --vocab-size 60 --force --out $work/run $work/text.txt" "export --model $work/world/run --force --out $work/run"; do
    rc=0
    # shellcheck disable=SC2086
    "$MASKE" $other --quiet 2>"$work/err" || rc=$?
    [ $rc = 1 ] && has "another maske is at work in this folder" "$work/err" || fail "$other: exit $rc: $(cat "$work/err")"
done

# Its token file is cut: it dies of it, but not without a word.
truncate -s 0 "$work/run/tokens.bin"
rc=0
wait $process 2>/dev/null || rc=$?
[ $rc = 1 ] && has "tokens.bin: became shorter" "$work/err1" || fail "a token file that is cut: exit $rc: $(cat "$work/err1")"

# Two writers of one name: one of them is done, whole, the other one says so, whichever it is.
for i in $(seq 200); do cat "$work/text.txt"; done >"$work/long.txt"
for kind in folder file; do
    for round in 1 2 3; do
        rm -rf "$work/both"
        case $kind in
            folder) one=(tokenizer train --vocab-size 60 --out "$work/both" "$work/long.txt") two=(tokenizer train --vocab-size 70 --out "$work/both" "$work/text.txt") ;;
            file)   one=(data --tokenizer "$work/world/tokenizer" --max-length 32 --out "$work/both" "$work/long.txt") two=(data --tokenizer "$work/world/tokenizer" --max-length 16 --out "$work/both" "$work/text.txt") ;;
        esac
        "$MASKE" "${one[@]}" --quiet 2>"$work/err1" & process=$!
        second=0; "$MASKE" "${two[@]}" --quiet 2>"$work/err" || second=$?
        first=0; wait $process || first=$?
        [ $first != $second ] && [ $((first + second)) = 1 ] || fail "two writers of a $kind: exits $first, $second: $(cat "$work/err1" "$work/err")"
        grep -qE "another maske is writing it|exists already|holds something already" "$work/err1" "$work/err" || fail "two writers of a $kind: $(cat "$work/err1" "$work/err")"
        mv "$work/both" "$work/found"
        if [ $first = 0 ]; then "$MASKE" "${one[@]}" --quiet; else "$MASKE" "${two[@]}" --quiet; fi
        diff -r "$work/both" "$work/found" || fail "two writers of a $kind: neither one's output"
        rm -rf "$work/both" "$work/found"
    done
done

rm -rf "$work/run"
"$MASKE" "${train[@]}" --steps 100000000 --save-steps 50 --out "$work/run" "$work/text.txt" 2>"$work/err1" &
process=$!
until_there "$work/run/train.json"
kill -9 $process
wait $process 2>/dev/null || true
touch "$work/mark"
"$MASKE" train --resume "$work/run" --quiet 2>"$work/err" &
process=$!
goes_on() { [ -n "$(find "$work/run/checkpoints" -name 'step-*' -newer "$work/mark" 2>/dev/null)" ]; }
wait_for 1000 goes_on || fail "after a kill: no step more"
kill -TERM $process
rc=0
wait $process 2>/dev/null || rc=$?
[ $rc = 143 ] && has "stopped" "$work/err" || fail "after a kill: exit $rc: $(cat "$work/err")"

# The weights are cut between looking at them and mapping them: the shim stops the program there.
cp -r "$work/world/run" "$work/model"
FAULT=mmap:1:STOP FAULT_ROOT=$work/model LD_PRELOAD=$FAULT_SHIM \
    "$MASKE" fill --model "$work/model" "Kasaba [MASK]." >/dev/null 2>"$work/err" &
process=$!
if stopped $process; then
    truncate -s 0 "$work/model/model.safetensors"
    kill -CONT $process
    rc=0
    wait $process 2>/dev/null || rc=$?
    [ $rc = 1 ] && has "model.safetensors: became shorter" "$work/err" || fail "weights that are cut: exit $rc: $(cat "$work/err")"
else fail "weights are not mapped: the shim never stopped the program"; fi

# A text that is cut while it is read: the rest is read, or a sentence says why not; never half an output.
for ((n = 1; n <= 4; n++)); do
    for i in $(seq 60); do cat "$work/text.txt"; done >"$work/growing.txt"
    rm -rf "$work/learned"
    FAULT=read:$n:STOP FAULT_ROOT=$work/growing.txt LD_PRELOAD=$FAULT_SHIM \
        "$MASKE" tokenizer train --vocab-size 300 --quiet --out "$work/learned" "$work/growing.txt" 2>"$work/err" &
    process=$!
    if stopped $process; then
        truncate -s 5000 "$work/growing.txt"
        kill -CONT $process
    fi
    rc=0
    wait $process 2>/dev/null || rc=$?
    case $rc in
        0) [ -e "$work/learned/tokenizer.json" ] || fail "a text that is cut: done, and nothing is there" ;;
        1) [ -s "$work/err" ] && [ ! -e "$work/learned" ] || fail "a text that is cut: $(cat "$work/err")" ;;
        *) fail "a text that is cut: exit $rc: $(cat "$work/err")" ;;
    esac
done
exit $failed
