#!/usr/bin/env bash
# test.sh: builds maske and runs every test but the long ones: no Python, and no network once the packages are in.
# Arguments go to cmake.
set -euo pipefail
cd "$(dirname "$0")"
bash setup.sh "$@"
ctest --test-dir build/release --output-on-failure -LE long -j "$(nproc)"
