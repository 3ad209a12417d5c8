# gradc run: training, evaluation, exact resumption, application, and what it says to wrong uses. The data are drawn by a
# model, so that nothing has to lie beside the tests.
. "$CHECKS"

cat >blobs.grad <<'END'
# Four clouds of points in four dimensions.
entry blobs() -> x[330, 4], label[330]: int {
    class[330] ~ uniform(0, 4)
    noise[330, 4] ~ normal(0, 0.6)
    label = int(class)
    x = 2 * one_hot(label, 4) + noise
}

entry few() -> x[7, 4], label[9]: int, wrong[330]: int {
    x[7, 4] ~ normal(0, 1)
    class[9] ~ uniform(0, 4)
    label = int(class)
    wrong = broadcast(7, [330])
}
END
cat >net.grad <<'END'
model net

size N = 1..32

layers = MLP([4, 16, 4], drop = 0.1)

entry train(x[N, 4], label[N]: int) -> loss, accuracy {
    scores = layers(x)
    loss = mean(cross_entropy(scores, label))
    accuracy = mean(argmax(scores) == label)
    minimize loss with adam(lr = 0.02)
}

entry diverge(x[N, 4], label[N]: int) -> loss {
    loss = mean(cross_entropy(layers(x), label)) / 0
    minimize loss with sgd(lr = 1)
}

entry predict(x[N, 4]) -> label[N]: int, scores[N, 4], picture[N, 2, 2] {
    scores = layers(x)
    picture = reshape(sigmoid(scores), [N, 2, 2])
    label = argmax(scores)
}
END
# program MODEL: the training program that --emit-main writes, which is what gradc run does without building it again
program() {
    "$GRADC" "$1.grad" -q --emit-main --target=native -o . &&
        cc -O1 -fopenmp $(sed -n 's/.*To build: cc -O3 -fopenmp \(.*\) \$.*/\1/p' "$1_main.c") $("$GRADC" --libs) -o "$1" && ok "$1 as a program" || not_ok "$1 as a program"
}
program blobs &
program net
wait
gradc_run() {
    ./"$@" 2>&1 </dev/null
}

gradc_run blobs blobs --out x=x.npy --out label=label.npy >output && ok "data are drawn" || { not_ok "data are drawn"; cat output; }
gradc_run blobs few --out x=few.npy --out label=nine.npy --out wrong=sevens.npy >output || { not_ok "few data"; cat output; }
data="--data x=x.npy --data label=label.npy"

gradc_run net train $data --valid-split=0.1 --epochs=12 --watch=accuracy:max -o plain.run >output
if [ $? -eq 0 ] && grep -q 'best accuracy 0\.[89]\|best accuracy 1' output; then
    ok "training learns, and says so"
else
    not_ok "training learns"
    cat output
fi
for file in last.safetensors best.safetensors log.jsonl plot.svg; do
    [ -s plain.run/$file ] && ok "plain.run/$file" || not_ok "plain.run/$file"
done

# same WHAT A B: two runs have the same checkpoints
same() {
    cmp "$2/last.safetensors" "$3/last.safetensors" && cmp "$2/best.safetensors" "$3/best.safetensors" &&
        ok "$1" || not_ok "$1"
}
settings="$data --valid-split=0.1 --batch=20 --halve=2 -q"
gradc_run net train $settings --steps=100 -o whole.run
gradc_run net train $settings --steps=37 -o parts.run --threads=1
gradc_run net train $settings --steps=100 -o parts.run --resume --threads=2
same "37 steps and 63 more are 100 steps" whole.run parts.run

gradc_run net train:2,diverge $data --steps=3 --batch=10 -o bad.run >output
[ $? -eq 4 ] && grep -q 'diverge: loss is not finite at step 3 .*bad.run/last.safetensors is from step 0' output && ok "a loss that is not finite" || { not_ok "not finite"; cat output; }

gradc_run net train_eval $data --weights=plain.run/best.safetensors >output
grep -q '^accuracy 0.[89]' output && ok "an entry is evaluated on all rows" || { not_ok "evaluation"; cat output; }
gradc_run net predict --data x=x.npy --weights=plain.run/best.safetensors --out label=guess.npy --out scores=scores.npy -q
[ "$(wc -c <guess.npy)" -eq $((128 + 330 * 4)) ] && ok "a label for each row" || not_ok "guess.npy has another size"
./net predict --data x=- --weights=plain.run/best.safetensors --out label=- -q <x.npy >piped.npy
cmp guess.npy piped.npy && ok "through pipes" || not_ok "through pipes"

