# gradc weights: .safetensors and .npz into each other, maps, and what can be wrong with them; and --weights, which bakes
# the values of a file into the C.
. "$CHECKS"
fixtures=$ROOT/tests/host/fixtures
libraries=$(dirname "$GRADC")
cp "$fixtures"/reference.safetensors "$fixtures"/reference.npz "$fixtures"/compressed.npz "$fixtures"/objects.npz .

table="net.layers.0.w  F32      [2, 3]
net.layers.0.b  F32      [3]
steps           U64      []
table           I16      [2, 3, 4]
mask            BOOL     [3]
half            F16      [2]
none            F64      [0, 5]
größe           U32      [2]"
expect "what an .npz holds" 0 "$table" "$GRADC" weights reference.npz
expect "what a compressed one holds" 0 "$table" "$GRADC" weights compressed.npz
expect "what safetensors hold, with --json" 0 '{"name": "steps", "type": "U64", "shape": []}
{"name": "none", "type": "F64", "shape": [0, 5]}' sh -c '"$0" weights reference.safetensors --json | grep -e steps -e none' "$GRADC"

# same WHAT A B: two files are equal
same() {
    cmp "$2" "$3" && ok "$1" || not_ok "$1"
}
expect "into .npz" 0 "wrote there.npz: 8 tensors, 41 numbers" "$GRADC" weights reference.safetensors -o there.npz
expect "and back" 0 "wrote back.safetensors: 8 tensors, 41 numbers" "$GRADC" weights there.npz -o back.safetensors
same "is what it was, as the reference package wrote it" reference.safetensors back.safetensors
expect "quietly" 0 "" "$GRADC" weights -q compressed.npz -o plain.npz
expect "other byte orders and orders of axes" 0 "" "$GRADC" weights -q reference.npz -o other.npz
same "come out alike" plain.npz other.npz
expect "onto itself" 0 "" "$GRADC" weights -q other.npz -o other.npz
same "a file can be replaced by itself" plain.npz other.npz

cat >to.map <<'END'
# as PyTorch has it
net.layers.*.w   layers.*.weight   transpose=1,0
*.b              *.bias            # all the others
steps            -
END
cat >from.map <<'END'
layers.*.weight net.layers.*.w transpose=1,0
*.bias *.b
END
expect "a map" 0 "" "$GRADC" weights -q reference.safetensors -o torch.safetensors --map=to.map
expect "renames, transposes, leaves out" 0 "net.layers.0.bias  F32      [3]
layers.0.weight    F32      [3, 2]" sh -c '"$0" weights torch.safetensors | grep layers' "$GRADC"
printf 'steps -' >steps.map
"$GRADC" weights -q reference.safetensors -o less.npz --map=steps.map
"$GRADC" weights -q torch.safetensors -o again.npz --map=from.map
expect "another map" 0 "" sh -c '"$0" weights less.npz | sort >a; "$0" weights again.npz | sort >b; diff a b' "$GRADC"
"$GRADC" weights -q torch.safetensors -o again.safetensors --map=from.map
"$GRADC" weights -q less.npz -o less.safetensors
same "leads back" less.safetensors again.safetensors

if command -v python3 >/dev/null && python3 -c 'import numpy' 2>/dev/null; then
    expect "numpy.load reads what we wrote" 0 "same" python3 -c '
import numpy
ours, theirs = numpy.load("there.npz"), numpy.load("reference.npz")
assert set(ours) == set(theirs)
for name in theirs:
    assert ours[name].dtype == theirs[name].dtype and ours[name].shape == theirs[name].shape
    assert ours[name].tobytes() == theirs[name].tobytes()
print("same")'
else
    echo "no NumPy: that it reads our .npz is not tested"
fi

# ---- what can be wrong

