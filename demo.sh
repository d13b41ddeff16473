#!/usr/bin/env bash
# demo.sh [TEXT...]: the main job, from raw text to filled masks, in about six minutes on two cores.
#
# Without arguments it makes a corpus of real Turkish prose (demo/corpus.sh); with arguments those text files are taken.
# It learns a tokenizer and a small BERT for MINUTES (default 5), prints how well it guesses words it has never seen, and
# fills a few masks. Everything is left in demo-work/, which each run makes anew.
set -euo pipefail
cd "$(dirname "$0")"
bash setup.sh
maske=build/release/maske
work=demo-work
rm -rf "$work"
mkdir -p "$work"

say() { printf '\n\033[1m%s\033[0m\n' "$*" >&2; }
[ -t 2 ] && [ -z "${NO_COLOR:-}" ] || say() { printf '\n%s\n' "$*" >&2; }

if [ $# -gt 0 ]; then
    text=("$@")
else
    say "1. A corpus of Turkish prose (help pages and manual pages from two Debian packages)"
    bash demo/corpus.sh "$work/corpus.txt"
    text=("$work/corpus.txt")
    echo "$(wc -l <"$work/corpus.txt") lines, $(wc -w <"$work/corpus.txt") words" >&2
fi

say "2. A tokenizer and a model, in ${MINUTES:-5} minutes"
"$maske" train --out "$work/model" --minutes "${MINUTES:-5}" "${text[@]}"

say "3. What the tokenizer makes of a sentence"
echo "Belgenizi kaydetmek istediğiniz klasörü seçin." >"$work/sentence.txt"
"$maske" tokenizer encode --model "$work/model" --tokens "$work/sentence.txt"

say "4. Filling masks"
"$maske" fill --model "$work/model" --top-k 5 "Seçili metnin yazı tipini [MASK] için bu simgeye tıklayın."
"$maske" fill --model "$work/model" --top-k 5 "Yeni bir [MASK] oluşturur."
echo
"$maske" fill --model "$work/model" --top-k 10 --temperature 0 "Mert Akçay [MASK] üniversite [MASK]."

say "Yours to use: $work/model is a folder that transformers reads as well. Try:"
echo "  $maske fill --model $work/model \"Dosya [MASK] kaydedilir.\""
