#!/usr/bin/env bash
# The house's rule: a room includes only its own headers and those of rooms before it; the program includes the public
# header, its own headers and the ground floor.
set -euo pipefail
rooms=(base corpus tokenizer data nn bert train tasks)
position() { local i; for i in "${!rooms[@]}"; do [ "${rooms[$i]}" = "$1" ] && echo "$i" && return; done; echo -1; }

# check FOLDER: says what is wrong below FOLDER/src.
check() {
    local file room header other here there
    cd "$1"
    for file in src/*/*.[ch]; do
        room=$(basename "$(dirname "$file")")
        while read -r header; do
            other=${header%%/*}
            [ "$other" = "$header" ] && continue             # maske.h, and system headers in quotes
            if [ "$room" = cli ]; then
                [ "$other" = cli ] || [ "$other" = base ] || echo "$file includes $header: the program may use only maske.h and base/"
                continue
            fi
            here=$(position "$room"); there=$(position "$other")
            [ "$there" -ge 0 ] || { echo "$file includes $header: no such room"; continue; }
            [ "$there" -le "$here" ] || echo "$file includes $header: $room may not know $other"
        done < <(sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' "$file")
    done
}

found=$(check "$SOURCE")
[ -z "$found" ] || { echo "$found"; exit 1; }

# The test must be able to fail: each kind of header that may not be included is found out, and those that may are not.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/src/nn" "$work/src/cli"
printf '#include "nn/gemm.h"\n#include "base/status.h"\n  #  include "bert/layer.h"\n#include "attic/dust.h"\n' >"$work/src/nn/one.c"
printf '#include "cli/lines.h"\n#include "base/json.h"\n#include "maske.h"\n#include "nn/gemm.h"\n' >"$work/src/cli/two.c"
expected='src/cli/two.c includes nn/gemm.h: the program may use only maske.h and base/
src/nn/one.c includes bert/layer.h: nn may not know bert
src/nn/one.c includes attic/dust.h: no such room'
[ "$(check "$work")" = "$expected" ] || { echo "not found out: $(check "$work")"; exit 1; }
