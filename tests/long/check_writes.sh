#!/usr/bin/env bash
# tests/faults/check_writes.sh with every single call.
set -euo pipefail
STRIDE=1 bash "$SOURCE/tests/faults/check_writes.sh"