wrong() { # wrong WHAT MESSAGE ARGUMENT...
    what=$1 message=$2
    shift 2
    expect "$what" 2 "gradc: error: $message" "$GRADC" weights "$@"
}
wrong "no file" "which weights? Name a .safetensors or .npz file"
wrong "two files" "one file at a time: a.npz and b.npz are given" a.npz b.npz
wrong "no such file" "no.npz: cannot be opened: No such file or directory" no.npz
wrong "of no known kind" "to.map: is of an unknown kind: its name must end in .safetensors or .npz" to.map
wrong "into no known kind" "a.pt: is of an unknown kind: its name must end in .safetensors or .npz" reference.npz -o a.pt
wrong "an option for models" "\`gradc weights\` does not take --real" reference.npz --real=double
wrong "a map and nothing to write" "--map needs -o FILE, where the renamed tensors go" reference.npz --map=to.map
wrong "arrays of objects" "objects.npz: 'a': holds elements of type '|O'; numbers are needed, bool, intN, uintN or float16 to float64 (numpy: a.astype('float32'))" objects.npz
head -c 1000 reference.npz >cut.npz
wrong "an .npz cut short" "cut.npz: is cut short, or damaged: the directory at the end of every zip archive is missing" cut.npz -o x.npz
head -c 603 reference.safetensors >cut.safetensors
wrong "safetensors cut short" "cut.safetensors: is cut short: its tensors need 107 bytes of data, it has 99" cut.safetensors
cp to.map text.npz
wrong "no zip archive" "text.npz: is no .npz file: it does not begin as zip archives do" text.npz
: >empty.npz
wrong "an empty file" "empty.npz: is empty" empty.npz
mkdir folder.npz
wrong "a folder" "folder.npz: is a directory" folder.npz
mkfifo pipe.npz
wrong "a pipe" "pipe.npz: is no regular file" pipe.npz
{ printf '\124\0\0\0\0\0\0\0{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[],"data_offsets":[1,2]}}  ' | head -c 92; printf 'xy'; } >twice.safetensors
"$GRADC" weights twice.safetensors 2>&1 | grep -q "twice" && ok "a name that is there twice" || not_ok "a name that is there twice"
wrong "no such map" "no.map: cannot be opened: No such file or directory" reference.npz -o x.npz --map=no.map
printf '# a map\nnet.layers.1.w w\n' >wrong.map
wrong "a line without a tensor" "wrong.map:2: no tensor is called 'net.layers.1.w'" reference.npz -o x.npz --map=wrong.map
printf 'net.* net\nhalf net.x\n' >wrong.map
wrong "other stars" "wrong.map:1: OLD and NEW need equally many *" reference.npz -o x.npz --map=wrong.map
printf 'half mask\n' >wrong.map
wrong "two of one name" "'half' and 'mask' would both be called 'mask'" reference.safetensors -o x.npz --map=wrong.map
printf 'table t transpose=1,0\n' >wrong.map
wrong "a transposition of other axes" "wrong.map:1: 'table' has 3 axes, transpose= names 2" reference.npz -o x.npz --map=wrong.map
printf 'half __metadata__\n' >wrong.map
expect "a name that safetensors keep for themselves" 3 \
    "gradc: error: x.safetensors: no tensor of a safetensors file can be called '__metadata__'" \
    "$GRADC" weights reference.npz -o x.safetensors --map=wrong.map
# Byte 8 of a directory's entry are flags: 1 is encrypted.
at=$(LC_ALL=C grep -abo 'PK' reference.npz | tail -2 | head -1 | cut -d: -f1)
cp reference.npz secret.npz
printf '\1' | dd of=secret.npz bs=1 seek=$((at + 8)) conv=notrunc 2>/dev/null
wrong "an encrypted member" "secret.npz: 'größe.npy' is encrypted" secret.npz
cp reference.npz damaged.npz
at=$(LC_ALL=C grep -abo 'NUMPY' reference.npz | head -1 | cut -d: -f1)
printf 'x' | dd of=damaged.npz bs=1 seek=$((at + 130)) conv=notrunc 2>/dev/null
wrong "a wrong checksum" "damaged.npz: 'net.layers.0.w.npy' is damaged: its checksum is another" damaged.npz -o x.npz

expect "no such folder to write to" 3 "gradc: error: nowhere/x.npz: cannot be written: No such file or directory" \
    "$GRADC" weights reference.npz -o nowhere/x.npz
expect "a folder in the way" 3 "gradc: error: folder.npz: cannot be written: it is no regular file" \
    "$GRADC" weights reference.npz -o folder.npz
mkdir full
for end in npz safetensors; do
    cp reference.$end full/x.$end
    expect "a disk that is full, .$end" 3 "gradc: error: x.$end: cannot be written: File too large" \
        sh -c 'cd full && ulimit -f 1 && "$0" weights ../reference.npz -o x.$1' "$GRADC" $end
    same "leaves what was there" reference.$end full/x.$end
