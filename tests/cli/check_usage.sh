#!/usr/bin/env bash
# The program's frame: help, wrong usage, exit codes, closed and full streams, completion, manual, locale.
set -uo pipefail
# As grep -q, but reads to the end: whoever writes into the pipe must not be cut off.
has() { grep "$@" >/dev/null; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
fail() { echo "FAILED: $*"; failed=1; }

# expect CODE STREAM PATTERN COMMAND...: the exit code, and a fixed text on one stream (out or err).
expect() {
    local code=$1 stream=$2 pattern=$3 got; shift 3
    "$@" >"$work/out" 2>"$work/err" </dev/null; got=$?
    [ "$got" = "$code" ] || fail "$*: exit $got, expected $code: $(head -c 300 "$work/err")"
    grep -qF -- "$pattern" "$work/$stream" || fail "$*: no \"$pattern\" on std$stream: $(head -c 300 "$work/$stream")"
}
expect 2 err "Commands:" "$MASKE"
expect 0 out "Commands:" "$MASKE" --help
expect 0 out "Commands:" "$MASKE" help
expect 0 out "maske 0." "$MASKE" --version
expect 2 err 'there is no command "mam"; did you mean "man"?' "$MASKE" mam
expect 2 err 'there is no command "xyzzy"' "$MASKE" xyzzy
expect 2 err 'there is no command "?[31m"' "$MASKE" $'\e[31m'
expect 2 err 'there is no command "tokenizer ?[31m"' "$MASKE" tokenizer $'\e[31m'
printf 'bir iki\n' >"$work/$(printf 'a\033[31m')"
expect 0 err '/tok?[31m: ' "$MASKE" tokenizer train --vocab-size 280 --out "$work/$(printf 'tok\033[31m')" "$work/$(printf 'a\033[31m')"
grep -q $'\e' "$work/err" && fail "a control character of a path reaches the terminal: $(cat -v "$work/err")"
expect 2 err "did you mean --quiet?" "$MASKE" man --quite
expect 2 err "--threads: found \"x\", expected an integer from 0 to 1024" "$MASKE" man --threads x
expect 2 err "MASKE_CPU: found \"avx3\", expected plain, plainbf16, neon, avx2" env MASKE_CPU=avx3 "$MASKE" man
expect 0 out "maske" env MASKE_CPU= "$MASKE" man
expect 2 err "MASKE_THREADS: found \"-1\"" env MASKE_THREADS=-1 "$MASKE" man
expect 2 err "maske man --help tells more." "$MASKE" man --nonsense
expect 1 err "/does/not/exist: cannot open" "$MASKE" man --config /does/not/exist
expect 2 err 'there is no command "nonsense"' "$MASKE" man nonsense
for command in evaluate data; do
    expect 2 err '--mask-probability: found "0", expected a number from 0.001 to 1' "$MASKE" $command --mask-probability 0 text.txt
done
expect 2 err "is needed" "$MASKE" completion
expect 2 err "expected one of bash, zsh, fish" "$MASKE" completion csh
printf '{"threads": 2, "quiet": true}' >"$work/config.json"
expect 0 out ".TH" "$MASKE" man --config "$work/config.json"
# Of options that exclude one another the stronger source's is meant; two of one source are refused.
printf '{"steps": 3, "model": "/does/not/exist/either"}' >"$work/config.json"
train() { expect "$1" err "$2" env "$3" "$MASKE" train --out "$work/model" "${@:4}" /does/not/exist; }
train 1 "/does/not/exist: cannot open" MASKE_STEPS=3 --epochs 1
train 1 "/does/not/exist: cannot open" MASKE_EPOCHS=1 --config "$work/config.json"
train 1 "/does/not/exist: cannot open" MASKE_TOKENIZER=/nowhere --minutes 5 --config "$work/config.json"
train 2 "found epochs and steps, expected one of" A=b --epochs 1 --steps 3
printf '{"thraeds": 2}' >"$work/config.json"
expect 2 err "there is no option thraeds; did you mean threads?" "$MASKE" man --config "$work/config.json"

# Every command has help that begins with what it is, names every option, and fits the window.
commands() { "$MASKE" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]\{1,\}\( [a-z]*\)\{0,1\}\)  .*/\1/p'; }
commands >"$work/commands"
[ "$(wc -l <"$work/commands")" -ge 2 ] || fail "the list of commands: $(cat "$work/commands")"
"$MASKE" completion bash >"$work/complete.bash" || fail "completion bash"
bash -n "$work/complete.bash" || fail "bash cannot read its completion"
for shell in zsh fish; do
    "$MASKE" completion $shell >"$work/complete.$shell" || fail "completion $shell"
    command -v $shell >/dev/null && { $shell -n "$work/complete.$shell" || fail "$shell cannot read its completion"; }