gradc_run net predict --data x=x.npy --weights=plain.run/best.safetensors --out label=guess.csv --out scores=scores.csv -q
awk -F, 'NR == FNR { guess[NR] = $1; next }
    { best = 1; for (k = 2; k <= NF; k++) if ($k > $best) best = k; good += NF == 4 && best == guess[FNR] + 1 }
    END { exit FNR != 330 || good != FNR }' guess.csv scores.csv && ok "tables as text" || not_ok "tables as text"
printf 'entry f(x[2]) -> y[2] { y = 0 * x / x }\n' >quotient.grad && printf '0,1\n0,-2\n' >zeros.csv
"$GRADC" run quotient.grad f --data x=zeros.csv --out y=y.csv -q
[ "$(tr '\n' ' ' <y.csv)" = "nan,0 nan,0 " ] && ok "NaN has no sign" || not_ok "NaN has no sign: $(cat y.csv)"
gradc_run net predict --data x=x.npy --weights=plain.run/best.safetensors --out picture=sheet.png -q
head -c 4 sheet.png | grep -q PNG && ok "a sheet of pictures" || not_ok "a sheet of pictures"

# refuse WHAT STATUS PART COMMAND...: ends with the status, and says PART in one line
refuse() {
    what=$1 wanted=$2 part=$3
    shift 3
    gradc_run "$@" >output
    status=$?
    if [ $status -eq "$wanted" ] && grep -qF -- "$part" output && [ "$(wc -l <output)" -eq 1 ]; then
        ok "$what"
    else
        not_ok "$what: status $status instead of $wanted, or another message than: $part"
        cat output
    fi
}
refuse "no entry" 2 "which entry? net has train, diverge, predict, train_eval, diverge_eval" net
refuse "an entry that is not there" 2 "net has no entry trai, but train, diverge, predict, train_eval, diverge_eval" net trai
refuse "an option that is not there" 2 "unknown option --epoch" net train --epoch=3
refuse "a number that is none" 2 "--epochs=many: a whole number" net train $data --epochs=many
refuse "no data" 2 "train needs data for \`x\`, which is [N, 4] of real: --data x=FILE" net train -o no.run
refuse "a file that is not there" 2 "no.npy" net train --data x=no.npy --data label=label.npy -o no.run
refuse "another shape" 2 "label.npy: [330] of int32, but \`x\` of train is [N, 4] of real" \
    net train --data x=label.npy --data label=label.npy -o no.run
refuse "rows that are not in step" 2 "has 9 rows, and the other inputs of train have 330" \
    net train --data x=x.npy --data label=nine.npy -o no.run
refuse "an input that no entry has" 2 "--data y: no entry of this run has such an input" \
    net train $data --data y=x.npy -o no.run
refuse "a label out of range" 2 "sevens.npy, row " net train --data x=x.npy --data label=sevens.npy -q -o range.run
refuse "a batch beyond the bound" 2 "--batch=64: N of train is between 1 and 32" net train $data --batch=64 -o no.run
refuse "a folder that is there" 2 "plain.run is there already: --resume goes on with it" net train $data -o plain.run
refuse "nothing to resume" 2 "has no last.safetensors to resume from" net train $data --resume -o no.run
refuse "resuming with other settings" 2 "a resumed run takes the same" \
    net train $data --valid-split=0.1 --batch=10 --halve=2 -o parts.run --resume
refuse "checkpoints of another model" 2 "plain.run/best.safetensors" blobs blobs --weights=plain.run/best.safetensors
refuse "an option of training for what is applied" 2 "--epochs is for entries that are trained" \
    net predict --data x=x.npy --epochs=2
refuse "an output that is not there" 2 "--out lable: predict has no such output" \
    net predict --data x=x.npy --out lable=l.npy -q
refuse "results in a format that is none" 2 "results are written as .npy, .csv, .png or .txt" \
    net predict --data x=x.npy --out label=l.text -q
refuse "a picture of what is none" 3 "reshape(x, [n, h, w]) in the model" \
    net predict --data x=x.npy --out scores=scores.png -q
refuse "an evaluation without data" 2 "--patience counts evaluations: they need --valid or --valid-split" \
    net train $data --patience=2
refuse "a watched output that is not there" 2 "--watch=acc: train_eval has no such output" \
    net train $data --valid-split=0.1 --watch=acc -o no.run
