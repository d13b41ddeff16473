#!/usr/bin/env bash
# maske data beside the tokenizers library: over the project's own pages and sources, the sequences are those that plain
# Python packs from the library's ids, and the masks have the shares they should.
set -euo pipefail
source "$SOURCE/tests/reference/python.sh" numpy==2.4.6 safetensors==0.8.0 tokenizers==0.23.3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
find "$SOURCE" -path "$SOURCE/build" -prune -o \( -name '*.md' -o -name '*.[ch]' -o -name '*.sh' \) -print0 | LC_ALL=C sort -z | xargs -0 cat >"$work/text"
model=$SOURCE/tests/data/tasks/metaspace
for length in 128 24; do
    for lines in "" --line-by-line; do
        for epoch in 1 2; do
            "$MASKE" data --tokenizer "$model" --out "$work/$epoch.safetensors" --force --max-length $length --epoch $epoch ${lines:+$lines yes} "$work/text"
        done
        "$python" "$SOURCE/tests/reference/compare_data.py" "$model" "$work/text" $length "${lines:-packed}" "$work/1.safetensors" "$work/2.safetensors"
    done
done
