#!/usr/bin/env bash
# Hours of fuzzing: every target in turn, again and again, from what the rounds before have found.
#
#     tests/soak/fuzz.sh HOURS [BUILD-FOLDER]
#
# A round gives each target FUZZ_SECONDS (600). Inputs that reach something new are kept in BUILD-FOLDER/../fuzz-check
# (or FUZZ_KEEP) from round to round; a finding ends the run and is named. No part of ctest.
set -euo pipefail
hours=${1:?usage: tests/soak/fuzz.sh HOURS [BUILD-FOLDER]}
export SOURCE; SOURCE=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "${2:-$SOURCE/build/release}"
export BUILD; BUILD=$(cd "${2:-$SOURCE/build/release}" && pwd)
export FUZZ_SECONDS=${FUZZ_SECONDS:-600}
export FUZZ_SEED=${FUZZ_SEED:-0}
end=$(awk -v now="$(date +%s)" -v hours="$hours" 'BEGIN { printf "%d", now + hours * 3600 }')
round=0
while [ "$(date +%s)" -lt "$end" ]; do
    round=$((round + 1))
    echo "round $round, $(date -u '+%F %T') UTC"
    bash "$SOURCE/tests/long/check_fuzz.sh"
done
