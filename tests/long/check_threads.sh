#!/usr/bin/env bash
# The thread sanitizer over what threads share: the pool, batches made ahead, checkpoints written while training goes on,
# models used by several threads, words counted and lines encoded together. Its build is the preset "tsan".
set -euo pipefail
cd "$SOURCE"
build=$BUILD/../tsan-check
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo "-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O1 -g" \
    -DMASKE_SANITIZE=thread >/dev/null
tests=(base/test_parallel bert/test_properties train/test_feeder train/test_saver train/test_train train/test_plan
       tasks/test_model tokenizer/test_word_count tokenizer/test_word_ids tokenizer/test_train_tokenizer)
targets=(maske)
for test in "${tests[@]}"; do
    [ -e "tests/$test.c" ] || { echo "tests/$test.c is not there"; exit 1; }
    targets+=("test_${test%%/*}_${test##*/test_}")
done
cmake --build "$build" --target "${targets[@]}" | tail -1
# A child of a process with threads may have threads: the pool forgets those of its parent.
export TSAN_OPTIONS=halt_on_error=1:exitcode=66:second_deadlock_stack=1:die_after_fork=0
for target in "${targets[@]:1}"; do
    echo "$target"
    timeout 600 "$build/tests/$target" >"$build/log" 2>&1 || { tail -60 "$build/log"; exit 1; }
done

# The program: a tokenizer, a training with checkpoints after every other step, a resume, many lines at once.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
text=tests/data/train/kasaba.txt
run() { "$build/maske" "$@" >"$work/log" 2>&1 || { echo "maske $*"; tail -60 "$work/log"; exit 1; }; }
run train --out "$work/run" --vocab-size 400 --hidden-size 32 --num-hidden-layers 2 --num-attention-heads 2 \
    --max-length 64 --batch-size 4 --steps 12 --eval-steps 4 --save-steps 2 --valid-fraction 0.1 --threads 3 "$text"
run train --resume "$work/run"
run tokenizer encode --model "$work/run" --threads 3 "$text"
run evaluate --model "$work/run" --threads 3 "$text"
echo "no data race"
