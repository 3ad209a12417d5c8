#!/bin/sh
# Trains, judges and draws: sh rbm.sh [FOLDER [OPTION...]]
#
# FOLDER holds the fixed binarised MNIST of Larochelle and Murray as train- and test-images-idx3-ubyte.gz. Without one, a
# smaller machine is trained on the 8 x 8 digits of examples/digits, black and white. OPTIONs are those of `gradc run` for
# the training (--epochs=3, ...). gradc is $GRADC, or on the path, or what quickstart.sh built. Results are in rbm-results/ of
# the current folder.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
gradc=${GRADC:-$(command -v gradc || echo "$here/../../build-quickstart/gradc")}
folder=${1:-}
[ $# -eq 0 ] || shift
if [ ! -x "$gradc" ]; then
    echo "gradc is not on the path: sh examples/quickstart.sh builds it" >&2
    exit 1
fi

mkdir rbm-results # what is there already is not touched
cd rbm-results
if [ -n "$folder" ]; then
    case $folder in /*) ;; *) folder=../$folder ;; esac
    train=$folder/train-images-idx3-ubyte.gz test=$folder/test-images-idx3-ubyte.gz
    sizes= epochs=60
else
    for part in tra tes; do
        awk -F, '{ for (i = 1; i <= 64; i++) printf "%d%s", ($i >= 8), (i < 64 ? "," : "\n") }' \
            "$here/../digits/optdigits.$part" >$part.csv
    done
    train=tra.csv test=tes.csv
    sizes="-D SIDE=8 -D H=100 -D STEPS=4000 -D TEMPERATURES=5000" epochs=100
fi

# build MODEL: a program that trains and applies it, as `gradc run` does, but is compiled once
build() {
    # shellcheck disable=SC2046,SC2086 # lists of words
    "$gradc" "$here/$1.grad" $sizes -q --emit-main --target=native -o . &&
        ${CC:-cc} ${CFLAGS:--O3 -fopenmp} "$1_main.c" "$1.c" $("$gradc" --libs) -o "$1"
}
# judge MODEL: log Z, and with it the likelihood of the test set
judge() {
    "./$1" ais --weights="$1.run/last.safetensors" -q | tee "$1.ais"
    "./$1" test --weights="$1.run/last.safetensors" -q --data v="$test" --data log_z="$(sed -n 's/^log_z //p' "$1.ais")"
}

echo "== persistent contrastive divergence"
build rbm
case " $* " in
*" --epochs="*) ;;
*) set -- --epochs=$epochs "$@" ;;
esac
./rbm train_pcd --data v="$train" "$@"
judge rbm
./rbm sample --weights=rbm.run/last.safetensors -q --out image=samples.png
./rbm features --weights=rbm.run/last.safetensors -q --out image=features.png

echo "== a machine whose Z can be computed"
sizes="-D H=20 ${sizes:+-D D=64}"
build tiny
./tiny train --data v="$train" --epochs=20
echo "by annealed importance sampling:"
judge tiny
echo "by summing over the states of its hidden units:"
./tiny exact --weights=tiny.run/last.safetensors -q
