#!/usr/bin/env bash
# tokenizer encode and decode, data: lines in, lines out, order kept by any number of threads, nothing overwritten.
set -uo pipefail
# As grep -q, but reads to the end: whoever writes into the pipe must not be cut off.
has() { grep "$@" >/dev/null; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
fail() { echo "FAILED: $*"; failed=1; }
model=$SOURCE/tests/data/tasks/metaspace
text=$work/text
printf 'Ankara bir şehirdir.\n\nMert Akçay [MASK] üniversite [MASK].\r\n漢字 😀 ve\tsekme\nson satır' >"$text"

"$MASKE" tokenizer encode --model "$model" "$text" >"$work/ids" || fail "encode"
[ "$(wc -l <"$work/ids")" = 5 ] || fail "five lines give $(wc -l <"$work/ids")"
[ "$(sed -n 2p "$work/ids")" = "2 3" ] || fail "an empty line gives $(sed -n 2p "$work/ids")"
"$MASKE" tokenizer encode --model "$model" --no-special <"$text" | "$MASKE" tokenizer decode --model "$model" >"$work/back" || fail "decode"
diff <(tr -d '\r' <"$text"; echo) <(sed 's/Akçay\[MASK\]/Akçay [MASK]/; s/üniversite\[MASK\]/üniversite [MASK]/' "$work/back") || fail "the round trip"
"$MASKE" tokenizer encode --model "$model" "$text" | "$MASKE" tokenizer decode --model "$model" --skip-special | sed -n 3p | has -x 'Mert Akçay üniversite.' || fail "--skip-special"
"$MASKE" tokenizer encode --model "$model" --tokens "$text" | sed -n 3p | has -x '\[CLS\] ▁Mert ▁Akçay \[MASK\] ▁üniversite \[MASK\] . \[SEP\]' || fail "--tokens"
[ "$(printf 'a b\tc\n' | "$MASKE" tokenizer encode --model "$model" --pair --json | sed 's/.*"type_ids":\([^]]*]\).*/\1/')" = "[0,0,0,0,1,1,1]" ] || fail "--pair --json"
# Bare numbers: the same ids, one after the other.
words=$(tr '\n' ' ' <"$work/ids" | sed 's/  */ /g; s/ $//')
for bits in 16 32; do
    "$MASKE" tokenizer encode --model "$model" --format u$bits "$text" >"$work/binary" || fail "--format u$bits"
    [ "$(od -An -v -t u$((bits / 8)) -w$((bits / 8)) "$work/binary" | tr -d ' ' | tr '\n' ' ' | sed 's/ $//')" = "$words" ] || fail "--format u$bits gives other ids"
    [ "$(printf 'a\tb\n' | "$MASKE" tokenizer encode --model "$model" --pair --format u$bits | wc -c)" = $((bits / 8 * $(printf 'a\tb\n' | "$MASKE" tokenizer encode --model "$model" --pair | wc -w))) ] || fail "--pair --format u$bits"
done
"$MASKE" tokenizer encode --model "$model" --format u16 --tokens "$text" 2>"$work/err" && fail "tokens as numbers"
has -- '--tokens beside it' <"$work/err" || fail "--format u16 --tokens: $(cat "$work/err")"
mkdir "$work/many" && { printf '%s\n' '[PAD]' '[UNK]' '[CLS]' '[SEP]' '[MASK]'; seq 65600; } >"$work/many/vocab.txt"
"$MASKE" tokenizer encode --model "$work/many" --format u16 "$text" >"$work/binary" 2>"$work/err" && fail "ids beyond 16 bits in 16 bits"
has '65605 entries, 16 bits hold ids below 65536' <"$work/err" || fail "--format u16, many entries: $(cat "$work/err")"
"$MASKE" tokenizer encode --model "$model" --format u16 --json "$text" 2>"$work/err" && fail "JSON as numbers"
# Where tokens stand: in characters, and in bytes.
[ "$(echo 'Mert Akçay ş' | "$MASKE" tokenizer encode --model "$model" --no-special --json | sed 's/.*"offsets":\(\[.*\]\),"byte_offsets":/\1 /')" = "[[0,4],[4,10],[10,11],[11,12]] [[0,4],[4,11],[11,12],[12,14]]}" ] || fail "offsets of --json"
# What truncation cuts off comes with --overflowing alone, in windows that overlap by the stride.
cp -r "$model" "$work/short"
sed -i 's/"truncation":null/"truncation":{"direction":"Right","max_length":4,"strategy":"LongestFirst","stride":1}/' "$work/short/tokenizer.json"
[ "$(echo 'a b c d e' | "$MASKE" tokenizer encode --model "$work/short" --json --no-special --overflowing | grep -o '"ids":[^]]*' | tr '\n' ' ')" = '"ids":[374,316,309,280 "ids":[280,309,281,309 "ids":[309,282 ' ] || fail "--overflowing"
echo 'a b c d e' | "$MASKE" tokenizer encode --model "$work/short" --json | has '"overflowing"' && fail "windows that nobody asked for"
[ "$(echo 'a' | "$MASKE" tokenizer encode --model "$work/short" --json --overflowing | sed 's/.*,"overflowing"/"overflowing"/')" = '"overflowing":[]}' ] || fail "--overflowing where nothing is cut"
"$MASKE" tokenizer encode --model "$work/short" --overflowing </dev/null 2>"$work/err" && fail "--overflowing without --json"
has -- '--json' <"$work/err" || fail "the sentence on --overflowing: $(cat "$work/err")"
printf 'no tab\n' | "$MASKE" tokenizer encode --model "$model" --pair 2>"$work/err" && fail "a pair without a tab passed"
grep -q "line 1: found no tab" "$work/err" || fail "pair: $(cat "$work/err")"
printf '2 17 x3\n' | "$MASKE" tokenizer decode --model "$model" 2>"$work/err" && fail "a word as an id passed"
grep -qF 'standard input: line 1: found "x3", expected a token'"'"'s id' "$work/err" || fail "ids: $(cat "$work/err")"
printf '[2, 374,316, 3]\n' | "$MASKE" tokenizer decode --model "$model" --skip-special | has -x 'a b' || fail "ids as JSON"
printf 'a\xff b\n' | "$MASKE" tokenizer encode --model "$model" >"$work/bad" 2>"$work/err" || fail "bytes that are no UTF-8"
grep -q "not UTF-8" "$work/err" || fail "nothing said of bytes that are no UTF-8"

# Order and bytes do not depend on threads.
for i in $(seq 3000); do echo "satır $i: Kitap okumak güzel bir alışkanlıktır."; done >"$work/long"
"$MASKE" tokenizer encode --model "$model" --threads 1 "$work/long" >"$work/one" && "$MASKE" tokenizer encode --model "$model" --threads 5 "$work/long" | cmp - "$work/one" || fail "threads change the output"
# Files are read ahead and written behind; what comes through a pipe is not. Lines of many batches, some of them no UTF-8.
for i in $(seq 20000); do echo "satır $i"; done >"$work/batches"; printf 'bo\xffzuk\xc3\n' >>"$work/batches"; cat "$work/long" >>"$work/batches"
"$MASKE" tokenizer encode --model "$model" --threads 3 "$work/batches" "$work/long" >"$work/ahead" 2>"$work/err" || fail "several files"
cat "$work/batches" "$work/long" | "$MASKE" tokenizer encode --model "$model" 2>"$work/err2" | cmp - "$work/ahead" || fail "a pipe and files give different ids"
[ "$(wc -l <"$work/ahead")" = 26001 ] || fail "several files: $(wc -l <"$work/ahead") lines"
grep -q '2 pieces of the input were not UTF-8' "$work/err" && cmp -s "$work/err" "$work/err2" || fail "pieces that are no UTF-8: $(cat "$work/err")"
for i in $(seq 20000); do [ $i = 9000 ] && echo yalnız || printf 'a\tb\n'; done >"$work/pairs"
"$MASKE" tokenizer encode --model "$model" --pair "$work/pairs" >"$work/some" 2>"$work/err"; [ $? = 1 ] || fail "a late pair without a tab passed"
grep -q "pairs: line 9000: found no tab" "$work/err" || fail "a late pair without a tab: $(cat "$work/err")"
lines=$(wc -l <"$work/some"); [ "$lines" -gt 8192 ] && [ "$lines" -lt 9000 ] || fail "before a late failure $lines lines were written"
printf 'a\tb\n' >"$work/pair1"; printf 'a\tb\nno\n' >"$work/pair2"
"$MASKE" tokenizer encode --model "$model" --pair "$work/pair1" "$work/pair2" >"$work/some" 2>"$work/err"; [ $? = 1 ] || fail "the second file's line without a tab passed"
grep -q "pair2: line 2: found no tab" "$work/err" || fail "the second file's line without a tab: $(cat "$work/err")"
echo Ankara | gzip >"$work/packed.gz"
"$MASKE" tokenizer encode --model "$model" "$work/packed.gz" >"$work/some" 2>"$work/err"; [ $? = 1 ] || fail "packed bytes passed as text"
grep -q "packed.gz: found gzip, expected plain text, one a line; zcat unpacks it" "$work/err" || fail "packed bytes: $(cat "$work/err")"
printf '5 99999999 6\n7\n' | "$MASKE" tokenizer decode --model "$model" >"$work/some" 2>"$work/err" || fail "decoding an id that no entry has"
grep -q "warning: 1 ids gave nothing, first 99999999 in standard input, line 1: the tokenizer has" "$work/err" || fail "an id that no entry has: $(cat "$work/err")"
"$MASKE" tokenizer encode --model "$model" "$work/batches" /does/not/exist >"$work/some" 2>"$work/err"; [ $? = 1 ] || fail "a second file that is not there"
head -n "$(wc -l <"$work/some")" "$work/ahead" | cmp -s - "$work/some" && [ "$(wc -l <"$work/some")" -gt 16000 ] || fail "before a file that is not there: $(wc -l <"$work/some") lines"
if [ -e /dev/full ]; then
    "$MASKE" tokenizer encode --model "$model" "$work/batches" >/dev/full 2>"$work/err"; [ $? = 1 ] || fail "a full disk went unnoticed"
    grep -q "standard output" "$work/err" || fail "a full disk: $(cat "$work/err")"
fi
# A line typed comes back before the next one is typed.
mkfifo "$work/in"; exec 3<>"$work/in"
"$MASKE" tokenizer encode --model "$model" <"$work/in" >"$work/now" & pid=$!
echo "Ankara" >&3; for i in $(seq 50); do [ -s "$work/now" ] && break; sleep 0.1; done
[ -s "$work/now" ] || fail "a line waits for the next one"
kill -INT $pid; sleep 0.2; kill -INT $pid 2>/dev/null; wait $pid; [ $? = 130 ] || fail "Ctrl-C did not end with 130"
exec 3>&-

# Failures say what is wrong, and leave nothing.
for bad in "tokenizer encode --model /does/not/exist" "tokenizer encode --model $model /does/not/exist" "tokenizer encode --model $model $work"; do
    "$MASKE" $bad </dev/null >/dev/null 2>"$work/err"; [ $? = 1 ] || fail "$bad: exit code"
    [ "$(wc -l <"$work/err")" = 1 ] || fail "$bad: $(cat "$work/err")"
done
"$MASKE" data --tokenizer "$model" --out "$work/d.safetensors" --quiet "$work/long" || fail "data"
cp "$work/d.safetensors" "$work/kept"
"$MASKE" data --tokenizer "$model" --out "$work/d.safetensors" --seed 2 "$work/long" 2>"$work/err"; [ $? = 1 ] || fail "data overwrote"
cmp -s "$work/d.safetensors" "$work/kept" || fail "data changed a file it was not forced to"
grep -q "exists already" "$work/err" || fail "data: $(cat "$work/err")"
"$MASKE" data --tokenizer "$model" --out "$work/d.safetensors" --seed 2 --force --json --quiet "$work/long" | has '"predicted":' || fail "data --json"
cmp -s "$work/d.safetensors" "$work/kept" && fail "--force did not write"
ls "$work" | has maske-part && fail "a part was left"
exit $failed