done
while read -r name; do
    for columns in 40 60 80 200; do
        COLUMNS=$columns "$MASKE" $name --help >"$work/help" </dev/null || fail "$name --help"
        head -1 "$work/help" | has "^maske ${name}: " || fail "$name --help begins with $(head -1 "$work/help")"
        # Examples are whole lines to be copied; all else fits.
        sed '/^Examples:/,/^$/d' "$work/help" | LC_ALL=C.UTF-8 grep -E "^.{$((columns + 1)),}" && fail "$name --help is wider than $columns"
    done
    COLUMNS=200 "$MASKE" $name --help >"$work/help" </dev/null
    "$MASKE" man $name >"$work/man" || fail "man $name"
    grep -q '^\.SH SYNOPSIS' "$work/man" && grep -q '^\.SH "\?EXIT' "$work/man" || fail "man $name lacks a section"
    grep -oE '^  --[a-z0-9-]+' "$work/help" | tr -d ' ' | while read -r option; do
        grep -qF -- "$option " "$work/complete.bash" || echo "$name: bash does not complete $option"
        grep -qF -- "'$option[" "$work/complete.zsh" || echo "$name: zsh does not complete $option"
        grep -qF -- "-l ${option#--}" "$work/complete.fish" || echo "$name: fish does not complete $option"
        grep -qF -- "\\fB$(sed 's/-/\\-/g' <<<"$option")\\fR" "$work/man" || echo "$name: no $option in the manual"
    done >"$work/missing"
    [ -s "$work/missing" ] && fail "$(cat "$work/missing")"
done <"$work/commands"

# What bash offers.
offered() { bash -c "source $work/complete.bash; COMP_WORDS=(maske $1); COMP_CWORD=\$((\${#COMP_WORDS[@]} - 1)); [ -z '$2' ] || { COMP_WORDS+=(''); COMP_CWORD=\$((COMP_CWORD + 1)); }; _maske; echo \${COMPREPLY[*]}"; }
[ "$(offered hel '')" = help ] || fail "bash offers \"$(offered hel '')\" for hel"
[ "$(offered comp '')" = completion ] || fail "bash offers \"$(offered comp '')\" for comp"
[ "$(offered 'man --thr' '')" = --threads ] || fail "bash offers \"$(offered 'man --thr' '')\" for --thr"
[ "$(offered completion more)" = "bash zsh fish" ] || fail "bash offers \"$(offered completion more)\" behind completion"
[ "$(offered 'completion z' '')" = zsh ] || fail "bash offers \"$(offered 'completion z' '')\" for completion z"
for first in help man; do
    [ "$(offered "$first tok" '')" = tokenizer ] || fail "bash offers \"$(offered "$first tok" '')\" for $first tok"
    [ "$(offered "$first tokenizer ex" '')" = extend ] || fail "bash offers \"$(offered "$first tokenizer ex" '')\" for $first tokenizer ex"
    [ "$(offered "$first" more | tr ' ' '\n' | grep -cx -e train -e bench -e completion)" = 3 ] || fail "bash offers \"$(offered "$first" more)\" behind $first"
    grep -q "^complete -c maske -n '__maske_command_is $first; .* -a '.*\btrain\b" "$work/complete.fish" || fail "fish offers no command behind $first"
done
grep -q "__maske_command_is completion' -x -a 'bash zsh fish'" "$work/complete.fish" || fail "fish offers no shell"
grep -q ":argument:(bash zsh fish)" "$work/complete.zsh" || fail "zsh offers no shell"
grep -q '4:tokenizer) compadd -- .*extend' "$work/complete.zsh" || fail "zsh offers no command behind help and man"

# Streams that do not take it.
"$MASKE" man >/dev/full 2>"$work/err" && fail "a full disk under standard output passed"
grep -q "standard output: cannot write: No space left on device" "$work/err" || fail "full: $(cat "$work/err")"
"$MASKE" man >&- 2>"$work/err"; [ $? = 1 ] || fail "a closed standard output passed"
grep -q "standard output: cannot write" "$work/err" || fail "closed: $(cat "$work/err")"
"$MASKE" man nonsense 2>&-; [ $? = 2 ] || fail "a closed standard error changed the exit code"

# Numbers are the same in a locale with a decimal comma (its name may be missing: then this run is like any other).
LC_ALL=tr_TR.UTF-8 "$MASKE" man >"$work/tr" && "$MASKE" man | cmp -s - "$work/tr" || fail "the locale changes the output"
exit $failed
