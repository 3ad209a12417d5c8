#!/bin/sh
# Trains lenet.grad on images of 28 x 28 pixels: sh lenet.sh [FOLDER [OPTION...]]
#
# FOLDER holds MNIST, Fashion-MNIST or their kin as the four gzipped IDX files that they are published as. Where it does
# not, the small digits of ../digits are enlarged, and learned in ten epochs. OPTIONs are those of `gradc run` (-o DIR,
# --seed=1, ...). gradc is $GRADC, or on the path, or what quickstart.sh built.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
gradc=${GRADC:-$(command -v gradc || echo "$here/../../build-quickstart/gradc")}
folder=${1:-none}
[ $# -eq 0 ] || shift
if [ ! -x "$gradc" ]; then
    echo "gradc is not on the path: sh examples/quickstart.sh builds it" >&2
    exit 1
fi

# The test images are watched, not trained on; what counts is their accuracy at the end, in `last`.
if [ -f "$folder/train-images-idx3-ubyte.gz" ]; then
    exec "$gradc" run "$here/lenet.grad" train \
        --data image="$folder/train-images-idx3-ubyte.gz" --data label="$folder/train-labels-idx1-ubyte.gz" \
        --valid image="$folder/t10k-images-idx3-ubyte.gz" --valid label="$folder/t10k-labels-idx1-ubyte.gz" \
        --watch=accuracy:max --epochs=20 "$@"
fi

echo "No MNIST in '$folder': the digits of examples/digits instead." >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for part in tra tes; do
    cp "$here/../digits/optdigits.$part" "$work/$part.csv"
    "$gradc" run "$here/enlarge.grad" enlarge --data digit="$work/$part.csv:0-63" --out image="$work/$part.npy" -q
done
"$gradc" run "$here/lenet.grad" train -D STEPS=300 --data image="$work/tra.npy" --data label="$work/tra.csv:64" \
    --valid image="$work/tes.npy" --valid label="$work/tes.csv:64" --watch=accuracy:max --epochs=10 "$@"
