#!/usr/bin/env bash
# Every call on a file (open, read, write, fsync, rename, close, mmap, ...) fails in turn, once and from then on,
# while the program writes something: the exit code is one of the list, a sentence is said, and the destination is as
# it was or whole (P3, P4). STRIDE=1: every call; else every so many, which the short tests do.
set -euo pipefail
stride=${STRIDE:-11}
work=$(mktemp -d "$( [ -w /dev/shm ] && echo /dev/shm || echo /tmp)/maske-writes-XXXXXX")
trap 'rm -rf "$work"' EXIT
printf '%s\n' "ela bal al" "lale ela" "" "bal bal lale" "al ela bal" "" "ela al" "lale bal al ela" "" "al al bal" "ela lale" "" \
    "lale lale al" "bal ela al" >"$work/text.txt"
network=(--hidden-size 8 --num-hidden-layers 1 --num-attention-heads 1 --intermediate-size 8 --max-position-embeddings 16
         --max-length 16 --batch-size 2 --valid-fraction 0.3 --precision f32 --threads 1 --quiet)
runs=0
failures=0
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0

# with_fault PLAN COMMAND...: rc, and $work/err; fired: whether the plan struck. Messages and /proc are no business of
# it.
with_fault() {
    local plan=$1; shift
    rm -f "$work/fired"
    rc=0
    FAULT=$plan FAULT_ROOT=$work FAULT_FIRED=$work/fired LD_PRELOAD=$FAULT_SHIM "$@" >"$work/printed" 2>"$work/err" || rc=$?
    runs=$((runs + 1))
    fired=0
    [ ! -e "$work/fired" ] || fired=1
}
fail() { echo "$*"; head -c 600 "$work/err"; exit 1; }

# What a run and its checkpoints hold, without what the clock wrote.
content() { (cd "$1" && find . -type f ! -name '.maske-lock' ! -name 'metrics.jsonl' ! -name 'trainer_state.json' ! -name 'corpus.json' \
    -exec cksum {} + | sort -k3); }

# sweep NAME CALLS CHECK COMMAND...: $work/out is the destination; CHECK is asked after each failure.
sweep() {
    local name=$1 calls=$2 check=$3 plan call n mode; shift 3
    rm -rf "$work/out" "$work/expected"
    "$@"
    mv "$work/out" "$work/expected"
    for call in $calls; do
        for mode in once forever; do
            for ((n = 1 + RANDOM % stride; ; n += stride)); do
                [ $mode = once ] || [ $n -le 30 ] || [ "$stride" = 1 ] || break
                plan=${call%%=*}:$n:${call#*=}:$mode
                rm -rf "$work/out"
                with_fault "$plan" "$@"
                [ $rc = 0 ] || failures=$((failures + 1))
                case $rc in
                    0) [ -e "$work/out" ] || fail "$name, $plan: done, and nothing is there" ;;
                    1) [ -s "$work/err" ] || fail "$name, $plan: no sentence" ;;
                    *) fail "$name, $plan: exit code $rc" ;;
                esac
                $check "$name, $plan"
                [ $fired = 1 ] || break
            done
        done
    done
}

# A destination that appears as a whole: not there, or complete.
whole_or_not_there() {
    [ $rc != 0 ] || diff <(content "$work/expected") <(content "$work/out") >"$work/err" || fail "$1: exit code 0, but not the same output"
    [ ! -e "$work/out" ] || diff <(content "$work/expected") <(content "$work/out") >"$work/err" || fail "$1: half of the output"
}
file_or_not_there() { [ ! -e "$work/out" ] || cmp "$work/expected" "$work/out" || fail "$1: half of a file"; }
# A run: what is there is resumed to the same end, unless nothing has begun.
resumable() {
    if [ ! -e "$work/out/train.json" ]; then
        [ $rc != 0 ] || fail "$1: exit code 0 without a run"
        return
    fi
    "$MASKE" train --resume "$work/out" --threads 1 --quiet 2>"$work/err" || fail "$1: cannot be resumed"
    diff <(content "$work/expected" | grep -v checkpoints) <(content "$work/out" | grep -v checkpoints) >"$work/err" || fail "$1: another model"
}

RANDOM=${SEED:-7}
every="file=EIO"
"$MASKE" tokenizer train --out "$work/tokenizer" --vocab-size 48 --byte-fallback no --quiet "$work/text.txt"
"$MASKE" train --out "$work/model" --tokenizer "$work/tokenizer" "${network[@]}" --steps 2 "$work/text.txt"

sweep "tokenizer train" "$every write=ENOSPC fsync=EIO" whole_or_not_there \
    "$MASKE" tokenizer train --out "$work/out" --vocab-size 48 --byte-fallback no --quiet "$work/text.txt"
sweep "tokenizer extend" "$every write=ENOSPC" whole_or_not_there \
    "$MASKE" tokenizer extend --model "$work/model" --out "$work/out" --vocab-size 50 --min-frequency 1 --quiet "$work/text.txt"
