#!/bin/sh
# Trains a character LSTM and lets it write: sh charlstm.sh [FOLDER [OPTION...]]
#
# FOLDER holds input.txt, a text in ASCII such as tinyshakespeare; its last tenth is for validation. Without it a smaller
# net reads excerpt.txt for some seconds. OPTIONs are those of `gradc run` (--epochs=3, --seed=1, ...). Works in the current
# folder. gradc is $GRADC, or on the path, or what quickstart.sh built; the C compiler is $CC, or cc.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
gradc=${GRADC:-$(command -v gradc || echo "$here/../../build-quickstart/gradc")}
text=${1:-.}/input.txt
[ $# -eq 0 ] || shift
if [ ! -x "$gradc" ]; then
    echo "gradc is not on the path: sh examples/quickstart.sh builds it" >&2
    exit 1
fi

if [ -f "$text" ]; then
    sizes=
    set -- --epochs=12 "$@"
else
    echo "$text is not there: a small run on excerpt.txt" >&2
    text=$here/excerpt.txt
    sizes="-D H=64 -D T=32 -D L=256 -D STEPS=1020"
    set -- --epochs=15 --batch=N=16 "$@"
fi
size=$(wc -c <"$text")
head -c $((size * 9 / 10)) "$text" >train.txt
tail -c +$((size * 9 / 10 + 1)) "$text" >valid.txt

"$gradc" run "$here/charlstm.grad" train $sizes --data text=train.txt --valid text=valid.txt --eval=validate \
    -o charlstm.run "$@"

# The best net writes 2,000 characters, beginning behind the end of a line (byte 10).
"$gradc" run "$here/charlstm.grad" write $sizes --weights=charlstm.run/best.safetensors --data temperature=0.8 \
    --data last=10 --steps=2000 --out character=written.txt -q
head -n 20 written.txt

# The same as a program of its own: ./write [BEGINNING [TEMPERATURE [LENGTH [SEED]]]]
"$gradc" "$here/charlstm.grad" $sizes --entries=write --weights=charlstm.run/best.safetensors -q
${CC:-cc} -O2 -I. -o write "$here/write.c" charlstm.c
./write "First Citizen:" 0.8 300
