#!/usr/bin/env bash
# bench tokenizer: it measures what it was given, with a tokenizer of its own or another's, and says so both ways.
# bench train: every phase of a step, for the sizes named, and says so both ways.
set -uo pipefail
has() { grep "$@" >/dev/null; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
fail() { echo "FAILED: $*"; failed=1; }
model=$SOURCE/tests/data/tasks/metaspace
cat "$SOURCE"/docs/notes.tr.md "$SOURCE"/docs/notes.md >"$work/text"
bytes=$(wc -c <"$work/text")

"$MASKE" bench tokenizer --rounds 1 --vocab-size 500 "$work/text" >"$work/table" || fail "a file"
for scheme in bytelevel metaspace whitespace bert-uncased; do
    has -E "^$scheme( +[0-9]+){6} +[0-9]+\.[0-9]{2}$" <"$work/table" || fail "no line of $scheme: $(cat "$work/table")"
done
"$MASKE" bench tokenizer --rounds 2 --threads 1 --model "$model" --json "$work/text" "$work/text" >"$work/json" || fail "--model --json"
has "\"threads\":1,\"bytes\":$((2 * bytes))," <"$work/json" || fail "two files: $(cat "$work/json")"
tokens=$(cat "$work/text" "$work/text" | "$MASKE" tokenizer encode --no-special --model "$model" | wc -w)
has "\"tokens\":$tokens," <"$work/json" || fail "$tokens tokens, but: $(cat "$work/json")"
has '"learning' <"$work/json" && fail "learned although a model was given"
TMPDIR=$work "$MASKE" bench tokenizer --rounds 1 --vocab-size 400 | has "^4.0 MiB of made-up text" || fail "made-up text"
[ "$(ls "$work")" = "$(printf 'json\ntable\ntext')" ] || fail "left behind: $(ls "$work")"

: >"$work/empty"
"$MASKE" bench tokenizer --rounds 1 "$work/empty" 2>"$work/err" && fail "an empty file passed"
"$MASKE" bench tokenizer "$work" 2>"$work/err" && fail "a folder passed"
has "expected a file" <"$work/err" || fail "a folder: $(cat "$work/err")"
printf 'a\xffb\n' >"$work/bad"
"$MASKE" bench tokenizer --rounds 1 --model "$model" "$work/bad" 2>"$work/err" && fail "bytes that are no UTF-8 passed"
has "$work/bad: text 0 is not UTF-8" <"$work/err" || fail "not UTF-8: $(cat "$work/err")"

tiny=(bench train --steps 2 --batch-size 2 --max-length 16 --vocab-size 100)
"$MASKE" "${tiny[@]}" --precision f32 tiny >"$work/table" || fail "bench train"
has "^tiny, .* parameters, f32 on .* tokens/s; products alone: [1-9][0-9]* GFLOP/s$" <"$work/table" || fail "its first line: $(cat "$work/table")"
for phase in embeddings packing attention feed-forward 'matrix gradients' head optimizer 'a step'; do
    has -E "^  $phase +[0-9.]+ +[0-9]+ %" <"$work/table" || fail "no line of $phase: $(cat "$work/table")"
done
"$MASKE" "${tiny[@]}" --threads 2 --json tiny mini >"$work/json" || fail "bench train --json"
has '^\[{"size":"tiny".*,"threads":2,.*,"tokens":32,.*"phases":.*{"size":"mini"' <"$work/json" || fail "json: $(cat "$work/json")"
"$MASKE" "${tiny[@]}" huge 2>"$work/err" && fail "a size that is none passed"
has "expected one of tiny, mini, small, medium, base" <"$work/err" || fail "huge: $(cat "$work/err")"
model=$work/small
"$MASKE" train --quiet --out "$model" --hidden-size 32 --num-hidden-layers 2 --num-attention-heads 2 --intermediate-size 64 \
    --vocab-size 400 --steps 1 --max-length 16 --batch-size 2 "$work/text" || fail "a small model"
for precision in f32 auto; do
    "$MASKE" bench infer --model "$model" --seconds 0 --precision $precision >"$work/table" || fail "bench infer"
    has "products alone: [1-9][0-9]* GFLOP/s$" <"$work/table" || fail "bench infer's first line: $(cat "$work/table")"
    has -E "^  32 texts of 128 tokens +[0-9.]+ +[0-9.]+ +[0-9,.]+ +[0-9]+ +[0-9]+ %$" <"$work/table" || fail "bench infer: $(cat "$work/table")"
done
"$MASKE" bench infer --model "$model" --seconds 0 --threads 2 --json >"$work/json" || fail "bench infer --json"
has '"threads":2,.*"texts":1,"length":16,"seconds":.*"gflop":' <"$work/json" || fail "bench infer: $(cat "$work/json")"
exit $failed
