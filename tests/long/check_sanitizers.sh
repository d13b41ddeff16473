#!/usr/bin/env bash
# Every ordinary test again, built with the address, leak and undefined behaviour sanitizers.
set -euo pipefail
cd "$SOURCE"
build=$BUILD/../sanitize-check
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo "-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O1 -g" \
    "-DMASKE_SANITIZE=address,undefined" >/dev/null
cmake --build "$build" | tail -1
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
ctest --test-dir "$build" --output-on-failure -LE long -j "$(nproc)" --timeout 1200
