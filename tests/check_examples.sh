#!/usr/bin/env bash
# The programs of examples/: each says what the command line says of the same model; each says what is wrong, and exits 1.
set -euo pipefail
has() { grep "$@" >/dev/null; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
fail() { echo "FAILED: $*"; failed=1; }
examples=$BUILD/examples
model=$work/model
"$MASKE" train --out "$model" --steps 3 --hidden-size 32 --num-hidden-layers 1 --num-attention-heads 2 --intermediate-size 32 \
    --vocab-size 400 --max-length 32 --batch-size 4 --valid-fraction 0 --quiet "$SOURCE/docs/notes.tr.md" || fail "train"

text="Kitap okumak güzel."
"$examples/tokenize" "$model" "$text" >"$work/tokens" || fail "tokenize"
[ "$(cut -f1 "$work/tokens" | tr '\n' ' ')" = "$("$MASKE" tokenizer encode --model "$model" <<<"$text" | tr '\n' ' ')" ] || fail "tokenize: other ids"

prompt="Kitap [MASK] güzel [MASK]."
"$examples/fill" "$model" "$prompt" >"$work/filled" || fail "fill"
[ "$(tail -1 "$work/filled")" = "$("$MASKE" fill --model "$model" "$prompt")" ] || fail "fill: another text"
[ "$(grep -c '^mask' "$work/filled")" = 6 ] || fail "fill: not three candidates a mask"

[ "$("$examples/embed" "$model" "$text" "$text")" = 1.0000 ] || fail "embed: a text is not like itself"
"$examples/score" "$model" "$text" "Güzel okumak kitap." >"$work/scores" || fail "score"
[ "$(head -1 "$work/scores" | cut -d' ' -f1)" = "$("$MASKE" score --model "$model" --within-word <<<"$text")" ] || fail "score: another score"
tail -1 "$work/scores" | has '^likelier: [12]$' || fail "score: no answer"

for name in tokenize fill embed score; do
    arguments=("$work/none" "a")
    [ "$name" = embed ] || [ "$name" = score ] && arguments+=("b")
    code=0; "$examples/$name" "${arguments[@]}" 2>"$work/err" >"$work/out" || code=$?
    [ "$code" = 1 ] && has "$work/none" <"$work/err" || fail "$name: no sentence about a folder that is not there"
    code=0; "$examples/$name" 2>"$work/err" || code=$?
    [ "$code" = 2 ] && has "^usage: $name FOLDER" <"$work/err" || fail "$name: no usage"
done
exit $failed
