#!/usr/bin/env bash
# The house's rule: a room includes only its own headers and those of rooms before it; the program includes the public
# header, its own headers and the ground floor. And every global symbol of the library is the library's own by name.
set -euo pipefail
cd "$SOURCE"
rooms=(base corpus tokenizer data nn bert train tasks)
failed=0
position() { local i; for i in "${!rooms[@]}"; do [ "${rooms[$i]}" = "$1" ] && echo "$i" && return; done; echo -1; }
for file in src/*/*.[ch]; do
    room=$(basename "$(dirname "$file")")
    while read -r header; do
        other=${header%%/*}
        [ "$other" = "$header" ] && continue             # maske.h, and system headers in quotes
        if [ "$room" = cli ]; then
            [ "$other" = cli ] || [ "$other" = base ] || { echo "$file includes $header: the program may use only maske.h and base/"; failed=1; }
            continue
        fi
        here=$(position "$room"); there=$(position "$other")
        [ "$there" -ge 0 ] || { echo "$file includes $header: no such room"; failed=1; continue; }
        [ "$there" -le "$here" ] || { echo "$file includes $header: $room may not know $other"; failed=1; }
    done < <(sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' "$file")
done
# The test must be able to fail: a header of a later room is found out.
[ "$(position nn)" -lt "$(position bert)" ] && [ "$(position cli)" -eq -1 ] || { echo "the list of rooms is broken"; failed=1; }
exit $failed
