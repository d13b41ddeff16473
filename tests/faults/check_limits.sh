#!/usr/bin/env bash
# Limits of the machine: a disk that is full (every size from nothing to enough), no inodes, files of a limited size,
# little address space, a folder that may not be written: exit 1, a sentence, and the destination as it was (P3, P4).
set -euo pipefail
source "$SOURCE/tests/faults/world.sh"
make_all "$work/world"
train=(train --tokenizer "$work/world/tokenizer" "${network[@]}" --threads 1 --steps 4 --save-steps 2)

# refused NAME COMMAND...: exit code 1 and a sentence, or all went well.
try() {
    local name=$1 rc=0; shift
    "$@" >"$work/said" 2>"$work/err" || rc=$?
    case $rc in
        0) succeeded=$((succeeded + 1)) ;;
        1) [ -s "$work/err" ] || fail "$name: no sentence"
           failures=$((failures + 1)) ;;
        *) fail "$name: exit $rc: $(head -c 300 "$work/err")" ;;
    esac
}
both() { [ $failures -gt 0 ] && [ $succeeded -gt 0 ] || fail "$1: $failures failed, $succeeded went well: not both were seen"; }
whole_or_absent() { [ ! -e "$1" ] || diff <(cd "$1" && cksum ./*) <(cd "$work/world/tokenizer" && cksum ./*) || fail "$2: half of the output"; }
learn=("$MASKE" tokenizer train --vocab-size 400 --quiet)

# Files of a limited size: SIGXFSZ does not end the program. (0 would not let the sentence be kept either.)
failures=0 succeeded=0
for blocks in 1 2 4 8 16 100; do
    rm -rf "$work/out" "$work/run"
    try "ulimit -f $blocks" bash -c 'ulimit -f $1; shift; exec "$@"' _ $blocks "${learn[@]}" --out "$work/out" "$work/text.txt"
    whole_or_absent "$work/out" "ulimit -f $blocks"
    try "ulimit -f $blocks, train" bash -c 'ulimit -f $1; shift; exec "$@"' _ $blocks "$MASKE" "${train[@]}" --out "$work/run" "$work/text.txt"
done
both "ulimit -f"

# Little address space. Far too little for the loader to start the program (exit 127) is not ours.
if ! has asan < <(ldd "$MASKE" 2>/dev/null || true); then
    failures=0 succeeded=0
    for megabytes in 24 32 40 64 128 1000; do
        rm -rf "$work/run"
        bash -c 'ulimit -v $1; exec "$2" --version' _ $((megabytes * 1024)) "$MASKE" >/dev/null 2>&1 || continue
        try "ulimit -v $megabytes MB" bash -c 'ulimit -v $1; shift; exec "$@"' _ $((megabytes * 1024)) \
            "$MASKE" "${train[@]}" --out "$work/run" "$work/text.txt"
    done
    [ $succeeded -gt 0 ] || fail "ulimit -v: never enough"
fi

# What needs the right to mount.
if [ "$(id -u)" = 0 ] && command -v unshare >/dev/null && unshare -m true 2>/dev/null; then
    cat >"$work/mounted.sh" <<'INNER'
mkdir -p "$work/disk"
for room in $ROOMS; do
    mount -t tmpfs -o "$room" none "$work/disk" || exit 77
    rc=0; "$@" 2>"$work/err" || rc=$?
    echo "$room $rc $(ls -A "$work/disk/out" 2>/dev/null | wc -l) $([ -s "$work/err" ] && echo said || echo silent)"
    umount "$work/disk"
done
INNER
    export work ROOMS="size=4k size=8k size=16k size=24k size=32k size=48k size=64k size=128k size=4m nr_inodes=2 nr_inodes=4 nr_inodes=6 nr_inodes=40"
    files=$(find "$work/world/tokenizer" -type f | wc -l)
    unshare -m bash "$work/mounted.sh" "${learn[@]}" --out "$work/disk/out" "$work/text.txt" >"$work/results"
    while read -r room rc count said; do
        [ "$rc" = 0 ] && [ "$count" = "$files" ] && continue
        [ "$rc" = 1 ] && [ "$count" = 0 ] && [ "$said" = said ] || fail "a disk of $room: exit $rc, $count files, $said"
    done <"$work/results"
    has " 0 $files" "$work/results" && has " 1 0 said" "$work/results" || fail "full disks: $(cat "$work/results")"

    export ROOMS="size=4m,ro"
    unshare -m bash "$work/mounted.sh" "$MASKE" "${train[@]}" --out "$work/disk/out" "$work/text.txt" >"$work/results"
    has " 1 0 said" "$work/results" || fail "a read-only folder: $(cat "$work/results")"
    has "Read-only file system" "$work/err" || fail "a read-only folder: $(cat "$work/err")"
    # Before any work: of what is not there nothing is said.
    unshare -m bash "$work/mounted.sh" "$MASKE" tokenizer train --out "$work/disk/new/out" "$work/not-there.txt" >"$work/results"
    has "write into the folder: Read-only file system" "$work/err" || fail "a read-only folder, tokenizer train: $(cat "$work/err")"

    # A disk of 4 MB is too small for a run, and it is said before the start.
    export ROOMS="size=4m"
    unshare -m bash "$work/mounted.sh" "$MASKE" "${train[@]}" --out "$work/disk/out" "$work/text.txt" >"$work/results"
    has " 1 0 said" "$work/results" && has "of disk, but 4.2 MB are free" "$work/err" || fail "4 MB: $(cat "$work/results" "$work/err")"

    # A disk that somebody else fills while a run saves: the run ends with a sentence, what it had is there, and with room
    # again it goes on to the same model.
    export -f wait_for is_stopped
    cat >"$work/filled.sh" <<'INNER'
mount -t tmpfs -o size=40m none "$work/disk" || exit 77
FAULT=fsync:40:STOP FAULT_ROOT=$work/disk LD_PRELOAD=$FAULT_SHIM "$MASKE" "$@" --out "$work/disk/out" "$work/text.txt" 2>"$work/err" &
process=$!
wait_for 3000 is_stopped $process || echo "never stopped"
head -c 80000000 /dev/zero >"$work/disk/filler" 2>/dev/null || true
kill -CONT $process
rc=0; wait $process || rc=$?
echo "filled: exit $rc, $(grep -c 'No space left' "$work/err") sentences, $(find "$work/disk" -name '*.maske-part' | wc -l) left"
rm "$work/disk/filler"
rc=0; "$MASKE" train --resume "$work/disk/out" --quiet 2>"$work/err" || rc=$?
echo "resumed: exit $rc $(cksum <"$work/disk/out/model.safetensors")"
umount "$work/disk"
INNER
    saves=("${train[@]}" --steps 40 --save-steps 4 --eval-steps 10 --valid-fraction 0.2)
    "$MASKE" "${saves[@]}" --out "$work/undisturbed" "$work/text.txt"
    unshare -m bash "$work/filled.sh" "${saves[@]}" >"$work/results"
    has "^filled: exit 1, [1-9][0-9]* sentences, 0 left" "$work/results" || fail "a disk that fills: $(cat "$work/results"); $(head -3 "$work/err")"
    has "^resumed: exit 0 $(cksum <"$work/undisturbed/model.safetensors")" "$work/results" ||
        fail "with room again: $(cat "$work/results"); $(head -3 "$work/err")"
else echo "not tested: full disks and read-only folders need the right to mount"; fi
exit $failed
