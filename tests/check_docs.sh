#!/usr/bin/env bash
# What the documentation names exists: every file, every function beside it, every link.
set -euo pipefail
cd "$SOURCE"
failed=0
complain() { echo "$*"; failed=1; }
for page in README.md README.tr.md SECURITY.md docs/*.md; do
    [ -f "$page" ] || continue
    # files in backquotes
    while read -r path; do
        [ -e "$path" ] || complain "$page names $path, which is not there"
    done < <(grep -oE '`(src|tests|bench|docs|include|demo|examples|cmake)/[A-Za-z0-9_./-]*`' "$page" | tr -d '`' | sort -u)
    # links
    while read -r link; do
        [ -e "$(dirname "$page")/$link" ] || complain "$page links to $link, which is not there"
    done < <(grep -oE '\]\([A-Za-z0-9_./-]+(#[^)]*)?\)' "$page" | sed -E 's/^\]\(//; s/(#[^)]*)?\)$//' | grep -v '^$' | sort -u)
done
# In the notes, the functions in a row belong to a file named in that row.
for page in docs/notes.md docs/notes.tr.md; do
    while IFS= read -r row; do
        files=$(grep -oE '`src/[a-z_/]+\.[ch]`' <<<"$row" | tr -d '`') || true
        [ -n "$files" ] || continue
        for name in $(cut -d'|' -f3 <<<"$row" | grep -oE '`[a-z]+_[a-z_]+`' | tr -d '`'); do
            grep -qE "\b$name\(" $files || complain "$page: $name is in none of: $files"
        done
    done < <(grep '^|' "$page")
done
exit $failed
