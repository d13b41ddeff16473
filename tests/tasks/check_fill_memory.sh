#!/usr/bin/env bash
# What `maske fill --verbose` says that it needs is what it takes, to a tenth: the peak of the process (VmHWM), read while it
# waits for the next prompt, beside the sentence. In int8 most of it is rows of the embeddings that are looked up in the
# mapped file, and how many neighbours each brings in is the kernel's choice (up to 16 pages; fewer on a busy machine): at
# most 15 % more there, and up to 30 % less. SIZES: which models.
set -euo pipefail
source "$SOURCE/tests/memory.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
# Many different words, so that the vocabulary has the size that real ones have.
awk 'BEGIN {
    srand(1)
    split("ka ra bi lo mü şe tı dö na ke li so ba ru gü ze çi ya ho pe mı fu ve ğa", part, " ")
    for (line = 0; line < 6000; line++) {
        text = ""
        for (word = 0; word < 9; word++) {
            text = text " "
            for (piece = 2 + int(rand() * 3); piece > 0; piece--) text = text part[1 + int(rand() * 24)]
        }
        print text
    }
}' >"$work/text.txt"
"$MASKE" tokenizer train --out "$work/tokenizer" --vocab-size "${VOCAB:-16000}" --quiet "$work/text.txt"
head -20 "$work/text.txt" >"$work/short.txt"
long=$(head -12 "$work/text.txt" | tr '\n' ' ')

# precision, prompt
check() {
    local process peak
    rm -f "$work/filled"
    mkfifo "$work/prompts"
    "$MASKE" fill --model "$work/model" --precision "$1" --verbose <"$work/prompts" >"$work/filled" 2>"$work/log" &
    process=$!
    exec 9>"$work/prompts"
    (trap '' PIPE; echo "$2" >&9) 2>/dev/null || true       # it may have ended already: no bf16 on this CPU
    while [ "$(grep -c . "$work/filled" 2>/dev/null)" != 11 ] && kill -0 $process 2>/dev/null; do sleep 0.01; done
    peak=$(peak_of $process)
    exec 9>&-
    rm "$work/prompts"
    if ! wait $process; then
        if grep 'this CPU' "$work/log" >/dev/null; then return; fi
        echo "$size $1: $(tail -1 "$work/log")"
        failed=1
        return
    fi
    local shares=()
    [ "$1" = int8 ] && shares=(0.7 1.15)
    compare_memory "$size, $1, ${#2} characters" "$work/log" "$peak" "${shares[@]}" || { failed=1; grep ^needs "$work/log"; }
}

for size in ${SIZES:-tiny mini}; do
    rm -rf "$work/model"
    "$MASKE" train --out "$work/model" --tokenizer "$work/tokenizer" --size "$size" --steps 1 --batch-size 1 \
        --valid-fraction 0 --quiet "$work/short.txt"
    for precision in f32 bf16 int8; do
        check $precision "kara [MASK] bilo"
        check $precision "kara [MASK] $long"
    done
done
exit $failed