done
expect_files "and nothing else" full x.npz x.safetensors
expect "what cannot be printed" 3 "gradc: error: cannot write to standard output: No space left on device" \
    sh -c '"$0" weights reference.npz >/dev/full' "$GRADC"
rm -f a b x.*

# ---- --weights

cat >net.grad <<'END'
model net

size N = 1..8

module Linear(inputs, outputs) {
    param w[outputs, inputs] ~ glorot_uniform()
    param b[outputs] = 0
    fn (x[.., inputs]) = x @ w' + b
}

first = Linear(6, 5)
last = Linear(5, 3)
param scale = 1.5
param other[4] = 0
state calls: int = 0
state seen[3]: bool = false
state none[0] = 0

entry train(x[N, 6], label[N]: int) -> loss {
    loss = mean(cross_entropy(last(relu(first(x))) * scale, label))
    minimize loss with adam(lr = 1e-2)
    calls <- calls + 1
}
entry predict(x[N, 6]) -> y[N, 3] { y = last(relu(first(x))) * scale }
entry total() -> z, c: int, s[3]: bool, e[0] {
    z = sum(other)
    c = calls
    s = seen
    e = none
}
END
printf 'model plain\nentry f(x) -> y { y = 2 * x }\n' >plain.grad
cat >make.c <<'END'
/* Values that are hard to write, and a trainer that must not be asked for. */
#include "net.h"
#include "runtime/host/checkpoint.h"
#include <stdio.h>
int main(int count, char **arguments) {
    static net model;
    static net_trainer trainer;
    static const float odd[] = {-0.0F, 1e-45F, 3.4028235e38F, 0.1F, 16777217.0F, 1.0F / 3, 1.17549421e-38F, 1e10F};
    gr_error error = {""};
    net_init(&model, &trainer, 5);
    for (int i = 0; i < 8; i++)
        model.first_w[i] = odd[i];
    model.first_b[0] = 1 / model.first_w[0];
    model.scale = 0.7F;
    model.other[2] = 5;
    model.calls = -2147483647 - 1;
    model.seen[1] = 1;
    if (count == 2 && gr_save(arguments[1], &net_model, &model, &trainer, NULL, 0, &error)) return 0;
    puts(error.text);
    return 1;
}
END
cat >check.c <<'END'
/* NAME_trained is what loading the file gives, NAME_init gives it too, and predict takes it. */
#include "net.h"
#include "runtime/host/checkpoint.h"
#include <stdio.h>
#include <string.h>
#ifdef NET_TRAIN_SCRATCH
#define INIT(model) net_init(model, NULL, 7)
#else
#define INIT(model) net_init(model, 7)
#endif
#ifndef REAL
#define REAL float
#endif
int main(int count, char **arguments) {
    static net loaded, made;
    static unsigned char scratch[NET_PREDICT_SCRATCH(1)];
    const net *const model = &net_trained;
    const REAL x[6] = {1, 2, 3, 4, 5, 6};
    REAL y[3] = {0}, z[3] = {0};
    gr_work work = {.scratch = scratch, .scratch_size = sizeof scratch};
    gr_error error = {""};
    gr_load_report report;
    memset(&made, 7, sizeof made);
    if (count < 2 || !gr_load(arguments[1], &net_model, &loaded, NULL, count > 2, &report, &error)) puts(error.text);
    if (INIT(&made) != GR_OK) puts("init failed");
    for (int t = 0; t < net_model.tensor_count; t++) {
        const gr_tensor *tensor = &net_model.tensors[t];
        static unsigned char one[4096], other[4096], third[4096];
        if (tensor->place != GR_MODEL) continue;
        gr_read(tensor, &loaded, NULL, one);
        gr_read(tensor, model, NULL, other);
        gr_read(tensor, &made, NULL, third);
        const size_t size = gr_elements(tensor) * gr_type_size(tensor->type);
        if (memcmp(one, other, size) != 0 || memcmp(one, third, size) != 0) printf("%s differs\n", tensor->name);
    }
    if (net_predict(model, &work, 1, x, y) != GR_OK || net_predict(&loaded, &work, 1, x, z) != GR_OK) puts("failed");
    puts(memcmp(y, z, sizeof y) == 0 ? "the same" : "other predictions");
    return 0;
}
END
host="-I. -I$ROOT $libraries/libgradc_host.a $libraries/libgr.a -lz -lm"
mkdir out
if "$GRADC" -q net.grad && gcc -std=c11 -o make make.c net.c $host && ./make net.safetensors; then
    ok "a checkpoint"
