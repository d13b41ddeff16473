#!/usr/bin/env bash
# The program is hardened as cmake/hardening.cmake says: what can be read in the finished file is read there, the rest in
# the commands that compiled it. Builds with sanitizers, and those that are not optimised, have other protections.
set -euo pipefail
cached() { sed -n "s/^$1:[^=]*=//p" "$BUILD/CMakeCache.txt"; }
if [ -n "$(cached MASKE_SANITIZE)" ] || [ "$(cached CMAKE_BUILD_TYPE)" != Release ]; then
    echo "not a release build: nothing to check"
    exit 0
fi
failed=0
complain() { echo "$MASKE: $*"; failed=1; }
has() { grep "$@" >/dev/null; }

readelf -hW "$MASKE" | has 'Type: *DYN' || complain "is not position independent"
readelf -dW "$MASKE" | has 'Flags:.*PIE' || complain "is not marked as a position independent program"
readelf -dW "$MASKE" | has 'BIND_NOW' || complain "finds functions of libraries late (no BIND_NOW)"
readelf -lW "$MASKE" | has 'GNU_RELRO' || complain "has tables that stay writable (no RELRO)"
readelf -lW "$MASKE" | has 'GNU_STACK.* RW ' || complain "its stack can be run"
readelf -lW "$MASKE" | has 'LOAD.* RWE ' && complain "has memory that can be written and run"
readelf -dW "$MASKE" | has 'TEXTREL' && complain "its code is changed when it is loaded (TEXTREL)"
readelf -dW "$MASKE" | has -E 'RPATH|RUNPATH' && complain "looks for libraries in folders of its own"
symbols=$(readelf --dyn-syms -W "$MASKE")
has '__stack_chk_fail' <<<"$symbols" || complain "has no stack protector"
has -E '__(vsnprintf|snprintf|memcpy|fprintf)_chk' <<<"$symbols" || complain "has no checked copies and prints (FORTIFY)"

# What leaves no mark in the file: every source is compiled with it, if the compiler has it.
sources=$(grep -c '"command":.*/src/' "$BUILD/compile_commands.json")
expect() {
    [ "$(cached "$1")" = 1 ] || { echo "the compiler has no $2"; return 0; }
    local with
    with=$(grep '"command":.*/src/' "$BUILD/compile_commands.json" | grep -c -- "$2") || true
    [ "$with" = "$sources" ] || complain "$with of $sources sources are compiled with $2"
}
expect MASKE_HAS_fstack_protector_strong -fstack-protector-strong
expect MASKE_HAS_fstack_clash_protection -fstack-clash-protection
expect MASKE_HAS_FORTIFY_3 -D_FORTIFY_SOURCE=3
exit $failed
