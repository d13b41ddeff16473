#!/usr/bin/env bash
# Fifty kills: tests/train/check_kill.sh for longer, each kill told. The log of one such evening is in
# docs/reliability.md.
#     bash tests/soak/kill.sh [KILLS]          the release build must be there
set -euo pipefail
cd "$(dirname "$0")/../.."
export KILLS=${1:-50} TELL=1 SOURCE=$PWD MASKE=$PWD/build/release/maske
echo "$("$MASKE" --version), $(nproc) cores, $(date -u +%Y-%m-%d)"
bash tests/train/check_kill.sh
