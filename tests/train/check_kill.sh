#!/usr/bin/env bash
# A training killed with SIGKILL at random moments, start-up and saving included, and resumed each time, with 1, 2 or 3
# threads, gives what the run gives that nobody disturbed, byte for byte: the best model, the last weights and moments,
# the metrics without a line twice or missing. Kills at the least: KILLS (tests/soak/kill.sh: 50), each told with TELL=1.
set -euo pipefail
kills=${KILLS:-5}
# Plain C takes many times as long for a step: a shorter run there.
steps=240
[ "${MASKE_CPU:-}" != plain ] || steps=60
work=$(mktemp -d "$( [ -w /dev/shm ] && echo /dev/shm || echo /tmp)/maske-kill-XXXXXX")
trap 'rm -rf "$work"' EXIT
for i in 1 2 3 4 5 6; do cat "$SOURCE/tests/data/train/kasaba.txt"; echo; done >"$work/text.txt"
head -40 "$SOURCE/tests/data/train/kasaba.txt" >"$work/old.txt"

options=(--tokenizer "$work/tokenizer" --hidden-size 32 --num-hidden-layers 2 --num-attention-heads 2
         --max-length 64 --batch-size 8 --steps $steps --eval-steps 50 --save-steps 7 --log-steps 1
         --valid-fraction 0.1 --precision f32 --threads 1 --quiet
         --optimizer muon --schedule wsd --average 0.4 --mask-probability 0.3 --mask-probability-end 0.15
         --batch-warmup-ratio 0.4 --length-warmup-ratio 0.3 --mix "$work/old.txt" --mix-share 0.3)
"$MASKE" tokenizer train --out "$work/tokenizer" --vocab-size 400 --quiet "$work/text.txt"
begun=$(date +%s%N)
"$MASKE" train --out "$work/whole" "${options[@]}" "$work/text.txt"
length=$((($(date +%s%N) - begun) / 1000))         # microseconds

# metrics.jsonl without what the clock wrote
metrics() { sed -E 's/,"(tokens_per_second|seconds)":[^,}]*//g' "$1/metrics.jsonl"; }

# How far the killed run had come: steps in its metrics, its newest checkpoint.
place() {
    local steps checkpoint
    steps=$(grep -c '"loss"' "$1/metrics.jsonl" 2>/dev/null) || true
    checkpoint=$(ls "$1/checkpoints" 2>/dev/null | grep -v part | sort -t- -k2n | tail -1) || true
    echo "${steps:-0} lines of steps, ${checkpoint:-no checkpoint}, $(find "$1" -name '*.maske-part*' 2>/dev/null | wc -l) half-written"
}

RANDOM=4242
resumes=0 killed=0
for ((round = 1; killed < kills; round++)); do
    out=$work/killed
    rm -rf "$out"
    first=1
    for ((try = 1; ; try++)); do
        # Until train.json is there, nothing has begun: the same command again is no overwriting.
        if [ -e "$out/train.json" ]; then command=(train --resume "$out" --threads $((try % 3 + 1)) --quiet)
        else command=(train --out "$out" "${options[@]}" "$work/text.txt"); fi
        [ "$first" = 1 ] || [ ! -e "$out/train.json" ] || resumes=$((resumes + 1))
        first=0
        "$MASKE" "${command[@]}" &
        process=$!
        # Three kills at most a round, at any moment of what a whole run takes.
        if [ $try -le 3 ]; then
            moment=$((RANDOM * 32768 % length + RANDOM % 1000))
            sleep "$((moment / 1000000)).$(printf '%06d' $((moment % 1000000)))"
            kill -9 $process 2>/dev/null || true
        fi
        status=0
        wait $process 2>/dev/null || status=$?
        if [ $status = 137 ]; then
            killed=$((killed + 1))
            [ -z "${TELL:-}" ] || printf 'kill %2d, round %2d, after %5d ms: %s\n' $killed $round $((moment / 1000)) "$(place "$out")"
            continue
        fi
        [ $status = 0 ] || { echo "round $round, try $try: ${command[*]} gave $status"; exit 1; }
        break
    done
    cmp "$work/whole/model.safetensors" "$out/model.safetensors"
    for file in model.safetensors optimizer.safetensors; do
        cmp "$work/whole/checkpoints/step-$steps/$file" "$out/checkpoints/step-$steps/$file"
    done
    diff <(metrics "$work/whole") <(metrics "$out")
    left=$(find "$out" -name '*.maske-part*')
    [ -z "$left" ] || { echo "left behind: $left"; exit 1; }
done
[ $resumes -gt 0 ] || { echo "no run was resumed: the kills came too early or too late"; exit 1; }
echo "$((round - 1)) runs, killed $killed times, resumed $resumes times: all the same"
