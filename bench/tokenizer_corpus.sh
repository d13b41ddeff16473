#!/usr/bin/env bash
# bench/tokenizer_corpus.sh OUT [TEXT...]: text in many languages for measuring tokenizers: OUT/all.txt (about 44 MB) and
# OUT/english.txt (its English part), one paragraph a line, each line once: repeated text flatters every word cache.
# From Debian packages that are fetched and unpacked, never installed: LibreOffice's help, manual pages, the manuals of
# Perl and PostgreSQL. Further files that are named behind OUT are taken besides.
set -euo pipefail
here=$(cd "$(dirname "$0")/../demo" && pwd)
out=$(realpath -m "${1:?usage: bench/tokenizer_corpus.sh OUT [TEXT...]}")
shift
more=()
for file in "$@"; do more+=("$(realpath "$file")"); done
english=(libreoffice-help-en-us manpages manpages-dev perl-doc postgresql-doc-15)
others=(libreoffice-help-{tr,de,fr,es,ru,ja,zh-cn,el,hi,ko,pl,vi} manpages-{tr,de,fr,es,ru,ja,pl})
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"                                    # apt fetches as its own user
cd "$work"
apt-get download "${english[@]}" "${others[@]}" >fetch.log 2>&1 || {
    # A fresh machine has no lists of packages yet.
    if [ "$(id -u)" -eq 0 ]; then apt-get update -qq; else sudo apt-get update -qq; fi
    apt-get download "${english[@]}" "${others[@]}" >fetch.log 2>&1 || { cat fetch.log >&2; exit 1; }
}

# The paragraphs of a package: of HTML pages, manual pages and Perl's pods.
text_of() {
    mkdir -p "files/$1"
    dpkg-deb -x "$1"_*.deb "files/$1"
    find "files/$1" -name '*.html' -type f | LC_ALL=C sort | xargs -r awk -f "$here/html_paragraphs.awk"
    find "files/$1" -path '*/man*' -name '*.gz' -type f | LC_ALL=C sort | xargs -r gzip -dc |
        awk -f "$here/man_paragraphs.awk"
    find "files/$1" -name '*.pod' -type f | LC_ALL=C sort | xargs -r cat |
        awk 'BEGIN { RS = "" } !/^[ \t=]/ { gsub(/\n/, " "); gsub(/[A-Z]<|>/, ""); print }'
    rm -rf "files/${1:?}"
}
for package in "${english[@]}"; do text_of "$package"; done | LC_ALL=C awk '$0 != "" && !seen[$0]++' >english.raw
for package in "${others[@]}"; do text_of "$package"; done | LC_ALL=C awk '$0 != "" && !seen[$0]++' >others.raw
valid() { iconv -f UTF-8 -t UTF-8 -c || true; }      # what it leaves out makes it fail
valid <english.raw >english.txt
cat "${more[@]+"${more[@]}"}" /dev/null others.raw | valid >others.txt
cat english.txt others.txt | LC_ALL=C awk '$0 != "" && !seen[$0]++' >all.txt
mkdir -p "$out"
mv english.txt "$out/english.txt"
mv all.txt "$out/all.txt"
