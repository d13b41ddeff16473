#!/usr/bin/env bash
# Every ordinary test again at each lower CPU level that this machine has: the paths of other machines.
set -euo pipefail
for level in plain avx2 avx512; do
    echo "MASKE_CPU=$level"
    MASKE_CPU=$level ctest --test-dir "$BUILD" --output-on-failure -LE long -j "$(nproc)"
done
