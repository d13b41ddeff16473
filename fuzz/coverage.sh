#!/usr/bin/env bash
# How much of each reader's lines the seeds run, by clang's own counting:
#
#     fuzz/coverage.sh [BUILD-FOLDER]         # a table: file, lines, share of the lines that the seeds ran; with tests
#
# The targets are built without a fuzzer (fuzz/replay.c hands them the seeds, and beginnings of them). The last column:
# the seeds and some ordinary tests together, of what no small file leads to. FUZZ_FILES: other files of src/ than the
# readers; FUZZ_SHOW=FILE: that file with its lines' counts by the seeds instead of the table.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build/fuzz-coverage}
flags="-O0 -g -fprofile-instr-generate -fcoverage-mapping"
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=clang "-DCMAKE_C_FLAGS_DEBUG=$flags" >/dev/null
tests=(test_corpus_{corpus,lines} test_train_{checkpoint,sources})
cmake --build "$build" --target fuzz_targets "${tests[@]}" | tail -1 >&2
files=(src/base/{json,json_parse,number,options,pickle,pytorch,safetensors,utf8,zip}.c
    src/corpus/{corpus,decompress,jsonl,lines,members,raw_file,source,text_check,xz}.c src/data/token_store.c
    src/tokenizer/{added_tokens,bpe,decoder,normalizer,pattern,post_processor_json,pre_tokenizer}.c
    src/tokenizer/{tokenizer_config,tokenizer_legacy,tokenizer_open,tokenizer_read,truncation,vocab,wordpiece}.c
    src/bert/{config,weight_files,weights}.c src/train/{checkpoint,settings,sources,trainer_state}.c src/tasks/{report_history,run_input,sentence}.c)
[ -z "${FUZZ_FILES:-}" ] || read -ra files <<<"$FUZZ_FILES"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
binaries=()
for seeds in fuzz/seeds/*/; do
    target=$(basename "$seeds")
    LLVM_PROFILE_FILE=$work/$target.profraw TMPDIR=$work "$build/fuzz/fuzz_$target" "$seeds" >/dev/null
    binaries+=(${binaries[0]:+-object} "$build/fuzz/fuzz_$target")
done
tool() { local name=$1; shift; if command -v "$name" >/dev/null; then "$name" "$@"; else "$name-14" "$@"; fi; }
tool llvm-profdata merge -sparse "$work"/*.profraw -o "$work/all.profdata"
if [ -n "${FUZZ_SHOW:-}" ]; then
    tool llvm-cov show -instr-profile "$work/all.profdata" "${binaries[@]}" |
        awk -v file="$PWD/$FUZZ_SHOW:" '/^\/.*:$/ { inside = $0 == file } inside'
    exit 0
fi
for test in "${tests[@]}"; do
    LLVM_PROFILE_FILE=$work/$test.testraw TMPDIR=$work "$build/tests/$test" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
    binaries+=(-object "$build/tests/$test")
done
tool llvm-profdata merge -sparse "$work"/*.profraw "$work"/*.testraw -o "$work/both.profdata"
for profile in all both; do
    tool llvm-cov export -summary-only -instr-profile "$work/$profile.profdata" "${binaries[@]}" >"$work/$profile.json"
done
printf '| file | lines | by seeds | with tests |\n| --- | ---: | ---: | ---: |\n'
python3 - "$work/all.json" "$work/both.json" "${files[@]}" <<'END'
import json, os, sys
def shares(path):
    files = json.load(open(path))["data"][0]["files"]
    return {os.path.relpath(os.path.normpath(f["filename"])): f["summary"]["lines"] for f in files}
seeds, both = shares(sys.argv[1]), shares(sys.argv[2])
for name in sorted(sys.argv[3:]):
    print("| `%s` | %d | %.1f %% | %.1f %% |" % (name, seeds[name]["count"], seeds[name]["percent"], both[name]["percent"]))
END