sweep "data" "$every write=ENOSPC" file_or_not_there \
    "$MASKE" data --tokenizer "$work/tokenizer" --out "$work/out" --max-length 16 --quiet "$work/text.txt"
sweep "export" "$every write=ENOSPC" whole_or_not_there "$MASKE" export --model "$work/model" --out "$work/out" --quiet
sweep "train" "$every write=ENOSPC fsync=EIO" resumable \
    "$MASKE" train --out "$work/out" --tokenizer "$work/tokenizer" "${network[@]}" --steps 4 --save-steps 2 --eval-steps 2 "$work/text.txt"

# A folder whose files are to be replaced keeps them, all or none, where the disk is full; what is not written stays.
"$MASKE" train --out "$work/other" --tokenizer "$work/tokenizer" "${network[@]}" --hidden-size 16 --steps 1 "$work/text.txt"
for ((n = 1; ; n++)); do
    rm -rf "$work/out"
    cp -r "$work/other" "$work/out"
    cp -r "$work/out" "$work/expected-kept"
    with_fault "write:$n:ENOSPC" "$MASKE" export --model "$work/model" --out "$work/out" --force --quiet
    [ $rc != 0 ] || break
    diff -r "$work/expected-kept" "$work/out" >"$work/err" || fail "export --force, write $n: the folder is not what it was"
    rm -rf "$work/expected-kept"
done
[ $n -gt 3 ] || fail "export --force: no write failed"
cmp "$work/model/model.safetensors" "$work/out/model.safetensors"
cmp "$work/other/train.json" "$work/out/train.json"
"$MASKE" info --model "$work/out" >"$work/printed" 2>"$work/err" || fail "export --force: cannot be opened"
[ -z "$(find "$work/out" -name '*.maske-part')" ] || fail "export --force: left behind"

# Names that cannot be moved: what was moved comes back. Killed at one: the same command again comes to its end. Only where
# nothing but clearing up fails, the new files may stand there, all of them.
rm -rf "$work/expected-kept"
for plan in rename:EIO mkdir:ENOSPC unlink:EIO fsync:EIO rename:KILL unlink:KILL; do
    for ((n = 1; ; n++)); do
        rm -rf "$work/out"
        cp -r "$work/other" "$work/out"
        printf 'old\n' >"$work/out/added_tokens.json"
        cp -r "$work/out" "$work/expected-kept"
        with_fault "${plan%:*}:$n:${plan#*:}:once" "$MASKE" export --model "$work/model" --out "$work/out" --force --quiet 2>/dev/null
        [ $fired = 1 ] || break
        if [ "${plan#*:}" = KILL ]; then
            "$MASKE" export --model "$work/model" --out "$work/out" --force --quiet 2>"$work/err" || fail "export --force after $plan, $n"
            cmp "$work/model/model.safetensors" "$work/out/model.safetensors" && cmp "$work/other/train.json" "$work/out/train.json"
            [ ! -e "$work/out/added_tokens.json" ] || fail "export --force after $plan, $n: a file of the old tokenizer is left"
            [ -z "$(find "$work/out" -name '*.maske-part')" ] || fail "export --force after $plan, $n: left behind"
        elif ! cmp -s "$work/model/model.safetensors" "$work/out/model.safetensors"; then
            [ $rc = 1 ] || fail "export --force, $plan, $n: exit $rc"
            diff -r -x '*.maske-part' "$work/expected-kept" "$work/out" >"$work/err" || fail "export --force, $plan, $n: the folder is not what it was"
        else
            cmp "$work/model/config.json" "$work/out/config.json" && cmp "$work/model/tokenizer.json" "$work/out/tokenizer.json" || fail "export --force, $plan, $n: a mixture"
        fi
        rm -rf "$work/expected-kept"
    done
    rm -rf "$work/expected-kept"
    [ $n -gt 3 ] || fail "export --force: $plan struck $n times only"
done

# A run that --force replaces is as it was, resumable or not, or the new one stands in its place: whatever fails, and
# wherever the start is killed. Where a name was moved when it was killed, the next command settles it.
"$MASKE" train --out "$work/next" --model "$work/model" --seed 2 --max-length 16 --batch-size 2 --precision f32 --threads 1 \
    --quiet --steps 2 "$work/text.txt"
