#!/usr/bin/env bash
# What maske train --tensorboard writes, TensorBoard reads: the figures of metrics.jsonl, step by step, once each, also of
# a run that was stopped and resumed.
set -euo pipefail
source "$SOURCE/tests/reference/python.sh" tensorboard==2.20.0 "setuptools<81"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$MASKE" train --quiet --out "$work/run" --size tiny --vocab-size 500 --steps 40 --eval-steps 10 --average 0.3 --mix "$SOURCE/docs/notes.tr.md" --log-steps 1 --save-steps 7 --batch-size 2 \
    --max-length 32 --tensorboard yes "$SOURCE/docs/notes.tr.md"
"$python" "$SOURCE/tests/reference/compare_tensorboard.py" "$work/run" 1
# Killed behind a checkpoint: the events of the steps that are done again must not be there twice.
"$MASKE" train --quiet --out "$work/killed" --size tiny --vocab-size 500 --steps 4000 --eval-steps 10 --log-steps 1 --save-steps 7 --batch-size 2 \
    --max-length 32 --tensorboard yes "$SOURCE/docs/notes.tr.md" &
run=$!
while [ "$(wc -l <"$work/killed/metrics.jsonl" 2>/dev/null || echo 0)" -lt 60 ]; do sleep 0.05; done
kill -9 $run
wait $run 2>/dev/null || true
"$MASKE" train --quiet --resume "$work/killed" &
run=$!
while [ "$(find "$work/killed/tensorboard" -type f | wc -l)" -lt 2 ]; do sleep 0.05; done
sleep 1
kill -TERM $run
wait $run || [ $? = 143 ]
"$python" "$SOURCE/tests/reference/compare_tensorboard.py" "$work/killed" 2
