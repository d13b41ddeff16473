#!/usr/bin/env bash
# Every command that the documentation shows is run: lines that begin with "maske " in the ```sh blocks of README.md,
# README.tr.md and docs/*.md, page by page from the top, in a folder with a small text in my-texts/. So that this ends soon, training for
# some minutes becomes training for some steps of the smallest model. The two set-up commands are left out: they run
# this test. Blocks of another kind (```text: output) are not run.
set -euo pipefail
cd "$SOURCE"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/bin"
ln -s "$MASKE" "$work/bin/maske"
export PATH=$work/bin:$PATH
count=0
for page in README.md README.tr.md docs/*.md; do
    [ -f "$page" ] || continue
    here=$work/$(basename "$page"); mkdir -p "$here/my-texts"
    cp docs/notes.tr.md "$here/my-texts/one.txt"; cp docs/notes.md "$here/my-texts/two.txt"; cp docs/notes.tr.md "$here/new-texts.txt"
    while IFS= read -r command; do
        command=$(sed -E 's/--minutes [0-9.]+/--steps 20 --size tiny --batch-size 4/; s/--epochs [0-9.]+/--steps 10/' <<<"$command")
        (cd "$here" && bash -c "set -o pipefail; $command" >"$work/output" 2>&1 </dev/null) || { echo "$page: failed: $command"; cat "$work/output"; exit 1; }
        count=$((count + 1))
    done < <(awk '/^```/ { inside = ($0 == "```sh"); next } inside && /maske / && !/bash |git |cd |#/' "$page")
done
echo "$count commands of the documentation run"
[ "$count" -gt 10 ]
