#!/usr/bin/env bash
# Signals at random moments, start-up, learning, tokenizing, steps, evaluation and saving included: SIGTERM, SIGINT
# and SIGHUP end the program with 128 + their number, a run goes on to the same model; SIGSTOP and SIGCONT change
# nothing; a second signal ends at once (P5). ROUNDS=200 for more.
set -euo pipefail
source "$SOURCE/tests/faults/world.sh"
rounds=${ROUNDS:-3}
for i in 1 2 3 4; do cat "$work/text.txt"; echo; done >"$work/long.txt"
train=(train "${network[@]}" --vocab-size 400 --valid-fraction 0.2 --threads 2 --steps 300 --eval-steps 20 --save-steps 50)
begun=$(date +%s%N)
"$MASKE" "${train[@]}" --out "$work/whole" "$work/long.txt"
length=$((($(date +%s%N) - begun) / 1000))          # microseconds
RANDOM=${SEED:-11}
stopped=0
somewhere() { local at=$((RANDOM * 32768 % length)); sleep "$((at / 1000000)).$(printf '%06d' $((at % 1000000)))"; }

# go_on: the run in $work/run to its end, from whatever a signal left.
go_on() {
    local rc=0
    if [ -e "$work/run/train.json" ]; then "$MASKE" train --resume "$work/run" --threads 2 --quiet 2>"$work/err" || rc=$?
    else "$MASKE" "${train[@]}" --out "$work/run" "$work/long.txt" 2>"$work/err" || rc=$?; fi
    [ $rc = 0 ] || fail "$1: cannot go on: exit $rc, $(head -c 300 "$work/err")"
    cmp "$work/whole/model.safetensors" "$work/run/model.safetensors" || fail "$1: another model"
}

for ((round = 1; round <= rounds; round++)); do
    for signal in TERM:143 INT:130 HUP:129 STOP:0 TWICE:143; do
        name=${signal%:*}
        rm -rf "$work/run"
        # Not in the background of this shell, which would have SIGINT ignored.
        (trap - INT; exec env --default-signal=INT,HUP "$MASKE" "${train[@]}" --out "$work/run" "$work/long.txt" 2>"$work/err") &
        process=$!
        somewhere
        case $name in
            STOP)  kill -STOP $process 2>/dev/null || true; sleep 0.05; kill -CONT $process 2>/dev/null || true ;;
            TWICE) kill -TERM $process 2>/dev/null || true; sleep 0.002; kill -TERM $process 2>/dev/null || true ;;
            *)     kill -"$name" $process 2>/dev/null || true ;;
        esac
        rc=0
        wait $process 2>/dev/null || rc=$?
        [ $rc = 0 ] || [ $rc = "${signal#*:}" ] || fail "$name: exit $rc, $(head -c 300 "$work/err")"
        if [ $rc != 0 ]; then
            stopped=$((stopped + 1))
            # The first signal was heard: it says what was done. Before main() it ends the program without a word.
            [ ! -e "$work/run/train.json" ] || [ $name = TWICE ] || has "stopped" "$work/err" || fail "$name: nothing was said"
        fi
        go_on "$name"
    done
done
[ $stopped -gt 0 ] || fail "no run was stopped: the signals came too early or too late"

# Standard input that gives no more: waiting for it is ended, and nothing is left behind.
mkfifo "$work/fifo"
exec 9<>"$work/fifo"
# stalls MORE... : the program is waiting for standard input when the signal comes.
stalls() {
    rm -rf "$work/run"
    printf 'bal al\n' >&9
    "$MASKE" "$@" - <"$work/fifo" >"$work/printed" 2>"$work/err" 9>&- &
    process=$!
    for ((i = 0; i < 100; i++)); do
        grep -q "^State:.S" "/proc/$process/status" && ls -l "/proc/$process/fd/0" | grep -q fifo && break
        sleep 0.02
    done
    sleep 0.2
    kill -TERM $process
    rc=0
    wait $process || rc=$?
    [ $rc = 143 ] && has "stopped" "$work/err" || fail "$* with a silent standard input: exit $rc, $(head -c 300 "$work/err")"
    [ -z "$(find "$work/run" -name '*.maske-part' 2>/dev/null)" ] || fail "$*: left behind: $(find "$work/run")"
}
stalls "${train[@]}" --out "$work/run"
stalls tokenizer train --vocab-size 100 --out "$work/run"
stalls tokenizer inspect --model "$work/whole"
stalls data --tokenizer "$work/whole" --out "$work/run"
stalls evaluate --model "$work/whole"
stalls tokenizer encode --model "$work/whole"
exec 9>&-

