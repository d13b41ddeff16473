#!/usr/bin/env bash
# How much of each reader's lines the seeds run, by clang's own counting:
#
#     fuzz/coverage.sh [BUILD-FOLDER]         # a table: file, lines, share of the lines that ran
#
# The targets are built without a fuzzer (fuzz/replay.c hands them the seeds, and beginnings of them). FUZZ_FILES: other
# files of src/ than the readers; FUZZ_SHOW=FILE: that file with its lines' counts instead of the table.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build/fuzz-coverage}
flags="-O0 -g -fprofile-instr-generate -fcoverage-mapping"
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=clang "-DCMAKE_C_FLAGS_DEBUG=$flags" >/dev/null
cmake --build "$build" --target fuzz_targets | tail -1 >&2
files=(src/base/{json,json_parse,number,options,pickle,pytorch,safetensors,utf8,zip}.c
    src/corpus/{corpus,decompress,jsonl,lines,raw_file,source,text_check}.c src/data/token_store.c
    src/tokenizer/{added_tokens,bpe,decoder,normalizer,pattern,post_processor_json,pre_tokenizer}.c
    src/tokenizer/{tokenizer_config,tokenizer_legacy,tokenizer_open,tokenizer_read,truncation,vocab,wordpiece}.c
    src/bert/{config,weight_files,weights}.c src/train/{checkpoint,settings,sources,trainer_state}.c src/tasks/run_input.c)
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
printf '| file | lines | run |\n| --- | ---: | ---: |\n'
tool llvm-cov export -summary-only -instr-profile "$work/all.profdata" "${binaries[@]}" | python3 -c '
import json, sys
wanted = set(sys.argv[1:])
for file in sorted(json.load(sys.stdin)["data"][0]["files"], key=lambda f: f["filename"]):
    if file["filename"] not in wanted:
        continue
    lines = file["summary"]["lines"]
    name = "src/" + file["filename"].rsplit("/src/", 1)[-1]
    print("| `%s` | %d | %.1f %% |" % (name, lines["count"], lines["percent"]))' "${files[@]/#/$PWD/}"
