#!/usr/bin/env bash
# Both compilers find nothing to warn of, in the measurements (bench/) neither, and the tests pass with the second one as well. Where the build that is tested
# was made by gcc with -DMASKE_WERROR=ON (.ci/run does), gcc has found nothing already.
set -euo pipefail
cd "$SOURCE"
for compiler in gcc clang; do
    if [ $compiler = gcc ] && grep -qx 'MASKE_WERROR:BOOL=ON' "$BUILD/CMakeCache.txt" &&
        grep -q 'CMAKE_C_COMPILER_ID "GNU"' "$BUILD"/CMakeFiles/*/CMakeCCompiler.cmake; then continue; fi
    build=$BUILD/../warnings-$compiler
    cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=$compiler -DMASKE_WERROR=ON >/dev/null
    cmake --build "$build" | tail -1
    cmake --build "$build" --target benches | tail -1
done
ctest --test-dir "$BUILD/../warnings-clang" --output-on-failure -LE long -j "$(nproc)"
