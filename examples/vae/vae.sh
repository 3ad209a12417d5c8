#!/bin/sh
# Trains a variational autoencoder, measures it and draws: sh vae.sh [FOLDER [OPTION...]]
#
# FOLDER holds the binarised MNIST as train-images-idx3-ubyte.gz and valid- and test-. Without it a smaller one learns the
# digits of examples/digits, 8 x 8 pixels, for some seconds. OPTIONs are those of `gradc run` (--epochs=3, --seed=1, ...).
# Works in the current folder. gradc is $GRADC, or on the path, or what quickstart.sh built.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
gradc=${GRADC:-$(command -v gradc || echo "$here/../../build-quickstart/gradc")}
folder=${1:-.}
[ $# -eq 0 ] || shift
if [ ! -x "$gradc" ]; then
    echo "gradc is not on the path: sh examples/quickstart.sh builds it" >&2
    exit 1
fi

# binarise FROM TO: one of the files of examples/digits
binarise() {
    cp "$here/../digits/$1" grey.csv
    "$gradc" run "$here/binarise.grad" binarise --data grey=grey.csv:1-64 --out image="$2" -q
}

if [ -f "$folder/train-images-idx3-ubyte.gz" ]; then
    sizes=
    test=$folder/test-images-idx3-ubyte.gz
    set -- --data image="$folder/train-images-idx3-ubyte.gz" --valid image="$folder/valid-images-idx3-ubyte.gz" \
        --epochs=100 "$@"
else
    echo "$folder/train-images-idx3-ubyte.gz is not there: a small run on the digits of examples/digits" >&2
    sizes="-D SIDE=8 -D H=100 -D Z=10 -D W=1797 -D STEPS=3500"
    binarise optdigits.tra train.npy
    binarise optdigits.tes test.npy
    test=test.npy
    set -- --data image=train.npy --valid-split=0.1 --epochs=100 "$@"
fi

# The checkpoint with the best bound on the validation images counts.
run() {
    entry=$1
    shift
    "$gradc" run "$here/vae.grad" "$entry" $sizes "$@"
}
run train --watch=bound:max -o vae.run "$@"
run measure --weights=vae.run/best.safetensors --data image="$test" -q
run reconstruct --weights=vae.run/best.safetensors --data image="$test" --out pair=reconstructions.png -q
run draw --weights=vae.run/best.safetensors --out image=drawn.png -q
