#!/usr/bin/env bash
# setup.sh: installs the Debian packages that are lacking (only then is a network needed) and builds build/release/maske.
# Called by demo.sh and test.sh. Needs Debian 12 or a relative with apt; elsewhere install the libraries listed below by
# their names there and run the two cmake lines at the end.
set -euo pipefail
cd "$(dirname "$0")"

packages=(
    gcc cmake ninja-build pkg-config
    libjansson-dev          # JSON
    libutf8proc-dev         # Unicode normalisation and categories
    libonig-dev             # custom split patterns
    zlib1g-dev libbz2-dev   # compressed corpora: .gz and .bz2, with their check sums
    liblzma-dev             # .xz, with a limit of memory
    libarchive-dev          # .zst; the tests write every kind with it
    libcmocka-dev           # tests
)
lacking=()
for package in "${packages[@]}"; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || lacking+=("$package")
done
if [ ${#lacking[@]} -gt 0 ]; then
    echo "setup: installing ${lacking[*]}" >&2
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { echo "setup: run as root, or install sudo, to install: ${lacking[*]}" >&2; exit 1; }
        as_root=(sudo)
    fi
    export DEBIAN_FRONTEND=noninteractive
    "${as_root[@]}" apt-get update -qq >&2
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${lacking[@]}" >/dev/null
fi

cmake --preset release "$@" >/dev/null      # arguments: what to set, e.g. -DMASKE_WERROR=ON
cmake --build build/release
