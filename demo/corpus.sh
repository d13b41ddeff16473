#!/usr/bin/env bash
# demo/corpus.sh OUT.txt: a corpus of real Turkish prose from two Debian packages, the help pages of LibreOffice and the
# manual pages, one paragraph a line, documents separated by blank lines. The packages are fetched and unpacked, never
# installed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$(realpath -m "${1:?usage: demo/corpus.sh OUT.txt}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
chmod 755 .                                          # apt fetches as its own user
apt-get download libreoffice-help-tr manpages-tr >fetch.log 2>&1 || {
    # A fresh machine has no lists of packages yet.
    if [ "$(id -u)" -eq 0 ]; then apt-get update -qq; else sudo apt-get update -qq; fi
    apt-get download libreoffice-help-tr manpages-tr >fetch.log 2>&1 || { cat fetch.log >&2; exit 1; }
}
for package in *.deb; do dpkg-deb -x "$package" files; done
{
    find files -name '*.html' | LC_ALL=C sort | xargs awk -f "$here/html_paragraphs.awk"
    find files -path '*/man*' -name '*.gz' | LC_ALL=C sort | while read -r page; do
        gzip -dc "$page" | awk -f "$here/man_paragraphs.awk"
    done
} | awk '
    $0 == "" { if (!blank) print; blank = 1; next }
    !/ç|ğ|ı|ö|ş|ü|Ç|Ğ|İ|Ö|Ş|Ü/ { next }             # a paragraph not translated yet
    !seen[$0]++ { print; blank = 0 }' >corpus.txt
mkdir -p "$(dirname "$out")"
mv corpus.txt "$out"