[ ! -e no.run ] && ok "what was refused left no folder" || not_ok "a folder was left"

# A checkpoint that is cut short, at whatever place, is told, and nothing of the run changes.
mkdir cut.run && cp whole.run/log.jsonl cut.run
size=$(wc -c <whole.run/last.safetensors)
told=0 tried=0
for length in 0 1 7 8 9 100 300 600 1000 $((size / 2)) $((size - 1)); do
    head -c $length whole.run/last.safetensors >cut.run/last.safetensors
    cp cut.run/last.safetensors before
    gradc_run net train $settings --steps=120 -o cut.run --resume >output
    status=$?
    tried=$((tried + 1))
    [ $status -eq 2 ] && [ "$(wc -l <output)" -eq 1 ] && grep -q 'cut.run/last.safetensors' output &&
        cmp -s before cut.run/last.safetensors && cmp -s whole.run/log.jsonl cut.run/log.jsonl && told=$((told + 1))
done
[ $told -eq $tried ] && ok "checkpoints cut short at $tried places" || { not_ok "cut checkpoints: $told of $tried told"; cat output; }

# Folders and files that are not what they should be
mkdir other.run && cp plain.run/best.safetensors other.run/last.safetensors
refuse "resuming a run with other settings" 2 "was made with train:1 batch=32" \
    net train $data --batch=16 -o other.run --resume
mkdir foreign.run
"$GRADC" weights plain.run/best.safetensors -o foreign.run/plain.npz >/dev/null
"$GRADC" weights foreign.run/plain.npz -o foreign.run/last.safetensors >/dev/null
refuse "resuming what is no run's checkpoint" 2 "is no checkpoint of a run: --weights=" \
    net train $data -o foreign.run --resume
mkdir folder && : >empty.npy && : >empty.csv && printf 'x,y\n1,2\n3,oops\n' >words.csv
refuse "a folder for data" 2 "folder: is a directory" net train --data x=folder --data label=label.npy -o no.run
refuse "an empty file" 2 "empty.npy" net train --data x=empty.npy --data label=label.npy -o no.run
refuse "an empty table" 2 "empty.csv" net train --data x=empty.csv --data label=label.npy -o no.run
refuse "words in a table" 2 "words.csv" net train --data x=words.csv --data label=label.npy -o no.run
head -c 1000 x.npy >short.npy
refuse "a file cut short" 2 "short.npy" net train --data x=short.npy --data label=label.npy -o no.run
refuse "a column that is not there" 2 "words.csv" net train --data x=words.csv:9 --data label=label.npy -o no.run
refuse "weights of another kind" 2 "x.npy" net train $data --weights=x.npy -o no.run
refuse "weights that are not there" 2 "no.safetensors" net train $data --weights=no.safetensors -o no.run

# A disk that is full: the previous checkpoint stays whole.
cp -r whole.run full.run
(ulimit -f 2; ./net train $settings --steps=400 -o full.run --resume) >output 2>&1 </dev/null
status=$?
[ $status -eq 3 ] && grep -q 'full.run' output && cmp -s whole.run/last.safetensors full.run/last.safetensors &&
    [ -z "$(ls full.run | grep tmp)" ] && ok "a full disk" || { not_ok "a full disk: status $status"; cat output; ls full.run; }
./net train_eval $data --weights=plain.run/best.safetensors >/dev/full 2>output
[ $? -eq 3 ] && grep -q 'cannot write to standard output' output && ok "standard output is full" || { not_ok "/dev/full"; cat output; }
./net predict --data x=x.npy --out scores=- -q 2>output | head -c 1 >/dev/null
grep -q 'terminated\|Broken' output && not_ok "a closed pipe" || ok "a closed pipe is no crash"

