# tests/faults/world.sh: for shell tests of the program: a folder that goes away, a small text, and everything that
# maske makes of it in one go. Sourced.
has() { grep "$@" >/dev/null; }     # reads to the end: whoever writes into the pipe must not be cut off
work=$(mktemp -d "$( [ -w /dev/shm ] && echo /dev/shm || echo /tmp)/maske-faults-XXXXXX")
# Nothing started here outlives the test.
clean_up() { local p; for p in $(jobs -p); do kill -9 "$p" 2>/dev/null || true; done; rm -rf "$work"; }
trap clean_up EXIT
failed=0
fail() { echo "FAILED: $*"; failed=1; }
# wait_for TRIES COMMAND...: until the command succeeds, a hundredth of a second between two tries; fails if it never does.
wait_for() { local tries=$1; shift; for _ in $(seq "$tries"); do ! "$@" || return 0; sleep 0.01; done; return 1; }
is_stopped() { [ "$(cut -d' ' -f3 "/proc/$1/stat" 2>/dev/null)" = T ]; }     # the process, by a signal
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0
cp "$SOURCE/tests/data/train/kasaba.txt" "$work/text.txt"
network=(--hidden-size 8 --num-hidden-layers 1 --num-attention-heads 1 --intermediate-size 8 --max-position-embeddings 32
         --max-length 32 --batch-size 4 --precision f32 --quiet)

# make_all DIR [OPTION...]: a tokenizer, a model of some steps, and what they say of a text; options for all commands.
make_all() {
    local out=$1; shift
    mkdir -p "$out"
    "$MASKE" tokenizer train --out "$out/tokenizer" --vocab-size 400 --quiet "$@" "$work/text.txt"
    "$MASKE" train --out "$out/run" --tokenizer "$out/tokenizer" "${network[@]}" --steps 4 --save-steps 2 "$@" "$work/text.txt"
    "$MASKE" data --tokenizer "$out/tokenizer" --out "$out/data.safetensors" --max-length 32 --quiet "$@" "$work/text.txt"
    "$MASKE" tokenizer encode --model "$out/tokenizer" --json --quiet "$@" "$work/text.txt" >"$out/encoded"
    "$MASKE" fill --model "$out/run" --json --quiet "$@" "Kasaba [MASK] bir yer." >"$out/filled"
    "$MASKE" evaluate --model "$out/run" --json --quiet "$@" "$work/text.txt" >"$out/evaluated"
}
# What make_all left that must be the same everywhere.
digest() {
    (cd "$1" && cksum tokenizer/* run/model.safetensors run/config.json run/checkpoints/step-4/optimizer.safetensors \
        data.safetensors encoded filled evaluated)
}
