#!/usr/bin/env bash
# The tests of what runs differently on other CPUs again, at each lower level that this machine has. Only nn/ chooses its
# code by the level, so these are the tests of nn/, of the rooms above it, and of the program.
set -euo pipefail
choosing=$(cd "$SOURCE/src" && grep -l 'cpu_flags()' */*.c | cut -d/ -f1 | sort -u | tr '\n' ' ')
echo "rooms that look at the level: $choosing"
for room in $choosing; do
    case $room in
        base | nn | bert | train | tasks | cli) ;;
        *) echo "src/$room chooses by the CPU's level: its tests belong to those of this script"; exit 1 ;;
    esac
done
# Of bfloat16 every machine tests what goes on around the products, with plain C for them.
echo "MASKE_CPU=plainbf16"
MASKE_CPU=plainbf16 ctest --test-dir "$BUILD" --output-on-failure -LE long -R '^(nn/test_(attention|cross_entropy|gemm|muon)|bert/|train/test_resume)' \
    -j "$(nproc)"
for level in plain avx2 avx512 avx512bf16; do
    # This machine's own level is what the ordinary tests run at; there is nothing above it.
    if env -u MASKE_CPU "$MASKE" --version | grep -qE "CPU level $level([^a-z0-9]|$)"; then break; fi
    echo "MASKE_CPU=$level"
    MASKE_CPU=$level ctest --test-dir "$BUILD" --output-on-failure -LE long -R '^(nn|bert|train|tasks|cli)/' -j "$(nproc)"
done
