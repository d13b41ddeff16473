#!/usr/bin/env bash
# From raw text to filled masks by the program alone: train, fill, evaluate, info, score, embed, data, run, export, extend.
set -uo pipefail
# As grep -q, but reads to the end: whoever writes into the pipe must not be cut off.
has() { grep "$@" >/dev/null; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
fail() { echo "FAILED: $*"; failed=1; }
text=$work/text
cat >"$work/sentences" <<'TEXT'
Ankara Türkiye'nin başkentidir ve en kalabalık ikinci ilidir.
İstanbul büyük bir şehirdir, denizi ve tarihi ile güzeldir.
Kitap okumak güzel bir alışkanlıktır.
Üniversite öğrencileri kütüphanede sessizce çalışır.
Mert Akçay bir üniversite öğrencisidir.
Bugün hava çok güzel, yarın yağmur yağacak.
Bilgisayar mühendisliği zor ama güzel bir meslektir.
Annem her sabah erkenden kalkar ve çay demler.
TEXT
for i in $(seq 60); do sed -n "$((i % 8 + 1))p;$((i * 3 % 8 + 1))p" "$work/sentences"; echo; done >"$text"
model=$work/model

# A model that has seen eight sentences often enough knows them.
"$MASKE" train --out "$model" --size tiny --steps 200 --max-length 32 --vocab-size 560 --learning-rate 0.002 --log-steps 50 "$text" 2>"$work/log" \
    || { cat "$work/log"; fail "train"; exit 1; }
grep -qE '^Epoch [0-9]+/[0-9]+, Batch [0-9]+/[0-9]+, Loss: [0-9]+\.[0-9]{4}, Avg Loss: [0-9.]+, Batch Acc: [01]\.[0-9]{4}, Avg Acc: [01]\.[0-9]{4}, LR: [0-9.]+e[-+][0-9]+, Tokens/s: [0-9]+$' \
    "$work/log" || fail "no log line: $(cat "$work/log")"
for file in config.json model.safetensors tokenizer.json tokenizer_config.json special_tokens_map.json vocab.json merges.txt metrics.jsonl train.json; do
    [ -s "$model/$file" ] || fail "$file is missing"
done
[ "$("$MASKE" fill --model "$model" --top-k 3 "Ankara Türkiye'nin [MASK] ve en kalabalık ikinci ilidir." | tail -1)" = \
    "Ankara Türkiye'nin başkentidir ve en kalabalık ikinci ilidir." ] || fail "fill: $("$MASKE" fill --model "$model" "Ankara Türkiye'nin [MASK] ve en kalabalık ikinci ilidir.")"

# fill: rows for one mask, one line for several, prompts from anywhere, seeds.
[ "$("$MASKE" fill --model "$model" --top-k 4 "Kitap [MASK]." | wc -l)" = 5 ] || fail "rows of one mask"
"$MASKE" fill --model "$model" --top-k 4 "Kitap [MASK]." | head -4 | awk -F'\t' 'NF != 3 || $1 <= 0 || $1 > 1 {exit 1}' || fail "score, token, text"
[ "$("$MASKE" fill --model "$model" "Mert Akçay [MASK] üniversite [MASK]." 2>"$work/err" | wc -l)" = 1 ] || fail "rows of two masks"
"$MASKE" fill --model "$model" --verbose "Mert Akçay [MASK] üniversite [MASK]." 2>&1 >/dev/null | has -x 'mask id: 4' || fail "--verbose"
printf 'a [MASK]\nb [MASK]\n' >"$work/prompts"
[ "$("$MASKE" fill --model "$model" --json --file "$work/prompts" | grep -c '"prompt":.*"text":.*"candidates":')" = 2 ] || fail "--json --file"
[ "$("$MASKE" fill --model "$model" --json <"$work/prompts" | grep -c candidates)" = 2 ] || fail "prompts on standard input"
draw() { "$MASKE" fill --model "$model" --temperature 3 --top-k 50 --seed "$1" "[MASK] [MASK] [MASK]"; }
[ "$(draw 1)" = "$(draw 1)" ] || fail "the same seed, another text"
[ "$(draw 1)" != "$(draw 2)" ] || [ "$(draw 1)" != "$(draw 3)" ] || fail "the seed has no effect"
"$MASKE" fill --model "$model" "no mask" >"$work/out" 2>"$work/err"; [ $? = 2 ] || fail "a prompt without a mask"
[ ! -s "$work/out" ] && grep -q 'the prompt has no mask' "$work/err" || fail "a prompt without a mask: $(cat "$work/err")"

# Figures.
number() { sed -n "s/.*\"$1\":\([-0-9.e+]*\).*/\1/p"; }
"$MASKE" evaluate --model "$model" --json "$text" >"$work/figures" || fail "evaluate"
awk -v a="$(number accuracy <"$work/figures")" -v u="$(number unigram_accuracy <"$work/figures")" 'BEGIN {exit !(a > 0.5 && a > u)}' || fail "accuracy: $(cat "$work/figures")"
"$MASKE" report "$model" --out "$work/report.html" --quiet && has "</html>" "$work/report.html" || fail "report"
"$MASKE" evaluate --model "$model" --json "$text" | cmp -s - "$work/figures" || fail "evaluate is not the same twice"
"$MASKE" export --model "$model" --out "$work/copy" --quiet && "$MASKE" evaluate --model "$work/copy" --json "$text" | cmp -s - "$work/figures" ||
    fail "evaluate: other figures of an exported model with the same weights"
rm -r "$work/copy"
"$MASKE" info --model "$model" --json | has '"trained_steps":200' || fail "info: $("$MASKE" info --model "$model" --json)"
"$MASKE" info --model "$model" | has '^hidden size  *128' || fail "info"
best() { "$MASKE" info --model "$1" --json | number best_valid_loss; }
cp -r "$model" "$work/no-number"
echo '{"step":200,"valid_loss":null,"valid_accuracy":0.1}' >>"$work/no-number/metrics.jsonl"
[ -n "$(best "$model")" ] && [ "$(best "$work/no-number")" = "$(best "$model")" ] || fail "info: a held-out loss that is no number counts: $(best "$work/no-number")"
rm -r "$work/no-number"
"$MASKE" score --model "$model" <<<$'Kitap okumak güzel bir alışkanlıktır.\nKitap bir okumak alışkanlıktır güzel.' >"$work/scores" || fail "score"
awk 'NR == 1 {a = $1} NR == 2 {exit !(a > $1)}' "$work/scores" || fail "score: $(cat "$work/scores")"
"$MASKE" embed --model "$model" --normalize <"$work/sentences" | awk -F, 'NF != 128 {exit 1} END {exit NR != 8}' || fail "embed"
[ "$("$MASKE" embed --model "$model" --format f32 <"$work/sentences" | wc -c)" = $((8 * 128 * 4)) ] || fail "embed --format f32"
"$MASKE" embed --model "$model" --format npy <"$work/sentences" >"$work/vectors.npy" || fail "embed --format npy"
head -c 80 "$work/vectors.npy" | has -a "'shape': (8, 128)" || fail "the head of an .npy file"
[ "$(wc -c <"$work/vectors.npy")" = $((128 + 8 * 128 * 4)) ] || fail "the size of an .npy file"

# Vectors keep the order of lines over several batches; texts that are longer than the model's positions are cut, and counted.
for _ in {1..300}; do cat "$work/sentences"; done >"$work/many"
"$MASKE" embed --model "$model" --quiet <"$work/many" >"$work/many.jsonl" || fail "embed of many lines"
"$MASKE" embed --model "$model" --quiet <"$work/sentences" |
    awk -F'[][,]' 'NR == FNR {want[NR % 8] = $2; next} {d = $2 - want[FNR % 8]; bad = bad || d > 1e-4 || d < -1e-4}
                   END {exit bad || FNR != 2400}' - "$work/many.jsonl" || fail "embed: the order of many lines"
printf 'Kitap %.0s' {1..1000} >"$work/long"
for command in embed score; do
    "$MASKE" $command --model "$model" "$work/long" >"$work/out" 2>"$work/err" || fail "$command of a long text"
    [ "$(wc -l <"$work/out")" = 1 ] && has 'warning: 1 of 1 texts were cut to the model.s length' "$work/err" || fail "$command of a long text: $(cat "$work/err")"
done
"$MASKE" fill --model "$model" "$(cat "$work/long") [MASK]" | has '^Kitap Kitap' || fail "fill in a long prompt"

# What data writes, run takes.
"$MASKE" data --tokenizer "$model" --out "$work/data.safetensors" --max-length 32 --quiet "$text" || fail "data"
"$MASKE" run --model "$model" --in "$work/data.safetensors" --out "$work/out.safetensors" --grad --attentions --hidden-states || fail "run"
"$MASKE" run --model "$model" --in "$work/data.safetensors" --out "$work/out.safetensors" 2>"$work/err" && fail "run overwrote"
for name in logits loss hidden_states.2 attentions.1 grad.cls.predictions.bias; do
    head -c 20000 "$work/out.safetensors" | has -a "\"$name\"" || fail "run: no $name"
done

# A NumPy file's vectors wait in TMPDIR for their number.
echo Ankara | TMPDIR=/does/not/exist "$MASKE" embed --model "$model" --format npy >"$work/vectors" 2>"$work/err" && fail "embed: a TMPDIR that is not there"
grep -q "/does/not/exist/maske-vectors-.*: cannot create" "$work/err" || fail "embed: a TMPDIR that is not there: $(cat "$work/err")"
mkdir "$work/tmp"; echo Ankara | TMPDIR="$work/tmp" "$MASKE" embed --model "$model" --format npy | head -c 6 | cmp - <(printf '\x93NUMPY') || fail "embed --format npy"
[ -z "$(ls "$work/tmp")" ] || fail "embed --format npy left $(ls "$work/tmp")"

# Empty lines among prompts stay where they are.
printf 'Kitap okumak [MASK] bir alışkanlıktır.\n\nKitap okumak [MASK] bir alışkanlıktır.\n' >"$work/prompts"
[ "$("$MASKE" fill --model "$model" --json --file "$work/prompts" | wc -l)" = 3 ] || fail "fill --json: a line for each"
[ "$("$MASKE" fill --model "$model" --top-k 1 --file "$work/prompts" | sed -n '3p;4p')" = "
$("$MASKE" fill --model "$model" --top-k 1 --file "$work/prompts" | head -1)" ] || fail "fill: an empty line"

# What is the best so far may be the average of the weights, as in the report.
cp -r "$model" "$work/averaged"
printf '{"step":9000,"valid_loss":0.02,"average_valid_loss":0.01,"valid_accuracy":0.5}\n{"step":9001,"valid_loss":0.03,"valid_accuracy":0.5}\n' >>"$work/averaged/metrics.jsonl"
[ "$(best "$work/averaged")" = 0.01 ] || fail "info: the best loss is $(best "$work/averaged"), expected that of the averaged weights, 0.01"

# Export, extend.
"$MASKE" export --model "$model" --out "$work/f16" --dtype f16 --quiet || fail "export"
[ "$("$MASKE" fill --model "$work/f16" "Kitap okumak [MASK] bir alışkanlıktır." | tail -1)" = "Kitap okumak güzel bir alışkanlıktır." ] || fail "fill by an exported model"
"$MASKE" export --model "$model" --out "$work/f16" 2>"$work/err" && fail "export overwrote"
"$MASKE" export --model "$model" --out "$work/onnx" --onnx --quiet || fail "export --onnx"
for name in input_ids attention_mask token_type_ids logits bert.encoder.layer.1.output.dense.weight; do
    has -a "$name" <"$work/onnx/model.onnx" || fail "model.onnx: no $name"
done
printf 'Programlama dilleri öğrenmek gerekir, programlama dilleri çoktur.\n%.0s' $(seq 20) >"$work/more"
"$MASKE" tokenizer extend --model "$model" --out "$work/wide" --vocab-size 590 --quiet "$work/more" || fail "tokenizer extend"
size() { "$MASKE" info --model "$1" --json | number vocab_size; }
[ "$(size "$work/wide")" -gt "$(size "$model")" ] || fail "the embeddings did not grow"
[ "$("$MASKE" fill --model "$work/wide" "Kitap okumak [MASK] bir alışkanlıktır." | tail -1)" = "Kitap okumak güzel bir alışkanlıktır." ] || fail "fill by an extended model"

# Weights grow in whatever form they are, and those that cannot be read are not left behind in silence.
cp -r "$model" "$work/parts"; mv "$work/parts/model.safetensors" "$work/parts/model-00001-of-00001.safetensors"
grep -ao '"[A-Za-z0-9_.]*":{"dtype"' "$work/parts/model-00001-of-00001.safetensors" |
    sed 's/:.*//; s/.*/&:"model-00001-of-00001.safetensors"/; 1s/^/{"weight_map":{/; $!s/$/,/; $s/$/}}/' >"$work/parts/model.safetensors.index.json"
"$MASKE" tokenizer extend --model "$work/parts" --out "$work/wide-parts" --vocab-size 590 --quiet "$work/more" || fail "extend of weights in several files"
cmp "$work/wide/model.safetensors" "$work/wide-parts/model.safetensors" || fail "weights of several files grew otherwise"
rm "$work"/parts/model*; touch "$work/parts/tf_model.h5"
"$MASKE" tokenizer extend --model "$work/parts" --out "$work/wide-h5" --vocab-size 590 --quiet "$work/more" 2>"$work/err" && fail "extend left weights behind"
has "tf_model.h5: weights in this form are not read" <"$work/err" && [ ! -e "$work/wide-h5" ] || fail "extend of tf_model.h5: $(cat "$work/err")"

# A checkpoint's moments grow too, several sizes come from one run, and training goes on from what was extended.
few=$(($(size "$model") + 3))
checkpoint=$(find "$model/checkpoints" -maxdepth 1 -name 'step-*' | sort | tail -1)
"$MASKE" tokenizer extend --model "$checkpoint" --out "$work/sizes" --vocab-sizes "$few,590" --quiet "$work/more" || fail "extend --vocab-sizes"
[ "$(size "$work/sizes/$few")" = "$few" ] && [ "$(size "$work/sizes/590")" = "$(size "$work/wide")" ] || fail "the sizes: $(size "$work/sizes/$few") $(size "$work/sizes/590")"
cmp -s "$work/sizes/590/tokenizer.json" "$work/wide/tokenizer.json" || fail "several sizes, another tokenizer"
[ "$(stat -c %s "$work/sizes/590/optimizer.safetensors")" -gt "$(stat -c %s "$checkpoint/optimizer.safetensors")" ] || fail "the moments did not grow"
"$MASKE" train --model "$work/sizes/590" --out "$work/going" --steps 3 --quiet "$work/more" || fail "training on from an extended checkpoint"
[ "$(size "$work/going")" = "$(size "$work/wide")" ] || fail "training on changed the vocabulary"
"$MASKE" tokenizer extend --model "$model" --out "$work/none" --quiet "$work/more" 2>"$work/err"; [ $? = 2 ] || fail "extend without a size"
"$MASKE" tokenizer extend --model "$model" --out "$work/none" --fill-unused --quiet "$work/more" || fail "extend --fill-unused"
cmp -s "$work/none/vocab.json" "$model/vocab.json" || fail "--fill-unused without unused entries changed the vocabulary"

# What is read is never written: not the model, not the text, not the tensors.
refuses() { "$MASKE" "$@" >"$work/out" 2>"$work/err"; [ $? = 2 ] && grep -q "expected another" "$work/err" || fail "$*: $(cat "$work/err")"; }
cp -r "$model" "$work/same"; cp "$text" "$work/same.txt"
refuses export --model "$work/same" --out "$work/same/" --force
refuses tokenizer extend --model "$work/same" --out "$work/same" --force --vocab-size 590 "$work/more"
refuses data --tokenizer "$model" --out "$work/same.txt" --force "$work/same.txt"
mkdir "$work/same/1_Pooling"; cp "$model"/config.json "$model"/*.safetensors "$model"/tokenizer*.json "$work/same/1_Pooling"
refuses export --model "$work/same/1_Pooling" --out "$work/same" --force
refuses tokenizer extend --model "$work/same/vocab.json" --out "$work/same" --force --vocab-size 590 "$work/more"
rm -r "$work/same/1_Pooling"
refuses data --tokenizer "$work/same" --out "$work/same/tokenizer.json" --force "$text"
refuses run --model "$work/same" --in "$work/in.safetensors" --out "$work/same/model.safetensors" --force
refuses report "$work/same" --out "$work/same/train.json" --force
diff -r "$model" "$work/same" && cmp "$text" "$work/same.txt" || fail "what was read was written"
mkdir "$work/texts"; cp "$text" "$work/texts/vocab.txt"
refuses tokenizer train --out "$work/texts" --force "$work/texts/vocab.txt"
refuses tokenizer train --out "$work/texts" --force "$work/texts"
cmp "$text" "$work/texts/vocab.txt" || fail "a text was written"
# An empty folder that is there is written into: it may be a link, or where somebody stands, and keeps its mode.
mkdir -m 700 "$work/private"; ln -s private "$work/link"
"$MASKE" export --model "$model" --out "$work/link" --quiet && [ "$(stat -c %a "$work/private")" = 700 ] && [ -L "$work/link" ] || fail "export into a link to an empty folder"
cmp "$model/model.safetensors" "$work/private/model.safetensors" || fail "export into an empty folder"
[ -z "$(find "$work/private" -name '*.maske-part')" ] || fail "export into an empty folder left something behind"
# Of what comes into a folder while the work goes on nothing is lost.
mkfifo "$work/slow"
"$MASKE" tokenizer train --vocab-size 300 --out "$work/late" --quiet - <"$work/slow" 2>"$work/err" & process=$!
exec 7>"$work/slow"; cat "$text" >&7; mkdir "$work/late"; echo precious >"$work/late/vocab.txt"; exec 7>&-
wait $process && fail "a file that came was replaced"
grep -q "holds something already" "$work/err" && [ "$(cat "$work/late/vocab.txt")" = precious ] || fail "a file that came: $(cat "$work/err")"
# Files of another model are not left beside what replaces it.
"$MASKE" export --model "$work/wide" --out "$work/onnx" --force --quiet || fail "export --force"
[ ! -e "$work/onnx/model.onnx" ] || fail "export --force left the graph of another model"
"$MASKE" tokenizer train --out "$work/kind" --vocab-size 400 --quiet "$text" &&
    "$MASKE" tokenizer train --out "$work/kind" --force --type wordpiece --pre-tokenizer bert --vocab-size 300 --quiet "$text" &&
    [ -e "$work/kind/vocab.txt" ] && [ ! -e "$work/kind/merges.txt" ] || fail "tokenizer train --force left $(ls "$work/kind")"

"$MASKE" tokenizer inspect --model "$model" --json "$text" | grep -q '"lossless":' || fail "tokenizer inspect"

# A finished run says so; another into its folder is refused; a stopped one goes on.
"$MASKE" train --resume "$model" 2>"$work/err" && grep -q "complete already" "$work/err" || fail "resuming a finished run: $(cat "$work/err")"
"$MASKE" train --resume "$model" --steps 7 2>"$work/err"; [ $? = 2 ] || fail "--resume took other settings"
"$MASKE" train --out "$model" --steps 1 "$text" 2>"$work/err"; [ $? = 1 ] || fail "train overwrote"
"$MASKE" train --out "$work/on" --model "$model" --tokenizer "$model" "$text" 2>"$work/err"; [ $? = 2 ] || fail "--model beside --tokenizer"
"$MASKE" train --out "$work/on" --model "$model" --steps 2 --max-length 32 --quiet "$text" 2>"$work/err" || fail "training on: $(cat "$work/err")"
[ ! -s "$work/err" ] || fail "--quiet says $(cat "$work/err")"
"$MASKE" train --out "$work/stopped" --tokenizer "$model" --size tiny --steps 100000 --max-length 32 --log-steps 1 "$text" 2>"$work/stopped.log" & pid=$!
for i in $(seq 200); do grep -qs "^Epoch" "$work/stopped.log" && break; sleep 0.1; done
kill -INT $pid; wait $pid; [ $? = 130 ] || fail "Ctrl-C: exit code, $(tail -3 "$work/stopped.log")"
ls "$work/stopped/checkpoints" | has step- || fail "Ctrl-C wrote no checkpoint"
exit $failed