replaced=0
kept=0
# after_force PLAN
after_force() {
    # Where names cannot be moved back either, the next command does that.
    if [ $rc != 137 ] && [ "${1##*:}" = once ] && cmp -s "$work/other/model.safetensors" "$work/out/model.safetensors"; then
        diff -r "$work/other" "$work/out" >"$work/err" || fail "train --force, $1: the run is not what it was"
    fi
    "$MASKE" train --resume "$work/out" --threads 1 --quiet >"$work/printed" 2>"$work/err" || fail "train --force, $1: no run can be resumed"
    if cmp -s "$work/other/model.safetensors" "$work/out/model.safetensors"; then
        kept=$((kept + 1))
        diff -r "$work/other" "$work/out" >"$work/err" || fail "train --force, $1: the run did not come back as it was"
    else
        replaced=$((replaced + 1))
        cmp "$work/next/model.safetensors" "$work/out/model.safetensors" || fail "train --force, $1: neither model"
        [ ! -e "$work/out/checkpoints/step-1" ] || fail "train --force, $1: a checkpoint of the run before is left"
    fi
    "$MASKE" fill --model "$work/out" --quiet "ela [MASK]" >"$work/printed" 2>"$work/err" || fail "train --force, $1: no model"
    [ -z "$(find "$work/out" -name '*.maske-part')" ] || fail "train --force, $1: left behind: $(find "$work/out" -name '*.maske-part')"
}
for what in rename:KILL rename:EIO mkdir:KILL mkdir:ENOSPC unlink:KILL unlink:EIO fsync:KILL fsync:EIO write:KILL write:ENOSPC; do
    hop=$(((stride + 3) / 4))
    case $what in fsync:*|write:*) hop=$stride ;; esac
    for mode in once forever; do
        [ "${what#*:}" != KILL ] || [ $mode = once ] || continue
        for ((n = 1 + RANDOM % hop; ; n += hop)); do
            rm -rf "$work/out"
            cp -r "$work/other" "$work/out"
            plan=${what%:*}:$n:${what#*:}:$mode
            with_fault "$plan" "$MASKE" train --out "$work/out" --force --model "$work/model" --seed 2 --max-length 16 --batch-size 2 \
                --precision f32 --threads 1 --quiet --steps 2 "$work/text.txt" 2>/dev/null
            [ $fired = 1 ] || break
            after_force "$plan"
        done
    done
done
enough=$((stride == 1 ? 20 : 5))
[ $kept -gt $enough ] && [ $replaced -gt $enough ] || { echo "--force: $kept times the old run, $replaced times the new one"; exit 1; }
# What the new run is made from is not thrown away by it, whichever way it is named.
for inside in "--model $work/out/checkpoints/step-2 $work/text.txt" "--model $work/out $work/text.txt" \
        "--tokenizer $work/out/. $work/text.txt" "$work/out/standard-input.txt" "--valid $work/out/standard-input.txt $work/text.txt" \
        "--mix $work/out/checkpoints/text.txt $work/text.txt"; do
    rm -rf "$work/out"
    cp -r "$work/next" "$work/out"
    cp "$work/text.txt" "$work/out/standard-input.txt"
    cp "$work/text.txt" "$work/out/checkpoints"
    cp -r "$work/out" "$work/before"
    rc=0
    "$MASKE" train --force --out "$work/out" $inside --steps 1 --quiet 2>"$work/err" || rc=$?
    [ $rc = 2 ] && grep -q "lies in the output folder, which --force replaces; expected another place" "$work/err" || fail "--force, $inside: exit $rc"
    diff -r "$work/before" "$work/out" || fail "--force, $inside: the folder is not what it was"
    rm -rf "$work/before"
done
# What is no run's stays, and may be read.
rm -rf "$work/out"
cp -r "$work/next" "$work/out"
cp "$work/text.txt" "$work/out/mine.txt"
"$MASKE" train --force --out "$work/out" --size tiny --steps 1 --quiet "$work/out/mine.txt" 2>"$work/err" || fail "--force: a text of another name is refused"
cmp "$work/text.txt" "$work/out/mine.txt"

# Old checkpoints that cannot be removed cost nothing but their room: what was written since is there.
rm -rf "$work/out" "$work/fired"
FAULT=unlink:1:EIO:forever FAULT_ROOT=$work/out/checkpoints FAULT_FIRED=$work/fired LD_PRELOAD=$FAULT_SHIM \
    "$MASKE" train --out "$work/out" --tokenizer "$work/tokenizer" "${network[@]}" --steps 3 --save-steps 1 --keep 1 \
    "$work/text.txt" 2>"$work/err" || fail "checkpoints that stay: exit code $?"
[ -e "$work/fired" ] && grep -q "older checkpoint was not removed" "$work/err" || fail "checkpoints that stay: not said"
[ "$(ls "$work/out/checkpoints" | wc -l)" = 3 ] || fail "checkpoints that stay: $(ls "$work/out/checkpoints")"
"$MASKE" train --resume "$work/out" --threads 1 2>"$work/err" || fail "checkpoints that stay: cannot be resumed"
grep -q "complete" "$work/err" || fail "checkpoints that stay: not complete"

# Little by little, and interrupted: the same bytes.
for plan in write:1:SHORT:forever read:1:SHORT:forever read:2:EINTR write:2:EINTR,read:5:EINTR; do
    rm -rf "$work/out"
    with_fault "$plan" "$MASKE" export --model "$work/model" --out "$work/out" --quiet
    [ $rc = 0 ] || fail "export, $plan: exit code $rc"
    cmp "$work/model/model.safetensors" "$work/out/model.safetensors"
done
[ $failures -gt 20 ] || { echo "only $failures of $runs runs failed: is the shim there?"; exit 1; }
echo "$runs runs, $failures of them failed, nothing half-made"