# Messages that nobody reads any more: the run waits for its reader, and a signal ends the wait, with a checkpoint.
mkfifo "$work/unread"
exec 9<>"$work/unread"
rm -rf "$work/run"
loud=()
for word in "${train[@]}"; do [ "$word" = --quiet ] || loud+=("$word"); done
"$MASKE" "${loud[@]}" --steps 1000000 --log-steps 1 --out "$work/run" "$work/long.txt" 2>"$work/unread" 9>&- &
process=$!
spent=none                                          # the processor's time that it took stands still once it waits
for ((i = 0; i < 300; i++)); do
    sleep 0.3
    now=$(cut -d' ' -f14,15 "/proc/$process/stat")
    [ ! -e "$work/run/metrics.jsonl" ] || [ "$now" != "$spent" ] || break
    spent=$now
done
[ $i -lt 300 ] || fail "unread messages: the run never waited for its reader"
kill -TERM $process
for ((i = 0; i < 100; i++)); do kill -0 $process 2>/dev/null || break; sleep 0.1; done
! kill -0 $process 2>/dev/null || { kill -KILL $process; fail "unread messages: still there ten seconds after SIGTERM"; }
rc=0
wait $process || rc=$?
[ $rc = 143 ] && [ -n "$(ls "$work/run/checkpoints")" ] || fail "unread messages: exit $rc, checkpoints: $(ls "$work/run/checkpoints")"
exec 9>&-

# Two signals at once, as to a process and its group, and SIGHUP again and again, as of a terminal that is closed: one.
for signals in "TERM TERM" "INT TERM" "HUP HUP HUP"; do
    rm -rf "$work/run"
    (trap - INT; exec env --default-signal=INT,HUP "$MASKE" "${train[@]}" --steps 1000000 --out "$work/run" "$work/long.txt" 2>"$work/err") &
    process=$!
    for ((i = 0; i < 300; i++)); do [ -s "$work/run/metrics.jsonl" ] && break; sleep 0.05; done
    for signal in $signals; do kill -"$signal" $process 2>/dev/null || true; done
    [ "$signal" != HUP ] || { sleep 0.15; kill -HUP $process 2>/dev/null || true; }
    rc=0
    wait $process || rc=$?
    [ $rc -gt 128 ] && [ -n "$(ls "$work/run/checkpoints")" ] || fail "$signals: exit $rc, checkpoints: $(ls "$work/run/checkpoints")"
done

# Deterministic moments: at a write, a rename and a read of the run's own files, the n-th; a kill leaves nothing
# half-made.
for plan in rename:1:KILL rename:7:KILL rename:12:KILL fsync:9:KILL write:5:KILL unlink:3:KILL; do
    rm -rf "$work/run"
    rc=0
    FAULT=$plan FAULT_ROOT=$work/run FAULT_FIRED=$work/fired LD_PRELOAD=$FAULT_SHIM \
        "$MASKE" "${train[@]}" --out "$work/run" "$work/long.txt" 2>"$work/err" || rc=$?
    [ $rc = 137 ] || [ ! -e "$work/fired" ] || fail "$plan: exit $rc"
    rm -f "$work/fired"
    go_on "$plan"
    [ -z "$(find "$work/run" -name '*.maske-part')" ] || fail "$plan: left behind: $(find "$work/run" -name '*.maske-part')"
done
exit $failed