else
    not_ok "a checkpoint"
fi
"$GRADC" weights -q net.safetensors -o net.npz
rm net.h net.c gr.h gr_kernel.h

# baked WHAT C-OPTIONS ARGUMENT...: the emitted pair holds what loading the file gives
baked() {
    what=$1 options=$2
    shift 2
    "$GRADC" -q net.grad --force -o out "$@" || not_ok "$what: compiles"
    for compiler in gcc clang; do
        # shellcheck disable=SC2086 # lists of options
        if $compiler -std=c11 -O2 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wdouble-promotion -Werror -c -o net.o out/net.c &&
            $compiler -std=c11 -O2 -Iout $options -o check check.c net.o $host; then
            expect "$what, $compiler" 0 "the same" ./check net.safetensors $partial
        else
            not_ok "$what: $compiler builds it"
        fi
    done
}
partial=
baked "--weights" "" --weights=net.safetensors
baked "--weights of an .npz" "" --weights=net.npz
baked "--weights, generic" "" --weights=net.safetensors --target=generic
baked "--weights, double" -DREAL=double --weights=net.safetensors --real=double
baked "--weights, generic, double, one file" -DREAL=double --weights=net.safetensors --real=double --target=generic --single-file
baked "--weights, with a program and lines" "" --weights=net.safetensors --emit-main --line
partial=partial
baked "--weights for predict alone" "" --weights=net.safetensors --entries=predict
expect "the header says where they come from" 0 "/* The values of net.safetensors. Entries that do not update take it as their model. */
extern NET_API const net net_trained;" sh -c 'grep -B1 "extern.*net_trained" out/net.h'
expect "and so does its first line" 0 1 sh -c 'head -1 out/net.h | grep -c -- "--weights=net.safetensors"'
"$GRADC" -q net.grad --force -o out --weights=net.npz --depfile=out/net.d
expect "what it depends on" 0 "out/net.h out/net.c out/gr.h out/gr_kernel.h: net.grad net.npz" cat out/net.d

# refused WHAT MESSAGE FILE: --weights=FILE is not taken, and nothing is written
rm -rf out && mkdir out
refused() {
    expect "$1" 2 "gradc: error: $2" "$GRADC" net.grad -o out --weights="$3"
}
refused "no such weights" "no.npz: cannot be opened: No such file or directory" no.npz
refused "weights of another kind" "net.grad: is of an unknown kind: its name must end in .safetensors or .npz" net.grad
refused "damaged weights" "damaged.npz does not fit the model: 'first.w' is missing; 'first.b' is missing; 'last.w' is missing; 'last.b' is missing; 'scale' is missing; 'other' is missing; 'calls' is missing; 'seen' is missing; 'none' is F64 [0, 5], the model has real[0]; 'net.layers.0.w' is not in the model; and 6 more" damaged.npz
cat >bad.map <<'END'
first.w first.w transpose=1,0
last.w last.W
scale -
calls seen
seen calls
END
"$GRADC" weights -q net.safetensors -o bad.npz --map=bad.map
refused "weights that do not fit" "bad.npz does not fit the model: 'first.w' is F32 [6, 5], the model has real[5, 6]; 'last.w' is missing; 'scale' is missing; 'calls' is BOOL [3], the model has int[]; 'seen' is I32 [], the model has bool[3]; 'last.W' is not in the model" bad.npz
at=$(LC_ALL=C grep -abo 'NUMPY' net.npz | head -1 | cut -d: -f1)
cp net.npz torn.npz
printf 'x' | dd of=torn.npz bs=1 seek=$((at + 130)) conv=notrunc 2>/dev/null
refused "a wrong checksum" "torn.npz: 'first.w.npy' is damaged: its checksum is another" torn.npz
expect "a model without parameters" 2 "gradc: error: net.npz does not fit the model: 'first.w' is not in the model; 'first.b' is not in the model; 'last.w' is not in the model; 'last.b' is not in the model; 'scale' is not in the model; 'other' is not in the model; 'calls' is not in the model; 'seen' is not in the model; 'none' is not in the model" \
    "$GRADC" plain.grad -o out --weights=net.npz
expect "an option of compile" 2 "gradc: error: --weights is an option of \`gradc compile\`" "$GRADC" check net.grad --weights=net.npz
expect_files "nothing is written" out
