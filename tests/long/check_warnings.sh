#!/usr/bin/env bash
# Both compilers find nothing to warn of, and the tests pass with the second one as well.
set -euo pipefail
cd "$SOURCE"
for compiler in gcc clang; do
    build=$BUILD/../warnings-$compiler
    cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=$compiler -DMASKE_WERROR=ON >/dev/null
    cmake --build "$build" | tail -1
done
ctest --test-dir "$BUILD/../warnings-clang" --output-on-failure -LE long -j "$(nproc)"
