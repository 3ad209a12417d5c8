#!/bin/sh
# Trains dcgan.grad, draws a sheet of its images and has them judged: sh dcgan.sh [FOLDER [OPTION...]]
#
# FOLDER holds Fashion-MNIST as the four gzipped IDX files that it is published as. Where it does not, the small digits of
# ../digits are enlarged, and trained on for a few minutes. OPTIONs are those of `gradc run` for the training (--steps=100,
# --threads=1, ...). What comes out is in the folders dcgan.run and judge.run. gradc is $GRADC, or on the path, or what
# quickstart.sh built.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
gradc=${GRADC:-$(command -v gradc || echo "$here/../../build-quickstart/gradc")}
folder=${1:-none}
[ $# -eq 0 ] || shift
if [ ! -x "$gradc" ]; then
    echo "gradc is not on the path: sh examples/quickstart.sh builds it" >&2
    exit 1
fi

# draw NAME [OPTION...]: images of the trained generator. Its entry alone is compiled, its tensors alone are taken.
draw() {
    name=$1
    shift
    "$gradc" run "$here/dcgan.grad" samples --entries=samples --partial --weights=dcgan.run/last.safetensors \
        --out image="dcgan.run/$name" -q "$@"
}

if [ ! -f "$folder/train-images-idx3-ubyte.gz" ]; then
    echo "No Fashion-MNIST in '$folder': the digits of examples/digits instead." >&2
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    cp "$here/../digits/optdigits.tra" "$work/digits.csv"
    "$gradc" run "$here/../lenet/enlarge.grad" enlarge --data digit="$work/digits.csv:0-63" \
        --out image="$work/digits.npy" -q
    "$gradc" run "$here/dcgan.grad" train_D,train_G -D STEPS=1770 --data image="$work/digits.npy" --epochs=30 "$@"
    draw sheet.png
    echo "dcgan.run/sheet.png"
    exit
fi

"$gradc" run "$here/dcgan.grad" train_D,train_G --data image="$folder/train-images-idx3-ubyte.gz" --epochs=12 "$@"
draw sheet.png
draw samples.npy --steps=100

"$gradc" run "$here/judge.grad" train \
    --data image="$folder/train-images-idx3-ubyte.gz" --data label="$folder/train-labels-idx1-ubyte.gz" \
    --valid image="$folder/t10k-images-idx3-ubyte.gz" --valid label="$folder/t10k-labels-idx1-ubyte.gz" \
    --watch=accuracy:max --epochs=6
"$gradc" run "$here/judge.grad" spread --weights=judge.run/last.safetensors --data image=dcgan.run/samples.npy \
    -q >dcgan.run/spread.txt
awk '{
    printf "%-10s %5.1f %% ", $1, 100 * $2
    for (i = 0; i < 100 * $2 && $1 != "confidence"; i++) printf "#"
    print ""
}' dcgan.run/spread.txt
echo "dcgan.run/sheet.png, dcgan.run/spread.txt"
