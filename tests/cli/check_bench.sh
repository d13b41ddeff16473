#!/usr/bin/env bash
# bench tokenizer: it measures what it was given, with a tokenizer of its own or another's, and says so both ways.
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
has "$work/bad: the text is not UTF-8" <"$work/err" || fail "not UTF-8: $(cat "$work/err")"
exit $failed