# Text is bytes: rows of as many as the input has.
cat >text.grad <<'END'
size N = 1..8
size V = 1..2
param w[256] = 0
param v[100] = 0
entry narrow(c[N, 5]: byte, state last: int) -> y[5, N] { y = v[c'] + v[last] }
entry train(c[N, 5]: byte) -> loss {
    loss = mean((w[c] - c / 256)^2)
    minimize loss with sgd(lr = 1)
}
entry judge(c[V, 10]: byte) -> loss { loss = mean((w[c] - c / 256)^2) }
entry show(c[N, 5]: byte) -> code[N, 5]: int, more[N, 5]: int, share[N, 5] {
    code = c + 0
    more = c + 156
    share = c / 256
}
END
printf 'abcdefghijklmnopqrstuvwxyz' >letters.txt
gzip -c letters.txt >packed.txt.gz
program text
gradc_run text show --data c=letters.txt --out code=code.npy -q && tail -c 100 code.npy | od -An -v -t d4 | tr -s ' \n' ' ' >codes
[ "$(cat codes)" = "$(seq -s ' ' 97 121 | sed 's/^/ /; s/$/ /')" ] && ok "text in rows of five" || { not_ok "text"; cat codes; }
gradc_run text show --data c=letters.txt --out code=back.txt -q && [ "$(cat back.txt)" = abcdefghijklmnopqrstuvwxy ] &&
    ok "text is written" || not_ok "text is written"
refuse "text of numbers that are no bytes" 3 "no.txt: 256 is no byte" text show --data c=letters.txt --out more=no.txt -q
refuse "text of reals" 2 "no.txt: a .txt is written of ints, 0 to 255" \
    text show --data c=letters.txt --out share=no.txt -q
refuse "a position out of range, in another order of axes" 2 "100, but \`c\` of narrow takes 0..99" \
    text narrow --data c=letters.txt -q
printf abcab >abcab.txt
refuse "a state that is a position out of range" 2 "\`last\` of narrow is -1, and takes 0..99" \
    text narrow --data c=abcab.txt --data last=-1 -q
[ ! -e no.txt ] && ok "half a text is not left" || not_ok "half a text is left"
gradc_run text train --data c=packed.txt.gz --epochs=3 -q -o text.run && ok "packed text" || not_ok "packed text"
for batch in 4 N=4; do # V is at most 2, and the entry has no N
    gradc_run text train --data c=letters.txt --valid c=letters.txt --eval=judge --batch=$batch -q -o judged-$batch.run &&
        ok "--batch=$batch where another size counts what is evaluated" || not_ok "--batch=$batch with --eval"
done

# Ctrl-C: saves, exits 130, and can be resumed
./net train $data --epochs=1000000 -q -o long.run >output 2>&1 &
run=$!
while [ ! -s long.run/last.safetensors ] && kill -0 $run 2>/dev/null; do sleep 0.1; done
./net train $data -q -o long.run --resume >second 2>&1
[ $? -eq 2 ] && grep -q 'long.run: another run is at work there' second && ok "two runs into one folder" || { not_ok "two runs"; cat second; }
kill -TERM $run
wait $run
[ $? -eq 130 ] && grep -q 'interrupted after .* steps; --resume goes on' output && ok "interrupted" || { not_ok "interrupted"; cat output; }
gradc_run net train $data --epochs=1 -q -o long.run --resume && ok "resumed" || not_ok "resumed"


# ---- gradc run itself

mkdir "a place" && TMPDIR="$PWD/a place" && export TMPDIR

"$GRADC" run net.grad train $settings --steps=100 -o built.run --cc='cc -O1' >output 2>&1 || cat output
same "gradc run does what the program does" whole.run built.run
"$GRADC" run net.grad predict --data x=x.npy --weights=plain.run/best.safetensors --out scores=again.npy -q \
    --cc='cc -O1' --batch=16 2>output || cat output
cmp scores.npy again.npy && ok "results do not depend on the batch" || not_ok "another batch, other results"

# refuse_command WHAT PART ARGUMENT...: before anything is compiled
refuse_command() {
    what=$1 part=$2
    shift 2
    "$GRADC" run "$@" >output 2>&1
    status=$?
    [ $status -eq 2 ] && grep -qF -- "$part" output && ok "$what" || { not_ok "$what: status $status"; cat output; }
}
refuse_command "no model" "which model?"
refuse_command "a model without an entry" "which entry? gradc run net.grad ENTRY" net.grad
refuse_command "an unknown option" "unknown option --epoch" net.grad train --epoch=3
refuse_command "a wrong number" "--steps=0: a whole number" net.grad train --steps=0
refuse_command "an option of another command" "--depfile is an option of" net.grad train --depfile=x
"$GRADC" run --help | grep -q -- '--valid-split' && ok "run --help" || not_ok "run --help"
"$GRADC" run net.grad train $data --cc=false >output 2>&1
[ $? -eq 3 ] && grep -q 'the C compiler did not build the model' output && ok "no compiler" || { not_ok "no compiler"; cat output; }
[ -n "$(ls "$TMPDIR")" ] && not_ok "folders of builds are left" || ok "no build is left behind"
